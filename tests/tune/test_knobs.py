"""The vars that are tuned, in the three places that know them."""

import re

import pytest
import yaml

from project import ROOT
from rankmart.knobs import GROUPS, SIZES, Bounds, Group, knob_names

VARS = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]


def test_dbt_takes_the_vars_that_are_tuned_and_no_others() -> None:
    macro = (ROOT / "dbt_project/macros/tuned/tunable_vars.sql").read_text(encoding="utf-8")
    assert re.findall(r"'(\w+)'", macro) == knob_names()


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_the_defaults_lie_where_is_looked(group: Group) -> None:
    for name, bounds in group.knobs.items():
        assert bounds.low <= VARS[name] <= bounds.high, name
        assert bounds.is_whole == isinstance(VARS[name], int) or not bounds.is_whole, name
    for name in SIZES:
        assert name in VARS


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_a_group_builds_models_that_there_are_and_its_judges_among_them(group: Group) -> None:
    models = {path.stem for path in (ROOT / "models").rglob("*") if path.suffix in {".sql", ".py"}}
    assert set(group.models) <= models
    assert {f"candidates_{judge}" for judge in group.judges} <= set(group.models)
    assert set(group.judges) <= set(VARS["generators"])


def test_no_var_is_in_two_groups() -> None:
    assert len(set(knob_names())) == len(knob_names())


def test_a_default_outside_widens_where_is_looked() -> None:
    group = Group(
        name="any",
        knobs={"a": Bounds(1, 5), "b": Bounds(1.0, 5.0, log=True), "c": Bounds(0, 1)},
        models=("pairs", "candidates_x", "candidates_y"),
        judges=("x", "y"),
    )
    kept = group.around({"a": 9, "b": 0.0}, generators=["y"])
    assert kept.knobs == {"a": Bounds(1, 9)}
    assert kept.models == ("pairs", "candidates_y")
    assert kept.judges == ("y",)
