"""Prefect's API: the one that Prefect's own settings name, or a server of this process's own.

Prefect can start a server by itself for a flow, but not for a schedule; it waits no longer than 20
seconds for it, takes a port that may be the web service's, and leaves it behind after `kill -9`.
"""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from rankmart.errors import RankmartError
from rankmart.steps.process import watched

START_SECONDS = 180
"""A slow disk and a first start, which makes the database, take longer than one would think."""

_alive: list["subprocess.Popen[bytes]"] = []
"""The server, which ends when this process does: the pipe to it is closed then, not before."""


def keep_quiet() -> None:
    """Nothing is sent to Prefect's makers, unless these variables say otherwise."""
    for variable, quiet in (("DO_NOT_TRACK", "1"), ("PREFECT_SERVER_ANALYTICS_ENABLED", "false")):
        os.environ[variable] = os.environ.get(variable) or quiet


def connect(folder: Path) -> str:
    """The address of Prefect's API; starts a server if none is configured, its log in `folder`.

    Raises RankmartError where it does not start, or the one that is configured can't be reached.
    """
    from prefect.context import refresh_global_settings_context
    from prefect.settings import PREFECT_API_URL

    configured = PREFECT_API_URL.value()
    if configured:
        if not _answers(configured):
            raise RankmartError(
                f"Prefect's API at {configured} can't be reached: start it, or unset"
                " PREFECT_API_URL for a server of the flow's own"
            )
        return str(configured)
    port = _free_port()
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "prefect-server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            watched(
                [
                    *(sys.executable, "-m", "prefect", "server", "start", "--no-ui"),
                    *("--analytics-off", "--host", "127.0.0.1", "--port", str(port)),
                ]
            ),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    _alive.append(server)
    url = f"http://127.0.0.1:{port}/api"
    give_up = time.monotonic() + START_SECONDS
    while not _answers(url):
        if server.poll() is not None or time.monotonic() > give_up:
            raise RankmartError(
                f"Prefect's server does not start: see {log}, or name a running one by"
                " PREFECT_API_URL"
            )
        time.sleep(0.2)
    os.environ["PREFECT_API_URL"] = url
    refresh_global_settings_context()
    return url


def _answers(url: str) -> bool:
    try:
        # Whatever it says: one that wants a key is there too.
        httpx.get(f"{url}/health", timeout=5)
    except httpx.HTTPError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
