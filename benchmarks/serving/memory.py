"""`make serving WHAT=memory`: what a worker holds, while 200,000 users ask, and ask again.

In the first round it grows by the pages of the snapshot that are read, which DuckDB keeps, 1 GB of
them at most; in the rounds after that by nothing, if nothing leaks.
"""

import argparse
import asyncio
import json
import tempfile
from pathlib import Path

from benchmarks.serving.server import API, Connection, Server, resident_mb
from benchmarks.serving.snapshot import write_snapshot

CLIENTS = 32
LOOKS = 4


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--length", type=int, default=20)
    parser.add_argument("--products", type=int, default=50_000)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rankmart-memory-") as name:
        published = Path(name) / "published"
        write_snapshot(published, users=asked.users, length=asked.length, products=asked.products)
        with Server(API, published, events=Path(name) / "events.sqlite") as server:
            part = asked.users // LOOKS
            memory = {}
            for look in range(LOOKS * asked.rounds):
                asyncio.run(_ask(server.url, look % LOOKS * part, part))
                memory[(look + 1) * part] = resident_mb(server.pid)
    figures = {"memory_mb_after_requests": memory}
    print(json.dumps(figures, indent=2))  # noqa: T201
    if asked.out:
        asked.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


async def _ask(url: str, first: int, count: int) -> None:
    users = iter(range(first + 1, first + count + 1))

    async def client() -> None:
        connection = Connection(url)
        await connection.open()
        for user in users:
            await connection.get(f"/v1/users/u{user}/recommendations")
        connection.close()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))


if __name__ == "__main__":
    main()
