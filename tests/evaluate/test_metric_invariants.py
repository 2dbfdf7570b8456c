"""What must hold of the metrics on any data, and that SQL and the plain loops agree."""

import math
import random
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rankmart.evaluate import evaluate, per_user
from rankmart.user_values import LABEL_METRICS, SplitHistory

from .reference import Known, Label, ListRow, reference_differences, reference_evaluation
from .tables import (
    by_key,
    differences,
    evaluation,
    figures,
    per_user_table,
    ranked,
    wanted,
)

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


@st.composite
def histories(draw: st.DrawFn) -> Known:
    """Some of the users, products and tags known, at ages on both sides of every limit."""
    ages = st.sampled_from([0.0, 29.5, 30.0, 30.01, 365.0, 366.0])
    tags = st.dictionaries(st.sampled_from("abc"), st.integers(1, 5), min_size=1)
    return Known(
        lengths=draw(st.dictionaries(users, st.sampled_from([1, 2, 4, 5, 9, 10, 40]))),
        products=draw(st.dictionaries(products, st.tuples(st.integers(0, 3), ages))),
        tags={
            product: {
                tag: weight / math.hypot(*weights.values()) for tag, weight in weights.items()
            }
            for product, weights in draw(st.dictionaries(products, tags)).items()
        },
    )


labels_of_users = st.lists(st.builds(Label, users, products), min_size=1, max_size=15, unique=True)
hit_patterns = st.lists(st.booleans(), min_size=2, max_size=10)


@settings(max_examples=40, deadline=None)
@given(ranked_lists(), labels_of_users, cut_offs)
def test_sql_equals_the_plain_loops(
    lists: list[ListRow], labels: list[Label], ks: list[int]
) -> None:
    found = evaluation(lists, labels, ks=ks, catalog_size=9, models=["silent"], resamples=50)
    expected = reference_evaluation(
        lists, labels, catalog_size=9, ks=ks, models=["silent"], resamples=50
    )

    result = by_key(found.figures)
    assert result.keys() == expected.keys()
    for key, figure in expected.items():
        assert result[key] == pytest.approx(figure, abs=2e-9), key
    apart = reference_differences(lists, labels, ks=ks, models=["silent"], resamples=50)
    assert differences(found).keys() == apart.keys()
    for baseline, figure in apart.items():
        assert differences(found)[baseline] == pytest.approx(figure, abs=2e-9), baseline


@settings(max_examples=25, deadline=None)
@given(ranked_lists(), labels_of_users, cut_offs, histories())
def test_list_metrics_and_segments_equal_the_plain_loops(
    lists: list[ListRow], labels: list[Label], ks: list[int], known: Known
) -> None:
    asked: dict[str, Any] = {"ks": ks, "models": ["silent"], "known": known, "resamples": 50}
    found = evaluation(lists, labels, catalog_size=9, **asked)
    expected = reference_evaluation(lists, labels, catalog_size=9, **asked)

    result = by_key(found.figures)
    assert result.keys() == expected.keys()
    for key, figure in expected.items():
        assert result[key] == pytest.approx(figure, abs=2e-9), key
    apart = reference_differences(lists, labels, **asked)
    assert differences(found).keys() == apart.keys()
    for baseline, figure in apart.items():
        assert differences(found)[baseline] == pytest.approx(figure, abs=2e-9), baseline


@few_examples
@given(ranked_lists(), labels_of_users, cut_offs)
def test_values_lie_between_zero_and_one(
    lists: list[ListRow], labels: list[Label], ks: list[int]
) -> None:
    found = evaluation(lists, labels, ks=ks, catalog_size=9, models=["ranker"]).figures

    for column in ("value", "ci_low", "ci_high"):
        assert all(0 <= value <= 1 for value in found[column].to_pylist() if value is not None)


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
            assert after[key].value == pytest.approx(figure.value * count / (count + 1), abs=2e-9)


@few_examples
@given(ranked_lists(), labels_of_users, cut_offs, histories(), st.randoms(use_true_random=False))
def test_shuffled_rows_give_the_same_tables(
    lists: list[ListRow],
    labels: list[Label],
    ks: list[int],
    known: Known,
    shuffler: random.Random,
) -> None:
    shuffled_lists = shuffler.sample(lists, len(lists))
    shuffled_labels = shuffler.sample(labels, len(labels))

    found, again = (
        evaluation(*rows, ks=ks, models=["ranker"], known=known)
        for rows in ((lists, labels), (shuffled_lists, shuffled_labels))
    )

    assert again.figures.equals(found.figures)
    assert again.differences.equals(found.differences)
    assert again.users.equals(found.users)
    assert per_user_table(shuffled_lists, shuffled_labels, ks=ks).equals(
        per_user_table(lists, labels, ks=ks)
    )


