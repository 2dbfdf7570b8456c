"""Item-item neighbours from implicit-feedback matrix factorisation."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from scipy import sparse

from rankmart.nearest import (
    Floats,
    Ints,
    Positions,
    nearest,
    pairs_reader,
    pairs_table,
    splits_of,
)
from rankmart.one_thread import one_blas_thread

SEED = 7
DECIMALS = 6
AMONG = 30_000
"""So many products of a split may be neighbours: with all of them, time would grow with the square
of the catalogue."""


@dataclass(frozen=True, kw_only=True)
class _Space:
    """The vectors (products, factors) of a split, and what cosines are weighed by."""

    split: str
    products: Ints
    vectors: Floats
    standing: Floats


def factor_pairs(
    histories: Any,
    activity: Any,
    *,
    factors: int,
    iterations: int,
    confidence: float,
    regularization: float,
    neighbors: int,
) -> pa.RecordBatchReader:
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

    The rows, as in PAIRS, are made while they are read, and never all in memory. Of the relations
    nothing is read by then: whoever reads the rows may need their connection.
    """
    vectors_of = partial(
        product_vectors,
        factors=factors,
        iterations=iterations,
        confidence=confidence,
        regularization=regularization,
    )
    spaces = [_space_of(split, histories, activity, vectors_of) for split in splits_of(histories)]
    return pairs_reader(
        pairs_table(space.split, space.products, near, decimals=DECIMALS)
        for space in spaces
        for near in nearest(
            space.vectors,
            k=neighbors,
            among=_highest(space.standing, AMONG),
            standing=space.standing,
            decimals=DECIMALS,
        )
    )


def _space_of(
    split: str,
    histories: Any,
    activity: Any,
    vectors_of: Callable[[sparse.csr_matrix], Floats],
) -> _Space:
    products, matrix = _matrix_of(histories.filter(f"split = '{split}'"))
    weights = (
        activity.filter(f"split = '{split}' and moment = 0")
        .project("product_key, activity_weight")
        .fetchnumpy()
    )
    standing = np.ones(len(products), dtype=np.float32)
    if len(weights["product_key"]):
        positions = np.searchsorted(products, weights["product_key"])
        standing[positions] = weights["activity_weight"]
    return _Space(split=split, products=products, vectors=vectors_of(matrix), standing=standing)


def _matrix_of(histories: Any) -> tuple[Ints, sparse.csr_matrix]:
    """The products of the histories, and the matrix (users, products) of weights."""
    seen = (
        histories.project("user_key, product_key, weight")
        .order("user_key, product_key")
        .fetchnumpy()
    )
    products, columns = np.unique(seen["product_key"], return_inverse=True)
    # In the order of the users: each begins where the key is another.
    starts = np.flatnonzero(np.diff(seen["user_key"], prepend=seen["user_key"][:1] - 1))
    matrix = sparse.csr_matrix(
        (
            seen["weight"].astype(np.float32),
            columns.astype(np.int32),
            np.append(starts, len(columns)),
        ),
        shape=(len(starts), len(products)),
    )
    return products, matrix


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
    with one_blas_thread():
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
