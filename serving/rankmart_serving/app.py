"""The app: routes, errors, and the snapshot that it reads."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version

from litestar import Litestar
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin

from rankmart_serving import health, problems
from rankmart_serving.recommendations import recommendations_handler
from rankmart_serving.settings import Settings
from rankmart_serving.snapshots import SnapshotStore
from rankmart_serving.user_ids import keep_encoded_slashes

logger = logging.getLogger(__name__)


def create_app(settings: Settings | None = None) -> Litestar:
    """The API on the runs published to `settings.published`, which may have none yet.

    Without settings they are read from the environment: so `create_app` is a factory for any
    ASGI server.
    """
    settings = settings or Settings.from_environment()
    snapshots = SnapshotStore(settings.published)

    @asynccontextmanager
    async def following_the_pointer(_: Litestar) -> AsyncIterator[None]:
        await asyncio.to_thread(snapshots.refresh)
        following = asyncio.create_task(_follow(snapshots, settings.poll_seconds))
        try:
            yield
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
            await asyncio.to_thread(snapshots.close)

    app = Litestar(
        route_handlers=[recommendations_handler(settings), health.live, health.ready],
        dependencies={"snapshots": Provide(lambda: snapshots, sync_to_thread=False)},
        lifespan=[following_the_pointer],
        plugins=[problems.plugin()],
        openapi_config=OpenAPIConfig(
            title="Rankmart",
            version=version("rankmart"),
            description="Ranked product recommendations from the run published last.",
            path="/schema",
            render_plugins=[SwaggerRenderPlugin(path="/", favicon="")],
        ),
        logging_config=None,
        debug=False,
    )
    app.asgi_handler = keep_encoded_slashes(app.asgi_handler)
    return app


async def _follow(snapshots: SnapshotStore, poll_seconds: float) -> None:
    while True:
        await asyncio.sleep(poll_seconds)
        try:
            await asyncio.to_thread(snapshots.refresh)
        except Exception:
            # Whatever it is, the next look may go better, and the old run still answers.
            logger.exception("looking for a new run failed")
