"""dbt and rankmart in processes of their own that need not load their libraries first.

Loading and parsing take longer than most runs of these tests. So one server process,
multiprocessing's forkserver, does both once (`warm_up`); each run is a fork of it, with the
command line, the folder and the environment of that run alone, and it ends as the installed
command does.
"""

import atexit
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

PARSED_FOLDER = "RANKMART_TESTS_PARSED"
"""The environment variable by which the server is told where."""
TIMEOUT_SECONDS = 600

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["warm_up"])


_starting = threading.Lock()


def folder_of_server() -> Path:
    """The folder of a project that the server has parsed; the first call waits until it has."""
    with _starting:
        return _started()


@cache
def _started() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="rankmart-parsed-")
    atexit.register(folder.cleanup)
    for_the_server = {
        PARSED_FOLDER: folder.name,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    before = {name: os.environ.get(name) for name in for_the_server}
    os.environ.update(for_the_server)
    try:
        first = _context.Process(target=_nothing)
        first.start()
        first.join()
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return Path(folder.name)


def _nothing() -> None:
    """What the first fork does: it is there when the server is."""


def run_warm(
    program: str, arguments: Sequence[str], *, cwd: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """`dbt` or `rankmart` with these arguments, to its end; both outputs as text."""
    folder_of_server()
    with tempfile.TemporaryDirectory(prefix="rankmart-warm-") as name:
        outputs = [Path(name) / "stdout", Path(name) / "stderr"]
        process = _context.Process(
            target=_become,
            args=(program, list(arguments), str(cwd), dict(environment), *map(str, outputs)),
        )
        process.start()
        process.join(TIMEOUT_SECONDS)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired([program, *arguments], TIMEOUT_SECONDS)
        stdout, stderr = (path.read_text("utf-8", errors="replace") for path in outputs)
    return subprocess.CompletedProcess([program], process.exitcode, stdout, stderr)


def _become(
    program: str,
    arguments: list[str],
    cwd: str,
    environment: dict[str, str],
    stdout: str,
    stderr: str,
) -> None:
    """In the fork: take the place of the installed command."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, path in ((0, os.devnull), (1, stdout), (2, stderr)):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    for number, name in ((1, "stdout"), (2, "stderr")):
        setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
    # dbt's libraries, loaded with the rest, set up logging; `rankmart` alone does so by itself.
    logging.root.handlers.clear()
    sys.argv = [program, *arguments]
    if program == "dbt":
        from dbt.cli.main import cli as main
    else:
        from rankmart.command_line import main
    try:
        main()
    finally:
        # A fork has none of its own: dbt's DuckDB adapter closes the warehouse here.
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
