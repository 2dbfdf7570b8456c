"""Each kind of dirt is in the file as often as recorded, counted from the file alone."""

from collections import Counter, defaultdict
from collections.abc import Callable

import pytest

from rankmart.demo_data import DemoData

from .strict_reader import ReadLines, seconds

Row = list[str]


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None


FINDERS: dict[str, Callable[[Row], bool]] = {
    "too_few_fields": lambda row: len(row) < 10,
    "too_many_fields": lambda row: len(row) > 10,
    "empty_product_id": lambda row: len(row) == 10 and row[1] == "",
    "empty_user_id": lambda row: len(row) == 10 and row[2] == "",
    "helpful_above_total": lambda row: len(row) == 10 and int(row[4]) > int(row[5]),
    "score_not_a_number": lambda row: len(row) == 10 and _number(row[6]) is None,
    "score_out_of_range": lambda row: len(row) == 10 and _number(row[6]) in {0, 6},
    "empty_time": lambda row: len(row) == 10 and row[7] == "",
    "time_not_a_number": lambda row: len(row) == 10 and row[7] != "" and not row[7].isdigit(),
    "time_in_milliseconds": lambda row: len(row) == 10 and len(row[7]) == 13,
    "time_in_future": lambda row: len(row) == 10 and row[7].startswith("41"),
    "time_before_1995": lambda row: (
        len(row) == 10 and (_number(row[7]) or 0) < 788_918_400 and row[7].isdigit()
    ),
    "unknown_product": lambda row: len(row) == 10 and row[1].startswith("B0GONE"),
}


@pytest.mark.parametrize("kind", FINDERS)
def test_kind_is_found_as_often_as_recorded(shop: DemoData, lines: ReadLines, kind: str) -> None:
    found = sum(FINDERS[kind](row) for row in lines.rows)
    assert found == shop.dirt[kind]
    assert found >= 8


def test_every_kind_is_counted_here(shop: DemoData) -> None:
    assert set(shop.dirt) == {*FINDERS, "broken_quote", "exact_duplicate", "blank_line"}


def test_broken_quotes_and_blank_lines_are_as_recorded(shop: DemoData, lines: ReadLines) -> None:
    assert len(lines.broken) == shop.dirt["broken_quote"] == 16
    assert lines.blank == shop.dirt["blank_line"] == 4


def test_a_broken_quote_stays_within_its_line(lines: ReadLines) -> None:
    for text in lines.broken:
        broken_field = text.split(",")[-1]
        assert broken_field.startswith('"')
        assert broken_field.count('"') == 2
        assert not broken_field.endswith('"')
        assert len(text.split(",")) == 10


def test_exact_duplicates_are_as_recorded(shop: DemoData, lines: ReadLines) -> None:
    seen = Counter(tuple(row[1:]) for row in lines.rows)
    assert sum(count - 1 for count in seen.values()) == shop.dirt["exact_duplicate"] == 200


def test_repeated_reviews_are_later_and_differ_in_stars(
    shop: DemoData, good_rows: list[Row]
) -> None:
    reviews = defaultdict(set)
    for row in good_rows:
        reviews[row[2], row[1]].add((seconds(row), row[6]))
    repeated = [sorted(both) for both in reviews.values() if len(both) > 1]
    assert len(repeated) == shop.repeat_reviews == 160
    assert all(len(both) == 2 and both[0][1] != both[1][1] for both in repeated)
    assert all(both[1][0] - both[0][0] > 86_400 for both in repeated)


def test_the_rest_of_the_lines_can_be_used(shop: DemoData, good_rows: list[Row]) -> None:
    usable = {
        *("exact_duplicate", "time_in_milliseconds", "helpful_above_total"),
        *("unknown_product", "blank_line"),
    }
    unusable = sum(count for kind, count in shop.dirt.items() if kind not in usable)
    assert len(good_rows) == shop.reviews - unusable
