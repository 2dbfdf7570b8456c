"""Every error as problem details (RFC 9457), mapped in this one place."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import duckdb
import msgspec
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.plugins.problem_details import (
    ProblemDetailsConfig,
    ProblemDetailsException,
    ProblemDetailsPlugin,
)

from rankmart.events import EventStoreError
from rankmart_serving.catalogue_errors import NoSuchProductError
from rankmart_serving.responses import ParameterError, Problem
from rankmart_serving.settings import Settings
from rankmart_serving.snapshots import NoSnapshotError, NoSuchRunError

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

_DESCRIPTIONS = {
    HTTPStatus.BAD_REQUEST: "A parameter, or a field of the body, is not as it must be",
    HTTPStatus.UNAUTHORIZED: "There is no API key, or none that is known",
    HTTPStatus.NOT_FOUND: "There is no such product or run",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than it may be",
    HTTPStatus.TOO_MANY_REQUESTS: "This address has asked too often: wait a minute",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The server failed",
    HTTPStatus.SERVICE_UNAVAILABLE: (
        "No run is published yet, the event store is away, or reading took too long"
    ),
}

_DETAILS = {
    HTTPStatus.NOT_FOUND: "there is nothing at this address: /schema lists what there is",
    HTTPStatus.METHOD_NOT_ALLOWED: "this address does not take this method",
    HTTPStatus.INTERNAL_SERVER_ERROR: "the server failed: its log has the cause",
}


def plugin() -> ProblemDetailsPlugin:
    """The Litestar plugin that answers exceptions with problem details."""
    return ProblemDetailsPlugin(
        ProblemDetailsConfig(
            exception_to_problem_detail_map={
                NoSnapshotError: _from_unavailable,
                EventStoreError: _from_unavailable,
                duckdb.InterruptException: _from_too_slow,
                NoSuchRunError: _from_missing,
                RecursionError: _from_too_deep,
                NoSuchProductError: _from_missing,
                HTTPException: _from_http_exception,
                Exception: _from_unexpected,
            }
        )
    )


def documented(*statuses: HTTPStatus) -> dict[int, ResponseSpec]:
    """The `responses=` of a route handler that may answer with these problems."""
    return {
        int(status): ResponseSpec(
            data_container=Problem,
            media_type=MEDIA_TYPE,
            generate_examples=False,
            description=_DESCRIPTIONS[status],
            examples=[
                Example(summary=status.phrase, value=msgspec.to_builtins(_EXAMPLES[status]))
            ],
        )
        for status in statuses
    }


def of_reading(settings: Settings) -> list[HTTPStatus]:
    """What any route that reads a snapshot may answer with."""
    return [
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.SERVICE_UNAVAILABLE,
        *([HTTPStatus.UNAUTHORIZED] if settings.protect_reads else []),
        *_of_limits(settings),
    ]


def of_writing(settings: Settings) -> list[HTTPStatus]:
    """What any route that stores events may answer with."""
    return [
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.SERVICE_UNAVAILABLE,
        *([HTTPStatus.UNAUTHORIZED] if settings.key_digests else []),
        *_of_limits(settings),
    ]


def of_body() -> list[HTTPStatus]:
    """What any route with a body may answer with."""
    return [HTTPStatus.REQUEST_ENTITY_TOO_LARGE]


def _of_limits(settings: Settings) -> list[HTTPStatus]:
    return [HTTPStatus.TOO_MANY_REQUESTS] if settings.rate_limit else []


def _problem(
    status: HTTPStatus,
    detail: str,
    *,
    headers: dict[str, str] | None = None,
    errors: Sequence[dict[str, str]] = (),
) -> ProblemDetailsException:
    return ProblemDetailsException(
        status_code=status,
        type_="about:blank",
        title=status.phrase,
        detail=detail,
        headers=headers,
        extra={"errors": list(errors)} if errors else None,
    )


def _from_too_deep(_: RecursionError) -> ProblemDetailsException:
    """Of a body alone: nothing else here goes deep."""
    return _problem(HTTPStatus.BAD_REQUEST, "the body is nested too deeply")


def _from_missing(exception: Exception) -> ProblemDetailsException:
    return _problem(HTTPStatus.NOT_FOUND, str(exception))


def _from_unavailable(exception: Exception) -> ProblemDetailsException:
    return _problem(HTTPStatus.SERVICE_UNAVAILABLE, str(exception), headers={"Retry-After": "10"})


def _from_too_slow(_: Exception) -> ProblemDetailsException:
    logger.warning("a read took longer than RANKMART_STATEMENT_SECONDS and was interrupted")
    return _problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "reading took too long: ask for less, or again later",
        headers={"Retry-After": "10"},
    )


def _from_http_exception(exception: HTTPException) -> ProblemDetailsException:
    status = HTTPStatus(exception.status_code)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return _from_unexpected(exception)
    errors = _parameter_errors(exception.extra)
    detail = "; ".join(f"{error['parameter']}: {error['message']}" for error in errors)
    return _problem(
        status,
        detail or _DETAILS.get(status, exception.detail),
        headers=exception.headers,
        errors=errors,
    )


def _from_unexpected(exception: Exception) -> ProblemDetailsException:
    logger.error("a request failed", exc_info=exception)
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, _DETAILS[HTTPStatus.INTERNAL_SERVER_ERROR])


def _parameter_errors(extra: Any) -> list[dict[str, str]]:
    """What Litestar says of each parameter, without its names for things."""
    if not isinstance(extra, list):
        return []
    return [
        {"parameter": str(entry.get("key", "")), "message": str(entry.get("message", ""))}
        for entry in extra
        if isinstance(entry, dict)
    ]


_EXAMPLES = {
    HTTPStatus.BAD_REQUEST: Problem(
        type="about:blank",
        title=HTTPStatus.BAD_REQUEST.phrase,
        status=HTTPStatus.BAD_REQUEST,
        detail="k: Expected `int` >= 1",
        errors=[ParameterError(parameter="k", message="Expected `int` >= 1")],
    ),
    **{
        status: Problem(type="about:blank", title=status.phrase, status=status, detail=detail)
        for status, detail in {
            HTTPStatus.UNAUTHORIZED: "this needs an API key",
            HTTPStatus.NOT_FOUND: "no product 'B0' in this run",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Request Entity Too Large",
            HTTPStatus.TOO_MANY_REQUESTS: "Too Many Requests",
        }.items()
    },
    HTTPStatus.SERVICE_UNAVAILABLE: Problem(
        type="about:blank",
        title=HTTPStatus.SERVICE_UNAVAILABLE.phrase,
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        detail=str(NoSnapshotError()),
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: Problem(
        type="about:blank",
        title=HTTPStatus.INTERNAL_SERVER_ERROR.phrase,
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        detail=_DETAILS[HTTPStatus.INTERNAL_SERVER_ERROR],
    ),
}
