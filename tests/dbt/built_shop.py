"""A small made-up shop, built by dbt."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from project import ROOT
from rankmart.demo_data import DemoData
from warm import run_warm


@dataclass(frozen=True)
class Shop:
    """One warehouse at one path, so that dbt parses the project once and not for every run."""

    folder: Path
    data: DemoData

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    def run(
        self, program: str, *arguments: str, protocol: str, project: Path = ROOT
    ) -> subprocess.CompletedProcess[str]:
        """One process, as a user starts it in `project`."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RANKMART_", "DBT_"))
        }
        return run_warm(
            program,
            arguments,
            cwd=project,
            environment=inherited
            | {
                "RANKMART_REVIEWS": str(self.data.reviews_path),
                "RANKMART_PRODUCTS": str(self.data.products_path),
                "RANKMART_PROTOCOL": protocol,
                "RANKMART_WAREHOUSE": str(self.warehouse),
                "RANKMART_PUBLISHED": str(self.folder / "published"),
                "RANKMART_EXPORT": str(self.folder / "recommendations.parquet"),
                "DBT_TARGET_PATH": str(self.folder / "target"),
                "DBT_LOG_LEVEL_FILE": "none",
                "DBT_USE_COLORS": "false",
            },
        )

    def written_by_dbt(self, name: str) -> dict[str, Any]:
        """`manifest.json` or `run_results.json` of the last run."""
        content: dict[str, Any] = json.loads((self.folder / "target" / name).read_bytes())
        return content

    def rows(self, sql: str, **attached: Path) -> list[tuple[Any, ...]]:
        return rows_of(self.warehouse, sql, **attached)


@dataclass(frozen=True)
class Build:
    """What one `dbt build` made, kept, and how it ended. `results` is (kind, status) per node."""

    shop: Shop
    protocol: str
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

    def put_back(self) -> Shop:
        """The shop as this build left it, to be built further."""
        shutil.copy(self.kept, self.shop.warehouse)
        return self.shop


def build(shop: Shop, protocol: str) -> Build:
    # A unit test brings its own input, so once is enough.
    without = () if protocol == "temporal" else ("--exclude-resource-type", "unit_test")
    ended = shop.run("dbt", "build", *without, protocol=protocol)
    results = shop.written_by_dbt("run_results.json")["results"]
    return Build(
        shop=shop,
        protocol=protocol,
        kept=shutil.copy(shop.warehouse, shop.folder / f"{protocol}.duckdb"),
        exit_code=ended.returncode,
        output=ended.stdout,
        # dbt lists exposures too, though there is nothing to do for them.
        results=[
            (result["unique_id"].split(".")[0], result["status"])
            for result in results
            if result["status"] != "no-op"
        ],
        manifest=shop.written_by_dbt("manifest.json"),
    )


def rows_of(warehouse: Path, sql: str, **attached: Path) -> list[tuple[Any, ...]]:
    """The rows of a query, which may name other warehouses."""
    with duckdb.connect(warehouse, read_only=True) as connection:
        for name, path in attached.items():
            connection.execute(f"attach '{path}' as {name} (read_only)")
        return connection.execute(sql).fetchall()
