"""Models of RecTools that work without torch and are not `implicit`'s own under another name."""

import logging
import warnings
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from implicit.als import AlternatingLeastSquares
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import (
    EASEModel,
    ImplicitALSWrapperModel,
    PopularInCategoryModel,
    PopularModel,
    PureSVDModel,
)

from benchmarks.peers.history import History, Ints, Lists

SEED = 7
FEWEST_PRODUCTS = 20
"""ALS has a factor for every tag: rare ones cost time and are nearly a product each."""


def ease(history: History, users: Ints, *, k: int, threads: int, **settings: Any) -> Lists:
    """EASE with `regularization`, as RecTools has it."""
    return _fitted(EASEModel(recommend_n_threads=threads, **settings), history, users, k)


def pure_svd(history: History, users: Ints, *, k: int, threads: int, factors: int) -> Lists:
    """Truncated SVD with so many `factors`, or as many as the matrix allows."""
    possible = min(factors, min(history.matrix.shape) - 1)
    model = PureSVDModel(factors=possible, recommend_n_threads=threads, random_state=SEED)
    return _fitted(model, history, users, k)


def popular(
    history: History, users: Ints, *, k: int, threads: int, days: int | None = None
) -> Lists:
    """What most users had within the last so many `days`; None for ever."""
    period = None if days is None else timedelta(days=days)
    return _fitted(PopularModel(popularity="n_users", period=period), history, users, k)


def popular_in_category(
    history: History,
    users: Ints,
    *,
    k: int,
    threads: int,
    categories: int,
    days: int | None = None,
) -> Lists:
    """The popular products of the most popular `categories`, by turns."""
    model = PopularInCategoryModel(
        category_feature="tag",
        n_categories=categories,
        popularity="n_users",
        period=None if days is None else timedelta(days=days),
    )
    return _fitted(model, history, users, k, _tags(history))


def als_with_tags(
    history: History, users: Ints, *, k: int, threads: int, **settings: Any
) -> Lists:
    """implicit's ALS with a factor for every tag of the catalogue; the rest are `factors`."""
    model = ImplicitALSWrapperModel(
        AlternatingLeastSquares(num_threads=threads, random_state=SEED, use_gpu=False, **settings),
        recommend_n_threads=threads,
    )
    return _fitted(model, history, users, k, _tags(history, fewest=FEWEST_PRODUCTS))


def _fitted(
    model: Any, history: History, users: Ints, k: int, tags: pd.DataFrame | None = None
) -> Lists:
    interactions = pd.DataFrame(
        {
            Columns.User: history.user,
            Columns.Item: history.product,
            Columns.Weight: history.weight,
            Columns.Datetime: pd.to_datetime(history.epoch, unit="s"),
        }
    )
    features = {} if tags is None else {"item_features_df": tags, "cat_item_features": ["tag"]}
    with warnings.catch_warnings():
        # RecTools sets a column of categories in place, which pandas 2.3 warns of.
        warnings.simplefilter("ignore")
        dataset = Dataset.construct(interactions, **features)
        model.fit(dataset)
        lists = model.recommend(users, dataset, k, filter_viewed=True)
    logging.getLogger(__name__).debug("%d rows by %s", len(lists), type(model).__name__)
    lists = lists.sort_values([Columns.User, Columns.Rank], kind="stable")
    return Lists(
        user=lists[Columns.User].to_numpy(np.int64), product=lists[Columns.Item].to_numpy(np.int64)
    )


def _tags(history: History, *, fewest: int = 1) -> pd.DataFrame:
    """Rows (id, feature, value): the tags that so many products have."""
    positions, tags = history.tags
    table = pd.DataFrame({"id": positions, "feature": "tag", "value": tags})
    return table[table.groupby("value")["id"].transform("size") >= fewest]
