"""A run that was scored before is published from the warehouse alone."""

from pathlib import Path

import duckdb
import pytest

from rankmart.errors import MissingTableError, SnapshotError, WarehouseError
from rankmart.publish import current_run
from rankmart.release import release
from rankmart.settings import Settings

from .small_warehouse import add_run, keep_run, make_warehouse, publish_run


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A warehouse whose run `old` is published."""
    settings = Settings(
        warehouse=tmp_path / "warehouse.duckdb",
        published=tmp_path / "published",
        export=tmp_path / "recommendations.parquet",
    )
    with make_warehouse(settings.warehouse) as warehouse:
        publish_run(warehouse, settings.published, "old")
        warehouse.execute("update ranker.runs set is_current = true, verdict = 'published'")
    return settings


def change(settings: Settings, *statements: str) -> None:
    with duckdb.connect(settings.warehouse) as warehouse:
        for statement in statements:
            warehouse.execute(statement)


def held(settings: Settings, run_id: str, *, minute: int = 1) -> None:
    with duckdb.connect(settings.warehouse) as warehouse:
        keep_run(warehouse, run_id, minute=minute)


def refused(settings: Settings, run_id: str, *, minute: int = 1) -> None:
    with duckdb.connect(settings.warehouse) as warehouse:
        keep_run(warehouse, run_id, lists="refused_recommendations", minute=minute)


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def runs(settings: Settings) -> list[tuple[object, ...]]:
    return rows(
        settings.warehouse, "select run_id, verdict, is_current from ranker.runs order by run_id"
    )


def runs_with_lists(settings: Settings, kind: str) -> list[tuple[object, ...]]:
    return rows(settings.warehouse, f"select distinct run_id from ranker.{kind}")


def test_the_run_that_was_scored_last_is_published(settings: Settings) -> None:
    held(settings, "new")

    released = release(settings)

    assert (released.run_id, released.verdict.passed) == ("new", True)
    assert released.snapshot == settings.published / "new.duckdb"
    assert current_run(settings.published) == "new"
    assert runs(settings) == [("new", "published", True), ("old", "published", False)]
    for kind in ("recommendations", "fallback_recommendations", "kept_runs", "models"):
        assert runs_with_lists(settings, kind) == [("new",)], kind
    for kind in ("held_recommendations", "held_fallback_recommendations"):
        assert runs_with_lists(settings, kind) == [], kind


def test_its_snapshot_has_what_the_warehouse_kept(settings: Settings) -> None:
    held(settings, "new")

    snapshot = release(settings).snapshot

    assert snapshot is not None
    assert rows(snapshot, "select * from model") == [(0.5, b"new", ["support"])]
    assert rows(snapshot, "select run_id, verdict, list_length, users from run") == [
        ("new", "published", 3, 2)
    ]
    assert rows(snapshot, "select json_array_length(items) from fallback_list") == [(2,)]
    assert settings.export is not None
    lists = rows(settings.warehouse, "from ranker.recommendations order by user_id, rank")
    assert duckdb.sql(f"from '{settings.export}'").fetchall() == lists != []


def test_a_refused_run_is_not_published(settings: Settings) -> None:
    refused(settings, "bad")

    released = release(settings)

    assert released.snapshot is None
    assert (released.verdict.passed, released.verdict.reason) == (False, "for refused")
    assert current_run(settings.published) == "old"
    assert runs(settings) == [("bad", "refused", False), ("old", "published", True)]
    assert runs_with_lists(settings, "refused_recommendations") == [("bad",)]
    assert runs_with_lists(settings, "recommendations") == [("old",)]


def test_a_refused_run_is_published_if_it_is_accepted(settings: Settings) -> None:
    refused(settings, "bad")

    released = release(settings, accept=True)

    assert released.verdict.reason == "accepted by hand, though for refused"
    assert current_run(settings.published) == "bad"
    assert runs(settings) == [("bad", "published", True), ("old", "published", False)]
    assert runs_with_lists(settings, "recommendations") == [("bad",)]
    assert runs_with_lists(settings, "fallback_recommendations") == [("bad",)]
    assert runs_with_lists(settings, "refused_recommendations") == []


def test_a_run_is_named_where_it_is_not_the_last_one(settings: Settings) -> None:
    held(settings, "good", minute=1)
    refused(settings, "bad", minute=2)

    assert release(settings).run_id == "bad"
    assert release(settings, "good").snapshot is not None
    assert current_run(settings.published) == "good"
    # What was refused is still there to be accepted.
    assert release(settings, "bad", accept=True).snapshot is not None


def test_a_run_without_lists_is_named_with_those_that_have_some(settings: Settings) -> None:
    held(settings, "new")

    with pytest.raises(WarehouseError, match=r"\(new, old\).*`rankmart rollback nope`"):
        release(settings, "nope")


def test_a_run_on_data_that_were_built_anew_is_not_published(settings: Settings) -> None:
    held(settings, "new")
    change(settings, "insert into raw.builds values ('build-2', now(), true, 0)")

    with pytest.raises(WarehouseError, match=r"built the warehouse anew.*`rankmart score`"):
        release(settings)
    assert current_run(settings.published) == "old"
    assert runs_with_lists(settings, "recommendations") == [("old",)]


def test_publishing_again_changes_nothing(settings: Settings) -> None:
    held(settings, "new")
    first = release(settings).snapshot
    assert first is not None
    content = first.read_bytes()
    # Its snapshot is there, so that the warehouse may be another meanwhile.
    change(settings, "insert into raw.builds values ('build-2', now(), true, 0)")

    again = release(settings)

    assert again.snapshot == first
    assert first.read_bytes() == content
    assert runs(settings) == [("new", "published", True), ("old", "published", False)]


def test_what_failed_halfway_is_finished_by_publishing_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    held(settings, "new")
    with monkeypatch.context() as patch:

        def full_disk(*_given: object, **_named: object) -> Path:
            raise SnapshotError("no space")

        patch.setattr("rankmart.release.publish", full_disk)
        with pytest.raises(SnapshotError, match="no space"):
            release(settings)
    assert current_run(settings.published) == "old"
    assert runs(settings) == [("new", "published", False), ("old", "published", True)]

    release(settings)

    assert current_run(settings.published) == "new"
    assert runs(settings) == [("new", "published", True), ("old", "published", False)]


def test_before_the_first_scoring_it_says_what_to_do(settings: Settings) -> None:
    change(settings, "delete from ranker.runs")
    with pytest.raises(WarehouseError, match="no run was scored yet"):
        release(settings)
    change(settings, "drop schema ranker cascade")
    with pytest.raises(MissingTableError, match="run `rankmart score` first"):
        release(settings)


def test_a_run_of_a_version_that_kept_nothing_is_told_apart(settings: Settings) -> None:
    with duckdb.connect(settings.warehouse) as warehouse:
        add_run(warehouse, "earlier")
    with pytest.raises(WarehouseError, match="can't publish run earlier"):
        release(settings, "earlier")
