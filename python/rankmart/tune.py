"""`rankmart tune`: better parameters of the ranker for this data, from the fit users alone.

Each trial trains the ranker's objectives on the `fit` split and measures them on held-out fit
users; the labels of `test` are not looked at. Trials go on where an earlier call stopped, as long
as the features are the same.
"""

import hashlib
import json
import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from rankmart.contest import ideal_dcg
from rankmart.descriptions import describe_tables
from rankmart.errors import NotEnoughDataError, RankmartError
from rankmart.features import FeatureRows, feature_names, read_features
from rankmart.settings import Settings
from rankmart.train import FEWEST_USERS, Parameters, default_objectives, validation_ndcg
from rankmart.tuned import write_tuned
from rankmart.warehouse import open_warehouse, require_built, run

if TYPE_CHECKING:
    import optuna
    from optuna.storages import JournalStorage

logger = logging.getLogger(__name__)


class Bounds(NamedTuple):
    """The ends of a parameter's range, in whole numbers where it is one; log: tried by factors."""

    low: float
    high: float
    log: bool = False


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

SPACE: dict[str, Bounds] = {
    "eta": Bounds(0.02, 0.15, log=True),
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
    """NDCG@10 on held-out fit users, of the best trial and of the defaults; trials so far."""

    value: float
    default: float
    trials: int
    objectives: tuple[Parameters, ...]


def tune(settings: Settings, *, trials: int, minutes: float | None = None) -> Tuning:
    """Run so many more trials, or for so many minutes, and keep the best in `settings.tuned`.

    The file is not written while nothing beats the defaults, which are the first trial. All
    trials are in the table `ranker.tuning_trials`.

    Raises RankmartError where Optuna is not installed, WarehouseError, and NotEnoughDataError for
    too few fit users.
    """
    _require_optuna()
    import optuna

    with open_warehouse(settings) as connection:
        require_built(connection)
        features = feature_names(connection)
        rows = read_features(connection, "fit", features=features, only_users_with_positives=True)
        ideal = ideal_dcg(connection, "fit")
        users = len(np.unique(rows.users))
        if users < FEWEST_USERS:
            raise NotEnoughDataError(
                f"{users} fit users have a label among their candidates: tuning needs"
                f" {FEWEST_USERS} or more"
            )
        defaults = default_objectives(users)
        journal = settings.tuned.with_suffix(".journal")
        journal.parent.mkdir(parents=True, exist_ok=True)
        study = search(
            rows,
            defaults=defaults,
            ideal_dcg=ideal,
            trials=trials,
            minutes=minutes,
            seed=settings.seed,
            threads=settings.thread_count,
            name=_study_name(rows, features, settings.seed),
            journal=journal,
        )
        _write_trials(connection, study)
    done = [trial for trial in study.trials if trial.value is not None]
    default = done[0].value
    best = study.best_trial
    objectives = _sampled(optuna.trial.FixedTrial(best.params), defaults)
    assert default is not None
    assert best.value is not None
    if best.value > default:
        write_tuned(
            settings.tuned, objectives, value=best.value, default=default, trials=len(done)
        )
    return Tuning(
        value=best.value, default=default, trials=len(done), objectives=tuple(objectives)
    )


def search(
    rows: FeatureRows,
    *,
    defaults: Sequence[Parameters],
    ideal_dcg: dict[int, float],
    trials: int,
    seed: int,
    threads: int,
    parameters: Collection[str] = tuple(SPACE),
    minutes: float | None = None,
    name: str | None = None,
    journal: Path | None = None,
) -> "optuna.Study":
    """The study of `name` in `journal`, or a new one in memory, after so many more trials.

    A new study's first trial is of the defaults. `parameters` are those of SPACE that are looked
    for; the others stay as they are. Raises RankmartError without Optuna.
    """
    _require_optuna()
    import optuna

    study = optuna.create_study(
        storage=None if journal is None else _storage(journal),
        study_name=name,
        sampler=optuna.samplers.TPESampler(seed=seed, multivariate=True),
        direction="maximize",
        load_if_exists=True,
    )
    if not study.trials:
        study.enqueue_trial(_as_trial(defaults, parameters))

    def objective(trial: "optuna.Trial") -> float:
        started = time.monotonic()
        value = validation_ndcg(
            rows,
            objectives=_sampled(trial, defaults, parameters=parameters),
            ideal_dcg=ideal_dcg,
            seed=seed,
            threads=threads,
        )
        logger.info(
            "trial %d: NDCG@10 %.4f on held-out fit users, %.0f s",
            trial.number,
            value,
            time.monotonic() - started,
        )
        return value

    study.optimize(objective, n_trials=trials, timeout=None if minutes is None else 60 * minutes)
    return study


def _require_optuna() -> None:
    """Raises RankmartError without Optuna; with it, Optuna logs warnings alone from here on."""
    try:
        import optuna
    except ImportError as error:
        raise RankmartError(
            "tuning needs Optuna: `pip install 'rankmart[tune]'`, or `make setup`"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def _storage(journal: Path) -> "JournalStorage":
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(str(journal)))


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
            name: _suggested(trial, f"{place}_{name}", bounds)
            for name, bounds in SPACE.items()
            if name in parameters and name in default
        }
        for place, default in enumerate(defaults)
    ]


def _suggested(
    trial: "optuna.Trial | optuna.trial.FixedTrial",
    name: str,
    bounds: Bounds,
) -> float:
    """A whole number where both bounds are."""
    low, high, log = bounds
    if isinstance(low, int) and isinstance(high, int):
        return trial.suggest_int(name, low, high, log=log)
    return trial.suggest_float(name, low, high, log=log)


def _as_trial(defaults: Sequence[Parameters], parameters: Collection[str]) -> dict[str, Any]:
    """The defaults under the names of `_sampled`."""
    return {
        f"{place}_{name}": default[name]
        for place, default in enumerate(defaults)
        for name in SPACE
        if name in parameters and name in default
    }


def _study_name(rows: FeatureRows, features: Sequence[str], seed: int) -> str:
    """The same for the same features, labels and seed: trials on other data are not comparable."""
    digest = hashlib.sha256(repr((list(features), seed)).encode())
    for part in (rows.matrix, rows.users, rows.products, rows.labels):
        digest.update(part.tobytes())
    return f"ranker-{digest.hexdigest()[:16]}"


def _write_trials(connection: duckdb.DuckDBPyConnection, study: "optuna.Study") -> None:

    trials = [
        {
            "study": study.study_name,
            "trial": trial.number,
            "state": trial.state.name.lower(),
            "validation_ndcg_at_10": trial.value,
            "parameters": json.dumps(trial.params, sort_keys=True),
            "seconds": None if trial.duration is None else trial.duration.total_seconds(),
        }
        for trial in study.trials
    ]
    run(connection, TABLE)
    connection.register("trial_rows", pa.Table.from_pylist(trials))
    run(connection, "insert into ranker.tuning_trials by name select * from trial_rows")
    describe_tables(connection)
    connection.unregister("trial_rows")
