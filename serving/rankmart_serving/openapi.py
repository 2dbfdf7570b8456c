"""The OpenAPI description: its page, and what it says that depends on the settings."""

from importlib.metadata import version
from importlib.resources import files
from typing import Any

from litestar import Litestar, Request
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import OpenAPIType, Schema

from rankmart_serving.settings import Settings


class _Page(OpenAPIRenderPlugin):
    """A page of our own, because Swagger UI and its like come from other servers."""

    def __init__(self) -> None:
        super().__init__(path="/")
        self._page = (files("rankmart_serving") / "static" / "schema.html").read_bytes()

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page, which asks for the description itself."""
        return self._page


def config() -> OpenAPIConfig:
    """What Litestar makes the description and its routes of."""
    return OpenAPIConfig(
        title="Rankmart",
        version=version("rankmart"),
        description="Ranked product recommendations from the run published last.",
        path="/schema",
        render_plugins=[_Page()],
    )


def tell_limits(app: Litestar, settings: Settings) -> None:
    """Say in the description what the settings allow, and what only holds of fields together."""
    components = app.openapi_schema.components
    schemas = components.schemas if components else {}
    for name in ("BatchQuestion", "SessionQuestion"):
        _of(schemas, name, "k").maximum = settings.max_k
    for name in ("BatchQuestion", "SessionQuestion", "NewEvent", "NewEvents"):
        if name in schemas:
            schemas[name].additional_properties = False
    _of(schemas, "BatchQuestion", "user_ids").max_items = settings.max_batch
    if not settings.takes_events:
        return
    _of(schemas, "NewEvents", "events").max_items = settings.max_batch
    event = schemas["NewEvent"]
    event.schema_if = Schema(properties={"kind": Schema(const="rating")})
    event.then = Schema(
        required=["rating"], properties={"rating": Schema(type=OpenAPIType.NUMBER)}
    )
    event.schema_else = Schema(properties={"rating": Schema(type=OpenAPIType.NULL)})


def _of(schemas: dict[str, Schema], struct: str, name: str) -> Schema:
    found = (schemas[struct].properties or {})[name]
    assert isinstance(found, Schema)
    return found
