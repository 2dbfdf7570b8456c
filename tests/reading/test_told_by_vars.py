"""What the columns don't tell, a var does: encodings, the order of ratings, column names."""

from pathlib import Path

import pytest

from project import Project

from .review_forms import FIRST, SECOND, text

REVIEWS = "select user_id, product_id, rating, epoch(reviewed_at) from reviews order by all"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "reviews.csv"


@pytest.fixture
def project(tmp_path: Path, path: Path) -> Project:
    return Project(tmp_path, reviews=path)


def test_latin_1_and_columns_of_other_names_are_read_when_named(
    project: Project, path: Path
) -> None:
    path.write_text(f"Who;What;When;Rating;Text\nJosé;tüte;{FIRST};5;ça va\n", encoding="latin-1")
    project.read(
        reviews_encoding="latin-1",
        reviews_columns={"user_id": "who", "product_id": "What", "reviewed_at": "when"},
    ).succeeded()
    assert project.rows(REVIEWS) == [("José", "tüte", 5, FIRST)]
    assert project.value("select body from reviews") == "ça va"


def test_utf_16_and_the_order_of_ratings_are_read_when_named(project: Project, path: Path) -> None:
    """A column that repeats would be the product's, were the order not named."""
    path.write_text(f"ä,b,5.0,{FIRST}\nä,c,4.0,{SECOND}\n", encoding="utf-16")
    project.read(reviews_encoding="utf-16", reviews_format="ratings_2014").succeeded()
    assert project.rows(REVIEWS) == [("ä", "b", 5, FIRST), ("ä", "c", 4, SECOND)]


def test_bad_lines_are_rejected_where_that_is_allowed(project: Project, path: Path) -> None:
    path.write_bytes(
        text("user_id,product_id,timestamp", f"a,b,{FIRST}", "half a line", "another")
        + f"c,ü,{FIRST}\n".encode("latin-1")
    )
    project.read(max_rejected_share=0.9, reject_undecodable_lines=True).succeeded()
    assert project.rows(REVIEWS) == [("a", "b", None, FIRST)]
    assert project.rows("select source_line, reason from rejected_reviews order by all") == [
        (3, "malformed line: missing columns"),
        (4, "malformed line: missing columns"),
        (5, "malformed line: invalid encoding"),
    ]


def test_lines_of_two_kinds_of_ends_are_read_where_that_is_allowed(
    project: Project, path: Path
) -> None:
    path.write_bytes(
        f"user_id,product_id,timestamp\na,b,{FIRST}\nc,d,{SECOND}\r\ne,f,{FIRST}\n".encode()
    )
    assert "reached an invalid state" in project.read().failed_plainly(exit_code=2)
    project.read(strict_csv=False).succeeded()
    assert project.rows(REVIEWS) == [
        ("a", "b", None, FIRST),
        ("c", "d", None, SECOND),
        ("e", "f", None, FIRST),
    ]
