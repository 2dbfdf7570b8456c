"""GET /v1/users/{user_id}/recommendations."""

from http import HTTPStatus
from typing import Annotated

from litestar import Response, get
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter

from rankmart_serving import problems, queries
from rankmart_serving.responses import Recommendations
from rankmart_serving.settings import Settings
from rankmart_serving.snapshots import Reading, SnapshotStore
from rankmart_serving.user_ids import checked_user_id


def recommendations_handler(settings: Settings) -> HTTPRouteHandler:
    """The route's handler, with the settings' limits on `k` in its signature."""

    @get(
        "/v1/users/{user_id:str}/recommendations",
        operation_id="recommendations",
        summary="A user's recommendations",
        description=(
            "The user's ranked products from the run that is published now. A user without a "
            "list gets the popular products, marked by `fallback`. `k` is a limit: the list is "
            "as long as the run made it at most."
        ),
        tags=["recommendations"],
        response_description="The list, best first",
        response_headers=[
            ResponseHeader(
                name="X-Run-Id",
                value="20231231-3f9a1c0d5e7b",
                description="The run that the answer is from",
                documentation_only=True,
            )
        ],
        responses=problems.documented(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.INTERNAL_SERVER_ERROR,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
        sync_to_thread=False,
    )
    def recommendations(
        snapshots: NamedDependency[SnapshotStore],
        user_id: Annotated[
            str,
            PathParameter(
                min_length=1,
                max_length=256,
                description="The user's id as in the reviews, percent-encoded, slashes too.",
                examples=[Example(summary="a user", value="A1YJEY40YUW4SE")],
            ),
        ],
        k: Annotated[
            int,
            QueryParameter(
                ge=1,
                le=settings.max_k,
                description="How many products at most.",
                examples=[Example(summary="the first five", value=5)],
            ),
        ] = settings.default_k,
    ) -> Response[Recommendations]:
        user = checked_user_id(user_id)
        with snapshots.reading() as reading:
            answer = _recommend(reading, user_id=user, k=k)
        return Response(answer, headers={"X-Run-Id": answer.run_id})

    return recommendations


def _recommend(reading: Reading, *, user_id: str, k: int) -> Recommendations:
    own = queries.recommended_items(reading.cursor, user_id=user_id, k=k)
    return Recommendations(
        user_id=user_id,
        run_id=reading.run.run_id,
        known_user=own is not None or queries.has_history(reading.cursor, user_id=user_id),
        fallback="popular" if own is None else None,
        model=reading.run.model,
        items=list(reading.fallback[:k]) if own is None else own,
    )