@few_examples
@given(ranked_lists(), labels_of_users, cut_offs)
def test_the_mean_is_of_the_values_per_user(
    lists: list[ListRow], labels: list[Label], ks: list[int]
) -> None:
    collected: dict[tuple[str, str, int], list[float]] = {}
    for row in per_user_table(lists, labels, ks=ks, models=["ranker"]).to_pylist():
        for metric in LABEL_METRICS:
            collected.setdefault((row["model"], metric, row["k"]), []).append(row[metric])

    result = figures(lists, labels, ks=ks, models=["ranker"])

    assert collected.keys() == {key for key in result if key[1] != "catalog_coverage"}
    for key, of_users in collected.items():
        assert len(of_users) == result[key].users
        assert result[key].value == pytest.approx(sum(of_users) / len(of_users), abs=1e-9)


@few_examples
@given(ranked_lists(), labels_of_users, histories())
def test_the_rows_of_users_have_the_means_at_ten(
    lists: list[ListRow], labels: list[Label], known: Known
) -> None:
    found = evaluation(lists, labels, ks=[10], models=["ranker"], known=known)
    rows = found.users.to_pylist()

    assert len(rows) == len({(row["model"], row["user_key"]) for row in rows})
    assert {row["user_key"] for row in rows} == {label.user_key for label in labels}
    for row in rows:
        assert row["history_length"] == known.lengths.get(row["user_key"], 0)
        assert row["label_count"] == sum(label.user_key == row["user_key"] for label in labels)
    for (model, segment, metric, _), figure in by_key(found.figures).items():
        if segment == "all" and metric != "catalog_coverage":
            of_users = [row[f"{metric}_at_10"] for row in rows if row["model"] == model]
            told = [value for value in of_users if value is not None]
            assert len(told) == figure.users
            assert figure.value == pytest.approx(sum(told) / len(told), abs=1e-9)


@pytest.mark.parametrize("threads", [1, 4])
def test_threads_and_row_order_do_not_change_a_digit(threads: int) -> None:
    """Several row groups and hits per user, so that sums meet their terms in many orders."""
    connection = duckdb.connect()
    connection.execute(
        "create table ordered_lists as "
        "select "
        "    models.model, "
        "    users.user_key, "
        "    (users.user_key * models.step + ranks.rank * (users.user_key % 89 + 1) * 13) % 1009 "
        "        as product_key, "
        "    ranks.rank "
        "from range(20000) as users(user_key) "
        "cross join range(1, 11) as ranks(rank) "
        "cross join (values ('popular', 11), ('ranker', 7)) as models(model, step)"
    )
    connection.execute(
        "create table test_labels as "
        "select user_key, product_key from ordered_lists"
        " where model = 'ranker' and user_key * rank * rank % 11 < 6"
    )
    connection.execute(
        "create table mixed_lists as select * from ordered_lists "
        " order by hash(model, user_key, rank)"
    )

    connection.execute(
        "create table known_users as"
        " select user_key, user_key % 13 as history_length from range(20000) as users(user_key)"
    )
    connection.execute(
        "create table known_products as select product_key, product_key % 17 as user_count,"
        " product_key * 1.5 as age_days from range(1009) as products(product_key)"
    )
    connection.execute(
        "create table known_tags as select product_key, concat('t', product_key % (tag + 5)) as"
        " tag, sqrt(1 / 3) as weight from range(1009) as products(product_key)"
        " cross join range(3) as tags(tag) where product_key % 5 > 0"
    )

    def all_tables(lists: str) -> tuple[pa.Table, ...]:
        found = evaluate(
            connection,
            lists=lists,
            labels="test_labels",
            catalog_size=1009,
            ks=[3, 10],
            history=SplitHistory(
                users="known_users", products="known_products", tags="known_tags"
            ),
        )
        of_users = per_user(connection, lists=lists, labels="test_labels", ks=[10])
        return found.figures, found.differences, found.users, of_users

    tables = all_tables("ordered_lists")
    connection.execute(f"set threads = {threads}")
    again = all_tables("mixed_lists")

    for table, same in zip(tables, again, strict=True):
        assert same.equals(table)
    connection.close()
