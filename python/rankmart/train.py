"""Training the ranker on users of the label windows, stopped by those held out of them."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost as xgb

from rankmart.features import FeatureRows, generator_names
from rankmart.missing import missing_as_lowest, takes_lowest, with_lowest
from rankmart.plans import Parameters, Plan, plan_for
from rankmart.rank import GeneratorScorer
from rankmart.training_data import Fold, HeldOut, K, TrainingData, mean, paired_gain

logger = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]

FEWEST_USERS = 50

ROUNDS = 600


@dataclass(frozen=True, kw_only=True)
class Member:
    """One booster of a ranker: its margin counts `weight` times."""

    booster: xgb.Booster
    weight: float
    parameters: dict[str, Any]
    rounds: int


@dataclass(frozen=True, kw_only=True)
class Ranker:
    """A trained ranker, the weighted sum of its members' margins, with what is known of it.

    users: how many fit users trained it, in each label window anew. validation_ndcg: mean NDCG@10
    over the fit users that training did not see, 0 for those without a positive among their
    candidates. generator_ndcg: the same of every generator, on the same users. gain: by feature,
    the share of the total gain of all splits.
    """

    members: tuple[Member, ...]
    features: list[str]
    users: int
    validation_ndcg: float
    generator_ndcg: dict[str, float]
    gain: dict[str, float] = field(default_factory=dict)

    def predict(self, matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Scores, float32 (rows,); only their order within a user means something."""
        return summed_margins([(member.weight, member.booster) for member in self.members], matrix)


def saved_members(ranker: Ranker) -> list[tuple[float, bytes]]:
    """Each member's weight, and its booster as UBJSON."""
    return [(member.weight, bytes(member.booster.save_raw("ubj"))) for member in ranker.members]


