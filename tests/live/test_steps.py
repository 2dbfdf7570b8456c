"""The models become steps, and what no user decides becomes tables."""

import doctest
import re

import pytest

from project import Project
from rankmart import ctes, live


@pytest.mark.parametrize("module", [ctes, live])
def test_the_examples_in_the_code_are_true(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


def test_each_step_reads_inputs_constants_and_steps_before_it(scored_shop: Project) -> None:
    with scored_shop.connection() as warehouse:
        query = live.read_live_query(warehouse)

    assert query is not None
    there = {"live_asked", "live_stg_events", "live_interactions", live.DISMISSED_EVENTS}
    there |= {f"live_{name}" for _, name in query.inputs}
    there |= {name for name, _ in query.constants}
    for name, sql in query.steps:
        assert set(re.findall(r"\blive_\w+", sql)) <= there, name
        there.add(name)


def test_what_the_features_say_of_a_product_alone_is_a_constant(scored_shop: Project) -> None:
    with scored_shop.connection() as warehouse:
        query = live.read_live_query(warehouse)

    assert query is not None
    assert [name for name, _ in query.constants] == ["live_user_product_features_product_features"]
