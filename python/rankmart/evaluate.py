"""How good any number of models are for the same users, computed in DuckDB and numpy.

| metric                 | of one user's first k products                                        |
| ---------------------- | --------------------------------------------------------------------- |
| `ndcg`                 | sum of 1 / log2(rank + 1) over hits, divided by the best sum possible |
| `recall`               | hits / labels of the user                                             |
| `precision`            | hits / k                                                              |
| `map`                  | sum over hits of precision at the hit's rank / min(k, labels)         |
| `mrr`                  | 1 / rank of the first hit                                             |
| `hit_rate`             | 1 with a hit, 0 without                                               |
| `novelty`              | mean of -log2((users who have the product + 1) / (all users + 1))     |
| `intra_list_diversity` | mean over pairs of 1 - cosine of the tags of the two products         |
| `new_product_share`    | share first seen by the split within 30 days before its cut-off       |
| `catalog_coverage`     | distinct products over all users / size of the catalogue              |

The mean is over every user with a label, for every model: who gets no list from a model counts
0, and so does who wanted a product that no model had seen. Lists of users without a label are
left out. Ranks are used as they are: a gap in them stays a gap.

`novelty`, `intra_list_diversity` and `new_product_share` say what lists are like and need no
label. They are of the same users, but who gets no list is left out of them, and a list shorter
than k is averaged over what it has. Novelty is the mean self-information of Zhou et al., Solving
the apparent diversity-accuracy dilemma of recommender systems, PNAS 107 (2010), in bits, with
one user added to every product and to all, so that one whom nobody has is not infinitely new.
Intra-list diversity is one minus the intra-list similarity of Ziegler et al., Improving
recommendation lists through topic diversification, WWW 2005; products without tags are left out,
and a list with fewer than two others has none.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from rankmart.bootstrap import DECIMALS, RESAMPLES, Counts, draw, estimate
from rankmart.judged import SEGMENT_K, USER_METRICS, Judged, Segment
from rankmart.segments import ALL, SEGMENTS
from rankmart.sql import sql_text
from rankmart.user_values import (
    LABEL_METRICS,
    Matrix,
    SplitHistory,
    label_values,
    labelled_users,
)

DEFAULT_KS = (5, 10, 20)

METRICS = (*USER_METRICS, "catalog_coverage")

FIGURES = pa.schema(
    {
        "model": pa.string(),
        "segment": pa.string(),
        "metric": pa.string(),
        "k": pa.int32(),
        "value": pa.float64(),
        "ci_low": pa.float64(),
        "ci_high": pa.float64(),
        "users": pa.int64(),
    }
)
DIFFERENCES = pa.schema(
    {
        "model": pa.string(),
        "baseline": pa.string(),
        "segment": pa.string(),
        "metric": pa.string(),
        "k": pa.int32(),
        "difference": pa.float64(),
        "ci_low": pa.float64(),
        "ci_high": pa.float64(),
        "users": pa.int64(),
    }
)


USERS = pa.schema(
    {
        "model": pa.string(),
        "user_key": pa.int64(),
        "history_length": pa.int64(),
        "label_count": pa.int64(),
        **{f"{metric}_at_{SEGMENT_K}": pa.float64() for metric in USER_METRICS},
    }
)

Rows = list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What `evaluate` finds.

    figures: (model, segment, metric, k, value, ci_low, ci_high, users), ordered by the first
        four, segments and metrics as in SEGMENTS and METRICS.
    differences: (model, baseline, segment, metric, k, difference, ci_low, ci_high, users): by how
        much the compared model is above each other one, over the users with a value of both.
    users: (model, user_key, history_length, label_count, ndcg_at_10, …, new_product_share_at_10),
        a row per model and labelled user, ordered by both.
    """

    figures: pa.Table
    differences: pa.Table
    users: pa.Table


def evaluate(
    connection: duckdb.DuckDBPyConnection,
    *,
    lists: str,
    labels: str,
    catalog_size: int,
    ks: Sequence[int] = DEFAULT_KS,
    models: Sequence[str] | None = None,
    history: SplitHistory | None = None,
    compared: str = "ranker",
    resamples: int = RESAMPLES,
) -> Evaluation:
    """Every metric of every model, with 95 % confidence intervals from resampled users.

    `lists` names a relation (model, user_key, product_key, rank from 1); `labels` names one
    (user_key, product_key). `models` adds models that may have no row in `lists`. `compared` is
    the model whose differences from the others are taken. Without a `history` there are no
    metrics of lists alone, and no segments. Without `resamples` there are no intervals.

    No rows when there are no labels. Intervals are null for a single user and for
    `catalog_coverage`. A metric that no user has a value of, such as the diversity of products
    without tags, has no row. Segments and users are judged at k = SEGMENT_K, whatever `ks`.

    Figures are rounded to a billionth, and don't depend on row order or threads; intervals are
    those of one fixed draw of users, the same for all models.

    Raises ValueError when a list repeats a rank or a product, or `labels` a pair, and for nulls
    and ranks below 1.
    """
    if catalog_size < 1:
        raise ValueError(f"catalog_size is {catalog_size}: it must be 1 or more")
    names = _checked_models(connection, lists=lists, labels=labels, ks=ks, models=models)
    users = labelled_users(connection, labels=labels, history=history)
    figures: Rows = []
    differences: Rows = []
    of_users = [USERS.empty_table()]
    if names and len(users):
        judged = Judged(connection, lists, labels, tuple(sorted(set(ks))), history, users, names)
        counts = draw(len(users), resamples=resamples)
        parts = judged.segments(counts)
        values = judged.values()
        figures += _coverage_rows(judged, catalog_size)
        for model, of_model in zip(names, values, strict=True):
            figures += _rows_of_all(judged, of_model, counts, model=model)
            for part in parts:
                figures += _rows_of_segment(judged, part, of_model, model=model)
            if compared in names and model != compared:
                apart = values[names.index(compared)] - of_model
                differences += _rows_of_all(judged, apart, counts, model=compared, baseline=model)
            of_users.append(_user_table(judged, of_model, model=model))
    for row in differences:
        row["difference"] = row["value"]
    return Evaluation(
        figures=_table(figures, FIGURES),
        differences=_table(differences, DIFFERENCES),
        users=pa.concat_tables(of_users),
    )


