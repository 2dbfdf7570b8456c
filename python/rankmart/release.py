"""Publishing a run that was scored before, from the warehouse alone."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from rankmart.analysis_copy import copy_after_scoring
from rankmart.errors import WarehouseError
from rankmart.export import export_lists
from rankmart.gate import Verdict
from rankmart.kept import (
    KeptRun,
    last_build,
    lists_of_runs,
    move_to_published,
    read_kept,
    require_runs,
)
from rankmart.publish import publish, snapshot_path
from rankmart.settings import Settings
from rankmart.track import track_published
from rankmart.warehouse import open_warehouse, roll_back, run


@dataclass(frozen=True, kw_only=True)
class Release:
    """What became of a run; without a snapshot it was refused, and nothing was changed."""

    run_id: str
    verdict: Verdict
    snapshot: Path | None


def release(settings: Settings, run_id: str | None = None, *, accept: bool = False) -> Release:
    """Publish the run that was scored last, or `run_id` if the warehouse has its lists.

    What the gate refused is left alone, unless `accept` is given. A run that is published already
    is published again, which changes nothing. If it fails halfway, call it again.

    Raises WarehouseError for a run whose lists are not there, or whose data were built anew since;
    and SnapshotError.
    """
    with open_warehouse(settings) as connection:
        require_runs(connection)
        kept = _kept(connection, run_id or _scored_last(connection))
        [(verdict, reason)] = connection.execute(
            "select verdict, verdict_reason from ranker.runs where run_id = ?", [kept.run_id]
        ).fetchall()
        if verdict == "refused":
            if not accept:
                refused = Verdict(passed=False, reason=reason)
                return Release(run_id=kept.run_id, verdict=refused, snapshot=None)
            reason = f"accepted by hand, though {reason}"
        _require_same_build(connection, kept, settings)
        run(connection, "begin transaction")
        try:
            move_to_published(connection, kept)
            run(
                connection,
                "update ranker.runs set verdict = 'published', verdict_reason = ?"
                " where run_id = ?",
                [reason, kept.run_id],
            )
            run(connection, "commit")
        except duckdb.Error:
            roll_back(connection)
            raise
        snapshot = publish_kept(connection, kept, settings)
        if settings.export is not None:
            export_lists(connection, settings.export)
        if settings.analysis:
            copy_after_scoring(connection, settings)
    track_published(settings, run_id=kept.run_id, members=kept.members)
    return Release(
        run_id=kept.run_id, verdict=Verdict(passed=True, reason=reason), snapshot=snapshot
    )


def publish_kept(connection: duckdb.DuckDBPyConnection, kept: KeptRun, settings: Settings) -> Path:
    """Write the snapshot of a run whose lists are in `ranker.recommendations`; make it current."""
    snapshot = publish(
        connection,
        run_id=kept.run_id,
        published=settings.published,
        keep=settings.keep_runs,
        members=kept.members,
        features=kept.features,
        blocked=kept.blocked,
        boosts=kept.boosts,
    )
    run(connection, "update ranker.runs set is_current = (run_id = ?)", [kept.run_id])
    return snapshot


def _scored_last(connection: duckdb.DuckDBPyConnection) -> str:
    rows = connection.execute(
        "select run_id from ranker.runs order by created_at desc, run_id limit 1"
    ).fetchall()
    if not rows:
        raise WarehouseError("no run was scored yet: run `rankmart score` first")
    return str(rows[0][0])


def _kept(connection: duckdb.DuckDBPyConnection, run_id: str) -> KeptRun:
    kept = read_kept(connection, run_id)
    if kept is None:
        there = ", ".join(sorted(lists_of_runs(connection))) or "no run"
        raise WarehouseError(
            f"the warehouse can't publish run {run_id}: it has what that needs of the last runs"
            f" alone ({there}). If its snapshot is kept: `rankmart rollback {run_id}`"
        )
    return kept


def _require_same_build(
    connection: duckdb.DuckDBPyConnection, kept: KeptRun, settings: Settings
) -> None:
    """A snapshot has products and histories too: those that the lists were made of."""
    if snapshot_path(settings.published, kept.run_id).exists():
        return
    if last_build(connection) != kept.build_id:
        raise WarehouseError(
            f"run {kept.run_id} is not published: dbt built the warehouse anew since it was"
            " scored: run `rankmart score`"
        )
