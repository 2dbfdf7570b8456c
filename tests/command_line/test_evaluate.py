"""`rankmart evaluate` shows what scoring wrote, of the run, segment and k that are asked for."""

import csv
import io
import json
from pathlib import Path

import pytest

from project import Project


def test_every_model_is_shown_best_first_with_its_interval(temporal: Project) -> None:
    told = temporal.rankmart("evaluate").succeeded().stdout
    first, _, rest = told.partition("\n")
    assert first.startswith(f"Run {temporal.current_run} is published: ")
    models, _, differences = rest.partition("\n\nThe ranker less each, user by user\n")
    rows = models.splitlines()[2:]
    in_order = temporal.rows(
        "select model, value, ci_low, ci_high from ranker.evaluation where metric = 'ndcg'"
        " and segment = 'all' and k = 10 order by value desc, model"
    )
    assert [row.split()[0] for row in rows] == [model for model, *_ in in_order]
    for row, (_, value, low, high) in zip(rows, in_order, strict=True):
        assert f" {value:.4f} [{low:.4f} {high:.4f}] " in row
    assert "ranker" not in [row.split()[0] for row in differences.splitlines()[1:]]


def test_the_differences_are_those_of_the_table(temporal: Project) -> None:
    rows = list(csv.DictReader(io.StringIO(temporal.rankmart("evaluate", "--csv").stdout)))
    assert len(rows) == temporal.value(
        "select count(*) from ranker.evaluation where segment = 'all' and k = 10"
    )
    written = temporal.rows(
        "select baseline, metric, difference from ranker.evaluation_differences"
        " where segment = 'all' and k = 10"
    )
    assert written
    shown = {
        (row["model"], row["metric"]): float(row["difference"])
        for row in rows
        if row["difference"]
    }
    assert shown == pytest.approx({(model, metric): value for model, metric, value in written})


def test_json_has_every_metric_of_the_segment_and_k(temporal: Project) -> None:
    told = temporal.rankmart("evaluate", "--json", "--k", "5").succeeded().stdout
    found = json.loads(told)
    assert found["run_id"] == temporal.current_run
    assert found["verdict"] == "published"
    assert {row["k"] for row in found["figures"]} == {5}
    metrics = temporal.rows("select distinct metric from ranker.evaluation where k = 5")
    assert {row["metric"] for row in found["figures"]} == {metric for (metric,) in metrics}


def test_a_segment_has_its_own_users_and_no_differences(temporal: Project) -> None:
    segment, users = temporal.rows(
        "select segment, users from ranker.evaluation where segment like 'history:%'"
        " and metric = 'ndcg' order by users desc limit 1"
    )[0]
    told = temporal.rankmart("evaluate", "--segment", segment).succeeded().stdout
    assert f"\n{segment}: {users} users, " in told
    assert "The ranker less each" not in told


def test_the_latest_run_may_be_a_refused_one(temporal: Project, tmp_path: Path) -> None:
    project = temporal.copied_to(tmp_path)
    project.change(
        "update ranker.runs set is_current = false, verdict = 'refused', verdict_reason = 'worse'"
    )
    message = project.rankmart("evaluate").failed_plainly()
    assert "--run latest shows it" in message
    told = project.rankmart("evaluate", "--run", "latest").succeeded().stdout
    assert f"Run {temporal.current_run} is refused: worse" in told
    by_id = project.rankmart("evaluate", "--run", temporal.current_run).succeeded().stdout
    assert by_id == told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--run", "20240101-none"], "no run '20240101-none' in the warehouse; the last are"),
        (["--k", "7"], "no figures at k = 7 for all: it has k = 5, 10, 20"),
        (["--segment", "nobody"], "no segment 'nobody': all, history:"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(
    temporal: Project, arguments: list[str], words: str
) -> None:
    assert words in temporal.rankmart("evaluate", *arguments).failed_plainly()


def test_before_anything_is_scored_it_says_what_to_run(project: Project) -> None:
    assert "run `dbt run` first" in project.rankmart("evaluate").failed_plainly()
    with project.connection(read_only=False):
        pass
    assert "run `make score` first" in project.rankmart("evaluate").failed_plainly()


def test_json_and_csv_at_once_are_wrong_usage(project: Project) -> None:
    finished = project.rankmart("evaluate", "--json", "--csv")
    assert "not both" in finished.failed_plainly(exit_code=2)
