"""The shortest way to a user's list: past Litestar's routing, parameters and dependencies.

A list that is in memory costs less than finding out that it was asked for, so what nearly every
request is, `GET /v1/users/{user_id}/recommendations` with at most a `k`, is recognised by its
path. The answer is the same one, made by the same `Recommender`.
"""

import re

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from rankmart_serving.answering import Recommender
from rankmart_serving.recommendations import response_to
from rankmart_serving.settings import Settings
from rankmart_serving.text_ids import from_path
from rankmart_serving.wanted import Wanted

PATH_TEMPLATE = "/v1/users/{user_id}/recommendations"
"""Of the route, as Litestar writes it for the metrics."""

_PATH = re.compile("/v1/users/([^/]+)/recommendations")
_QUERY = re.compile(b"k=([1-9][0-9]{0,3})")


def list_lane(app: ASGIApp, recommender: Recommender, settings: Settings) -> ASGIApp:
    """Wrap the app: plain requests for a list are answered here, all others by the app.

    So are those that can't be answered: the app finds out again why, and says it. Where reads
    need a key, are counted for a limit, or are told of to browsers elsewhere (CORS), the app
    answers all.
    """
    if settings.protect_reads or settings.rate_limit or settings.cors_origins:
        return app
    wanted_by_query = {b"": Wanted(k=settings.default_k)}

    def wanted_of(query: bytes) -> Wanted | None:
        wanted = wanted_by_query.get(query)
        if wanted is None and (found := _QUERY.fullmatch(query)):
            k = int(found[1])
            if k <= settings.max_k:
                wanted = wanted_by_query[query] = Wanted(k=k)
        return wanted

    async def in_lane(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "GET":
            await app(scope, receive, send)
            return
        found = _PATH.fullmatch(scope["path"])
        wanted = wanted_of(scope["query_string"]) if found else None
        if found is None or wanted is None:
            await app(scope, receive, send)
            return
        try:
            answer = await recommender.answer(from_path("user_id", found[1]), wanted)
        except Exception:  # noqa: BLE001 - the app meets it again, and answers and logs it
            await app(scope, receive, send)
            return
        scope["path_template"] = PATH_TEMPLATE
        await response_to(answer).to_asgi_response()(scope, receive, send)

    return in_lane
