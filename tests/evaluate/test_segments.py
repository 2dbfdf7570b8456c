"""Which users and labels a segment holds."""

import pytest

from .reference import Known
from .tables import by_key, evaluation, figures, ranked, wanted

HISTORY_SEGMENTS = {
    0: "history: none",
    1: "history: 1",
    2: "history: 2 to 4",
    4: "history: 2 to 4",
    5: "history: 5 to 9",
    9: "history: 5 to 9",
    10: "history: 10 or more",
    99: "history: 10 or more",
}
AGE_SEGMENTS = {
    0.0: "product: new, up to 30 days",
    30.0: "product: new, up to 30 days",
    30.1: "product: 31 to 365 days",
    365.0: "product: 31 to 365 days",
    365.1: "product: over a year",
    None: "product: unseen",
}


@pytest.mark.parametrize(("length", "segment"), HISTORY_SEGMENTS.items())
def test_users_are_dealt_by_the_length_of_their_history(length: int, segment: str) -> None:
    known = Known({1: length} if length else {}, {}, {})

    found = by_key(evaluation([], wanted(1, [5]), models=["ranker"], known=known).figures)

    assert {of for _, of, _, _ in found if of.startswith("history")} == {segment}


@pytest.mark.parametrize(("age", "segment"), AGE_SEGMENTS.items())
def test_labels_are_dealt_by_the_age_of_their_product(age: float | None, segment: str) -> None:
    known = Known({}, {} if age is None else {5: (1, age)}, {})

    found = by_key(evaluation([], wanted(1, [5]), models=["ranker"], known=known).figures)

    assert {of for _, of, _, _ in found if of.startswith("product")} == {segment}


def test_a_mean_is_over_the_users_of_the_segment() -> None:
    known = Known({1: 1, 2: 3, 3: 4}, {}, {})
    lists = [row for user in (1, 2, 3) for row in ranked("ranker", user, [11, 12])]
    labels = [*wanted(1, [11]), *wanted(2, [12]), *wanted(3, [99]), *wanted(4, [11])]

    mrr = {
        segment: figure.value
        for (_, segment, metric, k), figure in by_key(
            evaluation(lists, labels, known=known).figures
        ).items()
        if (metric, k) == ("mrr", 10) and segment.startswith("history")
    }

    assert mrr == {"history: 1": 1, "history: 2 to 4": 0.25, "history: none": 0}


def test_only_labels_of_that_age_are_relevant() -> None:
    known = Known({}, {11: (1, 3.0), 12: (1, 400.0), 13: (1, 500.0)}, {})
    lists = [*ranked("ranker", 1, [11, 12]), *ranked("ranker", 2, [12])]
    labels = [*wanted(1, [11, 12, 13]), *wanted(2, [12])]

    old = figures(lists, labels, known=known, segment="product: over a year")
    new = figures(lists, labels, known=known, segment="product: new, up to 30 days")

    # User 1 finds 12 of 12 and 13, user 2 all.
    assert (old["ranker", "recall", 10].value, old["ranker", "recall", 10].users) == (0.75, 2)
    # For user 1 the hit is second: the new product above it is no hit of this segment.
    assert old["ranker", "mrr", 10].value == 0.75
    # User 2 wants nothing new, and is left out.
    assert (new["ranker", "recall", 10].value, new["ranker", "recall", 10].users) == (1, 1)
    assert new["ranker", "recall", 10].ci_low is None


def test_segments_have_every_model_at_ten_and_no_coverage() -> None:
    known = Known({1: 2}, {11: (1, 3.0)}, {})
    found = by_key(
        evaluation(
            ranked("ranker", 1, [11]), wanted(1, [11]), ks=[5, 20], models=["popular"], known=known
        ).figures
    )

    of_segments = {key for key in found if key[1] != "all"}
    assert {(model, segment) for model, segment, _, _ in of_segments} == {
        (model, segment)
        for model in ("popular", "ranker")
        for segment in ("history: 2 to 4", "product: new, up to 30 days")
    }
    assert {k for *_, k in of_segments} == {10}
    assert {k for *_, k in found.keys() - of_segments} == {5, 20}
    assert "catalog_coverage" not in {metric for _, _, metric, _ in of_segments}
    # What a list is like doesn't depend on which labels count.
    assert ("ranker", "history: 2 to 4", "novelty", 10) in found
    assert ("ranker", "product: new, up to 30 days", "novelty", 10) not in found


def test_without_a_history_there_are_no_segments_and_no_metrics_of_lists() -> None:
    found = by_key(evaluation(ranked("ranker", 1, [11]), wanted(1, [11])).figures)

    assert {segment for _, segment, _, _ in found} == {"all"}
    assert "novelty" not in {metric for _, _, metric, _ in found}
