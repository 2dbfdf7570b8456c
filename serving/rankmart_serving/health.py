"""Health: is the process alive, and has it a run to answer from."""

from http import HTTPStatus

from litestar import get
from litestar.di import NamedDependency

from rankmart_serving import problems
from rankmart_serving.responses import Live, Ready
from rankmart_serving.snapshots import SnapshotStore


@get(
    "/health/live",
    operation_id="live",
    summary="Whether the process runs",
    description="Always 200, also before the first run is published.",
    tags=["health"],
    response_description="It runs",
    responses=problems.documented(HTTPStatus.INTERNAL_SERVER_ERROR),
    sync_to_thread=False,
)
def live() -> Live:
    """Answer at all."""
    return Live()


@get(
    "/health/ready",
    operation_id="ready",
    summary="Whether a run is published and open",
    description="200 with the run that answers come from; 503 while there is none.",
    tags=["health"],
    response_description="The run that answers come from",
    responses=problems.documented(
        HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE
    ),
    sync_to_thread=False,
)
def ready(snapshots: NamedDependency[SnapshotStore]) -> Ready:
    """The run that is open, if one is."""
    with snapshots.reading() as reading:
        return Ready(
            run_id=reading.run.run_id, users=reading.run.users, products=reading.run.products
        )
