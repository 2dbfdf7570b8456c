"""Each check finds the problem that it is there for, and says what to do."""

import json
import os
import shutil
import socket
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import duckdb
import pytest

from project import ROOT, Project
from rankmart.doctor import inputs, installation, machine, serving
from rankmart.doctor.checks import Check, in_lines, ok
from rankmart.settings import Settings
from rankmart_serving.settings import Settings as ServingSettings

PROBLEM, WARNING, OK = "problem", "warning", "ok"


def expect(check: Check, state: str, found: str, todo: str = "") -> None:
    assert check.state == state, check
    assert found in check.found, check
    assert todo in check.todo, check
    assert bool(check.todo) == (state != OK), check


@pytest.fixture
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("RANKMART_"):
            monkeypatch.delenv(name)


def test_another_python_is_a_problem() -> None:
    expect(installation.check_python((3, 10, 4)), PROBLEM, "3.10.4", "PYTHON=python3.11")
    expect(installation.check_python((3, 12, 1)), OK, "3.12.1")


INSTALLED = metadata.version


def versions(monkeypatch: pytest.MonkeyPatch, **changed: str | None) -> None:
    """Let packages be of other versions, or None for not there; the others are as they are."""

    def version(name: str) -> str:
        if name not in changed:
            return INSTALLED(name)
        found = changed[name]
        if found is None:
            raise metadata.PackageNotFoundError(name)
        return found

    monkeypatch.setattr(metadata, "version", version)


def test_packages_that_lack_or_are_too_old_are_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    expect(installation.check_packages(), OK, "as required")
    versions(monkeypatch, duckdb="1.4.0", uvicorn=None)
    check = installation.check_packages()
    expect(check, PROBLEM, "duckdb is 1.4.0, not ", "make setup")
    assert "uvicorn is not installed" in check.found


def test_either_build_of_xgboost_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    versions(monkeypatch, xgboost=None, **{"xgboost-cpu": "3.1.0"})
    expect(installation.check_packages(), OK, "as required")


def test_extras_are_listed_and_one_that_is_too_old_is_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    versions(monkeypatch, optuna="3.0", prefect=None)
    check = installation.check_extras()
    expect(check, WARNING, "optuna is 3.0", "pip install --upgrade 'rankmart[")
    versions(monkeypatch, prefect=None)
    expect(installation.check_extras(), OK, "not: flow (pip install 'rankmart[flow]')")


def test_dbt_needs_the_project_and_its_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    expect(installation.check_dbt(ROOT), OK, "project rankmart, profile rankmart")
    expect(installation.check_dbt(tmp_path), PROBLEM, "no dbt_project.yml", "--project")
    shutil.copy(ROOT / "dbt_project.yml", tmp_path)
    expect(installation.check_dbt(tmp_path), PROBLEM, "no profiles.yml", "DBT_PROFILES_DIR")
    (tmp_path / "profiles.yml").write_text("other: {}\n", encoding="utf-8")
    expect(installation.check_dbt(tmp_path), PROBLEM, "no profile 'rankmart'")
    versions(monkeypatch, **{"dbt-core": "1.9.0"})
    expect(installation.check_dbt(ROOT), PROBLEM, "dbt is 1.9.0", "make setup")
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    expect(installation.check_dbt(ROOT), PROBLEM, "no `dbt`")


def test_an_xgboost_that_does_not_train_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    import xgboost

    expect(installation.check_xgboost(), OK, "trains")

    def train(*_: object, **__: object) -> None:
        raise xgboost.core.XGBoostError("no device")

    monkeypatch.setattr(xgboost, "train", train)
    expect(installation.check_xgboost(), PROBLEM, "no device", "pip install")


@pytest.mark.parametrize(
    ("variables", "state", "found", "todo"),
    [
        ({}, OK, "none, defaults hold", ""),
        ({"RANKMART_SEED": "x"}, PROBLEM, "RANKMART_SEED is 'x'", "give a whole number"),
        ({"RANKMART_PORT": "70000"}, PROBLEM, "RANKMART_PORT is 70000", "0 to 65535"),
        ({"RANKMART_PROTOCOL": "random"}, PROBLEM, "'random'", "temporal or leave_last_out"),
        (
            {"RANKMART_REVEIWS": "a.csv"},
            WARNING,
            "RANKMART_REVEIWS is not read",
            "RANKMART_REVIEWS",
        ),
        ({"RANKMART_OTHER_PART": "1"}, OK, "RANKMART_OTHER_PART", ""),
    ],
)
def test_settings_that_can_not_be_read_or_are_misspelt(
    variables: dict[str, str], state: str, found: str, todo: str
) -> None:
    expect(inputs.check_settings(variables), state, found, todo)


