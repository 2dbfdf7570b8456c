"""What must hold of the metrics on any data, and that SQL and the plain loops agree."""

import random

import duckdb
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rankmart.evaluate import evaluate, per_user

from .reference import Label, ListRow, reference_evaluation
from .tables import evaluation_table, figures, per_user_table, ranked, wanted

few_examples = settings(max_examples=12, deadline=None)
users = st.integers(1, 5)
products = st.integers(1, 9)
cut_offs = st.lists(st.integers(1, 8), min_size=1, max_size=3, unique=True)


@st.composite
def ranked_lists(draw: st.DrawFn) -> list[ListRow]:
    """Lists of up to three models, with gaps in the ranks, the rows in any order."""
    rows = []
    owners = st.tuples(st.sampled_from(["content", "popular", "ranker"]), users)
    for model, user_key in draw(st.lists(owners, max_size=8, unique=True)):
        listed = draw(st.lists(products, max_size=8, unique=True))
        ranks = draw(
            st.lists(st.integers(1, 10), min_size=len(listed), max_size=len(listed), unique=True)
        )
        rows += [
            ListRow(model, user_key, product, rank)
            for product, rank in zip(listed, ranks, strict=True)
        ]
    return draw(st.permutations(rows))


labels_of_users = st.lists(st.builds(Label, users, products), min_size=1, max_size=15, unique=True)
hit_patterns = st.lists(st.booleans(), min_size=2, max_size=10)


@settings(max_examples=40, deadline=None)
@given(ranked_lists(), labels_of_users, cut_offs)
def test_sql_equals_the_plain_loops(
    lists: list[ListRow], labels: list[Label], ks: list[int]
) -> None:
    result = figures(lists, labels, ks=ks, catalog_size=9, models=["silent"])
    expected = reference_evaluation(lists, labels, catalog_size=9, ks=ks, models=["silent"])

    assert result.keys() == expected.keys()
    for key, figure in expected.items():
        assert result[key] == pytest.approx(figure, abs=1e-8), key


@few_examples
@given(ranked_lists(), labels_of_users, cut_offs)
def test_values_lie_between_zero_and_one(
    lists: list[ListRow], labels: list[Label], ks: list[int]
) -> None:
    table = evaluation_table(lists, labels, ks=ks, catalog_size=9, models=["ranker"])

    assert all(0 <= value <= 1 for value in table["value"].to_pylist())


@few_examples
@given(ranked_lists(), labels_of_users)
def test_recall_and_hit_rate_grow_with_k_and_hit_rate_is_above_recall(
    lists: list[ListRow], labels: list[Label]
) -> None:
    ks = range(1, 11)
    result = figures(lists, labels, ks=ks, models=["ranker"])

    for metric in ("recall", "hit_rate", "mrr", "catalog_coverage"):
        by_k = [result["ranker", metric, k].value for k in ks]
        assert by_k == sorted(by_k), metric
    for k in ks:
        assert result["ranker", "hit_rate", k].value >= result["ranker", "recall", k].value


@few_examples
@given(st.lists(products, min_size=1, unique=True), st.randoms(use_true_random=False), cut_offs)
def test_a_list_that_opens_with_exactly_the_labels_has_ndcg_one(
    wished: list[int], shuffler: random.Random, ks: list[int]
) -> None:
    opening = wished.copy()
    shuffler.shuffle(opening)
    lists = ranked("ranker", 1, [*opening, 101, 102, 103])

    result = figures(lists, wanted(1, wished), ks=ks)

    for k in ks:
        assert result["ranker", "ndcg", k].value == 1.0
        assert result["ranker", "map", k].value == 1.0
        assert result["ranker", "recall", k].value == pytest.approx(
            min(k, len(wished)) / len(wished)
        )


