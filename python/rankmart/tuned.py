"""The file in which `rankmart tune` leaves what it found, for the next build and the next scoring.

`dbt run` takes the vars from it (dbt_project/macros/tuned), `rankmart score` the objectives.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from rankmart.errors import RankmartError
from rankmart.whole_files import write_whole

if TYPE_CHECKING:
    from rankmart.plans import Parameters

OBJECTIVES = {"rank:ndcg", "rank:map", "rank:pairwise", "binary:logistic"}


@dataclass(frozen=True, kw_only=True)
class Var:
    """A number that takes the place of that in dbt_project.yml, as long as it is the same."""

    value: float
    instead_of: float


def read_tuned(path: Path) -> "tuple[Parameters, ...]":
    """The objectives' parameters; none where there is no such file, or it has vars alone.

    Raises RankmartError for a file that is not what `rankmart tune` writes.
    """
    content = _read(path)
    if content is None:
        return ()
    try:
        objectives = content["objectives"]
        known = [one["objective"] in OBJECTIVES for one in objectives]
    except (KeyError, TypeError) as error:
        raise _no_tuned_file(path, error) from error
    if not all(known) or not (known or content.get("vars")):
        raise RankmartError(f"{path} names an objective that ranks nothing: {_advice(path)}")
    return tuple(objectives)


def read_tuned_vars(path: Path) -> dict[str, Var]:
    """By name, the vars that tuning found; none where there is no such file, or it has none.

    Raises RankmartError as `read_tuned` does.
    """
    content = _read(path) or {}
    try:
        return {
            name: Var(value=float(found["value"]), instead_of=float(found["instead_of"]))
            for name, found in content.get("vars", {}).items()
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _no_tuned_file(path, error) from error


def write_tuned(
    path: Path,
    objectives: "Sequence[Parameters]",
    *,
    value: float,
    default: float,
    trials: int,
    found_vars: Mapping[str, Var] | None = None,
) -> None:
    """Objectives, with NDCG@10 on held-out fit users of them and of the defaults; whole or not."""
    content = {
        "vars": _as_json(found_vars or {}),
        "objectives": list(objectives),
        "validation_ndcg_at_10": value,
        "default_ndcg_at_10": default,
        "trials": trials,
    }
    _write(path, content)


def write_vars(path: Path, found_vars: Mapping[str, Var]) -> None:
    """Vars alone, for a build that nothing is scored on."""
    _write(path, {"vars": _as_json(found_vars), "objectives": []})


def vars_of_build(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Vars of the generators that the last build took from elsewhere than dbt_project.yml.

    Models in Python ask here for what the macro `var` tells those in SQL.
    """
    by_hand, tuned = vars_by_origin(connection)
    return by_hand | tuned


def vars_by_origin(
    connection: duckdb.DuckDBPyConnection,
) -> tuple[dict[str, float], dict[str, float]]:
    """The same: those given on the command line, and those that were tuned."""
    there = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'raw' and table_name = 'generator_vars'"
        " and database_name = current_database()"
    ).fetchall()
    rows = (
        connection.execute(
            "select name, value, came_from from raw.generator_vars order by name"
        ).fetchall()
        if there
        else []
    )
    by_hand, tuned = (
        {name: _as_written(value) for name, value, came_from in rows if came_from == origin}
        for origin in ("--vars", "tuned")
    )
    return by_hand, tuned


def _as_written(value: float) -> float:
    """A whole number as one."""
    return int(value) if value == int(value) else value


def _as_json(found_vars: Mapping[str, Var]) -> dict[str, dict[str, float]]:
    return {
        name: {"value": found.value, "instead_of": found.instead_of}
        for name, found in found_vars.items()
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(content, indent=2) + "\n")


def _read(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise TypeError(f"a {type(content).__name__}")
    except (OSError, ValueError, TypeError) as error:
        raise _no_tuned_file(path, error) from error
    return content


def _no_tuned_file(path: Path, error: Exception) -> RankmartError:
    return RankmartError(f"{path} holds no tuned parameters ({error!r}): {_advice(path)}")


def _advice(path: Path) -> str:
    return f"delete {path}, or run `rankmart tune` again"
