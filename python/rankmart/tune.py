"""`rankmart tune`: better numbers for this data, from the fit users alone.

First the generators' vars (`tune_generators`), then the ranker's XGBoost parameters on the
features that these make. Each trial is measured on fit users; the labels of `test` are not looked
at. Trials go on where an earlier call stopped, as long as the data are the same.
"""

import logging
import math
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rankmart.errors import NotEnoughDataError
from rankmart.features import FeatureRows, feature_names
from rankmart.fit import Fit, read_fit
from rankmart.knobs import GROUP_NAMES, Bounds
from rankmart.plans import Parameters, Plan, default_objectives, plan_for
from rankmart.settings import Settings
from rankmart.train import FEWEST_USERS, validation_ndcg
from rankmart.training_data import TrainingData, paired_gain
from rankmart.trial_warehouse import TrialWarehouse
from rankmart.trials import (
    TABLE,
    add_trials,
    first_and_best,
    open_study,
    require_optuna,
    suggest,
    write_trials,
)
from rankmart.tune_generators import (
    Rankers,
    choose,
    folds_that_suffice,
    groups_of,
    offers_of,
    sizes_of,
    tune_group,
    values_of_sum,
)
from rankmart.tuned import Var, read_tuned, read_tuned_vars, write_tuned
from rankmart.warehouse import open_warehouse, require_built

if TYPE_CHECKING:
    import optuna

__all__ = ["SPACE", "TABLE", "Tuning", "search", "tune"]

logger = logging.getLogger(__name__)

SPACE: dict[str, Bounds] = {
    "eta": Bounds(0.02, 0.3, log=True),
    "max_depth": Bounds(3, 8),
    "min_child_weight": Bounds(1.0, 80.0, log=True),
    "subsample": Bounds(0.5, 1.0),
    "colsample_bytree": Bounds(0.15, 0.9),
    "reg_lambda": Bounds(0.3, 30.0, log=True),
    "lambdarank_num_pair_per_sample": Bounds(4, 40),
}
"""Where to look, by parameter. An objective that does not have a parameter is tried without it."""


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """NDCG@10 on held-out fit users, of what was found and of the defaults; trials so far.

    vars: those of the generators for which better numbers were found. objectives: parameters of
    the ranker, empty where the defaults were best, or may be. elsewhere: by how much the best
    parameters are above the defaults on other fit users, and the standard error of that
    (`gain_elsewhere`); None where the defaults were best.
    """

    value: float
    default: float
    trials: int
    vars: Mapping[str, Var] = field(default_factory=dict)
    objectives: tuple[Parameters, ...] = ()
    elsewhere: tuple[float, float] | None = None

    @property
    def found(self) -> bool:
        return bool(self.vars or self.objectives)


def tune(
    settings: Settings,
    *,
    trials: int,
    generator_trials: int = 0,
    groups: Collection[str] = GROUP_NAMES,
    minutes: float | None = None,
    project: Path = Path(),
    given: Mapping[str, Any] | None = None,
) -> Tuning:
    """Run so many more trials, or for so many minutes, and keep the best in `settings.tuned`.

    generator_trials: so many for each of the groups of the generators' vars, which need the dbt
    project in `project`; `given` are vars that were given to `dbt run` by hand. With none, the
    vars of an earlier tuning stay.

    The file is not written while nothing beats the defaults; one of an earlier tuning, of which
    nothing is confirmed any more, is deleted. What there was no time to try stays as the file has
    it. All trials are in the table `ranker.tuning_trials`.

    Raises RankmartError where Optuna is not installed or dbt fails, WarehouseError, and
    NotEnoughDataError for too few fit users.
    """
    require_optuna()
    deadline = math.inf if minutes is None else time.monotonic() + 60 * minutes
    fit = _fit_of(settings)
    studies: list[optuna.Study] = []
    found = read_tuned_vars(settings.tuned)
    default = None
    if generator_trials:
        tuned_vars = _tune_vars(
            settings,
            project=project,
            given=given or {},
            names=groups or GROUP_NAMES,
            trials=generator_trials,
            deadline=deadline,
            studies=studies,
            has_earlier=bool(found),
        )
        if tuned_vars is not None:
            found, fit, default = tuned_vars
    defaults = default_objectives(fit.users)
    ranker = search(
        fit.rows,
        defaults=defaults,
        ideal_dcg=fit.ideal_dcg,
        trials=trials,
        deadline=deadline,
        seed=settings.seed,
        threads=settings.thread_count,
        name=f"ranker {fit.digest(settings.seed)}",
        journal=settings.tuned.with_suffix(".journal"),
    )
    studies.append(ranker)
    with open_warehouse(settings) as connection:
        write_trials(connection, studies)
    tuning = _outcome(ranker, defaults, found, default, fit, settings)
    if not tuning.trials and default is None:
        logger.info("there was no time to try anything, so %s stays as it is", settings.tuned)
    elif tuning.found:
        write_tuned(
            settings.tuned,
            tuning.objectives,
            value=tuning.value,
            default=tuning.default,
            trials=tuning.trials,
            found_vars=found,
        )
    elif settings.tuned.exists():
        settings.tuned.unlink()
        logger.info("deleted %s: what it has is not surely better any more", settings.tuned)
    return tuning


