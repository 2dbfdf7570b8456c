"""A small made-up shop, built by dbt."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from project import Project


@dataclass(frozen=True)
class Build:
    """What one `dbt build` made, kept, and how it ended. `results` is (kind, status) per node."""

    shop: Project
    kept: Path
    exit_code: int
    output: str
    results: list[tuple[str, str]]
    manifest: dict[str, Any]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return rows_of(self.kept, sql)

    def of_type(self, resource_type: str) -> dict[str, dict[str, Any]]:
        """Nodes of dbt's manifest by name, such as every `model`."""
        found = {
            node["name"]: node
            for node in self.manifest["nodes"].values()
            if node["resource_type"] == resource_type
        }
        assert found
        return found

    def copied_to(self, scratch: Path) -> Project:
        """The shop as this build left it, to be built further."""
        copy = replace(self.shop, scratch=scratch)
        shutil.copy(self.kept, copy.warehouse)
        return copy


def build(shop: Project, protocol: str) -> Build:
    shop = replace(shop, protocol=protocol)
    # A unit test brings its own input, so once is enough.
    without = () if protocol == "temporal" else ("--exclude-resource-type", "unit_test")
    ended = shop.dbt_command("build", *without)
    results = written_by_dbt(shop, "run_results.json")["results"]
    return Build(
        shop=shop,
        kept=shutil.copy(shop.warehouse, shop.scratch / f"{protocol}.duckdb"),
        exit_code=ended.exit_code,
        output=ended.stdout,
        # dbt lists exposures too, though there is nothing to do for them.
        results=[
            (result["unique_id"].split(".")[0], result["status"])
            for result in results
            if result["status"] != "no-op"
        ],
        manifest=written_by_dbt(shop, "manifest.json"),
    )


def written_by_dbt(shop: Project, name: str) -> dict[str, Any]:
    """`manifest.json` or `run_results.json` of the last command."""
    content: dict[str, Any] = json.loads((shop.root / "target" / name).read_bytes())
    return content


def rows_of(warehouse: Path, sql: str, **attached: Path) -> list[tuple[Any, ...]]:
    """The rows of a query, which may name other warehouses."""
    with duckdb.connect(warehouse, read_only=True) as connection:
        for name, path in attached.items():
            connection.execute(f"attach '{path}' as {name} (read_only)")
        return connection.execute(sql).fetchall()
