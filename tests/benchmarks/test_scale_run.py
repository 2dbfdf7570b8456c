"""`make scale`, at a tiny size: the whole job by stage, as JSON and as tables."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.scale.process import run_and_watch
from project import ROOT
from rankmart.errors import RankmartError

pytestmark = pytest.mark.long

STAGES = ["train", "contest", "rank everyone", "write", "publish", "export"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scale-run")


@pytest.fixture(scope="module")
def finished(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = ["-m", "benchmarks.scale.run", "--reviews", "6000", "--products", "150"]
    return subprocess.run(
        [sys.executable, *command, "--scratch", folder, "--out", folder / "scale.json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.fixture(scope="module")
def figures(finished: "subprocess.CompletedProcess[str]", folder: Path) -> dict[str, Any]:
    assert finished.returncode == 0, finished.stderr
    written: dict[str, Any] = json.loads((folder / "scale.json").read_text(encoding="utf-8"))
    return written


def test_every_model_and_stage_has_its_time(figures: dict[str, Any]) -> None:
    models = {model["name"]: model for model in figures["dbt"]["models"]}
    files = {
        path.stem for path in (ROOT / "models").rglob("*.*") if path.suffix in (".sql", ".py")
    }
    assert set(models) == files
    assert [stage["name"] for stage in figures["score"]["stages"]] == STAGES
    assert sum(model["seconds"] for model in models.values()) <= figures["dbt"]["seconds"]
    stages = sum(stage["seconds"] for stage in figures["score"]["stages"])
    assert 0 < stages <= figures["score"]["seconds"]


def test_memory_is_that_of_the_process(figures: dict[str, Any]) -> None:
    for step, parts in (("dbt", "models"), ("score", "stages")):
        peaks = [part["peak_memory_mb"] for part in figures[step][parts]]
        seen = [peak for peak in peaks if peak is not None]
        if sys.platform == "linux":
            assert seen
        assert all(50 < peak <= figures[step]["peak_memory_mb"] + 1 for peak in seen)
    assert figures["peak_memory_mb"] == max(
        figures[step]["peak_memory_mb"] for step in ("dbt", "score")
    )


def test_the_figures_say_of_what_and_where(figures: dict[str, Any]) -> None:
    assert figures["sizes"] == {"reviews": 6000, "users": 600, "products": 150, "seed": 7}
    assert figures["data"]["users"] == 600
    assert figures["memory_limit"] == "4GB"
    assert figures["warehouse_mb"] > 0
    assert figures["snapshot_mb"] > 0
    assert figures["versions"]["duckdb"]
    assert figures["machine"]["cpus"] >= 1
    assert figures["ndcg_at_10"]["popular"] > 0


def test_the_tables_have_a_row_for_each(
    figures: dict[str, Any], finished: "subprocess.CompletedProcess[str]"
) -> None:
    rows = {line.split(" | ")[0].removeprefix("| ") for line in finished.stdout.splitlines()}
    assert {"dbt run", "rankmart score", "both"} < rows
    assert {model["name"] for model in figures["dbt"]["models"]} < rows
    assert {f"score: {stage}" for stage in STAGES} < rows


def test_nothing_but_the_json_is_left(figures: dict[str, Any], folder: Path) -> None:
    assert figures
    assert [path.name for path in folder.rglob("*")] == ["scale.json"]


def test_a_step_that_fails_is_named() -> None:
    with pytest.raises(RankmartError, match="ended with exit code 3"):
        run_and_watch([sys.executable, "-c", "raise SystemExit(3)"], cwd=ROOT, environment={})


WATCH = """
import sys
from pathlib import Path
from benchmarks.scale.process import run_and_watch

held = "held = b'1' * 300_000_000; print('held', end='')"
finished = run_and_watch([sys.executable, "-c", held], cwd=Path(), environment={})
assert finished.lines == []
print(finished.peak_memory_mb)
"""


def test_what_a_process_takes_is_seen() -> None:
    # From a small process: what pytest holds itself would count as the peak of its child.
    watched = subprocess.run(
        [sys.executable, "-c", WATCH], cwd=ROOT, capture_output=True, text=True, check=True
    )
    # 300,000,000 bytes are 286 MB, the interpreter comes on top.
    assert 286 < int(watched.stdout) < 600
