"""`make scale`: made-up reviews of some size, `dbt run` and `rankmart score` on them, by stage."""

import json
import os
import platform
import re
import tempfile
from collections.abc import Iterable
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from benchmarks.scale.data import products_of, users_of, write_scale_data
from benchmarks.scale.process import Finished, run_and_watch
from rankmart.benchmark import (
    SCORE_COMMAND,
    dbt_command,
    figures_of,
    scratch_environment,
    write_json,
)
from rankmart.errors import RankmartError
from rankmart.settings import Settings

ROOT = Path(__file__).parents[2]
_PACKAGES = ("rankmart", "duckdb", "dbt-core", "dbt-duckdb", "xgboost-cpu", "xgboost", "numpy")
_STAGE = re.compile(r"(?:\S+ )?(.+) took ([0-9.]+) s")


def measure(
    *, reviews: int, users: int, products: int, seed: int = 7, scratch_in: Path | None = None
) -> dict[str, Any]:
    """The whole job on made-up reviews in a scratch folder that is deleted afterwards.

    Returns what `make scale` writes as JSON: sizes, machine, versions; seconds, CPU seconds and
    peak memory (MB of 2^20 bytes) of dbt by model and of `rankmart score` by stage; NDCG@10 of
    every model, to see that it works at all. Raises RankmartError where a step fails.
    """
    if scratch_in is not None:
        scratch_in.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rankmart-scale-", dir=scratch_in) as name:
        scratch = Path(name)
        try:
            data = write_scale_data(
                scratch / "data", reviews=reviews, users=users, products=products, seed=seed
            )
        except ValueError as error:
            raise RankmartError(str(error)) from error
        environment = scratch_environment(
            scratch,
            reviews=str(data.reviews_path),
            products=str(data.products_path),
            protocol="temporal",
        )
        environment["OMP_WAIT_POLICY"] = os.environ.get("OMP_WAIT_POLICY", "PASSIVE")
        dbt = run_and_watch(dbt_command(environment), cwd=ROOT, environment=environment)
        score = run_and_watch(SCORE_COMMAND, cwd=ROOT, environment=environment)
        found = figures_of(scratch / "warehouse.duckdb")
        return {
            "sizes": {"reviews": reviews, "users": users, "products": products, "seed": seed},
            "data": found["data"],
            "machine": _machine(),
            "versions": _versions(),
            "memory_limit": Settings.from_environment(environment).memory_limit,
            "dbt": _totals(dbt) | {"models": _models(scratch / "target", dbt)},
            "score": _totals(score) | {"stages": _stages(score)},
            "seconds": round(dbt.seconds + score.seconds, 1),
            "peak_memory_mb": max(dbt.peak_memory_mb, score.peak_memory_mb),
            "warehouse_mb": _size_mb([scratch / "warehouse.duckdb"]),
            "snapshot_mb": _size_mb((scratch / "published").glob("*.duckdb")),
            "candidate_recall": round(found["candidate_recall"], 4),
            "ndcg_at_10": {
                model: round(figures["ndcg_at_10"], 4)
                for model, figures in found["models"].items()
            },
        }


def in_markdown(figures: dict[str, Any]) -> str:
    """The figures as tables: the whole, then the stages that take the most time."""
    sizes, machine = figures["sizes"], figures["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in figures["versions"].items())
    lines = [
        f"{sizes['reviews']:,} reviews of {sizes['users']:,} users and {sizes['products']:,}"
        f" products, memory_limit {figures['memory_limit']}, {machine['cpus']} cores,"
        f" {machine['memory_gb']} GB, {machine['system']}; {versions}.",
        "",
        "| step | seconds | CPU seconds | peak MB |",
        "| --- | --- | --- | --- |",
        _row("dbt run", figures["dbt"]),
        _row("rankmart score", figures["score"]),
        f"| both | {figures['seconds']} | | {figures['peak_memory_mb']} |",
        "",
        f"Warehouse {figures['warehouse_mb']} MB, snapshot {figures['snapshot_mb']} MB.",
        "",
        "| model or stage | seconds | CPU seconds | peak MB |",
        "| --- | --- | --- | --- |",
    ]
    models = sorted(figures["dbt"]["models"], key=lambda model: -model["seconds"])
    lines += [_row(model["name"], model) for model in models]
    lines += [_row(f"score: {stage['name']}", stage) for stage in figures["score"]["stages"]]
    return "\n".join(lines)


def _row(name: str, figures: dict[str, Any]) -> str:
    cells = [figures["seconds"], figures["cpu_seconds"], figures["peak_memory_mb"]]
    texts = ["" if cell is None else str(cell) for cell in cells]
    return f"| {name} | {' | '.join(texts)} |"


def _totals(finished: Finished) -> dict[str, Any]:
    return {
        "seconds": finished.seconds,
        "cpu_seconds": finished.cpu_seconds,
        "peak_memory_mb": finished.peak_memory_mb,
    }


def _models(target: Path, dbt: Finished) -> list[dict[str, Any]]:
    """Each dbt model with its time from dbt's own record."""
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    models = []
    for result in results:
        if not result["unique_id"].startswith("model."):
            continue
        [times] = [part for part in result["timing"] if part["name"] == "execute"]
        start, end = (
            datetime.fromisoformat(times[moment].replace("Z", "+00:00")).timestamp()
            for moment in ("started_at", "completed_at")
        )
        models.append(
            {
                "name": result["unique_id"].rpartition(".")[2],
                "seconds": round(end - start, 1),
                **dbt.between(start, end),
            }
        )
    return models


def _stages(score: Finished) -> list[dict[str, Any]]:
    """Each stage of scoring, from the lines of rankmart.stages."""
    stages = []
    for end, line in score.lines:
        if told := _STAGE.fullmatch(line):
            seconds = float(told[2])
            stages.append(
                {"name": told[1], "seconds": seconds, **score.between(end - seconds, end)}
            )
    return stages


def _machine() -> dict[str, Any]:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpus": Settings().thread_count,
        "memory_gb": round(pages / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _versions() -> dict[str, str]:
    found = {"Python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except ModuleNotFoundError:
            continue
    return found


def _size_mb(paths: Iterable[Path]) -> int:
    return round(sum(path.stat().st_size for path in paths) / 2**20)


@click.command()
@click.option("--reviews", type=click.IntRange(min=1), default=1_000_000, show_default=True)
@click.option("--users", type=click.IntRange(min=1), help="Default: a tenth of the reviews.")
@click.option("--products", type=click.IntRange(min=10), help="Default: a fiftieth of them.")
@click.option("--seed", type=click.IntRange(min=0), default=7, show_default=True)
@click.option(
    "--scratch",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the scratch folder is made.  [default: the system's]",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="JSON goes here too.")
def main(
    *,
    reviews: int,
    users: int | None,
    products: int | None,
    seed: int,
    scratch: Path | None,
    out: Path | None,
) -> None:
    """Measure `dbt run` and `rankmart score` on made-up reviews of some size."""
    try:
        figures = measure(
            reviews=reviews,
            users=users or users_of(reviews),
            products=products or products_of(reviews),
            seed=seed,
            scratch_in=scratch,
        )
    except RankmartError as error:
        raise click.ClickException(str(error)) from error
    click.echo(in_markdown(figures))
    if out is not None:
        write_json(figures, out)


if __name__ == "__main__":
    main()
