"""What makes the shop's products wanted: popularity, launches, trends, seasons and sequels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rankmart.demo_data.catalogue import Family
from rankmart.demo_data.shelves import SHELVES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SEQUELS = 5
SEQUEL_SHARES = np.array([0.50, 0.24, 0.13, 0.08, 0.05])
"""How often the first, second, … sequel of a product is the one that is bought next."""

_POPULARITY_EXPONENT = 1.0
_LAUNCHED_LATER = 0.35
_WEEKS_A_YEAR = 365.25 / 7
_GOLDEN_RATIO = (1 + 5**0.5) / 2


@dataclass(frozen=True)
class Demand:
    """Arrays over families (columns) and weeks (rows)."""

    attraction: Floats
    """(weeks, families): log of how much a family is wanted; -inf before its launch."""
    fashion: Floats
    """(weeks, families): the part of it that comes and goes with the family's life."""
    sequels: Ints
    """(families, SEQUELS): the families that its buyers turn to next, strongest first."""
    quality: Floats
    """(families,): about standard normal; moves the ratings and, a little, the popularity."""


def shape_demand(families: tuple[Family, ...], *, weeks: int, rng: np.random.Generator) -> Demand:
    """Draw the demand for `families`, which are in order of popularity."""
    count = len(families)
    shelf_of = np.array([SHELVES.index(family.shelf) for family in families])
    quality = rng.normal(size=count)
    popularity = 0.1 * quality - _POPULARITY_EXPONENT * np.log(np.arange(count) + 80.0)
    fashion = _life_cycles(count, weeks=weeks, rng=rng)
    attraction = (
        popularity
        + fashion
        + _seasons(weeks)[:, shelf_of]
        + _department_trends(weeks, rng)[:, shelf_of]
    )
    sequels = _sequels(families, shelf_of, popularity, rng)
    return Demand(attraction, fashion, sequels, quality)


def _life_cycles(count: int, *, weeks: int, rng: np.random.Generator) -> Floats:
    """Return (weeks, count): launches at any time up to the last weeks, crazes, slow fading."""
    launch = np.zeros(count)
    later = rng.permutation(count)[: round(count * _LAUNCHED_LATER)]
    launch[later] = weeks * (np.arange(len(later)) + rng.random(len(later))) / max(len(later), 1)
    week = np.arange(weeks)[:, None]
    age = week - launch

    heyday = weeks * ((np.arange(count) * _GOLDEN_RATIO + rng.random()) % 1.0)
    fading = rng.uniform(0.2, 1.0, count)
    craze = np.where(rng.random(count) < 0.3, rng.uniform(0.5, 1.5, count), 0.0)
    width = rng.uniform(5, 14, count)
    away = np.abs(week - heyday)
    curve = craze * np.exp(-((away / width) ** 2)) - fading * away / _WEEKS_A_YEAR
    novelty = np.where(launch > 0, 1.2 * np.exp(-np.maximum(age, 0) / 12), 0.0)
    return np.where(age >= 0, curve + novelty, -np.inf)


def _seasons(weeks: int) -> Floats:
    """Return (weeks, shelves): a yearly wave for the shelves with a peak month."""
    year_part = (np.arange(weeks) % _WEEKS_A_YEAR) / _WEEKS_A_YEAR
    waves = np.zeros((weeks, len(SHELVES)))
    for number, shelf in enumerate(SHELVES):
        if shelf.peak_month is not None:
            peak = (shelf.peak_month - 0.5) / 12
            waves[:, number] = 0.5 * np.cos(2 * np.pi * (year_part - peak))
    return waves


def _department_trends(weeks: int, rng: np.random.Generator) -> Floats:
    """Return (weeks, shelves): every department and shelf slowly gains or loses favour."""
    years = np.arange(weeks)[:, None] / _WEEKS_A_YEAR
    departments = sorted({shelf.department for shelf in SHELVES})
    drift = dict(zip(departments, rng.normal(0, 0.15, len(departments)), strict=True))
    slopes = np.array([drift[shelf.department] for shelf in SHELVES])
    slopes = slopes + rng.normal(0, 0.1, len(SHELVES))
    return np.asarray(slopes * years)


def _sequels(
    families: tuple[Family, ...], shelf_of: Ints, popularity: Floats, rng: np.random.Generator
) -> Ints:
    """Return, for each family, others from the shelves that follow its own.

    What already is the sequel of much is chosen less, so that no sequel becomes a bestseller.
    """
    shelf_number = {shelf.name: number for number, shelf in enumerate(SHELVES)}
    brand_of = np.array([family.brand for family in families])
    style_of = np.array([family.style for family in families])
    chosen = np.empty((len(families), min(SEQUELS, len(families) - 1)), dtype=np.int64)
    followed = np.zeros(len(families))
    for number, family in enumerate(families):
        next_shelves = [shelf_number[name] for name in family.shelf.then]
        appeal = (
            3.5 * np.isin(shelf_of, next_shelves)
            + 1.0 * (brand_of == family.brand)
            + 0.7 * (style_of == family.style)
            + 0.2 * popularity
            - 1.5 * followed
            + rng.gumbel(size=len(families))
        )
        appeal[number] = -np.inf
        chosen[number] = np.argsort(-appeal, kind="stable")[: chosen.shape[1]]
        followed[chosen[number]] += SEQUEL_SHARES[: chosen.shape[1]]
    return chosen
