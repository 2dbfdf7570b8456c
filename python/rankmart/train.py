"""Training the ranker: LambdaMART on the users of the `fit` split, stopped by held-out users."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost as xgb

from rankmart.features import FeatureRows, generator_names
from rankmart.rank import GeneratorScorer, ranks_within

logger = logging.getLogger(__name__)

Rows = npt.NDArray[np.bool_]
Progress = Callable[[str, int, int], None]

FEWEST_USERS = 50
ROUNDS = 600
PATIENCE = 40
ROWS_PER_CHUNK = 200_000
K = 10

LAMBDAMART: dict[str, Any] = {
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
# With a few thousand users, leaves of more weight and fewer columns a tree: on three cut-offs of
# Beauty NDCG@10 was 3 to 5 % higher than with LAMBDAMART's.
LAMBDAMART_CAUTIOUS = LAMBDAMART | {
    "max_depth": 5,
    "min_child_weight": 20,
    "colsample_bytree": 0.35,
}
LOGISTIC: dict[str, Any] = {
    "objective": "binary:logistic",
    "eta": 0.05,
    "max_depth": 4,
    "min_child_weight": 5,
    "subsample": 0.8,
    "colsample_bytree": 0.6,
    "reg_lambda": 5.0,
}


@dataclass(frozen=True, kw_only=True)
class Ranker:
    """A trained ranker with what is known of it.

    validation_ndcg: mean NDCG@10 over the fit users that training did not see, 0 for those
    without a positive among their candidates.
    generator_ndcg: the same of every generator, on the same users.
    """

    booster: xgb.Booster
    features: list[str]
    parameters: dict[str, Any]
    rounds: int
    users: int
    validation_ndcg: float
    generator_ndcg: dict[str, float]
    gain: dict[str, float] = field(default_factory=dict)

    def predict(self, matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Scores, float32 (rows,); only their order within a user means something."""
        scores: npt.NDArray[np.float32] = self.booster.inplace_predict(
            matrix, predict_type="margin"
        )
        return scores


def train_ranker(
    rows: FeatureRows,
    *,
    features: list[str],
    ideal_dcg: dict[int, float],
    seed: int,
    threads: int,
    progress: Progress = lambda _what, _done, _of: None,
) -> Ranker | None:
    """A ranker fitted on `rows` of users that have a positive among their candidates.

    ideal_dcg: by user, DCG@10 of a perfect list, for every labelled fit user, those without a
    positive among their candidates too. Held-out users choose the objective and the number of
    rounds; unless users are many, the ranker is then fitted on everyone. None for fewer than
    FEWEST_USERS users.
    """
    user_count = len(np.unique(rows.users))
    if user_count < FEWEST_USERS:
        logger.warning(
            "%d fit users have a label among their candidates, fewer than %d: no ranker",
            user_count,
            FEWEST_USERS,
        )
        return None
    plan = _plan(user_count)
    common = {"seed": seed, "nthread": threads, "tree_method": "hist"}
    steps = len(plan.trials) * len(plan.folds) + 1
    folds = _folds(rows.users, of=plan.of)
    ideal_by_fold = {
        fold: {user: ideal for user, ideal in ideal_dcg.items() if _fold(user, of=plan.of) == fold}
        for fold in plan.folds
    }
    done = 0
    results = []
    for trial in plan.trials:
        parameters = trial | common
        total, users, rounds = 0.0, 0, []
        for fold in plan.folds:
            held_out = folds == fold
            in_fold = ideal_by_fold[fold]
            booster, best = _fit(rows, ~held_out, held_out, parameters)
            kept = rows.where(held_out)
            scores = booster.inplace_predict(kept.matrix, predict_type="margin")
            total += _mean_ndcg(kept, scores, in_fold) * len(in_fold)
            users += len(in_fold)
            rounds.append(best)
            done += 1
            progress("train", done, steps)
        results.append((total / users, parameters, int(np.mean(rounds)), booster))
        logger.info(
            "%s: NDCG@10 %.4f on held-out fit users after %d rounds",
            trial["objective"],
            results[-1][0],
            results[-1][2],
        )
    validation, parameters, rounds_kept, booster = max(results, key=lambda result: result[0])
    if plan.fit_again:
        # More users bear more rounds, in proportion.
        rounds_kept = round(max(rounds_kept, plan.fewest_rounds) * plan.of / (plan.of - 1))
        everyone = np.ones(len(rows), dtype=bool)
        booster, _ = _fit(rows, everyone, None, parameters, rounds=rounds_kept)
    progress("train", steps, steps)
    in_folds = {user: ideal for fold in plan.folds for user, ideal in ideal_by_fold[fold].items()}
    seen_in_folds = rows.where(np.isin(folds, plan.folds))
    return Ranker(
        booster=booster,
        features=features,
        parameters=parameters,
        rounds=rounds_kept,
        users=user_count,
        validation_ndcg=validation,
        generator_ndcg={
            name: _mean_ndcg(
                seen_in_folds,
                GeneratorScorer(name, features).predict(seen_in_folds.matrix),
                in_folds,
            )
            for name in generator_names(features)
        },
        gain=_gain(booster, features),
    )


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """What is tried, on which folds of how many, and whether the held-out users then join."""

    trials: tuple[dict[str, Any], ...]
    folds: tuple[int, ...]
    of: int
    fit_again: bool = True
    fewest_rounds: int = 0


