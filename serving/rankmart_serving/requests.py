"""What the API is asked, as the structs that bodies are decoded to."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from rankmart_serving.text_ids import AN_ID, ONE_LINE

# Litestar takes `extra` for what OpenAPI says besides. What it says is not what msgspec checks:
# `checked` does that, with messages that name the field.
_AN_ID = {"extra": {"pattern": ONE_LINE}}
_IDS = {"extra": {"items": AN_ID}}

Id = Annotated[str, Meta(min_length=1, max_length=256, extra_json_schema=_AN_ID)]
Kind = Literal["view", "click", "cart", "purchase", "rating", "dismiss"]


class BatchQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """Users to recommend to."""

    user_ids: Annotated[
        list[Id], Meta(min_length=1, examples=[["A1YJEY40YUW4SE"]], extra_json_schema=_IDS)
    ]
    k: Annotated[int, Meta(ge=1)] | None = None
    exposure: Annotated[
        bool,
        Meta(
            description="false: not shown to users, so that a running experiment does not count it"
        ),
    ] = True


class SessionQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """What a visitor without an id has just seen, the last one last."""

    product_ids: Annotated[list[Id], Meta(min_length=1, max_length=100, extra_json_schema=_IDS)]
    k: Annotated[int, Meta(ge=1)] | None = None


class NewEvent(Struct, frozen=True, forbid_unknown_fields=True):
    """What a user did with a product."""

    event_id: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=128,
            description="The client's own: sent again, the event is not stored twice",
            examples=["9f1c2f4e-7d0b-4c1e-8f5a-2b6f0d9c3a11"],
            extra_json_schema=_AN_ID,
        ),
    ]
    user_id: Id
    product_id: Id
    kind: Kind
    rating: (
        Annotated[float, Meta(ge=1, le=5, description="Of the kind rating, and of no other")]
        | None
    ) = None
    occurred_at: Annotated[
        str | None,
        Meta(
            description="RFC 3339, from 1995 to tomorrow; now, unless given",
            examples=["2024-03-01T10:15:00Z"],
            extra_json_schema={"extra": {"format": "date-time"}},
        ),
    ] = None
    recommendation_id: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=256,
                description="The answer that it follows from, if that has such an id",
                extra_json_schema=_AN_ID,
            ),
        ]
        | None
    ) = None


class NewEvents(Struct, frozen=True, forbid_unknown_fields=True):
    """Events that are stored together or not at all."""

    events: Annotated[list[NewEvent], Meta(min_length=1)]
