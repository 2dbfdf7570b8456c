"""The demo shop's dirt, as its generator recorded it, is what the tables reject."""

import csv

import pytest

from project import Project
from rankmart.demo_data import DemoData

KIND_BY_REASON = {
    "malformed line: missing columns": ["too_few_fields"],
    "malformed line: too many columns": ["too_many_fields"],
    "malformed line: unquoted value": ["broken_quote"],
    "empty user id": ["empty_user_id"],
    "empty product id": ["empty_product_id"],
    "rating is not a number": ["score_not_a_number"],
    "rating outside 1 to 5": ["score_out_of_range"],
    "empty time": ["empty_time"],
    "time is not a number or date": ["time_not_a_number"],
    "time in the future": ["time_in_future"],
    "time before 1995": ["time_before_1995"],
}


@pytest.fixture(scope="module")
def shop(small_shop: DemoData) -> DemoData:
    return small_shop


@pytest.fixture(scope="module")
def read(scored_shop: Project) -> Project:
    return scored_shop


@pytest.fixture(scope="module")
def lines(shop: DemoData) -> list[str]:
    """The file's lines, the header first: no field of the demo has a line break."""
    return shop.reviews_path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def test_lines_read_are_the_lines_of_the_file(
    read: Project, shop: DemoData, lines: list[str]
) -> None:
    with shop.reviews_path.open(encoding="utf-8", newline="") as file:
        by_csv_module = sum(1 for row in csv.reader(file) if row) - 1
    by_lines = sum(1 for line in lines if line) - 1
    assert read.value("select lines_read from reading_report") == by_csv_module == by_lines
    assert by_lines == shop.reviews


def test_every_kind_of_dirt_is_rejected_as_often_as_it_was_made(
    read: Project, shop: DemoData
) -> None:
    found = dict(read.rows("select reason, count(*) from rejected_reviews group by reason"))
    assert found == {
        reason: sum(shop.dirt[kind] for kind in kinds) for reason, kinds in KIND_BY_REASON.items()
    }
    assert min(found.values()) >= 2


def test_duplicates_are_as_many_as_were_made(read: Project, shop: DemoData) -> None:
    assert read.value("select count(*) from duplicate_reviews") == shop.dirt["exact_duplicate"]


def test_what_is_neither_is_accepted(read: Project, shop: DemoData) -> None:
    rejected = sum(shop.dirt[kind] for kinds in KIND_BY_REASON.values() for kind in kinds)
    [row] = read.rows("select accepted_lines, unaccounted_lines from reading_report")
    assert row == (shop.reviews - shop.dirt["exact_duplicate"] - rejected, 0)


def test_votes_that_cannot_be_are_not_believed(read: Project, shop: DemoData) -> None:
    unbelieved = "select count(*) from reviews where helpful_votes is null"
    assert read.value(unbelieved) == shop.dirt["helpful_above_total"]


def test_reviews_of_unknown_products_are_kept(read: Project, shop: DemoData) -> None:
    unknown = "select count(*) from reviews where product_id like 'B0GONE%'"
    assert read.value(unknown) == shop.dirt["unknown_product"]


def test_every_variant_of_the_shop_that_was_reviewed_is_found(
    read: Project, shop: DemoData
) -> None:
    copies = "select count(*) - count(distinct (user_id, family_id, reviewed_at)) from reviews"
    assert read.value(copies) == shop.variant_copies


def test_every_source_line_is_the_line_in_the_file(read: Project, lines: list[str]) -> None:
    """Blank lines count, as they do in an editor."""
    assert "" in lines
    kept = read.rows(
        "select source_line, user_id, product_id from reviews union all"
        " select source_line, user_id, product_id from duplicate_reviews union all"
        " select source_line, coalesce(user_id, ''), coalesce(product_id, '')"
        " from rejected_reviews where raw_line is null"
    )
    malformed = read.rows(
        "select source_line, raw_line from rejected_reviews where raw_line is not null"
    )
    assert [row for row in kept if lines[row[0] - 1].split(",")[1:3] != [row[2], row[1]]] == []
    assert [row for row in malformed if lines[row[0] - 1] != row[1]] == []
    numbers = [row[0] for row in kept + malformed]
    assert sorted(numbers) == [
        number for number, line in enumerate(lines, start=1) if line and number > 1
    ]
