"""Who may write, how much one address may ask, and what browsers are told."""

import hashlib
import hmac
from collections.abc import Callable

from litestar.config.cors import CORSConfig
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.middleware.rate_limit import RateLimitConfig

from rankmart_serving.settings import Settings

Guard = Callable[[ASGIConnection, BaseRouteHandler], None]  # type: ignore[type-arg]

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
"""Of every answer."""

PAGE_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'"
)
"""Of the page: nothing comes from elsewhere, and no script but its own runs."""


def guards(settings: Settings, *, writes: bool) -> list[Guard]:
    """The guards of a route: one that asks for a key, or none."""
    digests = settings.key_digests
    if not digests or not (writes or settings.protect_reads):
        return []

    def needs_key(connection: ASGIConnection, _: BaseRouteHandler) -> None:  # type: ignore[type-arg]
        given = connection.headers.get("x-api-key", "")
        if not given:
            scheme, _space, token = connection.headers.get("authorization", "").partition(" ")
            given = token if scheme.lower() == "bearer" else ""
        digest = hashlib.sha256(given.encode("utf-8", "surrogatepass")).hexdigest()
        # All are compared, so that the time tells nothing of which one was near.
        matches = [hmac.compare_digest(digest, known) for known in digests]
        if not any(matches):
            raise NotAuthorizedException(
                "this needs an API key: send it as X-API-Key, or as Authorization: Bearer"
            )

    return [needs_key]


def rate_limit(settings: Settings) -> RateLimitConfig | None:
    """So many requests a minute from one address, health and metrics aside; None for any."""
    if not settings.rate_limit:
        return None
    return RateLimitConfig(
        rate_limit=("minute", settings.rate_limit), exclude=["^/health/", "^/metrics"]
    )


def cors(settings: Settings) -> CORSConfig | None:
    """For the origins that the settings name; None, and so no other origin at all, without any."""
    origins = settings.cors_origins.replace(",", " ").split()
    return CORSConfig(allow_origins=origins) if origins else None
