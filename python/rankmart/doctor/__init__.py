"""`rankmart doctor`: what may keep Rankmart from working here, and what to do about it."""

import os
from pathlib import Path

import duckdb

from rankmart.doctor.checks import Check, as_object, count, in_lines
from rankmart.doctor.inputs import (
    check_products,
    check_reviews,
    check_settings,
    check_tuned,
    files_of,
    products_path,
    reviews_path,
)
from rankmart.doctor.installation import (
    check_dbt,
    check_extras,
    check_packages,
    check_python,
    check_xgboost,
    project_vars,
)
from rankmart.doctor.machine import check_disk, check_memory, check_threads
from rankmart.doctor.serving import check_events, check_port, check_published
from rankmart.doctor.warehouse import check_warehouse
from rankmart.events import events_url
from rankmart.settings import Settings
from rankmart_serving.settings import Settings as ServingSettings

__all__ = ["Check", "as_object", "count", "examine", "in_lines"]


def examine(project: Path) -> list[Check]:
    """Every check, in the order in which one meets what they are about; nothing is changed."""
    profiles = os.environ.get("DBT_PROFILES_DIR")
    checks = [
        check_python(),
        check_packages(),
        check_extras(),
        check_dbt(project, Path(profiles) if profiles else None),
        check_xgboost(),
        check_settings(),
    ]
    dbt_vars = project_vars(project)
    checks += [check_reviews(project, dbt_vars), check_products(project, dbt_vars)]
    if checks[5].state == "problem":
        # The rest goes by the settings, which can't be read.
        return checks
    settings = Settings.from_environment()
    return [
        *checks,
        check_disk(settings, _input_files(project, dbt_vars)),
        check_memory(settings),
        check_threads(settings),
        check_tuned(settings),
        *check_warehouse(settings, project, dbt_vars),
        check_published(settings),
        check_events(events_url()),
        check_port(ServingSettings.from_environment()),
    ]


def _input_files(project: Path, dbt_vars: dict[str, object]) -> list[tuple[str, int, float]]:
    found = []
    for path in (reviews_path(dbt_vars), products_path(dbt_vars)):
        try:
            found += files_of(path, project) if path else []
        except duckdb.Error:
            # Told by the check of the files.
            continue
    return found
