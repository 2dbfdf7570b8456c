"""Contributions add up to the score, whatever the boosters and their weights."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
import xgboost as xgb

from project import Project
from rankmart.explain import contributions

SOME_USER = "select user_id, product_id, rank from ranker.recommendations order by all limit 5"


def booster(seed: int, objective: str) -> xgb.Booster:
    generator = np.random.default_rng(seed)
    matrix = generator.normal(size=(400, 4)).astype(np.float32)
    matrix[generator.random(matrix.shape) < 0.2] = np.nan
    labels = (np.nan_to_num(matrix[:, 0]) + 0.1 * generator.normal(size=400) > 0).astype(int)
    data = xgb.DMatrix(matrix, label=labels, qid=np.repeat(np.arange(40), 10))
    return xgb.train({"objective": objective, "seed": seed, "nthread": 1}, data, num_boost_round=9)


def test_contributions_and_bias_are_the_weighted_sum_of_margins() -> None:
    boosters = [(booster(1, "rank:ndcg"), 0.7), (booster(2, "binary:logistic"), -1.3)]
    matrix = np.random.default_rng(3).normal(size=(50, 4)).astype(np.float32)
    matrix[0, :] = np.nan
    values, bias = contributions(boosters, matrix)
    assert values.shape == (50, 4)
    expected = sum(
        weight * one.inplace_predict(matrix, predict_type="margin") for one, weight in boosters
    )
    assert values.sum(axis=1) + bias == pytest.approx(expected, abs=1e-4)
    # The only feature that the labels follow adds the most.
    assert np.abs(values).mean(axis=0).argmax() == 0


def test_the_parts_of_published_scores_add_up(scored_shop: Project) -> None:
    for user, product, rank in scored_shop.rows(SOME_USER):
        shown = json.loads(
            scored_shop.rankmart("explain", user, product, "--json").succeeded().stdout
        )
        assert (shown["rank"], shown["product_id"], shown["model"]) == (rank, product, "ranker")
        score = scored_shop.value(
            "select score from ranker.recommendations where user_id = ? and product_id = ?",
            [user, product],
        )
        added = [part["contribution"] for part in shown["contributions"]]
        assert math.fsum(added) + shown["bias"] == pytest.approx(score, abs=1e-4)
        assert shown["score"] == pytest.approx(score, abs=1e-6)
        assert [abs(part) for part in added] == sorted(map(abs, added), reverse=True)


def test_values_are_those_of_the_features_that_were_scored(scored_shop: Project) -> None:
    [(user, product, _), *_] = scored_shop.rows(SOME_USER)
    shown = json.loads(scored_shop.rankmart("explain", user, product, "--json").succeeded().stdout)
    values = {part["feature"]: part["value"] for part in shown["contributions"]}
    features = json.loads(scored_shop.value("select parameters from ranker.runs"))["features"]
    assert sorted(values) == sorted(features)
    columns = ", ".join(f"cast({name} as float)" for name in features)
    [row] = scored_shop.rows(
        f"select {columns} from user_product_features inner join users using (user_key)"
        " inner join products using (product_key)"
        " where split = 'serve' and user_id = ? and product_id = ?",
        [user, product],
    )
    assert [values[name] for name in features] == list(row)


def test_without_a_product_it_is_the_first_of_the_list(scored_shop: Project) -> None:
    user, first = scored_shop.rows(
        "select user_id, product_id from ranker.recommendations"
        " where rank = 1 and reason_type = 'because_of' order by user_id limit 1"
    )[0]
    text = scored_shop.rankmart("explain", user).succeeded().stdout
    assert text.startswith(f"{first} ")
    assert f", number 1 for {user} (run {scored_shop.current_run}, ranker)" in text
    because_of = scored_shop.value(
        "select because_of_product_id from ranker.recommendations where user_id = ? and rank = 1",
        [user],
    )
    assert re.search(rf"^because of {because_of} .+, reviewed on 20\d\d-", text, re.MULTILINE)


def test_the_table_is_sorted_and_its_sum_is_the_score(scored_shop: Project) -> None:
    [(user, product, _), *_] = scored_shop.rows(SOME_USER)
    text = scored_shop.rankmart("explain", user, product).succeeded().stdout
    below = text.split("adds\n", 1)[1]
    added = [float(number) for number in re.findall(r"([+-][\d.]+)$", below, re.MULTILINE)]
    *parts, rest, bias, score = added
    assert len(parts) == 15
    assert [abs(part) for part in parts] == sorted(map(abs, parts), reverse=True)
    assert math.fsum(parts) + rest + bias == pytest.approx(score, abs=0.002)  # four decimals


def test_a_variant_is_explained_as_its_family(scored_shop: Project) -> None:
    user, product, variant = scored_shop.rows(
        "select user_id, lists.product_id, variants.product_id"
        " from ranker.recommendations as lists inner join product_variants as variants"
        " on lists.product_id = variants.family_id and not variants.is_representative"
        " order by all limit 1"
    )[0]
    explained = scored_shop.rankmart("explain", user, variant, "--json").succeeded().stdout
    assert json.loads(explained)["product_id"] == product


def test_a_pinned_product_is_explained_by_its_rule(scored_shop: Project, tmp_path: Path) -> None:
    project = scored_shop.copied_to(tmp_path)
    [(user, product, _), *_] = project.rows(
        "select user_id, product_id, rank from ranker.recommendations where rank = 9"
        " order by all limit 1"
    )
    project.change(
        f"insert into list_rules (rule, product_id, position) values ('pin', '{product}', 1)"
    )
    project.rankmart("score").succeeded()
    shown = json.loads(project.rankmart("explain", user, "--json").succeeded().stdout)
    assert (shown["product_id"], shown["reason"], shown["source"]) == (product, "rule", "rule")
    assert (shown["contributions"], shown["bias"], shown["because_of"]) == ([], None, None)
    assert "set by a list rule" in project.rankmart("explain", user).succeeded().stdout


def test_a_warehouse_that_was_built_anew_is_told(scored_shop: Project, tmp_path: Path) -> None:
    project = scored_shop.copied_to(tmp_path)
    [(user, product, _), *_] = project.rows(SOME_USER)
    project.change(
        "update user_product_features set product_days_since_last = 900, user_span_days = 0"
    )
    message = project.rankmart("explain", user, product).failed_plainly()
    assert "the warehouse was built anew since run" in message
    assert "run `make score`" in message
    project.change("delete from user_product_features where split = 'serve'")
    assert "built anew" in project.rankmart("explain", user, product).failed_plainly()


def test_who_or_what_is_not_in_a_list_is_named(scored_shop: Project) -> None:
    [(user, _, _), *_] = scored_shop.rows(SOME_USER)
    assert (
        "user 'nobody' has no list" in scored_shop.rankmart("explain", "nobody").failed_plainly()
    )
    message = scored_shop.rankmart("explain", user, "B0NOTHERE").failed_plainly()
    assert f"user '{user}' has no 'B0NOTHERE' in a list" in message


def test_before_anything_is_published_it_says_what_to_do(project: Project) -> None:
    message = project.rankmart("explain", "ann").failed_plainly()
    assert "nothing is published" in message
    assert "run `dbt run`, then `make score`" in message
