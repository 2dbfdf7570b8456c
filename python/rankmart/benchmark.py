"""`make benchmark`: the whole job on a given file, in a scratch warehouse of its own."""

import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from rankmart.errors import RankmartError
from rankmart.whole_files import write_whole

logger = logging.getLogger(__name__)

FIGURES = (
    ("ndcg", 10),
    ("recall", 10),
    ("hit_rate", 10),
    ("mrr", 10),
    ("ndcg", 5),
    ("recall", 5),
    ("ndcg", 20),
    ("recall", 20),
    ("catalog_coverage", 10),
    ("novelty", 10),
    ("intra_list_diversity", 10),
    ("new_product_share", 10),
)

SAME_DAY_ORDERS = ("file", "shuffled")
BOTH = "both"


def benchmark(
    *,
    project: Path,
    reviews: str,
    products: str | None = None,
    protocol: str = "temporal",
    same_day_order: str = "file",
    scratch: Path | None = None,
) -> dict[str, Any]:
    """Run `dbt run` and `rankmart score` on `reviews` and return the figures.

    Paths are taken from the current directory; `project` is where `dbt_project.yml` is. What the
    job writes is kept in `scratch`, an empty folder or a new one, with the lists of the test
    users as `test_lists.parquet`; without it, the job works in a folder that is deleted. Peak
    memory is the larger one of the two processes, in MB of 2^20 bytes. Figures of a run that
    the gate refuses are returned too. With BOTH as the order, the job runs once for each of
    SAME_DAY_ORDERS, in folders named so, and the figures stand beside each other under these
    names. Raises RankmartError where a step fails.
    """
    if not (project / "dbt_project.yml").exists():
        raise RankmartError(
            f"no dbt_project.yml in {project.resolve()}: go to your project, or name it with"
            " --project; `rankmart init` makes one"
        )
    if scratch is not None:
        if scratch.exists() and (not scratch.is_dir() or any(scratch.iterdir())):
            raise RankmartError(f"{scratch} is not an empty folder: name another one")
        scratch.mkdir(parents=True, exist_ok=True)
    orders = SAME_DAY_ORDERS if same_day_order == BOTH else (same_day_order,)
    figures = {}
    for order in orders:
        with _folder(scratch if len(orders) == 1 or scratch is None else scratch / order) as kept:
            environment = scratch_environment(
                kept, reviews=reviews, products=products, protocol=protocol
            )
            lists = "" if scratch is None else str(kept / "test_lists.parquet")
            figures[order] = _job(
                project,
                environment | {"RANKMART_TEST_LISTS": lists},
                protocol=protocol,
                same_day_order=order,
            )
    if same_day_order != BOTH:
        return figures[same_day_order]
    return {"protocol": protocol, "same_day_order": BOTH, **figures}


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    """The folder that is kept, absolute, or one that is deleted."""
    if kept is not None:
        kept.mkdir(exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="rankmart-benchmark-") as name:
        yield Path(name)


def _job(
    project: Path, environment: dict[str, str], *, protocol: str, same_day_order: str
) -> dict[str, Any]:
    """The whole job once."""
    dbt_seconds, dbt_peak = _step(
        dbt_command(environment, same_day_order=same_day_order), project, environment
    )
    score_seconds, score_peak = _step(SCORE_COMMAND, project, environment)
    return {
        "protocol": protocol,
        "same_day_order": same_day_order,
        **figures_of(Path(environment["RANKMART_WAREHOUSE"])),
        "seconds": {
            "dbt": round(dbt_seconds, 1),
            "score": round(score_seconds, 1),
            "total": round(dbt_seconds + score_seconds, 1),
        },
        "peak_memory_mb": max(dbt_peak, score_peak),
    }


