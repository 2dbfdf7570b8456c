"""A shop with stand-ins, a webhook that listens, and Prefect's servers."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

# Before Prefect is imported by anyone: nothing is sent to its makers.
os.environ["DO_NOT_TRACK"] = "1"
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"

from .fake_shop import FakeShop


@pytest.fixture
def shop(tmp_path: Path) -> FakeShop:
    return FakeShop.made_in(tmp_path)


@dataclass
class Hook:
    """A webhook: what it was told, and what it answers; `slow` keeps it from answering."""

    url: str = ""
    answer: int = 204
    told: list[dict[str, Any]] = field(default_factory=list)
    asked: threading.Event = field(default_factory=threading.Event)
    slow: bool = False


@pytest.fixture
def hook() -> Iterator[Hook]:
    listening = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            listening.told.append(json.loads(body))
            listening.asked.set()
            if listening.slow:
                time.sleep(3)
                return
            self.send_response(listening.answer)
            self.end_headers()

        def log_message(self, *_given: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        listening.url = f"http://127.0.0.1:{server.server_port}/hook?key=secret"
        yield listening
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the API of a Prefect server, its SQLite file in a folder of the tests."""
    home = tmp_path_factory.mktemp("prefect")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "prefect", "server", "start", "--no-ui"),
                *("--host", "127.0.0.1", "--port", str(port)),
            ],
            env=os.environ | {"PREFECT_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}/api"
    try:
        wait_until_healthy(url, server, home / "log")
        yield url
    finally:
        server.terminate()
        server.wait(30)


def wait_until_healthy(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    give_up = time.monotonic() + 180
    while True:
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < give_up, log.read_text()
        try:
            if httpx.get(f"{url}/health").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
