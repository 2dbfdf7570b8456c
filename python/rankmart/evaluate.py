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
import numpy as np
import pyarrow as pa

from rankmart.bootstrap import DECIMALS, RESAMPLES, Counts, draw, estimate
from rankmart.segments import ALL, HISTORIES, SEGMENTS, history_segments
from rankmart.sql import sql_text
from rankmart.user_values import (
    LABEL_METRICS,
    LIST_METRICS,
    Keys,
    Matrix,
    SplitHistory,
    as_matrices,
    label_values,
    labelled_users,
    labels_by_age,
    list_values,
)

DEFAULT_KS = (5, 10, 20)

SEGMENT_K = 10
"""The list length at which segments and single users are judged."""

USER_METRICS = (*LABEL_METRICS, *LIST_METRICS)
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
        judged = _Judged(connection, lists, labels, tuple(sorted(set(ks))), history, users, names)
        counts = draw(len(users), resamples=resamples)
        parts = judged.segments(counts)
        figures += judged.coverage(catalog_size)
        values = judged.values()
        for model, of_model in zip(names, values, strict=True):
            figures += judged.rows(of_model, counts, model=model)
            for part in parts:
                figures += judged.segment_rows(part, of_model, model=model)
            if compared in names and model != compared:
                apart = values[names.index(compared)] - of_model
                differences += judged.rows(apart, counts, model=compared, baseline=model)
            of_users.append(judged.of_users(model, of_model))
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


@dataclass(frozen=True)
class _Segment:
    """Some users, at least one, by their places, and how often each resample drew them.

    label_values: (models, users, metrics), where only some of the labels count as relevant.
    """

    name: str
    members: Keys
    counts: Counts
    label_values: Matrix | None = None


@dataclass(frozen=True)
class _Judged:
    """The users with a label, and what is known of their lists."""

    connection: duckdb.DuckDBPyConnection
    lists: str
    labels: str
    ks: tuple[int, ...]
    history: SplitHistory | None
    users: pa.Table
    models: list[str]

    @property
    def keys(self) -> Keys:
        keys: Keys = self.users.column("user_key").to_numpy()
        return keys

    @property
    def all_ks(self) -> list[int]:
        return sorted({*self.ks, SEGMENT_K})

    def columns(self) -> list[tuple[str, int]]:
        """Metric and k of the columns of `values`."""
        return [(metric, k) for metric in USER_METRICS for k in self.all_ks]

    def at_segment_k(self) -> list[int]:
        """The places of the columns that segments and users are judged by."""
        return [place for place, (_, k) in enumerate(self.columns()) if k == SEGMENT_K]

    def values(self) -> Matrix:
        """(models, users, columns): every value, NaN where a user has none."""
        of_labels = self._label_values(self.labels, users=self.keys, ks=self.all_ks)
        of_lists = np.full(
            (len(self.models), len(self.keys), len(LIST_METRICS) * len(self.all_ks)), np.nan
        )
        # Model by model: the tags of all lists of one are what takes memory here.
        for place, model in enumerate(self.models if self.history else ()):
            assert self.history is not None
            [of_lists[place]] = as_matrices(
                list_values(
                    self.connection,
                    lists=self.lists,
                    labels=self.labels,
                    ks=self.all_ks,
                    models=[model],
                    history=self.history,
                ),
                models=[model],
                users=self.keys,
                ks=self.all_ks,
                metrics=LIST_METRICS,
            )
        return np.concatenate([of_labels, of_lists], axis=2)

    def _label_values(self, labels: str, *, users: Keys, ks: list[int]) -> Matrix:
        found = label_values(
            self.connection, lists=self.lists, labels=labels, ks=ks, models=self.models
        )
        return as_matrices(found, models=self.models, users=users, ks=ks, metrics=LABEL_METRICS)

    def segments(self, counts: Counts) -> list[_Segment]:
        """The segments besides `all`; none without a history."""
        if self.history is None:
            return []
        groups = history_segments(self.users.column("history_length").to_numpy())
        segments = []
        for place in np.unique(groups):
            members = np.flatnonzero(groups == place)
            segments.append(_Segment(HISTORIES[place][0], members, counts[:, members]))
        by_age = labels_by_age(self.connection, labels=self.labels, history=self.history)
        for name, labels in by_age.items():
            keys = np.unique(labels.column("user_key").to_numpy())
            self.connection.register("labels_of_segment", labels)
            values = self._label_values("labels_of_segment", users=keys, ks=[SEGMENT_K])
            self.connection.unregister("labels_of_segment")
            members = np.searchsorted(self.keys, keys)
            segments.append(_Segment(name, members, counts[:, members], values))
        return segments

    def rows(self, values: Matrix, counts: Counts, **names: str) -> Rows:
        """The means over all users, at every k that is asked for."""
        shown = [place for place, (_, k) in enumerate(self.columns()) if k in self.ks]
        columns = [self.columns()[place] for place in shown]
        return _rows(columns, values[:, shown], counts, segment=ALL, **names)

    def segment_rows(self, part: _Segment, values: Matrix, *, model: str) -> Rows:
        """The means over a segment."""
        if part.label_values is None:
            metrics: tuple[str, ...] = USER_METRICS
            of_members = values[part.members][:, self.at_segment_k()]
        else:
            metrics = LABEL_METRICS
            of_members = part.label_values[self.models.index(model)]
        columns = [(metric, SEGMENT_K) for metric in metrics]
        return _rows(columns, of_members, part.counts, segment=part.name, model=model)

    def of_users(self, model: str, values: Matrix) -> pa.Table:
        """One model's rows of `Evaluation.users`."""
        return pa.table(
            [
                pa.array([model] * len(self.users)),
                *(self.users.column(name) for name in USERS.names[1:4]),
                *(pa.array(values[:, place], from_pandas=True) for place in self.at_segment_k()),
            ],
            names=USERS.names,
        ).cast(USERS)

    def coverage(self, catalog_size: int) -> Rows:
        """`catalog_coverage` of every model, which no single user has a value of."""
        found = self.connection.sql(
            sql_text("catalog_coverage"),
            params={
                "lists": self.lists,
                "labels": self.labels,
                "ks": list(self.ks),
                "models": self.models,
                "catalog_size": catalog_size,
            },
        ).fetchall()
        return [
            {
                "model": model,
                "segment": ALL,
                "metric": "catalog_coverage",
                "k": k,
                "value": round(value, DECIMALS),
                "users": len(self.users),
            }
            for model, k, value in found
        ]


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
