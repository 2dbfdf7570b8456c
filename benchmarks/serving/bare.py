"""The bare handler that the API is measured against: the same server, one small JSON answer."""

from litestar import Litestar, get
from msgspec import Struct


class Answer(Struct):
    """As small as an answer can be."""

    status: str = "ok"


@get("/", sync_to_thread=False)
def bare() -> Answer:
    """Answer without looking anything up."""
    return Answer()


def create_app() -> Litestar:
    """The app, for an ASGI server."""
    return Litestar(route_handlers=[bare], openapi_config=None, logging_config=None)
