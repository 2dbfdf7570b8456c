"""A study in memory, over some of the parameters."""

import numpy as np
import pytest

from rankmart.features import FeatureRows
from rankmart.fit import Fit
from rankmart.plans import LAMBDAMART_SMALL, LOGISTIC, plan_for
from rankmart.tune import SPACE, folds_of_search, gain_elsewhere, search

CANDIDATES = 8
USERS = 60


def shop() -> FeatureRows:
    """One positive a user: the candidate with the largest value of the first column."""
    matrix = np.random.default_rng(1).normal(size=(USERS, CANDIDATES, 2)).astype(np.float32)
    return FeatureRows(
        matrix=matrix.reshape(-1, 2),
        users=np.repeat(np.arange(1, USERS + 1), CANDIDATES).astype(np.int32),
        products=np.tile(np.arange(1, CANDIDATES + 1), USERS).astype(np.int32),
        labels=(matrix[..., 0] == matrix[..., 0].max(axis=1, keepdims=True))
        .reshape(-1)
        .astype(np.float32),
    )


def test_only_the_parameters_asked_for_are_looked_for() -> None:
    study = search(
        shop(),
        defaults=[LAMBDAMART_SMALL, LOGISTIC],
        parameters=("eta", "lambdarank_num_pair_per_sample"),
        ideal_dcg=dict.fromkeys(range(1, USERS + 1), 1.0),
        trials=3,
        seed=7,
        threads=1,
    )
    default, *others = study.trials
    # The logistic objective has no pairs.
    assert default.params == {
        "0_eta": LAMBDAMART_SMALL["eta"],
        "0_lambdarank_num_pair_per_sample": LAMBDAMART_SMALL["lambdarank_num_pair_per_sample"],
        "1_eta": LOGISTIC["eta"],
    }
    for trial in others:
        assert set(trial.params) == set(default.params)
        for name, value in trial.params.items():
            bounds = SPACE[name[2:]]
            assert bounds.low <= value <= bounds.high
    assert study.best_value == max(trial.value for trial in study.trials)


@pytest.mark.parametrize("default", [LAMBDAMART_SMALL, LOGISTIC])
def test_the_defaults_lie_where_is_looked(default: dict[str, object]) -> None:
    for name, bounds in SPACE.items():
        if name in default:
            assert bounds.low <= default[name] <= bounds.high, name


@pytest.mark.parametrize("users", [300, 2_500, 20_000, 100_000])
def test_who_confirms_the_best_was_held_out_by_no_trial(users: int) -> None:
    plan = plan_for(users, ())
    searched, others = folds_of_search(plan, users)
    assert searched.folds
    assert others.folds
    assert not set(searched.folds) & set(others.folds)
    assert set(searched.folds) | set(others.folds) <= set(range(plan.of))


def test_parameters_that_learn_are_above_those_that_do_not() -> None:
    rows = shop()
    fit = Fit(
        rows=rows,
        features=["signal", "noise"],
        ideal_dcg=dict.fromkeys(range(1, USERS + 1), 1.0),
    )
    idle = [LOGISTIC | {"min_child_weight": 1e9}]
    gain, error = gain_elsewhere(fit, [LOGISTIC], idle, seed=7, threads=1)
    assert gain > 3 * error > 0
    gain, error = gain_elsewhere(fit, idle, [LOGISTIC], seed=7, threads=1)
    assert gain < -3 * error < 0
    assert gain_elsewhere(fit, [LOGISTIC], [LOGISTIC], seed=7, threads=1) == (0, 0)
