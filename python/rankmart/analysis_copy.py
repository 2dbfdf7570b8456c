"""A copy of the warehouse for those who look at it, so that nobody has to wait for a job.

DuckDB lets one process write a file or several read it. So analysts, BI tools and notebooks get a
file of their own, of plain tables with their comments. It is never written to: a new copy is made
under another name and takes the old one's place. Who has the old one open goes on reading it.
"""

import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from rankmart.descriptions import quoted
from rankmart.errors import RankmartError, WarehouseError, first_line
from rankmart.publish import STALE_AFTER_SECONDS
from rankmart.settings import Settings
from rankmart.warehouse import open_warehouse, run
from rankmart.whole_files import sync, temporary_name

logger = logging.getLogger(__name__)

DEFAULT_PATH = Path("data/analysis.duckdb")
READ_ONLY = 0o444
_COPY = "rankmart_analysis_copy"

_COPY_INFO = """
    create table "{copy}".main.copy_info as
    select
        now() as copied_at,
        {built_at} as built_at,
        {run_id} as run_id
"""
_INFO_COMMENTS = {
    "": "One row: what this file is a copy of, and when it was made.",
    "copied_at": "When the copy was made.",
    "built_at": "When the last `dbt run` began that built these tables.",
    "run_id": "The run of `rankmart score` that was current. Null before the first.",
}


@dataclass(frozen=True, kw_only=True)
class AnalysisCopy:
    """Where a copy is, its tables by schema and name, and its size."""

    path: Path
    tables: tuple[str, ...]
    size_bytes: int


def copy_for_analysis(
    settings: Settings, target: Path, schemas: Sequence[str] | None = None
) -> AnalysisCopy:
    """Copy the warehouse, which others may read meanwhile but nobody may write.

    Without `schemas`, every schema.

    Raises WarehouseError where the warehouse can't be read or the copy can't be written, and
    RankmartError for a schema that is not there.
    """
    with open_warehouse(settings, read_only=True):
        pass  # It says in words why it can't be read.
    with (
        _replaced(settings, target) as temporary,
        duckdb.connect(
            temporary,
            config={
                "memory_limit": settings.memory_limit,
                "threads": settings.thread_count,
                "temp_directory": settings.temp or f"{settings.warehouse}.tmp",
            },
        ) as connection,
    ):
        run(connection, "set timezone = 'UTC'")
        into = _current_database(connection)
        # Views name the database of their tables, which dbt calls by the file's name.
        warehouse = settings.warehouse.stem
        literal = quoted(str(settings.warehouse))
        run(connection, f'attach {literal} as "{warehouse}" (read_only)')
        tables = _copy_tables(connection, warehouse, into, schemas)
    return _described(target, tables)


def copy_after_scoring(connection: duckdb.DuckDBPyConnection, settings: Settings) -> AnalysisCopy:
    """The copy that the settings ask for, from a connection that has the warehouse open to write.

    Call it after the commit. Raises as copy_for_analysis does.
    """
    target = Path(settings.analysis)
    with _replaced(settings, target) as temporary:
        run(connection, f"attach {quoted(str(temporary))} as {_COPY}")
        try:
            warehouse, schemas = _current_database(connection), schemas_of(settings)
            tables = _copy_tables(connection, warehouse, _COPY, schemas)
            run(connection, f"checkpoint {_COPY}")
        finally:
            run(connection, f"detach {_COPY}")
    return _described(target, tables)


def schemas_of(settings: Settings) -> list[str]:
    """The schemas that the settings name."""
    return [name.strip() for name in settings.analysis_schemas.split(",") if name.strip()]


