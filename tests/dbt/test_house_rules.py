"""The house rules of the dbt project, over what dbt makes of it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from built_shop import Build
from project import ROOT

WITHOUT_UNIT_TEST = {
    "labels": "keeps the rows that split_interactions, which has tests, calls labels",
    "product_embeddings": "is Python, which dbt can't unit test: tests/content does",
    "stg_events": "is Python, which dbt can't unit test: tests/events and tests/live do",
    "stg_exposures": "is Python, which dbt can't unit test: tests/events and tests/experiments do",
    "content_pairs": "is Python, which dbt can't unit test: tests/content does",
    "factor_pairs": "is Python, which dbt can't unit test: tests/factors does",
}
KEY_TESTS = {"unique", "unique_combination"}
SQL_FOLDERS = ("models", "dbt_project/macros", "dbt_project/tests")


@pytest.fixture(scope="module")
def built(build_of: Callable[[str], Build]) -> Build:
    return build_of("temporal")


@pytest.fixture(scope="module")
def models(built: Build) -> dict[str, dict[str, Any]]:
    found = {
        node["name"]: node
        for node in built.manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    assert found
    return found


def seeds(built: Build) -> list[dict[str, Any]]:
    found = [node for node in built.manifest["nodes"].values() if node["resource_type"] == "seed"]
    assert found
    return found


def sql_files() -> Iterator[tuple[str, str]]:
    for folder in SQL_FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.sql")):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def test_every_model_and_source_says_what_a_row_is(
    built: Build, models: dict[str, dict[str, Any]]
) -> None:
    tables = [*models.values(), *seeds(built), *built.manifest["sources"].values()]
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
    tables = [
        *models.values(),
        *seeds(built),
        *(
            source
            for source in built.manifest["sources"].values()
            if source["source_name"] != "ranker"
        ),
    ]
    described = {
        (table["schema"], table["name"], column)
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


def test_every_docs_block_is_used(built: Build) -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "models").rglob("*.yml"))
    used = set(re.findall(r"doc\(\"(\w+)\"\)", texts))
    blocks = {
        block["name"]
        for block in built.manifest["docs"].values()
        if block["package_name"] == "rankmart"
    }
    assert blocks == used


def test_every_model_has_a_key(built: Build, models: dict[str, dict[str, Any]]) -> None:
    keyed = {
        node["attached_node"].split(".")[-1]
        for node in built.manifest["nodes"].values()
        if node["resource_type"] == "test"
        and node.get("attached_node")
        and node["test_metadata"]["name"] in KEY_TESTS
    }
    assert sorted(set(models) - keyed) == []


def test_every_mart_is_under_contract(models: dict[str, dict[str, Any]]) -> None:
    marts = {name: model for name, model in models.items() if model["fqn"][1] == "marts"}
    assert "user_product_features" in marts
    assert [name for name, mart in marts.items() if not mart["contract"]["enforced"]] == []


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
