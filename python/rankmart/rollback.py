"""Going back to a run that was published before: its snapshot is kept, so only the pointer moves.

Runs that were gone back from are named in the file `withdrawn` beside the pointer, one a line, so
that a later roll-back does not lead to them.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from rankmart.errors import SnapshotError, WarehouseError, first_line
from rankmart.pointer import point_to, read_withdrawn, write_withdrawn
from rankmart.publish import current_run, snapshot_path
from rankmart.settings import Settings
from rankmart.track import track_rolled_back
from rankmart.warehouse import open_warehouse, run

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A run whose snapshot is kept. `ndcg` is NDCG@10 of what it published."""

    run_id: str
    model: str
    verdict: str
    ndcg: float | None
    scored_at: datetime
    is_current: bool
    is_withdrawn: bool


def kept_snapshots(published: Path) -> list[Snapshot]:
    """Every run that can be served, the one that was published last first.

    A file that can't be read is left out, and told in the log.
    """
    current = _current(published)
    withdrawn = read_withdrawn(published)
    found = []
    for path in _newest_first(published):
        try:
            with duckdb.connect(path, read_only=True) as connection:
                rows = connection.execute(
                    "select run_id, model, verdict,"
                    " cast(metrics ->> 'ndcg_at_10' as double), created_at from run"
                ).fetchall()
        except duckdb.Error as error:
            logger.warning("%s is left out: %s", path, first_line(error))
            continue
        found += [
            Snapshot(
                run_id=run_id,
                model=model,
                verdict=verdict,
                ndcg=ndcg,
                scored_at=scored_at,
                is_current=run_id == current,
                is_withdrawn=run_id in withdrawn,
            )
            for run_id, model, verdict, ndcg, scored_at in rows
        ]
    return found


def roll_back_to(settings: Settings, run_id: str | None = None) -> str:
    """Serve a kept run again, and return it: `run_id`, or the one published before the current.

    Those published later than it are withdrawn: the next roll-back passes them over, until they
    are published again or named. `ranker.runs.is_current` follows where the warehouse has the
    run and can be opened; its lists stay those of the run that was published last.

    Raises SnapshotError where there is no such run, or none before the current one.
    """
    published = settings.published
    snapshots = kept_snapshots(published)
    order = [snapshot.run_id for snapshot in snapshots]
    if run_id is None:
        run_id = _one_before(snapshots, published)
    else:
        snapshot_path(published, run_id)
        if run_id not in order:
            kept = ", ".join(order) or "none"
            raise SnapshotError(
                f"no snapshot of run {run_id} in {published}: kept are {kept}"
                " (`rankmart rollback --list`)"
            )
    later = set(order[: order.index(run_id)])
    withdrawn = (read_withdrawn(published) | later) - {run_id}
    try:
        write_withdrawn(published, withdrawn & set(order))
        point_to(published, run_id)
    except OSError as error:
        raise SnapshotError(
            f"{published} could not be written ({error}), so what was served is served on: see to"
            " disk space and permissions"
        ) from error
    logger.info("run %s is served again", run_id)
    _note_in_warehouse(settings, run_id)
    track_rolled_back(run_id)
    return run_id


def _one_before(snapshots: list[Snapshot], published: Path) -> str:
    places = [place for place, snapshot in enumerate(snapshots) if snapshot.is_current]
    if not snapshots:
        raise SnapshotError(f"nothing is published in {published}: there is nothing to go back to")
    # Where the pointer is damaged, everything is before it.
    earlier = snapshots[places[0] + 1 :] if places else snapshots
    for snapshot in earlier:
        if not snapshot.is_withdrawn:
            return snapshot.run_id
    raise SnapshotError(
        "no run that was published before the current one is kept: `rankmart rollback --list`"
        " shows what is, RANKMART_KEEP_RUNS says how many"
    )


def _note_in_warehouse(settings: Settings, run_id: str) -> None:
    """The service does not read the warehouse, so that it needn't be there, nor be free."""
    if not settings.warehouse.exists():
        return
    try:
        with open_warehouse(settings) as connection:
            known = connection.execute(
                "select count(*) from ranker.runs where run_id = ?", [run_id]
            ).fetchall()[0][0]
            if known:
                run(connection, "update ranker.runs set is_current = (run_id = ?)", [run_id])
    except (WarehouseError, duckdb.CatalogException) as error:
        logger.warning("ranker.runs.is_current is as it was: %s", first_line(error))


def _newest_first(published: Path) -> list[Path]:
    """Snapshots by when they were published last: that is the time of the file."""
    paths = [path for path in published.glob("*.duckdb") if not path.name.startswith(".")]
    return sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)


def _current(published: Path) -> str | None:
    try:
        return current_run(published)
    except SnapshotError as error:
        logger.warning("%s", error)
        return None
