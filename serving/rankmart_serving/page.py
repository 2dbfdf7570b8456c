"""The web pages: static files beside this module, no build step and nothing from elsewhere."""

from importlib.resources import files

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from rankmart_serving.security import PAGE_POLICY

_TYPES = {
    "index.html": "text/html",
    "elements.js": "text/javascript",
    "page.js": "text/javascript",
    "page.css": "text/css",
    "schema.js": "text/javascript",
    "schema.css": "text/css",
    "favicon.svg": "image/svg+xml",
}


def handlers() -> list[HTTPRouteHandler]:
    """`/` and the files that it names."""
    return [_handler("/" if name == "index.html" else f"/static/{name}", name) for name in _TYPES]


def _handler(path: str, name: str) -> HTTPRouteHandler:
    content = (files("rankmart_serving") / "static" / name).read_bytes()

    @get(path, include_in_schema=False, sync_to_thread=False)
    def file() -> Response[bytes]:
        return Response(
            content,
            media_type=_TYPES[name],
            headers={"Cache-Control": "max-age=300", "Content-Security-Policy": PAGE_POLICY},
        )

    return file
