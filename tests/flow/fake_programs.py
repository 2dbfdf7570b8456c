"""Stand-ins of `dbt` and `rankmart` that work on the small warehouse, in a second.

Each call is noted in the file `calls` of the folder that SHOP names. A program whose words are in
the file `stop_at` says so in `reached` and then does nothing, for the flow to be killed; one whose
words are in `fail_at` ends as the file says: exit code, then what it prints.
"""

import json
import os
import sys
import time
from pathlib import Path

import duckdb

from publish.small_warehouse import keep_run, make_warehouse

SHOP = Path(os.environ.get("SHOP", "."))
WAREHOUSE = SHOP / "warehouse.duckdb"


def main(program: str, arguments: list[str]) -> int:
    words = f"{program} {arguments[0]}"
    with (SHOP / "calls").open("a", encoding="utf-8") as calls:
        calls.write(f"{words}\n")
    stop_here(words)
    failure = SHOP / "fail_at"
    if failure.exists():
        which, code, text = json.loads(failure.read_text())
        if which == words:
            sys.stdout.write(f"{text}\n")
            return int(code)
    if words == "dbt build":
        build()
    elif words == "rankmart score":
        return score()
    elif words == "rankmart publish":
        from rankmart.command_line import main as rankmart

        sys.argv = ["rankmart", *arguments]
        rankmart()
    return 0


def stop_here(words: str) -> None:
    """Wait to be killed, if the test wants that here."""
    stop = SHOP / "stop_at"
    if stop.exists() and stop.read_text() == words:
        (SHOP / "reached").touch()
        time.sleep(60)


def build() -> None:
    if not WAREHOUSE.exists():
        make_warehouse(WAREHOUSE).close()
    with duckdb.connect(WAREHOUSE) as warehouse:
        warehouse.execute("delete from raw.builds")
        warehouse.execute("insert into raw.builds values (uuid(), now(), true, 0)")
    sys.stdout.write("Completed successfully\n")


def score() -> int:
    """A run that is held, or refused if there is a file `refuse`."""
    refused = (SHOP / "refuse").exists()
    with duckdb.connect(WAREHOUSE) as warehouse:
        [(number,)] = warehouse.execute("select count(*) from ranker.runs").fetchall()
        run_id = f"run-{number}"
        keep_run(
            warehouse,
            run_id,
            lists="refused_recommendations" if refused else "held_recommendations",
            minute=number,
        )
        warehouse.execute(
            "update ranker.kept_runs set build_id = (select invocation_id from raw.builds)"
        )
    sys.stdout.write(f"scored {run_id}\n")
    return 3 if refused else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[0]).name, sys.argv[1:]))
