"""Every environment variable and every dbt var is in the reference, with its default."""

import dataclasses
import re
from pathlib import Path

import yaml

from project import ROOT
from rankmart.settings import Settings
from rankmart_serving.settings import VARIABLES
from rankmart_serving.settings import Settings as ServingSettings

from .pages import PAGES, code, first_column, page, rows, section

ENV_VAR = re.compile(r"env_var\('(RANKMART_[A-Z_]+)'")
QUOTED = re.compile(r'"(RANKMART_[A-Z_]+)"')
NAMED = re.compile(r"\bRANKMART_[A-Z_]+\b")
IN_DBT = re.compile(r"env_var\('(RANKMART_[A-Z_]+)', ''\) or '([^']+)'")


def found(pattern: re.Pattern[str], *paths: Path) -> set[str]:
    return {name for path in paths for name in pattern.findall(path.read_text(encoding="utf-8"))}


def macros() -> list[Path]:
    return sorted((ROOT / "dbt_project" / "macros").rglob("*.sql"))


def read_by_the_code() -> set[str]:
    return (
        found(ENV_VAR, ROOT / "profiles.yml", ROOT / "dbt_project.yml", *macros())
        | found(QUOTED, *(ROOT / "python").rglob("*.py"), *(ROOT / "serving").rglob("*.py"))
        | set(VARIABLES)
    )


def documented_variables() -> dict[str, str]:
    table = rows(section(page("docs/reference.md"), "## Environment variables"))
    return {code(row[0]): row[1] for row in table}


def test_every_environment_variable_is_in_the_reference_and_no_other() -> None:
    assert {"RANKMART_REVIEWS", "RANKMART_SEED", "RANKMART_PORT"} <= read_by_the_code()
    assert sorted(documented_variables()) == sorted(read_by_the_code())


def test_no_page_names_a_variable_that_is_not_read() -> None:
    for path in PAGES:
        names = found(NAMED, path)
        assert sorted(names - read_by_the_code()) == [], path.name


def test_defaults_of_environment_variables_are_those_of_the_code() -> None:
    of_scoring = {
        f"RANKMART_{setting.name.upper()}": str(getattr(Settings(), setting.name))
        for setting in dataclasses.fields(Settings)
    }
    in_dbt = {
        name: default
        for path in macros()
        for name, default in IN_DBT.findall(path.read_text(encoding="utf-8"))
    }
    assert set(in_dbt) == {"RANKMART_REVIEWS", "RANKMART_PROTOCOL", "RANKMART_TUNED"}
    documented = documented_variables()
    for name, default in (of_scoring | ServingSettings().as_environment() | in_dbt).items():
        # An empty default stands for what is said in words.
        assert documented[name] == f"`{default}`" or not default, name


def test_the_readme_has_the_same_defaults() -> None:
    documented = documented_variables()
    in_readme = rows(section(page("README.md"), "## Settings"))
    assert in_readme
    for row in in_readme:
        assert row[1] == documented[code(row[0])], row[0]


def test_every_dbt_var_is_in_the_reference_with_its_default() -> None:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    table = rows(section(page("docs/reference.md"), "## dbt vars"))
    documented = {code(row[0]): yaml.safe_load(code(row[1])) for row in table}
    assert documented == project["vars"]
    assert len(table) == len(documented), "a var is in the reference twice"


def test_every_source_form_is_in_the_reference() -> None:
    macro = (ROOT / "dbt_project/macros/load/review_columns.sql").read_text(encoding="utf-8")
    named = set(re.findall(r"\('([a-z_0-9]+)', \[", macro)) | {"minimal"}
    headless = {"ratings_2014", "ratings_2018"}
    documented = first_column(section(page("docs/reference.md"), "## Input forms"))
    assert sorted(documented) == sorted(named | headless)
