"""Better vars of the generators, from the fit users alone.

Each group of vars is tried for itself and judged by the lists of the generators that show it: that
takes a model or two a trial. What is best there is then tried with the ranker, group after group,
for a better list of one generator may be of no use beside the others.
"""

import hashlib
import logging
import math
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt

from rankmart.contest import ideal_dcg
from rankmart.features import feature_names, generator_names
from rankmart.fit import Fit, read_fit
from rankmart.knobs import GROUP_NAMES, GROUPS, SIZES, Group
from rankmart.plans import Parameters, Plan, plan_for
from rankmart.train import try_objective
from rankmart.training_data import TrainingData, paired_gain
from rankmart.trial_warehouse import TrialWarehouse
from rankmart.trials import add_trials, first_and_best, open_study, suggest
from rankmart.warehouse import first_row, open_warehouse

if TYPE_CHECKING:
    import optuna

logger = logging.getLogger(__name__)

Values = npt.NDArray[np.float64]

ENOUGH_HELD_OUT = 1_000
"""Fit users that are held out once, at least, to tell two rankers apart, if there are as many."""


def groups_of(warehouse: TrialWarehouse, names: Collection[str] = GROUP_NAMES) -> list[Group]:
    """Of the groups of these names, those with something to try.

    That are vars that dbt_project.yml has, and nobody gave by hand.
    """
    with open_warehouse(warehouse.settings, read_only=True) as connection:
        generators = generator_names(feature_names(connection))
    defaults = {
        name: value for name, value in warehouse.vars.items() if name not in warehouse.given
    }
    found = [group.around(defaults, generators) for group in GROUPS if group.name in names]
    return [group for group in found if group.knobs and group.judges]


def tune_group(
    warehouse: TrialWarehouse,
    group: Group,
    *,
    trials: int,
    seed: int,
    journal: Path | None,
    deadline: float = math.inf,
) -> "optuna.Study":
    """The group's study after so many more trials; the trial's tables are as they were, then."""
    with warehouse.opened() as connection:
        name = f"{group.name} {_digest_of_lists(connection, group)}"
    study = open_study(name, journal)

    def objective(trial: "optuna.Trial") -> float:
        started = time.monotonic()
        found = {
            knob: as_written(suggest(trial, knob, bounds)) for knob, bounds in group.knobs.items()
        }
        warehouse.build(group.models, found)
        with warehouse.opened() as connection:
            value = float(np.mean([ndcg_of(connection, judge) for judge in group.judges]))
        logger.info(
            "%s, trial %d: NDCG@10 %.4f of %s on fit users by %s, %.0f s",
            *(group.name, trial.number, value, ", ".join(group.judges)),
            ", ".join(f"{knob} {number:g}" for knob, number in found.items()),
            time.monotonic() - started,
        )
        return value

    try:
        add_trials(
            study,
            objective,
            first={knob: warehouse.vars[knob] for knob in group.knobs},
            trials=trials,
            seed=seed,
            deadline=deadline,
        )
    finally:
        warehouse.restore(group.models)
    return study


def ndcg_of(connection: duckdb.DuckDBPyConnection, generator: str) -> float:
    """NDCG@10 of a generator's own lists, over all fit users that have a label."""
    ideal = ideal_dcg(connection, "fit")
    found = connection.execute(
        f"""
        select
            proposed.user_key,
            sum(1 / log2(proposed.source_rank + 1)) as dcg

        from intermediate.candidates_{generator} as proposed
        inner join intermediate.labels as labels
            on proposed.split = labels.split
            and proposed.user_key = labels.user_key
            and proposed.product_key = labels.product_key
        where proposed.split = 'fit' and proposed.source_rank <= 10
        group by proposed.user_key
        """
    ).fetchall()
    return math.fsum(dcg / ideal[user] for user, dcg in found) / max(len(ideal), 1)


def as_written(number: float) -> float:
    """Three digits are enough, and can be read.

    >>> as_written(0.123456), as_written(180)
    (0.123, 180)
    """
    return number if isinstance(number, int) else float(f"{number:.3g}")


def sizes_of(warehouse: TrialWarehouse, names: Collection[str]) -> dict[str, tuple[float, ...]]:
    """The same of SIZES."""
    return {
        name: tuple(value for value in values if value != warehouse.vars[name])
        for name, values in SIZES.items()
        if name in names and name in warehouse.vars and name not in warehouse.given
    }


def offers_of(
    groups: Sequence[Group], studies: "Sequence[optuna.Study]"
) -> list[dict[str, float]]:
    """What is better than the default in each group, the largest gain first."""
    offers = []
    for group, study in zip(groups, studies, strict=True):
        ends = first_and_best(study)
        if ends is not None and ends.best > ends.first:
            offer = {name: as_written(ends.parameters[name]) for name in group.knobs}
            offers.append((ends.best / max(ends.first, 1e-9), offer))
    return [offer for _, offer in sorted(offers, key=lambda pair: -pair[0])]


