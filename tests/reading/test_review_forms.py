"""Every form of reviews that is known is recognised, and read as it is meant."""

import pytest

from project import Project

from .review_forms import FORMS, Record

READ = """
select
    user_id, product_id, rating, cast(epoch(reviewed_at) as bigint) as epoch, title, body,
    helpful_votes, total_votes, is_verified
from reviews
where source_file like ?
order by source_line
"""


@pytest.mark.parametrize("name", FORMS)
def test_the_form_is_recognised(every_form: Project, name: str) -> None:
    found = every_form.value(
        "select source_form from raw.files where dataset = 'reviews' and source_file like ?",
        [f"%/{name}"],
    )
    assert found == FORMS[name].name


@pytest.mark.parametrize("name", FORMS)
def test_every_record_says_what_the_file_says(every_form: Project, name: str) -> None:
    found = [Record(*row) for row in every_form.rows(READ, [f"%/{name}"])]
    assert found == FORMS[name].records


def test_a_glob_is_read_in_the_order_of_the_names(every_form: Project) -> None:
    files = [
        name
        for (name,) in every_form.rows(
            "select source_file from reviews group by all order by min(review_id)"
        )
    ]
    assert [file.rsplit("/", 1)[-1] for file in files] == sorted(FORMS)


def test_every_line_of_every_form_is_accounted_for(every_form: Project) -> None:
    report = every_form.rows(
        "select sum(lines_read), sum(accepted_lines), sum(duplicate_lines), sum(rejected_lines),"
        " max(abs(unaccounted_lines)) from reading_report"
    )
    accepted = sum(len(form.records) for form in FORMS.values())
    assert report == [(accepted + 1, accepted, 0, 1, 0)]


def test_a_rating_that_lacks_in_a_file_with_ratings_is_rejected(every_form: Project) -> None:
    assert every_form.rows("select user_id, reason from rejected_reviews") == [
        ("parquet-2", "empty rating")
    ]


def test_without_ratings_every_review_is_a_positive(every_form: Project) -> None:
    assert every_form.rows(
        "select user_id, rating, is_positive from interactions"
        " where user_id like 'without-%' order by user_id"
    ) == [("without-1", None, True), ("without-2", None, True)]


def test_a_bad_rating_is_no_positive(every_form: Project) -> None:
    assert every_form.rows(
        "select rating, is_positive from interactions"
        " where user_id in ('with-2', 'AKM1MP6P0OYPR') order by rating"
    ) == [(2, False), (5, True)]
