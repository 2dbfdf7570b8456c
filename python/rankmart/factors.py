"""Item-item neighbours from implicit-feedback matrix factorisation."""

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
)
from rankmart.one_thread import one_blas_thread

SEED = 7
DECIMALS = 6
AMONG = 30_000
"""So many products of a split may be neighbours: with all of them, time would grow with the square
of the catalogue."""


GOES_ON_FROM = 1_000_000
"""A split of so many reviews goes on from the vectors of the one before it. Of fewer, each from
chance costs little, and what the ranker learns from one split is as true of the next."""


@dataclass(frozen=True, kw_only=True)
class Factors:
    """What a factorisation found: vectors (products, factors), a row for each product's key."""

    products: Ints
    vectors: Floats


@dataclass(frozen=True, kw_only=True)
class _Space:
    """The unit vectors (products, factors) of a split, and what cosines are weighed by."""

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
    iterations_later: int,
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

    A split begins by chance and takes all `iterations`. What it sees, those after it see too: so
    where it has GOES_ON_FROM reviews, and is not the one that sees least, it begins where the one
    before it ended, and takes `iterations_later`. No split learns from one that sees more.

    The rows, as in PAIRS, are made while they are read, and never all in memory. Of the relations
    nothing is read by then: whoever reads the rows may need their connection.
    """
    factors_of = partial(
        item_factors, factors=factors, confidence=confidence, regularization=regularization
    )
    spaces: list[_Space] = []
    before: Factors | None = None
    for split in _by_size(histories):
        products, matrix = _matrix_of(histories.filter(f"split = '{split}'"))
        start = _start(products, before) if before and matrix.nnz >= GOES_ON_FROM else None
        rounds = iterations if start is None else iterations_later
        found = factors_of(matrix, iterations=rounds, start=start)
        before = Factors(products=products, vectors=found)
        spaces.append(_space_of(split, before, activity))
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


def _by_size(histories: Any) -> list[str]:
    """The splits, that with the fewest reviews first."""
    sizes = histories.aggregate("split, count(*) as size").order("size, split").fetchnumpy()
    splits: list[str] = sizes["split"].tolist()
    return splits


def _start(products: Ints, before: Factors) -> Floats:
    """Vectors to begin with: of products that were there before theirs, of others small ones."""
    shape = (len(products), before.vectors.shape[1])
    vectors = np.random.default_rng(SEED).random(shape, dtype=np.float32) * np.float32(0.01)
    known = np.isin(products, before.products)
    vectors[known] = before.vectors[np.searchsorted(before.products, products[known])]
    return vectors


def _space_of(split: str, found: Factors, activity: Any) -> _Space:
    weights = (
        activity.filter(f"split = '{split}' and moment = 0")
        .project("product_key, activity_weight")
        .fetchnumpy()
    )
    standing = np.ones(len(found.products), dtype=np.float32)
    if len(weights["product_key"]):
        positions = np.searchsorted(found.products, weights["product_key"])
        standing[positions] = weights["activity_weight"]
    return _Space(
        split=split,
        products=found.products,
        vectors=unit_vectors(found.vectors),
        standing=standing,
    )


def unit_vectors(vectors: Floats) -> Floats:
    """The same directions (products, factors) at length 1; a vector of zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = vectors / np.maximum(lengths, 1e-12)
    return unit


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


def item_factors(
    matrix: sparse.csr_matrix,
    *,
    factors: int,
    iterations: int,
    confidence: float,
    regularization: float,
    start: Floats | None = None,
) -> Floats:
    """Vectors (products, factors) of a matrix (users, products) of weights.

    start: vectors (products, factors) to begin with; None: by chance, and where there are fewer
    users or products than factors, so many fewer factors.
    """
    from implicit.als import AlternatingLeastSquares

    length = max(1, min(factors, *matrix.shape)) if start is None else start.shape[1]
    # Its own threads and those of BLAS would get in each other's way.
    with one_blas_thread():
        model = AlternatingLeastSquares(
            factors=length,
            iterations=iterations,
            alpha=confidence,
            regularization=regularization,
            random_state=SEED,
            num_threads=0,
        )
        model.item_factors = start
        model.fit(matrix, show_progress=False)
    return np.asarray(model.item_factors, dtype=np.float32)
