"""The shop must look like a shop: titles, prices, launches, variants, stars, texts."""

import csv
import re
from collections import Counter, defaultdict
from statistics import median

import pytest

from rankmart.demo_data import DemoData
from rankmart.demo_data.brands import BRANDS
from rankmart.demo_data.shelves import SHELVES

from .strict_reader import seconds


@pytest.fixture(scope="module")
def products(shop: DemoData) -> dict[str, dict[str, str]]:
    with shop.products_path.open(encoding="utf-8", newline="") as file:
        return {row["product_id"]: row for row in csv.DictReader(file)}


def test_every_brand_and_follow_up_names_a_shelf_that_exists() -> None:
    names = {shelf.name for shelf in SHELVES}
    departments = {shelf.department for shelf in SHELVES}
    assert {name for shelf in SHELVES for name in shelf.then} <= names
    assert {where for places in BRANDS.values() for where in places} == departments
    assert len(names) == len(SHELVES)


def test_titles_are_unique_and_begin_with_the_brand(products: dict[str, dict[str, str]]) -> None:
    rows = products.values()
    assert len({row["title"] for row in rows}) == len(products)
    assert all(row["title"].startswith(row["brand"] + " ") for row in rows)


def test_categories_run_from_general_to_special(products: dict[str, dict[str, str]]) -> None:
    known = {f"{shelf.department}|{shelf.name}" for shelf in SHELVES}
    assert {row["categories"] for row in products.values()} == known


def test_prices_differ_by_shelf(products: dict[str, dict[str, str]]) -> None:
    by_department = defaultdict(list)
    for row in products.values():
        by_department[row["categories"].split("|")[0]].append(float(row["price"]))
    assert all(min(prices) > 0 for prices in by_department.values())
    assert median(by_department["Brewing Gear"]) > 1.5 * median(by_department["Spices"])


def test_reviewed_products_are_in_the_catalogue_but_for_a_few(
    shop: DemoData, products: dict[str, dict[str, str]], good_rows: list[list[str]]
) -> None:
    unknown = [row for row in good_rows if row[1] not in products]
    assert len(unknown) == shop.dirt["unknown_product"] == 12


def test_products_are_launched_until_the_end(good_rows: list[list[str]]) -> None:
    first: dict[str, int] = {}
    for row in good_rows:
        first[row[1]] = min(seconds(row), first.get(row[1], 2**62))
    times = sorted(seconds(row) for row in good_rows)
    last_tenth = times[0] + 0.9 * (times[-1] - times[0])
    assert sum(time > last_tenth for time in first.values()) >= 15


def test_few_users_write_much_and_many_write_little(good_rows: list[list[str]]) -> None:
    counts = Counter(row[2] for row in good_rows)
    assert max(counts.values()) > 100
    assert sum(3 <= count <= 8 for count in counts.values()) > 0.35 * len(counts)


def test_most_stars_are_five_and_more_are_one_than_two(good_rows: list[list[str]]) -> None:
    stars = Counter(row[6] for row in good_rows)
    assert stars["5"] > 0.6 * len(good_rows)
    assert stars["1"] > stars["2"]
    assert min(stars.values()) > 0.03 * len(good_rows)


def test_most_times_are_midnights(good_rows: list[list[str]]) -> None:
    midnights = sum(seconds(row) % 86_400 == 0 for row in good_rows)
    assert 0.9 < midnights / len(good_rows) < 0.98


def test_variants_share_all_their_reviews(shop: DemoData, good_rows: list[list[str]]) -> None:
    copies = defaultdict(set)
    for row in good_rows:
        copies[row[2], row[7], row[6], row[8], row[9]].add(row[1])
    families = {frozenset(members) for members in copies.values() if len(members) > 1}
    assert len(families) == 60
    assert len(set().union(*families)) == sum(len(members) for members in families)
    assert {len(members) for members in families} == {2, 3, 4, 5, 6}
    extra = sum(len(members) - 1 for members in copies.values())
    assert extra == shop.variant_copies
    assert 0.14 < extra / shop.reviews < 0.26


def test_two_users_rarely_write_the_same(good_rows: list[list[str]]) -> None:
    writers = defaultdict(set)
    for row in good_rows:
        writers[row[9]].add(row[2])
    assert sum(len(users) > 1 for users in writers.values()) < 0.001 * len(writers)


def test_texts_are_some_fifty_words_and_leave_no_slot_open(good_rows: list[list[str]]) -> None:
    lengths = [len(row[9].split()) for row in good_rows]
    assert sum(15 <= length <= 85 for length in lengths) > 0.9 * len(lengths)
    assert not any(re.search(r"[{}]", row[8] + row[9]) for row in good_rows)
    assert all(row[8].strip() for row in good_rows)


def test_texts_hold_html_quotes_and_commas(good_rows: list[list[str]]) -> None:
    for sign in ("<br />", '<a href="https://', ", and", ' "'):
        assert 0.01 < sum(sign in row[9] for row in good_rows) / len(good_rows) < 0.9


def test_words_follow_the_stars(good_rows: list[list[str]]) -> None:
    happy = [row[6] for row in good_rows if "highly recommended" in row[9].lower()]
    cross = [row[6] for row in good_rows if "not recommended" in row[9].lower()]
    assert set(happy) == {"4", "5"}
    assert set(cross) == {"1", "2"}
