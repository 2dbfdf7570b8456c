"""Diversity and the category cap: what is published is what is judged."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from project import ROOT, Project

pytestmark = pytest.mark.long

FIGURES = (
    "select metric, k, value from ranker.evaluation where run_id = ? and model = ? order by all"
)
BY_CATEGORY = """
select max(product_count) from (
    select count(*) as product_count
    from ranker.recommendations inner join products using (product_id)
    group by user_id, category
)
"""


def test_no_list_has_more_of_a_category_than_the_cap(
    varied: Project, scored_shop: Project
) -> None:
    assert scored_shop.value(BY_CATEGORY) > 1
    assert varied.value(BY_CATEGORY) == 1


def test_lists_by_score_are_judged_beside_and_are_those_without_re_ranking(
    varied: Project, scored_shop: Project
) -> None:
    without = scored_shop.rows(FIGURES, [scored_shop.current_run, "ranker"])
    assert without
    assert varied.rows(FIGURES, [varied.current_run, "ranker_by_score"]) == without
    assert varied.rows(FIGURES, [varied.current_run, "ranker"]) != without


def test_the_gate_and_the_metrics_of_the_run_are_of_what_is_published(varied: Project) -> None:
    [(metrics, reason)] = varied.rows(
        "select metrics, verdict_reason from ranker.runs where is_current"
    )
    value = varied.value(
        "select value from ranker.evaluation where run_id = ? and model = 'ranker'"
        " and segment = 'all' and metric = 'ndcg' and k = 10",
        [varied.current_run],
    )
    assert json.loads(metrics)["ndcg_at_10"] == value
    assert f"ndcg@10 {value:.5f}, popular" in reason


def test_the_first_product_stays_the_one_with_the_highest_score(
    varied: Project, scored_shop: Project
) -> None:
    first = (
        "select user_id, product_id, score from ranker.recommendations where rank = 1 order by all"
    )
    assert varied.rows(first) == scored_shop.rows(first)


def test_the_run_tells_its_settings(varied: Project, scored_shop: Project) -> None:
    assert varied.current_run != scored_shop.current_run
    parameters = json.loads(varied.value("select parameters from ranker.runs where is_current"))
    assert (parameters["diversity"], parameters["category_cap"]) == (0.4, 1)


def test_a_generator_in_the_rankers_place_is_re_ranked_and_judged_so(
    scored_shop: Project, tmp_path: Path
) -> None:
    project = replace(scored_shop.copied_to(tmp_path), more={"RANKMART_CATEGORY_CAP": "1"})
    # Too few users with a label are left to train a ranker on.
    project.change(
        "update user_product_features set label = 0"
        " where starts_with(split, 'fit') and user_key % 50 != 1"
    )
    project.rankmart("score", "--accept").succeeded()
    model = project.value("select model from ranker.runs where is_current")
    assert model != "ranker"
    own = scored_shop.rows(FIGURES, [scored_shop.current_run, model])
    assert project.rows(FIGURES, [project.current_run, f"{model}_by_score"]) == own
    assert project.rows(FIGURES, [project.current_run, model]) != own
    assert project.value(BY_CATEGORY) == 1


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("RANKMART_DIVERSITY", "1.5", "RANKMART_DIVERSITY is '1.5': give a number from 0 to 1"),
        ("RANKMART_DIVERSITY", "much", "give a number from 0 to 1"),
        ("RANKMART_DIVERSITY", "nan", "give a number from 0 to 1"),
        ("RANKMART_CATEGORY_CAP", "-1", "RANKMART_CATEGORY_CAP is '-1': give a whole number"),
        ("RANKMART_TODAY", "tomorrow", "RANKMART_TODAY is 'tomorrow': give a day, such as"),
    ],
)
def test_a_setting_that_can_not_be_read_is_named(
    project: Project, variable: str, value: str, words: str
) -> None:
    odd = Project(project.scratch, more={variable: value})
    assert words in odd.rankmart("score").failed_plainly()


def test_the_table_of_the_benchmark_is_measured(scored_shop: Project) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.diversity", "--warehouse", scored_shop.warehouse],
        cwd=ROOT,
        env=os.environ | {"OMP_WAIT_POLICY": "PASSIVE"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr
    rows = [line.strip("|").split("|") for line in ended.stdout.splitlines()[2:]]
    settings = [(float(row[0]), row[1].strip()) for row in rows]
    assert settings == [(0, "none"), (0.1, "none"), (0.3, "none"), (0.5, "none"), (0, "2")]
    by_score = scored_shop.value(
        "select value from ranker.evaluation where model = 'ranker'"
        " and segment = 'all' and metric = 'ndcg' and k = 10"
    )
    assert float(rows[0][2]) == pytest.approx(by_score, abs=5e-5)
    varied = [float(row[4]) for row in rows]
    assert varied[0] < varied[1] < varied[2] < varied[3]
    assert varied[0] < varied[4]
