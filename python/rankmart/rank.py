"""From scores to ranked lists, for the ranker and for a generator that stands in for it."""

from typing import Protocol

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rankmart.features import FeatureRows, count_rows, in_passes
from rankmart.progress import Progress
from rankmart.warehouse import run

ROWS_PER_PASS = 2_000_000

Keys = npt.NDArray[np.int32]
Scores = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]


class Arrange(Protocol):
    """Anything that makes lists of scored candidates."""

    def __call__(self, users: Keys, products: Keys, scores: Scores, *, k: int) -> Positions:
        """Positions of at most k rows a user, by user and then in the order of the list."""
        ...


class Scorer(Protocol):
    """Anything that scores feature rows; only the order within a user means something."""

    def predict(self, matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Scores, float32 (rows,)."""
        ...


class GeneratorScorer:
    """A generator's own order; after its list come the other candidates by their standing."""

    def __init__(self, generator: str, features: list[str]) -> None:
        self.rank_position = features.index(f"{generator}_rank")
        self.standing_position = features.index("standing")

    def predict(self, matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """1 + 1 / rank for what the generator proposed, else the standing, which is below 1."""
        ranks = matrix[:, self.rank_position]
        scores: npt.NDArray[np.float32] = np.where(
            np.isnan(ranks), matrix[:, self.standing_position], 1 + 1 / ranks
        ).astype(np.float32)
        return scores


def best_first(users: Keys, products: Keys, scores: Scores, *, k: int) -> Positions:
    """The k best products of each user; equal scores go by product_key, by who was there first."""
    order = np.lexsort((products, -scores, users))
    return order[ranks_within(users[order]) <= k]


def rank_split(
    connection: duckdb.DuckDBPyConnection,
    scorer: Scorer,
    split: str,
    *,
    features: list[str],
    k: int,
    what: str,
    progress: Progress,
    arrange: Arrange = best_first,
) -> None:
    """Fill the temp table `ranked` (user_key, product_key, rank, score) with a split's top k.

    The score is the scorer's, also where `arrange` orders by something else. At most
    ROWS_PER_PASS rows of features are in memory at a time, by buckets of users.
    """
    run(
        connection,
        "create or replace temp table ranked"
        " (user_key integer, product_key integer, rank integer, score float)",
    )
    passes = max(1, -(-count_rows(connection, "user_product_features", split) // ROWS_PER_PASS))
    parts = in_passes(connection, split, features=features, passes=passes)
    for number, rows in enumerate(parts, start=1):
        scores = scorer.predict(rows.matrix)
        connection.register("part", top_k(rows, scores, k=k, arrange=arrange))
        run(connection, "insert into ranked select * from part")
        connection.unregister("part")
        progress(what, number, passes)


def top_k(rows: FeatureRows, scores: Scores, *, k: int, arrange: Arrange = best_first) -> pa.Table:
    """The lists of k products of each user: (user_key, product_key, rank from 1, score)."""
    listed = arrange(rows.users, rows.products, scores, k=k)
    users = rows.users[listed]
    return pa.table(
        {
            "user_key": pa.array(users, pa.int32()),
            "product_key": pa.array(rows.products[listed], pa.int32()),
            "rank": pa.array(ranks_within(users), pa.int32()),
            "score": pa.array(scores[listed], pa.float32()),
        }
    )


def ranks_within(users: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """1, 2, 3 … within each run of equal users, or of any other key.

    >>> ranks_within(np.array([4, 4, 4, 9, 9], dtype=np.int32)).tolist()
    [1, 2, 3, 1, 2]
    """
    if not len(users):
        return np.empty(0, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, users[1:] != users[:-1]])
    lengths = np.diff(np.r_[starts, len(users)])
    return np.arange(len(users)) - np.repeat(starts, lengths) + 1
