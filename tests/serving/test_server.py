"""The real server, in a process of its own."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import httpx
import pytest

from publish.small_warehouse import publish_run
from rankmart_serving.settings import Settings

_SERVE = (
    "from rankmart_serving.server import serve\n"
    "from rankmart_serving.settings import Settings\n"
    "serve(Settings.from_environment(), workers={workers})\n"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(published: Path, log: Path, *, workers: int = 1) -> Iterator[httpx.Client]:
    """A client of a server that is up; it is stopped, and must stop cleanly, at the end."""
    settings = Settings(published=published, poll_seconds=0.05, port=free_port())
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-c", _SERVE.format(workers=workers)],
            env=settings.as_environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{settings.port}") as client:
                _wait_until_live(client, server, log)
                yield client
        finally:
            server.terminate()
            server.wait(timeout=20)
    assert "Traceback" not in log.read_text()


def _wait_until_live(client: httpx.Client, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            if client.get("/health/live").status_code == 200:
                return
        except httpx.TransportError:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_server_starts_without_a_run_and_answers_from_the_first_one(
    warehouse: duckdb.DuckDBPyConnection, published: Path, tmp_path: Path, workers: int
) -> None:
    log = tmp_path / "server.log"
    with serving(published, log, workers=workers) as client:
        assert client.get("/health/ready").status_code == 503
        publish_run(warehouse, published, "run-1")
        deadline = time.monotonic() + 10
        while client.get("/health/ready").status_code != 200:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)

        answer = client.get("/v1/users/bea/recommendations", params={"k": 2})

    assert answer.status_code == 200
    assert [item["product_id"] for item in answer.json()["items"]] == ["P1", "P3"]
    assert "no run is published yet" in log.read_text()
    assert "serving run run-1" in log.read_text()


def test_a_slash_in_a_user_id_reaches_the_handler_and_the_log(
    warehouse: duckdb.DuckDBPyConnection, published: Path, tmp_path: Path
) -> None:
    publish_run(warehouse, published, "run-1")
    with serving(published, tmp_path / "server.log") as client:
        answer = client.get("/v1/users/a%2Fb/recommendations")
        broken = client.get("/v1/users/%FF%00/recommendations")

    assert answer.json()["user_id"] == "a/b"
    assert broken.status_code == 400
    assert broken.headers["content-type"] == "application/problem+json"