def per_user(
    connection: duckdb.DuckDBPyConnection,
    *,
    lists: str,
    labels: str,
    ks: Sequence[int] = DEFAULT_KS,
    models: Sequence[str] | None = None,
) -> pa.Table:
    """What `evaluate` averages: (model, user_key, label_count, k, ndcg, …), ordered by the keys.

    The arguments and errors are those of `evaluate`. There is one row per model, user with a
    label and k, with the metrics that depend on labels, zeros included.
    """
    names = _checked_models(connection, lists=lists, labels=labels, ks=ks, models=models)
    found = label_values(connection, lists=lists, labels=labels, ks=sorted(set(ks)), models=names)
    return found.sort_by([("model", "ascending"), ("user_key", "ascending"), ("k", "ascending")])


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


def _rows_of_all(judged: Judged, values: Matrix, counts: Counts, **names: str) -> Rows:
    """The means over all users, at every k that is asked for."""
    shown = [place for place, (_, k) in enumerate(judged.columns()) if k in judged.ks]
    columns = [judged.columns()[place] for place in shown]
    return _rows(columns, values[:, shown], counts, segment=ALL, **names)


def _rows_of_segment(judged: Judged, part: Segment, values: Matrix, *, model: str) -> Rows:
    """The means over a segment."""
    if part.label_values is None:
        metrics: tuple[str, ...] = USER_METRICS
        of_members = values[part.members][:, judged.at_segment_k()]
    else:
        metrics = LABEL_METRICS
        of_members = part.label_values[judged.models.index(model)]
    columns = [(metric, SEGMENT_K) for metric in metrics]
    return _rows(columns, of_members, part.counts, segment=part.name, model=model)


def _coverage_rows(judged: Judged, catalog_size: int) -> Rows:
    return [
        {
            "model": model,
            "segment": ALL,
            "metric": "catalog_coverage",
            "k": k,
            "value": round(value, DECIMALS),
            "users": len(judged.users),
        }
        for model, k, value in judged.coverage(catalog_size)
    ]


def _user_table(judged: Judged, values: Matrix, *, model: str) -> pa.Table:
    """One model's rows of `Evaluation.users`."""
    return pa.table(
        [
            pa.array([model] * len(judged.users)),
            *(judged.users.column(name) for name in USERS.names[1:4]),
            *(pa.array(values[:, place], from_pandas=True) for place in judged.at_segment_k()),
        ],
        names=USERS.names,
    ).cast(USERS)


def _rows(
    columns: Sequence[tuple[str, int]], values: Matrix, counts: Counts, **names: str
) -> Rows:
    """The mean and interval of every column that has a user."""
    found = estimate(values, counts)
    return [
        {
            **names,
            "metric": metric,
            "k": k,
            "value": float(value),
            "ci_low": None if math.isnan(low) else float(low),
            "ci_high": None if math.isnan(high) else float(high),
            "users": int(users),
        }
        for (metric, k), value, low, high, users in zip(
            columns, found.value, found.low, found.high, found.users, strict=True
        )
        if users
    ]


def _table(rows: Rows, schema: pa.Schema) -> pa.Table:
    rows.sort(
        key=lambda row: (
            row["model"],
            row.get("baseline", ""),
            SEGMENTS.index(row["segment"]),
            METRICS.index(row["metric"]),
            row["k"],
        )
    )
    return pa.Table.from_pylist(rows, schema=schema)


def _checked_models(
    connection: duckdb.DuckDBPyConnection,
    *,
    lists: str,
    labels: str,
    ks: Sequence[int],
    models: Sequence[str] | None,
) -> list[str]:
    """The models to judge, once lists and labels are known to be sound."""
    if not ks or min(ks) < 1:
        raise ValueError(f"ks is {list(ks)}: it must hold one or more numbers from 1")
    _raise_on_defects(connection, "label_defects", labels=labels)
    _raise_on_defects(connection, "list_defects", lists=lists)
    listed = connection.sql(
        "select distinct model from query_table($lists)", params={"lists": lists}
    ).fetchall()
    return sorted({model for (model,) in listed} | set(models or ()))


def _raise_on_defects(connection: duckdb.DuckDBPyConnection, query: str, **relation: str) -> None:
    defects = [row[0] for row in connection.sql(sql_text(query), params=relation).fetchall()]
    if defects:
        [name] = relation.values()
        raise ValueError(f"{name} can't be evaluated, it has {'; '.join(defects)}")