def search(
    rows: FeatureRows,
    *,
    defaults: Sequence[Parameters],
    ideal_dcg: dict[int, float],
    trials: int,
    seed: int,
    threads: int,
    parameters: Collection[str] = tuple(SPACE),
    deadline: float = math.inf,
    name: str | None = None,
    journal: Path | None = None,
) -> "optuna.Study":
    """The study of `name` in `journal`, or a new one in memory, after so many more trials.

    A new study's first trial is of the defaults. `parameters` are those of SPACE that are looked
    for; the others stay as they are. Raises RankmartError without Optuna.
    """
    require_optuna()
    study = open_study(name, journal)
    data = _data(rows, ideal_dcg, seed=seed, threads=threads)

    def objective(trial: "optuna.Trial") -> float:
        started = time.monotonic()
        value = validation_ndcg(data, _sampled(trial, defaults, parameters=parameters))
        logger.info(
            "trial %d: NDCG@10 %.4f on held-out fit users, %.0f s",
            trial.number,
            value,
            time.monotonic() - started,
        )
        return value

    add_trials(
        study,
        objective,
        first=_as_trial(defaults, parameters),
        trials=trials,
        seed=seed,
        deadline=deadline,
    )
    return study


def _data(
    rows: FeatureRows, ideal_dcg: dict[int, float], *, seed: int, threads: int
) -> TrainingData:
    """As scoring would have them, but for the folds that are kept to confirm the best."""
    searched, _ = folds_of_search(plan_for(len(np.unique(rows.users)), ()), len(ideal_dcg))
    return TrainingData(rows, searched, ideal_dcg=ideal_dcg, seed=seed, threads=threads)


def folds_of_search(plan: Plan, users: int) -> tuple[Plan, Plan]:
    """The plan with the folds that trials hold out, and with others to confirm the best on.

    The others hold ENOUGH_HELD_OUT users, if there are so many; of three folds it is one.
    """
    searched = plan.folds[: plan.of - 1]
    others = [fold for fold in range(plan.of) if fold not in searched]
    confirming = others[: folds_that_suffice(plan, users)]
    return replace(plan, folds=searched), replace(plan, folds=tuple(confirming))


def _sampled(
    trial: "optuna.Trial | optuna.trial.FixedTrial",
    defaults: Sequence[Parameters],
    *,
    parameters: Collection[str] = tuple(SPACE),
) -> list[Parameters]:
    """The defaults, with what the trial says of the parameters that each objective has."""
    return [
        default
        | {
            name: suggest(trial, f"{place}_{name}", bounds)
            for name, bounds in SPACE.items()
            if name in parameters and name in default
        }
        for place, default in enumerate(defaults)
    ]


def _as_trial(defaults: Sequence[Parameters], parameters: Collection[str]) -> dict[str, Any]:
    """The defaults under the names of `_sampled`."""
    return {
        f"{place}_{name}": default[name]
        for place, default in enumerate(defaults)
        for name in SPACE
        if name in parameters and name in default
    }


def _fit_of(settings: Settings) -> Fit:
    with open_warehouse(settings, read_only=True) as connection:
        require_built(connection)
        fit = read_fit(connection, features=feature_names(connection))
    if fit.users < FEWEST_USERS:
        raise NotEnoughDataError(
            f"{fit.users} fit users have a label among their candidates: tuning needs"
            f" {FEWEST_USERS} or more"
        )
    return fit


