"""What a user is recommended: the published list, or what became of it by events and filters."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import duckdb
import msgspec

from rankmart.events import Event
from rankmart_serving import queries, touched
from rankmart_serving.feed import EventFeed
from rankmart_serving.lists import USERS_AT_A_TIME, Items, UserLists, items_of
from rankmart_serving.live import LiveLists
from rankmart_serving.responses import Explanation, Part, Product, RecommendedItem
from rankmart_serving.snapshots import Reading, SnapshotStore

_decoder = msgspec.json.Decoder(RecommendedItem)
_encoder = msgspec.json.Encoder()

Follows = Literal["run", "events", "reranked"]


class Answer(msgspec.Struct, frozen=True):
    """Recommendations, whose items are JSON already."""

    user_id: str
    run_id: str
    known_user: bool
    fallback: str | None
    model: str
    follows: Follows
    items: Sequence[msgspec.Raw]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which part of a list is wanted. `exclude` holds product ids."""

    k: int
    offset: int = 0
    category: str | None = None
    brand: str | None = None
    min_price: float | None = None
    max_price: float | None = None
    exclude: frozenset[str] = field(default_factory=frozenset)
    include_reasons: bool = True

    @property
    def is_plain(self) -> bool:
        """Whether it is a part of the list as it stands."""
        return self.include_reasons and not self.exclude and not self._asks_for_facts

    @property
    def _asks_for_facts(self) -> bool:
        wanted = (self.category, self.brand, self.min_price, self.max_price)
        return any(value is not None for value in wanted)

    def suits(self, item: RecommendedItem, product: Product | None, categories: str) -> bool:
        """Whether a product of the list is wanted; without a price, it is in no range of them."""
        if item.product_id in self.exclude:
            return False
        if not self._asks_for_facts:
            return True
        if product is None:
            return False
        low = float("-inf") if self.min_price is None else self.min_price
        high = float("inf") if self.max_price is None else self.max_price
        any_price = self.min_price is None and self.max_price is None
        return (
            (self.category is None or self.category in categories.split("|"))
            and (self.brand is None or product.brand == self.brand)
            and (any_price or (product.price is not None and low <= product.price <= high))
        )