@contextmanager
def _replaced(settings: Settings, target: Path) -> Iterator[Path]:
    """A file to write, which takes the place of `target` when that went well."""
    if target.resolve() == settings.warehouse.resolve():
        raise RankmartError(f"{target} is the warehouse: give the copy another name")
    temporary = temporary_name(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        stale_before = time.time() - STALE_AFTER_SECONDS
        for left in target.parent.glob(f".{target.name}.tmp-*"):
            if left.stat().st_mtime < stale_before:
                left.unlink(missing_ok=True)
        try:
            yield temporary
            os.chmod(temporary, READ_ONLY)
            sync(temporary)
            # What someone wrote into the old copy is not of the new one.
            _write_ahead_log(target).unlink(missing_ok=True)
            os.replace(temporary, target)
            sync(target.parent)
        finally:
            temporary.unlink(missing_ok=True)
            _write_ahead_log(temporary).unlink(missing_ok=True)
    except (duckdb.Error, OSError) as error:
        raise WarehouseError(
            f"the copy {target} could not be written ({first_line(error)}), and the one before"
            " is as it was: see to disk space and permissions, then run `rankmart analysis-copy`"
        ) from error


def _write_ahead_log(database: Path) -> Path:
    return database.with_name(f"{database.name}.wal")


def _copy_tables(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    into: str,
    schemas: Sequence[str] | None,
) -> list[str]:
    """Every table and view of the schemas as a table, with its comments."""
    relations = _relations(connection, source)
    there = sorted({schema for schema, _, _ in relations})
    for schema in schemas or ():
        if schema not in there:
            raise RankmartError(
                f"there is no schema {schema!r} in the warehouse, but {', '.join(there) or 'none'}"
                " (`raw` and `main` come with `dbt run`, `ranker` with `rankmart score`)"
            )
    tables = []
    for schema, name, comment in relations:
        if schema not in (schemas or there):
            continue
        run(connection, f'create schema if not exists "{into}"."{schema}"')
        table = f'"{into}"."{schema}"."{name}"'
        run(connection, f'create table {table} as from "{source}"."{schema}"."{name}"')
        if comment:
            run(connection, f"comment on table {table} is {quoted(comment)}")
        for column, text in connection.execute(
            "select column_name, comment from duckdb_columns() where database_name = ?"
            " and schema_name = ? and table_name = ? and comment is not null",
            [source, schema, name],
        ).fetchall():
            run(connection, f'comment on column {table}."{column}" is {quoted(text)}')
        tables.append(f"{schema}.{name}")
    _write_info(connection, source, into, {f"{schema}.{name}" for schema, name, _ in relations})
    return tables


def _relations(
    connection: duckdb.DuckDBPyConnection, source: str
) -> list[tuple[str, str, str | None]]:
    """Schema, name and comment of every table and view, in a fixed order."""
    return connection.execute(
        """
        select schema_name, table_name, comment from duckdb_tables()
        where database_name = $source and not internal
        union all
        select schema_name, view_name, comment from duckdb_views()
        where database_name = $source and not internal
        order by schema_name, table_name
        """,
        {"source": source},
    ).fetchall()


def _write_info(
    connection: duckdb.DuckDBPyConnection, source: str, into: str, there: set[str]
) -> None:
    built_at = "cast(null as timestamp with time zone)"
    run_id = "cast(null as varchar)"
    if "raw.builds" in there:
        built_at = f'(select max(started_at) from "{source}".raw.builds where is_whole)'
    if "ranker.runs" in there:
        run_id = f'(select any_value(run_id) from "{source}".ranker.runs where is_current)'
    run(connection, _COPY_INFO.format(copy=into, built_at=built_at, run_id=run_id))
    for column, text in _INFO_COMMENTS.items():
        table = f'"{into}".main.copy_info'
        what = f"column {table}.{column}" if column else f"table {table}"
        run(connection, f"comment on {what} is {quoted(text)}")


def _current_database(connection: duckdb.DuckDBPyConnection) -> str:
    [(name,)] = connection.execute("select current_database()").fetchall()
    return str(name)


def _described(target: Path, tables: Sequence[str]) -> AnalysisCopy:
    logger.info("copied %d tables for analysis to %s", len(tables), target)
    return AnalysisCopy(path=target, tables=tuple(tables), size_bytes=target.stat().st_size)
