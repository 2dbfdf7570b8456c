"""Training the ranker on users of the label windows, stopped by those held out of them."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost as xgb

from rankmart.features import FeatureRows, generator_names
from rankmart.rank import GeneratorScorer, ranks_within

logger = logging.getLogger(__name__)

Rows = npt.NDArray[np.bool_]
Progress = Callable[[str, int, int], None]
Parameters = dict[str, Any]

FEWEST_USERS = 50
USERS_AT_MOST = 2**29
"""Keys of users are below it; in an earlier label window they are a multiple of it higher."""

ROUNDS = 600
PATIENCE = 40
LOOK_EVERY = 10
ROWS_PER_CHUNK = 200_000
K = 10

LAMBDAMART: Parameters = {
    "objective": "rank:ndcg",
    "lambdarank_pair_method": "topk",
    "lambdarank_num_pair_per_sample": 20,
    "eta": 0.05,
    "max_depth": 6,
    "min_child_weight": 5,
    "subsample": 0.8,
    "colsample_bytree": 0.6,
    "reg_lambda": 2.0,
}
# From a thousand users on, leaves of more weight and fewer columns a tree: on three cut-offs of
# Beauty NDCG@10 was 3 to 5 % higher than with LAMBDAMART's, under leave-last-out 4 %. Steps of
# twice the size need half the trees, and came to the same NDCG@10 there, by chance's measure.
LAMBDAMART_CAUTIOUS = LAMBDAMART | {
    "eta": 0.1,
    "max_depth": 5,
    "min_child_weight": 20,
    "colsample_bytree": 0.35,
}
LAMBDAMART_SMALL = LAMBDAMART | {
    "lambdarank_pair_method": "mean",
    "lambdarank_num_pair_per_sample": 8,
    "max_depth": 4,
    "reg_lambda": 5.0,
}
LOGISTIC: Parameters = {
    "objective": "binary:logistic",
    "eta": 0.05,
    "max_depth": 4,
    "min_child_weight": 5,
    "subsample": 0.8,
    "colsample_bytree": 0.6,
    "reg_lambda": 5.0,
}
LOGISTIC_FASTER = LOGISTIC | {"eta": 0.1}


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
    total = np.zeros(len(matrix), dtype=np.float32)
    for weight, booster in members:
        total += np.float32(weight) * booster.inplace_predict(matrix, predict_type="margin")
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
    common = {"seed": seed, "nthread": threads, "tree_method": "hist"}
    steps = 2 * len(plan.objectives)
    held_out = held_out_users(rows, ideal_dcg, plan)
    trials = []
    for number, objective in enumerate(plan.objectives, start=1):
        trial = try_objective(rows, objective | common, plan)
        trials.append(trial)
        progress("train", number, steps)
        logger.info(
            "%s: NDCG@10 %.4f on held-out fit users after %d rounds",
            objective["objective"],
            held_out.ndcg(trial.scaled),
            trial.rounds,
        )
    chosen, validation = _best_together(trials, held_out)
    members = [member for trial in chosen for member in members_of(rows, trial, plan)]
    progress("train", steps, steps)
    return Ranker(
        members=tuple(members),
        features=features,
        users=user_count,
        validation_ndcg=validation,
        generator_ndcg={
            name: _mean(values) for name, values in generator_values(held_out, features).items()
        },
        gain=_gain(members, features),
    )


def default_objectives(users: int) -> tuple[Parameters, ...]:
    """The objectives that so many fit users are given, LambdaMART first."""
    return plan_for(users, ()).objectives


def validation_ndcg(
    rows: FeatureRows,
    *,
    objectives: Sequence[Parameters],
    ideal_dcg: dict[int, float],
    seed: int,
    threads: int,
) -> float:
    """NDCG@10 on held-out fit users of the objectives' sum, or of the one that is better alone."""
    plan = plan_for(len(np.unique(rows.users)), objectives)
    common = {"seed": seed, "nthread": threads, "tree_method": "hist"}
    trials = [try_objective(rows, objective | common, plan) for objective in objectives]
    return _best_together(trials, held_out_users(rows, ideal_dcg, plan))[1]


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Rows of the users that training does not see, each user once."""

    rows: FeatureRows
    ideal_dcg: dict[int, float]

    def ndcg(self, scores: npt.NDArray[np.float32]) -> float:
        return _mean(self.ndcg_by_user(scores))

    def ndcg_by_user(self, scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        return ndcg_by_user(self.rows, scores, self.ideal_dcg)


def held_out_users(rows: FeatureRows, ideal_dcg: dict[int, float], plan: "Plan") -> HeldOut:
    return HeldOut(
        rows=rows.where(np.isin(_folds(rows.users, of=plan.of), plan.folds)),
        ideal_dcg={
            user: ideal
            for user, ideal in ideal_dcg.items()
            if _fold(user, of=plan.of) in plan.folds
        },
    )


def try_objective(rows: FeatureRows, parameters: Parameters, plan: "Plan") -> "Trial":
    """One objective, fitted without each fold in turn."""
    fold_of_row = _folds(rows.users, of=plan.of)
    margins = np.zeros(len(rows), dtype=np.float32)
    rounds = []
    for fold in plan.folds:
        inside = fold_of_row == fold
        training = ~inside & _drawn(rows, plan.wrong_answers, seed=parameters["seed"])
        booster, best = _fit(rows, training, inside, parameters, at_least=plan.fewest_rounds)
        margins[inside] = booster.inplace_predict(rows.matrix[inside], predict_type="margin")
        rounds.append(best)
    kept = margins[np.isin(fold_of_row, plan.folds)]
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


def members_of(rows: FeatureRows, trial: Trial, plan: "Plan") -> list[Member]:
    """What a trial tried, fitted on everyone where the plan says so, on each of its draws."""
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
        parameters = trial.parameters | {"seed": trial.parameters["seed"] + draw}
        training = _drawn(rows, plan.wrong_answers, seed=parameters["seed"])
        booster, _ = _fit(rows, training, None, parameters, rounds=rounds)
        weight = 1 / trial.scale / plan.draws
        members.append(
            Member(booster=booster, weight=weight, parameters=parameters, rounds=rounds)
        )
    return members


def _drawn(rows: FeatureRows, share: float, *, seed: int) -> Rows:
    """Every right answer, and of the others a share by chance."""
    if share >= 1:
        return np.ones(len(rows), dtype=bool)
    drawn: Rows = (np.random.default_rng(seed).random(len(rows)) < share) | (rows.labels == 1)
    return drawn


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
        difference = alone - together
        error = float(difference.std()) / max(len(difference), 1) ** 0.5
        mean = _mean(difference)
        if mean > max(2 * error, gain):
            chosen, best, gain = [trial], alone, mean
    return chosen, _mean(best)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Objectives, which of how many folds are held out, and whether these then join.

    wrong_answers: the share of the candidates without a label that training sees, drawn by chance.
    draws: how often each objective is then fitted, each time on others of them. Two fits on three
    tenths take 0.73 of the time of two on half, and are as good or better: DECISIONS.md.
    """

    objectives: tuple[Parameters, ...]
    folds: tuple[int, ...]
    of: int
    fit_again: bool = True
    fewest_rounds: int = 0
    wrong_answers: float = 0.3
    draws: int = 2


