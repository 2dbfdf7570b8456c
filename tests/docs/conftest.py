"""The analyses of dbt, compiled once."""

import json
import os
import subprocess
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from project import BESIDE_PYTHON, Project

Rows = list[dict[str, Any]]
Analysis = Callable[..., Rows]


@pytest.fixture(scope="session")
def analysis(scored_shop: Project) -> Analysis:
    """The rows of an analysis under the vars given, on the small shop or a copy of it."""

    @cache
    def compiled(dbt_vars: str) -> dict[str, str]:
        ended = subprocess.run(
            [
                *(BESIDE_PYTHON / "dbt", "compile", "--quiet", "--vars", dbt_vars),
                *("--select", "path:dbt_project/analyses"),
            ],
            cwd=scored_shop.root,
            env=scored_shop.environment()
            | {"RANKMART_WAREHOUSE": os.path.relpath(scored_shop.warehouse, scored_shop.root)},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        folder = scored_shop.root / "target/compiled/rankmart/dbt_project/analyses"
        return {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.sql")}

    def run(name: str, *, project: Project = scored_shop, **dbt_vars: str) -> Rows:
        sql = compiled(json.dumps(dbt_vars))[name].replace('"warehouse".', "")
        with project.connection() as connection:
            return connection.sql(sql).to_arrow_table().to_pylist()

    return run
