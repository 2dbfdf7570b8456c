"""What lists that follow events go by is noted by the build, and told by the run."""

from pathlib import Path

import duckdb

from project import Project
from rankmart.build_vars import changed_vars


def test_a_build_as_shipped_changed_nothing(scored_shop: Project) -> None:
    with scored_shop.connection() as warehouse:
        assert changed_vars(warehouse) == {}
    assert scored_shop.rows("select name, value from raw.build_vars order by name") == [
        ("exclude_reviewed", 1.0),
        ("negative_rating_max", 2.0),
    ]
    parameters = scored_shop.value("select parameters from ranker.runs")
    assert "exclude_reviewed" not in parameters
    assert "negative_rating_max" not in parameters


def test_what_a_build_changed_is_among_the_parameters_of_the_run(
    scored_shop: Project, tmp_path: Path
) -> None:
    project = scored_shop.copied_to(tmp_path)
    project.dbt(
        "--select", "product_keys", exclude_reviewed=False, negative_rating_max=3
    ).succeeded()

    project.rankmart("score", "--accept").succeeded()

    assert project.rows(
        "select parameters ->> 'exclude_reviewed', parameters ->> 'negative_rating_max'"
        " from ranker.runs where run_id = ?",
        [project.current_run],
    ) == [("false", "3.0")]


def test_a_warehouse_of_an_earlier_version_tells_nothing() -> None:
    with duckdb.connect() as warehouse:
        assert changed_vars(warehouse) == {}
