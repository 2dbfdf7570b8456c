"""The same input gives the same tables, lists and files, however often and in whatever pieces."""

from dataclasses import replace
from pathlib import Path

import pytest

from project import Project

from .contents import contents

pytestmark = pytest.mark.long

LISTS = "select * from ranker.recommendations order by user_id, rank"
EVALUATION = (
    "from ranker.evaluation order by all",
    "from ranker.evaluation_differences order by all",
    "from ranker.user_evaluation order by all",
)


@pytest.fixture(scope="module")
def again(temporal: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same input in a warehouse of its own."""
    return replace(temporal, scratch=tmp_path_factory.mktemp("again")).built_and_scored()


def test_every_table_is_the_same(temporal: Project, again: Project) -> None:
    before = contents(temporal, "main", "intermediate")
    assert contents(again, "main", "intermediate") == before
    assert before["main.user_product_features"][0] > 10_000
    assert len(before) > 25


def test_the_lists_are_the_same(temporal: Project, again: Project) -> None:
    lists = temporal.rows(LISTS)
    assert again.rows(LISTS) == lists
    assert len(lists) == 288 * 20


def test_the_run_id_and_the_figures_are_the_same(temporal: Project, again: Project) -> None:
    assert again.current_run == temporal.current_run
    for rows in EVALUATION:
        assert again.rows(rows) == temporal.rows(rows) != []


def test_the_exported_file_is_the_same_to_the_byte(temporal: Project, again: Project) -> None:
    assert again.export.read_bytes() == temporal.export.read_bytes()


def test_scoring_again_is_the_same_run(temporal: Project, tmp_path: Path) -> None:
    copy = temporal.copied_to(tmp_path)
    copy.rankmart("score").succeeded()
    assert copy.current_run == temporal.current_run
    assert copy.rows("select run_id, is_current from ranker.runs") == [(copy.current_run, True)]
    assert copy.rows(LISTS) == temporal.rows(LISTS)
    assert copy.export.read_bytes() == temporal.export.read_bytes()


def test_tables_built_in_many_passes_are_the_same(temporal: Project, tmp_path: Path) -> None:
    project = Project(
        tmp_path, reviews=temporal.reviews, products=temporal.products, protocol="temporal"
    )
    project.dbt(reviews_per_pass=400).succeeded()
    assert (
        project.value(
            "select ceil(sum(lines_read) / 400) from raw.files where dataset = 'reviews'"
        )
        > 5
    )
    assert contents(project, "main", "intermediate") == contents(temporal, "main", "intermediate")
