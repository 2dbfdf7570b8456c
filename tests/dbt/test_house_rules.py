"""The house rules of the dbt project, over what dbt makes of it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from built_shop import Build
from project import ROOT

WITHOUT_UNIT_TEST = {
    "candidates_co_visited": "keeps its rows of candidate_neighbors, which has tests",
    "candidates_recent": "keeps its rows of candidate_neighbors, which has tests",
    "candidates_transitions": "keeps its rows of candidate_neighbors, which has tests",
    "candidates_next": "keeps its rows of candidate_neighbors, which has tests",
    "labels": "keeps the rows that split_interactions, which has tests, calls labels",
    "product_embeddings": "is Python, which dbt can't unit test: tests/content does",
    "stg_events": "is Python, which dbt can't unit test: tests/events and tests/live do",
    "stg_exposures": "is Python, which dbt can't unit test: tests/events and tests/experiments do",
    "content_pairs": "is Python, which dbt can't unit test: tests/content does",
    "factor_pairs": "is Python, which dbt can't unit test: tests/factors does",
}
KEY_TESTS = {"unique", "unique_combination"}
SQL_FOLDERS = ("models", "dbt_project/macros", "dbt_project/tests")


def sql_files() -> Iterator[tuple[str, str]]:
    for folder in SQL_FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.sql")):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def without_comment(built: Build) -> list[tuple[str, str]]:
    """Tables and columns of the warehouse that say nothing of themselves."""
    return built.rows(
        "select schema_name, table_name from duckdb_tables() where comment is null"
        " union all"
        " select table_name, column_name from duckdb_columns()"
        " where comment is null and not internal order by all"
    )


def test_every_model_and_source_says_what_a_row_is(
    built: Build, models: dict[str, dict[str, Any]]
) -> None:
    tables = [
        *models.values(),
        *built.of_type("seed").values(),
        *built.manifest["sources"].values(),
    ]
    silent = [
        table["name"] for table in tables if not table["description"].startswith("One row per ")
    ]
    assert silent == []


def test_every_column_of_the_warehouse_is_described_and_no_other(
    built: Build, models: dict[str, dict[str, Any]]
) -> None:
    columns = set(
        built.rows(
            "select table_schema, table_name, column_name from information_schema.columns"
            " where table_schema in ('raw', 'staging', 'intermediate', 'main')"
        )
    )
    assert columns
    tables = [
        *models.values(),
        *built.of_type("seed").values(),
        *(
            source
            for source in built.manifest["sources"].values()
            if source["source_name"] != "ranker"
        ),
    ]
    described = {
        (table["schema"], table.get("identifier", table["name"]), column)
        for table in tables
        for column, about in table["columns"].items()
        if about["description"].strip()
    }
    assert sorted(columns - described) == []
    assert sorted(described - columns) == []


def test_descriptions_are_kept_in_the_warehouse(built: Build) -> None:
    [(comment,)] = built.rows(
        "select comment from duckdb_columns()"
        " where table_name = 'user_product_features' and column_name = 'standing'"
    )
    assert comment.startswith("The sum of 1 / (60 + rank)")
    assert without_comment(built) == []


def test_every_docs_block_is_used(built: Build) -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "models").rglob("*.yml"))
    used = set(re.findall(r"doc\(\"(\w+)\"\)", texts))
    blocks = {
        block["name"]
        for block in built.manifest["docs"].values()
        if block["package_name"] == "rankmart"
    }
    assert blocks == used | {"__overview__"}


def test_every_model_has_a_key(built: Build, models: dict[str, dict[str, Any]]) -> None:
    keyed = {
        node["attached_node"].split(".")[-1]
        for node in built.manifest["nodes"].values()
        if node["resource_type"] == "test"
        and node.get("attached_node")
        and node["test_metadata"]["name"] in KEY_TESTS
    }
    assert sorted(set(models) - keyed) == []


def test_every_column_of_a_source_is_described(built: Build) -> None:
    sources = built.manifest["sources"].values()
    assert [source["name"] for source in sources if not source["columns"]] == []
    silent = [
        (source["name"], column)
        for source in sources
        for column, about in source["columns"].items()
        if not about["description"].strip()
    ]
    assert silent == []


def test_every_analysis_is_described_and_no_other(built: Build) -> None:
    analyses = built.of_type("analysis")
    assert [
        name for name, about in analyses.items() if "One row per " not in about["description"]
    ] == []
    described = yaml.safe_load(
        (ROOT / "dbt_project" / "analyses" / "_analyses.yml").read_text(encoding="utf-8")
    )
    assert {about["name"] for about in described["analyses"]} == set(analyses)


def test_every_macro_that_a_model_calls_is_described_with_its_arguments(built: Build) -> None:
    macros = built.manifest["macros"]
    called = {
        macro
        for node in built.manifest["nodes"].values()
        for macro in node["depends_on"]["macros"]
        if macro.startswith("macro.rankmart.")
    }
    assert len(called) > 40
    silent = [
        (macros[macro]["name"], argument["name"])
        for macro in sorted(called)
        for argument in [{"name": "", **macros[macro]}, *macros[macro]["arguments"]]
        if not argument["description"]
    ]
    assert silent == []


def test_the_first_page_names_every_var(built: Build) -> None:
    overview = built.manifest["docs"]["doc.rankmart.__overview__"]["block_contents"]
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert sorted(name for name in project["vars"] if f"`{name}`" not in overview) == []


def test_every_model_with_logic_has_a_unit_test_named_for_its_fact(
    built: Build, models: dict[str, dict[str, Any]]
) -> None:
    tests = built.manifest["unit_tests"].values()
    misnamed = [
        test["name"] for test in tests if not test["name"].startswith(test["model"] + "__")
    ]
    assert misnamed == []
    untested = set(models) - {test["model"] for test in tests}
    assert untested == set(WITHOUT_UNIT_TEST)


def test_every_singular_test_says_why() -> None:
    silent = [
        path.name
        for path in (ROOT / "dbt_project" / "tests").glob("*.sql")
        if not path.read_text(encoding="utf-8").startswith("{# ")
    ]
    assert silent == []


def test_every_var_is_used_and_every_var_used_is_declared() -> None:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    declared = set(project["vars"])
    texts = [sql for _, sql in sql_files()]
    texts += [path.read_text(encoding="utf-8") for path in (ROOT / "models").rglob("*.yml")]
    used = {name for text in texts for name in re.findall(r"\bvar\(['\"](\w+)", text)}
    assert sorted(declared - used) == []
    assert sorted(used - declared) == []


def test_every_var_has_a_comment() -> None:
    lines = (ROOT / "dbt_project.yml").read_text(encoding="utf-8").splitlines()
    lines = lines[lines.index("vars:") + 1 :]
    silent = []
    explained = False
    for line in lines:
        if re.match(r"  # ----", line) or not line.strip():
            explained = False
        elif line.startswith("  #"):
            explained = True
        elif (name := re.match(r"  (\w+):", line)) and not explained:
            silent.append(name.group(1))
    assert silent == []


def test_no_alias_is_a_single_letter() -> None:
    found = {
        (path, alias)
        for path, sql in sql_files()
        for alias in re.findall(
            r"\bas ([a-z])\b(?! new)", re.sub(r"\{#.*?#\}", "", sql, flags=re.S)
        )
    }
    assert found == set()


def test_every_generic_test_is_in_use(built: Build) -> None:
    written = {path.stem for path in (ROOT / "dbt_project/macros/tests").glob("*.sql")}
    used = {
        node["test_metadata"]["name"]
        for node in built.manifest["nodes"].values()
        if node["resource_type"] == "test" and node.get("test_metadata")
    }
    assert written <= used


def test_models_are_short_enough_to_read() -> None:
    long = [
        path.name
        for path in Path(ROOT / "models").rglob("*.sql")
        if len(path.read_text(encoding="utf-8").splitlines()) > 250
    ]
    assert long == []
