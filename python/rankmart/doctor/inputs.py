"""Are the settings readable, and the files of reviews and products there and of a known form."""

import difflib
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import duckdb

from rankmart.doctor.checks import Check, from_error, ok, problem, warning
from rankmart.doctor.forms import UnknownFormError, form_of, known_forms
from rankmart.errors import RankmartError, first_line
from rankmart.settings import Settings
from rankmart.tuned import read_tuned, read_tuned_vars
from rankmart_serving.settings import VARIABLES
from rankmart_serving.settings import Settings as ServingSettings

PROTOCOLS = ("temporal", "leave_last_out")
OF_DBT = ("RANKMART_REVIEWS", "RANKMART_PRODUCTS", "RANKMART_PROTOCOL", "RANKMART_MIRROR")
SHOWN_FILES = 3


def check_settings(environment: Mapping[str, str] | None = None) -> Check:
    """Can every variable be read; is one misspelt."""
    given = os.environ if environment is None else environment
    try:
        Settings.from_environment(given)
        ServingSettings.from_environment(given)
    except RankmartError as error:
        return from_error("settings", error, "see docs/reference.md, environment variables")
    protocol = given.get("RANKMART_PROTOCOL") or PROTOCOLS[0]
    if protocol not in PROTOCOLS:
        return problem(
            "settings", f"RANKMART_PROTOCOL is {protocol!r}", f"give {' or '.join(PROTOCOLS)}"
        )
    known = {*OF_DBT, *VARIABLES, *(f"RANKMART_{one.name.upper()}" for one in fields(Settings))}
    set_here = sorted(name for name in given if name.startswith("RANKMART_") and given[name])
    for name in set_here:
        # Others may be those of another part; only what is nearly a known one is a slip.
        alike = difflib.get_close_matches(name, known, n=1, cutoff=0.92)
        if name not in known and alike:
            return warning("settings", f"{name} is not read", f"{alike[0]} is meant?")
    return ok("settings", f"set: {', '.join(set_here) or 'none, defaults hold'}")


def check_tuned(settings: Settings) -> Check:
    """Is the file of tuned parameters, if there is one, what `rankmart tune` writes."""
    try:
        objectives = read_tuned(settings.tuned)
        found = read_tuned_vars(settings.tuned)
    except RankmartError as error:
        return from_error("tuned", error, f"delete {settings.tuned}")
    if not objectives and not found:
        return ok("tuned", "none, defaults hold")
    return ok("tuned", f"{settings.tuned}: {len(found)} vars, {len(objectives)} objectives")


def reviews_path(dbt_vars: Mapping[str, Any]) -> str:
    """Where dbt looks for reviews."""
    given = dbt_vars.get("reviews_path") or os.environ.get("RANKMART_REVIEWS")
    return str(given or "data/reviews.csv")


def products_path(dbt_vars: Mapping[str, Any]) -> str:
    """Where dbt looks for products; empty for nowhere."""
    return str(dbt_vars.get("products_path") or os.environ.get("RANKMART_PRODUCTS") or "")


def files_of(path: str, project: Path) -> list[tuple[str, int, float]]:
    """Files that a path or glob names, relative to where dbt runs: path, bytes, time of change."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select filename, size, epoch(last_modified) from read_blob(?) order by filename",
            [str(project / path)],
        ).fetchall()
    return [(str(name), int(size), float(changed)) for name, size, changed in rows]


def input_files(project: Path, dbt_vars: Mapping[str, Any]) -> list[tuple[str, int, float]]:
    """The files of both; none where they can't be found, which their own checks tell."""
    found = []
    for path in (reviews_path(dbt_vars), products_path(dbt_vars)):
        with suppress(duckdb.Error):
            found += files_of(path, project) if path else []
    return found


def check_reviews(project: Path, dbt_vars: Mapping[str, Any]) -> Check:
    """Are the files of reviews there, and of which form."""
    return _check_files("reviews", reviews_path(dbt_vars), project, dbt_vars)


def check_products(project: Path, dbt_vars: Mapping[str, Any]) -> Check:
    """The same of products, which may lack."""
    path = products_path(dbt_vars)
    if not path:
        return ok("products", "none given; titles and brands help: RANKMART_PRODUCTS")
    return _check_files("products", path, project, dbt_vars)


def _check_files(name: str, path: str, project: Path, dbt_vars: Mapping[str, Any]) -> Check:
    variable = f"RANKMART_{name.upper()}"
    try:
        files = files_of(path, project)
    except duckdb.Error as error:
        return problem(name, f"{path}: {first_line(error)}", f"set {variable}")
    if not files:
        return _nothing_there(name, path, project, variable)
    try:
        known = known_forms(project)
        forms = {form_of(file, known, name, dict(dbt_vars))[0] for file, _, _ in files}
    except UnknownFormError as error:
        return from_error(name, error, f"set {variable} to another file")
    except RankmartError as error:
        return warning(name, f"{path} is there, its form unknown ({error})", "see --project")
    listed = ", ".join(file for file, _, _ in files[:SHOWN_FILES])
    more = f" and {len(files) - SHOWN_FILES} more" if len(files) > SHOWN_FILES else ""
    megabytes = sum(size for _, size, _ in files) / 1e6
    form = f", {' and '.join(sorted(forms))}" if name == "reviews" else ""
    return ok(name, f"{listed}{more}: {megabytes:,.1f} MB{form}")


def _nothing_there(name: str, path: str, project: Path, variable: str) -> Check:
    if (project / path).is_dir():
        return problem(name, f"{path} is a directory", f"set {variable} to {path}/*.csv")
    made_up = "; to try: rankmart demo-data, or rankmart download" if name == "reviews" else ""
    return problem(name, f"no file at {path}", f"set {variable}{made_up}")
