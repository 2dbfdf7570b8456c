"""`make peers`: Rankmart and other libraries on the same split, users and metric code."""

import json
import logging
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import duckdb

from benchmarks.peers.evaluation import (
    DEPTH,
    Evaluation,
    Figures,
    best_setting,
    require_equal,
)
from benchmarks.peers.export import Split, export_split, export_tags
from benchmarks.peers.grid import PEERS, Peer, Setting
from benchmarks.peers.table import markdown, write_docs
from rankmart.benchmark import benchmark, write_json
from rankmart.contest import BY_SCORE
from rankmart.errors import RankmartError
from rankmart.settings import Settings

logger = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
PEERS_PYTHON = HERE / ".venv" / "bin" / "python"
JOB_JSON = "benchmark.json"
PACKAGES = ("implicit", "rectools", "numpy", "scipy", "pandas")

_VERSIONS = """
import importlib.metadata, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One child process: wall-clock seconds, imports included; MB of 2^20 bytes."""

    seconds: float
    peak_memory_mb: float


def compare(
    *,
    reviews: str,
    products: str | None,
    protocol: str,
    name: str,
    scratch: Path,
    peers: Sequence[Peer] = PEERS,
    python: Path = PEERS_PYTHON,
    tune_users: int = 3_000,
    job: Path | None = None,
) -> dict[str, Any]:
    """Run Rankmart's whole job, then every peer, and return the figures of all.

    Everything is written below `scratch`, an empty folder. `python` is that of the peers'
    environment. `job` is the scratch of a benchmark on the same files, with its figures in it as
    JOB_JSON: then the job is not run again. Raises RankmartError where a step fails.
    """
    if not python.exists():
        raise RankmartError(f"no {python}: `make peers` creates it")
    machine = _machine()
    versions = _versions(python)
    if job is None:
        job = scratch / "rankmart"
        rankmart = benchmark(
            project=ROOT, reviews=reviews, products=products, protocol=protocol, scratch=job
        )
    else:
        rankmart = _figures_of(job, protocol)
    fit, test, tags = _export(job, scratch, tune_users)
    evaluation = Evaluation(test)
    own = evaluation.add_rankmart(job / "test_lists.parquet")
    ran: dict[str, dict[str, Any]] = {}
    for peer in peers:
        if peer.needs_tags and not tags:
            logger.warning("%s is left out: no category in a products file", peer.name)
            continue
        best, tuning = _tuned(peer, fit, scratch, python)
        lists = scratch / "lists.parquet"
        measured = _run_peer(peer, [best], test, lists, python)
        evaluation.add(peer.name, lists)
        ran[peer.name] = {
            "seconds": round(measured.seconds, 1),
            "peak_memory_mb": round(measured.peak_memory_mb),
            "tuning": tuning,
        }
    figures = evaluation.figures()
    for model in own:
        require_equal(model, figures[model].ndcg, rankmart["models"][model]["ndcg_at_10"])
    models = {**_rankmart_models(rankmart, figures), **ran}
    return {
        "name": name,
        "protocol": protocol,
        "data": rankmart["data"] | {"test_users_with_history": test.users_with_history},
        "machine": machine,
        "versions": {
            "Python": platform.python_version(),
            "Rankmart": version("rankmart"),
            "duckdb": duckdb.__version__,
            **versions,
        },
        "tune_users": fit.users,
        "models": {
            label: _as_json(figures[label.removeprefix("Rankmart ")]) | more
            for label, more in models.items()
        },
    }


def _figures_of(job: Path, protocol: str) -> dict[str, Any]:
    """What a benchmark kept; raises RankmartError for none, or one of another protocol."""
    how = f"rankmart benchmark --protocol {protocol} --scratch {job} --out {job / JOB_JSON} …"
    try:
        figures: dict[str, Any] = json.loads((job / JOB_JSON).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RankmartError(f"no figures at {job / JOB_JSON} ({error}): {how}") from error
    if figures.get("protocol") != protocol:
        raise RankmartError(f"{job / JOB_JSON} is of another protocol: {how}")
    return figures


def _export(job: Path, scratch: Path, tune_users: int) -> tuple[Split, Split, int]:
    with duckdb.connect(job / "warehouse.duckdb", read_only=True) as connection:
        return (
            export_split(connection, "fit", scratch / "fit", at_most=tune_users),
            export_split(connection, "test", scratch / "test"),
            export_tags(connection, scratch),
        )


def _tuned(peer: Peer, fit: Split, scratch: Path, python: Path) -> tuple[Setting, dict[str, Any]]:
    """The setting that is best on the fit split; a peer with one setting has nothing to tune."""
    lists = scratch / "tuning.parquet"
    measured = _run_peer(peer, peer.grid, fit, lists, python)
    number, values = best_setting(fit, lists, len(peer.grid))
    tried = [
        {"settings": dict(setting), "ndcg_at_10": value}
        for setting, value in zip(peer.grid, values, strict=True)
    ]
    best = peer.grid[number]
    logger.info("%s: NDCG@10 %.4f on fit users by %s", peer.name, values[number], dict(best))
    return best, {
        "best": dict(best),
        "ndcg_at_10": values[number],
        "seconds": round(measured.seconds, 1),
        "tried": tried,
    }


def _run_peer(
    peer: Peer, settings: Sequence[Setting], split: Split, lists: Path, python: Path
) -> Measured:
    threads = Settings.from_environment().thread_count
    blas_threads = str(threads if peer.blas_threads else 1)
    report = lists.with_suffix(".json")
    command = [
        *(str(python), "-m", "benchmarks.peers.train_peer"),
        *("--function", peer.function, "--folder", str(split.folder)),
        *("--settings", json.dumps([dict(setting) for setting in settings])),
        *("--out", str(lists), "--k", str(DEPTH), "--threads", str(threads)),
    ]
    logger.info("%s: %d setting(s), %s", peer.name, len(settings), split.folder.name)
    subprocess.run(
        [sys.executable, "-S", str(HERE / "measure.py"), str(report), *command],
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
            "OMP_NUM_THREADS": str(threads),
            # As Rankmart has it: on a machine that does other work, spinning threads cost much.
            "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "PASSIVE"),
            "OPENBLAS_NUM_THREADS": blas_threads,
            "MKL_NUM_THREADS": blas_threads,
        },
        check=True,
        # The figures alone go to standard output.
        stdout=sys.stderr,
    )
    measured = json.loads(report.read_text(encoding="utf-8"))
    if measured["exit_code"]:
        raise RankmartError(
            f"{peer.name} ended with exit code {measured['exit_code']}: see its message above"
        )
    return Measured(seconds=measured["seconds"], peak_memory_mb=measured["peak_memory_mb"])


