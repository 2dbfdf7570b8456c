"""A run that is scored and held is published later as it would have been at once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from litestar.testing import TestClient

from project import Finished, Project
from rankmart_serving.app import create_app
from rankmart_serving.settings import Settings

from .test_gate import SPOIL_LABELS

pytestmark = pytest.mark.long

LISTS = "from ranker.recommendations order by user_id, rank"
OTHER_SEED = {"RANKMART_SEED": "8"}


@pytest.fixture(scope="module")
def held(scored_shop: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = scored_shop.copied_to(tmp_path_factory.mktemp("held"))
    return replace(project, more=OTHER_SEED)


@pytest.fixture(scope="module")
def holding(held: Project) -> Finished:
    return held.rankmart("score", "--hold").succeeded()


def run_served(project: Project) -> str:
    with TestClient(create_app(Settings(published=project.published))) as client:
        return str(client.get("/health/ready").json()["run_id"])


def tables_of_snapshot(project: Project) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of the snapshot that is served; but for when the run was made."""
    path = project.published / f"{project.current_run}.duckdb"
    with duckdb.connect(path, read_only=True) as connection:
        connection.execute("set threads = 1")
        names = [name for (name,) in connection.execute("show tables").fetchall()]
        return {
            name: sorted(
                connection.execute(
                    f"select * {'exclude (created_at)' if name == 'run' else ''} from {name}"
                ).fetchall(),
                key=repr,
            )
            for name in names
        }


def test_a_held_run_changes_nothing_that_is_published(
    held: Project, holding: Finished, scored_shop: Project
) -> None:
    assert "is held: ranker beats popular" in holding.in_words()
    assert "To publish it: rankmart publish" in holding.in_words()
    assert held.current_run == run_served(held) == scored_shop.current_run
    assert held.rows(LISTS) == scored_shop.rows(LISTS)
    assert not held.export.exists()
    assert held.rows("select verdict, is_current from ranker.runs order by created_at") == [
        ("published", True),
        ("held", False),
    ]


def test_a_held_run_is_published_as_it_would_have_been_at_once(
    held: Project, holding: Finished, scored_shop: Project, tmp_path: Path
) -> None:
    assert holding.exit_code == 0
    for name in ("later", "at_once"):
        (tmp_path / name).mkdir()
    later = replace(held.copied_to(tmp_path / "later"), more={})
    at_once = replace(scored_shop.copied_to(tmp_path / "at_once"), more=OTHER_SEED)
    at_once.rankmart("score").succeeded()

    later.rankmart("publish").succeeded()

    assert later.current_run == at_once.current_run != scored_shop.current_run
    assert run_served(later) == later.current_run
    assert tables_of_snapshot(later) == tables_of_snapshot(at_once)
    assert later.rows(LISTS) == at_once.rows(LISTS)
    fallback = "from ranker.fallback_recommendations order by rank"
    assert later.rows(fallback) == at_once.rows(fallback)
    assert duckdb.sql(f"from '{later.export}'").fetchall() == later.rows(LISTS)
    verdicts = "select run_id, verdict, is_current from ranker.runs order by created_at"
    assert later.rows(verdicts) == at_once.rows(verdicts)


def test_a_held_run_that_is_served_already_stays_published(
    scored_shop: Project, tmp_path: Path
) -> None:
    project = scored_shop.copied_to(tmp_path)
    finished = project.rankmart("score", "--hold").succeeded()
    assert f"Run {scored_shop.current_run} is published" in finished.in_words()
    assert project.rows("select run_id, verdict, is_current from ranker.runs") == [
        (scored_shop.current_run, "published", True)
    ]
    assert project.rows(LISTS) == scored_shop.rows(LISTS)


def test_a_refused_run_is_published_by_hand_alone(scored_shop: Project, tmp_path: Path) -> None:
    project = scored_shop.copied_to(tmp_path)
    project.change(SPOIL_LABELS)
    refusal = project.rankmart("score", "--hold").failed_plainly(exit_code=3)
    assert "rankmart publish --accept" in refusal
    message = project.rankmart("publish").failed_plainly(exit_code=3)
    assert "worse than the current run" in message
    assert project.current_run == scored_shop.current_run

    accepted = project.rankmart("publish", "--accept").succeeded()
    assert "accepted by hand, though" in accepted.in_words()
    assert run_served(project) == project.current_run != scored_shop.current_run
    # Its list for users who are not known was kept as well.
    with TestClient(create_app(Settings(published=project.published))) as client:
        answer = client.get("/v1/users/nobody/recommendations").json()
    assert (answer["run_id"], answer["fallback"]) == (project.current_run, "popular")
    assert answer["items"]