class Rankers:
    """The ranker's NDCG@10 on held-out fit users, by what vars the features were built with.

    Every set of vars is judged on the same users, by the objectives that the defaults have.
    """

    def __init__(self, warehouse: TrialWarehouse, groups: Sequence[Group], *, seed: int) -> None:
        self.warehouse = warehouse
        self._models = {name: group.models for group in groups for name in group.knobs}
        self._models |= dict.fromkeys(SIZES, ("candidates",))
        self._seed = seed
        self._values: dict[tuple[tuple[str, float], ...], Values] = {}
        self._built: Mapping[str, float] = {}
        self._plan: Plan | None = None

    def values(self, changed: Mapping[str, float]) -> Values:
        """By held-out user, in order of the users."""
        key = tuple(sorted(changed.items()))
        if key not in self._values:
            fit = self.fit(changed)
            if self._plan is None:
                self._plan = enough_folds(plan_for(fit.users, ()), len(fit.ideal_dcg))
            self._values[key] = ranker_values(
                fit, self._plan, seed=self._seed, threads=self.warehouse.settings.thread_count
            )
        return self._values[key]

    def fit(self, changed: Mapping[str, float]) -> Fit:
        """The fit split as some vars make it."""
        if changed != self._built:
            self.warehouse.restore()
            models = {model for name in changed for model in self._models[name]}
            if models:
                self.warehouse.build(self.warehouse.between(models), changed)
            self._built = dict(changed)
        with self.warehouse.opened() as connection:
            return read_fit(connection, features=feature_names(connection))


class Choice(NamedTuple):
    """Vars that are better, and whether all was compared, or the deadline came before."""

    vars: dict[str, float]
    is_whole: bool


def choose(
    rankers: Rankers,
    offers: Sequence[Mapping[str, float]],
    study: "optuna.Study",
    *,
    sizes: Mapping[str, Sequence[float]],
    deadline: float = math.inf,
) -> Choice:
    """The vars with which the ranker is better than without, on held-out fit users.

    Better: by more than the standard error of the users' mean difference, so that few users do not
    choose by chance. All offers together, if that is better; else one after another, each kept if
    it helps. Then each of the sizes. What was compared is kept in `study`, and not done again: it
    counts after the deadline too, when nothing more is compared.
    """
    chosen: dict[str, float] = {}
    is_whole = True

    def is_better(tried: dict[str, float]) -> bool:
        nonlocal is_whole
        if tried == chosen:
            return False
        known = _known_gain(tried, chosen, study)
        if known is None and time.monotonic() >= deadline:
            is_whole = False
            return False
        gain, error = known or _gain(rankers, tried, chosen, study)
        return gain > error

    together = {name: value for offer in offers for name, value in offer.items()}
    if is_better(together):
        chosen = together
    else:
        for offer in offers:
            if is_better(chosen | dict(offer)):
                chosen = chosen | dict(offer)
    for name, values in sizes.items():
        for value in values:
            if is_better(chosen | {name: value}):
                chosen = chosen | {name: value}
    return Choice(chosen, is_whole)


def _known_gain(
    tried: dict[str, float], chosen: dict[str, float], study: "optuna.Study"
) -> tuple[float, float] | None:
    """What `_gain` found when it compared these; None where it did not."""
    compared = {"vars": tried, "instead_of": chosen}
    for trial in study.trials:
        if {name: trial.user_attrs.get(name) for name in compared} == compared:
            return trial.user_attrs["gain"], trial.user_attrs["standard_error"]
    return None


def _gain(
    rankers: Rankers, tried: dict[str, float], chosen: dict[str, float], study: "optuna.Study"
) -> tuple[float, float]:
    """By how much the ranker's NDCG@10 is above that with other vars, and the standard error.

    Adds both to `study`.
    """
    from optuna.trial import TrialState, create_trial

    started = time.monotonic()
    before, after = rankers.values(chosen), rankers.values(tried)
    gain, error = paired_gain(before, after)
    study.add_trial(
        create_trial(
            state=TrialState.COMPLETE,
            value=float(after.mean()),
            user_attrs={
                "vars": tried,
                "instead_of": chosen,
                "gain": gain,
                "standard_error": error,
            },
        )
    )
    logger.info(
        "the ranker by %s: NDCG@10 %.4f on held-out fit users, %+.4f (error %.4f), %.0f s",
        ", ".join(f"{name} {value:g}" for name, value in tried.items()),
        *(float(after.mean()), gain, error, time.monotonic() - started),
    )
    return gain, error


def enough_folds(plan: Plan, users: int) -> Plan:
    """The plan, with as many folds held out as hold ENOUGH_HELD_OUT users."""
    folds = max(folds_that_suffice(plan, users), len(plan.folds))
    return replace(plan, folds=tuple(range(min(plan.of, folds))))


def folds_that_suffice(plan: Plan, users: int) -> int:
    """How many of its folds hold ENOUGH_HELD_OUT of so many users; perhaps more than it has."""
    return math.ceil(plan.of * ENOUGH_HELD_OUT / max(users, 1))


def ranker_values(fit: Fit, plan: Plan, *, seed: int, threads: int) -> Values:
    """NDCG@10 of each held-out user by the sum of the plan's objectives."""
    data = TrainingData(fit.rows, plan, ideal_dcg=fit.ideal_dcg, seed=seed, threads=threads)
    return values_of_sum(data, plan.objectives)


def values_of_sum(data: TrainingData, objectives: Sequence[Parameters]) -> Values:
    """The same by the sum of any objectives."""
    trials = [try_objective(data, objective) for objective in objectives]
    return data.held_out.ndcg_by_user(np.sum([trial.scaled for trial in trials], axis=0))


def _digest_of_lists(connection: duckdb.DuckDBPyConnection, group: Group) -> str:
    """Of what the group's trials start from: its judges' lists, the labels, what is looked for."""
    parts: list[object] = [sorted(group.knobs.items())]
    parts.append(
        first_row(
            connection,
            "select count(*), bit_xor(hash(user_key, product_key)) from intermediate.labels",
        )
    )
    for judge in group.judges:
        parts.append(
            first_row(
                connection,
                "select count(*), bit_xor(hash(user_key, product_key, source_rank))"
                f" from intermediate.candidates_{judge}",
            )
        )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
