"""`rankmart doctor`: what may keep Rankmart from working here, and what to do about it."""

import os
from pathlib import Path

from rankmart.doctor.checks import PROBLEM, Check
from rankmart.doctor.installation import (
    check_dbt,
    check_extras,
    check_packages,
    check_python,
    check_xgboost,
    project_vars,
)


def examine(project: Path) -> list[Check]:
    """Every check, in the order in which one meets what they are about; nothing is changed.

    Where packages lack, or settings can't be read, what needs them is left out.
    """
    profiles = os.environ.get("DBT_PROFILES_DIR")
    packages = check_packages()
    installed = [check_python(), packages, check_extras()]
    installed.append(check_dbt(project, Path(profiles) if profiles else None))
    if packages.state == PROBLEM:
        return installed
    # Only now: these need the packages.
    from rankmart.doctor.inputs import (
        check_products,
        check_reviews,
        check_settings,
        check_tuned,
        input_files,
    )
    from rankmart.doctor.machine import check_disk, check_memory, check_threads
    from rankmart.doctor.serving import check_events, check_port, check_published
    from rankmart.doctor.warehouse import check_warehouse
    from rankmart.events import events_url
    from rankmart.settings import Settings
    from rankmart_serving.settings import Settings as ServingSettings

    dbt_vars = project_vars(project)
    readable = check_settings()
    checks = [
        *installed,
        check_xgboost(),
        readable,
        check_reviews(project, dbt_vars),
        check_products(project, dbt_vars),
    ]
    if readable.state == PROBLEM:
        return checks
    settings = Settings.from_environment()
    return [
        *checks,
        check_disk(settings, input_files(project, dbt_vars)),
        check_memory(settings),
        check_threads(settings),
        check_tuned(settings),
        *check_warehouse(settings, project, dbt_vars),
        check_published(settings),
        check_events(events_url()),
        check_port(ServingSettings.from_environment()),
    ]