def plan_for(users: int, objectives: Sequence[Parameters]) -> Plan:
    """Few users: every fold is held out once. Many: a tenth will do."""
    if users < 1_000:
        plan = Plan(
            objectives=(LAMBDAMART_SMALL, LOGISTIC), folds=(0, 1, 2), of=3, fewest_rounds=60
        )
    elif users < 5_000:
        # The curve of a few hundred held-out users is flat and noisy, and may peak early by
        # chance: on Beauty, at half these steps, 24 rounds gave NDCG@10 .0469, 96 gave .0511, 240
        # gave .0509.
        plan = Plan(
            objectives=(LAMBDAMART_CAUTIOUS, LOGISTIC_FASTER),
            folds=(0,),
            of=5,
            fewest_rounds=80,
        )
    else:
        plan = Plan(
            objectives=(LAMBDAMART_CAUTIOUS, LOGISTIC_FASTER),
            folds=(0,),
            of=10,
            # A second fit, on a tenth more users, is worth the time unless there are very many.
            fit_again=users < 50_000,
            fewest_rounds=80,
        )
    return replace(plan, objectives=tuple(objectives)) if objectives else plan


def _fit(
    rows: FeatureRows,
    training: Rows,
    held_out: Rows | None,
    parameters: dict[str, Any],
    *,
    rounds: int = ROUNDS,
    at_least: int = 0,
) -> tuple[xgb.Booster, int]:
    """A booster and its rounds: as many as are best on held-out rows, but `at_least` so many."""
    train_data = _matrix(rows, training)
    if held_out is None:
        return xgb.train(parameters, train_data, num_boost_round=rounds), rounds
    held_out_data = _matrix(rows, held_out, reference=train_data)
    booster = xgb.Booster(
        parameters | {"eval_metric": f"ndcg@{K}"}, cache=[train_data, held_out_data]
    )
    best, highest = 0, -1.0
    for done in range(1, rounds + 1):
        booster.update(train_data, done - 1)
        # NDCG of every list costs as much as a tree does, and says little about one tree.
        if done % LOOK_EVERY == 0 or done == rounds:
            ndcg = float(booster.eval(held_out_data).rpartition(":")[2])
            if ndcg > highest:
                best, highest = done, ndcg
            if done >= max(best + PATIENCE, at_least):
                break
    best = max(best, at_least)
    return booster[:best], best


