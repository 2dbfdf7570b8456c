"""A log whose right answer is known.

There are communities of users and products. Every member reviews all products of the community
but one, so that the one is what to recommend. Which one rotates, and so does the order.
"""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

COMMUNITIES = 12
MEMBERS = 24
PRODUCTS = 9
STRIDES = (1, 2, 4, 5, 7, 8)  # coprime to 9: every order reaches every product
DAY = 86_400
START = 1_577_836_800  # 2020-01-01
BRANDS = ("Ton", "Holz", "Glas")


class Review(NamedTuple):
    user_id: str
    product_id: str
    rating: int
    timestamp: int
    text: str


def product(community: int, number: int) -> str:
    return f"c{community:02}-p{number % PRODUCTS}"


def user(community: int, member: int) -> str:
    return f"c{community:02}-u{member:02}"


def order_of(member: int) -> list[int]:
    """The community's products in the order of this member, by number; the last is held out."""
    stride = STRIDES[member // PRODUCTS % len(STRIDES)]
    return [(member + stride * step) % PRODUCTS for step in range(PRODUCTS)]


def held_out() -> dict[str, str]:
    """By user, the one product of the community that they have not reviewed."""
    return {
        user(community, member): product(community, order_of(member)[-1])
        for community in range(COMMUNITIES)
        for member in range(MEMBERS)
    }


def variant_of(product_id: str) -> str:
    """The other colour of a product; only the first of each community has one."""
    return f"{product_id}-blue"


def reviews() -> list[Review]:
    """In order of time: every member goes on reviewing all through three years."""
    log = [
        Review(
            user(community, member),
            product(community, number),
            5 if (member + step) % 4 else 4,
            START + (120 * step + 5 * member + community) * DAY + 60 * member + community,
            f"{user(community, member)} says of number {number}: it does what it should.",
        )
        for community in range(COMMUNITIES)
        for member in range(MEMBERS)
        for step, number in enumerate(order_of(member)[:-1])
    ]
    return sorted(log, key=lambda review: (review.timestamp, review.user_id))


def with_variants(log: Iterable[Review]) -> Iterator[Review]:
    """The shop copies every review of a community's first product to its other colour."""
    for review in log:
        yield review
        if review.product_id.endswith("-p0"):
            yield review._replace(product_id=variant_of(review.product_id))


def write_reviews(path: Path, log: Iterable[Review]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Review._fields)
        writer.writerows(log)
    return path


def write_products(path: Path) -> Path:
    """Brand and shelf tell nothing of the community."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("product_id", "title", "brand", "categories", "price"))
        for community in range(COMMUNITIES):
            for number in range(PRODUCTS):
                writer.writerow(
                    (
                        product(community, number),
                        f"Thing {number} of {community}",
                        BRANDS[(community + number) % 3],
                        f"Things|Shelf {number % 4}",
                        f"{5 + number}.50",
                    )
                )
    return path