class Recommender:
    """Answers for users, from the snapshot, with what they did since."""

    def __init__(
        self,
        snapshots: SnapshotStore,
        *,
        kept: int,
        feed: EventFeed | None = None,
        live: LiveLists | None = None,
    ) -> None:
        self.snapshots = snapshots
        self.lists = UserLists(snapshots, kept=kept)
        self._feed = feed
        self._live = live

    async def answer(self, user_id: str, wanted: Wanted, run_id: str | None = None) -> Answer:
        """Raises NoSnapshotError when no run is open, NoSuchRunError for one that is not kept."""
        events = self.events_of(user_id)
        if events or run_id is not None:
            return self._read(user_id, wanted, events, run_id)
        found_run, items = await self.lists.of(user_id)
        if items is not None and wanted.is_plain:
            with self.snapshots.reading() as reading:
                if reading.run.run_id == found_run:
                    return Answer(
                        user_id=user_id,
                        run_id=found_run,
                        known_user=True,
                        fallback=None,
                        model=reading.run.model,
                        follows="run",
                        items=items[wanted.offset : wanted.offset + wanted.k],
                    )
        return self._read(user_id, wanted, (), None)

    def answer_all(self, user_ids: Sequence[str], wanted: Wanted) -> list[Answer]:
        """An answer for each, in the same order, all of one run."""
        with self.snapshots.reading() as reading:
            lists: dict[str, str] = {}
            for low in range(0, len(user_ids), USERS_AT_A_TIME):
                part = user_ids[low : low + USERS_AT_A_TIME]
                lists |= queries.lists_of(reading.cursor, part)
            without = [user_id for user_id in user_ids if user_id not in lists]
            known = queries.with_history(reading.cursor, without) if without else set()
            return [
                self._of(
                    reading,
                    user_id,
                    wanted,
                    self.events_of(user_id),
                    lists.get(user_id),
                    known=user_id in lists or user_id in known,
                )
                for user_id in user_ids
            ]

    def for_session(self, product_ids: Sequence[str], wanted: Wanted) -> Answer:
        """For a visitor without an id: as for a user who has viewed these, the last one last."""
        events = [
            Event(
                event_id=str(number),
                user_id="",
                product_id=product_id,
                kind="view",
                occurred_epoch=number,
            )
            for number, product_id in enumerate(product_ids, start=1)
        ]
        with self.snapshots.reading() as reading:
            seen = touched.families(reading.cursor, product_ids)
            wanted = replace(wanted, exclude=wanted.exclude | {*seen, *seen.values()})
            answer = self._of(reading, "", wanted, events, None, known=False, live=False)
            return msgspec.structs.replace(answer, follows="events")

    def explain(self, user_id: str, product_id: str) -> Explanation | None:
        """The parts of a candidate's score; None for no candidate, and without a ranker."""
        if self._live is None:
            return None
        with self.snapshots.reading() as reading:
            family = touched.families(reading.cursor, [product_id])[product_id]
            run_id = reading.run.run_id
        try:
            found = self._live.parts(user_id, family)
        except duckdb.CatalogException:
            return None
        if found is None:
            return None
        parts, bias = found
        return Explanation(
            user_id=user_id,
            product_id=product_id,
            run_id=run_id,
            score=bias + sum(adds for _, _, adds in parts),
            bias=bias,
            parts=[Part(feature=name, value=value, adds=adds) for name, value, adds in parts],
        )

    def events_of(self, user_id: str) -> tuple[Event, ...]:
        """What the user did since the run."""
        return () if self._feed is None else self._feed.of(user_id)

    def _read(
        self, user_id: str, wanted: Wanted, events: Sequence[Event], run_id: str | None
    ) -> Answer:
        with self.snapshots.reading(run_id) as reading:
            is_current = reading.run.run_id == self.snapshots.current_run_id
            text = queries.lists_of(reading.cursor, [user_id]).get(user_id)
            known = text is not None or bool(queries.with_history(reading.cursor, [user_id]))
            return self._of(
                reading,
                user_id,
                wanted,
                # An earlier run is asked for to see what it said.
                events if is_current and run_id is None else (),
                text,
                known=known,
            )

    def _of(
        self,
        reading: Reading,
        user_id: str,
        wanted: Wanted,
        events: Sequence[Event],
        text: str | None,
        *,
        known: bool,
        live: bool = True,
    ) -> Answer:
        published = items_of(reading.fallback if text is None else text)
        items: Items | list[RecommendedItem] = published
        fallback = "popular" if text is None else None
        follows: Follows = "run"
        if events:
            items, follows = self._after(reading, user_id, published, events, live=live)
            fallback = None if follows == "reranked" else fallback
        return Answer(
            user_id=user_id,
            run_id=reading.run.run_id,
            known_user=known or bool(events and live),
            fallback=fallback,
            model=reading.run.model,
            follows=follows,
            items=_part(reading, items, wanted),
        )

    def _after(
        self,
        reading: Reading,
        user_id: str,
        items: Items,
        events: Sequence[Event],
        *,
        live: bool,
    ) -> tuple[list[RecommendedItem], Follows]:
        published = [_decoder.decode(item) for item in items]
        if live and self._live is not None:
            reranked = self._live.of(user_id, reading.run.run_id, events)
            if reranked is not None and reranked.items:
                family = touched.families(reading.cursor, [event.product_id for event in events])
                # Rules of the shop keep their places.
                pins = touched.pins_of(published, touched.settled_products(family, events))
                taken = {item.product_id for item in pins}
                ranked = [item for item in reranked.items if item.product_id not in taken]
                length = max(len(published), len(reranked.items))
                return touched.with_pins(ranked, pins)[:length], "reranked"
        return touched.follow(
            reading.cursor, published, events, length=reading.run.list_length
        ), "events"


def _part(
    reading: Reading, items: Items | list[RecommendedItem], wanted: Wanted
) -> Sequence[msgspec.Raw]:
    """The wanted part of a list; ranks stay those in the whole list."""
    end = wanted.offset + wanted.k
    if wanted.is_plain:
        return [
            msgspec.Raw(_encoder.encode(item)) if isinstance(item, RecommendedItem) else item
            for item in items[wanted.offset : end]
        ]
    decoded = [
        item if isinstance(item, RecommendedItem) else _decoder.decode(item) for item in items
    ]
    ids = [item.product_id for item in decoded]
    products = queries.facts(reading.cursor, ids)
    categories = queries.category_paths(reading.cursor, ids)
    suiting = [
        item
        for item in decoded
        if wanted.suits(item, products.get(item.product_id), categories.get(item.product_id, ""))
    ][wanted.offset : end]
    if not wanted.include_reasons:
        suiting = [msgspec.structs.replace(item, reason=None) for item in suiting]
    return [msgspec.Raw(_encoder.encode(item)) for item in suiting]
