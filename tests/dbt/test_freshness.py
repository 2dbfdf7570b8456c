"""`dbt source freshness` tells what is late: files, events, builds, published runs."""

import json
from pathlib import Path

import pytest

from project import Project


@pytest.fixture(scope="module")
def project(scored_shop: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the small shop, to make it older."""
    return scored_shop.copied_to(tmp_path_factory.mktemp("late"))


def freshness(project: Project, *, exit_code: int = 0) -> dict[str, str]:
    """By source and table, `pass`, `warn` or `error` (late), or `runtime error`."""
    ended = project.dbt_command("source", "freshness")
    assert ended.exit_code == exit_code, ended.output
    written = json.loads((project.root / "target" / "sources.json").read_bytes())
    return {
        ".".join(result["unique_id"].split(".")[-2:]): result["status"]
        for result in written["results"]
    }


def test_what_was_just_built_and_scored_is_fresh(project: Project) -> None:
    assert freshness(project) == {
        "raw.reviews": "pass",
        "raw.products": "pass",
        "raw.builds": "pass",
        "event_store.events": "pass",
        "ranker.runs": "pass",
    }


def test_old_files_builds_and_runs_are_late(project: Project) -> None:
    project.change(
        "update raw.files set modified_at = now() - interval 10 day where dataset = 'reviews'",
        "delete from raw.files where dataset = 'products'",
        "update raw.builds set finished_at = now() - interval 3 day",
        "insert into raw.builds values"
        " ('part', 'run', now(), now(), 'temporal', false, 0), ('bad', 'run', now(), now(),"
        " 'temporal', true, 2)",
        "insert into staging.stg_events values"
        " (1, 'a', 'u', 'p', 'view', null, epoch(now() - interval 40 day)::bigint, null)",
        "update ranker.runs set created_at = created_at - interval 8 day",
        # Later, but nobody saw its lists.
        "insert into ranker.runs by name select * replace ('refused' as run_id, 'refused' as"
        " verdict, false as is_current, now()::timestamp as created_at) from ranker.runs",
    )
    assert freshness(project, exit_code=1) == {
        "raw.reviews": "warn",
        "raw.products": "pass",
        "raw.builds": "warn",
        "event_store.events": "error",
        "ranker.runs": "error",
    }


def test_a_warehouse_that_was_never_scored_is_late_and_no_failure(project: Project) -> None:
    project.change("drop schema ranker cascade", "delete from staging.stg_events")
    statuses = freshness(project, exit_code=1)
    assert statuses["ranker.runs"] == "error"
    assert statuses["event_store.events"] == "pass"


def test_before_the_first_build_all_that_is_needed_is_late(tmp_path: Path) -> None:
    assert freshness(Project(tmp_path), exit_code=1) == {
        "raw.reviews": "error",
        "raw.products": "pass",
        "raw.builds": "error",
        "event_store.events": "pass",
        "ranker.runs": "error",
    }