@few_examples
@given(hit_patterns, st.data(), st.integers(1, 10))
def test_moving_a_hit_up_never_lowers_a_metric(
    is_hit: list[bool], data: st.DataObject, k: int
) -> None:
    swaps = [
        (miss, hit)
        for miss in range(len(is_hit))
        for hit in range(miss + 1, len(is_hit))
        if is_hit[hit] and not is_hit[miss]
    ]
    assume(swaps)
    miss, hit = data.draw(st.sampled_from(swaps))
    before = list(range(len(is_hit)))
    after = before.copy()
    after[miss], after[hit] = hit, miss
    labels = wanted(1, [product for product in before if is_hit[product]])

    result = figures([*ranked("lower", 1, before), *ranked("upper", 1, after)], labels, ks=[k])

    for metric in ("ndcg", "map", "mrr", "recall", "precision", "hit_rate"):
        assert result["upper", metric, k].value >= result["lower", metric, k].value, metric


@few_examples
@given(ranked_lists(), labels_of_users, cut_offs)
def test_a_user_that_nothing_matches_lowers_every_mean_in_proportion(
    lists: list[ListRow], labels: list[Label], ks: list[int]
) -> None:
    count = len({label.user_key for label in labels})

    before = figures(lists, labels, ks=ks, models=["ranker"])
    after = figures(lists, [*labels, Label(99, 1)], ks=ks, models=["ranker"])

    for key, figure in before.items():
        if key[1] != "catalog_coverage":
            assert after[key].users == count + 1
            assert after[key].value == pytest.approx(figure.value * count / (count + 1), abs=1e-12)


@few_examples
@given(ranked_lists(), labels_of_users, cut_offs, st.randoms(use_true_random=False))
def test_shuffled_rows_give_the_same_tables(
    lists: list[ListRow], labels: list[Label], ks: list[int], shuffler: random.Random
) -> None:
    shuffled_lists = shuffler.sample(lists, len(lists))
    shuffled_labels = shuffler.sample(labels, len(labels))

    assert evaluation_table(shuffled_lists, shuffled_labels, ks=ks).equals(
        evaluation_table(lists, labels, ks=ks)
    )
    assert per_user_table(shuffled_lists, shuffled_labels, ks=ks).equals(
        per_user_table(lists, labels, ks=ks)
    )


@few_examples
@given(ranked_lists(), labels_of_users, cut_offs)
def test_the_mean_is_of_the_values_per_user(
    lists: list[ListRow], labels: list[Label], ks: list[int]
) -> None:
    by_key: dict[tuple[str, str, int], list[float]] = {}
    for row in per_user_table(lists, labels, ks=ks, models=["ranker"]).to_pylist():
        by_key.setdefault((row["model"], row["metric"], row["k"]), []).append(row["value"])

    result = figures(lists, labels, ks=ks, models=["ranker"])

    assert by_key.keys() == {key for key in result if key[1] != "catalog_coverage"}
    for key, of_users in by_key.items():
        assert len(of_users) == result[key].users
        assert result[key].value == pytest.approx(sum(of_users) / len(of_users), abs=1e-12)


@pytest.mark.parametrize("threads", [1, 4])
def test_threads_and_row_order_do_not_change_a_digit(threads: int) -> None:
    """Several row groups and hits per user, so that sums meet their terms in many orders."""
    connection = duckdb.connect()
    connection.execute(
        "create table ordered_lists as "
        "select "
        "    'ranker' as model, "
        "    users.user_key, "
        "    (users.user_key * 7 + ranks.rank * (users.user_key % 89 + 1) * 13) % 1009 "
        "        as product_key, "
        "    ranks.rank "
        "from range(20000) as users(user_key) "
        "cross join range(1, 11) as ranks(rank)"
    )
    connection.execute(
        "create table test_labels as "
        "select user_key, product_key from ordered_lists where user_key * rank * rank % 11 < 6"
    )
    connection.execute(
        "create table mixed_lists as select * from ordered_lists order by hash(user_key, rank)"
    )

    def both_tables(lists: str) -> tuple[pa.Table, pa.Table]:
        return (
            evaluate(connection, lists=lists, labels="test_labels", catalog_size=1009, ks=[3, 10]),
            per_user(connection, lists=lists, labels="test_labels", ks=[10]),
        )

    means, of_users = both_tables("ordered_lists")
    connection.execute(f"set threads = {threads}")
    means_of_mixed, of_users_of_mixed = both_tables("mixed_lists")

    assert means_of_mixed.equals(means)
    assert of_users_of_mixed.equals(of_users)
    connection.close()
