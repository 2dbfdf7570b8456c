"""The figures in ranker.evaluation are those that plain Python computes from the tables."""

import json
import math
from pathlib import Path

import duckdb
import numpy as np
import pytest
import xgboost as xgb

from evaluate.reference import (
    Label,
    ListRow,
    reference_candidate_recall,
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


def test_every_figure_equals_the_reference(
    scored_shop: Project, lists: list[ListRow], labels: list[Label]
) -> None:
    catalog_size = scored_shop.value(
        "select count(distinct product_key) from intermediate.split_interactions"
        " where split = 'test' and role = 'history'"
    )
    expected = reference_evaluation(lists, labels, catalog_size=catalog_size, ks=(5, 10, 20))
    found = {
        (model, metric, k): (value, ci_low, ci_high, users)
        for model, metric, k, value, ci_low, ci_high, users in scored_shop.rows(
            "select model, metric, k, value, ci_low, ci_high, users from ranker.evaluation"
        )
    }
    assert found.keys() == expected.keys()
    assert {model for model, _, _ in found} >= {"ranker", "popular", "co_visited"}
    for key, (value, ci_low, ci_high, users) in found.items():
        assert value == pytest.approx(expected[key].value, abs=1e-9), key
        assert ci_low == pytest.approx(expected[key].ci_low, abs=1e-6), key
        assert ci_high == pytest.approx(expected[key].ci_high, abs=1e-6), key
        assert users == expected[key].users == len({label.user_key for label in labels})


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
            "select metric, k, value from ranker.evaluation where model = 'ranker'"
        )
    }


def test_the_ranker_beats_popularity_on_the_demo(scored_shop: Project) -> None:
    values = dict(
        scored_shop.rows(
            "select model, value from ranker.evaluation where metric = 'ndcg' and k = 10"
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
