"""The copy for analysts: all of the tables, replaced whole, read at any time."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from project import Project
from rankmart.analysis_copy import READ_ONLY, copy_after_scoring, copy_for_analysis
from rankmart.errors import RankmartError, WarehouseError
from rankmart.publish import STALE_AFTER_SECONDS
from rankmart.settings import Settings
from rankmart.warehouse import open_warehouse

pytestmark = pytest.mark.long

SCHEMAS = ("main", "ranker")
READER = """
import sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as copy:
    for _ in range(2):
        print(copy.execute("select count(*) from users").fetchall()[0][0], flush=True)
        sys.stdin.readline()
"""


def settings_of(project: Project, **given: object) -> Settings:
    return replace(Settings(warehouse=project.warehouse, threads=1), **given)


@pytest.fixture(scope="module")
def copy(scored_shop: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small shop; tests must leave it as it is."""
    target = tmp_path_factory.mktemp("copy") / "analysis.duckdb"
    return copy_for_analysis(settings_of(scored_shop), target, SCHEMAS).path


@pytest.fixture
def small(tmp_path: Path) -> Settings:
    """A warehouse of one table, which a test may change."""
    settings = Settings(warehouse=tmp_path / "small.duckdb", threads=1)
    with duckdb.connect(settings.warehouse) as warehouse:
        warehouse.execute("create table users as select range as user_key from range(3)")
        warehouse.execute("create view everyone as select * from small.main.users")
    return settings


def count(copy: Path, table: str = "users") -> int:
    with duckdb.connect(copy, read_only=True) as connection:
        [(rows,)] = connection.execute(f"select count(*) from {table}").fetchall()
        return int(rows)


