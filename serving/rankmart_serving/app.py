"""The app: routes, errors, limits, and the snapshot and event store that it reads."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from litestar import Litestar
from litestar.di import Provide
from litestar.plugins.prometheus import PrometheusController

from rankmart.events import EventStore
from rankmart_serving import health, openapi, page, problems, security
from rankmart_serving.answering import Recommender
from rankmart_serving.catalogue import product_handlers
from rankmart_serving.event_intake import event_handlers
from rankmart_serving.exposures import ExposureLog
from rankmart_serving.feed import LOOK_EVERY_SECONDS, EventFeed
from rankmart_serving.list_lane import list_lane
from rankmart_serving.live import LiveLists
from rankmart_serving.recommendations import recommendation_handlers
from rankmart_serving.requests_watched import watch_requests
from rankmart_serving.runs import run_handlers
from rankmart_serving.settings import Settings
from rankmart_serving.snapshots import SnapshotStore
from rankmart_serving.text_ids import keep_encoded_slashes
from rankmart_serving.users import user_handlers

logger = logging.getLogger(__name__)


class _Metrics(PrometheusController):
    """Prometheus metrics, not part of the documented API."""

    include_in_schema = False


def create_app(settings: Settings | None = None) -> Litestar:
    """The API on the runs published to `settings.published`, which may have none yet.

    Without settings they are read from the environment: so `create_app` is a factory for any
    ASGI server. Raises SettingsError, or EventStoreError where events can't be stored.
    """
    settings = settings or Settings.from_environment()
    snapshots = SnapshotStore(settings.published, statement_seconds=settings.statement_seconds)
    feed = live = exposures = None
    if settings.takes_events:
        store = EventStore(settings.events)
        feed = EventFeed(store, snapshots)
        exposures = ExposureLog(store)
        if settings.follow_events:
            live = LiveLists(snapshots, feed)
    recommender = Recommender(
        snapshots,
        kept=settings.cached_lists,
        feed=feed if settings.follow_events else None,
        live=live,
        exposures=exposures,
    )

    @asynccontextmanager
    async def at_work(_: Litestar) -> AsyncIterator[None]:
        snapshots.limit.start()
        await asyncio.to_thread(snapshots.refresh)
        looking = [asyncio.create_task(_every(settings.poll_seconds, snapshots.refresh))]
        if feed is not None:
            await asyncio.to_thread(feed.look)
            looking.append(asyncio.create_task(_every(LOOK_EVERY_SECONDS, feed.look)))
        if live is not None:
            live.start()
        if exposures is not None:
            exposures.start()
        try:
            yield
        finally:
            for task in looking:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await asyncio.to_thread(recommender.lists.close)
            if live is not None:
                await asyncio.to_thread(live.stop)
            if exposures is not None:
                await asyncio.to_thread(exposures.stop)
            if feed is not None:
                await asyncio.to_thread(feed.close)
            await asyncio.to_thread(snapshots.close)
            snapshots.limit.stop()

    limit = security.rate_limit(settings)
    app = Litestar(
        route_handlers=[
            *recommendation_handlers(settings),
            *user_handlers(settings),
            *product_handlers(settings),
            *event_handlers(settings),
            *run_handlers(settings),
            health.live,
            health.ready,
            _Metrics,
            *page.handlers(),
        ],
        dependencies={
            "snapshots": Provide(lambda: snapshots, sync_to_thread=False),
            "recommender": Provide(lambda: recommender, sync_to_thread=False),
            "feed": Provide(lambda: feed, sync_to_thread=False),
        },
        lifespan=[at_work],
        plugins=[problems.plugin()],
        middleware=[limit.middleware] if limit else [],
        cors_config=security.cors(settings),
        request_max_body_size=settings.max_body,
        openapi_config=openapi.config(),
        logging_config=None,
        debug=False,
    )
    openapi.tell_limits(app, settings)
    laned = list_lane(app.asgi_handler, recommender, settings)
    app.asgi_handler = keep_encoded_slashes(watch_requests(laned))
    return app


async def _every(seconds: float, look: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await asyncio.to_thread(look)
        except Exception:
            # Whatever it is, the next look may go better, and what is known still answers.
            logger.exception("looking for news failed")
