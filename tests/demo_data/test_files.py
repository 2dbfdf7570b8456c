"""The two files: their form, their size, and that they are the same each time."""

import csv
from pathlib import Path

import pytest

from rankmart.demo_data import DemoData, write_demo_data
from rankmart.errors import RankmartError

from .strict_reader import ReadLines, header_of


def test_headers_are_those_of_the_formats(shop: DemoData) -> None:
    assert header_of(shop.reviews_path) == (
        "Id,ProductId,UserId,ProfileName,HelpfulnessNumerator,HelpfulnessDenominator,"
        "Score,Time,Summary,Text\n"
    )
    assert header_of(shop.products_path) == "product_id,title,brand,categories,price\n"


def test_ids_count_the_lines(shop: DemoData, lines: ReadLines) -> None:
    ids = [row[0] for row in lines.rows] + [text.split(",")[0] for text in lines.broken]
    assert sorted(map(int, ids)) == list(range(1, shop.reviews + 1))
    assert [int(row[0]) for row in lines.rows] == sorted(int(row[0]) for row in lines.rows)


def test_sizes_are_those_asked_for(shop: DemoData, good_rows: list[list[str]]) -> None:
    assert shop.reviews == 40_000
    with shop.products_path.open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == shop.products == 800
    users = {row[2] for row in good_rows}
    assert len(users) <= shop.users == 3_000
    assert len(users) > 2_950


def test_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (
        write_demo_data(tmp_path / name, users=150, products=90, reviews=1_500, seed=3)
        for name in ("first", "second")
    )
    assert first.reviews_path.read_bytes() == second.reviews_path.read_bytes()
    assert first.products_path.read_bytes() == second.products_path.read_bytes()
    assert first.dirt == second.dirt


def test_other_seed_gives_another_shop(tmp_path: Path) -> None:
    first, second = (
        write_demo_data(tmp_path / str(seed), users=150, products=90, reviews=1_500, seed=seed)
        for seed in (3, 4)
    )
    assert first.reviews_path.read_bytes() != second.reviews_path.read_bytes()
    assert first.products_path.read_bytes() != second.products_path.read_bytes()


def test_a_second_shop_replaces_the_first_and_leaves_nothing_else(tmp_path: Path) -> None:
    write_demo_data(tmp_path, users=40, products=40, reviews=400, seed=1)
    second = write_demo_data(tmp_path, users=20, products=30, reviews=200, seed=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["products.csv", "reviews.csv"]
    content = second.reviews_path.read_text(encoding="utf-8").splitlines()
    assert len([line for line in content if line]) == 1 + second.reviews
    assert 180 <= second.reviews <= 200


@pytest.mark.parametrize(
    ("sizes", "complaint"),
    [
        ({"products": 10}, "at least 30 products"),
        ({"users": 0}, "needs users"),
        ({"users": 100, "reviews": 299}, "at least 3 reviews"),
        ({"products": 50_000}, "ask for fewer products"),
    ],
)
def test_impossible_sizes_are_refused(
    tmp_path: Path, sizes: dict[str, int], complaint: str
) -> None:
    with pytest.raises(RankmartError, match=complaint):
        write_demo_data(tmp_path, **sizes)
    assert list(tmp_path.iterdir()) == []
