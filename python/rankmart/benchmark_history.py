"""The history of benchmarks: one line of JSON for each, with the machine and the versions."""

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rankmart.commit import git_commit
from rankmart.errors import RankmartError

PACKAGES = ("rankmart", "dbt-core", "dbt-duckdb", "duckdb", "xgboost", "numpy", "scikit-learn")


def add_to_history(path: Path, name: str, figures: dict[str, Any]) -> None:
    """Append a line; lines that are there stay as they are.

    `figures` are those of `rankmart benchmark`. Of every model NDCG@10 and recall@10 are kept.
    """
    line = json.dumps(
        {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "name": name,
            "commit": git_commit(),
            "machine": machine(),
            "versions": versions(),
            **_short(figures),
        }
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as history:
            history.write(line + "\n")
    except OSError as error:
        raise RankmartError(f"nothing was added to {path}: {error}") from error


def machine() -> dict[str, Any]:
    """What of the machine decides how fast it is; memory in GB of 2^30 bytes."""
    try:
        cpus = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        names = [line.split(":")[1].strip() for line in cpus.splitlines() if "model name" in line]
    except OSError:
        names = []
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": names[0] if names else platform.processor(),
        "cores": cores,
        "memory_gb": round(memory / 2**30),
    }


def versions() -> dict[str, str]:
    """Python and the packages that make the figures; by their import, if a build differs."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        found[package] = version(_installed_as(package))
    return found


def _installed_as(package: str) -> str:
    if package != "xgboost":
        return package
    from importlib.metadata import packages_distributions

    return packages_distributions()["xgboost"][0]


def _short(figures: dict[str, Any]) -> dict[str, Any]:
    """Figures of one run; of runs by order within a day, those of each below its name."""
    if "models" not in figures:
        return {
            name: _short(value) if isinstance(value, dict) else value
            for name, value in figures.items()
        }
    kept = {name: value for name, value in figures.items() if not isinstance(value, dict)}
    return kept | {
        "data": figures["data"],
        "seconds": figures["seconds"],
        "ndcg_at_10": {name: one["ndcg_at_10"] for name, one in figures["models"].items()},
        "recall_at_10": {name: one["recall_at_10"] for name, one in figures["models"].items()},
    }