def _matrix(rows: FeatureRows, kept: Rows, *, reference: xgb.DMatrix | None = None) -> xgb.DMatrix:
    """Raises KeyboardInterrupt for a Ctrl-C that came while XGBoost was given rows."""
    chunks = _Chunks(rows, kept)
    try:
        return xgb.QuantileDMatrix(chunks, ref=reference)
    finally:
        if chunks.was_interrupted:
            raise KeyboardInterrupt


class _Chunks(xgb.DataIter):
    """Some of the rows for XGBoost, a chunk of whole users at a time.

    XGBoost keeps a byte or two of each value; copying the rows that are kept all at once would
    take four bytes more. The matrix is the same, to the byte.

    Callbacks can raise nothing to their caller, so a Ctrl-C in one of them is kept for later.
    """

    def __init__(self, rows: FeatureRows, kept: Rows) -> None:
        super().__init__()
        self.rows, self.kept = rows, kept
        starts = np.flatnonzero(ranks_within(rows.users) == 1)
        # The first user at or after each multiple of the chunk size.
        marks = np.arange(0, len(rows), ROWS_PER_CHUNK)
        self.edges = np.unique(np.r_[starts, len(rows)][np.searchsorted(starts, marks)])
        self.edges = np.r_[self.edges, len(rows)]
        self.number = 0
        self.was_interrupted = False

    def __del__(self) -> None:
        """Nothing: XGBoost's own asserts that nothing was interrupted."""

    def reset(self) -> None:
        self.number = 0

    def next(self, input_data: Callable[..., None]) -> bool:
        """Hand over the next chunk that has rows to keep; False after the last."""
        try:
            return self._hand_over(input_data)
        except KeyboardInterrupt:
            self.was_interrupted = True
            return False

    def _hand_over(self, input_data: Callable[..., None]) -> bool:
        while self.number < len(self.edges) - 1:
            here = slice(self.edges[self.number], self.edges[self.number + 1])
            self.number += 1
            kept = self.kept[here]
            if kept.any():
                input_data(
                    data=self.rows.matrix[here][kept],
                    label=self.rows.labels[here][kept],
                    qid=self.rows.users[here][kept],
                )
                return True
        return False


def _gain(members: Sequence[Member], features: list[str]) -> dict[str, float]:
    """Each feature's share of the total gain of all splits, the members' mean."""
    shares = dict.fromkeys(features, 0.0)
    for member in members:
        gains: dict[str, Any] = member.booster.get_score(importance_type="total_gain")
        total = sum(gains.values()) or 1.0
        for position, name in enumerate(features):
            shares[name] += float(gains.get(f"f{position}", 0.0)) / total / len(members)
    return shares


def ndcg_by_user(
    rows: FeatureRows, scores: npt.NDArray[np.float32], ideal_dcg: dict[int, float]
) -> npt.NDArray[np.float64]:
    """NDCG@10 of each user of `ideal_dcg`, in that order; of one without rows it is 0."""
    order = np.lexsort((rows.products, -scores, rows.users))
    users = rows.users[order]
    ranks = ranks_within(users)
    gains = np.where(ranks <= K, rows.labels[order] / np.log2(ranks + 1), 0.0)
    starts = np.flatnonzero(ranks == 1)
    dcg = np.add.reduceat(gains, starts) if len(users) else np.empty(0)
    found = dict(zip(users[starts].tolist(), dcg.tolist(), strict=True))
    return np.array([found.get(user, 0.0) / ideal for user, ideal in ideal_dcg.items()])


def _mean(values: npt.NDArray[np.float64]) -> float:
    """The mean; 0 of nothing."""
    return float(values.mean()) if len(values) else 0.0


def _folds(users: npt.NDArray[np.int32], *, of: int) -> npt.NDArray[np.int64]:
    distinct, positions = np.unique(users, return_inverse=True)
    by_user = np.array([_fold(user, of=of) for user in distinct.tolist()], dtype=np.int64)
    return by_user[positions]


def _fold(user: int, *, of: int) -> int:
    """Stable from run to run, unrelated to the order of the keys, the same in every window."""
    digest = hashlib.md5(str(user % USERS_AT_MOST).encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:4], "big") % of