@pytest.mark.usefixtures("no_variables")
def test_reviews_are_found_and_their_form_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check() -> Check:
        return inputs.check_reviews(ROOT, {})

    monkeypatch.setenv("RANKMART_REVIEWS", str(tmp_path / "nowhere.csv"))
    expect(check(), PROBLEM, "no file at", "rankmart demo-data")
    monkeypatch.setenv("RANKMART_REVIEWS", str(tmp_path))
    expect(check(), PROBLEM, "is a directory", "/*.csv")
    monkeypatch.setenv("RANKMART_REVIEWS", str(tmp_path / "*.csv"))
    (tmp_path / "a.csv").write_text("user,item,time\nu,p,2024-01-01\n", encoding="utf-8")
    expect(check(), OK, "minimal")
    (tmp_path / "b.csv").write_text("x,y\n1,2\n", encoding="utf-8")
    expect(check(), PROBLEM, "b.csv has no column for user_id", "var reviews_columns")
    expect(inputs.check_reviews(tmp_path, {}), WARNING, "its form unknown", "--project")


@pytest.mark.usefixtures("no_variables")
def test_products_may_lack_but_not_be_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expect(inputs.check_products(ROOT, {}), OK, "none given")
    told = {"products_path": str(tmp_path / "nowhere.csv")}
    expect(inputs.check_products(ROOT, told), PROBLEM, "no file at", "RANKMART_PRODUCTS")


def test_a_tuned_file_that_is_none_is_a_problem(tmp_path: Path) -> None:
    settings = Settings(tuned=tmp_path / "tuned.json")
    expect(inputs.check_tuned(settings), OK, "none")
    settings.tuned.write_text('{"objectives": [{"objective": "rank:nothing"}]}', encoding="utf-8")
    expect(inputs.check_tuned(settings), PROBLEM, "ranks nothing", "delete")


def test_a_disk_that_is_too_small_is_told_before_it_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(
        warehouse=tmp_path / "w.duckdb", published=tmp_path / "later" / "published"
    )
    files = [("reviews.csv.gz", 10_000_000, 0.0)]

    def free(size: int) -> None:
        usage = shutil.disk_usage(ROOT)._replace(free=size)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    free(5_000_000_000)
    expect(machine.check_disk(settings, files), OK, "5.0 GB")
    free(500_000_000)
    expect(machine.check_disk(settings, files), WARNING, "may need 1.0 GB", "RANKMART_WAREHOUSE")
    free(20_000_000)
    expect(machine.check_disk(settings, files), PROBLEM, "20 MB free", "make room")
    monkeypatch.setattr(os, "access", lambda *_: False)
    expect(machine.check_disk(settings, files), PROBLEM, "can't be written to")


@pytest.mark.parametrize(
    ("limit", "state", "found", "todo"),
    [
        ("4GB", OK, "4GB of 8.0 GB", ""),
        ("7GB", WARNING, "leaves little", "6.8 GB"),
        ("9GB", PROBLEM, "there are 8.0 GB", "lower it"),
        ("much", PROBLEM, "RANKMART_MEMORY_LIMIT is 'much'", "such as 4GB"),
    ],
)
def test_a_memory_limit_that_the_machine_does_not_have(
    limit: str, state: str, found: str, todo: str
) -> None:
    check = machine.check_memory(Settings(memory_limit=limit), total=8_000_000_000)
    assert check.state == state, check
    assert found in check.found
    assert todo in check.todo


def test_the_memory_of_this_machine_is_known() -> None:
    assert (machine.memory_bytes() or 0) > 100_000_000


def test_more_threads_than_cores_are_a_warning() -> None:
    expect(machine.check_threads(Settings(threads=3), cores=2), WARNING, "there are 2", "lower")
    expect(machine.check_threads(Settings(), cores=2), OK, "of 2 cores")


def test_a_pointer_that_leads_nowhere_is_a_problem(tmp_path: Path) -> None:
    settings = Settings(published=tmp_path)
    expect(serving.check_published(settings), WARNING, "nothing in", "make score")
    (tmp_path / "current").write_text("../else\n", encoding="utf-8")
    expect(serving.check_published(settings), PROBLEM, "names no run", "make score")
    (tmp_path / "current").write_text("20240101-abc\n", encoding="utf-8")
    expect(serving.check_published(settings), PROBLEM, "is not there", "make score")
    duckdb.connect(tmp_path / "20240101-abc.duckdb").close()
    expect(serving.check_published(settings), PROBLEM, "can't be opened", "make score")


