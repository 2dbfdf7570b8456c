"""Routes that recommend: to a user, to many, to a visitor without an id."""

from http import HTTPStatus
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Example
from litestar.params import JSONBody, PathParameter, QueryParameter

from rankmart_serving import problems
from rankmart_serving.answering import Answer, Recommender
from rankmart_serving.catalogue_errors import NoSuchProductError
from rankmart_serving.prepared import Prepared
from rankmart_serving.requests import BatchQuestion, SessionQuestion
from rankmart_serving.responses import Batch, Explanation, Recommendations
from rankmart_serving.security import guards
from rankmart_serving.settings import Settings
from rankmart_serving.text_ids import AN_ID, ONE_LINE, checked, from_path, refuse
from rankmart_serving.wanted import Wanted

UserId = Annotated[
    str,
    PathParameter(
        min_length=1,
        max_length=256,
        description="The user's id as in the reviews, percent-encoded, slashes too.",
        schema_extra={"pattern": ONE_LINE},
        examples=[Example(summary="a user", value="A1YJEY40YUW4SE")],
    ),
]
Price = Annotated[
    float | None,
    QueryParameter(
        ge=0,
        description="In the money of the products file.",
        schema_extra={"minimum": 0},
        examples=[Example(summary="a price", value=9.5)],
    ),
]

RUN_HEADER = ResponseHeader(
    name="X-Run-Id",
    value="20231231-3f9a1c0d5e7b",
    description="The run that the answer is from",
    documentation_only=True,
)
_encoder = msgspec.json.Encoder()


