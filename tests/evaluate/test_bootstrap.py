"""Intervals by resampling: by hand, by a second method, and what must hold of them."""

import math
from fractions import Fraction

import numpy as np
import pytest

from rankmart.bootstrap import SEED, draw, estimate

from .reference import draws_of, mean_with_interval


def one_column(values: list[float], counts: np.ndarray) -> tuple[float, float, float, int]:
    found = estimate(np.array([values]).T, counts)
    return found.value[0], found.low[0], found.high[0], found.users[0]


def counts_of(rows: list[list[int]]) -> np.ndarray:
    return np.array(rows, dtype=np.uint8)


def test_every_resample_draws_as_many_users_as_there_are() -> None:
    counts = draw(50, resamples=400)

    assert counts.shape == (400, 50)
    assert (counts.sum(axis=1) == 50).all()
    # A user is drawn once in the mean, and not at all in 1 / e of the resamples.
    assert counts.mean(axis=0) == pytest.approx(1, abs=0.25)
    assert (counts == 0).mean() == pytest.approx((1 - 1 / 50) ** 50, abs=0.01)


def test_the_draw_is_the_same_every_time_and_another_with_another_seed() -> None:
    assert (draw(30, resamples=5) == draw(30, resamples=5)).all()
    assert (draw(30, resamples=5) != draw(30, resamples=5, seed=SEED + 1)).any()


def test_ends_lie_between_the_resampled_means_beside_them() -> None:
    # Of users worth 0 and 4, resamples that draw the second 0, 1, 2, 3 and 4 times in four.
    counts = counts_of([[4, 0], [3, 1], [2, 2], [1, 3], [0, 4]])

    # Means 0, 1, 2, 3, 4; the ends are 2.5 % of the four steps from either side.
    assert one_column([0, 4], counts) == (2, 0.1, 3.9, 2)


def test_one_user_has_no_interval_and_none_no_value() -> None:
    counts = draw(2, resamples=10)

    value, low, high, users = one_column([0.5, math.nan], counts)
    assert (value, users) == (0.5, 1)
    assert math.isnan(low)
    assert math.isnan(high)
    value, *_, users = one_column([math.nan, math.nan], counts)
    assert math.isnan(value)
    assert users == 0


def test_equal_values_leave_an_interval_of_no_width() -> None:
    assert one_column([1 / 3] * 40, draw(40)) == (0.333333333, 0.333333333, 0.333333333, 40)


def test_a_resample_without_any_user_of_a_column_does_not_count() -> None:
    counts = counts_of([[2, 0, 0], [0, 1, 1], [0, 0, 2]])

    # Means of the last two users: none, 1.5, 2.
    assert one_column([math.nan, 1, 2], counts) == (1.5, 1.5125, 1.9875, 2)


def test_without_resamples_there_are_means_only() -> None:
    value, low, _, users = one_column([1, 2], draw(2, resamples=0))

    assert (value, users) == (1.5, 2)
    assert math.isnan(low)


def test_equals_the_means_of_the_users_drawn() -> None:
    generator = np.random.default_rng(5)
    values = generator.random((83, 4)) * [1, 20, 1e-6, 1]
    values[:, 3][generator.random(83) < 0.4] = math.nan

    found = estimate(values, draw(83))

    for column in range(4):
        expected = mean_with_interval(values[:, column], draws_of(83, 1000))
        assert found.value[column] == pytest.approx(expected.value, abs=1e-9)
        assert found.low[column] == pytest.approx(expected.ci_low, abs=1e-9)
        assert found.high[column] == pytest.approx(expected.ci_high, abs=1e-9)
        assert found.users[column] == expected.users


def test_the_order_of_users_does_not_change_a_digit() -> None:
    """So it is with any order in which a matrix product may add."""
    generator = np.random.default_rng(6)
    values = generator.random((5_000, 3)) * [1, 17, 0.01]
    counts = draw(5_000)
    order = generator.permutation(5_000)

    found, again = estimate(values, counts), estimate(values[order], counts[:, order])

    for name in ("value", "low", "high"):
        assert getattr(found, name).tolist() == getattr(again, name).tolist()


def test_a_mean_is_exact_to_a_billionth() -> None:
    values = [0.1, 0.2, 0.3] * 7_000 + [1e-9]

    expected = float(sum(map(Fraction, values)) / len(values))
    assert one_column(values, draw(len(values), resamples=0))[0] == round(expected, 9)


def test_with_many_users_it_is_near_the_normal_interval() -> None:
    values = (np.arange(4_000) % 10 == 0).astype(float)

    found = estimate(values[:, None], draw(4_000))

    margin = 1.96 * values.std(ddof=1) / math.sqrt(4_000)
    assert found.low[0] == pytest.approx(0.1 - margin, abs=0.1 * margin)
    assert found.high[0] == pytest.approx(0.1 + margin, abs=0.1 * margin)


def test_most_intervals_hold_the_true_mean() -> None:
    # A hundred users of which each has a hit by 0.3 chance, three hundred times.
    samples = (np.random.default_rng(8).random((100, 300)) < 0.3).astype(float)

    found = estimate(samples, draw(100))

    held = ((found.low <= 0.3) & (found.high >= 0.3)).mean()
    assert 0.9 < held < 0.98
