"""Runs dbt and rankmart as a user does, as processes, in a scratch folder of their own."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from rankmart.demo_data import DemoData
from warm import folder_of_server, run_warm

ROOT = Path(__file__).parents[1]
DBT_PROJECT = ("dbt_project.yml", "profiles.yml", "selectors.yml", "dbt_project", "models")
BESIDE_PYTHON = Path(sys.executable).parent
TRACEBACK = "Traceback (most recent call last)"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Finished:
    """A process that has ended, its output without colours."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return self.stdout + self.stderr

    def in_words(self) -> str:
        """The output as one line, so that a message may be looked for across line breaks."""
        return " ".join(self.output.split())

    def succeeded(self) -> "Finished":
        assert self.exit_code == 0, self.output
        return self

    def failed_plainly(self, *, exit_code: int = 1) -> str:
        """The message of a process that failed as it should: no traceback, the exit code given."""
        assert self.exit_code == exit_code, self.output
        assert TRACEBACK not in self.output, self.output
        return self.in_words()


_PARSED: dict[str, bytes] = {}
"""What dbt made of the project, by vars: parsing takes longer than a small run."""


@dataclass(frozen=True)
class Project:
    """A warehouse, published runs, an export and dbt's own files, all below `scratch`.

    dbt runs in a folder of links to the repository's dbt project, so that every project has the
    same relative paths and what dbt has parsed can be handed on. A test that changes models
    makes that folder itself, by `copy_of_models`.
    """

    scratch: Path
    reviews: str | Path = ""
    products: str | Path = ""
    protocol: str = ""
    warehouse_in: Path | None = None
    """The warehouse's folder, where it is not `scratch`."""
    more: Mapping[str, str] = field(default_factory=dict)
    """More environment variables."""

    @classmethod
    def of_shop(cls, scratch: Path, shop: DemoData) -> "Project":
        """A project whose input is a demo shop, with nothing built yet."""
        return cls(scratch, reviews=shop.reviews_path, products=shop.products_path)

    def built_and_scored(self) -> "Project":
        """This project after `dbt run` and `rankmart score`, both of which must succeed."""
        self.dbt().succeeded()
        self.rankmart("score").succeeded()
        return self

    @property
    def root(self) -> Path:
        """Where dbt_project.yml is."""
        folder = self.scratch / "project"
        if not folder.exists():
            folder.mkdir()
            for name in DBT_PROJECT:
                (folder / name).symlink_to(ROOT / name)
        return folder

    def copy_of_models(self) -> Path:
        """The models as files of this project's own, to be changed before the first run."""
        models = self.root / "models"
        models.unlink()
        shutil.copytree(ROOT / "models", models)
        return models

    def copied_to(self, scratch: Path) -> "Project":
        """A project of the same input, with a copy of the warehouse and of what is published."""
        copy = replace(self, scratch=scratch)
        shutil.copy(self.warehouse, copy.warehouse)
        if self.published.exists():
            shutil.copytree(self.published, copy.published)
        return copy

    @property
    def warehouse(self) -> Path:
        return (self.warehouse_in or self.scratch) / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        return self.scratch / "published"

    @property
    def export(self) -> Path:
        return self.scratch / "recommendations.parquet"

    @property
    def current_run(self) -> str:
        return (self.published / "current").read_text(encoding="utf-8").strip()

    def environment(self) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RANKMART_", "DBT_", "MLFLOW_"))
        }
        return (
            inherited
            | {
                "PATH": f"{BESIDE_PYTHON}{os.pathsep}{inherited.get('PATH', '')}",
                "RANKMART_REVIEWS": str(self.reviews),
                "RANKMART_PRODUCTS": str(self.products),
                "RANKMART_PROTOCOL": self.protocol,
                "RANKMART_WAREHOUSE": str(self.warehouse),
                "RANKMART_PUBLISHED": str(self.published),
                "RANKMART_EXPORT": str(self.export),
                "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
                "DBT_LOG_LEVEL_FILE": "none",
                "COLUMNS": "200",
            }
            | dict(self.more)
        )

    def dbt_environment(self) -> dict[str, str]:
        return self.environment() | {
            "RANKMART_WAREHOUSE": os.path.relpath(self.warehouse, self.root)
        }

    def dbt(self, *arguments: str, **dbt_vars: Any) -> Finished:
        """`dbt run`, with `arguments` after it and `dbt_vars` as its vars."""
        vars_given = json.dumps(dbt_vars, sort_keys=True)
        self._hand_on(vars_given)
        finished = self._run(
            *("dbt", "run", *arguments, "--vars", vars_given),
            cwd=self.root,
            environment=self.dbt_environment() | {"DBT_WRITE_JSON": "false"},
        )
        if self.parsed.exists() and (self.root / "models").is_symlink():
            _PARSED[vars_given] = self.parsed.read_bytes()
        return finished

    def _hand_on(self, vars_given: str = "{}") -> None:
        """Put what was parsed before where dbt looks for it."""
        if "{}" not in _PARSED:
            by_server = Project(folder_of_server()).parsed
            _PARSED["{}"] = by_server.read_bytes() if by_server.exists() else b""
        self.parsed.parent.mkdir(exist_ok=True)
        if _PARSED.get(vars_given):
            self.parsed.write_bytes(_PARSED[vars_given])

    @property
    def parsed(self) -> Path:
        """What dbt made of the project's files."""
        return self.root / "target" / "partial_parse.msgpack"

    def seed(self, *rows: str, name: str = "list_rules") -> Finished:
        """`dbt seed` with these rows of a seed's CSV, in a copy of this project's own."""
        folder = self.root / "dbt_project"
        if folder.is_symlink():
            folder.unlink()
            shutil.copytree(ROOT / "dbt_project", folder)
        csv = folder / "seeds" / f"{name}.csv"
        header = csv.read_text(encoding="utf-8").splitlines()[0]
        csv.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return self.dbt_command("seed")

    def dbt_test(self, *selected: str) -> Finished:
        """`dbt test` of what is selected."""
        return self.dbt_command("test", "--select", *selected)

    def dbt_command(self, *arguments: str, parse_anew: bool = False) -> Finished:
        """Another command of dbt than `run`. Only parsing anew says what parsing warns of."""
        if not parse_anew:
            self._hand_on()
        return self._run(*("dbt", *arguments), cwd=self.root, environment=self.dbt_environment())

    def started_dbt(self) -> "subprocess.Popen[str]":
        """`dbt run`, not waited for."""
        return subprocess.Popen(
            [BESIDE_PYTHON / "dbt", "run"],
            cwd=self.root,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def read(self, **dbt_vars: Any) -> Finished:
        """`dbt run` of the models that tell what became of every line, and no others."""
        return self.dbt("--select", "+reading_report", "+products", **dbt_vars)

    def rankmart(self, *arguments: str) -> Finished:
        return self._run("rankmart", *arguments, cwd=self.scratch, environment=self.environment())

    def _run(
        self, program: str, *arguments: str, cwd: Path, environment: Mapping[str, str]
    ) -> Finished:
        ended = run_warm(program, arguments, cwd=cwd, environment=environment)
        return Finished(
            ended.returncode, _COLOUR.sub("", ended.stdout), _COLOUR.sub("", ended.stderr)
        )

    @contextmanager
    def connection(self, *, read_only: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect(self.warehouse, read_only=read_only) as connection:
            connection.execute("set timezone = 'UTC'")
            yield connection

    def rows(self, sql: str, parameters: object = None) -> list[tuple[Any, ...]]:
        with self.connection() as connection:
            return connection.execute(sql, parameters).fetchall()

    def value(self, sql: str, parameters: object = None) -> Any:
        """The one value of a query that has one."""
        [(value,)] = self.rows(sql, parameters)
        return value

    def change(self, *statements: str) -> None:
        """Change the warehouse behind dbt's back."""
        with self.connection(read_only=False) as connection:
            for statement in statements:
                connection.execute(statement).fetchall()
