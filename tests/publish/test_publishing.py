"""How snapshots come, stay and go: pointers, pruning, refusals and failures."""

import errno
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from rankmart.errors import MissingTableError, SnapshotError
from rankmart.publish import STALE_AFTER_SECONDS, current_run, publish, snapshot_path

from .small_warehouse import add_run, publish_run


def names(published: Path) -> list[str]:
    return sorted(path.name for path in published.iterdir())


def set_age(path: Path, *, seconds: float) -> None:
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


def test_nothing_published_is_no_run(published: Path) -> None:
    assert current_run(published) is None


@pytest.mark.parametrize("content", ["", "../../etc/passwd\n", "a\nb\n", ".hidden\n", "x" * 65])
def test_a_pointer_that_names_no_run_is_an_error(published: Path, content: str) -> None:
    published.mkdir()
    (published / "current").write_text(content)

    with pytest.raises(SnapshotError, match="make score"):
        current_run(published)


@pytest.mark.parametrize(
    "run_id",
    ["", ".", "..", ".run", "../run", "a/b", "a\\b", "/etc/passwd", "run\n", "rün", "x" * 65],
)
def test_a_run_id_that_could_lead_elsewhere_is_refused(
    warehouse: duckdb.DuckDBPyConnection, published: Path, run_id: str
) -> None:
    with pytest.raises(SnapshotError, match="is no run id"):
        snapshot_path(published, run_id)
    with pytest.raises(SnapshotError, match="is no run id"):
        publish(warehouse, run_id=run_id, published=published)
    assert not published.exists()


def test_a_run_that_is_there_is_not_written_again_and_becomes_current(
    warehouse: duckdb.DuckDBPyConnection, published: Path
) -> None:
    first = publish(warehouse, run_id="run-1", published=published)
    inode, content = first.stat().st_ino, first.read_bytes()
    publish_run(warehouse, published, "run-2")
    warehouse.execute("drop table ranker.recommendations")

    again = publish(warehouse, run_id="run-1", published=published)

    assert (again.stat().st_ino, again.read_bytes()) == (inode, content)
    assert current_run(published) == "run-1"


def test_pruning_keeps_the_newest_and_the_current_one(
    warehouse: duckdb.DuckDBPyConnection, published: Path
) -> None:
    for age, run_id in enumerate(["run-a", "run-b", "run-c", "run-d"]):
        set_age(publish_run(warehouse, published, run_id), seconds=1000 - age)

    assert names(published) == ["current", "run-b.duckdb", "run-c.duckdb", "run-d.duckdb"]


def test_a_run_published_again_counts_as_new(
    warehouse: duckdb.DuckDBPyConnection, published: Path
) -> None:
    for age, run_id in enumerate(["run-a", "run-b", "run-c"]):
        set_age(publish_run(warehouse, published, run_id), seconds=1000 - age)
    publish(warehouse, run_id="run-a", published=published)

    publish_run(warehouse, published, "run-d")

    assert names(published) == ["current", "run-a.duckdb", "run-c.duckdb", "run-d.duckdb"]


def test_keeping_one_keeps_only_the_current_run(
    warehouse: duckdb.DuckDBPyConnection, published: Path
) -> None:
    publish_run(warehouse, published, "run-2")

    publish(warehouse, run_id="run-1", published=published, keep=1)

    assert names(published) == ["current", "run-1.duckdb"]


def test_keeping_none_is_refused(warehouse: duckdb.DuckDBPyConnection, published: Path) -> None:
    with pytest.raises(ValueError, match="keep"):
        publish(warehouse, run_id="run-1", published=published, keep=0)