def recommendation_handlers(settings: Settings) -> list[HTTPRouteHandler]:
    """The routes' handlers, with the settings' limits in their signatures."""

    @get(
        "/v1/users/{user_id:str}/recommendations",
        operation_id="recommendations",
        summary="A user's recommendations",
        description=(
            "The user's ranked products from the run that is published now, following what the "
            "user did since. A user without a list gets the popular products, marked by "
            "`fallback`. Filters take products out of the list, and the next ones move up; `k` "
            "is a limit, as the list is only as long as the run made it."
        ),
        tags=["recommendations"],
        response_description="The list, best first",
        response_headers=[RUN_HEADER],
        responses=problems.documented(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.NOT_FOUND,
            *problems.of_reading(settings),
        ),
        guards=guards(settings, writes=False),
    )
    async def recommendations(
        recommender: NamedDependency[Recommender],
        user_id: UserId,
        k: Annotated[
            int,
            QueryParameter(
                ge=1,
                le=settings.max_k,
                description="How many products at most.",
                examples=[Example(summary="the first five", value=5)],
            ),
        ] = settings.default_k,
        offset: Annotated[
            int,
            QueryParameter(
                ge=0,
                le=10_000,
                description="How many to leave out first.",
                examples=[Example(summary="the second page of ten", value=10)],
            ),
        ] = 0,
        category: Annotated[
            str | None,
            QueryParameter(
                min_length=1,
                max_length=256,
                description="Any part of the category path.",
                examples=[Example(summary="a category", value="Skin Care")],
            ),
        ] = None,
        brand: Annotated[
            str | None,
            QueryParameter(
                min_length=1,
                max_length=256,
                description="As in the products file.",
                examples=[Example(summary="a brand", value="Larkmoor")],
            ),
        ] = None,
        min_price: Price = None,
        max_price: Price = None,
        exclude: Annotated[
            list[str] | None,
            QueryParameter(
                max_items=100,
                description="Product ids to leave out.",
                schema_extra={"items": AN_ID},
                examples=[Example(summary="a product", value=["B000052YAN"])],
            ),
        ] = None,
        include_reasons: Annotated[
            bool,
            QueryParameter(
                description="false: reasons are null.",
                examples=[Example(summary="without reasons", value=False)],
            ),
        ] = True,
        run_id: Annotated[
            str | None,
            QueryParameter(
                min_length=1,
                max_length=64,
                description="A kept earlier run to ask instead.",
                examples=[Example(summary="a run", value="20231231-3f9a1c0d5e7b")],
            ),
        ] = None,
        exposure: Annotated[
            bool,
            QueryParameter(
                description=(
                    "false: not shown to the user, so that a running experiment does not count it."
                ),
                examples=[Example(summary="a look at the list", value=False)],
            ),
        ] = True,
    ) -> Prepared[Recommendations]:
        user = from_path("user_id", user_id)
        wanted = Wanted(
            k=k,
            offset=offset,
            category=category,
            brand=brand,
            min_price=min_price,
            max_price=max_price,
            exclude=frozenset(exclude or ()),
            include_reasons=include_reasons,
        )
        answer = await recommender.answer(user, wanted, run_id, exposure=exposure)
        return response_to(answer)

    @post(
        "/v1/recommendations",
        operation_id="batch_recommendations",
        summary="Recommendations for many users",
        description=(
            f"One answer for each user id, in the same order, all of one run; up to "
            f"{settings.max_batch} users."
        ),
        tags=["recommendations"],
        status_code=HTTPStatus.OK,
        response_description="An answer for each user",
        response_headers=[RUN_HEADER],
        responses=problems.documented(
            HTTPStatus.BAD_REQUEST, *problems.of_body(), *problems.of_reading(settings)
        ),
        guards=guards(settings, writes=False),
        sync_to_thread=True,
    )
    def batch(
        recommender: NamedDependency[Recommender], data: JSONBody[BatchQuestion]
    ) -> Prepared[Batch]:
        k = _limit(settings, data.k)
        if len(data.user_ids) > settings.max_batch:
            refuse("user_ids", f"Expected at most {settings.max_batch} users")
        for number, user_id in enumerate(data.user_ids):
            checked(f"user_ids.{number}", user_id)
        run_id, answers = recommender.answer_all(
            data.user_ids, Wanted(k=k), exposure=data.exposure
        )
        return Prepared(_encoder.encode({"run_id": run_id, "answers": answers}), run_id=run_id)

    @post(
        "/v1/sessions/recommendations",
        operation_id="session_recommendations",
        summary="Recommendations for a visitor without an id",
        description=(
            "From the products that the visitor has just seen, the last one last: what lies near "
            "them, then what is popular. Nothing is stored."
        ),
        tags=["recommendations"],
        status_code=HTTPStatus.OK,
        response_description="The list, best first, with an empty user id",
        response_headers=[RUN_HEADER],
        responses=problems.documented(
            HTTPStatus.BAD_REQUEST, *problems.of_body(), *problems.of_reading(settings)
        ),
        guards=guards(settings, writes=False),
        sync_to_thread=False,
    )
    def session(
        recommender: NamedDependency[Recommender], data: JSONBody[SessionQuestion]
    ) -> Prepared[Recommendations]:
        k = _limit(settings, data.k)
        for number, product_id in enumerate(data.product_ids):
            checked(f"product_ids.{number}", product_id)
        return response_to(recommender.for_session(data.product_ids, Wanted(k=k)))

    @get(
        "/v1/users/{user_id:str}/recommendations/{product_id:str}/explanation",
        operation_id="explanation",
        summary="Why a user is recommended a product",
        description=(
            "What each feature adds to the score that the product has for this user now. 404 for "
            "what is no candidate of theirs, and where no ranker is published. Slower than a "
            "list: the features are computed for this answer."
        ),
        tags=["recommendations"],
        response_description="The score in its parts",
        responses=problems.documented(
            HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, *problems.of_reading(settings)
        ),
        guards=guards(settings, writes=False),
        sync_to_thread=True,
    )
    def explanation(
        recommender: NamedDependency[Recommender],
        user_id: UserId,
        product_id: Annotated[
            str, PathParameter(min_length=1, max_length=256, schema_extra={"pattern": ONE_LINE})
        ],
    ) -> Explanation:
        user = from_path("user_id", user_id)
        product = from_path("product_id", product_id)
        found = recommender.explain(user, product)
        if found is None:
            raise NoSuchProductError(product)
        return found

    return [recommendations, batch, session, explanation]


def response_to(answer: Answer) -> Prepared[Recommendations]:
    """The response that is this answer."""
    return Prepared(_encoder.encode(answer), run_id=answer.run_id)


def _limit(settings: Settings, k: int | None) -> int:
    if k is not None and k > settings.max_k:
        refuse("k", f"Expected `int` <= {settings.max_k}")
    return settings.default_k if k is None else k
