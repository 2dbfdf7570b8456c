"""The rows that a ranker is trained on: who is held out, what is drawn, XGBoost's matrices."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import xgboost as xgb

from rankmart.features import FeatureRows
from rankmart.missing import with_lowest
from rankmart.plans import Parameters, Plan
from rankmart.rank import ranks_within

Rows = npt.NDArray[np.bool_]

USERS_AT_MOST = 2**29
"""Keys of users are below it; in an earlier label window they are a multiple of it higher."""

ROWS_PER_CHUNK = 200_000
K = 10


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Rows of the users that training does not see, each user once."""

    rows: FeatureRows
    ideal_dcg: dict[int, float]

    def ndcg(self, scores: npt.NDArray[np.float32]) -> float:
        """The mean of users; 0 of none."""
        return mean(self.ndcg_by_user(scores))

    def ndcg_by_user(self, scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        return ndcg_by_user(self.rows, scores, self.ideal_dcg)


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Some users held out, and what trains without them. `inside` marks the former's rows."""

    inside: Rows
    training: xgb.DMatrix
    held_out: xgb.DMatrix


class TrainingData:
    """Feature rows as training takes them, whatever the objectives and their parameters.

    XGBoost's matrices take it as long to make as some sixty trees; so they are made when first
    asked for, and kept. ideal_dcg: as `train_ranker` has it.
    """

    def __init__(
        self,
        rows: FeatureRows,
        plan: Plan,
        *,
        ideal_dcg: dict[int, float],
        seed: int,
        threads: int,
    ) -> None:
        self.rows, self.plan, self.seed = rows, plan, seed
        self.common: Parameters = {
            "seed": seed,
            "nthread": threads,
            "tree_method": "hist",
            "max_bin": plan.bins,
        }
        self._ideal_dcg = ideal_dcg
        self._folds: dict[int, Fold] = {}
        self._draws: dict[int, xgb.DMatrix] = {}

    @cached_property
    def held_out(self) -> HeldOut:
        """All whom the plan's folds hold out."""
        of, folds = self.plan.of, self.plan.folds
        return HeldOut(
            rows=self.rows.where(self.is_held_out),
            ideal_dcg={
                user: ideal
                for user, ideal in self._ideal_dcg.items()
                if _fold(user, of=of) in folds
            },
        )

    @cached_property
    def is_held_out(self) -> Rows:
        """The rows of `held_out`."""
        return np.isin(self._fold_of_row, self.plan.folds)

    @cached_property
    def _fold_of_row(self) -> npt.NDArray[np.int64]:
        return _folds(self.rows.users, of=self.plan.of)

    def fold(self, number: int) -> Fold:
        """Those of a fold held out, and a draw of everyone else."""
        if number not in self._folds:
            inside = self._fold_of_row == number
            bins = self.plan.bins
            training = _matrix(self.rows, ~inside & self._drawn(self.seed), bins=bins)
            held_out = _matrix(self.rows, inside, bins=bins, reference=training)
            self._folds[number] = Fold(inside=inside, training=training, held_out=held_out)
        return self._folds[number]

    def draw(self, number: int) -> xgb.DMatrix:
        """A draw of everyone, by the seed and `number` more."""
        if number not in self._draws:
            drawn = self._drawn(self.seed + number)
            self._draws[number] = _matrix(self.rows, drawn, bins=self.plan.bins)
        return self._draws[number]

    def _drawn(self, seed: int) -> Rows:
        """Every right answer, and of the others a share by chance."""
        share = self.plan.wrong_answers
        if share >= 1:
            return np.ones(len(self.rows), dtype=bool)
        chance = np.random.default_rng(seed).random(len(self.rows))
        drawn: Rows = (chance < share) | (self.rows.labels == 1)
        return drawn


def _matrix(
    rows: FeatureRows, kept: Rows, *, bins: int, reference: xgb.DMatrix | None = None
) -> xgb.DMatrix:
    """Raises KeyboardInterrupt for a Ctrl-C that came while XGBoost was given rows."""
    chunks = _Chunks(rows, kept)
    try:
        return xgb.QuantileDMatrix(chunks, ref=reference, max_bin=bins)
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
                    data=with_lowest(self.rows.matrix[here][kept]),
                    label=self.rows.labels[here][kept],
                    qid=self.rows.users[here][kept],
                )
                return True
        return False


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


def paired_gain(
    before: npt.NDArray[np.float64], after: npt.NDArray[np.float64]
) -> tuple[float, float]:
    """The mean difference of the same users' values, and its standard error; 0, 0 of none."""
    difference = after - before
    return mean(difference), float(difference.std()) / max(len(difference), 1) ** 0.5


def mean(values: npt.NDArray[np.float64]) -> float:
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
