"""Every line of a dirty file ends in one place, and the place says why."""

import pytest

from project import Project

from .dirty_files import ACCEPTED, COPIED, DIRTY
from .review_forms import FIRST

OUTCOMES = """
select source_line, 'accepted' as outcome from reviews where source_file like $file
union all
select source_line, 'duplicate of line ' || kept_source_line from duplicate_reviews
where source_file like $file
union all
select source_line, reason from rejected_reviews where source_file like $file
order by all
"""


@pytest.mark.parametrize("name", DIRTY)
def test_every_line_has_the_outcome_that_it_must_have(dirty: Project, name: str) -> None:
    expected = [
        (number, line.outcome)
        for number, line in enumerate(DIRTY[name], start=1)
        if line.outcome is not None
    ]
    assert dirty.rows(OUTCOMES, {"file": f"%/{name}"}) == expected


@pytest.mark.parametrize("name", DIRTY)
def test_the_three_counts_are_the_lines_read(dirty: Project, name: str) -> None:
    outcomes = [line.outcome for line in DIRTY[name] if line.outcome is not None]
    duplicates = sum(outcome.startswith("duplicate") for outcome in outcomes)
    [row] = dirty.rows(
        "select lines_read, accepted_lines, duplicate_lines, rejected_lines, unaccounted_lines"
        " from reading_report where source_file like ?",
        [f"%/{name}"],
    )
    accepted = outcomes.count(ACCEPTED)
    assert row == (
        len(outcomes),
        accepted,
        duplicates,
        len(outcomes) - accepted - duplicates,
        0,
    )


@pytest.mark.parametrize("name", DIRTY)
def test_a_malformed_line_is_kept_as_it_is(dirty: Project, name: str) -> None:
    kept = dirty.rows(
        "select source_line, raw_line from rejected_reviews"
        " where source_file like ? and reason like 'malformed line%' order by source_line",
        [f"%/{name}"],
    )
    assert kept == [
        (number, line.raw)
        for number, line in enumerate(DIRTY[name], start=1)
        if (line.outcome or "").startswith("malformed")
    ]


def test_a_duplicate_names_the_review_that_is_kept(dirty: Project) -> None:
    rows = dirty.rows(
        "select kept.user_id, kept.product_id, kept.source_line from duplicate_reviews"
        " inner join reviews as kept on kept_review_id = kept.review_id"
        " where kept.source_file like '%/dirty.csv' order by all"
    )
    assert rows == [("U01", "P1", 2), ("U01", "P1", 2), ("U31", "P3", 33)]


def test_a_rejected_review_shows_what_was_wrong(dirty: Project) -> None:
    assert dirty.rows(
        "select product_id, rating, reviewed_at from rejected_reviews where user_id = 'U09'"
    ) == [("P1", "five", str(FIRST))]


def test_more_helpful_votes_than_votes_are_not_believed(dirty: Project) -> None:
    assert dirty.rows(
        "select user_id, helpful_votes, total_votes from reviews"
        " where user_id in ('U24', 'U25', 'U26') order by user_id"
    ) == [("U24", None, None), ("U25", None, None), ("U26", 0, 0)]


def test_tags_and_entities_are_taken_out_of_the_text(dirty: Project) -> None:
    assert dirty.rows("select title, body from reviews where user_id = 'U26'") == [
        ("Bold", "A fine one indeed")
    ]


def test_times_in_milliseconds_are_seconds_in_the_table(dirty: Project) -> None:
    assert dirty.value("select epoch(reviewed_at) from reviews where user_id = 'U23'") == FIRST


def test_copied_reviews_make_variants_of_their_products(dirty: Project) -> None:
    families = dirty.rows("select product_id, family_id from reviews where body = ?", [COPIED])
    assert sorted(families) == [("P2", "P2"), ("P3", "P2")]
    assert dirty.rows("select product_id from interactions where user_id = 'U31'") == [("P2",)]


def test_an_interaction_has_the_time_of_the_first_review(dirty: Project) -> None:
    rows = dirty.rows("select reviewed_epoch, position from interactions where user_id = 'U01'")
    assert rows == [(FIRST, 1)]
