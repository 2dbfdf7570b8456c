"""Published snapshots: one immutable DuckDB file per run, and a pointer to the current one.

`<published>/<run id>.duckdb` holds everything that the API needs, `<published>/current` the run
id and a newline. A snapshot is written under a temporary name, which starts with a dot, synced
and renamed; the pointer is replaced last. So a reader never meets half a file.
"""

import logging
import os
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from rankmart.errors import MissingTableError, SnapshotError, first_line
from rankmart.experiments import run_id_of
from rankmart.live import copy_inputs, read_live_query
from rankmart.pointer import POINTER, point_to, read_withdrawn, write_withdrawn
from rankmart.sql import sql_text
from rankmart.warehouse import first_row, passes_of
from rankmart.whole_files import sync, temporary_name

logger = logging.getLogger(__name__)

ALIAS = "rankmart_snapshot"
ROW_GROUP_SIZE = 8192
"""Rows that DuckDB reads or passes over together. Scoring one user anew asks a million pairs for
those of ten products: with a fifteenth of the usual size it passes over nearly all of them."""

ROWS_PER_PASS = 5_000_000
"""Rows that are made into lists at a time, of recommendations and histories."""

STALE_AFTER_SECONDS = 3600
"""A temporary file that is older is left over from a run that was killed."""

_RUN_ID = re.compile(r"(?!\.)[0-9A-Za-z._-]{1,64}")

_BUILT_BY = {
    "products": "dbt run",
    "users": "dbt run",
    "product_neighbors": "dbt run",
    "interactions": "dbt run",
    "intermediate.product_stats": "dbt run",
    "staging.stg_events": "dbt run",
    "ranker.runs": "make score",
    "ranker.recommendations": "make score",
    "ranker.fallback_recommendations": "make score",
    "ranker.variant_recommendations": "make score",
    "ranker.run_experiments": "make score",
    "ranker.evaluation": "make score",
}


def publish(
    warehouse_connection: duckdb.DuckDBPyConnection,
    *,
    run_id: str,
    published: Path,
    keep: int = 3,
    list_length: int | None = None,
    members: Sequence[tuple[float, bytes]] = (),
    features: Sequence[str] = (),
    blocked: Sequence[int] = (),
    boosts: dict[int, float] | None = None,
) -> Path:
    """Write the snapshot of a run, make it the current one, and return its path.

    A snapshot of that run that is already there is not written again: a run id is a digest of
    the run's content, so only the pointer moves. `members` are the ranker's weights and boosters
    in UBJSON, of which the score is the weighted sum of margins; none where a generator stands in
    for it. `blocked` and `boosts` are the list rules by product_key, which
    lists that follow events keep too. Lists are cut to `list_length`; None keeps them
    whole. The newest `keep` snapshots stay, the current one among them, and those that the run's
    experiments serve from; others are deleted.

    Call it after the run is committed: DuckDB can't write to two files in one transaction.

    Raises MissingTableError, or SnapshotError for a run that is not fit to be published and for
    a write that failed; then the pointer and the snapshots are as they were.
    """
    if keep < 1:
        raise ValueError(f"keep is {keep}: it must be 1 or more")
    target = snapshot_path(published, run_id)
    try:
        published.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            _refuse_unfit_run(warehouse_connection, run_id)
            parameters = {
                "run_id": run_id,
                "list_length": list_length,
                "weights": [weight for weight, _ in members],
                "boosters": [booster for _, booster in members],
                "features": list(features),
                "blocked": list(blocked),
                "boosts": boosts or {},
            }
            _write_snapshot(warehouse_connection, target, parameters)
        os.utime(target)
        point_to(published, run_id)
        write_withdrawn(published, read_withdrawn(published) - {run_id})
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        raise SnapshotError(
            f"run {run_id} is not published: a warehouse table is not as expected "
            f"({first_line(error)}): run `dbt run` and `make score` again"
        ) from error
    except (duckdb.Error, OSError) as error:
        raise SnapshotError(
            f"run {run_id} is not published: writing to {published} failed "
            f"({first_line(error)}). The snapshots there are as they were: see to disk space "
            "and permissions, then run `make score` again"
        ) from error
    _prune(
        published,
        current=target,
        in_use=_runs_in_use(warehouse_connection, run_id),
        keep=keep,
    )
    logger.info("published run %s as %s", run_id, target)
    return target


def current_run(published: Path) -> str | None:
    """The run that the pointer names; None when nothing was ever published.

    Raises SnapshotError when the pointer holds something else than a run id.
    """
    pointer = published / POINTER
    try:
        content = pointer.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SnapshotError(
            f"can't read {pointer} ({error}): see RANKMART_PUBLISHED and its permissions"
        ) from error
    run_id = content.strip()
    if not _RUN_ID.fullmatch(run_id):
        raise SnapshotError(f"{pointer} names no run: run `make score` to write it again")
    return run_id


