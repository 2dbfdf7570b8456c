"""A server that is killed loses no event that it acknowledged, and none comes twice."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx

from rankmart.events import events_table

WRITERS = 8
EVENTS_OF_EACH = 60
UP_WITHIN_SECONDS = 300
"""A server of a machine with much else to do takes its time, and what was sent waits for it."""


def started(port: int, folder: Path) -> "subprocess.Popen[bytes]":
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "uvicorn", "--factory", "rankmart_serving.app:create_app"),
            *("--port", str(port), "--log-level", "error"),
        ],
        env=os.environ
        | {
            "RANKMART_PUBLISHED": str(folder / "published"),
            "RANKMART_EVENTS": f"sqlite:///{folder}/events.sqlite",
        },
    )
    deadline = time.monotonic() + UP_WITHIN_SECONDS
    while time.monotonic() < deadline:
        try:
            httpx.get(f"http://127.0.0.1:{port}/health/live", timeout=2)
            return server
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the server did not come up")


def test_each_acknowledged_event_is_there_exactly_once(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = started(port, tmp_path)
    failures: list[str] = []

    def write(writer: int) -> None:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            for number in range(EVENTS_OF_EACH):
                event = {
                    "event_id": f"{writer}-{number}",
                    "user_id": f"u{writer}",
                    "product_id": "P1",
                    "kind": "view",
                }
                # What is not acknowledged is sent again, as a client should.
                deadline = time.monotonic() + UP_WITHIN_SECONDS
                while time.monotonic() < deadline:
                    try:
                        if client.post("/v1/events", json=event).status_code == 201:
                            break
                    except httpx.TransportError:
                        time.sleep(0.1)
                else:
                    failures.append(event["event_id"])

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(2):
            time.sleep(0.7)
            server.send_signal(signal.SIGKILL)
            server.wait()
            server = started(port, tmp_path)
    finally:
        for thread in threads:
            thread.join()
        server.terminate()
        server.wait()

    assert failures == []
    stored = events_table(f"sqlite:///{tmp_path}/events.sqlite")["event_id"].to_pylist()
    assert sorted(stored) == sorted(
        f"{writer}-{number}" for writer in range(WRITERS) for number in range(EVENTS_OF_EACH)
    )
