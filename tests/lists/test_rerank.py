"""Maximal marginal relevance and the category cap, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankmart.rank import best_first
from rankmart.rerank import (
    Reranking,
    TagVectors,
    maximal_marginal_relevance,
    scaled,
    within_cap,
)

# Products 1 and 2 are the same, 3 shares a half with them (cosine .6), 4 shares nothing.
TAGS = {1: {1: 1.0}, 2: {1: 1.0}, 3: {1: 0.6, 2: 0.8}, 4: {3: 1.0}, 5: {}}


def vectors(tags: dict[int, dict[int, float]]) -> TagVectors:
    counts = [0, *(len(tags.get(product, {})) for product in range(1, max(tags) + 1))]
    entries = [entry for product in sorted(tags) for entry in sorted(tags[product].items())]
    return TagVectors(
        starts=np.r_[0, np.cumsum(counts)].astype(np.int64),
        tags=np.array([tag for tag, _ in entries], dtype=np.int32),
        weights=np.array([weight for _, weight in entries], dtype=np.float32),
    )


def reranking(
    *, diversity: float = 0.0, cap: int = 0, categories: tuple[int, ...] = ()
) -> Reranking:
    return Reranking(
        diversity=diversity,
        category_cap=cap,
        vectors=vectors(TAGS),
        categories=np.array(categories or [0] * 6, dtype=np.int32),
    )


def listed(
    how: Reranking, users: list[int], products: list[int], scores: list[float], *, k: int
) -> list[tuple[int, int]]:
    """The lists as (user, product)."""
    keys = np.array(users, dtype=np.int32), np.array(products, dtype=np.int32)
    positions = how.arrange(*keys, np.array(scores, dtype=np.float32), k=k)
    return [(users[position], products[position]) for position in positions]


def test_a_copy_of_what_stands_above_goes_down() -> None:
    # Relevance is 1, .9, .5, 0. After product 1, at diversity .5:
    #   2: .45 - .5 · 1 = -.05   3: .25 - .5 · .6 = -.05   4: 0 - .5 · 0 = 0
    # After product 4 the values of 2 and 3 stay: of equals the one with the higher score.
    tags, weights = vectors(TAGS).of(np.array([[1, 2, 3, 4]], dtype=np.int32))
    picked = maximal_marginal_relevance(
        np.array([[1.0, 0.9, 0.5, 0.0]]), tags, weights, tag_count=3, diversity=0.5, k=4
    )
    assert picked.tolist() == [[0, 3, 1, 2]]


def test_the_most_similar_of_those_above_counts_and_not_their_sum() -> None:
    # At diversity .4, relevance 1, .95, .9, .1: first 1, then 3 (.54 - .24 = .3 against
    # .57 - .4 = .17 for 2 and .06 for 4); then 2 is as near to 1 as before: .17 against .06.
    tags, weights = vectors(TAGS).of(np.array([[1, 2, 3, 4]], dtype=np.int32))
    picked = maximal_marginal_relevance(
        np.array([[1.0, 0.95, 0.9, 0.1]]), tags, weights, tag_count=3, diversity=0.4, k=4
    )
    assert picked.tolist() == [[0, 2, 1, 3]]


def test_diversity_1_takes_the_best_and_then_what_differs_most() -> None:
    order = listed(reranking(diversity=1.0), [1] * 4, [1, 2, 3, 4], [4.0, 3.0, 2.0, 1.0], k=3)
    assert order == [(1, 1), (1, 4), (1, 3)]


def test_products_without_tags_are_like_nothing() -> None:
    order = listed(reranking(diversity=0.9), [1] * 3, [1, 2, 5], [3.0, 2.9, 0.0], k=3)
    assert order == [(1, 1), (1, 5), (1, 2)]


def test_users_do_not_mix_and_may_have_few_candidates() -> None:
    order = listed(
        reranking(diversity=0.5),
        [7, 3, 3, 3, 7],
        [2, 1, 2, 4, 1],
        [0.5, 0.9, 0.8, 0.1, 0.4],
        k=3,
    )
    assert order == [(3, 1), (3, 4), (3, 2), (7, 2), (7, 1)]


def test_relevance_is_scaled_within_the_user() -> None:
    # The same list for scores of any unit and sign.
    for factor, shift in ((1, 0), (100, -1000), (0.01, 3)):
        scores = [factor * score + shift for score in (1.0, 0.9, 0.5, 0.0)]
        order = listed(reranking(diversity=0.5), [1] * 4, [1, 2, 3, 4], scores, k=2)
        assert order == [(1, 1), (1, 4)]


def test_equal_scores_scale_to_zero() -> None:
    assert scaled(np.array([[5.0, 5.0, -np.inf]])).tolist() == [[0, 0, -np.inf]]


def test_a_list_is_the_beginning_of_a_longer_one() -> None:
    generator = np.random.default_rng(5)
    users = np.repeat([1, 2, 3], 60).tolist()
    products = np.tile(generator.integers(1, 6, size=60), 3).tolist()
    scores = generator.normal(size=180).tolist()
    how = reranking(diversity=0.4)
    for user in (1, 2, 3):
        short = [one for one in listed(how, users, products, scores, k=10) if one[0] == user]
        long = [one for one in listed(how, users, products, scores, k=20) if one[0] == user]
        assert short == long[:10]


def test_a_cap_keeps_the_best_of_each_category() -> None:
    # Categories: 1, 2 and 3 in the first, 4 in the second.
    how = reranking(cap=2, categories=(0, 1, 1, 1, 2, 0))
    order = listed(how, [1] * 4, [1, 2, 3, 4], [0.1, 0.4, 0.3, 0.2], k=3)
    assert order == [(1, 2), (1, 3), (1, 4)]


def test_a_cap_does_not_count_products_without_a_category() -> None:
    how = reranking(cap=1, categories=(0, 0, 0, 0, 1, 1))
    order = listed(how, [1] * 5, [1, 2, 3, 4, 5], [5.0, 4.0, 3.0, 2.0, 1.0], k=5)
    assert order == [(1, 1), (1, 2), (1, 3), (1, 4)]


def test_the_cap_is_per_user() -> None:
    how = reranking(cap=1, categories=(0, 1, 1, 1, 1, 1))
    assert listed(how, [1, 1, 2], [1, 2, 1], [1.0, 2.0, 3.0], k=5) == [(1, 2), (2, 1)]


def test_with_both_the_cap_comes_first() -> None:
    # The cap leaves 1 and 4 of (1, 2) and (3, 4); then there is nothing left to differ from.
    how = reranking(diversity=0.5, cap=1, categories=(0, 1, 1, 2, 2, 0))
    order = listed(how, [1] * 4, [1, 2, 3, 4], [4.0, 3.0, 1.0, 2.0], k=4)
    assert order == [(1, 1), (1, 4)]


def test_no_candidates_give_no_list() -> None:
    assert listed(reranking(diversity=0.5, cap=2), [], [], [], k=3) == []


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.integers(1, 5), st.floats(-9, 9, width=32)),
        unique_by=lambda row: row[:2],
        max_size=15,
    ),
    st.sampled_from([0.0, 0.2, 1.0]),
    st.integers(0, 2),
)
def test_no_product_twice_no_cap_broken_and_the_best_comes_first(
    rows: list[tuple[int, int, float]], diversity: float, cap: int
) -> None:
    categories = (0, 1, 1, 2, 2, 0)
    users, products, scores = (
        (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    )
    how = reranking(diversity=diversity, cap=cap, categories=categories)
    order = listed(how, users, products, scores, k=4)
    assert len(set(order)) == len(order)
    for user in set(users):
        own = [product for one, product in order if one == user]
        best = max((score, -product) for one, product, score in rows if one == user)
        assert own[0] == -best[1]
        for category in (1, 2):
            count = sum(categories[product] == category for product in own)
            assert not cap or count <= cap


def test_the_cap_is_the_same_for_rows_in_any_order() -> None:
    generator = np.random.default_rng(2)
    users = np.repeat(np.arange(1, 6), 20).astype(np.int32)
    products = np.tile(np.arange(1, 21), 5).astype(np.int32)
    scores = generator.integers(0, 5, 100).astype(np.float32)
    categories = generator.integers(0, 4, 100).astype(np.int32)
    shuffled = generator.permutation(100)
    straight = within_cap(users, products, scores, categories, cap=2)
    mixed = within_cap(
        users[shuffled], products[shuffled], scores[shuffled], categories[shuffled], cap=2
    )
    assert sorted(shuffled[mixed].tolist()) == straight.tolist()


def test_diversity_0_is_the_order_of_scores() -> None:
    generator = np.random.default_rng(4)
    users = np.repeat(np.arange(1, 4), 5).astype(np.int32)
    products = np.tile(np.arange(1, 6), 3).astype(np.int32)
    scores = generator.normal(size=15).astype(np.float32)
    assert (
        reranking().arrange(users, products, scores, k=3).tolist()
        == best_first(users, products, scores, k=3).tolist()
    )


@pytest.mark.parametrize("users", [1, 3000])
def test_batches_of_users_do_not_change_the_lists(
    users: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(9)
    keys = np.repeat(np.arange(1, users + 1), 5).astype(np.int32)
    products = np.tile(np.arange(1, 6), users).astype(np.int32)
    scores = generator.normal(size=5 * users).astype(np.float32)
    at_once = reranking(diversity=0.3).arrange(keys, products, scores, k=4)
    monkeypatch.setattr("rankmart.rerank.MOST_USERS_PER_BATCH", 7)
    in_batches = reranking(diversity=0.3).arrange(keys, products, scores, k=4)
    assert at_once.tolist() == in_batches.tolist()
