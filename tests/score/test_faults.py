"""What goes wrong around scoring is told in a line, and the published run is served on."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from litestar.testing import TestClient

from project import TRACEBACK, Project
from rankmart_serving.app import create_app
from rankmart_serving.settings import Settings


def assert_still_served(project: Project, run_id: str) -> None:
    with TestClient(create_app(Settings(published=project.published))) as client:
        answer = client.get("/v1/users/c03-u07/recommendations")
    assert answer.status_code == 200
    assert answer.json()["run_id"] == run_id
    assert len(answer.json()["items"]) == 10


def test_score_before_dbt_run_says_what_to_do(project: Project) -> None:
    message = project.rankmart("score").failed_plainly()
    assert "no warehouse at" in message
    assert "run `dbt run` first" in message
    assert not project.warehouse.exists()


def test_score_on_an_empty_warehouse_says_what_to_do(project: Project) -> None:
    duckdb.connect(project.warehouse).close()
    assert "run `dbt run` first" in project.rankmart("score").failed_plainly()


def test_score_on_a_file_that_is_no_warehouse_says_so(project: Project) -> None:
    project.warehouse.write_bytes(b"user_id,product_id\n" * 1000)
    assert "can't open" in project.rankmart("score").failed_plainly()


def test_a_number_that_is_none_in_the_environment_is_named(project: Project) -> None:
    odd = Project(project.scratch, more={"RANKMART_THREADS": "many"})
    message = odd.rankmart("score").failed_plainly()
    assert "RANKMART_THREADS is 'many': give a whole number" in message


def test_after_a_failed_dbt_run_nothing_is_scored(temporal: Project, tmp_path: Path) -> None:
    project = temporal.copied_to(tmp_path)
    failed = project.dbt(negative_weight="nonsense")
    assert failed.exit_code == 1
    assert TRACEBACK not in failed.output
    assert "candidates_co_visited" in failed.output

    message = project.rankmart("score").failed_plainly()
    assert "the last `dbt run` did not finish" in message
    assert_still_served(project, temporal.current_run)


def test_after_a_dbt_run_that_was_killed_nothing_is_scored(
    temporal: Project, tmp_path: Path
) -> None:
    project = temporal.copied_to(tmp_path)
    with project.started_dbt() as running:
        assert running.stdout is not None
        for line in running.stdout:
            if re.search(r"OK created .*model intermediate\.histories", line):
                break
        running.kill()
    message = project.rankmart("score").failed_plainly()
    assert "the last `dbt run` did not finish" in message
    assert_still_served(project, temporal.current_run)


def test_a_warehouse_open_elsewhere_is_named_with_its_process(
    temporal: Project, tmp_path: Path
) -> None:
    project = temporal.copied_to(tmp_path)
    with duckdb.connect(project.warehouse):
        scored = project.rankmart("score").failed_plainly()
        built = project.dbt()
    assert "is open in another process" in scored
    assert str(os.getpid()) in scored
    assert built.exit_code != 0  # what dbt then prints is its own
    assert "Could not set lock" in built.output
    assert str(os.getpid()) in built.output
    assert_still_served(project, temporal.current_run)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 60 MB, unmounted afterwards."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount the small file system that this test fills")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(folder: Path, *, leave: int) -> None:
    """Take up the space of a disk but for some bytes."""
    disk = os.statvfs(folder)
    (folder / "filler").write_bytes(bytes(max(0, disk.f_bavail * disk.f_bsize - leave)))


def test_a_full_disk_during_score_leaves_the_old_run_published(
    temporal: Project, small_disk: Path
) -> None:
    project = temporal.copied_to(small_disk)
    project.change("update user_product_features set support = 0")
    fill(small_disk, leave=50_000)

    message = project.rankmart("score").failed_plainly()
    assert "space" in message
    assert project.current_run == temporal.current_run
    assert_still_served(project, temporal.current_run)
    lists = "select * from ranker.recommendations order by user_id, rank"
    assert project.rows(lists) == temporal.rows(lists)

    (small_disk / "filler").unlink()
    project.rankmart("score").succeeded()


def test_a_full_disk_under_the_snapshots_leaves_the_old_run_published(
    temporal: Project, small_disk: Path, tmp_path: Path
) -> None:
    project = temporal.copied_to(tmp_path)
    on_disk = Project(
        tmp_path, more={"RANKMART_PUBLISHED": str(small_disk), "RANKMART_LIST_LENGTH": "15"}
    )
    for path in project.published.iterdir():
        (small_disk / path.name).write_bytes(path.read_bytes())
    fill(small_disk, leave=50_000)

    message = on_disk.rankmart("score").failed_plainly()
    assert "is not published" in message
    assert "disk space" in message
    assert (small_disk / "current").read_text().strip() == temporal.current_run
    with TestClient(create_app(Settings(published=small_disk))) as client:
        assert client.get("/health/ready").json()["run_id"] == temporal.current_run


def test_a_full_disk_during_dbt_run_is_told(
    temporal: Project, small_disk: Path, tmp_path: Path
) -> None:
    project = Project(
        tmp_path,
        reviews=temporal.reviews,
        products=temporal.products,
        protocol="temporal",
        warehouse_in=small_disk,
    )
    fill(small_disk, leave=1_000_000)
    failed = project.dbt()
    assert failed.exit_code != 0
    assert TRACEBACK not in failed.output
    assert "No space left on device" in failed.output
    (small_disk / "filler").unlink()
    assert "run `dbt run`" in project.rankmart("score").failed_plainly()