def _tune_vars(
    settings: Settings,
    *,
    project: Path,
    given: Mapping[str, Any],
    names: Collection[str],
    trials: int,
    deadline: float,
    studies: "list[optuna.Study]",
    has_earlier: bool,
) -> tuple[dict[str, Var], Fit, float] | None:
    """The vars that are better, the features that they make, and the default's NDCG@10.

    None where the deadline came before all was compared, and an earlier tuning has vars that may
    stay. Adds its studies to `studies`.
    """
    journal = settings.tuned.with_suffix(".journal")
    # Beside the warehouse is room for a part of it.
    with tempfile.TemporaryDirectory(dir=settings.warehouse.parent, prefix=".tune-") as folder:
        warehouse = TrialWarehouse(
            settings, project=project, folder=Path(folder).resolve(), given=given
        )
        groups = groups_of(warehouse, names)
        warehouse.copy_from_warehouse(
            {"candidates", *(model for group in groups for model in group.models)}
        )
        tried = [
            tune_group(
                warehouse,
                group,
                trials=trials,
                seed=settings.seed,
                journal=journal,
                deadline=deadline,
            )
            for group in groups
        ]
        rankers = Rankers(warehouse, groups, seed=settings.seed)
        plain = rankers.fit({})
        together = open_study(f"vars with the ranker {plain.digest(settings.seed)}", journal)
        # After the deadline, trials were left out, or may have been.
        is_whole = time.monotonic() < deadline
        choice = choose(
            rankers,
            offers_of(groups, tried),
            together,
            sizes=sizes_of(warehouse, names),
            deadline=deadline,
        )
        studies.extend([*tried, together])
        if has_earlier and not (is_whole and choice.is_whole):
            logger.info("there was no time to compare all vars: those of %s stay", settings.tuned)
            return None
        found = {
            name: Var(value=value, instead_of=warehouse.vars[name])
            for name, value in choice.vars.items()
        }
        return (
            found,
            rankers.fit(choice.vars),
            validation_ndcg(
                _data(
                    plain.rows,
                    plain.ideal_dcg,
                    seed=settings.seed,
                    threads=settings.thread_count,
                ),
                default_objectives(plain.users),
            ),
        )


def _outcome(
    study: "optuna.Study",
    defaults: Sequence[Parameters],
    found: Mapping[str, Var],
    default: float | None,
    fit: Fit,
    settings: Settings,
) -> Tuning:
    """What a study and better vars say together; parameters must be better elsewhere too.

    Without a trial that ended, the parameters of the file stay.
    """
    import optuna

    ends = first_and_best(study)
    if ends is None:
        known = default or 0.0
        kept = read_tuned(settings.tuned)
        return Tuning(value=known, default=known, trials=0, vars=found, objectives=kept)
    value = ends.first
    objectives: tuple[Parameters, ...] = ()
    elsewhere: tuple[float, float] | None = None
    if ends.best > ends.first:
        best = tuple(_sampled(optuna.trial.FixedTrial(ends.parameters), defaults))
        elsewhere = gain_elsewhere(
            fit, best, defaults, seed=settings.seed, threads=settings.thread_count
        )
        gain, error = elsewhere
        if gain > error:
            value, objectives = ends.best, best
    return Tuning(
        value=value,
        default=ends.first if default is None else default,
        trials=len(study.trials),
        vars=found,
        objectives=objectives,
        elsewhere=elsewhere,
    )


def gain_elsewhere(
    fit: Fit,
    found: Sequence[Parameters],
    defaults: Sequence[Parameters],
    *,
    seed: int,
    threads: int,
) -> tuple[float, float]:
    """By how much NDCG@10 is above the defaults' on users whom no trial held out.

    And the standard error of that, the users' mean difference. The best of many trials owes much
    to the users by whom it was chosen; these had no part in it.
    """
    _, plan = folds_of_search(plan_for(fit.users, ()), len(fit.ideal_dcg))
    data = TrainingData(fit.rows, plan, ideal_dcg=fit.ideal_dcg, seed=seed, threads=threads)
    before, after = (values_of_sum(data, objectives) for objectives in (defaults, found))
    gain, error = paired_gain(before, after)
    logger.info(
        "the best parameters on %d other fit users: NDCG@10 %.4f, %+.4f (error %.4f)",
        *(len(after), float(after.mean()), gain, error),
    )
    return gain, error
