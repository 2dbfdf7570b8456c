"""Lets the shoppers shop: who they are, what they like, and what they buy, week after week."""

from dataclasses import dataclass

import numpy as np

from rankmart.demo_data.catalogue import Family
from rankmart.demo_data.demand import SEQUEL_SHARES, Demand, Floats, Ints

_FOLLOWS = 0.5
"""How often a purchase follows up an earlier one, rather than springing from taste alone."""
_FOLLOWED_SHARES = np.array([0.72, 0.19, 0.09])
"""How often what is followed up is the last purchase, the one before it, or the third last."""
_SHOPPERS_AT_A_TIME = 2_000


@dataclass(frozen=True)
class Purchases:
    """One row per purchase, as arrays of the same length; a shopper's rows are in order."""

    shopper: Ints
    family: Ints
    day: Ints
    """Days since the shop opened."""
    earlier: Ints
    """The family that the shopper bought before this one; -1 for the first purchase."""
    taste: Floats
    """How well the family fits the shopper, about standard normal."""


def go_shopping(
    families: tuple[Family, ...],
    demand: Demand,
    *,
    shoppers: int,
    purchases: int,
    opening_days: Floats,
    rng: np.random.Generator,
) -> Purchases:
    """Return about `purchases` purchases of `shoppers` people; nobody buys a family twice.

    `opening_days` says how busy the shop is on each of its days.
    """
    counts = _activity(shoppers, purchases=purchases, most=len(families) // 2, rng=rng)
    parts = []
    for first in range(0, shoppers, _SHOPPERS_AT_A_TIME):
        some = np.arange(first, min(first + _SHOPPERS_AT_A_TIME, shoppers))
        days = _shopping_days(counts[some], opening_days, rng)
        tastes = _tastes(families, len(some), rng)
        parts.append(
            _shop(some, counts=counts[some], days=days, tastes=tastes, demand=demand, rng=rng)
        )
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    shopper, family, day, earlier, taste = joined
    return Purchases(shopper, family, day, earlier, taste / max(float(taste.std()), 1e-9))


def _activity(shoppers: int, *, purchases: int, most: int, rng: np.random.Generator) -> Ints:
    """Return how much each shopper buys: most buy a handful of things, a few a hundred."""
    eagerness = np.exp(rng.normal(0.0, 1.05, shoppers))
    counts = np.rint(eagerness * purchases / eagerness.sum()).astype(np.int64)
    return np.asarray(np.clip(counts, min(3, most), most))


def _shopping_days(counts: Ints, opening_days: Floats, rng: np.random.Generator) -> Ints:
    """Return (shoppers, most purchases): ascending days; columns from a count on mean nothing.

    A shopper comes some day and stays for some time. Both are drawn in units of the shop's
    business rather than of the calendar, so that all shoppers together fill `opening_days`.
    """
    shoppers, most = len(counts), int(counts.max())
    first = np.clip(rng.uniform(-0.25, 0.95, shoppers), 0.0, None)
    stay = np.minimum(rng.uniform(0.1, 1.0, shoppers), 1.0 - first)
    moments = rng.random((shoppers, most))
    moments[np.arange(most) >= counts[:, None]] = 1.0
    moments = first[:, None] + stay[:, None] * np.sort(moments, axis=1)

    business = np.cumsum(opening_days) / opening_days.sum()
    days = np.searchsorted(business, moments, side="right")
    days = np.minimum(days, len(opening_days) - 1)
    together = rng.random((shoppers, most)) < 0.15
    for column in range(1, most):
        same = together[:, column]
        days[same, column] = days[same, column - 1]
    return np.asarray(days)


def _tastes(families: tuple[Family, ...], shoppers: int, rng: np.random.Generator) -> Floats:
    """Return (shoppers, families): liking of departments, shelves, brands and styles, added."""
    tastes = np.zeros((shoppers, len(families)))
    for spread, traits in (
        (1.5, [family.shelf.department for family in families]),
        (1.2, [family.shelf.name for family in families]),
        (1.0, [family.brand for family in families]),
        (1.0, [family.style for family in families]),
    ):
        _, trait_of = np.unique(traits, return_inverse=True)
        liking = rng.normal(0.0, spread, (shoppers, int(trait_of.max()) + 1))
        tastes += liking[:, trait_of]
    return tastes


def _shop(
    shoppers: Ints,
    *,
    counts: Ints,
    days: Ints,
    tastes: Floats,
    demand: Demand,
    rng: np.random.Generator,
) -> tuple[Ints, Ints, Ints, Ints, Floats]:
    """Return the columns of `Purchases` for some shoppers, who shop in step with one another."""
    busiest_first = np.argsort(-counts, kind="stable")
    counts, days, tastes = counts[busiest_first], days[busiest_first], tastes[busiest_first]
    back = len(_FOLLOWED_SHARES)
    basket = np.full((len(counts), back + int(counts.max())), -1)
    bought = np.zeros(tastes.shape, dtype=np.bool_)
    log_shares = np.log(SEQUEL_SHARES[: demand.sequels.shape[1]])

    for step in range(int(counts.max())):
        active = int(np.count_nonzero(counts > step))
        each = np.arange(active)
        week = days[:active, step] // 7
        wish = tastes[:active] + demand.attraction[week]
        wish[bought[:active]] = -np.inf
        choice = _choose(wish, rng)

        followed = basket[each, back + step - 1 - _draw(_FOLLOWED_SHARES, active, rng)]
        sequels = demand.sequels[followed]
        appeal = demand.fashion[week[:, None], sequels] + log_shares
        appeal[bought[each[:, None], sequels] | (followed < 0)[:, None]] = -np.inf
        follows = (rng.random(active) < _FOLLOWS) & np.isfinite(appeal).any(axis=1)
        sequel = _choose(np.where(follows[:, None], appeal, 0.0), rng)
        choice = np.where(follows, sequels[each, sequel], choice)

        basket[:active, back + step] = choice
        bought[each, choice] = True

    row, step_of = np.nonzero(np.arange(int(counts.max())) < counts[:, None])
    family = basket[row, back + step_of]
    return (
        shoppers[busiest_first][row],
        family,
        days[row, step_of],
        basket[row, back + step_of - 1],
        tastes[row, family],
    )


def _choose(wish: Floats, rng: np.random.Generator) -> Ints:
    """Draw one column of each row, with probability proportional to exp(wish)."""
    heaped = np.cumsum(np.exp(wish - wish.max(axis=1, keepdims=True)), axis=1)
    mark = rng.random((len(wish), 1)) * heaped[:, -1:]
    return np.asarray(np.argmax(heaped > mark, axis=1))


def _draw(shares: Floats, count: int, rng: np.random.Generator) -> Ints:
    return rng.choice(len(shares), size=count, p=shares / shares.sum())
