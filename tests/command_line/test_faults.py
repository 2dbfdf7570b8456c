"""However a command ends: one line, an exit code that the help names, a traceback only with -v."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from project import BESIDE_PYTHON, TRACEBACK, Finished, Project
from rankmart.command_group import EXIT_CODES, VARIABLES

FAIL = """
import errno
import duckdb
import rankmart.show

def fail(*_, **__):
    raise {error}

rankmart.show.recommendations_of = fail
from rankmart.command_line import main
main(prog_name="rankmart")
"""
LOCKED = (
    'duckdb.IOException(\'IO Error: Could not set lock on file "/data/w.duckdb": Conflicting lock'
    " is held in /usr/bin/python (PID 4711).')"
)


def failing(error: str, *arguments: str, cwd: Path) -> Finished:
    """`rankmart recommend`, with an error in the middle of it."""
    ended = subprocess.run(
        [sys.executable, "-c", FAIL.format(error=error), *arguments, "recommend"],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return Finished(ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("TypeError('no\\n  such thing')", "a bug in Rankmart (TypeError: no such thing)"),
        ("OSError(errno.ENOSPC, 'No space left on device', 'a.csv')", "the disk is full (a.csv)"),
        ("PermissionError(errno.EACCES, 'denied', 'a.csv')", "no permission (a.csv)"),
        ("FileNotFoundError(errno.ENOENT, 'not there', 'a.csv')", "not there (a.csv)"),
        ("ImportError('No module named optuna')", "`rankmart doctor` tells which"),
        ("MemoryError()", "out of memory: close other programs"),
        (LOCKED, "/data/w.duckdb is open in another process (process 4711): wait for it"),
        ("duckdb.OutOfMemoryException('at 4.0 GB')", "raise RANKMART_MEMORY_LIMIT"),
        ("duckdb.IOException('write: No space left on device')", "the disk is full"),
        ("duckdb.BinderException('no column')", "a bug in Rankmart (BinderException"),
    ],
)
def test_any_error_is_one_line(tmp_path: Path, error: str, words: str) -> None:
    finished = failing(error, cwd=tmp_path)
    assert words in finished.failed_plainly()
    assert re.fullmatch("Error: [^\n]+\n", finished.stderr)


def test_where_a_bug_is_is_told_only_when_asked(tmp_path: Path) -> None:
    assert "-v" in failing("KeyError('user')", cwd=tmp_path).failed_plainly()
    finished = failing("KeyError('user')", "-v", cwd=tmp_path)
    assert finished.exit_code == 1
    assert TRACEBACK in finished.stderr
    assert "please report it" in finished.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "error",
    ["KeyboardInterrupt()", "duckdb.InterruptException('INTERRUPT Error: Interrupted!')"],
)
def test_ctrl_c_is_exit_code_130(tmp_path: Path, error: str) -> None:
    finished = failing(error, cwd=tmp_path)
    assert finished.failed_plainly(exit_code=130) == "Stopped."


def _heed_interrupts() -> None:
    """A shell that runs the tests in the background has processes ignore them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_in_the_middle_of_scoring_leaves_what_was_published(
    temporal: Project, tmp_path: Path
) -> None:
    project = temporal.copied_to(tmp_path)
    with subprocess.Popen(
        [BESIDE_PYTHON / "rankmart", "score"],
        cwd=project.scratch,
        env=project.environment(),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_heed_interrupts,  # noqa: PLW1509
    ) as running:
        assert running.stderr is not None
        said = running.stderr.readline()
        running.send_signal(signal.SIGINT)
        said += running.stderr.read()
    assert running.returncode == 130, said
    assert TRACEBACK not in said
    assert said.endswith("Stopped.\n")
    assert project.current_run == temporal.current_run
    assert project.value("select count(*) from ranker.runs") == 1


def test_ctrl_c_ends_the_server_well(temporal: Project) -> None:
    with subprocess.Popen(
        [BESIDE_PYTHON / "rankmart", "serve", "--port", "0"],
        cwd=temporal.scratch,
        env=temporal.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_heed_interrupts,  # noqa: PLW1509
    ) as running:
        assert running.stderr is not None
        said = ""
        until = time.monotonic() + 60
        while "Uvicorn running" not in said and time.monotonic() < until:
            said += running.stderr.readline()
        running.send_signal(signal.SIGINT)
        said += running.stderr.read()
    assert running.returncode in (0, 130), said
    assert TRACEBACK not in said


def test_output_that_nobody_reads_any_more_is_no_bug(temporal: Project) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [BESIDE_PYTHON / "rankmart", "download", "--list"],
        cwd=temporal.scratch,
        env=temporal.environment(),
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    os.close(writing)
    assert ended.returncode == 1
    assert ended.stderr == ""


def test_help_tells_exit_codes_and_variables(project: Project) -> None:
    told = project.rankmart("--help").succeeded().stdout
    for code, meaning in EXIT_CODES.items():
        assert re.search(rf"^  {code} +{re.escape(meaning)}$", told, re.MULTILINE), code
    for name in VARIABLES:
        assert f"  {name} " in told


def test_help_lists_commands_in_the_order_of_use(project: Project) -> None:
    told = project.rankmart("--help").succeeded().stdout
    names = ["download", "doctor", "score", "evaluate", "serve", "benchmark", "completion"]
    places = [told.index(f"\n  {name} ") for name in names]
    assert places == sorted(places)
