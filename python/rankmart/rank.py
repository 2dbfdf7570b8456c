"""From scores to ranked lists, for the ranker and for a generator that stands in for it."""

from typing import Protocol

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rankmart.features import FeatureRows, count_rows, stream_features
from rankmart.progress import Progress
from rankmart.warehouse import passes_of, run

ROWS_PER_PASS = 2_000_000
"""Scores that are arranged at a time: they are in Python's memory."""

SCORES_PER_PASS = 8_000_000
"""Scores that DuckDB finds the best of at a time. Short of memory, it writes what it keeps of each
user to the disk in many nearly empty blocks: of 2 million users with 50 scores more than 15 GB,
and nothing in 16 passes."""

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
    only_users: Keys | None = None,
) -> None:
    """Fill the temp table `ranked` (user_key, product_key, rank, score) with a split's top k.

    Rows are scored as they come; of each row the warehouse keeps a score, not its features.
    Equal scores go by product_key, as in `best_first`. The score is the scorer's, also where
    `arrange` orders by something else; that is given ROWS_PER_PASS scores at a time, all of a
    user's together. Of other users than `only_users` nothing is kept.
    """
    run(
        connection,
        "create or replace temp table scored"
        " (user_key integer, product_key integer, score float, order_key bigint)",
    )
    total = count_rows(connection, "user_product_features", split)
    done = 0
    # A connection has one open result; the rows come over another one.
    with connection.cursor() as reading:
        for read in stream_features(reading, split, features=features):
            rows = read if only_users is None else read.where(np.isin(read.users, only_users))
            connection.register("part", _scored(rows, scorer.predict(rows.matrix)))
            run(connection, "insert into scored select * from part")
            connection.unregister("part")
            done += len(read)
            progress(what, done, total)
    if arrange is best_first:
        _keep_best(connection, k=k, passes=passes_of(total, rows_per_pass=SCORES_PER_PASS))
    else:
        _keep_arranged(
            connection, arrange, k=k, passes=passes_of(total, rows_per_pass=ROWS_PER_PASS)
        )
    run(connection, "drop table scored")


def _keep_best(connection: duckdb.DuckDBPyConnection, *, k: int, passes: int) -> None:
    """Ordered by one number, the first k of each user are kept without sorting the rest."""
    _create_ranked(connection)
    for number in range(passes):
        run(
            connection,
            """
            insert into ranked
            select user_key, product_key, cast(rank as integer) as rank, score
            from (
                select *, row_number() over (partition by user_key order by order_key desc) as rank
                from scored
                where user_key % $passes = $number
            )
            where rank <= $k
            """,
            {"passes": passes, "number": number, "k": k},
        )


def _create_ranked(connection: duckdb.DuckDBPyConnection) -> None:
    run(
        connection,
        "create or replace temp table ranked"
        " (user_key integer, product_key integer, rank integer, score float)",
    )


def _keep_arranged(
    connection: duckdb.DuckDBPyConnection, arrange: Arrange, *, k: int, passes: int
) -> None:
    _create_ranked(connection)
    for number in range(passes):
        part = connection.sql(
            "select user_key, product_key, score from scored where user_key % $passes = $number",
            params={"passes": passes, "number": number},
        ).fetchnumpy()
        lists = _lists(
            *(np.asarray(part[name]) for name in ("user_key", "product_key", "score")),
            k=k,
            arrange=arrange,
        )
        connection.register("part", lists)
        run(connection, "insert into ranked select * from part")
        connection.unregister("part")


def _scored(rows: FeatureRows, scores: Scores) -> pa.Table:
    return pa.table(
        {
            "user_key": pa.array(rows.users, pa.int32()),
            "product_key": pa.array(rows.products, pa.int32()),
            "score": pa.array(scores, pa.float32()),
            "order_key": pa.array(order_keys(scores, rows.products), pa.int64()),
        }
    )


def order_keys(scores: Scores, products: Keys) -> npt.NDArray[np.int64]:
    """Whole numbers that are larger for a higher score, and of equal scores for a smaller product.

    The bits of a float32, read as a whole number, are in the order of the floats; of negative
    ones in the opposite order, so there all but the sign are turned over. Below them the product.

    >>> scores = np.array([0.5, 0.5, -1.0, -2.0, 0.0, -0.0], dtype=np.float32)
    >>> products = np.array([7, 3, 1, 1, 2, 1], dtype=np.int32)
    >>> np.argsort(-order_keys(scores, products)).tolist()
    [1, 0, 5, 4, 2, 3]
    """
    # Adding zero makes -0.0 what it equals.
    bits = (scores + np.float32(0)).view(np.int32).astype(np.int64)
    ordered = np.where(bits >= 0, bits, bits ^ 0x7FFFFFFF)
    keys: npt.NDArray[np.int64] = ordered * 2**32 + (2**31 - products.astype(np.int64))
    return keys


def top_k(rows: FeatureRows, scores: Scores, *, k: int, arrange: Arrange = best_first) -> pa.Table:
    """The lists of k products of each user: (user_key, product_key, rank from 1, score)."""
    return _lists(rows.users, rows.products, scores, k=k, arrange=arrange)


def _lists(users: Keys, products: Keys, scores: Scores, *, k: int, arrange: Arrange) -> pa.Table:
    listed = arrange(users, products, scores, k=k)
    return pa.table(
        {
            "user_key": pa.array(users[listed], pa.int32()),
            "product_key": pa.array(products[listed], pa.int32()),
            "rank": pa.array(ranks_within(users[listed]), pa.int32()),
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
