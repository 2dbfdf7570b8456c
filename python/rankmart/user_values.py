"""What a model's list is worth to each user: from DuckDB into matrices of users by figures."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rankmart.segments import NEW_DAYS, PRODUCTS
from rankmart.sql import sql_text

LABEL_METRICS = ("ndcg", "recall", "precision", "map", "mrr", "hit_rate")
LIST_METRICS = ("novelty", "intra_list_diversity", "new_product_share")

Matrix = npt.NDArray[np.float64]
Keys = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class SplitHistory:
    """Names of relations that tell what a split's history knows.

    users: (user_key, history_length), a row for each user of the history, labelled or not.
    products: (product_key, user_count, age_days), a row for each product that it has seen.
    tags: (product_key, tag, weight), unit length per product; no rows where none are known.
    """

    users: str
    products: str
    tags: str


def label_values(
    connection: duckdb.DuckDBPyConnection,
    *,
    lists: str,
    labels: str,
    ks: Sequence[int],
    models: Sequence[str],
) -> pa.Table:
    """(model, user_key, label_count, k, LABEL_METRICS), a row for every user with a label."""
    return connection.sql(
        sql_text("per_user_metrics"),
        params={"lists": lists, "labels": labels, "ks": list(ks), "models": list(models)},
    ).to_arrow_table()


def list_values(
    connection: duckdb.DuckDBPyConnection,
    *,
    lists: str,
    labels: str,
    ks: Sequence[int],
    models: Sequence[str],
    history: SplitHistory,
) -> pa.Table:
    """(model, user_key, k, LIST_METRICS), a row for every user with a label and a list."""
    return connection.sql(
        sql_text("list_properties"),
        params={
            "lists": lists,
            "labels": labels,
            "ks": list(ks),
            "models": list(models),
            "new_days": NEW_DAYS,
            "products": history.products,
            "users": history.users,
            "tags": history.tags,
        },
    ).to_arrow_table()


def as_matrices(
    values: pa.Table,
    *,
    models: Sequence[str],
    users: Keys,
    ks: Sequence[int],
    metrics: Sequence[str],
) -> Matrix:
    """The values as (models, users, metrics x ks), all ks of a metric side by side.

    `users` and `ks` are sorted; who has no row, or a null in it, is NaN.
    """
    matrices = np.full((len(models), len(users), len(metrics), len(ks)), np.nan)
    places = (
        pc.index_in(values.column("model"), value_set=pa.array(models)).to_numpy(),
        np.searchsorted(users, values.column("user_key").to_numpy()),
    )
    k_places = np.searchsorted(ks, values.column("k").to_numpy())
    for place, metric in enumerate(metrics):
        matrices[*places, place, k_places] = values.column(metric).to_numpy()
    return matrices.reshape(len(models), len(users), -1)


def labelled_users(
    connection: duckdb.DuckDBPyConnection, *, labels: str, history: SplitHistory | None
) -> pa.Table:
    """(user_key, history_length, label_count) of the users with a label, by user_key.

    The length is 0 for who is not in the history, and null where no history is told.
    """
    if history is None:
        return connection.sql(
            "select user_key, null::bigint as history_length, count(*) as label_count"
            " from query_table($labels) group by user_key order by user_key",
            params={"labels": labels},
        ).to_arrow_table()
    return connection.sql(
        sql_text("labelled_users"), params={"labels": labels, "users": history.users}
    ).to_arrow_table()


def labels_by_age(
    connection: duckdb.DuckDBPyConnection, *, labels: str, history: SplitHistory
) -> dict[str, pa.Table]:
    """The labels (user_key, product_key) of each segment of PRODUCTS that has any."""
    aged = connection.sql(
        sql_text("label_ages"),
        params={"labels": labels, "products": history.products, "new_days": NEW_DAYS},
    ).to_arrow_table()
    parts = {name: aged.filter(pc.equal(aged.column("segment"), name)) for name in PRODUCTS}
    return {name: labels for name, labels in parts.items() if len(labels)}
