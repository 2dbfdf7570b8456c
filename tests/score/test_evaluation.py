"""The figures in ranker.evaluation are those that plain Python computes from the tables."""

import json
import math
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pytest
import xgboost as xgb

from evaluate.reference import (
    Figure,
    Known,
    Label,
    ListRow,
    reference_candidate_recall,
    reference_differences,
    reference_evaluation,
)
from project import Project


@pytest.fixture(scope="module")
def labels(scored_shop: Project) -> list[Label]:
    rows = scored_shop.rows(
        "select user_key, product_key from intermediate.labels where split = 'test'"
    )
    return [Label(*row) for row in rows]


@pytest.fixture(scope="module")
def lists(scored_shop: Project) -> list[ListRow]:
    """Each generator's own table, and the published boosters on the features of the test split."""
    rows = []
    generators = scored_shop.rows(
        "select table_name from information_schema.tables where table_schema = 'intermediate'"
        " and table_name like 'candidates\\_%' escape '\\'"
    )
    for (table,) in generators:
        rows += [
            ListRow(*row)
            for row in scored_shop.rows(
                f"select source, user_key, product_key, source_rank from intermediate.{table}"
                " where split = 'test'"
            )
        ]
    return rows + ranked_by_the_published_model(scored_shop)


def ranked_by_the_published_model(project: Project) -> list[ListRow]:
    snapshot = project.published / f"{project.current_run}.duckdb"
    with duckdb.connect(snapshot, read_only=True) as connection:
        members = connection.execute("select weight, booster, features from model").fetchall()
    features = members[0][2]
    columns = ", ".join(features)
    with project.connection() as connection:
        table = connection.sql(
            f"select user_key, product_key, {columns} from user_product_features"
            " where split = 'test'"
        ).to_arrow_table()
    matrix = np.column_stack(
        [table.column(name).to_numpy(zero_copy_only=False).astype(np.float32) for name in features]
    )
    margins = [
        np.float32(weight)
        * xgb.Booster(model_file=bytearray(booster)).inplace_predict(matrix, predict_type="margin")
        for weight, booster, _ in members
    ]
    scores = np.sum(margins, axis=0).tolist()
    users = table.column("user_key").to_pylist()
    products = table.column("product_key").to_pylist()
    rows = []
    rank, user_before = 0, None
    for user, _, product in sorted(
        zip(users, [-score for score in scores], products, strict=True)
    ):
        rank = rank + 1 if user == user_before else 1
        user_before = user
        rows.append(ListRow("ranker", user, product, rank))
    return rows


def test_the_ranker_is_published_in_this_shop(scored_shop: Project) -> None:
    assert scored_shop.rows("select model from ranker.runs") == [("ranker",)]


@pytest.fixture(scope="module")
def known(scored_shop: Project) -> Known:
    """What the test split knew, counted anew from its interactions and the products file."""
    interactions = scored_shop.rows(
        "select user_key, product_key, reviewed_epoch from intermediate.split_interactions"
        " where split = 'test' and role = 'history'"
    )
    cutoff = max(epoch for *_, epoch in interactions)
    lengths = Counter(user for user, *_ in interactions)
    counts = Counter(product for _, product, _ in interactions)
    first: dict[int, int] = {}
    for _, product, epoch in interactions:
        first[product] = min(epoch, first.get(product, epoch))
    tags: dict[int, dict[str, float]] = {}
    for product, tag, weight in scored_shop.rows(
        "select product_key, tag, weight from intermediate.product_tags"
    ):
        tags.setdefault(product, {})[tag] = weight
    return Known(
        lengths=dict(lengths),
        products={
            product: (count, (cutoff - first[product]) / 86_400)
            for product, count in counts.items()
        },
        tags=tags,
    )


def test_every_figure_equals_the_reference(
    scored_shop: Project, lists: list[ListRow], labels: list[Label], known: Known
) -> None:
    expected = reference_evaluation(
        lists, labels, catalog_size=len(known.products), ks=(5, 10, 20), known=known
    )
    found = {
        (model, segment, metric, k): Figure(*figure)
        for model, segment, metric, k, *figure in scored_shop.rows(
            "select model, segment, metric, k, value, ci_low, ci_high, users"
            " from ranker.evaluation"
        )
    }
    assert found.keys() == expected.keys()
    assert {model for model, *_ in found} >= {"ranker", "popular", "co_visited"}
    assert len({segment for _, segment, *_ in found}) >= 8
    for key, figure in found.items():
        assert figure == pytest.approx(expected[key], abs=2e-9), key
        if key[1] == "all" and key[2] == "ndcg":
            assert figure.users == len({label.user_key for label in labels})


