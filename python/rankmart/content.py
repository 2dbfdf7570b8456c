"""Products as short vectors made of their terms, and which of them are near one another."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD

from rankmart.nearest import Floats, Ints, nearest, pairs_table
from rankmart.one_thread import one_blas_thread

STEPS = 2048
"""Vectors are whole multiples of 1 / STEPS. So their inner products are exact in float32, in
whatever order they are added: equal on every machine and number of threads."""

EMBEDDINGS = pa.schema(
    [("split", pa.string()), ("product_key", pa.int32()), ("vector", pa.list_(pa.float32()))]
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
    for near in nearest(vectors, k=k, asked=np.flatnonzero(asked)):
        yield pairs_table(split, products, near, decimals=9)


def _reduced(matrix: csr_matrix, *, dimensions: int, seed: int) -> npt.NDArray[np.float64]:
    """The matrix itself, if it has few columns, else its projection."""
    kept = min(dimensions, *(size - 1 for size in matrix.shape))
    if kept < 1 or matrix.shape[1] <= dimensions:
        dense: npt.NDArray[np.float64] = matrix.toarray()
        return dense
    # One thread: sums of several depend on how many there are.
    with one_blas_thread():
        reduced: npt.NDArray[np.float64] = TruncatedSVD(
            n_components=kept, n_iter=4, random_state=seed
        ).fit_transform(matrix)
    return reduced


def _on_a_grid(vectors: npt.NDArray[np.float64]) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(lengths > 0, lengths, 1)
    return (np.round(unit * STEPS) / STEPS).astype(np.float32)
