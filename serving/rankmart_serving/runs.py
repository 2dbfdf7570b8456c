"""Routes about runs: which are kept, and how good the current one is."""

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler

from rankmart_serving import problems, queries
from rankmart_serving.responses import CurrentRun, Runs
from rankmart_serving.security import guards
from rankmart_serving.settings import Settings
from rankmart_serving.snapshots import NoSuchRunError, SnapshotStore


def run_handlers(settings: Settings) -> list[HTTPRouteHandler]:
    """The routes' handlers."""
    failures = problems.documented(*problems.of_reading(settings))

    @get(
        "/v1/runs",
        operation_id="runs",
        summary="Runs that are kept",
        description="Each can be asked for by `run_id`.",
        tags=["runs"],
        response_description="The newest first",
        responses=failures,
        guards=guards(settings, writes=False),
        sync_to_thread=True,
    )
    def runs(snapshots: NamedDependency[SnapshotStore]) -> Runs:
        found = []
        with snapshots.reading() as reading:
            current = reading.run.run_id
            found.append(queries.published_run(reading.cursor, is_current=True))
        for run_id in snapshots.kept_runs():
            if run_id == current:
                continue
            try:
                with snapshots.reading(run_id) as earlier:
                    found.append(queries.published_run(earlier.cursor, is_current=False))
            except NoSuchRunError:
                # Deleted meanwhile, or written by a version that had other tables.
                continue
        return Runs(runs=found)

    @get(
        "/v1/runs/current",
        operation_id="current_run",
        summary="The run that answers come from",
        description="With its evaluation beside every generator, on the same test users.",
        tags=["runs"],
        response_description="The run",
        responses=failures,
        guards=guards(settings, writes=False),
        sync_to_thread=False,
    )
    def current(snapshots: NamedDependency[SnapshotStore]) -> CurrentRun:
        with snapshots.reading() as reading:
            return CurrentRun(
                run=queries.published_run(reading.cursor, is_current=True),
                evaluation=queries.evaluation(reading.cursor),
            )

    return [runs, current]
