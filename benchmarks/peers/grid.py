"""The peers, and the settings of each that are tried on the `fit` split.

The values were narrowed on the fit split of Amazon's Beauty, temporal, from wider grids around
the libraries' defaults. ALS and PureSVD gain with every factor there; 512 are what a few minutes
allow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

Setting = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A model of another library.

    function: `module:name`; called with a History, positions of users, k, threads, settings.
    blas_threads: whether NumPy's linear algebra may use every core. Where a library has threads
        of its own, as implicit does, the two get into each other's way.
    needs_tags: whether it is left out where there is no file of products.
    """

    name: str
    function: str
    grid: Sequence[Setting]
    blas_threads: bool = False
    needs_tags: bool = False


def every(**values: Sequence[Any]) -> tuple[Setting, ...]:
    """Every combination, the last name changing fastest.

    >>> every(K=[10, 20], B=[0])
    ({'K': 10, 'B': 0}, {'K': 20, 'B': 0})
    """
    return tuple(
        dict(zip(values, combination, strict=True)) for combination in product(*values.values())
    )


PEERS: tuple[Peer, ...] = (
    Peer(
        name="implicit BM25",
        function="benchmarks.peers.implicit_models:bm25",
        grid=every(K=[5, 10, 20, 100], K1=[0.1, 1.2, 5], B=[0.25, 0.5, 0.75]),
    ),
    Peer(
        name="implicit cosine",
        function="benchmarks.peers.implicit_models:cosine",
        grid=every(K=[20, 100, 500, 1_000, 2_000]),
    ),
    Peer(
        name="implicit TF-IDF",
        function="benchmarks.peers.implicit_models:tfidf",
        grid=every(K=[20, 100, 500, 1_000, 2_000]),
    ),
    Peer(
        name="implicit ALS",
        function="benchmarks.peers.implicit_models:als",
        grid=every(factors=[256, 512], regularization=[0.1, 10], alpha=[20, 80], iterations=[15]),
    ),
    Peer(
        name="implicit BPR",
        function="benchmarks.peers.implicit_models:bpr",
        grid=every(
            factors=[128], learning_rate=[0.02, 0.1], regularization=[0.01, 0.05], iterations=[150]
        ),
    ),
    Peer(
        name="RecTools EASE",
        function="benchmarks.peers.rectools_models:ease",
        grid=every(regularization=[100, 400]),
        blas_threads=True,
    ),
    Peer(
        name="EASE of the paper",
        function="benchmarks.peers.ease:ease",
        grid=every(regularization=[100, 400]),
        blas_threads=True,
    ),
    Peer(
        name="RecTools PureSVD",
        function="benchmarks.peers.rectools_models:pure_svd",
        grid=every(factors=[64, 256, 512]),
        blas_threads=True,
    ),
    Peer(
        name="RecTools ALS with tags",
        function="benchmarks.peers.rectools_models:als_with_tags",
        grid=every(factors=[256], regularization=[0.1], alpha=[20, 80], iterations=[15]),
        needs_tags=True,
    ),
    Peer(
        name="RecTools popular",
        function="benchmarks.peers.rectools_models:popular",
        grid=every(days=[None, 90, 30, 14, 7]),
    ),
    Peer(
        name="RecTools popular in category",
        function="benchmarks.peers.rectools_models:popular_in_category",
        grid=every(categories=[5, 20], days=[14, 90]),
        needs_tags=True,
    ),
)
