"""Going back to a run whose snapshot is kept."""

from pathlib import Path

import duckdb
import pytest

from project import Project
from rankmart.errors import SnapshotError
from rankmart.publish import current_run, publish
from rankmart.rollback import kept_snapshots, roll_back_to
from rankmart.settings import Settings

from .small_warehouse import add_run, make_warehouse, publish_run


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The runs a, b and c, published in this order."""
    settings = Settings(warehouse=tmp_path / "warehouse.duckdb", published=tmp_path / "published")
    with make_warehouse(settings.warehouse) as warehouse:
        for run_id in ("a", "b", "c"):
            publish_run(warehouse, settings.published, run_id)
        warehouse.execute("update ranker.runs set is_current = (run_id = 'c')")
    return settings


def publish_more(settings: Settings, run_id: str, *, keep: int = 3) -> None:
    with duckdb.connect(settings.warehouse) as warehouse:
        add_run(warehouse, run_id)
        publish(warehouse, run_id=run_id, published=settings.published, keep=keep)


def kept(settings: Settings) -> list[str]:
    return [snapshot.run_id for snapshot in kept_snapshots(settings.published)]


def noted(settings: Settings) -> list[tuple[str]]:
    with duckdb.connect(settings.warehouse, read_only=True) as warehouse:
        return warehouse.execute("select run_id from ranker.runs where is_current").fetchall()


def test_the_run_published_before_is_served_again(settings: Settings) -> None:
    assert roll_back_to(settings) == "b"
    assert current_run(settings.published) == "b"
    assert noted(settings) == [("b",)]
    assert roll_back_to(settings) == "a"
    assert current_run(settings.published) == "a"


def test_there_is_nothing_before_the_first_run(settings: Settings) -> None:
    roll_back_to(settings, "a")
    with pytest.raises(SnapshotError, match="no run that was published before"):
        roll_back_to(settings)
    assert current_run(settings.published) == "a"


def test_nothing_published_is_nothing_to_go_back_to(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="nothing is published in"):
        roll_back_to(Settings(published=tmp_path / "none"))


def test_a_run_that_was_gone_back_from_is_passed_over(settings: Settings) -> None:
    roll_back_to(settings)
    publish_more(settings, "d", keep=4)
    assert kept(settings) == ["d", "c", "b", "a"]
    # c was published between b and d, and is no good.
    assert roll_back_to(settings) == "b"


def test_going_far_back_withdraws_all_that_came_later(settings: Settings) -> None:
    roll_back_to(settings, "a")
    publish_more(settings, "d", keep=4)
    assert roll_back_to(settings) == "a"


def test_a_run_that_was_gone_back_from_is_the_first_to_be_deleted(settings: Settings) -> None:
    roll_back_to(settings, "a")
    publish_more(settings, "d", keep=3)
    assert kept(settings) == ["d", "c", "a"]


def test_going_forward_again_is_naming_the_run(settings: Settings) -> None:
    roll_back_to(settings)
    assert roll_back_to(settings, "c") == "c"
    assert current_run(settings.published) == "c"
    assert not any(snapshot.is_withdrawn for snapshot in kept_snapshots(settings.published))


def test_a_run_that_is_published_again_is_not_withdrawn(settings: Settings) -> None:
    roll_back_to(settings)
    with duckdb.connect(settings.warehouse) as warehouse:
        publish(warehouse, run_id="c", published=settings.published)
    publish_more(settings, "d")
    assert roll_back_to(settings) == "c"


@pytest.mark.parametrize("run_id", ["nope", "../a"])
def test_a_run_that_is_not_kept_is_refused(settings: Settings, run_id: str) -> None:
    with pytest.raises(SnapshotError, match=r"kept are c, b, a|is no run id"):
        roll_back_to(settings, run_id)
    assert current_run(settings.published) == "c"


def test_a_damaged_pointer_is_mended_by_the_newest_run(settings: Settings) -> None:
    (settings.published / "current").write_text("")
    assert roll_back_to(settings) == "c"
    assert current_run(settings.published) == "c"


def test_a_warehouse_that_is_gone_does_not_matter(settings: Settings) -> None:
    settings.warehouse.unlink()
    assert roll_back_to(settings) == "b"


def test_a_run_that_the_warehouse_does_not_know_is_served_all_the_same(
    settings: Settings,
) -> None:
    with duckdb.connect(settings.warehouse) as warehouse:
        warehouse.execute("delete from ranker.runs where run_id = 'b'")
    assert roll_back_to(settings) == "b"
    assert noted(settings) == [("c",)]


def test_kept_runs_are_told_with_their_figures(settings: Settings) -> None:
    roll_back_to(settings)
    (settings.published / "torn.duckdb").write_bytes(b"no database")
    snapshots = kept_snapshots(settings.published)
    assert [
        (snapshot.run_id, snapshot.is_current, snapshot.is_withdrawn) for snapshot in snapshots
    ] == [("c", False, True), ("b", True, False), ("a", False, False)]
    assert {
        (snapshot.model, snapshot.verdict, snapshot.ndcg, f"{snapshot.scored_at:%Y-%m-%d %H:%M}")
        for snapshot in snapshots
    } == {("ranker", "published", 0.1, "2014-07-01 12:00")}


def test_the_command_goes_back_while_the_warehouse_is_in_use(settings: Settings) -> None:
    project = Project(settings.warehouse.parent)
    with duckdb.connect(settings.warehouse):
        finished = project.rankmart("rollback").succeeded()
    assert "Run b is served." in finished.stdout
    assert "ranker.runs.is_current is as it was" in finished.stderr
    assert current_run(settings.published) == "b"
    assert noted(settings) == [("c",)]

    listed = project.rankmart("rollback", "--list").succeeded().stdout.splitlines()
    assert listed[0].split()[:3] == ["run", "verdict", "ndcg@10"]
    assert [(line.split()[0], line.split()[-1]) for line in listed[1:3]] == [
        ("c", "withdrawn"),
        ("b", "served"),
    ]
    assert "is no run id" in project.rankmart("rollback", "..").failed_plainly()
    assert "--list shows every run" in project.rankmart("rollback", "--list", "a").failed_plainly(
        exit_code=2
    )
