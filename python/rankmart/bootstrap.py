"""Confidence intervals of means over users, by resampling the users.

The percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter
13): draw as many users as there are, with replacement, take the mean of each draw, and keep the
middle 95 % of those means. It asks for no normal distribution, which metrics with most users at
0 don't have.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SEED = 20_140_723
"""Not the seed of the ranker: an interval must move with the lists and with nothing else."""

RESAMPLES = 1_000
SHARES = (0.025, 0.975)
DECIMALS = 9

CELLS_AT_A_TIME = 4_000_000

Counts = npt.NDArray[np.uint8]
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Estimates:
    """Means by column. NaN: a value of no users, an interval of fewer than two."""

    value: Matrix
    low: Matrix
    high: Matrix
    users: npt.NDArray[np.int64]


def draw(users: int, *, resamples: int = RESAMPLES, seed: int = SEED) -> Counts:
    """How often each user is drawn in each resample: (resamples, users), a byte each.

    60,000 users and 1,000 resamples take 60 MB. No resample draws one of many users 256 times;
    the chance is below 1 / 255!.
    """
    generator = np.random.default_rng(seed)
    counts = np.empty((resamples, users), dtype=np.uint8)
    for resample in counts:
        drawn = generator.integers(0, users, size=users, dtype=np.int32)
        resample[:] = np.bincount(drawn, minlength=users)
    return counts


def estimate(values: Matrix, counts: Counts) -> Estimates:
    """The mean of each column of `values` (users, columns), and its interval, to a billionth.

    A user with NaN is left out of that column. `counts` is (resamples, users), for the same
    users in the same order; of a part of the users, it is that part of its columns. A mean is
    then over those of them that a resample drew, and a resample that drew none doesn't count.
    Without resamples there are no intervals.
    """
    present = ~np.isnan(values)
    users = present.sum(axis=0)
    means = np.array(
        [
            math.fsum(column[there].tolist()) / count if count else math.nan
            for column, there, count in zip(values.T, present.T, users, strict=True)
        ]
    )
    low, high = np.full((2, len(means)), math.nan)
    some = users > 1
    if len(counts) and some.any():
        deviations = np.where(present, values - means, 0)[:, some]
        low[some], high[some] = means[some] + _interval(deviations, present[:, some], counts)
    return Estimates(
        value=_rounded(means),
        low=_rounded(low),
        high=_rounded(high),
        users=users,
    )


def _interval(deviations: Matrix, present: npt.NDArray[np.bool_], counts: Counts) -> Matrix:
    """The ends (2, columns) of the middle of the resampled means of deviations."""
    whole = _addable(deviations, draws=int(counts.sum(axis=1, dtype=np.int64).max()))
    partly = ~present.all(axis=0)
    partly_present = present[:, partly].astype(np.float64)
    means = np.empty((len(counts), deviations.shape[1]))
    step = max(1, CELLS_AT_A_TIME // max(1, len(deviations)))
    for start in range(0, len(counts), step):
        weights = counts[start : start + step].astype(np.float64)
        drawn = np.repeat(weights.sum(axis=1)[:, None], deviations.shape[1], axis=1)
        if partly.any():
            drawn[:, partly] = weights @ partly_present
        sums = weights @ whole
        means[start : start + step] = np.divide(
            sums, drawn, out=np.full_like(sums, math.nan), where=drawn > 0
        )
    return _quantiles(means)


def _addable(deviations: Matrix, *, draws: int) -> Matrix:
    """Deviations rounded so that doubles add so many of them without an error.

    Then a matrix product gives the same sums in whatever order it adds, so on any number of
    threads. Of the 53 bits of a double those that the largest sum needs are left free.
    """
    largest = np.maximum(np.abs(deviations).max(axis=0) * max(1, draws), 1.0)
    steps = 2.0 ** (52 - np.ceil(np.log2(largest)))
    rounded: Matrix = np.rint(deviations * steps) / steps
    return rounded


def _quantiles(means: Matrix) -> Matrix:
    """The SHARES of each column, NaN left out, between two values by linear interpolation."""
    ordered = np.sort(means, axis=0)
    last = np.maximum((~np.isnan(means)).sum(axis=0) - 1, 0)
    columns = np.arange(means.shape[1])
    ends = []
    for share in SHARES:
        place = share * last
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, last)
        gap = ordered[above, columns] - ordered[below, columns]
        ends.append(ordered[below, columns] + (place - below) * gap)
    return np.array(ends)


def _rounded(figures: Matrix) -> Matrix:
    """To a billionth, without a zero that has a sign."""
    rounded: Matrix = np.round(figures, DECIMALS) + 0.0
    return rounded