def test_what_a_killed_run_left_is_deleted_once_it_is_old(
    warehouse: duckdb.DuckDBPyConnection, published: Path
) -> None:
    published.mkdir()
    for name in (".run-0.duckdb.tmp-aa", ".run-0.duckdb.tmp-aa.wal", ".current.tmp-bb"):
        (published / name).touch()
        set_age(published / name, seconds=STALE_AFTER_SECONDS + 60)
    (published / ".run-9.duckdb.tmp-cc").touch()
    (published / "notes.txt").touch()

    publish(warehouse, run_id="run-1", published=published)

    assert names(published) == [".run-9.duckdb.tmp-cc", "current", "notes.txt", "run-1.duckdb"]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        ("delete from ranker.runs", "0 rows in ranker.runs"),
        ("update ranker.runs set verdict = 'refused'", "its verdict is refused"),
        ("update ranker.runs set verdict = null", "its verdict is not set"),
        ("delete from ranker.recommendations", "no recommendations"),
        ("delete from ranker.fallback_recommendations", "no fallback recommendations"),
        (
            "update ranker.recommendations set score = 'nan' where rank = 3",
            "a score in recommendations is not a finite number",
        ),
        (
            "update ranker.fallback_recommendations set score = null",
            "a score in fallback_recommendations is not a finite number",
        ),
    ],
)
def test_a_run_that_is_not_fit_is_refused(
    warehouse: duckdb.DuckDBPyConnection, published: Path, spoil: str, reason: str
) -> None:
    publish_run(warehouse, published, "run-0")
    warehouse.execute(spoil)

    with pytest.raises(SnapshotError, match=reason):
        publish(warehouse, run_id="run-1", published=published)

    assert names(published) == ["current", "run-0.duckdb"]
    assert current_run(published) == "run-0"


@pytest.mark.parametrize(
    ("table", "build_with"), [("products", "dbt run"), ("ranker.runs", "make score")]
)
def test_a_missing_table_says_which_step_builds_it(
    warehouse: duckdb.DuckDBPyConnection, published: Path, table: str, build_with: str
) -> None:
    warehouse.execute(f"drop table {table}")

    with pytest.raises(MissingTableError, match=f"{table}.*{build_with}"):
        publish(warehouse, run_id="run-1", published=published)


def test_a_missing_column_is_an_error_that_says_so(
    warehouse: duckdb.DuckDBPyConnection, published: Path
) -> None:
    warehouse.execute("alter table products drop column brand")

    with pytest.raises(SnapshotError, match="brand"):
        publish(warehouse, run_id="run-1", published=published)
    assert names(published) == []


def test_a_run_that_is_not_committed_yet_is_an_error(
    warehouse: duckdb.DuckDBPyConnection, published: Path
) -> None:
    warehouse.execute("begin")
    add_run(warehouse, "run-2")

    with pytest.raises(SnapshotError, match="transaction"):
        publish(warehouse, run_id="run-2", published=published)

    warehouse.execute("rollback")
    assert names(published) == []
    publish(warehouse, run_id="run-1", published=published)
    assert current_run(published) == "run-1"


def test_a_folder_that_cannot_be_made_is_an_error(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SnapshotError, match="make score"):
        publish(warehouse, run_id="run-1", published=tmp_path / "file" / "published")


@pytest.mark.parametrize("failing", ["run-1.duckdb", "current"])
def test_a_rename_that_fails_leaves_the_old_run_current(
    warehouse: duckdb.DuckDBPyConnection,
    published: Path,
    monkeypatch: pytest.MonkeyPatch,
    failing: str,
) -> None:
    publish_run(warehouse, published, "run-0")
    replace = os.replace

    def replace_or_fail(source: Path, target: Path) -> None:
        if target.name == failing:
            raise OSError(errno.EIO, "Input/output error")
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace_or_fail)
        with pytest.raises(SnapshotError, match="Input/output error"):
            publish(warehouse, run_id="run-1", published=published)

    assert current_run(published) == "run-0"
    assert [name for name in names(published) if name.startswith(".")] == []
    publish(warehouse, run_id="run-1", published=published)
    assert current_run(published) == "run-1"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB, which is more than the small run and less than the big one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("mounting a small file system is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_leaves_the_old_run_current_and_the_warehouse_usable(
    warehouse: duckdb.DuckDBPyConnection, small_disk: Path
) -> None:
    published = small_disk / "published"
    publish_run(warehouse, published, "run-0")
    warehouse.execute(
        "insert into ranker.recommendations"
        " select 'run-1', 'user-' || (number // 20), number % 20 + 1, md5(number::varchar),"
        " 0.5, 'popular', 'popular', null, null from range(200000) as numbers (number)"
    )

    with pytest.raises(SnapshotError, match="disk space"):
        publish(warehouse, run_id="run-1", published=published)

    assert names(published) == ["current", "run-0.duckdb"]
    assert current_run(published) == "run-0"
    warehouse.execute("delete from ranker.recommendations where user_id like 'user-%'")
    publish(warehouse, run_id="run-1", published=published)
    assert current_run(published) == "run-1"
