"""The values that an evaluation averages: of every model and user, in all and by segment."""

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from rankmart.bootstrap import Counts
from rankmart.segments import HISTORIES, history_segments
from rankmart.sql import sql_text
from rankmart.user_values import (
    LABEL_METRICS,
    LIST_METRICS,
    Keys,
    Matrix,
    SplitHistory,
    as_matrices,
    label_values,
    labels_by_age,
    list_values,
)

SEGMENT_K = 10
"""The list length at which segments and single users are judged."""

USER_METRICS = (*LABEL_METRICS, *LIST_METRICS)


@dataclass(frozen=True)
class Segment:
    """Some users, at least one, by their places, and how often each resample drew them.

    label_values: (models, users, metrics), where only some of the labels count as relevant.
    """

    name: str
    members: Keys
    counts: Counts
    label_values: Matrix | None = None


@dataclass(frozen=True)
class Judged:
    """The users with a label, and where to find what they were recommended.

    users: (user_key, history_length, label_count), by user_key. models: whose lists are judged.
    """

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

    def segments(self, counts: Counts) -> list[Segment]:
        """The segments besides `all`; none without a history."""
        if self.history is None:
            return []
        groups = history_segments(self.users.column("history_length").to_numpy())
        segments = []
        for place in np.unique(groups):
            members = np.flatnonzero(groups == place)
            segments.append(Segment(HISTORIES[place][0], members, counts[:, members]))
        by_age = labels_by_age(self.connection, labels=self.labels, history=self.history)
        for name, labels in by_age.items():
            keys = np.unique(labels.column("user_key").to_numpy())
            self.connection.register("labels_of_segment", labels)
            values = self._label_values("labels_of_segment", users=keys, ks=[SEGMENT_K])
            self.connection.unregister("labels_of_segment")
            members = np.searchsorted(self.keys, keys)
            segments.append(Segment(name, members, counts[:, members], values))
        return segments

    def coverage(self, catalog_size: int) -> list[tuple[str, int, float]]:
        """Model, k and `catalog_coverage`, which no single user has a value of."""
        return self.connection.sql(
            sql_text("catalog_coverage"),
            params={
                "lists": self.lists,
                "labels": self.labels,
                "ks": list(self.ks),
                "models": self.models,
                "catalog_size": catalog_size,
            },
        ).fetchall()
