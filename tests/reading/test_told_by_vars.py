"""What the columns don't tell, a var does: encodings, the order of ratings, column names."""

from pathlib import Path

import pytest

from project import Project

from .review_forms import FIRST, SECOND, text

REVIEWS = "select user_id, product_id, rating, cast(epoch(reviewed_at) as bigint) from reviews"


@pytest.mark.parametrize(
    ("python_name", "dbt_name"), [("latin-1", "latin-1"), ("utf-16", "utf-16")]
)
def test_other_encodings_are_read_when_named(
    tmp_path: Path, python_name: str, dbt_name: str
) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text(
        f"user_id,product_id,timestamp,rating,text\nJosé,tüte,{FIRST},5,ça va\n",
        encoding=python_name,
    )
    project = Project(tmp_path, reviews=path)
    project.read(reviews_encoding=dbt_name).succeeded()
    assert project.rows(REVIEWS) == [("José", "tüte", 5, FIRST)]
    assert project.value("select body from reviews") == "ça va"


def test_vars_name_the_order_of_ratings_the_columns_and_the_tolerance(tmp_path: Path) -> None:
    """Ids that tell nothing: the var must decide."""
    path = tmp_path / "ratings.csv"
    path.write_bytes(text(f"a,b,5.0,{FIRST}", f"a,c,4.0,{SECOND}"))
    project = Project(tmp_path, reviews=path)
    project.read(reviews_format="ratings_2014").succeeded()
    assert sorted(project.rows(REVIEWS)) == [("a", "b", 5, FIRST), ("a", "c", 4, SECOND)]
    project.read(reviews_format="ratings_2018").succeeded()
    assert sorted(project.rows(REVIEWS)) == [("b", "a", 5, FIRST), ("c", "a", 4, SECOND)]

    path.write_bytes(
        text("Who;What;When;Rating", f"a;b;{FIRST};1", "half a line", "another")
        + f"c;ü;{FIRST};5\n".encode("latin-1")
    )
    project.read(
        reviews_columns={"user_id": "who", "product_id": "What", "reviewed_at": "when"},
        max_rejected_share=0.9,
        reject_undecodable_lines=True,
    ).succeeded()
    assert project.rows(REVIEWS) == [("a", "b", 1, FIRST)]
    assert sorted(project.rows("select source_line, reason from rejected_reviews")) == [
        (3, "malformed line: missing columns"),
        (4, "malformed line: missing columns"),
        (5, "malformed line: invalid encoding"),
    ]
