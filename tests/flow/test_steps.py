"""What steps are made of, without Prefect: digests, notes of what is finished, programs."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from project import BESIDE_PYTHON, DBT_PROJECT, ROOT
from rankmart.settings import Settings
from rankmart.steps import inputs, ledger
from rankmart.steps.process import watched, what_failed
from rankmart.steps.webhook import WebhookError, post

from .conftest import Hook


def test_what_was_noted_is_found_again(tmp_path: Path) -> None:
    assert ledger.finished(tmp_path, "score") is None
    ledger.note(tmp_path, "score", key="k", output={"run_id": "r"})
    found = ledger.finished(tmp_path, "score")
    assert found is not None
    assert (found.key, found.output) == ("k", {"run_id": "r"})
    ledger.forget(tmp_path)
    assert ledger.finished(tmp_path, "score") is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": "k"}', '{"key": "k", "output": 3}'])
def test_a_damaged_note_counts_as_not_finished(tmp_path: Path, content: str) -> None:
    (tmp_path / "score.json").write_text(content)
    assert ledger.finished(tmp_path, "score") is None


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in DBT_PROJECT:
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "one.csv").write_text("a")
    monkeypatch.setenv("RANKMART_REVIEWS", str(tmp_path / "*.csv"))
    monkeypatch.setenv("RANKMART_EVENTS", "off")
    return tmp_path


def test_what_a_build_reads_is_in_its_digest(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = [inputs.build_key(project, last_event=0)]
    assert inputs.build_key(project, last_event=0) == seen[0]

    seen.append(inputs.build_key(project, last_event=1))
    (project / "two.csv").write_text("b")
    seen.append(inputs.build_key(project, last_event=1))
    os.utime(project / "two.csv", (1, 1))
    seen.append(inputs.build_key(project, last_event=1))
    monkeypatch.setenv("RANKMART_PRODUCTS", str(project / "one.csv"))
    seen.append(inputs.build_key(project, last_event=1))
    monkeypatch.setenv("RANKMART_PROTOCOL", "leave_last_out")
    seen.append(inputs.build_key(project, last_event=1))
    (project / "dbt_project.yml").unlink()
    text = (ROOT / "dbt_project.yml").read_text(encoding="utf-8")
    path = f"reviews_path: {project / 'one.csv'}"
    (project / "dbt_project.yml").write_text(text.replace('reviews_path: ""', path))
    seen.append(inputs.build_key(project, last_event=1))
    assert len(set(seen)) == len(seen)

    # The var comes before the variable, as it does for dbt.
    monkeypatch.setenv("RANKMART_REVIEWS", "elsewhere.csv")
    assert inputs.build_key(project, last_event=1) == seen[-1]


def test_the_files_of_the_project_are_followed_through_links(project: Path) -> None:
    names = {name for name, _ in inputs.project_files(project)}
    assert {"models/marts/users.sql", "dbt_project/seeds/list_rules.csv", "profiles.yml"} <= names
    assert not any("__pycache__" in name for name in names)


def test_what_a_scoring_reads_is_in_its_digest(tmp_path: Path) -> None:
    def key(settings: Settings, build_id: str = "b", rules: str | None = None) -> str:
        return inputs.score_key(settings, build_id=build_id, rules=rules)

    plain = Settings(tuned=tmp_path / "tuned.json")
    seen = {key(plain), key(plain, "c"), key(plain, rules="r")}
    for changed in ({"seed": 8}, {"list_length": 5}, {"diversity": 0.1}, {"keep_runs": 9}):
        seen.add(key(Settings(tuned=plain.tuned, **changed)))
    plain.tuned.write_text("{}")
    seen.add(key(plain))
    plain.tuned.write_text("{ }")
    seen.add(key(plain))
    assert len(seen) == 9
    # These change no list.
    same = Settings(tuned=plain.tuned, memory_limit="1GB", webhook="x", today="2024-01-01")
    assert key(same) == key(plain)


def test_the_fault_of_a_program_is_told_in_a_line() -> None:
    faults = [f"Failure in test t{number} (models/m.yml)" for number in range(5)]
    lines = [text for fault in faults for text in (fault, f"  Got {len(fault)} results", "")]
    told = what_failed(["Running with dbt", *lines, "Done. PASS=1"])
    assert told.startswith("Failure in test t0 (models/m.yml), Got 33 results; Failure in test t1")
    assert told.endswith("; and 2 more")
    assert what_failed(["noise", "Error: no warehouse: run `dbt run` first", "more"]) == (
        "no warehouse: run `dbt run` first"
    )
    assert what_failed(["one", "two", "three"]) == "two three"
    assert what_failed([]) == "it said nothing"


WATCHED = """
import subprocess, sys, time
from rankmart.steps.process import watched
program = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
with subprocess.Popen(watched([sys.executable, "-c", program]), stdin=subprocess.PIPE):
    time.sleep(60)
