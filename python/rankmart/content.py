"""Products as short vectors made of their terms, and which of them are near one another."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD
from threadpoolctl import threadpool_limits

STEPS = 2048
"""Vectors are whole multiples of 1 / STEPS. So their inner products are exact in float32, in
whatever order they are added: equal on every machine and number of threads."""

CELLS = 8_000_000
"""Cosines that are in memory at a time, four bytes each."""

GROUP = 32
MANY = 20

Positions = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

EMBEDDINGS = pa.schema(
    [("split", pa.string()), ("product_key", pa.int32()), ("vector", pa.list_(pa.float32()))]
)
PAIRS = pa.schema(
    [
        ("split", pa.string()),
        ("product_key", pa.int32()),
        ("neighbor_key", pa.int32()),
        ("neighbor_rank", pa.int32()),
        ("association", pa.float64()),
    ]
)


def embeddings_table(
    split: str, products: Ints, terms: Ints, weights: Floats, *, dimensions: int, seed: int = 0
) -> pa.Table:
    """Latent semantic analysis (Deerwester et al., 1990): TF-IDF, then a truncated SVD.

    products, terms, weights: one entry of the TF-IDF matrix each, in the same order every time.
    Rows as in EMBEDDINGS, one per product that has a term, in the order of the keys; all vectors
    have the same length, at most `dimensions`, and fewer where there are few products or terms.
    """
    keys, rows = np.unique(products, return_inverse=True)
    _, columns = np.unique(terms, return_inverse=True)
    if not len(keys):
        return EMBEDDINGS.empty_table()
    matrix = csr_matrix((weights.astype(np.float64), (rows, columns)))
    vectors = _on_a_grid(_reduced(matrix, dimensions=dimensions, seed=seed))
    return pa.table(
        {
            "split": pa.array([split] * len(keys), pa.string()),
            "product_key": pa.array(keys, pa.int32()),
            "vector": pa.FixedSizeListArray.from_arrays(
                pa.array(vectors.ravel()), vectors.shape[1]
            ).cast(pa.list_(pa.float32())),
        },
        schema=EMBEDDINGS,
    )


def neighbor_tables(
    split: str, products: Ints, vectors: Floats, asked: npt.NDArray[np.bool_], *, k: int
) -> Iterator[pa.Table]:
    """The k nearest other products of those that are `asked` for, a block at a time.

    Rows as in PAIRS. The association is the cosine, and only what is above 0 is a neighbour; of
    equally near ones the smaller key comes first. vectors: float32 (products, dimensions), on
    the grid; products ascending.
    """
    positions = np.flatnonzero(asked)
    kept = min(k, len(products) - 1)
    if kept < 1:
        return
    block_size = max(1, CELLS // len(products))
    for start in range(0, len(positions), block_size):
        block = positions[start : start + block_size]
        cosines = vectors[block] @ vectors.T
        cosines[np.arange(len(block)), block] = -2
        who, whom = _at_least_the_nearest(cosines, kept)
        values = cosines[who, whom]
        order = np.lexsort((whom, -values, who))
        who, whom, values = who[order], whom[order], values[order]
        ranks = np.arange(1, len(who) + 1) - np.searchsorted(who, who)
        near = ranks <= kept
        yield pa.table(
            {
                "split": pa.array([split] * int(near.sum()), pa.string()),
                "product_key": pa.array(products[block[who[near]]], pa.int32()),
                "neighbor_key": pa.array(products[whom[near]], pa.int32()),
                "neighbor_rank": pa.array(ranks[near], pa.int32()),
                "association": pa.array(np.round(values[near].astype(np.float64), 9)),
            },
            schema=PAIRS,
        )


def _at_least_the_nearest(cosines: Floats, kept: int) -> tuple[Positions, Positions]:
    """Row and column of the `kept` largest of each row, if above 0, and of a few others.

    There are `kept` groups of columns whose maximum is at least the kept-th largest maximum, so
    nothing smaller than that can be among the kept: most of the row needn't be sorted.
    """
    rows, count = cosines.shape
    groups = count // GROUP
    floor = np.zeros(rows, dtype=np.float32)
    if groups > kept:
        grouped = cosines[:, : groups * GROUP].reshape(rows, groups, GROUP)
        floor = np.partition(grouped.max(axis=2), groups - kept, axis=1)[:, groups - kept]
    near = (cosines >= floor[:, None]) & (cosines > 0)
    # Of thousands that are described in the same words, those with the smallest keys will do.
    for row in np.flatnonzero(near.sum(axis=1) > MANY * kept):
        columns = np.flatnonzero(near[row])
        order = np.lexsort((columns, -cosines[row, columns]))
        near[row, columns[order[kept:]]] = False
    who, whom = np.nonzero(near)
    return who, whom


def _reduced(matrix: csr_matrix, *, dimensions: int, seed: int) -> npt.NDArray[np.float64]:
    """The matrix itself, if it has few columns, else its projection."""
    kept = min(dimensions, *(size - 1 for size in matrix.shape))
    if kept < 1 or matrix.shape[1] <= dimensions:
        dense: npt.NDArray[np.float64] = matrix.toarray()
        return dense
    # One thread: sums of several depend on how many there are.
    with threadpool_limits(1):
        reduced: npt.NDArray[np.float64] = TruncatedSVD(
            n_components=kept, n_iter=4, random_state=seed
        ).fit_transform(matrix)
    return reduced


def _on_a_grid(vectors: npt.NDArray[np.float64]) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(lengths > 0, lengths, 1)
    return (np.round(unit * STEPS) / STEPS).astype(np.float32)