def test_every_difference_equals_the_reference(
    scored_shop: Project, lists: list[ListRow], labels: list[Label], known: Known
) -> None:
    expected = reference_differences(lists, labels, ks=(5, 10, 20), known=known)
    rows = scored_shop.rows(
        "select baseline, metric, k, difference, ci_low, ci_high, users"
        " from ranker.evaluation_differences where model = 'ranker' and segment = 'all'"
    )
    found = {(baseline, metric, k): Figure(*figure) for baseline, metric, k, *figure in rows}
    assert len(rows) == scored_shop.value("select count(*) from ranker.evaluation_differences")
    assert found.keys() == expected.keys()
    for key, figure in found.items():
        assert figure == pytest.approx(expected[key], abs=2e-9), key


def test_the_values_of_users_have_the_means_of_the_evaluation(scored_shop: Project) -> None:
    metrics = [
        name
        for (name,) in scored_shop.rows(
            "select column_name from information_schema.columns"
            " where table_name = 'user_evaluation' and column_name like '%at_10'"
        )
    ]
    assert len(metrics) == 9
    for name in metrics:
        rows = scored_shop.rows(
            "select model, evaluation.value, evaluation.users, avg(of_users.value),"
            " count(of_users.value)"
            f" from ranker.evaluation as evaluation inner join (select run_id, model, {name} as"
            " value from ranker.user_evaluation) as of_users using (run_id, model)"
            " where evaluation.segment = 'all' and evaluation.k = 10 and evaluation.metric = ?"
            " group by all",
            [name.removesuffix("_at_10")],
        )
        assert rows
        for model, value, users, mean, count in rows:
            assert (value, users) == (pytest.approx(mean, abs=1e-9), count), (name, model)


def test_the_values_of_users_have_their_histories(scored_shop: Project, known: Known) -> None:
    rows = scored_shop.rows(
        "select distinct users.user_key, history_length from ranker.user_evaluation"
        " inner join users using (user_id)"
    )
    assert rows
    assert all(length == known.lengths.get(user, 0) for user, length in rows)


def test_candidate_recall_equals_the_reference(scored_shop: Project, labels: list[Label]) -> None:
    candidates = scored_shop.rows(
        "select user_key, product_key from intermediate.candidates where split = 'test'"
    )
    found = scored_shop.value("select candidate_recall from ranker.runs")
    assert found == pytest.approx(reference_candidate_recall(candidates, labels), abs=1e-9)
    assert 0.1 < found < 1


def test_the_metrics_of_the_run_are_its_evaluation(scored_shop: Project) -> None:
    [(metrics, recall)] = scored_shop.rows("select metrics, candidate_recall from ranker.runs")
    figures = json.loads(metrics)
    assert figures.pop("candidate_recall") == recall
    assert figures == {
        f"{metric}_at_{k}": value
        for metric, k, value in scored_shop.rows(
            "select metric, k, value from ranker.evaluation"
            " where model = 'ranker' and segment = 'all'"
        )
    }


def test_the_ranker_beats_popularity_on_the_demo(scored_shop: Project) -> None:
    values = dict(
        scored_shop.rows(
            "select model, value from ranker.evaluation"
            " where segment = 'all' and metric = 'ndcg' and k = 10"
        )
    )
    assert values["ranker"] > 1.5 * values["popular"]


def test_gains_are_shares(scored_shop: Project) -> None:
    gains = [gain for (gain,) in scored_shop.rows("select gain from ranker.feature_importance")]
    assert math.fsum(gains) == pytest.approx(1)


def test_no_list_has_variants_of_one_product_or_of_what_the_user_has(scored_shop: Project) -> None:
    assert scored_shop.value("select count(*) from product_variants") >= 50
    families = (
        "select lists.user_id, coalesce(variants.family_id, lists.product_id) as family_id"
        " from ranker.recommendations as lists"
        " left join product_variants as variants on lists.product_id = variants.product_id"
    )
    assert scored_shop.rows(f"{families} group by all having count(*) > 1") == []
    assert (
        scored_shop.rows(
            f"select * from ({families}) as listed inner join reviews"
            " on listed.user_id = reviews.user_id and listed.family_id = reviews.family_id"
        )
        == []
    )


def test_every_because_of_product_is_in_the_history(scored_shop: Project) -> None:
    assert (
        scored_shop.rows(
            "select * from ranker.recommendations as lists anti join interactions as history"
            " on lists.user_id = history.user_id"
            " and lists.because_of_product_id = history.product_id"
            " where reason_type = 'because_of'"
        )
        == []
    )
    reasons = dict(
        scored_shop.rows(
            "select reason_type, count(because_of_product_id) = count(*)"
            " from ranker.recommendations group by reason_type"
        )
    )
    assert reasons["because_of"]


def test_the_exported_file_is_the_table(scored_shop: Project, tmp_path: Path) -> None:
    lists = "select * from ranker.recommendations order by user_id, rank"
    with duckdb.connect() as connection:
        exported = connection.execute(f"from '{scored_shop.export}'").fetchall()
    assert exported == scored_shop.rows(lists)
