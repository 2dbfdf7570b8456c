"""Routes about products: one, its neighbours, charts, search."""

from http import HTTPStatus
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter, QueryParameter

from rankmart_serving import problems, queries
from rankmart_serving.catalogue_errors import NoSuchProductError
from rankmart_serving.responses import Product, Products, SimilarProducts
from rankmart_serving.security import guards
from rankmart_serving.settings import Settings
from rankmart_serving.snapshots import SnapshotStore
from rankmart_serving.text_ids import ONE_LINE, checked, from_path

ProductId = Annotated[
    str,
    PathParameter(
        min_length=1,
        max_length=256,
        description="As in the reviews, percent-encoded.",
        schema_extra={"pattern": ONE_LINE},
    ),
]
Category = Annotated[
    str | None,
    QueryParameter(
        min_length=1, max_length=256, description="A part of the category path; all, unless given."
    ),
]
Offset = Annotated[
    int, QueryParameter(ge=0, le=10_000, description="How many to leave out first.")
]


def product_handlers(settings: Settings) -> list[HTTPRouteHandler]:
    """The routes' handlers, with the settings' limits in their signatures."""
    limit = QueryParameter(ge=1, le=settings.max_k, description="How many products at most.")
    reads = guards(settings, writes=False)
    failures = problems.documented(HTTPStatus.BAD_REQUEST, *problems.of_reading(settings))
    with_404 = failures | problems.documented(HTTPStatus.NOT_FOUND)

    @get(
        "/v1/products/{product_id:str}",
        operation_id="product",
        summary="A product",
        description="What is known of it; 404 for one that the run does not know.",
        tags=["products"],
        response_description="The product",
        responses=with_404,
        guards=reads,
        sync_to_thread=False,
    )
    def product(snapshots: NamedDependency[SnapshotStore], product_id: ProductId) -> Product:
        asked = from_path("product_id", product_id)
        with snapshots.reading() as reading:
            found = queries.facts(reading.cursor, [asked])
        if asked not in found:
            raise NoSuchProductError(asked)
        return found[asked]

    @get(
        "/v1/products/{product_id:str}/similar",
        operation_id="similar_products",
        summary="Products near one",
        description="What is reviewed near it, or near the variant that stands for it.",
        tags=["products"],
        response_description="The neighbours, nearest first",
        responses=with_404,
        guards=reads,
        sync_to_thread=False,
    )
    def similar(
        snapshots: NamedDependency[SnapshotStore],
        product_id: ProductId,
        k: Annotated[int, limit] = settings.default_k,
    ) -> SimilarProducts:
        asked = from_path("product_id", product_id)
        with snapshots.reading() as reading:
            near = queries.similar(reading.cursor, asked, k)
            if not near and not queries.facts(reading.cursor, [asked]):
                raise NoSuchProductError(asked)
            return SimilarProducts(product_id=asked, run_id=reading.run.run_id, products=near)

    def chart(name: str, score: str, about: str) -> HTTPRouteHandler:
        @get(
            f"/v1/products/{name}",
            operation_id=f"{name}_products",
            summary=f"What is {name}",
            description=about,
            tags=["products"],
            response_description="The products, first the first",
            responses=failures,
            guards=reads,
            sync_to_thread=False,
        )
        def charted(
            snapshots: NamedDependency[SnapshotStore],
            category: Category = None,
            k: Annotated[int, limit] = settings.default_k,
            offset: Offset = 0,
        ) -> Products:
            with snapshots.reading() as reading:
                found = queries.charts(
                    reading.cursor, score, category=category, k=k, offset=offset
                )
                return Products(run_id=reading.run.run_id, products=found)

        return charted

    @get(
        "/v1/products",
        operation_id="search_products",
        summary="Search products",
        description=(
            "Those of which id, title or brand has every word, in any case; a whole id comes "
            "first, then what is reviewed most."
        ),
        tags=["products"],
        response_description="The products",
        responses=failures,
        guards=reads,
        sync_to_thread=False,
    )
    def searched(
        snapshots: NamedDependency[SnapshotStore],
        words: Annotated[
            str,
            QueryParameter(
                name="query", min_length=1, max_length=256, schema_extra={"pattern": ONE_LINE}
            ),
        ],
        k: Annotated[int, limit] = settings.default_k,
        offset: Offset = 0,
    ) -> Products:
        asked = checked("query", words)
        with snapshots.reading() as reading:
            return Products(
                run_id=reading.run.run_id,
                products=queries.search(reading.cursor, asked, k, offset),
            )

    return [
        product,
        similar,
        chart("popular", "popular_score", "By positive interactions and rating, over all time."),
        chart("trending", "trend_score", "By interactions that fade: what is reviewed of late."),
        searched,
    ]
