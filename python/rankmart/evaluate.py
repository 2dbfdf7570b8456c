"""Ranking metrics of any number of models on the same users, computed in DuckDB.

| metric             | of one user's first k products                                        |
| ------------------ | --------------------------------------------------------------------- |
| `ndcg`             | sum of 1 / log2(rank + 1) over hits, divided by the best sum possible |
| `recall`           | hits / labels of the user                                             |
| `precision`        | hits / k                                                              |
| `map`              | sum over hits of precision at the hit's rank / min(k, labels)         |
| `mrr`              | 1 / rank of the first hit                                             |
| `hit_rate`         | 1 with a hit, 0 without                                               |
| `catalog_coverage` | distinct products over all users / size of the catalogue              |

The mean is over every user with a label, for every model: who gets no list from a model counts
0, and so does who wanted a product that no model had seen. Lists of users without a label are
left out. Ranks are used as they are: a gap in them stays a gap.
"""

import math
from collections.abc import Sequence

import duckdb
import pyarrow as pa

from rankmart.sql import sql_text

DEFAULT_KS = (5, 10, 20)


def evaluate(
    connection: duckdb.DuckDBPyConnection,
    *,
    lists: str,
    labels: str,
    catalog_size: int,
    ks: Sequence[int] = DEFAULT_KS,
    models: Sequence[str] | None = None,
) -> pa.Table:
    """Mean of every metric by model and k, with its 95 % confidence interval.

    `lists` names a relation (model, user_key, product_key, rank from 1); `labels` names one
    (user_key, product_key). `models` adds models that may have no row in `lists`.

    Returns (model, segment, metric, k, value, ci_low, ci_high, users), ordered by model, metric
    and k; no rows when there are no labels. The interval is value ± 1.96 · sample standard
    deviation / √users, not cut at 0 or 1; null for a single user and for `catalog_coverage`.

    The figures don't depend on row order or threads: means are exact to 15 places, intervals to
    a billionth.

    Raises ValueError when a list repeats a rank or a product, or `labels` a pair, and for nulls
    and ranks below 1.
    """
    if catalog_size < 1:
        raise ValueError(f"catalog_size is {catalog_size}: it must be 1 or more")
    parameters = _list_parameters(connection, lists=lists, labels=labels, ks=ks, models=models)
    query = (
        f"with per_user as (\n{sql_text('per_user_metrics')}\n)\n"
        f"select * from (\n{sql_text('evaluation')}\n) order by model, metric, k"
    )
    return connection.sql(
        query, params={**parameters, "catalog_size": catalog_size}
    ).to_arrow_table()


def per_user(
    connection: duckdb.DuckDBPyConnection,
    *,
    lists: str,
    labels: str,
    ks: Sequence[int] = DEFAULT_KS,
    models: Sequence[str] | None = None,
) -> pa.Table:
    """The values that `evaluate` averages: (model, user_key, metric, k, value), in that order.

    The arguments and errors are those of `evaluate`. There is one row per model, user with a
    label, metric and k, zeros included: 8 models, 3 cut-offs and 22,000 users make 3.2 million.
    """
    parameters = _list_parameters(connection, lists=lists, labels=labels, ks=ks, models=models)
    query = (
        f"select * from (\n{sql_text('per_user_metrics')}\n) order by model, user_key, metric, k"
    )
    return connection.sql(query, params=parameters).to_arrow_table()


def candidate_recall(
    connection: duckdb.DuckDBPyConnection, *, candidates: str, labels: str
) -> float:
    """Mean over users with a label of the share of their labels among their candidates.

    Both names are of relations (user_key, product_key). A candidate may be repeated, as it is
    when several generators propose it; a label may not (ValueError). NaN when there are no labels.
    """
    _raise_on_defects(connection, "label_defects", labels=labels)
    [row] = connection.sql(
        sql_text("candidate_recall"), params={"candidates": candidates, "labels": labels}
    ).fetchall()
    return math.nan if row[0] is None else float(row[0])


def _list_parameters(
    connection: duckdb.DuckDBPyConnection,
    *,
    lists: str,
    labels: str,
    ks: Sequence[int],
    models: Sequence[str] | None,
) -> dict[str, object]:
    """What per_user_metrics.sql asks for, once lists and labels are known to be sound."""
    if not ks or min(ks) < 1:
        raise ValueError(f"ks is {list(ks)}: it must hold one or more numbers from 1")
    _raise_on_defects(connection, "label_defects", labels=labels)
    _raise_on_defects(connection, "list_defects", lists=lists)
    return {
        "lists": lists,
        "labels": labels,
        "ks": sorted(set(ks)),
        "models": list(models or ()),
    }


def _raise_on_defects(connection: duckdb.DuckDBPyConnection, query: str, **relation: str) -> None:
    defects = [row[0] for row in connection.sql(sql_text(query), params=relation).fetchall()]
    if defects:
        [name] = relation.values()
        raise ValueError(f"{name} can't be evaluated, it has {'; '.join(defects)}")
