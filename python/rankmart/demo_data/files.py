"""Writes the demo shop's two files."""

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from rankmart.demo_data.catalogue import Family, stock_the_shop
from rankmart.demo_data.demand import Floats, shape_demand
from rankmart.demo_data.dirt import BLANK, DUPLICATE_SHARE, Line, add_dirt, dirt_count
from rankmart.demo_data.people import invite_people
from rankmart.demo_data.reviews import form_opinions, write_reviews
from rankmart.demo_data.shoppers import go_shopping
from rankmart.errors import RankmartError
from rankmart.whole_files import whole

REVIEW_COLUMNS = (
    *("Id", "ProductId", "UserId", "ProfileName", "HelpfulnessNumerator"),
    *("HelpfulnessDenominator", "Score", "Time", "Summary", "Text"),
)
PRODUCT_COLUMNS = ("product_id", "title", "brand", "categories", "price")

_DAYS = 1_461
"""The shop is open from 2020 to 2023."""
_REPEAT_SHARE = 0.004
_PURCHASES_PER_REVIEW = 1.06
"""Not every purchase is reviewed."""
_FEWEST_PRODUCTS = 30


@dataclass(frozen=True)
class DemoData:
    """What was written, and how many lines are dirty in which way."""

    reviews_path: Path
    products_path: Path
    users: int
    products: int
    reviews: int
    """Lines of the reviews file without the header and the blank ones, dirty ones included."""
    variant_copies: int
    """Lines that repeat a line on another variant of its product."""
    repeat_reviews: int
    """Lines with a second review of the same product by the same user, a later and other one."""
    dirt: dict[str, int]
    """Lines by kind of dirt (`dirt.py` has the kinds); no line is of two kinds."""


def write_demo_data(
    directory: Path,
    *,
    users: int = 3_000,
    products: int = 800,
    reviews: int = 40_000,
    seed: int = 7,
) -> DemoData:
    """Write `reviews.csv` and `products.csv` of a made-up shop into `directory`.

    The same arguments give the same bytes. The reviews are in order of time, with the header of
    the Kaggle "Amazon Fine Food Reviews"; there are fewer than `reviews` if so few users and
    products can't make them up.

    Raises `RankmartError` for sizes that no shop can have.
    """
    if products < _FEWEST_PRODUCTS:
        raise RankmartError(f"the demo shop needs at least {_FEWEST_PRODUCTS} products")
    if users < 1 or reviews < 3 * users:
        raise RankmartError("the demo shop needs users, and at least 3 reviews for each of them")

    rng = np.random.Generator(np.random.PCG64(seed))
    families = stock_the_shop(products, rng)
    demand = shape_demand(families, weeks=_DAYS // 7 + 1, rng=rng)
    people = invite_people(users, rng)
    purchases = go_shopping(
        families,
        demand,
        shoppers=users,
        purchases=round(_PURCHASES_PER_REVIEW * reviews * len(families) / products),
        opening_days=_opening_days(rng),
        rng=rng,
    )
    repeats = round(_REPEAT_SHARE * reviews)
    opinions = form_opinions(
        purchases,
        families,
        people=people,
        quality=demand.quality,
        lines=reviews - dirt_count(DUPLICATE_SHARE, lines=reviews),
        repeats=repeats,
        rng=rng,
    )
    written = write_reviews(opinions, families, people=people, rng=rng)
    single = np.array([len(copies) == 1 for copies in written])
    spare = np.flatnonzero(single & ~opinions.repeated).tolist()
    lines, dirt = add_dirt(written, spare=spare, lines=reviews, rng=rng)

    directory.mkdir(parents=True, exist_ok=True)
    reviews_path = directory / "reviews.csv"
    products_path = directory / "products.csv"
    _write_products(products_path, families)
    _write_reviews(reviews_path, lines)
    return DemoData(
        reviews_path=reviews_path,
        products_path=products_path,
        users=users,
        products=products,
        reviews=len(lines) - dirt["blank_line"],
        variant_copies=sum(len(copies) - 1 for copies in written),
        repeat_reviews=int(opinions.repeated.sum()) // 2,
        dirt=dirt,
    )


def _opening_days(rng: np.random.Generator) -> Floats:
    """Return how busy each day is: growing over the years, busiest before Christmas."""
    day = np.arange(_DAYS)
    growth = 1.0 + 1.2 * day / _DAYS
    christmas = 1.0 + 0.4 * np.exp(-(((day % 365.25 - 345.0) / 20.0) ** 2))
    return np.asarray(growth * christmas * rng.uniform(0.75, 1.25, _DAYS))


def _write_products(path: Path, families: tuple[Family, ...]) -> None:
    products = sorted(
        (product for family in families for product in family.products),
        key=lambda product: product.product_id,
    )
    with _replacing(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(PRODUCT_COLUMNS)
        for product in products:
            categories = "|".join(product.categories)
            price = f"{product.price:.2f}"
            writer.writerow((product.product_id, product.title, product.brand, categories, price))


def _write_reviews(path: Path, lines: Iterable[Line]) -> None:
    with _replacing(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(REVIEW_COLUMNS)
        number = 1
        for line in lines:
            if line == BLANK:
                file.write("\n")
                continue
            if isinstance(line, str):
                file.write(f"{number},{line}\n")
            else:
                writer.writerow((number, *line))
            number += 1


@contextmanager
def _replacing(path: Path) -> Iterator[TextIO]:
    """Open a file of a temporary name, and give it its name when it is complete."""
    with whole(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        yield file