@contextmanager
def reader_of(copy: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process with the copy open, which counts users for each line that it gets."""
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(copy)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        yield reader
        assert reader.stdin is not None
        reader.stdin.close()
        assert reader.wait(timeout=60) == 0


def line(reader: "subprocess.Popen[str]") -> str:
    assert reader.stdout is not None
    return reader.stdout.readline().strip()


def ask_again(reader: "subprocess.Popen[str]") -> str:
    assert reader.stdin is not None
    reader.stdin.write("\n")
    reader.stdin.flush()
    return line(reader)


def test_it_has_the_rows_of_every_public_table_and_of_ranker(
    scored_shop: Project, copy: Path
) -> None:
    with scored_shop.connection() as warehouse:
        tables = warehouse.execute(
            "select schema_name, table_name from duckdb_tables()"
            " where schema_name in ('main', 'ranker') order by all"
        ).fetchall()
        warehouse.execute(f"attach '{copy}' as copied (read_only)")
        assert ("main", "user_product_features") in tables
        assert ("ranker", "recommendations") in tables
        for schema, name in tables:
            ours, theirs = f"{schema}.{name}", f"copied.{schema}.{name}"
            assert (
                warehouse.execute(
                    f"(from {ours} except all from {theirs}) union all"
                    f" (from {theirs} except all from {ours})"
                ).fetchall()
                == []
            ), name
        copied = warehouse.execute(
            "select schema_name, table_name from duckdb_tables()"
            " where database_name = 'copied' order by all"
        ).fetchall()
    assert copied == sorted([*tables, ("main", "copy_info")])


def test_every_table_and_column_of_it_says_what_it_is(copy: Path) -> None:
    with duckdb.connect(copy, read_only=True) as connection:
        silent = connection.execute(
            "select table_name from duckdb_tables() where comment is null"
            " union all select column_name from duckdb_columns()"
            " where comment is null and not internal"
        ).fetchall()
    assert silent == []


def test_it_says_what_it_is_a_copy_of(scored_shop: Project, copy: Path) -> None:
    with duckdb.connect(copy, read_only=True) as connection:
        [(age, built_at, run_id)] = connection.execute(
            "select epoch(now() - copied_at), built_at, run_id from copy_info"
        ).fetchall()
    assert 0 <= age < 3600
    assert built_at == scored_shop.value("select max(started_at) from raw.builds")
    assert run_id == scored_shop.current_run


def test_nobody_may_write_to_it(copy: Path) -> None:
    assert copy.stat().st_mode & 0o777 == READ_ONLY


def test_queries_compiled_by_dbt_run_on_it_under_the_name_of_the_warehouse(copy: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{copy}' as warehouse (read_only)")
        found = connection.execute('select count(*) from "warehouse"."main"."users"').fetchall()
    assert found == [(count(copy),)]


def test_a_reader_keeps_the_old_copy_and_the_next_one_gets_the_new(
    small: Settings, tmp_path: Path
) -> None:
    target = tmp_path / "analysis.duckdb"
    copy_for_analysis(small, target)
    with reader_of(target) as reader:
        assert line(reader) == "3"
        with duckdb.connect(small.warehouse) as warehouse:
            warehouse.execute("insert into users values (3)")
        copy_for_analysis(small, target)
        assert ask_again(reader) == "3"
        with reader_of(target) as later:
            assert line(later) == "4"


def test_a_job_may_write_the_warehouse_while_the_copy_is_read(
    small: Settings, tmp_path: Path
) -> None:
    target = copy_for_analysis(small, tmp_path / "analysis.duckdb").path
    with reader_of(target) as reader, duckdb.connect(small.warehouse) as warehouse:
        assert line(reader) == "3"
        warehouse.execute("delete from users")
        assert ask_again(reader) == "3"


def test_while_a_job_writes_the_warehouse_the_copy_stays_and_the_reason_is_told(
    small: Settings, tmp_path: Path
) -> None:
    target = copy_for_analysis(small, tmp_path / "analysis.duckdb").path
    before = target.read_bytes()
    writer = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", writer, str(small.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as job:
        line(job)
        with pytest.raises(WarehouseError, match=f"open in another process .*{job.pid}"):
            copy_for_analysis(small, target)
        job.communicate("\n", timeout=60)
    assert target.read_bytes() == before
    assert list(tmp_path.glob(".*")) == []


def test_views_become_tables_where_everything_is_copied(small: Settings, tmp_path: Path) -> None:
    made = copy_for_analysis(small, tmp_path / "analysis.duckdb")
    assert made.tables == ("main.everyone", "main.users")
    assert made.size_bytes == made.path.stat().st_size
    assert count(made.path, "everyone") == 3


def test_what_was_written_into_an_old_copy_is_not_of_the_new_one(
    small: Settings, tmp_path: Path
) -> None:
    target = tmp_path / "analysis.duckdb"
    left = target.with_name("analysis.duckdb.wal")
    left.write_bytes(b"of another file")
    copy_for_analysis(small, target)
    assert not left.exists()
    assert count(target) == 3


def test_what_a_killed_copy_left_is_deleted_after_an_hour(small: Settings, tmp_path: Path) -> None:
    old, new = (tmp_path / f".analysis.duckdb.tmp-{name}" for name in ("old", "new"))
    for left in (old, new):
        left.write_bytes(b"half")
    os.utime(old, times=(time.time() - STALE_AFTER_SECONDS - 60,) * 2)
    copy_for_analysis(small, tmp_path / "analysis.duckdb")
    assert not old.exists()
    assert new.exists()


@pytest.mark.parametrize(
    ("target", "schemas", "message"),
    [
        ("analysis.duckdb", ["ranker"], "no schema 'ranker' in the warehouse, but main"),
        ("small.duckdb", ["main"], "is the warehouse: give the copy another name"),
        ("small.duckdb/analysis.duckdb", ["main"], "could not be written"),
    ],
)
def test_what_can_not_be_copied_is_told_and_leaves_nothing(
    small: Settings, tmp_path: Path, target: str, schemas: list[str], message: str
) -> None:
    with pytest.raises(RankmartError, match=message):
        copy_for_analysis(small, tmp_path / target, schemas)
    assert [path.name for path in tmp_path.iterdir()] == ["small.duckdb"]


def test_a_connection_that_writes_copies_what_it_has_committed(
    small: Settings, tmp_path: Path
) -> None:
    target = tmp_path / "analysis.duckdb"
    settings = replace(small, analysis=str(target), analysis_schemas="main")
    with open_warehouse(settings) as connection:
        connection.execute("insert into users values (3)")
        copy_after_scoring(connection, settings)
        connection.execute("insert into users values (4)")
        copy_after_scoring(connection, settings)
    assert count(target) == 5


def test_scoring_and_publishing_write_it_where_the_environment_names_a_file(
    scored_shop: Project, tmp_path: Path
) -> None:
    project = scored_shop.copied_to(tmp_path)
    target = tmp_path / "for_analysts" / "shop.duckdb"
    copying = replace(project, more={"RANKMART_ANALYSIS": str(target)})
    copying.rankmart("score").succeeded()
    assert count(target, "ranker.recommendations") == project.value(
        "select count(*) from ranker.recommendations"
    )
    target.unlink()
    copying.rankmart("publish").succeeded()
    assert count(target, "ranker.runs") == 1
    default = project.rankmart("analysis-copy", "--schema", "raw").succeeded()
    assert "tables into data/analysis.duckdb (" in default.stdout
    assert count(tmp_path / "data" / "analysis.duckdb", "raw.files") == 2


def test_everything_and_a_schema_are_not_asked_for_together(project: Project) -> None:
    message = project.rankmart("analysis-copy", "--everything", "--schema", "raw").failed_plainly(
        exit_code=2
    )
    assert "leave out --schema" in message