def _rankmart_models(
    rankmart: Mapping[str, Any], figures: Mapping[str, Figures]
) -> dict[str, dict[str, Any]]:
    """What Rankmart publishes, with the time of its whole job; its best generator; popular."""
    published = rankmart["published_model"]
    generators = [
        model
        for model in rankmart["models"]
        if model not in ("ranker", published) and not model.endswith(BY_SCORE)
    ]
    best = max(generators, key=lambda model: figures[model].ndcg)
    return {
        f"Rankmart {published}": {
            "seconds": rankmart["seconds"]["total"],
            "peak_memory_mb": rankmart["peak_memory_mb"],
        },
        **{f"Rankmart {model}": {} for model in dict.fromkeys([best, "popular"])},
    }


def _as_json(figures: Figures) -> dict[str, float]:
    return {
        "ndcg_at_10": figures.ndcg,
        "recall_at_10": figures.recall,
        "catalog_coverage_at_10": figures.coverage,
        "ndcg_at_10_with_history": figures.warm_ndcg,
    }


def _versions(python: Path) -> dict[str, str]:
    """Of the peers' packages, as far as they are there."""
    found = subprocess.run(
        [python, "-c", _VERSIONS, *PACKAGES], capture_output=True, text=True, check=True
    )
    versions: dict[str, str] = json.loads(found.stdout)
    return versions


def _machine() -> dict[str, float]:
    """Cores, memory in GB of 2^30 bytes, and how many processes ran in the last minute."""
    return {
        "cores": Settings.from_environment().thread_count,
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "load": round(os.getloadavg()[0], 1),
    }


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--reviews", required=True, help="A file or glob of reviews.")
@click.option("--products", help="A file of products.")
@click.option(
    "--protocol",
    type=click.Choice(["temporal", "leave_last_out"]),
    default="temporal",
    show_default=True,
)
@click.option("--name", help="What the data is called.  [default: the folder of the reviews]")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Where the JSON goes."
)
@click.option(
    "--docs",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A page of Markdown whose table is replaced.",
)
@click.option("--only", multiple=True, help="A peer by its name; may be repeated.")
@click.option(
    "--tune-users",
    type=click.IntRange(min=1),
    default=3_000,
    show_default=True,
    help="Users of the fit split on whom settings are tried.",
)
@click.option(
    "--job",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help=f"The --scratch of a `rankmart benchmark` with --out in it as {JOB_JSON}, to be reused.",
)
@click.option(
    "--scratch",
    type=click.Path(path_type=Path, file_okay=False),
    help="An empty folder for what is written; it is kept.",
)
def main(
    *,
    reviews: str,
    products: str | None,
    protocol: str,
    name: str | None,
    out: Path | None,
    docs: Path | None,
    only: tuple[str, ...],
    tune_users: int,
    job: Path | None,
    scratch: Path | None,
) -> None:
    """Rankmart beside other libraries: one split, the same users, the same metric code."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr
    )
    started = time.monotonic()
    try:
        peers = [peer for peer in PEERS if not only or peer.name in only]
        unknown = set(only) - {peer.name for peer in peers}
        if unknown:
            known = ", ".join(peer.name for peer in PEERS)
            raise RankmartError(f"no peer {sorted(unknown)[0]!r}: there are {known}")
        with tempfile.TemporaryDirectory(prefix="rankmart-peers-") as temporary:
            comparison = compare(
                reviews=reviews,
                products=products,
                protocol=protocol,
                name=name or Path(os.path.abspath(reviews)).parent.name,
                scratch=scratch or Path(temporary),
                peers=peers,
                tune_users=tune_users,
                job=job,
            )
        click.echo(markdown(comparison))
        if out is not None:
            write_json(comparison, out)
        if docs is not None:
            write_docs(docs, comparison)
    except RankmartError as error:
        raise click.ClickException(str(error)) from error
    logger.info("all of it took %.0f s", time.monotonic() - started)


if __name__ == "__main__":
    main()
