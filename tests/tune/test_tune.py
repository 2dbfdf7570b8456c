"""Tuning: trials on fit users alone, resumed where they stopped, and a file that scoring uses."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from project import Finished, Project
from rankmart.errors import RankmartError
from rankmart.train import LAMBDAMART_SMALL, LOGISTIC
from rankmart.tuned import read_tuned, write_tuned

TRIALS = """
select trial, state, validation_ndcg_at_10, parameters
from ranker.tuning_trials
order by trial
"""


@pytest.fixture(scope="module")
def tuned(scored_shop: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The shop after three trials."""
    scratch = tmp_path_factory.mktemp("tuned")
    project = replace(
        scored_shop.copied_to(scratch), more={"RANKMART_TUNED": str(scratch / "tuned.json")}
    )
    tune(project, trials=3).succeeded()
    return project


def tune(project: Project, *, trials: int) -> Finished:
    return project.rankmart("tune", "--trials", str(trials))


def test_the_first_trial_is_of_the_defaults(tuned: Project) -> None:
    trials = tuned.rows(TRIALS)
    assert [trial[:2] for trial in trials] == [(0, "complete"), (1, "complete"), (2, "complete")]
    assert all(0 < trial[2] < 1 for trial in trials)
    first = json.loads(trials[0][3])
    assert first["0_max_depth"] == LAMBDAMART_SMALL["max_depth"]
    assert first["1_max_depth"] == LOGISTIC["max_depth"]
    assert first != json.loads(trials[1][3]) != json.loads(trials[2][3])


def test_the_best_parameters_are_in_the_file_if_they_beat_the_defaults(tuned: Project) -> None:
    values = [trial[2] for trial in tuned.rows(TRIALS)]
    file = tuned.scratch / "tuned.json"
    if max(values) > values[0]:
        kept = json.loads(file.read_text(encoding="utf-8"))
        assert kept["validation_ndcg_at_10"] == max(values)
        assert kept["default_ndcg_at_10"] == values[0]
    else:
        assert not file.exists()


def test_trials_go_on_where_they_stopped(tuned: Project) -> None:
    before = tuned.rows(TRIALS)
    tune(tuned, trials=1).succeeded()
    after = tuned.rows(TRIALS)
    assert after[: len(before)] == before
    assert len(after) == len(before) + 1


def test_labels_of_test_users_are_not_looked_at(
    scored_shop: Project, tuned: Project, tmp_path: Path
) -> None:
    blind = replace(
        scored_shop.copied_to(tmp_path), more={"RANKMART_TUNED": str(tmp_path / "tuned.json")}
    )
    blind.change(
        "delete from intermediate.labels where split = 'test'",
        "update user_product_features set label = 0 where split = 'test'",
    )
    tune(blind, trials=1).succeeded()
    assert blind.rows(TRIALS) == tuned.rows(TRIALS)[:1]


def test_scoring_uses_the_file(scored_shop: Project, tmp_path: Path) -> None:
    file = tmp_path / "tuned.json"
    objectives = [
        LAMBDAMART_SMALL | {"max_depth": 2, "eta": 0.125},
        LOGISTIC | {"max_depth": 3, "eta": 0.25},
    ]
    write_tuned(file, objectives, value=0.2, default=0.1, trials=7)
    project = replace(scored_shop.copied_to(tmp_path), more={"RANKMART_TUNED": str(file)})
    project.rankmart("score", "--accept").succeeded()
    parameters = json.loads(project.value("select parameters from ranker.runs where is_current"))
    used = {
        (member["xgboost"]["max_depth"], member["xgboost"]["eta"])
        for member in parameters["members"]
    }
    assert used
    assert used <= {(2, 0.125), (3, 0.25)}


def test_a_project_without_features_is_told_what_to_do(project: Project) -> None:
    assert "dbt run" in tune(project, trials=1).failed_plainly()


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"objectives": []}', '{"objectives": [{"objective": "reg:x"}]}']
)
def test_a_file_that_is_none_of_ours_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "tuned.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(RankmartError, match=r"tuned\.json .* delete"):
        read_tuned(file)


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert read_tuned(tmp_path / "tuned.json") == ()
