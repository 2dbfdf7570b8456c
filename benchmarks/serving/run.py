"""`make serving`: requests a second and their times, of one worker, beside a bare handler.

wrk asks from the same machine. Each case is measured in rounds that take turns with the bare
handler, and the ratio is of the medians: this machine's own speed falls out of it.
"""

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path
from typing import Any

from benchmarks.serving.server import API, Server, resident_mb
from benchmarks.serving.snapshot import write_snapshot

LUA = Path(__file__).with_name("random_users.lua")
SECONDS = 6
CONNECTIONS = 32


def main() -> None:
    """Measure, print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=200_000)
    parser.add_argument("--length", type=int, default=20)
    parser.add_argument("--products", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("this needs wrk: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="rankmart-serving-") as name:
        published = Path(name) / "published"
        write_snapshot(published, users=asked.users, length=asked.length, products=asked.products)
        figures = _measure(published, users=asked.users, rounds=asked.rounds)
    for case, found in figures.items():
        print(f"{case:16} {json.dumps(found)}")  # noqa: T201
    if asked.out:
        asked.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _measure(published: Path, *, users: int, rounds: int) -> dict[str, Any]:
    events = published.parent / "events.sqlite"
    bare = Server("benchmarks.serving.bare:create_app", published, events=events)
    # Without room for lists each request is a look-up in DuckDB; with room, the hot ones stay.
    misses = Server(API, published, events=events, RANKMART_CACHED_LISTS="0")
    hits = Server(API, published, events=events)
    seen: dict[str, list[float]] = {"bare": [], "without a hit": [], "with hits": []}
    with bare, misses, hits:
        for _ in range(rounds):
            seen["bare"].append(_wrk(bare.url, users=0)["requests_per_second"])
            seen["without a hit"].append(_wrk(misses.url, users=users)["requests_per_second"])
            seen["with hits"].append(_wrk(hits.url, users=500)["requests_per_second"])
        steady = asyncio.run(_steady(misses.url, users=users, per_second=500, seconds=10))
        memory = [resident_mb(misses.pid)]
        _wrk(misses.url, users=users, seconds=30)
        memory.append(resident_mb(misses.pid))
    median = {case: statistics.median(values) for case, values in seen.items()}
    return {
        "bare": {"requests_per_second": median["bare"]},
        **{
            case: {
                "requests_per_second": median[case],
                "share_of_bare": round(median[case] / median["bare"], 3),
            }
            for case in ("without a hit", "with hits")
        },
        "500 a second": steady,
        "memory_mb": {"after the rounds": memory[0], "30 s of random users later": memory[1]},
    }


def _wrk(url: str, *, users: int, seconds: int = SECONDS) -> dict[str, float]:
    """Requests for random users of the first `users`; for 0, of the address itself."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    command += ["-s", str(LUA), url] if users else [url]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | {"USERS": str(users)}
    ).stdout
    if found := re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)", done):
        raise RuntimeError(f"requests failed: {found.group(0)}")
    [rate] = re.findall(r"Requests/sec:\s+([\d.]+)", done)
    return {"requests_per_second": float(rate)}


async def _steady(url: str, *, users: int, per_second: int, seconds: int) -> dict[str, float]:
    """Milliseconds from when a request was due to its answer, at a steady rate."""
    address = urllib.parse.urlsplit(url)
    taken: list[float] = []
    chance = random.Random(7)
    clients = 25

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        begun = time.perf_counter() + number / per_second
        for turn in range(per_second * seconds // clients):
            due = begun + turn * clients / per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            user = chance.randint(1, users)
            writer.write(
                f"GET /v1/users/u{user}/recommendations HTTP/1.1\r\nHost: x\r\n\r\n".encode()
            )
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"a request failed: {head[:80]!r}")
            [length] = re.findall(rb"content-length: (\d+)", head.lower())
            await reader.readexactly(int(length))
            taken.append((time.perf_counter() - due) * 1000)
        writer.close()

    await asyncio.gather(*(client(number) for number in range(clients)))
    cuts = statistics.quantiles(taken, n=100)
    return {"requests": len(taken), "p50_ms": round(cuts[49], 2), "p99_ms": round(cuts[98], 2)}


if __name__ == "__main__":
    main()
