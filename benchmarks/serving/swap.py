"""`make serving WHAT=swap`: another run is published under load, by the job running beside.

The job works on a copy of the project's data, with more reviews than before, so that the run is
another one. Two workers answer random users at a steady rate all the time.
"""

import argparse
import asyncio
import csv
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.serving.server import (
    API,
    Connection,
    Server,
    open_snapshots,
    quantiles_ms,
    resident_mb,
)
from rankmart.pointer import POINTER

WORKERS = 2
CLIENTS = 50
SETTLE_SECONDS = 6


def main() -> None:
    """Measure, print, and write JSON where asked; exit code 1 where a request failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/demo"))
    parser.add_argument("--per-second", type=int, default=500)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rankmart-swap-") as name:
        folder = Path(name)
        shutil.copytree(asked.data, folder / "data")
        published = folder / "data" / "published"
        job = _job_environment(folder)
        _one_more_review(folder / "data" / "reviews.csv")
        with Server(API, published, events=folder / "events.sqlite", workers=WORKERS) as server:
            figures = asyncio.run(_watch(server, published, job, asked.per_second))
    print(json.dumps(figures, indent=2))  # noqa: T201
    if asked.out:
        asked.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    sys.exit(figures["failed"] != 0)


async def _watch(
    server: Server, published: Path, job: dict[str, str], per_second: int
) -> dict[str, Any]:
    users = _users(published)
    before = (published / POINTER).read_text(encoding="utf-8").strip()
    seconds: list[float] = []
    # Of every client, when it last had an answer of the run before.
    last_of_old = [0.0] * CLIENTS
    failed: list[str] = []
    stop = asyncio.Event()

    async def client(number: int) -> None:
        chance = random.Random(number)
        connection = Connection(server.url)
        await connection.open()
        due = time.perf_counter() + number / per_second
        while not stop.is_set():
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            sent = time.perf_counter()
            try:
                answer = await connection.get(f"/v1/users/{chance.choice(users)}/recommendations")
            except (RuntimeError, OSError, asyncio.IncompleteReadError) as error:
                failed.append(str(error))
                await connection.open()
                continue
            seconds.append(time.perf_counter() - sent)
            if answer["run_id"] == before:
                last_of_old[number] = time.time()
            # Who is late sends less, as nobody can send into the past.
            due = max(due + CLIENTS / per_second, time.perf_counter())
        connection.close()

    begun = time.perf_counter()
    clients = [asyncio.create_task(client(number)) for number in range(CLIENTS)]
    await asyncio.sleep(SETTLE_SECONDS)
    memory_before = [resident_mb(pid) for pid in server.workers()]
    for command in (["dbt", "run", "--quiet"], ["rankmart", "score", "--accept"]):
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).parent / command[0]),
            *command[1:],
            env=job,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)} failed: {said.decode()[-2000:]}")
    await asyncio.sleep(SETTLE_SECONDS)
    stop.set()
    await asyncio.gather(*clients)
    switched = (published / POINTER).stat().st_mtime
    after = (published / POINTER).read_text(encoding="utf-8").strip()
    if after == before:
        raise RuntimeError("the job published the run that was there")
    return {
        "requests": len(seconds),
        "requests_per_second": round(len(seconds) / (time.perf_counter() - begun)),
        "failed": len(failed),
        "failures": failed[:3],
        **quantiles_ms(seconds),
        "last_answer_of_the_old_run_after_s": round(max(last_of_old) - switched, 2),
        "open_snapshots": [
            [Path(path).stem for path in open_snapshots(pid)] for pid in server.workers()
        ],
        "runs": [before, after],
        "memory_mb": {
            "before": memory_before,
            "after": [resident_mb(pid) for pid in server.workers()],
        },
    }


def _job_environment(folder: Path) -> dict[str, str]:
    data = folder / "data"
    return os.environ | {
        "RANKMART_REVIEWS": str(data / "reviews.csv"),
        "RANKMART_PRODUCTS": str(data / "products.csv"),
        "RANKMART_WAREHOUSE": str(data / "warehouse.duckdb"),
        "RANKMART_PUBLISHED": str(data / "published"),
        "RANKMART_EVENTS": f"sqlite:///{folder}/events.sqlite",
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }


def _one_more_review(reviews: Path) -> None:
    """The last line again, by a user who is new."""
    with reviews.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        *_, last = rows
        columns = rows.fieldnames or []
    user = next(column for column in columns if column.lower() in ("userid", "user_id"))
    with reviews.open("a", encoding="utf-8", newline="") as lines:
        csv.DictWriter(lines, columns, lineterminator="\n").writerow(last | {user: "A-NEW-USER"})


def _users(published: Path) -> list[str]:
    run_id = (published / POINTER).read_text(encoding="utf-8").strip()
    with duckdb.connect(published / f"{run_id}.duckdb", read_only=True) as connection:
        rows = connection.execute("select user_id from recommendation_lists").fetchall()
    return sorted(user for (user,) in rows)


if __name__ == "__main__":
    main()
