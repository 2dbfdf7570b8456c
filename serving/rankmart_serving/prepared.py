"""Answers that are JSON already, sent without the work that a response of any kind asks for."""

from typing import Any, TypeVar

from litestar import Response
from litestar.types import ASGIApp, Receive, Scope, Send

Told = TypeVar("Told")


class Prepared(Response[Told]):
    """A 200 with a body of JSON, made by one run.

    `Told` is the struct that the body is the JSON of: what OpenAPI describes. Litestar's own
    response does more than such an answer needs.
    """

    def __init__(self, body: bytes, *, run_id: str) -> None:
        """Without the base's: nothing that it sets up is used."""
        self._body = body
        self._headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"x-run-id", run_id.encode("latin-1")),
        ]

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIApp:  # type: ignore[override]
        """The app that sends it."""
        return self._answer

    async def _answer(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})
