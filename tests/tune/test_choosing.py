"""Which vars are kept, by rankers whose values are known; and studies that go on."""

from collections.abc import Mapping

import numpy as np
import pytest

from rankmart.plans import plan_for
from rankmart.trials import add_trials, first_and_best, open_study, require_optuna
from rankmart.tune_generators import Rankers, Values, as_written, choose, enough_folds

require_optuna()


class KnownRankers(Rankers):
    """Each var adds its worth to every user; `noise` differs by user and adds up to nothing."""

    def __init__(self, worth: Mapping[str, float], *, noise: float = 0.0) -> None:
        self.worth = worth
        self.noise = noise * np.tile([-1.0, 1.0], 50)
        self.asked: list[list[str]] = []

    def values(self, changed: Mapping[str, float]) -> Values:
        self.asked.append(sorted(changed))
        values = np.full(100, 0.1 + sum(self.worth[name] for name in changed))
        return values + self.noise if changed else values


OFFERS = [{"a": 1.0}, {"b": 2.0}]
SIZES = {"c": (3.0, 4.0)}


def chosen(rankers: Rankers) -> dict[str, float]:
    choice = choose(rankers, OFFERS, open_study(None, None), sizes=SIZES)
    assert choice.is_whole
    return choice.vars


def test_all_offers_are_kept_where_they_are_better_together() -> None:
    rankers = KnownRankers({"a": 0.02, "b": -0.01, "c": 0.0})
    assert chosen(rankers) == {"a": 1.0, "b": 2.0}


def test_else_those_that_help() -> None:
    assert chosen(KnownRankers({"a": 0.01, "b": -0.02, "c": 0.0})) == {"a": 1.0}


def test_sizes_are_tried_with_what_was_chosen() -> None:
    rankers = KnownRankers({"a": -0.01, "b": -0.02, "c": 0.01})
    assert chosen(rankers) == {"c": 3.0}


def test_what_the_draw_of_users_may_explain_is_not_kept() -> None:
    # A hundred users who differ by 0.5: the standard error is 0.05.
    assert chosen(KnownRankers({"a": 0.02, "b": 0.02, "c": 0.02}, noise=0.5)) == {}
    assert chosen(KnownRankers({"a": 0.03, "b": 0.03, "c": 0.0}, noise=0.5)) == {
        "a": 1.0,
        "b": 2.0,
    }


def test_what_was_compared_is_not_compared_again() -> None:
    study = open_study(None, None)
    first, second = (KnownRankers({"a": 0.01, "b": -0.02, "c": 0.0}) for _ in range(2))
    choice = choose(first, OFFERS, study, sizes={})
    assert choose(second, OFFERS, study, sizes={}) == choice
    assert first.asked
    assert second.asked == []


def test_nothing_is_compared_after_the_deadline() -> None:
    rankers = KnownRankers({"a": 0.1, "b": 0.1, "c": 0.1})
    choice = choose(rankers, OFFERS, open_study(None, None), sizes=SIZES, deadline=0.0)
    assert choice == ({}, False)
    assert rankers.asked == []


def test_what_was_compared_before_counts_after_the_deadline_too() -> None:
    study = open_study(None, None)
    first, second, third = (KnownRankers({"a": 0.1, "b": 0.1, "c": 0.1}) for _ in range(3))
    choose(first, OFFERS, study, sizes={})
    assert choose(second, OFFERS, study, sizes={}, deadline=0.0) == ({"a": 1.0, "b": 2.0}, True)
    # The sizes were not compared.
    assert choose(third, OFFERS, study, sizes=SIZES, deadline=0.0) == (
        {"a": 1.0, "b": 2.0},
        False,
    )
    assert (second.asked, third.asked) == ([], [])


def test_a_study_that_was_interrupted_goes_on_as_if_it_had_not_been() -> None:
    whole, parts = open_study(None, None), open_study(None, None)
    for study, pieces in ((whole, [14]), (parts, [3, 11])):
        for trials in pieces:
            add_trials(
                study,
                lambda trial: -((trial.suggest_float("x", 0, 10) - 3) ** 2),
                first={"x": 9.0},
                trials=trials,
                seed=7,
            )
    assert [trial.params for trial in parts.trials] == [trial.params for trial in whole.trials]
    assert len({trial.params["x"] for trial in whole.trials}) == 14
    ends = first_and_best(whole)
    assert ends is not None
    assert ends.first == -36
    assert ends.best > -1


def test_of_equals_the_default_is_the_best() -> None:
    study = open_study(None, None)
    add_trials(
        study,
        lambda trial: 0.0 * trial.suggest_int("x", 0, 9),
        first={"x": 9},
        trials=3,
        seed=7,
    )
    ends = first_and_best(study)
    assert ends is not None
    assert ends.parameters == {"x": 9}


@pytest.mark.parametrize(("users", "folds"), [(300, 3), (2_500, 2), (4_500, 2), (30_000, 1)])
def test_a_few_thousand_users_are_held_out_where_there_are_as_many(users: int, folds: int) -> None:
    assert len(enough_folds(plan_for(users, ()), users).folds) == folds


def test_numbers_can_be_read() -> None:
    assert [as_written(number) for number in (0.123456, 11250, 98.7654)] == [0.123, 11250, 98.8]
