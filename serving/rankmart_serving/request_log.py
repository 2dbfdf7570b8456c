"""One line of JSON for each request, and an id by which client and log speak of it."""

import json
import logging
import re
import secrets
import time
from typing import cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger("rankmart_serving.requests")

_SOUND_ID = re.compile(rb"[0-9A-Za-z._-]{1,64}")


def log_requests(app: ASGIApp) -> ASGIApp:
    """Wrap an app: answers carry X-Request-Id, the client's own where it sent a sound one.

    The line has no address, no query and no body; of a person it has at most the id in the path.
    """

    async def logged(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        request_id = given if _SOUND_ID.fullmatch(given) else secrets.token_hex(8).encode()
        started = time.perf_counter()
        status = 0

        async def with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message["headers"], (b"x-request-id", request_id)]
                message = cast(Message, {**message, "headers": headers})
            await send(message)

        await app(scope, receive, with_id)
        if logger.isEnabledFor(logging.INFO):
            logger.info(
                json.dumps(
                    {
                        "request_id": request_id.decode(),
                        "method": scope["method"],
                        "path": scope["path"],
                        "status": status,
                        "ms": round((time.perf_counter() - started) * 1000, 2),
                    },
                    ensure_ascii=True,
                )
            )

    return logged
