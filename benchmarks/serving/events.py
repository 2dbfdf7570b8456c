"""`make serving WHAT=events`: 10,000 events by 8 writers, the server killed now and then.

A writer sends an event again until it is acknowledged. At the end each one must be in the store
exactly once.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import httpx

from benchmarks.serving.server import API, Server, quantiles_ms
from rankmart.events import events_table

WRITERS = 8


def main() -> None:
    """Write, kill, compare, print; exit code 1 where an event is missing or there twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--seconds-between", type=float, default=4.0)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    ids = [f"e{number}" for number in range(asked.events)]
    seconds: list[float] = []
    resent = Counter[str]()
    with tempfile.TemporaryDirectory(prefix="rankmart-events-") as name:
        store = Path(name) / "events.sqlite"
        begun = time.perf_counter()
        with Server(API, Path(name) / "published", events=store) as server:
            threads = [
                threading.Thread(
                    target=_write, args=(server.url, ids[first::WRITERS], seconds, resent)
                )
                for first in range(WRITERS)
            ]
            for thread in threads:
                thread.start()
            kills = 0
            while kills < asked.kills and any(thread.is_alive() for thread in threads):
                time.sleep(asked.seconds_between)
                server.kill()
                kills += 1
                server.start()
            for thread in threads:
                thread.join()
        total = time.perf_counter() - begun
        stored = Counter(events_table(f"sqlite:///{store}")["event_id"].to_pylist())
    figures = {
        "acknowledged": len(seconds),
        "kills": kills,
        "sent_again": sum(resent.values()),
        "missing": sum(event_id not in stored for event_id in ids),
        "more_than_once": sum(count > 1 for count in stored.values()),
        "seconds": round(total, 1),
        "acknowledged_after": quantiles_ms(seconds),
    }
    print(json.dumps(figures, indent=2))  # noqa: T201
    if asked.out:
        asked.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    sys.exit(figures["missing"] != 0 or figures["more_than_once"] != 0)


def _write(url: str, ids: list[str], seconds: list[float], resent: "Counter[str]") -> None:
    with httpx.Client(base_url=url, timeout=10) as client:
        for number, event_id in enumerate(ids):
            event = {
                "event_id": event_id,
                "user_id": f"u{number % 100}",
                "product_id": "P1",
                "kind": "view",
            }
            while True:
                sent = time.perf_counter()
                try:
                    if client.post("/v1/events", json=event).status_code == 201:
                        break
                except httpx.TransportError:
                    time.sleep(0.1)
                resent[event_id] += 1
            seconds.append(time.perf_counter() - sent)


if __name__ == "__main__":
    main()
