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


class Reason(Struct, frozen=True):
    """Why a product is in the list: the reviewed product that counted most, what is said of it,
    its popularity, or a rule of the shop.

    `product_id` and `title` are null unless `type` is `because_of`, `terms` unless `content`.
    """

    type: Annotated[
        str,
        Meta(
            description="because_of, content, trending, popular or rule",
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
    reason: Reason


class Recommendations(Struct, frozen=True):
    """A user's ranked products, best first."""

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
    items: list[RecommendedItem]


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