def summed_margins(
    members: Sequence[tuple[float, xgb.Booster]], matrix: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """The margins of boosters, each times its weight, added up: float32 (rows,)."""
    known = with_lowest(matrix)
    total = np.zeros(len(matrix), dtype=np.float32)
    for weight, booster in members:
        rows = known if takes_lowest(booster) else matrix
        total += np.float32(weight) * booster.inplace_predict(rows, predict_type="margin")
    return total


def train_ranker(
    rows: FeatureRows,
    *,
    features: list[str],
    ideal_dcg: dict[int, float],
    seed: int,
    threads: int,
    objectives: Sequence[Parameters] = (),
    progress: Progress = lambda _what, _done, _of: None,
) -> Ranker | None:
    """A ranker fitted on `rows` of users that have a positive among their candidates.

    ideal_dcg: by user, DCG@10 of a perfect list, for every labelled fit user, those without a
    positive among their candidates too. Held-out users choose the number of rounds, and between
    each objective alone and their sum; unless users are many, what is chosen is then fitted on
    everyone. `objectives` are XGBoost parameters that take the place of the built-in ones. None
    for fewer than FEWEST_USERS users.
    """
    user_count = len(np.unique(rows.users))
    if user_count < FEWEST_USERS:
        logger.warning(
            "%d fit users have a label among their candidates, fewer than %d: no ranker",
            user_count,
            FEWEST_USERS,
        )
        return None
    plan = plan_for(user_count, objectives)
    data = TrainingData(rows, plan, ideal_dcg=ideal_dcg, seed=seed, threads=threads)
    steps = 2 * len(plan.objectives)
    trials = []
    for number, objective in enumerate(plan.objectives, start=1):
        trial = try_objective(data, objective)
        trials.append(trial)
        progress("train", number, steps)
        logger.info(
            "%s: NDCG@10 %.4f on held-out fit users after %d rounds",
            objective["objective"],
            data.held_out.ndcg(trial.scaled),
            trial.rounds,
        )
    chosen, validation = _best_together(trials, data.held_out)
    members = [member for trial in chosen for member in members_of(data, trial)]
    progress("train", steps, steps)
    return Ranker(
        members=tuple(members),
        features=features,
        users=user_count,
        validation_ndcg=validation,
        generator_ndcg={
            name: mean(values)
            for name, values in generator_values(data.held_out, features).items()
        },
        gain=_gain(members, features),
    )


def validation_ndcg(data: TrainingData, objectives: Sequence[Parameters]) -> float:
    """NDCG@10 on held-out fit users of the objectives' sum, or of the one that is better alone."""
    trials = [try_objective(data, objective) for objective in objectives]
    return _best_together(trials, data.held_out)[1]


def try_objective(data: TrainingData, objective: Parameters) -> "Trial":
    """One objective, fitted without each fold in turn."""
    parameters = objective | data.common
    margins = np.zeros(len(data.rows), dtype=np.float32)
    rounds = []
    for number in data.plan.folds:
        fold = data.fold(number)
        booster, best = _fit_until_best(fold, parameters, data.plan)
        margins[fold.inside] = summed_margins([(1, booster)], data.rows.matrix[fold.inside])
        rounds.append(best)
    kept = margins[data.is_held_out]
    # Margins of different objectives have different scales.
    scale = max(float(kept.std()), 1e-6)
    return Trial(
        parameters=parameters,
        rounds=round(float(np.mean(rounds))),
        booster=booster,
        scaled=kept / scale,
        scale=scale,
    )


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One objective on the held-out rows: what it said of them, divided by its scale."""

    parameters: dict[str, Any]
    rounds: int
    booster: xgb.Booster
    scaled: npt.NDArray[np.float32]
    scale: float


def members_of(data: TrainingData, trial: Trial) -> list[Member]:
    """What a trial tried, fitted on everyone where the plan says so, on each of its draws."""
    plan = data.plan
    if not plan.fit_again:
        return [
            Member(
                booster=trial.booster,
                weight=1 / trial.scale,
                parameters=trial.parameters,
                rounds=trial.rounds,
            )
        ]
    # More users bear more rounds, in proportion.
    rounds = round(trial.rounds * plan.of / (plan.of - 1))
    members = []
    for draw in range(plan.draws):
        parameters = trial.parameters | {"seed": data.seed + draw}
        booster = xgb.train(parameters, data.draw(draw), num_boost_round=rounds)
        members.append(
            Member(
                booster=missing_as_lowest(booster, threads=parameters["nthread"]),
                weight=1 / trial.scale / plan.draws,
                parameters=parameters,
                rounds=rounds,
            )
        )
    return members


def generator_values(held_out: HeldOut, features: list[str]) -> dict[str, npt.NDArray[np.float64]]:
    """By generator, NDCG@10 of each held-out user in its own order."""
    return {
        name: held_out.ndcg_by_user(GeneratorScorer(name, features).predict(held_out.rows.matrix))
        for name in generator_names(features)
    }


def _best_together(trials: list[Trial], held_out: HeldOut) -> tuple[list[Trial], float]:
    """All trials summed, unless one alone is surely better; and NDCG@10 of that.

    Surely: by more than two standard errors of the mean difference of users. Without that, the few
    users of a small set would choose by chance, and the sum is better in the long run.
    """
    together = held_out.ndcg_by_user(np.sum([trial.scaled for trial in trials], axis=0))
    chosen, best, gain = trials, together, 0.0
    for trial in trials:
        alone = held_out.ndcg_by_user(trial.scaled)
        above, error = paired_gain(together, alone)
        if above > max(2 * error, gain):
            chosen, best, gain = [trial], alone, above
    return chosen, mean(best)


def _fit_until_best(fold: Fold, parameters: Parameters, plan: Plan) -> tuple[xgb.Booster, int]:
    """A booster and its rounds: as many as are best on held-out rows, but not too few."""
    booster = xgb.Booster(
        parameters | {"eval_metric": f"ndcg@{K}"}, cache=[fold.training, fold.held_out]
    )
    best, highest = 0, -1.0
    for done in range(1, ROUNDS + 1):
        booster.update(fold.training, done - 1)
        # NDCG of every list costs as much as a tree does, and says little about one tree.
        if done % plan.look_every == 0 or done == ROUNDS:
            ndcg = float(booster.eval(fold.held_out).rpartition(":")[2])
            if ndcg > highest:
                best, highest = done, ndcg
            if done >= max(best + plan.patience, plan.fewest_rounds):
                break
    best = max(best, plan.fewest_rounds)
    return missing_as_lowest(booster[:best], threads=parameters["nthread"]), best


def _gain(members: Sequence[Member], features: list[str]) -> dict[str, float]:
    """Each feature's share of the total gain of all splits, the members' mean."""
    shares = dict.fromkeys(features, 0.0)
    for member in members:
        gains: dict[str, Any] = member.booster.get_score(importance_type="total_gain")
        total = sum(gains.values()) or 1.0
        for position, name in enumerate(features):
            shares[name] += float(gains.get(f"f{position}", 0.0)) / total / len(members)
    return shares
