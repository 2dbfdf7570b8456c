"""What the API answers, as the structs that it is encoded from."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


class Run(Struct, frozen=True):
    """The run that a snapshot was published from."""

    run_id: str
    model: str
    list_length: int
    users: int
    products: int
    events_through: int
    """The number of the last event that the run has taken in."""


class Reason(Struct, frozen=True):
    """Why a product is in the list: the reviewed product that counted most, what is said of it,
    its popularity, what else proposed it, or a rule of the shop.

    `product_id` and `title` are null unless `type` is `because_of`, `terms` unless `content`.
    """

    type: Annotated[
        str,
        Meta(
            description=(
                "because_of, content, trending, popular, tag_trending (trending among the brands "
                "and categories that the user knows), similar_users (reviewed by users with a "
                "similar history), a generator of the shop's own, or rule"
            ),
            examples=["because_of"],
        ),
    ]
    product_id: Annotated[str | None, Meta(examples=["B000052YAN"])]
    title: Annotated[str | None, Meta(examples=["Rose water, 200 ml"])]
    terms: Annotated[
        str | None,
        Meta(
            description="What is said both of it and of products of the user",
            examples=["gluten free, chewy"],
        ),
    ] = None


class RecommendedItem(Struct, frozen=True):
    """One product of a ranked list."""

    rank: Annotated[int, Meta(description="From 1, the best", examples=[1])]
    product_id: Annotated[str, Meta(examples=["B00021DOU8"])]
    title: Annotated[
        str | None,
        Meta(description="null without a products file", examples=["Rose hip oil, 50 ml"]),
    ]
    score: Annotated[
        float,
        Meta(
            description=(
                "The model's, only comparable within one list. The list is in its order unless it "
                "was re-ranked for diversity or by list rules"
            ),
            examples=[1.27],
        ),
    ]
    source: Annotated[
        str,
        Meta(
            description="The generator that proposed it most; rule for a pinned product",
            examples=["co_visited"],
        ),
    ]
    reason: Annotated[Reason | None, Meta(description="null where reasons are not asked for")]


class Recommendations(Struct, frozen=True, omit_defaults=True):
    """A user's ranked products, best first.

    The last three fields are there only where an experiment is on for the user.
    """

    user_id: Annotated[str, Meta(examples=["A1YJEY40YUW4SE"])]
    run_id: Annotated[
        str, Meta(description="The run it is from", examples=["20231231-3f9a1c0d5e7b"])
    ]
    known_user: Annotated[
        bool, Meta(description="Whether the run has reviews of this user", examples=[True])
    ]
    fallback: Annotated[
        Literal["popular"] | None,
        Meta(description="popular: the list for everybody, as the run has none for this user"),
    ]
    model: Annotated[str, Meta(examples=["ranker"])]
    follows: Annotated[
        Literal["run", "events", "reranked"],
        Meta(
            description=(
                "run: the list as published. reranked: scored anew with the user's events since."
                " events: the same list without what they settled, and with neighbours of what"
                " they touched moved up, until it is scored anew"
            )
        ),
    ]
    items: list[RecommendedItem]
    recommendation_id: Annotated[
        str | None,
        Meta(
            description="The answer's own id, for events that follow from it",
            examples=["0f6c1d5c9b7e4a1f8d2e3b4c5d6e7f80"],
        ),
    ] = None
    experiment: Annotated[
        str | None, Meta(description="The experiment that the user is in", examples=["autumn"])
    ] = None
    variant: Annotated[
        str | None, Meta(description="The user's variant in it", examples=["control"])
    ] = None


class Part(Struct, frozen=True):
    """What one feature adds to a score."""

    feature: Annotated[str, Meta(examples=["association_sum"])]
    value: Annotated[float | None, Meta(description="null where it is missing")]
    adds: float


class Explanation(Struct, frozen=True):
    """A score in its parts: what every row starts from, and what each feature adds to it."""

    user_id: str
    product_id: str
    run_id: str
    score: float
    bias: float
    parts: Annotated[list[Part], Meta(description="SHAP values, the largest first")]


class Batch(Struct, frozen=True):
    """An answer for each user that was asked for, in the same order."""

    run_id: Annotated[str, Meta(examples=["20231231-3f9a1c0d5e7b"])]
    answers: list[Recommendations]


class Product(Struct, frozen=True):
    """A product, with what its reviews say. Null is what the products file does not have."""

    product_id: Annotated[str, Meta(examples=["B00021DOU8"])]
    title: str | None
    brand: str | None
    category: str | None
    price: float | None
    family_id: Annotated[
        str | None, Meta(description="The variant that stands for the whole family")
    ]
    review_count: int
    rating_mean: float | None


class Products(Struct, frozen=True):
    """Products in an order: of a chart, or of how well they fit a search."""

    run_id: str
    products: list[Product]


class SimilarProduct(Struct, frozen=True):
    """A product near another one."""

    product_id: str
    title: str | None
    score: Annotated[float, Meta(description="The association, comparable within one list")]


class SimilarProducts(Struct, frozen=True):
    """What is reviewed near a product, or a variant of it, nearest first."""

    product_id: str
    run_id: str
    products: list[SimilarProduct]


class HistoryItem(Struct, frozen=True):
    """A product that the user has reviewed, or did something with since."""

    product_id: str
    title: str | None
    at: Annotated[str, Meta(description="UTC", examples=["2014-03-01T00:00:00Z"])]
    kind: Annotated[str, Meta(description="review, or the kind of event", examples=["review"])]
    rating: float | None


class History(Struct, frozen=True):
    """What is known of a user, the last first: events since the run, then reviews."""

    user_id: str
    run_id: str
    items: list[HistoryItem]


class Users(Struct, frozen=True):
    """Ids of users who have a list, in the order of the alphabet."""

    user_ids: list[str]


class Acknowledged(Struct, frozen=True):
    """Events that are on the disk. Of one id, the first that was sent counts."""

    stored: Annotated[int, Meta(description="How many are new")]
    repeated: Annotated[list[str], Meta(description="Ids that were there already")]


class PublishedRun(Struct, frozen=True):
    """A run whose snapshot is kept."""

    run_id: str
    created_at: str
    model: str
    protocol: str
    verdict: str
    is_current: bool
    users: int
    products: int
    metrics: Annotated[dict[str, float], Meta(description="Of the published model, on test users")]


class Runs(Struct, frozen=True):
    """Runs that can be asked for, the newest first."""

    runs: list[PublishedRun]


class Measured(Struct, frozen=True):
    """One figure of the evaluation, with its 95 % confidence interval."""

    model: str
    metric: str
    k: int
    value: float
    ci_low: float | None
    ci_high: float | None
    users: int


class CurrentRun(Struct, frozen=True):
    """The run that answers come from, beside every generator on the same users."""

    run: PublishedRun
    evaluation: list[Measured]


class Live(Struct, frozen=True):
    """The process runs."""

    status: Literal["ok"] = "ok"


class Ready(Struct, frozen=True):
    """A run is published and open."""

    run_id: Annotated[str, Meta(examples=["20231231-3f9a1c0d5e7b"])]
    users: Annotated[int, Meta(description="Users with a list", examples=[22363])]
    products: Annotated[int, Meta(examples=[12101])]
    status: Literal["ready"] = "ready"


class ParameterError(Struct, frozen=True):
    """What is wrong with one parameter of a request."""

    parameter: Annotated[str, Meta(examples=["k"])]
    message: Annotated[str, Meta(examples=["Expected `int` >= 1"])]


class Problem(Struct, frozen=True, omit_defaults=True):
    """Problem details as in RFC 9457; `errors` comes with a 400 that parameters caused."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ParameterError] | None = None
