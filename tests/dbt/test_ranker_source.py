"""The source `ranker` in dbt is what scoring writes, and its texts end as comments."""

import duckdb
import yaml

from project import ROOT, Project
from rankmart.descriptions import describe_tables
from rankmart.kept import create_tables
from rankmart.tune import TABLE

SOURCES = ROOT / "models" / "marts" / "_ranker__sources.yml"


def columns_written(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return connection.execute(
        "select table_name, column_name from duckdb_columns() where schema_name = 'ranker'"
        " order by table_name, column_index"
    ).fetchall()


def test_the_source_has_the_columns_that_python_makes_in_their_order() -> None:
    [source] = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["sources"]
    described = [
        (table["name"], column["name"])
        for table in sorted(source["tables"], key=lambda table: str(table["name"]))
        for column in table["columns"]
    ]
    with duckdb.connect() as connection:
        create_tables(connection)
        connection.execute(TABLE)
        assert columns_written(connection) == described


def test_every_table_of_a_scored_warehouse_says_what_it_is(scored_shop: Project) -> None:
    assert (
        scored_shop.rows(
            "select schema_name, table_name from duckdb_tables() where comment is null"
            " union all select schema_name, view_name from duckdb_views()"
            " where comment is null and not internal"
        )
        == []
    )
    assert (
        scored_shop.rows(
            "select table_name, column_name from duckdb_columns()"
            " where comment is null and not internal"
        )
        == []
    )


def test_comments_are_the_words_of_the_source(scored_shop: Project) -> None:
    [source] = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["sources"]
    texts = {
        (table["name"], column["name"]): " ".join(column["description"].split())
        for table in source["tables"]
        for column in table["columns"]
        if "doc(" not in column["description"]
    }
    comments = {
        (table, column): " ".join(comment.split())
        for table, column, comment in scored_shop.rows(
            "select table_name, column_name, comment from duckdb_columns()"
            " where schema_name = 'ranker'"
        )
    }
    shared = texts.keys() & comments.keys()
    assert len(shared) > 40
    assert {name: texts[name] for name in shared} == {name: comments[name] for name in shared}


def test_a_warehouse_of_an_earlier_dbt_run_is_scored_without_comments() -> None:
    with duckdb.connect() as connection:
        create_tables(connection)
        assert describe_tables(connection) == 0


def test_a_description_may_hold_quotes_and_an_unknown_column_is_passed_over() -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create schema raw; create table raw.descriptions (table_schema varchar,"
            " table_name varchar, column_name varchar, description varchar);"
            "insert into raw.descriptions values"
            " ('ranker', 'runs', null, 'It''s a run; drop table x'),"
            " ('ranker', 'runs', 'gone', 'Not there'), ('raw', 'descriptions', null, 'Not ours')"
        )
        create_tables(connection)
        assert connection.execute(
            "select table_name, comment from duckdb_tables() where comment is not null"
        ).fetchall() == [("runs", "It's a run; drop table x")]
