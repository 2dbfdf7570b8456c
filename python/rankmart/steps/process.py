"""Running `dbt` and `rankmart` as a step: lines into the step's log, one line of what failed.

A step is a process of its own, so that it leaves nothing behind in the memory of a flow that may
be served for weeks.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path

from rankmart.errors import BusyError, RankmartError

PROGRAMS = Path(sys.executable).parent
"""Where `dbt` and `rankmart` are."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CLOCK = re.compile(r"^\d\d:\d\d:\d\d +")
_DBT_FAULT = re.compile(r"^(Failure|Error|Runtime Error|Compilation Error|Database Error) in ")
_BUSY = ("is open in another process", "Could not set lock")
_FAULTS_TOLD = 3


def watched(command: Sequence[str | Path]) -> list[str]:
    """The command, such that it ends when the pipe to its standard input is closed."""
    return [sys.executable, "-m", "rankmart.steps.watched", *map(str, command)]


def run_program(
    program: str, *arguments: str, log: Callable[[str], None], fine: Sequence[int] = (0,)
) -> int:
    """Run one of PROGRAMS to its end; returns its exit code, which must be among `fine`.

    Raises RankmartError with what the program complained of, or BusyError where that was of a
    warehouse that is in use.
    """
    lines: list[str] = []
    with subprocess.Popen(
        watched([PROGRAMS / program, *arguments]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=os.environ | {"DBT_USE_COLORS": "false", "PYTHONUNBUFFERED": "1"},
        # The lock of the flow, which is the one descriptor that may be inherited: a flow that
        # was killed counts as running until its step has ended too.
        close_fds=False,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            for raw in process.stdout:
                line = _CLOCK.sub("", _COLOUR.sub("", raw)).rstrip()
                if line:
                    lines.append(line)
                    log(line)
            process.wait()
        finally:
            # When interrupted, this ends the program.
            process.stdin.close()
    if process.returncode in fine:
        return process.returncode
    fault = what_failed(lines)
    message = f"`{program} {arguments[0]}` ended with exit code {process.returncode}: {fault}"
    if any(sign in line for sign in _BUSY for line in lines):
        raise BusyError(message)
    raise RankmartError(message)


def what_failed(lines: Sequence[str]) -> str:
    """What went wrong, in a line, from the output of `dbt` or `rankmart`.

    >>> what_failed(["12 of 90 OK", "Error: no warehouse at data/w.duckdb: run `dbt run` first"])
    'no warehouse at data/w.duckdb: run `dbt run` first'
    >>> what_failed(["Failure in test unique_users_user_id (models/m.yml)", "  Got 2 results"])
    'Failure in test unique_users_user_id (models/m.yml), Got 2 results'
    """
    for line in reversed(lines):
        if line.startswith("Error: "):
            return line.removeprefix("Error: ")
    told = []
    for line, after in zip_longest(lines, lines[1:], fillvalue=""):
        if _DBT_FAULT.match(line.strip()):
            told.append(f"{line.strip()}, {after.strip()}".removesuffix(", "))
    if told:
        more = len(told) - _FAULTS_TOLD
        return "; ".join(told[:_FAULTS_TOLD]) + (f"; and {more} more" if more > 0 else "")
    return " ".join(line.strip() for line in lines[-2:]) or "it said nothing"
