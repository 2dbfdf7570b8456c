"""The products of a made-up shop of any size, and how much each is asked for month by month."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MONTHS = 60
PRODUCTS_PER_NICHE = 40
NICHES_PER_TOPIC = 8
BRANDS_PER_TOPIC = 12


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Products in the order of their niches, and niches in the order of their topics.

    niche: (products,), ascending. quality: (products,), standard normal. brand: (products,),
    a brand is of one topic. heaped: (months * products + 1,), the sum of all demand before each
    product of each month, so that a draw is one look-up.
    """

    niche: Ints
    quality: Floats
    brand: Ints
    heaped: Floats

    def __len__(self) -> int:
        return len(self.niche)

    @cached_property
    def niche_edges(self) -> Ints:
        """(niches + 1,): where each niche begins among the products."""
        return np.searchsorted(self.niche, np.arange(int(self.niche[-1]) + 2))

    @cached_property
    def topic_edges(self) -> Ints:
        """(topics + 1,): where each topic begins among the products."""
        topics = int(self.niche[-1]) // NICHES_PER_TOPIC + 1
        return np.searchsorted(self.niche // NICHES_PER_TOPIC, np.arange(topics + 1))

    def draw(self, month: Ints, first: Ints, end: Ints, rng: np.random.Generator) -> Ints:
        """One product for each month, from `first` up to but not `end`, by the demand then.

        Where nothing of that range is asked for in that month, one of all products.
        """
        row = month * len(self)
        low, high = self.heaped[row + first], self.heaped[row + end]
        empty = high <= low
        first, end = np.where(empty, 0, first), np.where(empty, len(self), end)
        low, high = self.heaped[row + first], self.heaped[row + end]
        marks = low + rng.random(len(month)) * (high - low)
        found: Ints = np.searchsorted(self.heaped, marks, side="right") - 1 - row
        drawn: Ints = np.clip(found, first, end - 1)
        return drawn


def make_catalogue(products: int, *, rng: np.random.Generator) -> Catalogue:
    """Products whose appeal follows a power law; each is launched, rises and fades."""
    niches = max(2, products // PRODUCTS_PER_NICHE)
    sizes = (np.arange(niches) + 1.0) ** -0.4
    niche = np.sort(rng.choice(niches, size=products, p=rng.permutation(sizes / sizes.sum())))
    appeal = (1 - rng.random(products)) ** (-1 / 1.5)
    # A third was there before the first month; later months see more launches.
    launched = np.sqrt(rng.random(products)) * 1.5 * MONTHS - 0.5 * MONTHS
    launched[np.argmin(launched)] = -1.0
    half_life = 12 * np.exp(rng.normal(0, 0.8, products))
    heaped = np.empty(MONTHS * products + 1)
    heaped[0] = 0.0
    total = 0.0
    for month in range(MONTHS):
        age = np.maximum(month + 0.5 - launched, 0.0)
        demand = appeal * (1 - np.exp(-age / 1.5)) * (0.02 + 2.0 ** (-age / half_life))
        heaped[1 + month * products : 1 + (month + 1) * products] = total + np.cumsum(demand)
        total = float(heaped[(month + 1) * products])
    brand = niche // NICHES_PER_TOPIC * BRANDS_PER_TOPIC + np.minimum(
        rng.geometric(0.25, products) - 1, BRANDS_PER_TOPIC - 1
    )
    return Catalogue(niche=niche, quality=rng.normal(0, 1, products), brand=brand, heaped=heaped)
