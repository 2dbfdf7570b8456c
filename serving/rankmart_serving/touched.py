"""A list that follows events at once: what is settled goes, neighbours of what was touched rise.

It stands until the list is scored anew. The order is by reciprocal rank fusion (Cormack, Clarke
and Buettcher, SIGIR 2009) of the published list with the neighbours of the last touched products.
"""

from collections import Counter
from collections.abc import Collection, Sequence

from msgspec.structs import replace

from rankmart.events import Event
from rankmart.settled import SETTLED_EVENTS
from rankmart_serving import queries
from rankmart_serving.responses import Reason, RecommendedItem
from rankmart_serving.snapshots import Reading

WISHES = ("view", "click", "cart", "purchase", "rating")
TOUCHED_AT_MOST = 5
NEIGHBORS_OF_EACH = 20
SMOOTHING = 60


def families(reading: Reading, product_ids: Sequence[str]) -> dict[str, str]:
    """The variant that stands for each product in lists; for one that is not known, itself."""
    known = reading.nearby.facts(reading.cursor, product_ids)
    return {
        product_id: (known[product_id].family_id if product_id in known else None) or product_id
        for product_id in product_ids
    }


def follow(
    reading: Reading,
    items: Sequence[RecommendedItem],
    events: Sequence[Event],
    *,
    length: int,
    done: Collection[str] = (),
) -> list[RecommendedItem]:
    """The list after the events, of which the last one is the last to have happened.

    As long as before, or `length`, if that is more. What the run's rules block and what is `done`,
    which the user had before the run, is no neighbour that rises.
    """
    family = families(reading, [event.product_id for event in events])
    settled = settled_products(family, events)
    disliked = {
        family[event.product_id]
        for event in events
        if event.kind == "dismiss"
        or (event.rating is not None and event.rating <= reading.list_settings.negative_rating_max)
    }
    touched = [family[event.product_id] for event in reversed(events) if event.kind in WISHES]
    touched = [product for product in dict.fromkeys(touched) if product not in disliked]
    pinned = pins_of(items, settled)
    by_id = {item.product_id: item for item in items if item.source != "rule"}
    standing = {
        product_id: 1 / (SMOOTHING + place) for place, product_id in enumerate(by_id, start=1)
    }
    titles = reading.nearby.facts(reading.cursor, touched[:TOUCHED_AT_MOST])
    for product in touched[:TOUCHED_AT_MOST]:
        near = reading.nearby.neighbors(reading.cursor, product, NEIGHBORS_OF_EACH)
        for place, neighbor in enumerate(near, start=1):
            standing[neighbor.product_id] = standing.get(neighbor.product_id, 0.0) + 1 / (
                SMOOTHING + place
            )
            if neighbor.product_id not in by_id:
                by_id[neighbor.product_id] = RecommendedItem(
                    rank=0,
                    product_id=neighbor.product_id,
                    title=neighbor.title,
                    score=0.0,
                    source="co_visited",
                    reason=Reason(
                        type="because_of",
                        product_id=product,
                        title=queries.title_of(titles, product),
                    ),
                )
    hidden = settled | reading.blocked | {*done} | {item.product_id for item in pinned}
    order = sorted(
        (product_id for product_id in by_id if product_id not in hidden),
        key=lambda product_id: (-standing[product_id], product_id),
    )
    # The scores of two lists can't be compared: the standing orders, so it is the score.
    ranked = [
        replace(by_id[product_id], score=standing[product_id])
        for product_id in _within_cap(reading, order)
    ]
    return with_pins(ranked, pinned)[: max(len(items), length)]


def _within_cap(reading: Reading, product_ids: Sequence[str]) -> list[str]:
    """The first products of each category, as many as the run's lists may have."""
    cap = reading.list_settings.category_cap
    if not cap:
        return list(product_ids)
    facts = reading.nearby.facts(reading.cursor, product_ids)
    listed: Counter[str] = Counter()
    kept = []
    for product_id in product_ids:
        category = facts[product_id].category if product_id in facts else None
        if category is not None:
            listed[category] += 1
        if category is None or listed[category] <= cap:
            kept.append(product_id)
    return kept


def settled_products(family: dict[str, str], events: Sequence[Event]) -> set[str]:
    """The products, as they stand in lists, that the user is through with."""
    return {family[event.product_id] for event in events if event.kind in SETTLED_EVENTS}


def pins_of(items: Sequence[RecommendedItem], settled: set[str]) -> list[RecommendedItem]:
    """What a rule of the shop set into a list, without what the user is through with."""
    return [item for item in items if item.source == "rule" and item.product_id not in settled]


def with_pins(
    ranked: Sequence[RecommendedItem], pins: Sequence[RecommendedItem]
) -> list[RecommendedItem]:
    """The list with each pin, of which it has none, at the place it had; ranks from 1."""
    placed = list(ranked)
    for pin in sorted(pins, key=lambda pin: pin.rank):
        placed.insert(pin.rank - 1, pin)
    return [replace(item, rank=rank) for rank, item in enumerate(placed, start=1)]
