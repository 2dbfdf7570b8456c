"""`make benchmark`: the whole job on a given file, in a scratch warehouse of its own."""

import json
import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from rankmart.errors import RankmartError

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
)


def benchmark(
    *,
    project: Path,
    reviews: str,
    products: str | None = None,
    protocol: str = "temporal",
    scratch: Path | None = None,
) -> dict[str, Any]:
    """Run `dbt run` and `rankmart score` on `reviews` and return the figures.

    Paths are taken from the current directory; `project` is where `dbt_project.yml` is. What the
    job writes is kept in `scratch`, an empty folder or a new one, with the lists of the test
    users as `test_lists.parquet`; without it, the job works in a folder that is deleted. Peak
    memory is the larger one of the two processes, in MB of 2^20 bytes. Figures of a run that
    the gate refuses are returned too. Raises RankmartError where a step fails.
    """
    if not (project / "dbt_project.yml").exists():
        raise RankmartError(
            f"no dbt_project.yml in {project.resolve()}: go to the repository, or name it with"
            " --project"
        )
    if scratch is not None:
        if scratch.exists() and (not scratch.is_dir() or any(scratch.iterdir())):
            raise RankmartError(f"{scratch} is not an empty folder: name another one")
        scratch.mkdir(parents=True, exist_ok=True)
        kept = scratch.resolve()
        lists = {"RANKMART_TEST_LISTS": str(kept / "test_lists.parquet")}
        return _job(kept, project, reviews, products, protocol, lists)
    with tempfile.TemporaryDirectory(prefix="rankmart-benchmark-") as name:
        return _job(Path(name), project, reviews, products, protocol, {"RANKMART_TEST_LISTS": ""})


def _job(
    scratch: Path,
    project: Path,
    reviews: str,
    products: str | None,
    protocol: str,
    more: Mapping[str, str],
) -> dict[str, Any]:
    environment = (
        os.environ
        | {
            "RANKMART_REVIEWS": os.path.abspath(reviews),
            "RANKMART_PRODUCTS": os.path.abspath(products) if products else "",
            "RANKMART_PROTOCOL": protocol,
            "RANKMART_WAREHOUSE": str(scratch / "warehouse.duckdb"),
            "RANKMART_PUBLISHED": str(scratch / "published"),
            "RANKMART_EXPORT": str(scratch / "recommendations.parquet"),
            "DBT_TARGET_PATH": str(scratch / "target"),
            "DBT_LOG_PATH": str(scratch / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }
        | dict(more)
    )
    # As vars too: those of dbt_project.yml come before the environment.
    asked = {
        "reviews_path": environment["RANKMART_REVIEWS"],
        "products_path": environment["RANKMART_PRODUCTS"],
        "protocol": protocol,
    }
    dbt_seconds = _step(
        [*_dbt(), "run", "--quiet", "--vars", json.dumps(asked)], project, environment
    )
    score_seconds = _step(
        [sys.executable, "-m", "rankmart", "score", "--accept"], project, environment
    )
    return {
        "protocol": protocol,
        **_figures(scratch / "warehouse.duckdb"),
        "seconds": {
            "dbt": round(dbt_seconds, 1),
            "score": round(score_seconds, 1),
            "total": round(dbt_seconds + score_seconds, 1),
        },
        "peak_memory_mb": _peak_memory_mb(),
    }


def write_json(figures: dict[str, Any], out: Path) -> None:
    """The figures as one JSON object, whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(f".{out.name}.tmp")
    temporary.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    os.replace(temporary, out)


def _dbt() -> list[str]:
    """dbt of the same environment, whether it is activated or not."""
    beside = Path(sys.executable).with_name("dbt")
    return [str(beside)] if beside.exists() else ["dbt"]


def _step(command: list[str], project: Path, environment: dict[str, str]) -> float:
    started = time.monotonic()
    logger.info("%s", " ".join(Path(part).name if os.sep in part else part for part in command))
    # dbt and score tell on their own what went wrong; the figures alone go to standard output.
    finished = subprocess.run(
        command, cwd=project, env=environment, check=False, stdout=sys.stderr
    )
    if finished.returncode:
        raise RankmartError(
            f"{Path(command[0]).name} {command[1]} ended with exit code"
            f" {finished.returncode}: see its message above"
        )
    return time.monotonic() - started


def _peak_memory_mb() -> int:
    """Of the largest child process so far; ru_maxrss is in kilobytes, on macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return round(peak / 2**20 if sys.platform == "darwin" else peak / 2**10)


def _figures(warehouse: Path) -> dict[str, Any]:
    with duckdb.connect(warehouse, read_only=True) as connection:
        run = connection.execute(
            "select run_id, model, user_count, product_count, interaction_count,"
            " candidate_recall from ranker.runs"
        ).fetchone()
        assert run is not None
        rows = connection.execute(
            "select model, metric, k, value, users from ranker.evaluation where run_id = ?",
            [run[0]],
        ).fetchall()
    values = {(model, metric, k): value for model, metric, k, value, _ in rows}
    models = sorted({row[0] for row in rows}, key=lambda model: -values[model, "ndcg", 10])
    return {
        "data": {
            "users": run[2],
            "products": run[3],
            "interactions": run[4],
            "test_users": max(row[4] for row in rows),
        },
        "candidate_recall": run[5],
        "published_model": run[1],
        "models": {
            model: {f"{metric}_at_{k}": values[model, metric, k] for metric, k in FIGURES}
            for model in models
        },
    }
