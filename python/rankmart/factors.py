"""Item-item neighbours from implicit-feedback matrix factorisation."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse
from threadpoolctl import threadpool_limits

SEED = 7
BLOCK = 1024

Vectors = npt.NDArray[np.float32]

SCHEMA = pa.schema(
    [
        ("split", pa.string()),
        ("product_key", pa.int32()),
        ("neighbor_key", pa.int32()),
        ("neighbor_rank", pa.int32()),
        ("association", pa.float64()),
    ]
)


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
    is still reviewed. The association is the cosine alone, above 0 and rounded to 6 places.

    Alternating least squares after Hu, Koren and Volinsky (2008), "Collaborative filtering for
    implicit feedback datasets". A user's row in it is the history; users' vectors are not kept,
    since the mean of a history's products, the last ones first, ranked better.
    """
    parts = []
    for split in sorted(histories.project("split").distinct().fetchnumpy()["split"]):
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
        for owners, others, ranks, cosines in nearest(vectors, standing, k=neighbors):
            parts.append(
                pa.table(
                    [
                        pa.array([split] * len(owners), pa.string()),
                        pa.array(products[owners], pa.int32()),
                        pa.array(products[others], pa.int32()),
                        pa.array(ranks, pa.int32()),
                        pa.array(cosines, pa.float64()),
                    ],
                    schema=SCHEMA,
                )
            )
    return pa.concat_tables(parts) if parts else SCHEMA.empty_table()


def product_vectors(
    matrix: sparse.csr_matrix,
    *,
    factors: int,
    iterations: int,
    confidence: float,
    regularization: float,
) -> Vectors:
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
    unit: Vectors = vectors / np.maximum(lengths, 1e-12)
    return unit


def nearest(
    vectors: Vectors, standing: npt.NDArray[np.float32], *, k: int
) -> Iterator[
    tuple[
        npt.NDArray[np.int64],
        npt.NDArray[np.int64],
        npt.NDArray[np.int64],
        npt.NDArray[np.float64],
    ]
]:
    """Blocks of (row, other row, rank from 1, cosine), the k best others by cosine x standing.

    Cosines of 0 and less are left out. Equal values go by the other's row.
    """
    k = min(k, len(vectors) - 1)
    if k < 1:
        return
    for start in range(0, len(vectors), BLOCK):
        cosines = vectors[start : start + BLOCK] @ vectors.T
        owners = np.arange(len(cosines))
        cosines[owners, start + owners] = -1
        weighed = cosines * standing
        chosen = np.sort(np.argpartition(-weighed, k - 1, axis=1)[:, :k], axis=1)
        values = np.take_along_axis(weighed, chosen, axis=1).round(6)
        order = np.argsort(-values, axis=1, kind="stable")
        others = np.take_along_axis(chosen, order, axis=1)
        cosine = np.take_along_axis(cosines, others, axis=1).astype(np.float64).round(6)
        ranks = np.broadcast_to(np.arange(1, k + 1), others.shape)
        kept = cosine > 0
        rows = np.broadcast_to((start + owners)[:, None], others.shape)
        yield rows[kept], others[kept], ranks[kept], cosine[kept]
