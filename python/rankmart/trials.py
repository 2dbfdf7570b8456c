"""Optuna's studies, as tuning uses them: resumed from a file, and shown in a table."""

import json
import logging
import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import pyarrow as pa

from rankmart.descriptions import describe_tables
from rankmart.errors import RankmartError
from rankmart.knobs import Bounds
from rankmart.warehouse import run

if TYPE_CHECKING:
    import optuna

logger = logging.getLogger(__name__)

TABLE = """
create schema if not exists ranker;

create or replace table ranker.tuning_trials (
    study varchar not null,
    trial integer not null,
    state varchar not null,
    validation_ndcg_at_10 double,
    parameters json not null,
    seconds double
);
"""


def require_optuna() -> None:
    """Raises RankmartError without Optuna; with it, Optuna logs warnings alone from here on."""
    try:
        import optuna
    except ImportError as error:
        raise RankmartError(
            "tuning needs Optuna: `pip install 'rankmart[tune]'`, or `make setup`"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def open_study(name: str | None, journal: Path | None) -> "optuna.Study":
    """The study of `name` in `journal`, or a new one in memory."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    if journal is not None:
        journal.parent.mkdir(parents=True, exist_ok=True)
    return optuna.create_study(
        storage=None if journal is None else JournalStorage(JournalFileBackend(str(journal))),
        study_name=name,
        direction="maximize",
        load_if_exists=True,
    )


def add_trials(
    study: "optuna.Study",
    objective: "Callable[[optuna.Trial], float]",
    *,
    first: dict[str, Any],
    trials: int,
    seed: int,
    deadline: float = math.inf,
) -> None:
    """So many more trials, none after the deadline, a time of `time.monotonic`.

    A new study's first trial has the parameters `first`. Each trial draws from a seed of its own,
    so that a study that was interrupted goes on as if it had not been.
    """
    from optuna.samplers import TPESampler

    if not study.trials:
        study.enqueue_trial(first)
    for _ in range(trials):
        if time.monotonic() >= deadline:
            return
        study.sampler = TPESampler(seed=seed + len(study.trials), multivariate=True)
        study.optimize(objective, n_trials=1)


def suggest(trial: "optuna.Trial | optuna.trial.FixedTrial", name: str, bounds: Bounds) -> float:
    """A whole number where both bounds are."""
    if bounds.is_whole:
        return trial.suggest_int(name, int(bounds.low), int(bounds.high), log=bounds.log)
    return trial.suggest_float(name, bounds.low, bounds.high, log=bounds.log)


class Ends(NamedTuple):
    """Values of a study's first trial that ended and of the best one, and what that one had."""

    first: float
    best: float
    parameters: dict[str, Any]


def first_and_best(study: "optuna.Study") -> Ends | None:
    """None before a trial has ended."""
    done = [trial for trial in study.trials if trial.value is not None]
    if not done:
        return None
    # Of equals the first, so that the defaults stay.
    best = max(done, key=lambda trial: trial.value or 0.0)
    return Ends(done[0].value or 0.0, best.value or 0.0, best.params)


def write_trials(connection: duckdb.DuckDBPyConnection, studies: "Iterable[optuna.Study]") -> None:
    """The trials of these studies are the rows of `ranker.tuning_trials`."""
    trials = [
        {
            "study": study.study_name,
            "trial": trial.number,
            "state": trial.state.name.lower(),
            "validation_ndcg_at_10": trial.value,
            "parameters": json.dumps(trial.params | trial.user_attrs, sort_keys=True),
            "seconds": None if trial.duration is None else trial.duration.total_seconds(),
        }
        for study in studies
        for trial in study.trials
    ]
    run(connection, TABLE)
    connection.register("trial_rows", pa.Table.from_pylist(trials))
    run(connection, "insert into ranker.tuning_trials by name select * from trial_rows")
    describe_tables(connection)
    connection.unregister("trial_rows")
