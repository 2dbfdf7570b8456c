"""A small made-up shop, built by dbt."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from project import BESIDE_PYTHON, ROOT
from rankmart.demo_data import DemoData


@dataclass(frozen=True)
class Warehouse:
    """A warehouse of its own, with dbt's files beside it."""

    folder: Path
    shop: DemoData
    protocol: str

    @property
    def path(self) -> Path:
        return self.folder / "warehouse.duckdb"

    def run(
        self, program: str, *arguments: str, project: Path = ROOT
    ) -> subprocess.CompletedProcess[str]:
        """One process, as a user starts it in `project`."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RANKMART_", "DBT_"))
        }
        return subprocess.run(
            [BESIDE_PYTHON / program, *arguments],
            cwd=project,
            env=inherited
            | {
                "RANKMART_REVIEWS": str(self.shop.reviews_path),
                "RANKMART_PRODUCTS": str(self.shop.products_path),
                "RANKMART_PROTOCOL": self.protocol,
                "RANKMART_WAREHOUSE": str(self.path),
                "RANKMART_PUBLISHED": str(self.folder / "published"),
                "RANKMART_EXPORT": str(self.folder / "recommendations.parquet"),
                "DBT_TARGET_PATH": str(self.folder / "target"),
                "DBT_LOG_PATH": str(self.folder / "logs"),
                "DBT_USE_COLORS": "false",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    def written_by_dbt(self, name: str) -> dict[str, Any]:
        """`manifest.json` or `run_results.json` of the last run."""
        content: dict[str, Any] = json.loads((self.folder / "target" / name).read_bytes())
        return content

    def rows(self, sql: str, **attached: Path) -> list[tuple[Any, ...]]:
        """The rows of a query, which may name other warehouses."""
        with duckdb.connect(self.path, read_only=True) as connection:
            for name, path in attached.items():
                connection.execute(f"attach '{path}' as {name} (read_only)")
            return connection.execute(sql).fetchall()

    def copied_to(self, folder: Path) -> "Warehouse":
        shutil.copy(self.path, folder / self.path.name)
        return Warehouse(folder, self.shop, self.protocol)


@dataclass(frozen=True)
class Build:
    """What `dbt build` made, and how it ended. `results` is (name, kind, status) per node."""

    warehouse: Warehouse
    exit_code: int
    output: str
    results: list[tuple[str, str, str]]
    manifest: dict[str, Any]
