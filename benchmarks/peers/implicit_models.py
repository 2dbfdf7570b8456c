"""Models of `implicit`. Its k-NN models give no product without a neighbour in the history."""

import warnings
from typing import Any

import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender
from implicit.utils import ParameterWarning

from benchmarks.peers.history import History, Ints, Lists

SEED = 7
FILTERED = -1e30
"""implicit scores what it leaves out, or pads a list with, by the lowest number of a float."""


def bm25(history: History, users: Ints, *, k: int, threads: int, **settings: Any) -> Lists:
    """Item k-NN on BM25 weights: `K` neighbours, `K1`, `B`."""
    return _fitted(BM25Recommender(num_threads=threads, **settings), history, users, k)


def cosine(history: History, users: Ints, *, k: int, threads: int, **settings: Any) -> Lists:
    """Item k-NN by cosine: `K` neighbours."""
    return _fitted(CosineRecommender(num_threads=threads, **settings), history, users, k)


def tfidf(history: History, users: Ints, *, k: int, threads: int, **settings: Any) -> Lists:
    """Item k-NN by cosine of TF-IDF weights: `K` neighbours."""
    return _fitted(TFIDFRecommender(num_threads=threads, **settings), history, users, k)


def als(history: History, users: Ints, *, k: int, threads: int, **settings: Any) -> Lists:
    """Implicit-feedback factors: `factors`, `regularization`, `alpha`, `iterations`."""
    model = AlternatingLeastSquares(
        num_threads=threads, random_state=SEED, use_gpu=False, **settings
    )
    return _fitted(model, history, users, k)


def bpr(history: History, users: Ints, *, k: int, threads: int, **settings: Any) -> Lists:
    """Factors by pairs: `factors`, `learning_rate`, `regularization`, `iterations`."""
    model = BayesianPersonalizedRanking(
        num_threads=threads, random_state=SEED, use_gpu=False, **settings
    )
    return _fitted(model, history, users, k)


def _fitted(model: Any, history: History, users: Ints, k: int) -> Lists:
    with warnings.catch_warnings():
        # Its BM25 and TF-IDF weights are of a form that it converts itself, and warns of.
        warnings.simplefilter("ignore", ParameterWarning)
        model.fit(history.matrix, show_progress=False)
    products, scores = model.recommend(
        users, history.matrix[users], N=k, filter_already_liked_items=True
    )
    return Lists.from_rows(users, products, (products >= 0) & (np.asarray(scores) > FILTERED))