"""


def is_running(process_id: int) -> bool:
    """Not as a zombie, which nobody may be there to wait for."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process_id)], capture_output=True, text=True, check=False
    )
    return not state.stdout.startswith("Z") and bool(state.stdout)


def test_a_program_ends_with_the_process_that_started_it() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WATCHED], stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        program = int(starter.stdout.readline())
        assert is_running(program)
        starter.send_signal(signal.SIGKILL)
    give_up = time.monotonic() + 30
    while is_running(program):
        assert time.monotonic() < give_up
        time.sleep(0.05)


@pytest.mark.parametrize(("code", "shown"), [("3", 3), ("None", 0), ("'text'", 1)])
def test_a_watched_program_keeps_its_exit_code(code: str, shown: int) -> None:
    command = watched([sys.executable, "-c", f"import sys; sys.exit({code})"])
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.wait(30) == shown


@pytest.mark.parametrize(
    ("answer", "may_pass"), [(500, True), (503, True), (429, True), (404, False), (302, False)]
)
def test_answers_that_are_not_good_are_errors(hook: Hook, answer: int, may_pass: bool) -> None:
    hook.answer = answer
    with pytest.raises(WebhookError, match=f"127.0.0.1 answered {answer}") as raised:
        post(hook.url, {"status": "published"})
    assert raised.value.may_pass is may_pass
    assert "secret" not in str(raised.value)
    assert hook.told == [{"status": "published"}]


@pytest.mark.parametrize(
    ("url", "words", "may_pass"),
    [
        ("http://127.0.0.1:1/hook", "could not be reached", True),
        ("ftp://127.0.0.1/hook", "is no address", False),
        ("hook", "is no address", False),
    ],
)
def test_a_webhook_that_is_not_there_is_an_error(url: str, words: str, may_pass: bool) -> None:
    with pytest.raises(WebhookError, match=words) as raised:
        post(url, {})
    assert raised.value.may_pass is may_pass


def test_without_prefect_the_flow_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: rankmart\n")
    without = "import sys; sys.modules['prefect'] = None; sys.argv = ['rankmart', 'flow']"
    ended = subprocess.run(
        [sys.executable, "-c", f"{without}; from rankmart.command_line import main; main()"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr == "Error: the flow needs Prefect: `pip install 'rankmart[flow]'`\n"


def test_a_prefect_server_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: rankmart\n")
    ended = subprocess.run(
        [BESIDE_PYTHON / "rankmart", "flow"],
        cwd=tmp_path,
        env=os.environ | {"PREFECT_API_URL": "http://127.0.0.1:1/api"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "Error: Prefect's API at http://127.0.0.1:1/api can't be reached" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_the_command_line_does_not_need_prefect() -> None:
    loaded = "import sys, rankmart.command_line; print('prefect' in sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    )
    assert json.loads(ended.stdout.lower()) is False
    assert (BESIDE_PYTHON / "rankmart").exists()
