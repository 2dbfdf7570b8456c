"""`dbt docs generate` is complete and has nothing to complain of."""

import json

import pytest

from project import Project


def test_pages_are_made_without_a_warning_and_have_every_table(
    scored_shop: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = scored_shop.copied_to(tmp_path_factory.mktemp("pages"))
    project.dbt_command(
        *("--warn-error", "docs", "generate", "--static"), parse_anew=True
    ).succeeded()
    target = project.root / "target"
    catalog = json.loads((target / "catalog.json").read_bytes())
    manifest = json.loads((target / "manifest.json").read_bytes())
    tables = {
        name
        for name, node in (manifest["nodes"] | manifest["sources"]).items()
        if node["resource_type"] in {"model", "seed", "source"}
    }
    without_tuning = tables - {"source.rankmart.ranker.tuning_trials"}
    assert set(catalog["nodes"]) | set(catalog["sources"]) == without_tuning
    assert catalog["errors"] is None
    page = (target / "static_index.html").read_text(encoding="utf-8")
    assert "One row per split, user and candidate" in page
    assert "From a file of product reviews to ranked recommendations" in page
