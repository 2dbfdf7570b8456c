"""A server to measure: uvicorn in processes of its own, what they hold, and a cheap client."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path
from types import TracebackType
from typing import Any, Self

API = "rankmart_serving.app:create_app"
UP_WITHIN_SECONDS = 300


class Server:
    """uvicorn on a free port, as a context; `url` is its address, `pid` the process started."""

    def __init__(
        self, factory: str, published: Path, *, events: Path, workers: int = 1, **environment: str
    ) -> None:
        self._factory = factory
        self._workers = workers
        self._environment = os.environ | {
            "RANKMART_PUBLISHED": str(published),
            "RANKMART_EVENTS": f"sqlite:///{events}",
            **environment,
        }
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self.pid = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        """Start it, the second time on the same port; return once it answers."""
        command = [sys.executable, "-m", "uvicorn", "--factory", self._factory]
        command += ["--port", str(self._port), "--no-access-log", "--log-level", "warning"]
        command += ["--workers", str(self._workers)] if self._workers > 1 else []
        self._process = subprocess.Popen(command, env=self._environment)
        self.pid = self._process.pid
        deadline = time.monotonic() + UP_WITHIN_SECONDS
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self._port), timeout=1):
                    return
            except OSError:
                time.sleep(0.1)
        self.kill()
        raise RuntimeError(f"{self._factory} did not come up")

    def kill(self) -> None:
        """As `kill -9` does: it gets to finish nothing."""
        self._process.kill()
        self._process.wait()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait()

    def workers(self) -> list[int]:
        """The processes that answer."""
        if self._workers == 1:
            return [self.pid]
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="utf-8")
        # The first child of multiprocessing only tracks resources.
        return [pid for pid in map(int, children.split()) if open_snapshots(pid)]


class Connection:
    """One kept HTTP connection: what a request costs here is little beside the answer."""

    def __init__(self, url: str) -> None:
        self._address = urllib.parse.urlsplit(url)

    async def get(self, path: str) -> dict[str, Any]:
        """The JSON of an answer; raises RuntimeError for any other status than 200 and 201."""
        return await self._ask(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    async def post(self, path: str, body: object) -> dict[str, Any]:
        """As `get`, with a JSON body."""
        text = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        return await self._ask(head.encode() + b"Content-Length: %d\r\n\r\n" % len(text) + text)

    async def open(self) -> None:
        """Connect, before anything is timed."""
        self._reader, self._writer = await asyncio.open_connection(
            self._address.hostname, self._address.port
        )

    def close(self) -> None:
        """Let go."""
        self._writer.close()

    async def _ask(self, request: bytes) -> dict[str, Any]:
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        [length] = re.findall(rb"content-length: (\d+)", head.lower())
        body = await self._reader.readexactly(int(length))
        if head[9:12] not in (b"200", b"201"):
            raise RuntimeError(f"a request failed: {head[:80]!r} {body[:200]!r}")
        found: dict[str, Any] = json.loads(body)
        return found


def resident_mb(pid: int) -> int:
    """The memory of a process, its pages of files among it."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) // 1024


def open_snapshots(pid: int) -> list[str]:
    """The names of the snapshots that a process has open."""
    found = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(descriptor)
        except FileNotFoundError:
            continue
        if target.removesuffix(" (deleted)").endswith(".duckdb"):
            found.add(target)
    return sorted(found)


def quantiles_ms(seconds: list[float]) -> dict[str, float]:
    """Median and 99th percentile, in milliseconds."""
    ordered = sorted(seconds)
    return {
        f"p{percent}_ms": round(1000 * ordered[(len(ordered) - 1) * percent // 100], 1)
        for percent in (50, 99)
    }
