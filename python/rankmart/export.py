"""The published lists as a Parquet file, for who does not want to open a warehouse."""

import os
from pathlib import Path

import duckdb

from rankmart.errors import WarehouseError, first_line
from rankmart.warehouse import run


def export_lists(connection: duckdb.DuckDBPyConnection, export: Path) -> None:
    """`recommendations.parquet`, whole or not at all."""
    temporary = export.with_name(f".{export.name}.tmp")
    try:
        export.parent.mkdir(parents=True, exist_ok=True)
        literal = str(temporary).replace("'", "''")
        run(
            connection,
            "copy (select * from ranker.recommendations order by user_id, rank)"
            f" to '{literal}' (format parquet, compression zstd)",
        )
        os.replace(temporary, export)
    except (duckdb.Error, OSError) as error:
        temporary.unlink(missing_ok=True)
        raise WarehouseError(
            f"the run is published, but {export} could not be written"
            f" ({first_line(error)}): see to disk space and permissions"
        ) from error
