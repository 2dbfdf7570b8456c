"""`make serving WHAT=live`: users with new events, on a published run.

Each turn a random user does something, and is recommended products at once; turns begin at a
steady rate. Timed from when a turn was due: the answer to the event, and that with the list. Of
every tenth turn also how long after its event the list was scored anew.
"""

import argparse
import asyncio
import json
import random
import tempfile
import time
import urllib.parse
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.serving.server import API, Connection, Server, quantiles_ms
from rankmart.pointer import POINTER

CLIENTS = 25
KINDS = ("view", "view", "click", "cart", "purchase", "dismiss")
LOOK_EVERY_SECONDS = 0.01
WATCHED = 10
WARM_UP_SECONDS = 3


def main() -> None:
    """Measure and print; JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--published", type=Path, default=Path("data/demo/published"))
    parser.add_argument("--per-second", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    users, products = _known(asked.published)
    with (
        tempfile.TemporaryDirectory(prefix="rankmart-live-") as name,
        Server(API, asked.published, events=Path(name) / "events.sqlite") as server,
    ):
        turns = _Turns(server.url, users, products)
        asyncio.run(turns.run(per_second=asked.per_second, seconds=WARM_UP_SECONDS))
        turns.begin_again()
        asyncio.run(turns.run(per_second=asked.per_second, seconds=asked.seconds))
    figures = turns.figures()
    print(json.dumps(figures, indent=2))  # noqa: T201
    if asked.out:
        asked.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


class _Turns:
    def __init__(self, url: str, users: list[str], products: list[str]) -> None:
        self._url, self._users, self._products = url, users, products
        self._chance = random.Random(7)
        self._number = 0
        self.begin_again()

    def begin_again(self) -> None:
        self._event_seconds: list[float] = []
        self._answer_seconds: list[float] = []
        self._scored_seconds: list[float] = []
        self._follows: dict[str, int] = {}

    async def run(self, *, per_second: int, seconds: int) -> None:
        self._watching: list[asyncio.Task[None]] = []
        begun = time.perf_counter() + 0.2
        await asyncio.gather(
            *(
                self._client(begun + number / per_second, CLIENTS / per_second, seconds)
                for number in range(CLIENTS)
            )
        )
        await asyncio.gather(*self._watching)

    async def _client(self, begun: float, every: float, seconds: int) -> None:
        connection = Connection(self._url)
        await connection.open()
        for turn in range(int(seconds / every)):
            due = begun + turn * every
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            user = self._chance.choice(self._users)
            self._number += 1
            watched = self._number % WATCHED == 0
            event = {
                "event_id": str(self._number),
                "user_id": user,
                "product_id": self._chance.choice(self._products),
                "kind": self._chance.choice(KINDS),
            }
            await connection.post("/v1/events", event)
            told = time.perf_counter()
            self._event_seconds.append(told - due)
            path = f"/v1/users/{urllib.parse.quote(user, safe='')}/recommendations"
            answer = await connection.get(path)
            self._answer_seconds.append(time.perf_counter() - told)
            follows = answer["follows"]
            self._follows[follows] = self._follows.get(follows, 0) + 1
            if watched:
                self._watching.append(asyncio.create_task(self._watch(path, told)))
        connection.close()

    async def _watch(self, path: str, told: float) -> None:
        connection = Connection(self._url)
        await connection.open()
        while (await connection.get(path))["follows"] != "reranked":
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        self._scored_seconds.append(time.perf_counter() - told)
        connection.close()

    def figures(self) -> dict[str, Any]:
        return {
            "turns": len(self._answer_seconds),
            "follows": self._follows,
            "event": quantiles_ms(self._event_seconds),
            "list after it": quantiles_ms(self._answer_seconds),
            "scored anew after": quantiles_ms(self._scored_seconds),
        }


def _known(published: Path) -> tuple[list[str], list[str]]:
    """Users who have a list, and products with a history."""
    run_id = (published / POINTER).read_text(encoding="utf-8").strip()
    with duckdb.connect(published / f"{run_id}.duckdb", read_only=True) as connection:
        users = connection.execute(
            "select user_id from recommendation_lists order by user_id"
        ).fetchall()
        products = connection.execute(
            "select product_id from live_product_keys order by product_id"
        ).fetchall()
    return [user for (user,) in users], [product for (product,) in products]


if __name__ == "__main__":
    main()
