"""A scratch warehouse of the label windows alone, where `rankmart tune` builds with other vars.

It has copies of the tables that the models read, without the rows of other splits: what is
tried can't see a test label, and is built in a fraction of the time of `dbt run`.
"""

import json
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import yaml  # type: ignore[import-untyped]  # no stubs: dbt brings PyYAML alone

from rankmart.errors import RankmartError
from rankmart.settings import Settings
from rankmart.tuned import Var, vars_by_origin, write_vars
from rankmart.warehouse import first_row, open_warehouse, run

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

logger = logging.getLogger(__name__)

FEATURES = "user_product_features"
PROFILE = "rankmart_trial"


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model of the project: the table that it makes, and the models that it reads."""

    table: str
    reads: frozenset[str]


class TrialWarehouse:
    """Tables of the label windows, as dbt_project.yml has it; and a place for trials.

    `vars` are by name the numbers that dbt_project.yml has.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        project: Path,
        folder: Path,
        given: Mapping[str, Any],
    ) -> None:
        self.settings = settings
        self.project = project.resolve()
        self.folder = folder
        self.base = folder / "rankmart_base.duckdb"
        self.trial = folder / "rankmart_trial.duckdb"
        self.vars = _vars_of(self.project)
        with open_warehouse(settings, read_only=True) as connection:
            (protocol,) = first_row(
                connection, "select protocol from raw.builds order by started_at desc limit 1"
            )
            by_hand, self._was_tuned = vars_by_origin(connection)
        self.given = {**by_hand, **given}
        """Vars that were given by hand, which no trial changes."""
        self._given = {
            **self.given,
            "protocol": protocol,
            "read_files": False,
            "tuned_path": str(folder / "tuned.json"),
        }
        self._write_profile()
        self._manifest = self._parsed()
        self.models = _models_of(self._manifest)

    def copy_from_warehouse(self, models: Iterable[str]) -> None:
        """Fill the base: what `models`, and all between them and the features, read and make.

        Where the warehouse was built with tuned vars, they are built anew without.
        """
        models = list(models)
        tables = {"raw.files"}
        for name in self.between(models):
            model = self.models[name]
            tables |= {model.table, *(self.models[read].table for read in model.reads)}
        with duckdb.connect(self.base, config=self._config()) as connection:
            built = _attached(connection, self.settings.warehouse)
            for table in sorted(tables):
                _copy(connection, table, built, to_fit_on=True)
        self.restore()
        if self._was_tuned:
            self.build(self.between(models), {})
            self.base.unlink()
            self.trial.rename(self.base)
            self.restore()

    def between(self, models: Iterable[str]) -> list[str]:
        """`models` and what is made of them, as far as the features are made of that."""
        before_features = self._reached(FEATURES, {n: m.reads for n, m in self.models.items()})
        read_by: dict[str, set[str]] = {name: set() for name in self.models}
        for name, model in self.models.items():
            for read in model.reads:
                read_by[read].add(name)
        after = {name for model in models for name in self._reached(model, read_by)}
        return sorted(after & before_features)

    @staticmethod
    def _reached(start: str, ways: Mapping[str, Collection[str]]) -> set[str]:
        reached: set[str] = set()
        ahead = [start]
        while ahead:
            name = ahead.pop()
            if name not in reached:
                reached.add(name)
                ahead.extend(ways[name])
        return reached

    def restore(self, models: Iterable[str] = ()) -> None:
        """The trial's tables as they are in the base: those of some models, or all."""
        tables = [self.models[name].table for name in models]
        if not tables:
            self.trial.unlink(missing_ok=True)
        with duckdb.connect(self.trial, config=self._config()) as connection:
            base = _attached(connection, self.base)
            for table in tables or _tables(connection, base):
                _copy(connection, table, base)

    def build(self, models: Iterable[str], changed: Mapping[str, float]) -> None:
        """`dbt run` of some models, with some vars changed.

        Raises RankmartError with what dbt complained of.
        """
        write_vars(
            self.folder / "tuned.json",
            {
                name: Var(value=value, instead_of=self.vars[name])
                for name, value in changed.items()
            },
        )
        self._dbt("run", "--select", *models, manifest=self._manifest)

    @contextmanager
    def opened(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to the trial's tables, which none may build meanwhile."""
        with open_warehouse(replace(self.settings, warehouse=self.trial)) as connection:
            yield connection

    def _config(self) -> dict[str, Any]:
        return {
            "memory_limit": self.settings.memory_limit,
            "threads": self.settings.thread_count,
            "temp_directory": str(self.folder / "tmp"),
            "preserve_insertion_order": False,
        }

    def _write_profile(self) -> None:
        """A profile of its own, so that no trial can be built into another warehouse."""
        target = {
            "type": "duckdb",
            "path": str(self.trial),
            "threads": 1,
            "keep_open": False,
            "config_options": {
                name: value
                for name, value in self._config().items()
                if name != "preserve_insertion_order"
            },
            "settings": {"TimeZone": "UTC", "preserve_insertion_order": False},
        }
        profiles = {PROFILE: {"target": "trial", "outputs": {"trial": target}}}
        (self.folder / "profiles.yml").write_text(yaml.safe_dump(profiles), encoding="utf-8")

    def _parsed(self) -> "Manifest":
        manifest: Manifest = self._dbt("parse", manifest=None)
        manifest.build_parent_and_child_maps()  # type: ignore[no-untyped-call]
        return manifest

    def _dbt(self, command: str, *arguments: str, manifest: "Manifest | None") -> Any:
        """dbt in this process: it need not load its libraries and the project for every trial."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        ended = dbtRunner(manifest=manifest).invoke(
            [
                *("--quiet", "--log-level-file", "none", "--no-use-colors"),
                command,
                *("--project-dir", str(self.project), "--profiles-dir", str(self.folder)),
                *("--profile", PROFILE, "--target-path", str(self.folder / "target")),
                *("--log-path", str(self.folder / "logs"), "--no-write-json"),
                *("--vars", json.dumps(self._given, sort_keys=True)),
                *arguments,
            ]
        )
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
        if ended.success:
            return ended.result
        if isinstance(ended.exception, KeyboardInterrupt):
            raise ended.exception
        messages = [str(ended.exception)] if ended.exception else []
        messages += [
            f"{result.node.name}: {result.message}"
            for result in getattr(ended.result, "results", ())
            if result.status not in ("success", "skipped")
        ]
        told = " ".join(messages[0].split()) if messages else "it said nothing"
        raise RankmartError(f"`dbt {command}` of a trial failed: {told}")


def _vars_of(project: Path) -> dict[str, float]:
    """The vars of dbt_project.yml that are numbers."""
    file = project / "dbt_project.yml"
    if not file.exists():
        raise RankmartError(
            f"no dbt_project.yml in {project}: go to your project, or name it with --project"
        )
    told = yaml.safe_load(file.read_text(encoding="utf-8")).get("vars") or {}
    return {
        name: value
        for name, value in told.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _models_of(manifest: "Manifest") -> dict[str, Model]:
    nodes = {
        node.unique_id: node
        for node in manifest.nodes.values()
        if str(node.resource_type) == "model"
    }
    return {
        node.name: Model(
            table=f"{node.schema}.{node.alias}",
            reads=frozenset(
                nodes[parent].name for parent in manifest.parent_map[key] if parent in nodes
            ),
        )
        for key, node in nodes.items()
    }


def _attached(connection: duckdb.DuckDBPyConnection, path: Path) -> str:
    """Attaches a file to read; returns its name there, which is that of dbt: views say it."""
    literal = str(path).replace("'", "''")
    run(connection, f"attach '{literal}' as \"{path.stem}\" (read_only)")
    return path.stem


def _tables(connection: duckdb.DuckDBPyConnection, database: str) -> list[str]:
    return [
        f"{schema}.{table}"
        for schema, table in connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = ?"
            " order by all",
            [database],
        ).fetchall()
    ]


def _copy(
    connection: duckdb.DuckDBPyConnection, table: str, database: str, *, to_fit_on: bool = False
) -> None:
    """A table of another database; `to_fit_on`: without what `test` and `serve` see."""
    source = f'"{database}".{table}'
    columns = {row[0] for row in connection.execute(f"describe {source}").fetchall()}
    which = " where split not in ('test', 'serve')" if to_fit_on and "split" in columns else ""
    run(connection, f"create schema if not exists {table.partition('.')[0]}")
    run(connection, f"create or replace table {table} as select * from {source}{which}")
