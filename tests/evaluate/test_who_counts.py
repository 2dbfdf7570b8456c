"""Which users, models and rows an evaluation counts, and what it refuses."""

import duckdb
import pyarrow as pa
import pytest

from rankmart.evaluate import candidate_recall, evaluate, per_user
from rankmart.user_values import LABEL_METRICS

from .tables import evaluation, figures, per_user_table, ranked, wanted


def test_a_user_without_a_list_counts_zero() -> None:
    lists = ranked("ranker", 1, [11])

    recall = figures(lists, [*wanted(1, [11]), *wanted(2, [11])])["ranker", "recall", 5]

    assert (recall.value, recall.users) == (0.5, 2)


def test_every_model_is_measured_on_the_same_users() -> None:
    lists = [*ranked("popular", 1, [11]), *ranked("ranker", 2, [11])]

    result = figures(lists, [*wanted(1, [11]), *wanted(2, [11]), *wanted(3, [11])])

    assert {figure.users for figure in result.values()} == {3}
    assert result["popular", "mrr", 5].value == pytest.approx(1 / 3)
    assert result["ranker", "mrr", 5].value == pytest.approx(1 / 3)


def test_a_label_that_no_model_has_seen_counts_as_a_miss() -> None:
    lists = ranked("ranker", 1, [11])

    assert figures(lists, wanted(1, [11, 987654]))["ranker", "recall", 5].value == 0.5


def test_a_user_without_a_label_is_left_out() -> None:
    lists = [*ranked("ranker", 1, [11]), *ranked("ranker", 2, [11])]

    hit_rate = figures(lists, wanted(1, [11]))["ranker", "hit_rate", 5]

    assert (hit_rate.value, hit_rate.users) == (1.0, 1)


def test_a_model_whose_users_have_no_labels_is_measured_all_the_same() -> None:
    lists = [*ranked("ranker", 1, [11]), *ranked("content", 2, [11])]

    assert figures(lists, wanted(1, [11]))["content", "hit_rate", 5].value == 0


def test_a_named_model_without_rows_gets_zeros() -> None:
    labels = [*wanted(1, [11]), *wanted(2, [12])]

    result = figures(ranked("ranker", 1, [11]), labels, models=["content", "ranker"])

    content = {
        metric: figure for (model, metric, _), figure in result.items() if model == "content"
    }
    assert len(content) == 7
    assert content.pop("catalog_coverage") == (0, None, None, 2)
    assert set(content.values()) == {(0, 0, 0, 2)}
    assert result["ranker", "hit_rate", 5].value == 0.5


def test_empty_lists_give_zeros_for_the_named_models_only() -> None:
    assert figures([], wanted(1, [11])) == {}
    assert figures([], wanted(1, [11]), models=["ranker"])["ranker", "ndcg", 5].value == 0


def test_without_labels_nothing_is_measured() -> None:
    lists = ranked("ranker", 1, [11])

    found = evaluation(lists, [])
    assert [found.figures.num_rows, found.differences.num_rows, found.users.num_rows] == [0, 0, 0]
    assert per_user_table(lists, []).num_rows == 0


def test_columns_and_order_of_the_evaluation() -> None:
    lists = [*ranked("ranker", 1, [11]), *ranked("popular", 1, [12])]

    table = evaluation(lists, wanted(1, [11]), ks=[10, 5, 10]).figures

    assert table.schema == pa.schema(
        {
            "model": pa.string(),
            "segment": pa.string(),
            "metric": pa.string(),
            "k": pa.int32(),
            "value": pa.float64(),
            "ci_low": pa.float64(),
            "ci_high": pa.float64(),
            "users": pa.int64(),
        }
    )
    assert set(table["segment"].to_pylist()) == {"all"}
    keys = [(row["model"], row["metric"], row["k"]) for row in table.to_pylist()]
    assert keys == [
        (model, metric, k)
        for model in ("popular", "ranker")
        for metric in (
            "ndcg",
            "recall",
            "precision",
            "map",
            "mrr",
            "hit_rate",
            "catalog_coverage",
        )
        for k in (5, 10)
    ]


def test_relations_may_be_views_in_a_schema() -> None:
    connection = duckdb.connect()
    connection.execute("create schema ranker")
    connection.execute(
        "create view ranker.lists as "
        "select 'ranker' as model, 1 as user_key, 11 as product_key, 1::smallint as rank"
    )
    connection.execute("create table test_labels as select 1 as user_key, 11 as product_key")

    table = per_user(connection, lists="ranker.lists", labels="test_labels", ks=[1])
    recall = candidate_recall(connection, candidates="ranker.lists", labels="test_labels")

    [row] = table.to_pylist()
    assert [row[metric] for metric in LABEL_METRICS] == [1.0] * 6
    assert recall == 1.0
    connection.close()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [("ranker", 1, 11, 1), ("ranker", 1, 12, 1)],
            "ranked_lists can't be evaluated, it has rank 1 twice for user_key 1 of model ranker",
        ),
        (
            [("ranker", 1, 11, 1), ("ranker", 1, 11, 2)],
            "product_key 11 twice for user_key 1 of model ranker",
        ),
        ([("ranker", 1, 11, 0)], "rank 0 for user_key 1 of model ranker"),
        ([(None, 1, 11, 1)], "a null column"),
        ([("ranker", None, 11, 1)], "a null column"),
        ([("ranker", 1, None, 1)], "a null column"),
        ([("ranker", 1, 11, None), ("ranker", 1, 12, None)], "a null column"),
    ],
)
def test_defective_lists_are_refused(rows: list[tuple[object, ...]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluation(rows, wanted(1, [11]))
    with pytest.raises(ValueError, match=message):
        per_user_table(rows, wanted(1, [11]))


def test_the_same_rank_and_product_for_two_users_or_models_is_no_defect() -> None:
    lists = [
        *ranked("ranker", 1, [11]),
        *ranked("ranker", 2, [11]),
        *ranked("popular", 1, [11]),
    ]

    assert len(figures(lists, wanted(1, [11]))) == 14


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([(1, 11), (1, 11)], "wanted_products .* product_key 11 twice for user_key 1"),
        ([(None, 11)], "a null column"),
        ([(1, None)], "a null column"),
    ],
)
def test_defective_labels_are_refused(labels: list[tuple[object, ...]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluation(ranked("ranker", 1, [11]), labels)


@pytest.mark.parametrize("ks", [[], [0], [5, -1]])
def test_cut_offs_start_at_one(ks: list[int]) -> None:
    with pytest.raises(ValueError, match="ks is"):
        evaluation(ranked("ranker", 1, [11]), wanted(1, [11]), ks=ks)


def test_an_empty_catalogue_is_refused() -> None:
    with pytest.raises(ValueError, match="catalog_size is 0"):
        evaluate(duckdb.connect(), lists="none", labels="none", catalog_size=0)
