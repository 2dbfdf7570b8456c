"""Spoils a few of the review lines in every way in which real review files are spoilt."""

from collections.abc import Callable

import numpy as np

from rankmart.demo_data.reviews import DAY, Review

Line = tuple[str | int, ...] | str
"""What follows the `Id`: fields to be written as CSV, or the raw text of a broken line."""
BLANK = ""
"""A blank line; it has no `Id`."""

_YEAR_2100 = 4_102_444_800
_YEAR_1990 = 631_152_000


def _broken_quote(review: Review, draw: int) -> Line:
    """Return a line whose text opens with a quote and goes on after the closing one."""
    words = review.text.replace('"', "").replace(",", "").split()
    middle = 1 + draw % (len(words) - 1)
    text = f'"{" ".join(words[:middle])} " {" ".join(words[middle:])}'
    name = review.profile_name.replace('"', "")
    summary = review.summary.replace('"', "").replace(",", "")
    return ",".join(map(str, (*review[:2], name, *review[3:7], summary, text)))


SPOILERS: dict[str, tuple[float, Callable[[Review, int], Line]]] = {
    "too_few_fields": (0.0005, lambda review, draw: review[: 2 + draw % 5]),
    "too_many_fields": (
        0.0005,
        lambda review, _: (*review[:-1], *f"{review.text} Fresh, honest, fair.".split(",")),
    ),
    "broken_quote": (0.0004, _broken_quote),
    "empty_user_id": (0.0005, lambda review, _: review._replace(user_id="")),
    "empty_product_id": (0.0005, lambda review, _: review._replace(product_id="")),
    "score_not_a_number": (
        0.0005,
        lambda review, draw: review._replace(score=("five", "N/A", "4 stars", "*****")[draw % 4]),
    ),
    "score_out_of_range": (
        0.0005,
        lambda review, draw: review._replace(score=(0, 6)[draw % 2]),
    ),
    "empty_time": (0.0005, lambda review, _: review._replace(time="")),
    "time_not_a_number": (
        0.0005,
        lambda review, draw: review._replace(time=("yesterday", "n/a", "05/14/21")[draw % 3]),
    ),
    "time_in_future": (
        0.0003,
        lambda review, draw: review._replace(time=_YEAR_2100 + DAY * (draw % 365)),
    ),
    "time_before_1995": (
        0.0003,
        lambda review, draw: review._replace(time=(draw % 2) * _YEAR_1990 + DAY * (draw % 365)),
    ),
    "time_in_milliseconds": (
        0.001,
        lambda review, _: review._replace(time=int(review.time) * 1000),
    ),
    "helpful_above_total": (
        0.0002,
        lambda review, draw: review._replace(helpful=review.votes + 1 + draw % 3),
    ),
    "unknown_product": (
        0.0003,
        lambda review, draw: review._replace(product_id=f"B0GONE000{draw % 4}"),
    ),
}
"""For each kind of dirt: its share of the lines, and how it spoils a review, given a number."""

DUPLICATE_SHARE = 0.005
BLANK_SHARE = 0.0001


def dirt_count(share: float, *, lines: int) -> int:
    """Return how many lines get a kind of dirt: at least two, however small the file."""
    return max(2, round(share * lines))


def add_dirt(
    reviews: list[list[Review]],
    *,
    spare: list[int],
    lines: int,
    rng: np.random.Generator,
) -> tuple[list[Line], dict[str, int]]:
    """Return the lines of the file in order, and how many of each kind of dirt they hold.

    `reviews` has one list per opinion, as `write_reviews` returns. Only opinions named in `spare`
    are spoilt, each in one way, so that the kinds never mix.
    """
    victims = iter(rng.permutation(spare).tolist())
    draws = iter(rng.integers(0, 2**31, len(spare)).tolist())
    counts: dict[str, int] = {}
    by_opinion: list[list[Line]] = [list(copies) for copies in reviews]

    for kind, (share, spoil) in SPOILERS.items():
        counts[kind] = 0
        for _ in range(dirt_count(share, lines=lines)):
            victim = next(victims, None)
            if victim is None:
                break
            by_opinion[victim] = [spoil(review, next(draws)) for review in reviews[victim]]
            counts[kind] += 1

    last = len(reviews) - 1
    for kind, share in (("exact_duplicate", DUPLICATE_SHARE), ("blank_line", BLANK_SHARE)):
        counts[kind] = 0
        for _ in range(dirt_count(share, lines=lines)):
            victim = next(victims, None)
            if victim is None:
                break
            place = min(victim + 1 + next(draws) % 30, last)
            by_opinion[place].extend(reviews[victim] if kind == "exact_duplicate" else [BLANK])
            counts[kind] += 1

    return [line for copies in by_opinion for line in copies], counts
