"""The analyses of dbt, compiled once."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from project import Project

Rows = list[dict[str, Any]]
Analysis = Callable[..., Rows]


@pytest.fixture(scope="session")
def analysis(scored_shop: Project, tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    """The rows of an analysis under the vars given, on the small shop or a copy of it.

    dbt compiles on a copy: it opens a warehouse for writing, and others read the small shop.
    """
    copy = scored_shop.copied_to(tmp_path_factory.mktemp("compiled"))

    @cache
    def compiled(dbt_vars: str) -> dict[str, str]:
        selected = ("--select", "path:dbt_project/analyses")
        copy.dbt_command("compile", "--quiet", "--vars", dbt_vars, *selected).succeeded()
        folder = copy.root / "target/compiled/rankmart/dbt_project/analyses"
        return {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.sql")}

    def run(name: str, *, project: Project = scored_shop, **dbt_vars: str) -> Rows:
        sql = compiled(json.dumps(dbt_vars))[name].replace('"warehouse".', "")
        with project.connection() as connection:
            return connection.sql(sql).to_arrow_table().to_pylist()

    return run
