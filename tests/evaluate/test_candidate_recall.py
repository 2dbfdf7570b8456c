import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .reference import Label, reference_candidate_recall
from .tables import recall_of_candidates, wanted

pairs = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 8)), max_size=30)


def test_mean_over_users_of_the_share_of_labels_found() -> None:
    candidates = [(1, 11), (1, 15), (2, 12), (3, 13)]
    labels = [*wanted(1, [11, 12]), *wanted(2, [11]), *wanted(3, [13])]

    # User 1 finds 1 of 2, user 2 none of 1, user 3 all: (1/2 + 0 + 1) / 3.
    assert recall_of_candidates(candidates, labels) == 0.5


def test_a_candidate_of_two_generators_counts_once() -> None:
    assert recall_of_candidates([(1, 11), (1, 11)], wanted(1, [11, 12])) == 0.5


def test_a_user_without_candidates_counts_zero() -> None:
    labels = [*wanted(1, [11]), *wanted(2, [11])]

    assert recall_of_candidates([(1, 11)], labels) == 0.5


def test_candidates_of_a_user_without_labels_are_left_out() -> None:
    assert recall_of_candidates([(1, 11), (2, 11)], wanted(1, [11])) == 1.0


def test_no_candidates_recall_nothing() -> None:
    assert recall_of_candidates([], wanted(1, [11])) == 0.0


def test_no_labels_have_no_recall() -> None:
    assert math.isnan(recall_of_candidates([(1, 11)], []))


def test_a_repeated_label_is_refused() -> None:
    with pytest.raises(ValueError, match="product_key 11 twice"):
        recall_of_candidates([], wanted(1, [11, 11]))


@settings(max_examples=15, deadline=None)
@given(pairs, pairs.filter(bool), st.randoms(use_true_random=False))
def test_equals_the_reference_in_any_order(
    candidates: list[tuple[int, int]],
    labels: list[tuple[int, int]],
    shuffler: random.Random,
) -> None:
    unique_labels = [Label(*pair) for pair in dict.fromkeys(labels)]

    recall = recall_of_candidates(candidates, unique_labels)

    assert recall == pytest.approx(
        reference_candidate_recall(candidates, unique_labels), abs=1e-12
    )
    shuffler.shuffle(candidates)
    shuffler.shuffle(unique_labels)
    assert recall_of_candidates(candidates, unique_labels) == recall
