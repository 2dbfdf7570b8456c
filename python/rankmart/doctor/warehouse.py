"""Is the warehouse there and free, built and scored, and of the files that there are now."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from rankmart.doctor.checks import Check, from_error, ok, problem, warning
from rankmart.doctor.inputs import files_of, products_path, reviews_path
from rankmart.errors import RankmartError, WarehouseError
from rankmart.settings import Settings
from rankmart.warehouse import open_warehouse, require_built

BUILD = "dbt run"


def check_warehouse(settings: Settings, project: Path, dbt_vars: Mapping[str, Any]) -> list[Check]:
    """The warehouse, what dbt built in it, and what was scored."""
    if not settings.warehouse.exists():
        return [warning("warehouse", f"no {settings.warehouse} yet", f"run `{BUILD}`")]
    try:
        with open_warehouse(settings, read_only=True) as connection:
            size = settings.warehouse.stat().st_size / 1e6
            return [
                ok("warehouse", f"{settings.warehouse}, {size:,.0f} MB"),
                _check_build(connection, project, dbt_vars),
                _check_scored(connection),
            ]
    except WarehouseError as error:
        return [_with_the_command(from_error("warehouse", error, "see RANKMART_WAREHOUSE"))]


def age(moment: datetime, now: datetime | None = None) -> str:
    """How long ago, in the largest unit that fits.

    >>> age(datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 3, 5, tzinfo=UTC))
    '2 days ago'
    """
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit} ago"
    return "just now"


def _check_build(
    connection: duckdb.DuckDBPyConnection, project: Path, dbt_vars: Mapping[str, Any]
) -> Check:
    try:
        require_built(connection)
    except RankmartError as error:
        return from_error("build", error, f"run `{BUILD}`")
    [(finished,)] = connection.execute(
        "select epoch(max(finished_at)) from raw.builds where failed_models = 0"
    ).fetchall()
    when = age(datetime.fromtimestamp(finished, UTC))
    changed = _changed_since_read(connection, project, dbt_vars)
    if changed:
        return warning("build", f"built {when}; {changed}", f"run `{BUILD}`, then `make score`")
    return ok("build", f"built {when}, from the files that there are")


def _changed_since_read(
    connection: duckdb.DuckDBPyConnection, project: Path, dbt_vars: Mapping[str, Any]
) -> str:
    """What is other than when dbt read it, in words; empty where nothing is."""
    for dataset, path in (
        ("reviews", reviews_path(dbt_vars)),
        ("products", products_path(dbt_vars)),
    ):
        try:
            now = files_of(path, project) if path else []
        except duckdb.Error:
            now = []
        if path and not now:
            # That they are not there is told by their own check.
            continue
        read = connection.execute(
            "select size_bytes, epoch(modified_at) from raw.files where dataset = ?"
            " order by source_file",
            [dataset],
        ).fetchall()
        if [(size, round(changed)) for _, size, changed in now] != [
            (size, round(changed)) for size, changed in read
        ]:
            return f"the files of {dataset} are other ones now"
    return ""


def _check_scored(connection: duckdb.DuckDBPyConnection) -> Check:
    try:
        rows = connection.execute(
            "select run_id, verdict, verdict_reason, epoch(created_at) from ranker.runs"
            " order by created_at desc limit 1"
        ).fetchall()
    except duckdb.CatalogException:
        rows = []
    if not rows:
        return warning("score", "never scored", "run `make score`")
    run_id, verdict, reason, created = rows[0]
    when = f"run {run_id}, {age(datetime.fromtimestamp(created, UTC))}"
    if verdict == "held":
        return warning("score", f"{when}, is held", "run `rankmart publish`")
    if verdict != "published":
        return warning(
            "score", f"{when}, was refused: {reason}", "see docs/how-to/runs.md, refused runs"
        )
    [(newer,)] = connection.execute(
        "select count(*) from raw.builds where is_whole and epoch(started_at) > ?", [created]
    ).fetchall()
    if newer:
        return warning("score", f"{when}; built again since", "run `make score`")
    return ok("score", when)


def _with_the_command(check: Check) -> Check:
    """The same, with what the process that holds the warehouse is, where that can be seen."""
    found = re.search(r"process (\d+)", check.found)
    if not found:
        return check
    try:
        command = Path(f"/proc/{found[1]}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (OSError, UnicodeDecodeError):
        return check
    who = f"process {found[1]}: {command.strip()[:80]}"
    return problem(check.name, check.found.replace(found[0], who), check.todo)
