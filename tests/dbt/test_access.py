"""Who answers for a model, who may read it, and what is made of it."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from built_shop import Build
from project import DBT_PROJECT, ROOT, Project


@pytest.fixture(scope="module")
def groups_of_readers(
    built: Build, models: dict[str, dict[str, Any]]
) -> dict[str, set[str | None]]:
    """For each model, the groups that read it, its own aside; what has no group is None."""
    readers: dict[str, set[str | None]] = {name: set() for name in models}
    manifest = built.manifest
    for reader in [*manifest["nodes"].values(), *manifest["exposures"].values()]:
        if reader["resource_type"] == "test" and not reader.get("attached_node"):
            continue  # A singular test takes the group that it needs.
        for read in reader["depends_on"].get("nodes", []):
            name = read.split(".")[-1]
            if read.startswith("model.") and reader.get("group") != models[name]["group"]:
                readers[name].add(reader.get("group"))
    return readers


def tables_named_in_python() -> set[str]:
    """Of the steps between, what the Python part reads by name."""
    texts = [
        path.read_text(encoding="utf-8")
        for path in (ROOT / "python").rglob("*")
        if path.suffix in {".py", ".sql"}
    ]
    found = {
        name
        for text in texts
        for name in re.findall(r"\b(?:intermediate|staging)\.(\w+)", text)
        if not name.endswith("_")  # `candidates_{generator}`
    }
    assert {"candidates", "stg_events"} <= found
    return found


def test_every_mart_is_public_and_every_public_model_under_contract(
    models: dict[str, dict[str, Any]],
) -> None:
    marts = {name for name, model in models.items() if model["fqn"][1] == "marts"}
    public = {name for name, model in models.items() if model["access"] == "public"}
    assert "user_product_features" in marts
    assert public == marts
    assert [name for name in public if not models[name]["contract"]["enforced"]] == []


def test_every_model_and_seed_has_a_group_that_says_who_answers_for_it(
    built: Build, models: dict[str, dict[str, Any]]
) -> None:
    groups = {group["name"]: group for group in built.manifest["groups"].values()}
    in_use = {table["group"] for table in [*models.values(), *built.of_type("seed").values()]}
    assert in_use == set(groups)
    assert [name for name, group in groups.items() if not group["owner"]["name"]] == []
    assert [name for name, group in groups.items() if not group["description"].strip()] == []


def test_a_model_is_private_unless_others_read_it(
    models: dict[str, dict[str, Any]], groups_of_readers: dict[str, set[str | None]]
) -> None:
    read_by_python = tables_named_in_python()
    needless = [
        name
        for name, model in models.items()
        if model["access"] == "protected"
        and not groups_of_readers[name]
        and name not in read_by_python
    ]
    assert needless == []
    assert [name for name in read_by_python if models[name]["access"] == "private"] == []


def test_what_scoring_reads_is_in_its_exposure(built: Build) -> None:
    shown = {
        node.split(".")[-1]
        for exposure in built.manifest["exposures"].values()
        for node in exposure["depends_on"]["nodes"]
    }
    assert sorted(tables_named_in_python() - shown) == []


def test_every_exposure_is_made_of_something_and_has_an_owner(built: Build) -> None:
    exposures = {about["name"]: about for about in built.manifest["exposures"].values()}
    assert exposures.keys() >= {"scoring", "api", "page", "report", "export", "notebook"}
    for name, about in exposures.items():
        assert about["depends_on"]["nodes"], name
        assert about["owner"]["name"], name
        assert about["description"].strip(), name


def test_the_copy_for_analysts_is_made_of_every_public_table(
    built: Build, models: dict[str, dict[str, Any]]
) -> None:
    [copy] = [
        about for about in built.manifest["exposures"].values() if about["name"] == "analysis_copy"
    ]
    public = {name for name, model in models.items() if model["access"] == "public"}
    written = {
        source["name"]
        for source in built.manifest["sources"].values()
        if source["source_name"] == "ranker" and source["name"] != "tuning_trials"
    }
    shown = {node.split(".")[-1] for node in copy["depends_on"]["nodes"]}
    assert shown == public | written | {seed["name"] for seed in built.of_type("seed").values()}


def test_another_group_reads_no_private_model(tmp_path: Path) -> None:
    project = Project(tmp_path)
    (project.copy_of_models() / "marts" / "mine.sql").write_text(
        "{{ config(group='reading', access='protected') }}\n"
        "select * from {{ ref('two_hop_pairs') }}\n"
    )
    message = project.dbt_command("parse", parse_anew=True).failed_plainly(exit_code=2)
    assert "node model.rankmart.two_hop_pairs, which is not allowed" in message
    assert "private to the 'features' group" in message


@pytest.mark.parametrize(
    ("model", "refused"),
    [("products", False), ("candidates", True)],
)
def test_another_project_reads_public_models_alone(
    tmp_path: Path, model: str, refused: bool
) -> None:
    project = Project(tmp_path)
    outer = project.root
    for name in ("dbt_project.yml", "dbt_project", "models"):
        (outer / name).unlink()
    package = outer / "dbt_packages" / "rankmart"
    for name in DBT_PROJECT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        package.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, package / name)
    (outer / "dbt_project.yml").write_text("{name: outer, version: '1.0.0', profile: rankmart}\n")
    (outer / "packages.yml").write_text("packages: [{local: dbt_packages/rankmart}]\n")
    (outer / "models").mkdir()
    (outer / "models" / "mine.sql").write_text(f"select * from {{{{ ref('{model}') }}}}\n")
    ended = project.dbt_command("parse", parse_anew=True)
    if refused:
        message = ended.failed_plainly(exit_code=2)
        assert "protected to the 'rankmart' package" in message
    else:
        ended.succeeded()
