"""What dbt gives to its templates, as far as sqlfluff needs it to see the shape of the SQL."""

import datetime
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import yaml

_PROJECT = Path(__file__).resolve().parents[2] / "dbt_project.yml"
_VARS = yaml.safe_load(_PROJECT.read_text(encoding="utf-8"))["vars"]


def var(name: str, default: Any = None) -> Any:
    return _VARS.get(name, default)


def env_var(name: str, default: str = "") -> str:
    return default


@jinja2.pass_context
def _dispatch(context: jinja2.runtime.Context, name: str, package: str) -> Any:
    return context.get(f"duckdb__{name}") or context[f"default__{name}"]


adapter = SimpleNamespace(dispatch=_dispatch)
modules = SimpleNamespace(datetime=datetime, re=re)
execute = False
