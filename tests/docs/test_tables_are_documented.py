"""Every table of the warehouse and of a snapshot is in the reference."""

import duckdb
import pytest

from project import ROOT, Project

from .pages import first_column, page, section

SECTIONS = {
    "main": "### Schema `main`: for analysts",
    "ranker": "### Schema `ranker`: what `rankmart score` writes",
    "raw": "### Schema `raw`: what was read, as text",
    "staging": "### Schema `staging`",
    "intermediate": "### Schema `intermediate`: the steps between",
}


def test_every_schema_has_a_section(scored_shop: Project) -> None:
    schemas = scored_shop.rows("select distinct table_schema from information_schema.tables")
    assert sorted(name for (name,) in schemas) == sorted(SECTIONS)


@pytest.mark.parametrize("schema", sorted(SECTIONS))
def test_every_table_is_in_the_reference_and_no_other(scored_shop: Project, schema: str) -> None:
    tables = scored_shop.rows(
        "select table_name from information_schema.tables where table_schema = ?", [schema]
    )
    documented = first_column(section(page("docs/reference.md"), SECTIONS[schema]))
    assert sorted(documented) == sorted(name for (name,) in tables)


def test_every_model_is_in_the_reference() -> None:
    documented = first_column(section(page("docs/reference.md"), "## Tables"))
    models = {path.stem for path in (ROOT / "models").rglob("*.sql")}
    assert sorted(models - set(documented)) == []


def test_every_table_of_a_snapshot_is_in_the_reference_and_no_other(scored_shop: Project) -> None:
    snapshot = scored_shop.published / f"{scored_shop.current_run}.duckdb"
    with duckdb.connect(snapshot, read_only=True) as connection:
        tables = connection.execute("select table_name from duckdb_tables()").fetchall()
    documented = first_column(section(page("docs/reference.md"), "## The published snapshot"))
    assert sorted(documented) == sorted(name for (name,) in tables)