def write_json(figures: dict[str, Any], out: Path) -> None:
    """The figures as one JSON object, whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, json.dumps(figures, indent=2) + "\n")


def scratch_environment(
    scratch: Path, *, reviews: str, products: str | None, protocol: str
) -> dict[str, str]:
    """The variables of a job that writes nowhere but below `scratch`."""
    return os.environ | {
        "RANKMART_REVIEWS": os.path.abspath(reviews),
        "RANKMART_PRODUCTS": os.path.abspath(products) if products else "",
        "RANKMART_PROTOCOL": protocol,
        "RANKMART_WAREHOUSE": str(scratch / "warehouse.duckdb"),
        "RANKMART_PUBLISHED": str(scratch / "published"),
        "RANKMART_EXPORT": str(scratch / "recommendations.parquet"),
        "RANKMART_ANALYSIS": "",
        "RANKMART_TUNED": os.environ.get("RANKMART_TUNED") or str(scratch / "tuned.json"),
        "DBT_TARGET_PATH": str(scratch / "target"),
        "DBT_LOG_PATH": str(scratch / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        # A benchmark is no candidate for anything.
        "MLFLOW_TRACKING_URI": "",
    }


def dbt_command(environment: dict[str, str], **more_vars: str) -> list[str]:
    """`dbt run` of the same environment, whether it is activated or not.

    Files and protocol are vars too: those of dbt_project.yml come before the environment.
    """
    beside = Path(sys.executable).with_name("dbt")
    asked = more_vars | {
        "reviews_path": environment["RANKMART_REVIEWS"],
        "products_path": environment["RANKMART_PRODUCTS"],
        "protocol": environment["RANKMART_PROTOCOL"],
    }
    dbt = str(beside) if beside.exists() else "dbt"
    return [dbt, "run", "--quiet", "--vars", json.dumps(asked)]


SCORE_COMMAND = [sys.executable, "-m", "rankmart", "score", "--accept"]
"""`rankmart score`, of the same environment too."""


def _step(command: list[str], project: Path, environment: dict[str, str]) -> tuple[float, int]:
    """Runs a process; returns its seconds and its peak memory in MB."""
    started = time.monotonic()
    logger.info(
        "%s", " ".join(Path(part).name if os.path.isabs(part) else part for part in command)
    )
    # dbt and score tell on their own what went wrong; the figures alone go to standard output.
    process = subprocess.Popen(command, cwd=project, env=environment, stdout=sys.stderr)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RankmartError(
            f"{Path(command[0]).name} {command[1]} ended with exit code"
            f" {process.returncode}: see its message above"
        )
    # In kilobytes; on macOS in bytes.
    peak = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return time.monotonic() - started, round(peak)


def figures_of(warehouse: Path) -> dict[str, Any]:
    """The size of the data, and what `rankmart score` found, of the one run of a warehouse."""
    with duckdb.connect(warehouse, read_only=True) as connection:
        run = connection.execute(
            "select run_id, model, user_count, product_count, interaction_count,"
            " candidate_recall from ranker.runs"
        ).fetchone()
        assert run is not None
        rows = connection.execute(
            "select model, metric, k, value, ci_low, ci_high, users from ranker.evaluation"
            " where run_id = ? and segment = 'all'",
            [run[0]],
        ).fetchall()
        apart = connection.execute(
            "select baseline, metric, k, difference, ci_low, ci_high"
            " from ranker.evaluation_differences where run_id = ? and segment = 'all'",
            [run[0]],
        ).fetchall()
    values = {row[:3]: row[3] for row in rows}
    intervals = {row[:3]: [row[4], row[5]] for row in rows if row[1] != "catalog_coverage"}
    differences = {row[:3]: {"difference": row[3], "interval": [row[4], row[5]]} for row in apart}
    models = sorted({row[0] for row in rows}, key=lambda model: -values[model, "ndcg", 10])
    return {
        "data": {
            "users": run[2],
            "products": run[3],
            "interactions": run[4],
            "test_users": max(row[6] for row in rows),
        },
        "candidate_recall": run[5],
        "published_model": run[1],
        "models": {model: _named(values, model) for model in models},
        "intervals": {model: _named(intervals, model) for model in models},
        "differences": {
            model: _named(differences, model)
            for model in models
            if (model, "ndcg", 10) in differences
        },
    }


def _named(figures: dict[tuple[str, str, int], Any], model: str) -> dict[str, Any]:
    """A model's figures as `ndcg_at_10` and so on; without those that the data has none of."""
    return {
        f"{metric}_at_{k}": figures[model, metric, k]
        for metric, k in FIGURES
        if (model, metric, k) in figures
    }
