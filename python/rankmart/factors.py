"""Item-item neighbours from implicit-feedback matrix factorisation."""

from typing import Any

import numpy as np
import pyarrow as pa
from scipy import sparse
from threadpoolctl import threadpool_limits

from rankmart.nearest import PAIRS, Floats, Positions, nearest, pairs_table, splits_of

SEED = 7
DECIMALS = 6
AMONG = 30_000
"""So many products of a split may be neighbours: with all of them, time would grow with the square
of the catalogue."""


def factor_pairs(
    histories: Any,
    activity: Any,
    *,
    factors: int,
    iterations: int,
    confidence: float,
    regularization: float,
    neighbors: int,
) -> pa.Table:
    """The nearest products of every product of a split, by the cosine of their vectors.

    histories: a DuckDB relation (split, user_key, product_key, weight …). activity: one (split,
    moment, product_key, activity_weight …), whose moment 0 is the cut-off of the split: nearest
    are then those whose cosine times that weight is highest, so that the few places go to what
    is still reviewed. Of more products than AMONG, only those of the highest weight are
    neighbours, of equals the ones that were there first. The association is the cosine alone,
    above 0 and rounded to 6 places.

    Alternating least squares after Hu, Koren and Volinsky (2008), "Collaborative filtering for
    implicit feedback datasets". A user's row in it is the history; users' vectors are not kept,
    since the mean of a history's products, the last ones first, ranked better.
    """
    parts: list[pa.Table] = []
    for split in splits_of(histories):
        seen = (
            histories.filter(f"split = '{split}'")
            .project("user_key, product_key, weight")
            .order("user_key, product_key")
            .fetchnumpy()
        )
        weights = (
            activity.filter(f"split = '{split}' and moment = 0")
            .project("product_key, activity_weight")
            .fetchnumpy()
        )
        products, columns = np.unique(seen["product_key"], return_inverse=True)
        _, rows = np.unique(seen["user_key"], return_inverse=True)
        matrix = sparse.csr_matrix(
            (seen["weight"].astype(np.float32), (rows, columns)), dtype=np.float32
        )
        vectors = product_vectors(
            matrix,
            factors=factors,
            iterations=iterations,
            confidence=confidence,
            regularization=regularization,
        )
        standing = np.ones(len(products), dtype=np.float32)
        if len(weights["product_key"]):
            positions = np.searchsorted(products, weights["product_key"])
            standing[positions] = weights["activity_weight"]
        parts.extend(
            pairs_table(split, products, near, decimals=DECIMALS)
            for near in nearest(
                vectors,
                k=neighbors,
                among=_highest(standing, AMONG),
                standing=standing,
                decimals=DECIMALS,
            )
        )
    return pa.concat_tables(parts) if parts else PAIRS.empty_table()


def _highest(standing: Floats, count: int) -> Positions:
    """The positions of so many of the highest values, in ascending order."""
    return np.sort(np.argsort(-standing, kind="stable")[:count])


def product_vectors(
    matrix: sparse.csr_matrix,
    *,
    factors: int,
    iterations: int,
    confidence: float,
    regularization: float,
) -> Floats:
    """Unit vectors (products, factors) of a matrix (users, products) of weights.

    Where there are fewer users or products than factors, so many fewer factors.
    """
    from implicit.als import AlternatingLeastSquares

    # Its own threads and those of BLAS would get in each other's way.
    with threadpool_limits(1, user_api="blas"):
        model = AlternatingLeastSquares(
            factors=max(1, min(factors, *matrix.shape)),
            iterations=iterations,
            alpha=confidence,
            regularization=regularization,
            random_state=SEED,
            num_threads=0,
        )
        model.fit(matrix, show_progress=False)
    vectors = np.asarray(model.item_factors, dtype=np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = vectors / np.maximum(lengths, 1e-12)
    return unit