def test_an_event_store_out_of_reach_is_a_problem(tmp_path: Path) -> None:
    expect(serving.check_events("off"), OK, "off")
    expect(serving.check_events(f"sqlite:///{tmp_path}/e.sqlite"), OK, "none yet")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "e.sqlite").write_text("no database, but long enough to be one" * 9, "utf-8")
    broken = serving.check_events(f"sqlite:///{tmp_path}/e.sqlite")
    expect(broken, PROBLEM, "can't be read", "RANKMART_EVENTS")
    expect(serving.check_events("sqlite://"), PROBLEM, "in memory", "off for none")
    expect(serving.check_events("nonsense"), PROBLEM, "can't be read")
    server = serving.check_events("postgresql+psycopg://u:secret@127.0.0.1:9/events")
    expect(server, PROBLEM, "can't be read", "RANKMART_EVENTS")
    assert "secret" not in server.found


def test_a_port_that_is_taken_is_a_warning() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        settings = ServingSettings(port=listening.getsockname()[1])
        expect(serving.check_port(settings), WARNING, "is taken", "--port")
    expect(serving.check_port(settings), OK, "is free")


def test_a_line_is_a_check_and_the_last_one_the_sum() -> None:
    checks = [ok("one", "fine"), Check("second", "problem", "broken", "mend it")]
    assert in_lines(checks).splitlines() == [
        "ok       one     fine",
        "problem  second  broken -> mend it",
        "",
        "Problems: 1, warnings: 0.",
    ]


def doctor(project: Project, *arguments: str) -> dict[str, dict[str, str]]:
    """What `rankmart doctor` finds, by name; its exit code must fit."""
    finished = project.rankmart("doctor", "--project", str(ROOT), "--json", *arguments)
    found = json.loads(finished.stdout)
    assert finished.exit_code == (1 if found["problems"] else 0), finished.output
    return {check["name"]: check for check in found["checks"]}


def test_all_is_well_where_all_is_well(temporal: Project) -> None:
    at_any_port = replace(temporal, more={"RANKMART_PORT": "0"})
    finished = at_any_port.rankmart("doctor", "--project", str(ROOT)).succeeded()
    lines = finished.stdout.splitlines()
    assert lines[-1] == "All is well."
    assert all(line.startswith("ok ") for line in lines[:-2])
    assert temporal.current_run in finished.stdout
    assert finished.stderr == ""


def test_a_fresh_clone_is_told_where_to_begin(project: Project) -> None:
    checks = doctor(project)
    assert checks["reviews"]["state"] == PROBLEM
    assert checks["warehouse"]["todo"] == "run `dbt run`"
    assert checks["published"]["todo"] == "run `make score`"


def test_a_warehouse_in_use_names_the_process(temporal: Project, tmp_path: Path) -> None:
    copy = temporal.copied_to(tmp_path)
    with copy.connection(read_only=False):
        check = doctor(copy)["warehouse"]
    assert check["state"] == PROBLEM
    assert f"process {os.getpid()}: " in check["found"]
    assert "wait for it, or close it" in check["todo"]


def test_a_file_that_is_no_warehouse_is_a_problem(project: Project) -> None:
    project.warehouse.write_bytes(b"no database" * 1000)
    assert doctor(project)["warehouse"]["state"] == PROBLEM


def test_what_changed_since_the_build_and_the_scoring_is_told(
    temporal: Project, tmp_path: Path
) -> None:
    other = tmp_path / "reviews.csv"
    shutil.copy(temporal.reviews, other)
    copy = replace(temporal.copied_to(tmp_path), reviews=other)
    copy.change(
        "insert into raw.builds by name select * replace (now() as started_at, now()"
        " as finished_at) from raw.builds where is_whole limit 1"
    )
    checks = doctor(copy)
    assert checks["build"]["state"] == WARNING
    assert "files of reviews are other ones now" in checks["build"]["found"]
    assert "built again since" in checks["score"]["found"]
    copy.change(
        "update raw.builds set failed_models = 1 where started_at ="
        " (select max(started_at) from raw.builds)"
    )
    assert doctor(copy)["build"]["state"] == PROBLEM
    copy.change("delete from ranker.runs")
    assert doctor(copy)["score"]["found"] == "never scored"


def test_a_refused_run_is_told_with_the_reason(temporal: Project, tmp_path: Path) -> None:
    copy = temporal.copied_to(tmp_path)
    copy.change("update ranker.runs set verdict = 'refused', verdict_reason = 'not better'")
    check = doctor(copy)["score"]
    assert check["state"] == WARNING
    assert "was refused: not better" in check["found"]


def test_settings_that_can_not_be_read_end_the_checks_with_what_to_do(project: Project) -> None:
    checks = doctor(replace(project, more={"RANKMART_THREADS": "many"}))
    assert checks["settings"]["found"] == "RANKMART_THREADS is 'many'"
    assert "warehouse" not in checks
