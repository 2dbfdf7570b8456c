"""The published lists as a Parquet file, for who does not want to open a warehouse."""

from pathlib import Path

import duckdb

from rankmart.errors import WarehouseError, first_line
from rankmart.warehouse import run
from rankmart.whole_files import whole


def export_lists(connection: duckdb.DuckDBPyConnection, export: Path) -> None:
    """`recommendations.parquet`, whole or not at all."""
    try:
        export.parent.mkdir(parents=True, exist_ok=True)
        with whole(export) as temporary:
            literal = str(temporary).replace("'", "''")
            run(
                connection,
                "copy (select * from ranker.recommendations order by user_id, rank)"
                f" to '{literal}' (format parquet, compression zstd)",
            )
    except (duckdb.Error, OSError) as error:
        raise WarehouseError(
            f"the run is published, but {export} could not be written"
            f" ({first_line(error)}): see to disk space and permissions"
        ) from error
