"""What the warehouse shows of work that was done: the last build, the last scoring."""

from dataclasses import dataclass
from typing import Any

import duckdb

from rankmart.rules import read_rules
from rankmart.settings import Settings
from rankmart.warehouse import open_warehouse


@dataclass(frozen=True, kw_only=True)
class ScoredRun:
    """The run that was scored last. `metrics` is the JSON of `ranker.runs`."""

    run_id: str
    created_at: str
    model: str
    verdict: str
    reason: str
    metrics: str


def last_whole_build(settings: Settings) -> str | None:
    """The id of the last `dbt build` or `dbt run`, if it built every model; else None."""
    rows = _rows(
        settings,
        "select invocation_id from raw.builds where started_at ="
        " (select max(started_at) from raw.builds) and is_whole and failed_models = 0",
    )
    return str(rows[0][0]) if rows else None


def events_through(settings: Settings) -> int:
    """The number of the last event that the warehouse has taken in; 0 for none."""
    rows = _rows(settings, "select coalesce(max(seq), 0) from staging.stg_events")
    return int(rows[0][0]) if rows else 0


def last_scored(settings: Settings) -> ScoredRun | None:
    """The run that was scored last, whatever became of it."""
    rows = _rows(
        settings,
        "select run_id, cast(created_at as varchar), model, verdict, verdict_reason,"
        " cast(metrics as varchar) from ranker.runs order by created_at desc, run_id limit 1",
    )
    names = ("run_id", "created_at", "model", "verdict", "reason", "metrics")
    return ScoredRun(**dict(zip(names, rows[0], strict=True))) if rows else None


def rules_of_the_day(settings: Settings) -> str | None:
    """The digest of the list rules that hold today; None for none. Raises RuleError."""
    with open_warehouse(settings, read_only=True) as connection:
        return read_rules(connection, settings.day).fingerprint


def _rows(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    """None where the warehouse or the table is not there; BusyError while someone writes to it."""
    if not settings.warehouse.exists():
        return []
    try:
        with open_warehouse(settings, read_only=True) as connection:
            return connection.execute(sql).fetchall()
    except duckdb.CatalogException:
        return []
