"""A row of the seed that can't be followed is refused, by dbt's tests and by scoring."""

from datetime import date
from typing import Any

import duckdb
import pytest

from project import Project
from rankmart.errors import ExperimentError
from rankmart.experiments import COLUMNS, made, read_experiments

FROM, UNTIL = date(2024, 1, 1), date(2024, 1, 31)
CONTROL = ("e", "s", "control", 0.5, "ranker", FROM, UNTIL)
NEW = ("e", "s", "new", 0.25, "next", FROM, UNTIL)


def changed(row: tuple[Any, ...], **columns: Any) -> tuple[Any, ...]:
    return tuple(columns.get(name, value) for name, value in zip(COLUMNS, row, strict=True))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([CONTROL, changed(NEW, share=0.6)], "add up to more than 1"),
        ([changed(CONTROL, share=0.0)], "above 0 and at most 1"),
        ([changed(CONTROL, share=1.5)], "above 0 and at most 1"),
        ([changed(CONTROL, share=float("nan"))], "above 0 and at most 1"),
        ([changed(CONTROL, share=0.12345)], "more than four decimals"),
        ([changed(CONTROL, share=None)], "share is empty"),
        ([changed(CONTROL, salt="")], "salt is empty"),
        ([changed(CONTROL, starts_on=None)], "starts_on is empty"),
        ([changed(CONTROL, starts_on=UNTIL, ends_on=FROM)], "comes before its starts_on"),
        ([NEW], "one variant must be named 'control'"),
        ([CONTROL, NEW, NEW], "a variant is there twice"),
        ([CONTROL, changed(NEW, salt="t")], "salt must be the same"),
        ([CONTROL, changed(NEW, ends_on=None)], "ends_on must be the same"),
    ],
)
def test_rows_that_cannot_be_followed_are_refused(
    rows: list[tuple[Any, ...]], message: str
) -> None:
    with pytest.raises(ExperimentError, match=message) as told:
        made(rows)
    assert "dbt_project/seeds/experiments.csv" in str(told.value)


def test_a_list_that_there_is_not_is_refused_while_the_experiment_is_not_over() -> None:
    with duckdb.connect() as warehouse:
        assert of(warehouse, day=FROM) == 0
        warehouse.execute(
            "create table experiments (experiment varchar, salt varchar, variant varchar,"
            " share double, list varchar, starts_on date, ends_on date)"
        )
        add(warehouse, CONTROL)
        add(warehouse, changed(NEW, list="nxet"))
        with pytest.raises(ExperimentError, match="no list 'nxet': it is ranker, a generator"):
            of(warehouse, day=UNTIL)
        assert of(warehouse, day=date(2024, 2, 1)) == 0

        warehouse.execute("update experiments set list = '20231231-0123456789ab' where share < .5")
        with pytest.raises(ExperimentError, match="no longer kept; those that are: 20231230-"):
            of(warehouse, day=date(2023, 1, 1))
        warehouse.execute("update experiments set list = '20231230-0123456789ab' where share < .5")
        assert of(warehouse, day=FROM) == 1


def add(warehouse: duckdb.DuckDBPyConnection, row: tuple[Any, ...]) -> None:
    warehouse.execute("insert into experiments values (?, ?, ?, ?, ?, ?, ?)", row)


def of(warehouse: duckdb.DuckDBPyConnection, day: date) -> int:
    found = read_experiments(
        warehouse, day, generators=["next"], kept_runs=["20231230-0123456789ab"]
    )
    return len(found)


@pytest.fixture(scope="module")
def shop(scored_shop: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return scored_shop.copied_to(tmp_path_factory.mktemp("seeded"))


def put(project: Project, *rows: str) -> None:
    """Have these rows in the table, as the seed would, which takes longer."""
    values = ", ".join(f"({row})" for row in rows)
    project.change("delete from experiments", f"insert into experiments values {values}")


def test_scoring_says_which_row_to_mend(shop: Project) -> None:
    put(shop, "'e', 's', 'new', 0.5, 'next', '2024-01-01', null")

    told = shop.rankmart("score").failed_plainly()

    assert "experiment 'e': one variant must be named 'control'" in told


def test_dbts_tests_find_rows_that_cannot_be_followed(shop: Project) -> None:
    sound = (
        "'e', 's', 'control', 0.5, 'ranker', '2024-01-01', null",
        "'e', 's', 'new', 0.5, '20231231-0123456789ab', '2024-01-01', null",
    )
    put(shop, *sound)
    shop.dbt_test("experiments").succeeded()

    put(
        shop,
        *sound,
        "'f', 's', 'control', 0.9, 'ranker', '2024-01-01', null",
        "'f', 't', 'new', 0.2, 'nxet', '2024-01-01', null",
        "'f', 't', 'new', null, 'next', '2024-01-01', null",
    )
    told = shop.dbt_test("experiments").output

    for test in (
        "experiments__share_out_at_most_all_users",
        "experiments__have_one_control_one_salt_and_one_period",
        "experiments__name_lists_that_there_are",
        "not_null_experiments_share",
        "unique_combination_experiments_experiment__variant",
    ):
        assert f"Failure in test {test}" in told


def test_an_ended_experiment_leaves_the_run_as_it_was(shop: Project, scored_shop: Project) -> None:
    put(shop, "'e', 's', 'control', 1, 'popular', '2024-01-01', '2024-12-31'")
    shop.rankmart("score").succeeded()
    assert shop.current_run == scored_shop.current_run
