"""Opening the warehouse, and whether it is ready to be scored."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from rankmart.errors import BusyError, MissingTableError, WarehouseError, first_line
from rankmart.settings import Settings

logger = logging.getLogger(__name__)

NEEDED_TABLES = (
    "main.user_product_features",
    "main.interactions",
    "main.users",
    "main.products",
    "main.product_neighbors",
    "main.rejected_reviews",
    "intermediate.candidates",
    "intermediate.labels",
    "intermediate.product_stats",
    "intermediate.product_tags",
    "intermediate.target_users",
    "intermediate.user_stats",
    "raw.builds",
)


# Whether a build failed since the last whole one that did not, and whether what was built since
# is of other files or another protocol.
_STATE = """
with

whole as (

    select
        max(started_at) as started_at,
        max_by(protocol, started_at) as protocol

    from raw.builds
    where is_whole and failed_models = 0

)

select
    count_if(builds.failed_models is distinct from 0) > 0 or any_value(whole.started_at) is null,
    count_if(builds.protocol != whole.protocol) > 0
    or (select max(read_at) from raw.files) > any_value(whole.started_at)

from whole
left join raw.builds as builds
    on whole.started_at is null or builds.started_at >= whole.started_at
"""


def run(connection: duckdb.DuckDBPyConnection, sql: str, parameters: object = None) -> None:
    """Run a statement to its end: DuckDB leaves a result that nobody fetched unfinished."""
    connection.execute(sql, parameters).fetchall()


def passes_of(rows: int, *, rows_per_pass: int) -> int:
    """How many passes so many rows are taken in: at least one."""
    return max(1, -(-rows // rows_per_pass))


def first_row(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: object = None
) -> tuple[Any, ...]:
    """The first row of a query that has one."""
    row: tuple[Any, ...] = connection.execute(sql, parameters).fetchall()[0]
    return row


def roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    """End a transaction; after some errors DuckDB has ended it itself."""
    try:
        run(connection, "rollback")
    except duckdb.TransactionException as error:
        logger.debug("no transaction left to roll back: %s", error)


@contextmanager
def open_warehouse(
    settings: Settings, *, read_only: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the warehouse; DuckDB's own complaints come out as WarehouseError."""
    if not settings.warehouse.exists():
        raise WarehouseError(f"no warehouse at {settings.warehouse}: run `dbt run` first")
    try:
        connection = duckdb.connect(
            settings.warehouse,
            read_only=read_only,
            config={
                "memory_limit": settings.memory_limit,
                "threads": settings.thread_count,
                "temp_directory": settings.temp or f"{settings.warehouse}.tmp",
            },
        )
    except duckdb.IOException as error:
        fault = BusyError if "lock" in str(error).lower() else WarehouseError
        raise fault(_could_not_open(settings, error)) from error
    except duckdb.Error as error:
        raise WarehouseError(f"can't open {settings.warehouse}: {first_line(error)}") from error
    try:
        run(connection, "set timezone = 'UTC'")
        yield connection
    except (
        duckdb.IOException,
        duckdb.OutOfMemoryException,
        duckdb.TransactionException,
    ) as error:
        raise WarehouseError(_what_to_free(error)) from error
    finally:
        connection.close()


def require_built(connection: duckdb.DuckDBPyConnection) -> None:
    """Raises unless the last `dbt run` built every table that scoring reads."""
    present = {
        f"{schema}.{table}"
        for schema, table in connection.execute(
            "select table_schema, table_name from information_schema.tables"
        ).fetchall()
    }
    for table in NEEDED_TABLES:
        if table not in present:
            raise MissingTableError(table.removeprefix("main."), build_with="dbt run")
    failed, partly_new = first_row(connection, _STATE)
    if failed:
        raise WarehouseError(
            "the last `dbt run` did not finish, so some tables are new and some are old:"
            " mend what it complained of, then run `dbt run` again"
        )
    if partly_new:
        raise WarehouseError(
            "the files or the protocol changed, and since then only some models were built:"
            " run `dbt run` without --select first"
        )


def _could_not_open(settings: Settings, error: duckdb.Error) -> str:
    message = str(error)
    if "lock" in message.lower():
        holder = re.search(r"PID (\d+)", message)
        who = f" (process {holder.group(1)})" if holder else ""
        return (
            f"{settings.warehouse} is open in another process{who}:"
            " wait for it, or close it (dbt, a notebook, the DuckDB shell)"
        )
    return f"can't open {settings.warehouse}: {first_line(error)}"


def _what_to_free(error: duckdb.Error) -> str:
    text = first_line(error)
    if "space" in str(error).lower():
        return f"the disk is full: free some space, then run again ({text})"
    if isinstance(error, duckdb.OutOfMemoryException):
        return f"out of memory: raise RANKMART_MEMORY_LIMIT, then run again ({text})"
    return text