def snapshots_there(published: Path) -> list[str]:
    """The ids of all runs whose snapshot is there, those written last first."""
    found = [path for path in published.glob("*.duckdb") if path.name[0] != "."]
    found.sort(key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
    return [path.stem for path in found]


def snapshot_path(published: Path, run_id: str) -> Path:
    """Where the snapshot of a run is, or will be.

    Raises SnapshotError for an id that could lead elsewhere: it must be 1 to 64 of the
    characters A-Z a-z 0-9 . _ - and not start with a dot.
    """
    if not _RUN_ID.fullmatch(run_id):
        raise SnapshotError(
            f"{run_id[:80]!r} is no run id: it must be 1 to 64 of A-Z a-z 0-9 . _ - "
            "and not start with a dot"
        )
    return published / f"{run_id}.duckdb"


def _refuse_unfit_run(connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
    rows = connection.execute(
        "select if(table_schema = current_schema(), table_name,"
        " concat(table_schema, '.', table_name))"
        " from information_schema.tables"
        " where table_catalog = current_database()"
    ).fetchall()
    tables = {table for (table,) in rows}
    for table, build_with in _BUILT_BY.items():
        if table not in tables:
            raise MissingTableError(table, build_with=build_with)
    defects = connection.execute(sql_text("snapshot_defects"), {"run_id": run_id}).fetchall()
    if defects:
        reasons = ", ".join(defect for (defect,) in defects)
        raise SnapshotError(f"run {run_id} is not fit to be published ({reasons})")


def _write_snapshot(
    connection: duckdb.DuckDBPyConnection, target: Path, parameters: dict[str, Any]
) -> None:
    temporary = temporary_name(target)
    try:
        literal = str(temporary).replace("'", "''")
        connection.execute(f"attach '{literal}' as {ALIAS} (row_group_size {ROW_GROUP_SIZE})")
        try:
            passes = _passes(connection)
            for statement in connection.extract_statements(sql_text("snapshot")):
                for number in range(passes if "pass" in statement.named_parameters else 1):
                    given = parameters | {"passes": passes, "pass": number}
                    named = {name: given[name] for name in statement.named_parameters}
                    connection.execute(statement, named)
            _write_rules(connection, parameters["blocked"], parameters["boosts"])
            _write_live_part(connection)
            connection.execute(f"checkpoint {ALIAS}")
        finally:
            _detach(connection)
        sync(temporary)
        os.replace(temporary, target)
        sync(target.parent)
    except BaseException:
        # Also when interrupted: a half-written snapshot is of no use to anyone.
        temporary.unlink(missing_ok=True)
        _write_ahead_log(temporary).unlink(missing_ok=True)
        raise


def _passes(connection: duckdb.DuckDBPyConnection) -> int:
    (rows,) = first_row(
        connection,
        "select greatest((select count(*) from ranker.recommendations),"
        " (select count(*) from interactions))",
    )
    return passes_of(int(rows), rows_per_pass=ROWS_PER_PASS)


def _write_rules(
    connection: duckdb.DuckDBPyConnection, blocked: Sequence[int], boosts: dict[int, float]
) -> None:
    """The blocks and boosts, which hold whether or not lists of the run are scored anew."""
    connection.execute(
        f"create table {ALIAS}.live_rules as"
        " select unnest(cast($keys as integer [])) as product_key,"
        " unnest(cast($boosts as double [])) as boost,"
        " unnest(cast($blocked as boolean [])) as is_blocked",
        {
            "keys": [*blocked, *boosts],
            "boosts": [0.0] * len(blocked) + list(boosts.values()),
            "blocked": [True] * len(blocked) + [False] * len(boosts),
        },
    )


def _write_live_part(connection: duckdb.DuckDBPyConnection) -> None:
    """What scoring single users anew needs: the steps to the features and their tables."""
    query = read_live_query(connection)
    if query is None:
        logger.warning(
            "the warehouse does not have the SQL of every model, so lists of this run do not"
            " follow events: `dbt run` keeps it"
        )
        return
    copy_inputs(connection, query, into=ALIAS)


def _detach(connection: duckdb.DuckDBPyConnection) -> None:
    """Let go of the file; after a failed write this may fail too, and the first error counts."""
    try:
        connection.execute(f"detach database if exists {ALIAS}")
    except duckdb.Error as error:
        logger.debug("detach after a failed write: %s", error)


def _runs_in_use(connection: duckdb.DuckDBPyConnection, run_id: str) -> set[str]:
    """The earlier runs that experiments of a run serve from."""
    rows = connection.execute(
        "select distinct list from ranker.run_experiments where run_id = ?", [run_id]
    ).fetchall()
    return {found for (name,) in rows if (found := run_id_of(name)) is not None}


def _prune(published: Path, *, current: Path, in_use: set[str], keep: int) -> None:
    """Delete old snapshots and what killed runs left; a failure here only costs disk space.

    Runs that were gone back from are no good to go back to, so they are the first to go.
    """
    try:
        others = [path for path in published.glob("*.duckdb") if _is_old_snapshot(path, current)]
        withdrawn = read_withdrawn(published)
        others.sort(
            key=lambda path: (path.stem not in withdrawn, path.stat().st_mtime_ns, path.name),
            reverse=True,
        )
        stale_before = time.time() - STALE_AFTER_SECONDS
        stale = [path for path in published.glob(".*.tmp*") if path.stat().st_mtime < stale_before]
        for path in [*others[keep - 1 :], *stale]:
            if path.stem in in_use:
                continue
            path.unlink(missing_ok=True)
            _write_ahead_log(path).unlink(missing_ok=True)
            logger.info("deleted %s", path)
    except OSError as error:
        logger.warning("old snapshots in %s are left in place: %s", published, error)


def _is_old_snapshot(path: Path, current: Path) -> bool:
    return path != current and _RUN_ID.fullmatch(path.stem) is not None


def _write_ahead_log(database: Path) -> Path:
    return database.with_name(f"{database.name}.wal")