def _plan(users: int) -> _Plan:
    """Few users: every fold is held out once, and objectives compete. Many: a tenth will do."""
    small = LAMBDAMART | {
        "lambdarank_pair_method": "mean",
        "lambdarank_num_pair_per_sample": 8,
        "max_depth": 4,
        "reg_lambda": 5.0,
    }
    if users < 1_000:
        return _Plan(trials=(small, LOGISTIC), folds=(0, 1, 2), of=3)
    if users < 5_000:
        # The curve of a few hundred held-out users is flat and noisy, and may peak early by
        # chance: on Beauty 24 rounds gave NDCG@10 .0469, 96 gave .0511, 240 gave .0509.
        return _Plan(trials=(LAMBDAMART_CAUTIOUS,), folds=(0,), of=5, fewest_rounds=120)
    return _Plan(trials=(LAMBDAMART,), folds=(0,), of=10, fit_again=False)


def _fit(
    rows: FeatureRows,
    training: Rows,
    held_out: Rows | None,
    parameters: dict[str, Any],
    *,
    rounds: int = ROUNDS,
) -> tuple[xgb.Booster, int]:
    train_data = _matrix(rows, training)
    evaluated = []
    if held_out is not None:
        evaluated.append((_matrix(rows, held_out, reference=train_data), "held_out"))
    booster = xgb.train(
        parameters | {"eval_metric": f"ndcg@{K}"},
        train_data,
        num_boost_round=rounds,
        evals=evaluated,
        early_stopping_rounds=PATIENCE if evaluated else None,
        verbose_eval=False,
    )
    if evaluated:
        best = int(booster.best_iteration) + 1
        return booster[:best], best
    return booster, rounds


def _matrix(rows: FeatureRows, kept: Rows, *, reference: xgb.DMatrix | None = None) -> xgb.DMatrix:
    return xgb.QuantileDMatrix(_Chunks(rows, kept), ref=reference)


class _Chunks(xgb.DataIter):
    """Some of the rows for XGBoost, a chunk of whole users at a time.

    XGBoost keeps a byte or two of each value; copying the rows that are kept all at once would
    take four bytes more. The matrix is the same, to the byte.
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

    def reset(self) -> None:
        self.number = 0

    def next(self, input_data: Callable[..., None]) -> bool:
        """Hand over the next chunk that has rows to keep; False after the last."""
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


def _gain(booster: xgb.Booster, features: list[str]) -> dict[str, float]:
    """Each feature's share of the total gain of all splits."""
    gains: dict[str, Any] = booster.get_score(importance_type="total_gain")
    total = sum(gains.values()) or 1.0
    return {
        name: float(gains.get(f"f{position}", 0.0)) / total
        for position, name in enumerate(features)
    }


def _mean_ndcg(
    rows: FeatureRows, scores: npt.NDArray[np.float32], ideal_dcg: dict[int, float]
) -> float:
    """Mean NDCG@10 over the users of `ideal_dcg`; one without rows counts as 0."""
    if not ideal_dcg:
        return 0.0
    order = np.lexsort((rows.products, -scores, rows.users))
    users = rows.users[order]
    ranks = ranks_within(users)
    gains = np.where(ranks <= K, rows.labels[order] / np.log2(ranks + 1), 0.0)
    starts = np.flatnonzero(ranks == 1)
    dcg = np.add.reduceat(gains, starts) if len(users) else np.empty(0)
    total = sum(
        value / ideal_dcg[int(user)]
        for user, value in zip(users[starts], dcg, strict=True)
        if int(user) in ideal_dcg
    )
    return float(total / len(ideal_dcg))


def _folds(users: npt.NDArray[np.int32], *, of: int) -> npt.NDArray[np.int64]:
    distinct, positions = np.unique(users, return_inverse=True)
    by_user = np.array([_fold(int(user), of=of) for user in distinct], dtype=np.int64)
    return by_user[positions]


def _fold(user: int, *, of: int) -> int:
    """Stable from run to run, and unrelated to the order of the keys."""
    digest = hashlib.md5(str(user).encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:4], "big") % of
