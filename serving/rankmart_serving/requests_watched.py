"""Around each request: an id by which client and log speak of it, a line of JSON, its time, and
what browsers are told.

It stands outside Litestar's own middleware, because it is on the way of every answer: the time
that Litestar's Prometheus middleware takes was a fifth of an answer from memory.
"""

import itertools
import json
import logging
import re
import secrets
import time
from typing import cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import Counter, Histogram

from rankmart_serving.security import HEADERS

logger = logging.getLogger("rankmart_serving.requests")

_SOUND_ID = re.compile(rb"[0-9A-Za-z._-]{1,64}")
_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

SECONDS = Histogram(
    "rankmart_request_seconds",
    "Time from a request to its answer, by route",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
ANSWERS = Counter(
    "rankmart_answers", "Answers by route, method and status", ["route", "method", "status"]
)


def watch_requests(app: ASGIApp) -> ASGIApp:
    """Wrap an app: answers carry X-Request-Id, the client's own where it sent a sound one.

    The line has no address, no query and no body; of a person it has at most the id in the path.
    """
    # Drawn once, as that takes time: a part for this process, and the number of the request.
    process, count = secrets.token_hex(6).encode(), itertools.count()
    by_route: dict[tuple[str, str, int], tuple[Histogram, Counter]] = {}

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        request_id = (
            given if given and _SOUND_ID.fullmatch(given) else b"%s%08x" % (process, next(count))
        )
        started = time.perf_counter()
        status = 0

        async def with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message["headers"], (b"x-request-id", request_id), *_HEADERS]
                message = cast(Message, {**message, "headers": headers})
            await send(message)

        await app(scope, receive, with_headers)
        seconds = time.perf_counter() - started
        # The template, not the path: else there would be a series for each user.
        key = (
            scope.get("path_template", "none") if status != 404 else "none",
            scope["method"],
            status,
        )
        if key not in by_route:
            route, method, _ = key
            by_route[key] = (
                SECONDS.labels(route),
                ANSWERS.labels(route, method if method.isalpha() else "other", str(status)),
            )
        histogram, counter = by_route[key]
        histogram.observe(seconds)
        counter.inc()
        if logger.isEnabledFor(logging.INFO):
            logger.info(
                json.dumps(
                    {
                        "request_id": request_id.decode(),
                        "method": scope["method"],
                        "path": scope["raw_path"].partition(b"?")[0].decode("latin-1"),
                        "status": status,
                        "ms": round(seconds * 1000, 2),
                    }
                )
            )

    return watched
