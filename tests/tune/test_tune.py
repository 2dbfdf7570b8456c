"""Tuning: trials on fit users alone, resumed where they stopped, and a file that others use."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from project import Finished, Project
from rankmart.errors import RankmartError
from rankmart.plans import LAMBDAMART_SMALL, LOGISTIC
from rankmart.tuned import Var, read_tuned, read_tuned_vars, write_tuned, write_vars
from tune.idle_defaults import TOO_HEAVY

pytestmark = pytest.mark.long

TRIALS = """
select study, trial, state, validation_ndcg_at_10, parameters
from ranker.tuning_trials
where study like '{}%'
order by study, trial
"""
GROUP = "two hops"
EARLIER = {"two_hop_width": Var(value=9, instead_of=25)}
POOR = {"two_hop_width": 1, "candidates_at_most": 4}


@pytest.fixture(scope="module")
def tuned(scored_shop: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The shop after two trials of a group of vars, and two of the ranker."""
    project = copied(scored_shop, tmp_path_factory.mktemp("tuned"))
    tune(project, trials=2, generator_trials=2).succeeded()
    return project


def copied(shop: Project, scratch: Path) -> Project:
    return replace(shop.copied_to(scratch), more={"RANKMART_TUNED": str(scratch / "tuned.json")})


def tune(project: Project, *more: str, trials: int = 1, generator_trials: int = 0) -> Finished:
    return project.rankmart(
        "tune",
        *("--trials", str(trials), "--generator-trials", str(generator_trials)),
        *("--group", GROUP, "--project", str(project.root), *more),
    )


