"""Charts and the stability index, by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankmart.report.charts import (
    LABELS,
    NUMBERS,
    WIDTH,
    Mark,
    bar_chart,
    column_chart,
    dot_chart,
    scale,
)
from rankmart.report.stability import in_words, shares, stability_index

numbers = st.integers(-(10**9), 10**9).map(lambda number: number / 1000)


@given(numbers, numbers)
def test_a_scale_reaches_over_all_that_it_shows(one: float, other: float) -> None:
    low, high = sorted((one, other))
    steps = scale(low, high)
    assert steps[0] <= low + 1e-6 * abs(low)
    assert steps[-1] >= high - 1e-6 * abs(high)
    assert 2 <= len(steps) <= 9
    assert steps == sorted(set(steps))


def test_a_dot_lies_where_its_value_is_on_the_scale() -> None:
    chart = dot_chart(
        [("a", [Mark("published", 0.1, 0.05, 0.2)]), ("b", [Mark("other", 0.0)])],
        title="t",
        description="d",
        strong="a",
    )
    left, right = LABELS, WIDTH - NUMBERS
    [first, second] = chart.rows
    assert chart.ticks[0].at == left
    assert chart.ticks[-1].text == "0.2"
    assert first.marks[0].at == pytest.approx((left + right) / 2)
    assert first.marks[0].high == pytest.approx(right)
    assert second.marks[0].at == left
    assert second.marks[0].low is None
    assert (first.strong, second.strong) == (True, False)
    assert chart.series == ("published", "other")


def test_charts_of_nothing_can_be_drawn() -> None:
    assert dot_chart([], title="t", description="d").rows == ()
    assert bar_chart([], title="t", description="d").bars == ()
    assert column_chart([], title="t", description="d", labels=[]).columns == ()
    [column] = column_chart([("a", 0)], title="t", description="d", labels=[]).columns
    assert column.height == 0


def test_bars_are_as_wide_as_their_amounts() -> None:
    wide, narrow, none = bar_chart(
        [("a", 4, "4"), ("b", 1, "1"), ("c", 0, "0")], title="t", description="d"
    ).bars
    assert wide.width == pytest.approx(4 * narrow.width)
    assert none.width == 1


def test_equal_values_have_not_moved_and_missing_ones_have_a_bin() -> None:
    values = np.array([1.0, 2.0, 3.0, math.nan])
    reference, compared = shares(values, values)
    assert reference == compared
    assert reference[-1] == 0.25
    assert stability_index(reference, compared) == 0


def test_half_of_the_values_moved_from_one_bin_to_the_other() -> None:
    reference, compared = shares(
        np.array([0.0] * 50 + [1.0] * 50), np.array([0.0] * 25 + [1.0] * 75)
    )
    assert [share for share in reference if share] == [0.5, 0.5]
    assert [share for share in compared if share] == [0.25, 0.75]
    index = stability_index(reference, compared)
    assert index == pytest.approx(0.25 * math.log(0.5 / 0.25) + 0.25 * math.log(0.75 / 0.5))
    assert in_words(index) == "moved far"


def test_values_out_of_nowhere_have_moved_far_and_the_index_is_finite() -> None:
    index = stability_index(*shares(np.arange(100.0), np.full(100, 1e9)))
    assert math.isfinite(index)
    assert index > 0.25


def test_nothing_known_is_all_in_the_bin_of_what_is_missing() -> None:
    reference, compared = shares(np.full(3, math.nan), np.array([1.0]))
    assert reference[-1] == 1
    assert compared[-1] == 0
