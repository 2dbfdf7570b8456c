"""Turns purchases into review lines: who writes, how many stars, when, and what it says."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rankmart.demo_data.catalogue import Family
from rankmart.demo_data.demand import Floats, Ints
from rankmart.demo_data.people import People
from rankmart.demo_data.shoppers import Purchases
from rankmart.demo_data.texts import DRAWS, subject_of, write_review

FIRST_DAY = 1_577_836_800
"""The shop's first midnight, in unix seconds: 2020-01-01."""
DAY = 86_400

_STAR_SHARES = np.array([0.08, 0.055, 0.08, 0.145, 0.64])


class Review(NamedTuple):
    """One line of the reviews file but for its `Id`: the columns in their order."""

    product_id: str
    user_id: str
    profile_name: str
    helpful: int
    votes: int
    score: int | str
    time: int | str
    summary: str
    text: str


class Opinions(NamedTuple):
    """The purchases that get reviewed, one row per review, as arrays in order of time."""

    shopper: Ints
    family: Ints
    time: Ints
    stars: Ints
    earlier: Ints
    repeated: NDArray[np.bool_]
    """Whether the shopper reviews the family twice, in the first and in the second review."""


def form_opinions(
    purchases: Purchases,
    families: tuple[Family, ...],
    *,
    people: People,
    quality: Floats,
    lines: int,
    repeats: int,
    rng: np.random.Generator,
) -> Opinions:
    """Choose which purchases get reviewed, so that the reviews fill `lines` with all copies.

    Everyone reviews something. `repeats` of the lines are second reviews of the same product,
    later and with another rating.
    """
    copies = np.array([len(family.products) for family in families])
    kept = _reviewed(purchases, copies, lines=lines - repeats, rng=rng)
    shopper, family, day = purchases.shopper[kept], purchases.family[kept], purchases.day[kept]
    earlier, taste = purchases.earlier[kept], purchases.taste[kept]
    stars = _stars(0.55 * quality[family] + 0.55 * people.kindness[shopper] + 0.25 * taste, rng)

    last_day = int(purchases.day.max())
    early = np.flatnonzero((copies[family] == 1) & (day < last_day - 60))
    twice = rng.permutation(early)[:repeats]
    later = day[twice] + rng.integers(20, 400, len(twice))
    other_stars = 1 + (stars[twice] - 1 + rng.integers(1, 5, len(twice))) % 5

    time = FIRST_DAY + DAY * np.concatenate([day, np.minimum(later, last_day)])
    exact = rng.random(len(time)) < 0.06
    time += np.where(exact, rng.integers(1, DAY, len(time)), 0)
    repeated = np.zeros(len(time), dtype=np.bool_)
    repeated[twice] = True
    repeated[len(day) :] = True
    in_time = np.argsort(time, kind="stable")
    return Opinions(
        shopper=np.append(shopper, shopper[twice])[in_time],
        family=np.append(family, family[twice])[in_time],
        time=time[in_time],
        stars=np.append(stars, other_stars)[in_time],
        earlier=np.append(earlier, np.full(len(twice), -1))[in_time],
        repeated=repeated[in_time],
    )


def write_reviews(
    opinions: Opinions,
    families: tuple[Family, ...],
    *,
    people: People,
    rng: np.random.Generator,
) -> list[list[Review]]:
    """Return one list per opinion: the same review on each variant of its product."""
    subjects = [subject_of(family, rng) for family in families]
    count = len(opinions.shopper)
    votes = np.where(rng.random(count) < 0.5, rng.geometric(0.3, count), 0)
    helpful = rng.binomial(votes, np.where(opinions.stars >= 4, 0.85, 0.6))
    linked = (rng.random(count) < 0.05) & (opinions.earlier >= 0)
    more_words = rng.integers(0, 3, count)
    draws = rng.integers(0, 2**31, (count, DRAWS))

    written = []
    for row in range(count):
        shopper, family = opinions.shopper[row], opinions.family[row]
        stars = int(opinions.stars[row])
        summary, text = write_review(
            subjects[family],
            score=stars,
            wordiness=int(people.wordiness[shopper] + more_words[row]),
            habit=people.habits[shopper],
            earlier=subjects[opinions.earlier[row]] if linked[row] else None,
            draws=draws[row],
        )
        written.append(
            [
                Review(
                    product_id=product.product_id,
                    user_id=people.user_ids[shopper],
                    profile_name=people.names[shopper],
                    helpful=int(helpful[row]),
                    votes=int(votes[row]),
                    score=stars,
                    time=int(opinions.time[row]),
                    summary=summary,
                    text=text,
                )
                for product in families[family].products
            ]
        )
    return written


def _reviewed(purchases: Purchases, copies: Ints, *, lines: int, rng: np.random.Generator) -> Ints:
    """Return the rows to keep: one of every shopper, then others, as long as there are lines."""
    _, first_rows = np.unique(purchases.shopper, return_index=True)
    shuffled = rng.permutation(len(purchases.shopper))
    others = shuffled[~np.isin(shuffled, first_rows)]
    candidates = np.concatenate([first_rows, others])
    kept, left = [], lines
    for row, needed in zip(
        candidates.tolist(), copies[purchases.family[candidates]].tolist(), strict=True
    ):
        if needed <= left:
            kept.append(row)
            left -= needed
        if not left:
            break
    return np.sort(np.array(kept))


def _stars(liking: Floats, rng: np.random.Generator) -> Ints:
    """Turn liking into one to five stars, in the shares that shops see."""
    felt = liking + rng.normal(0.0, 0.75, len(liking))
    limits = np.quantile(felt, np.cumsum(_STAR_SHARES)[:-1])
    return np.asarray(1 + np.searchsorted(limits, felt))