@pytest.fixture(scope="module")
def poor(scored_shop: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The shop with defaults that anything is better than, after it was tuned.

    Two hops go through one product, the ranker chooses among four, and its parameters learn
    nothing.
    """
    project = copied(scored_shop, tmp_path_factory.mktemp("poor"))
    file = project.root / "dbt_project.yml"
    told = file.read_text(encoding="utf-8")
    file.unlink()
    for name, number in POOR.items():
        told, changed = re.subn(rf"^  {name}: \d+$", f"  {name}: {number}", told, flags=re.M)
        assert changed == 1, name
    file.write_text(told, encoding="utf-8")
    project.dbt_command("run", "--select", "two_hop_pairs+", "candidates+").succeeded()
    ended = subprocess.run(
        [
            *(sys.executable, Path(__file__).with_name("idle_defaults.py"), "tune"),
            *("--trials", "4", "--generator-trials", "2", "--project", project.root),
            *("--group", GROUP, "--group", "candidates_at_most"),
        ],
        cwd=project.scratch,
        env=project.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr
    (project.scratch / "said.txt").write_text(ended.stdout, encoding="utf-8")
    return project


def test_the_first_trial_is_of_the_defaults(tuned: Project) -> None:
    trials = tuned.rows(TRIALS.format("ranker"))
    assert [trial[1:3] for trial in trials] == [(0, "complete"), (1, "complete")]
    assert all(0 < trial[3] < 1 for trial in trials)
    first = json.loads(trials[0][4])
    assert first["0_max_depth"] == LAMBDAMART_SMALL["max_depth"]
    assert first["1_max_depth"] == LOGISTIC["max_depth"]
    assert first != json.loads(trials[1][4])


def test_a_trial_of_the_default_vars_builds_what_is_in_the_warehouse(tuned: Project) -> None:
    first, second = tuned.rows(TRIALS.format(GROUP))
    assert json.loads(first[4]) == {"two_hop_width": 25}
    assert json.loads(second[4]) != json.loads(first[4])
    [(built,)] = tuned.rows(
        """
        with

        labelled as (

            select user_key, list(product_key) as wanted from intermediate.labels
            where split = 'fit' group by user_key

        ),

        found as (

            select
                labelled.user_key,
                len(labelled.wanted) as wanted,
                sum(1 / log2(1 + lists.source_rank)) as dcg
            from labelled
            left join intermediate.candidates_two_hop as lists
                on lists.split = 'fit' and labelled.user_key = lists.user_key
                and lists.source_rank <= 10 and list_contains(labelled.wanted, lists.product_key)
            group by all

        )

        select avg(coalesce(dcg, 0) / list_sum(list_transform(
            range(2, 2 + least(wanted, 10)), lambda place: 1 / log2(place)
        )))
        from found
        """
    )
    assert first[3] == pytest.approx(built)


def test_vars_whose_own_lists_are_better_are_compared_by_the_ranker(poor: Project) -> None:
    default, other = poor.rows(TRIALS.format(GROUP))
    assert json.loads(default[4]) == {"two_hop_width": 1}
    assert other[3] > 1.2 * default[3]
    chosen: dict[str, float] = {}
    compared = [json.loads(row[4]) for row in poor.rows(TRIALS.format("vars with the ranker"))]
    assert compared[0]["vars"] == json.loads(other[4])
    assert [row["vars"].get("candidates_at_most") for row in compared] == [None, 100, 225]
    for row in compared:
        assert row["instead_of"] == chosen
        if row["gain"] > row["standard_error"]:
            chosen = row["vars"]
    assert chosen["candidates_at_most"] in (100, 225)
    file = poor.scratch / "tuned.json"
    assert read_tuned_vars(file) == {
        name: Var(value=value, instead_of=POOR[name]) for name, value in chosen.items()
    }
    said = (poor.scratch / "said.txt").read_text(encoding="utf-8")
    assert f"candidates_at_most: {chosen['candidates_at_most']} instead of 4\n" in said
    assert f"They are in {file}: the next `dbt run`" in said


def test_parameters_that_other_users_confirm_are_in_the_file(poor: Project) -> None:
    default, *others = poor.rows(TRIALS.format("ranker"))
    assert json.loads(default[4])["0_min_child_weight"] == TOO_HEAVY
    best = max(others, key=lambda row: row[3])
    assert best[3] > 1.5 * default[3]
    file = poor.scratch / "tuned.json"
    [kept] = read_tuned(file)
    found = {name.removeprefix("0_"): value for name, value in json.loads(best[4]).items()}
    assert kept == LOGISTIC | found
    assert json.loads(file.read_text(encoding="utf-8"))["validation_ndcg_at_10"] == best[3]
    assert ": kept." in (poor.scratch / "said.txt").read_text(encoding="utf-8")


def test_trials_go_on_where_they_stopped(scored_shop: Project, tmp_path: Path) -> None:
    project = copied(scored_shop, tmp_path)
    tune(project, trials=1).succeeded()
    before = project.rows(TRIALS.format("ranker"))
    tune(project, trials=1).succeeded()
    after = project.rows(TRIALS.format("ranker"))
    assert after[: len(before)] == before
    assert len(after) == len(before) + 1


def test_parameters_that_are_not_confirmed_any_more_are_deleted(
    scored_shop: Project, tmp_path: Path
) -> None:
    project = copied(scored_shop, tmp_path)
    file = tmp_path / "tuned.json"
    write_tuned(file, [LOGISTIC | {"eta": 0.15}], value=0.2, default=0.1, trials=9)
    # The one trial is of the defaults.
    said = tune(project, trials=1).succeeded().output
    assert not file.exists()
    assert f"deleted {file}" in said


def test_vars_that_are_not_better_any_more_are_deleted(
    scored_shop: Project, tmp_path: Path
) -> None:
    project = copied(scored_shop, tmp_path)
    file = tmp_path / "tuned.json"
    write_vars(file, EARLIER)
    # The one trial of the group is of the default, so there is nothing to compare by the ranker.
    said = tune(project, generator_trials=1).succeeded().output
    assert project.rows(TRIALS.format("vars with the ranker")) == []
    assert "Nothing was surely better than the defaults" in said
    assert not file.exists()


@pytest.mark.parametrize("generator_trials", [0, 2])
def test_what_there_is_no_time_to_try_stays_as_the_file_has_it(
    scored_shop: Project, tmp_path: Path, generator_trials: int
) -> None:
    project = copied(scored_shop, tmp_path)
    file = tmp_path / "tuned.json"
    write_tuned(file, [LOGISTIC], value=0.2, default=0.1, trials=9, found_vars=EARLIER)
    before = file.read_bytes()
    said = tune(project, "--minutes", "0", generator_trials=generator_trials).succeeded().output
    assert file.read_bytes() == before
    assert f"there was no time to try anything, so {file} stays as it is" in said


def test_vars_that_there_is_no_time_to_compare_stay_beside_what_trials_found_before(
    tuned: Project, tmp_path: Path
) -> None:
    project = copied(tuned, tmp_path)
    shutil.copy(tuned.scratch / "tuned.journal", tmp_path)
    file = tmp_path / "tuned.json"
    write_tuned(file, [LOGISTIC], value=0.2, default=0.1, trials=9, found_vars=EARLIER)
    tune(project, "--minutes", "0", generator_trials=2).succeeded()
    assert read_tuned_vars(file) == EARLIER


def test_labels_of_test_users_are_not_looked_at(
    scored_shop: Project, tuned: Project, tmp_path: Path
) -> None:
    blind = copied(scored_shop, tmp_path)
    blind.change(
        "delete from intermediate.labels where split = 'test'",
        "update user_product_features set label = 0 where split = 'test'",
        "delete from intermediate.split_interactions where split = 'test'",
        "delete from intermediate.histories where split != 'fit'",
    )
    tune(blind, trials=1, generator_trials=2).succeeded()
    for study in (GROUP, "vars with the ranker"):
        assert blind.rows(TRIALS.format(study)) == tuned.rows(TRIALS.format(study))
    assert blind.rows(TRIALS.format("ranker")) == tuned.rows(TRIALS.format("ranker"))[:1]


@pytest.fixture(scope="module")
def by_file(scored_shop: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The shop after a build and a scoring with a file of tuned numbers."""
    project = copied(scored_shop, tmp_path_factory.mktemp("by_file"))
    write_tuned(
        project.scratch / "tuned.json",
        [
            LAMBDAMART_SMALL | {"max_depth": 2, "eta": 0.125},
            LOGISTIC | {"max_depth": 3, "eta": 0.25},
        ],
        value=0.2,
        default=0.1,
        trials=7,
        found_vars={
            "two_hop_width": Var(value=9, instead_of=25),
            "factors": Var(value=3, instead_of=64),
            # As if dbt_project.yml had been changed since: it has 50.
            "reviewers_per_product": Var(value=7, instead_of=40),
            "similar_users": Var(value=5, instead_of=20),
        },
    )
    built = ("two_hop_pairs", "product_reviewers", "candidates_similar_users", "factor_pairs")
    finished = project.dbt("--select", *built, similar_users=11).succeeded()
    told = "tuned.json: two_hop_width 9, factors 3 (not: reviewers_per_product, similar_users,"
    assert told in finished.in_words()
    project.rankmart("score", "--accept").succeeded()
    return project


def test_a_build_takes_the_vars_of_the_file(by_file: Project) -> None:
    models = dict(by_file.rows("select model, sql from raw.compiled_models"))
    assert "neighbor_rank <= 9\n" in models["two_hop_pairs"]


def test_a_model_in_python_takes_them_too(by_file: Project, scored_shop: Project) -> None:
    wide = "select median(association) from intermediate.factor_pairs where neighbor_rank = 1"
    # In three dimensions there is always something near.
    assert by_file.value(wide) > 0.95 > scored_shop.value(wide)


def test_a_var_of_the_command_line_comes_before_the_file(by_file: Project) -> None:
    models = dict(by_file.rows("select model, sql from raw.compiled_models"))
    assert "other_rank <= 11\n" in models["candidates_similar_users"]


def test_a_var_that_was_changed_since_comes_before_the_file(by_file: Project) -> None:
    models = dict(by_file.rows("select model, sql from raw.compiled_models"))
    assert "reviewer_from_last <= 50\n" in models["product_reviewers"]


def test_a_run_keeps_what_it_was_made_with(by_file: Project) -> None:
    parameters = json.loads(by_file.value("select parameters from ranker.runs where is_current"))
    assert parameters["generator_vars"] == {"factors": 3, "similar_users": 11, "two_hop_width": 9}
    used = {
        (member["xgboost"]["max_depth"], member["xgboost"]["eta"])
        for member in parameters["members"]
    }
    assert used
    assert used <= {(2, 0.125), (3, 0.25)}


def test_a_run_on_dbt_project_yml_alone_names_no_vars(scored_shop: Project) -> None:
    parameters = scored_shop.value("select parameters from ranker.runs where is_current")
    assert "generator_vars" not in json.loads(parameters)


def test_a_file_that_dbt_cannot_read_is_named(scored_shop: Project, tmp_path: Path) -> None:
    project = copied(scored_shop, tmp_path)
    (tmp_path / "tuned.json").write_text("[]", encoding="utf-8")
    failed = project.dbt("--select", "two_hop_pairs").failed_plainly(exit_code=2)
    assert "tuned.json holds no tuned vars: delete it" in failed


def test_a_project_without_features_is_told_what_to_do(project: Project) -> None:
    assert "dbt run" in tune(project, trials=1).failed_plainly()


def test_a_folder_without_a_project_is_named(scored_shop: Project, tmp_path: Path) -> None:
    project = copied(scored_shop, tmp_path)
    failed = project.rankmart("tune", "--group", GROUP, "--project", str(tmp_path))
    assert "no dbt_project.yml" in failed.failed_plainly()


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "{}", '{"objectives": []}', '{"objectives": [{"objective": "reg:x"}]}'),
        '{"objectives": [], "vars": []}',
    ],
)
def test_a_file_that_is_none_of_ours_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "tuned.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(RankmartError, match=r"tuned\.json .* delete"):
        read_tuned(file)


@pytest.mark.parametrize("found", ["[]", '{"a": 1}', '{"a": {"value": "x", "instead_of": 1}}'])
def test_vars_that_are_no_numbers_are_named(tmp_path: Path, found: str) -> None:
    file = tmp_path / "tuned.json"
    file.write_text('{"objectives": [], "vars": ' + found + "}", encoding="utf-8")
    with pytest.raises(RankmartError, match=r"tuned\.json .* delete"):
        read_tuned_vars(file)


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert read_tuned(tmp_path / "tuned.json") == ()
    assert read_tuned_vars(tmp_path / "tuned.json") == {}
