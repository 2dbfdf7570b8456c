"""The `rankmart` command as a person meets it: help, wrong usage, errors, lists, progress."""

import os
import pty
import re
import subprocess
import termios
from pathlib import Path

import pytest

from project import BESIDE_PYTHON, TRACEBACK, Project
from rankmart.command_line import main

COMMANDS = tuple(main.commands)


def test_help_names_every_command(project: Project) -> None:
    finished = project.rankmart("--help").succeeded()
    for name in COMMANDS:
        assert re.search(rf"^  {name} +\S", finished.stdout, re.MULTILINE), name
    assert project.rankmart("-h").stdout == finished.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(project: Project, command: str) -> None:
    finished = project.rankmart(command, "--help").succeeded()
    assert finished.stdout.startswith(f"Usage: rankmart {command} ")
    assert "Options:" in finished.stdout


def test_the_version_is_that_of_the_package(project: Project) -> None:
    assert re.search(r"\d+\.\d+\.\d+", project.rankmart("--version").succeeded().stdout)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["scoer"], "No such command 'scoer'"),
        (["score", "--force"], "No such option"),
        (["score", "--hold", "--accept"], "there is nothing to --accept"),
        (["flow", "serve"], "give either --cron '0 3 * * *' or --every MINUTES"),
        (["flow", "--fresh", "serve", "--every", "9"], "give the options after `serve`"),
        (["benchmark"], "Missing option '--reviews'"),
        (["benchmark", "--reviews", "x", "--protocol", "random"], "'random' is not one of"),
        (["recommend", "-k", "0"], "0 is not in the range"),
        (["recommend", "ann", "bea"], "unexpected extra argument"),
        (["explain"], "Missing argument 'USER_ID'"),
        (["serve", "--port", "70000"], "70000 is not in the range"),
        (["demo-data", "--users", "many"], "'many' is not a valid integer"),
    ],
)
def test_wrong_usage_is_exit_code_2(project: Project, arguments: list[str], words: str) -> None:
    assert words in project.rankmart(*arguments).failed_plainly(exit_code=2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["score"], "run `dbt run` first"),
        (["publish"], "run `dbt run` first"),
        (["rollback"], "there is nothing to go back to"),
        (["flow"], "run it at the root of the repository"),
        (["recommend"], "nothing is published in"),
        (["recommend", "ann"], "run `dbt run`, then `make score`"),
        (["demo-data", "--users", "9", "--reviews", "5"], "at least 3 reviews for each"),
        (["demo-data", "--out", "/proc/demo"], "no demo data in /proc/demo"),
        (["benchmark", "--reviews", "nowhere.csv"], "dbt_project.yml"),
    ],
)
def test_errors_are_one_line_and_exit_code_1(
    project: Project, arguments: list[str], words: str
) -> None:
    finished = project.rankmart(*arguments)
    assert words in finished.failed_plainly()
    assert re.findall("^Error: .+$", finished.stderr, re.MULTILINE)


def test_recommend_shows_the_history_and_the_list_of_a_user(temporal: Project) -> None:
    lines = temporal.rankmart("recommend", "c03-u07", "-k", "4").succeeded().stdout.splitlines()
    assert lines[0] == "What c03-u07 reviewed last"
    title = f"Recommended to c03-u07 (run {temporal.current_run})"
    listed = lines[lines.index(title) + 1 :]
    assert listed[0].split() == ["rank", "product", "title", "score", "why"]
    assert [line.split()[0] for line in listed[1:]] == ["1", "2", "3", "4"]
    assert re.fullmatch(
        r"1 +c03-p\d +Thing \d of 3 +-?[\d.]+ +because of Thing \d of 3", listed[1]
    )
    history = lines[2 : lines.index(title) - 1]
    assert len(history) == 6
    assert all(re.match(r"c03-p\d +Thing \d of 3 +[45] +202\d-", line) for line in history)


def test_recommend_without_a_user_shows_some_user(temporal: Project) -> None:
    finished = temporal.rankmart("recommend").succeeded()
    assert re.search(r"Recommended to c\d\d-u\d\d ", finished.stdout)
    assert len(finished.stdout.split("Recommended to")[1].splitlines()) == 12


def test_recommend_to_an_unknown_user_says_where_ids_are(temporal: Project) -> None:
    message = temporal.rankmart("recommend", "nobody").failed_plainly()
    assert "user 'nobody' has no list in run" in message
    assert "ids are in the table users" in message


def test_progress_is_log_lines_where_there_is_no_terminal(
    temporal: Project, tmp_path: Path
) -> None:
    finished = temporal.copied_to(tmp_path).rankmart("score").succeeded()
    assert re.search(r"^\d\d:\d\d:\d\d train: \d+ of \d+$", finished.stderr, re.MULTILINE)
    assert re.search(r" rank everyone: \d+ of \d+$", finished.stderr, re.MULTILINE)
    assert "\r" not in finished.stderr
    assert "%|" not in finished.stderr


def test_progress_is_a_bar_on_a_terminal(temporal: Project, tmp_path: Path) -> None:
    project = temporal.copied_to(tmp_path)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    with subprocess.Popen(
        [BESIDE_PYTHON / "rankmart", "score"],
        cwd=project.scratch,
        env=project.environment() | {"TERM": "xterm"},
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ) as running:
        os.close(theirs)
        shown = everything_from(ours)
    assert running.returncode == 0, shown
    assert TRACEBACK not in shown
    assert re.search(r"\rtrain: +\d+%\|", shown)
    assert "train: 1 of" not in shown


def everything_from(terminal: int) -> str:
    """What a process writes to its terminal until it ends; reading then fails on Linux."""
    shown = b""
    with os.fdopen(terminal, "rb", buffering=0) as screen:
        while True:
            try:
                part = screen.read(4096)
            except OSError:
                break
            if not part:
                break
            shown += part
    return shown.decode(errors="replace")
