"""Files are read again when they have changed, and only then."""

from pathlib import Path

import pytest

from project import Project

from .review_forms import FIRST, SECOND

HEADER = "user_id,product_id,timestamp,rating\n"
READ_AT = "select dataset, min(read_at), count(*) from raw.files group by dataset order by dataset"


@pytest.fixture
def three_files(tmp_path: Path) -> Project:
    for number in (1, 2, 3):
        (tmp_path / f"part-{number}.csv").write_text(HEADER + f"u{number},mug,{FIRST},5\n")
    (tmp_path / "products.csv").write_text("product_id,title\nmug,Mug\n")
    return Project(tmp_path, reviews=tmp_path / "part-*.csv", products=tmp_path / "products.csv")


def test_changed_files_are_read_again_and_unchanged_ones_are_not(three_files: Project) -> None:
    users = "select user_id, rating from reviews order by user_id, rating"
    three_files.read().succeeded()
    assert three_files.rows(users) == [("u1", 5), ("u2", 5), ("u3", 5)]
    [products_before, reviews_before] = three_files.rows(READ_AT)
    assert (products_before[2], reviews_before[2]) == (1, 3)

    three_files.read().succeeded()
    assert three_files.rows(READ_AT) == [products_before, reviews_before]

    with (three_files.scratch / "part-2.csv").open("a") as file:
        file.write(f"u4,mug,{SECOND},1\n")
    (three_files.scratch / "part-3.csv").unlink()
    three_files.read().succeeded()
    assert three_files.rows(users) == [("u1", 5), ("u2", 5), ("u4", 1)]
    [products_after, reviews_after] = three_files.rows(READ_AT)
    assert products_after == products_before
    assert reviews_after[1] > reviews_before[1]
    assert reviews_after[2] == 2
