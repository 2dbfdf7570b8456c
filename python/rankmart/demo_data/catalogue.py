"""Stocks the made-up shop: product families with titles, brands, categories and prices."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product as every_pair

import numpy as np

from rankmart.demo_data.brands import BRANDS
from rankmart.demo_data.shelves import SHELVES, Shelf
from rankmart.errors import RankmartError

_FAMILY_SHARE = 0.075
"""How many variant families there are, as a share of the products: 60 of 800."""
_FAMILY_SIZES = np.array([2, 3, 4, 5, 6])
_FAMILY_SIZE_SHARES = np.array([0.3, 0.3, 0.2, 0.1, 0.1])
_PACKS = ("Twin Pack", "Triple Pack", "Family Pack")
_PRICE_ENDINGS = np.array([0.99, 0.99, 0.99, 0.49, 0.95, 0.25, 0.0])
_ID_LETTERS = np.array(list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


@dataclass(frozen=True)
class Product:
    product_id: str
    title: str
    brand: str
    categories: tuple[str, ...]
    price: float


ProductLine = tuple[Shelf, str, str, str]
"""A shelf, a brand, a style and a good."""


@dataclass(frozen=True)
class Family:
    """What a shopper chooses: one product, or a few that differ in size or flavour only."""

    shelf: Shelf
    brand: str
    style: str
    good: str
    products: tuple[Product, ...]


def stock_the_shop(products: int, rng: np.random.Generator) -> tuple[Family, ...]:
    """Return families that hold `products` products together, in random order.

    The order is the order of popularity later on. Variant families are spread evenly over it, so
    that the share of copied reviews does not hang on one lucky bestseller.
    """
    sizes = _family_sizes(products, rng)
    lines = _product_lines(len(sizes), rng)
    product_ids = iter(random_ids(products, prefix="B0", letters=8, rng=rng))
    return tuple(
        _family(line, size=int(size), product_ids=product_ids, rng=rng)
        for line, size in zip(lines, sizes, strict=True)
    )


def random_ids(
    count: int, *, prefix: str, letters: int, rng: np.random.Generator
) -> tuple[str, ...]:
    """Return `count` different identifiers such as `B0K3QZ81XA`."""
    found: dict[str, None] = {}
    while len(found) < count:
        drawn = rng.choice(_ID_LETTERS, size=(count - len(found), letters))
        found.update((prefix + "".join(row), None) for row in drawn)
    return tuple(found)


def _family_sizes(products: int, rng: np.random.Generator) -> np.ndarray:
    wanted = round(products * _FAMILY_SHARE)
    variants = rng.choice(_FAMILY_SIZES, size=wanted, p=_FAMILY_SIZE_SHARES)
    singles = products - int(variants.sum())
    sizes = np.ones(singles + wanted, dtype=np.int64)
    strata = np.linspace(0, len(sizes), wanted, endpoint=False)
    places = (strata + rng.random(wanted) * len(sizes) / max(wanted, 1)).astype(np.int64)
    sizes[places] = variants
    return sizes


def _product_lines(count: int, rng: np.random.Generator) -> list[ProductLine]:
    """Return `count` different (shelf, brand, style, good), every shelf with its fair part."""
    by_shelf = []
    for shelf in SHELVES:
        brands = [brand for brand, where in BRANDS.items() if shelf.department in where]
        lines = [(shelf, *line) for line in every_pair(brands, shelf.styles, shelf.goods)]
        rng.shuffle(lines)
        by_shelf.append(lines)

    capacity = sum(len(lines) for lines in by_shelf)
    if count > capacity:
        raise RankmartError(
            f"the demo shop has words for {capacity} product families, not for {count}:"
            " ask for fewer products"
        )

    chosen: list[ProductLine] = []
    while len(chosen) < count:
        chosen.extend(lines.pop() for lines in by_shelf if lines)
    chosen = chosen[:count]
    rng.shuffle(chosen)
    return chosen


def _family(
    line: ProductLine, *, size: int, product_ids: Iterator[str], rng: np.random.Generator
) -> Family:
    shelf, brand, style, good = line
    base_price = shelf.price * float(np.exp(rng.normal(0.0, 0.4)))
    products = []
    for variant, steps in _variants(shelf, size=size, rng=rng):
        dollars = max(1, int(base_price * 1.5 ** (steps - 1)))
        products.append(
            Product(
                product_id=next(product_ids),
                title=f"{brand} {style} {good}, {variant}",
                brand=brand,
                categories=(shelf.department, shelf.name),
                price=dollars + float(rng.choice(_PRICE_ENDINGS)),
            )
        )
    return Family(shelf, brand, style, good, tuple(products))


def _variants(shelf: Shelf, *, size: int, rng: np.random.Generator) -> list[tuple[str, int]]:
    """Return `size` different variants, each with its step on the ladder of sizes."""
    ladder = [*shelf.sizes, *(f"{shelf.sizes[-1]}, {pack}" for pack in _PACKS)]
    if size == 1:
        step = int(rng.integers(len(shelf.sizes)))
        return [(ladder[step], step)]
    if size <= len(shelf.kinds) and rng.random() < 0.7:
        step = int(rng.integers(len(shelf.sizes)))
        return [(f"{kind}, {ladder[step]}", step) for kind in shelf.kinds[:size]]
    return [(ladder[step], step) for step in range(size)]
