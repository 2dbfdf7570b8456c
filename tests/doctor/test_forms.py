"""A file's form is told as `dbt run` tells it, from the lists of the same macros."""

from pathlib import Path

import pytest

from project import ROOT
from rankmart.doctor.forms import UnknownFormError, form_of, known_forms
from rankmart.errors import RankmartError
from reading import product_forms, review_forms

KNOWN = known_forms(ROOT)


def written(folder: Path, name: str, content: bytes | str) -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


@pytest.mark.parametrize("name", sorted(review_forms.FORMS))
def test_every_form_of_reviews_has_the_name_that_dbt_gives_it(tmp_path: Path, name: str) -> None:
    form = review_forms.FORMS[name]
    assert form_of(written(tmp_path, name, form.content), KNOWN, "reviews", {})[0] == form.name


@pytest.mark.parametrize("name", sorted(product_forms.FILES))
def test_every_form_of_products_is_known(tmp_path: Path, name: str) -> None:
    file = written(tmp_path, name, product_forms.FILES[name])
    assert "product_id" in form_of(file, KNOWN, "products", {})[1]


def test_columns_that_a_var_names_are_found(tmp_path: Path) -> None:
    file = written(tmp_path, "own.csv", "buyer,article,bought\na,b,2024-01-01\n")
    with pytest.raises(UnknownFormError, match="no column for user_id, product_id, reviewed_at"):
        form_of(file, KNOWN, "reviews", {})
    names = {"user_id": "Buyer", "product_id": "article", "reviewed_at": "bought"}
    assert form_of(file, KNOWN, "reviews", {"reviews_columns": names}) == (
        "minimal",
        {"user_id": "buyer", "product_id": "article", "reviewed_at": "bought"},
    )


def test_the_order_of_ratings_that_a_var_tells_holds(tmp_path: Path) -> None:
    file = written(tmp_path, "ratings.csv", "u1,p1,5.0,1367366400\n")
    told = {"reviews_format": "ratings_2018"}
    assert form_of(file, KNOWN, "reviews", told)[0] == "ratings_2018"
    with pytest.raises(UnknownFormError, match="use ratings_2014"):
        form_of(file, KNOWN, "reviews", {"reviews_format": "ratings"})


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "", "is empty"),
        ("a.jsonl", "{'asin': 'B1'}\n", "none of its first lines is JSON"),
        ("a.json", '[{"asin": "B1"}]\n', "is one JSON array"),
        ("a.csv", "x,y\n1,2\n", "only x, y"),
        ("a.parquet", "no parquet", "can't be read"),
        ("a.csv", "user,item\n".encode("utf-16"), "reviews_encoding"),
    ],
)
def test_a_file_that_dbt_would_not_read_says_why(
    tmp_path: Path, name: str, content: bytes | str, words: str
) -> None:
    with pytest.raises(UnknownFormError, match=words):
        form_of(written(tmp_path, name, content), KNOWN, "reviews", {})


def test_without_the_macros_no_form_is_known(tmp_path: Path) -> None:
    with pytest.raises(RankmartError, match="say where the project is with --project"):
        known_forms(tmp_path)
