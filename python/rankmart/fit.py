"""What the ranker learns from: the candidates of every label window, with their right answers."""

import hashlib
from dataclasses import dataclass

import duckdb
import numpy as np

from rankmart.contest import ideal_dcg
from rankmart.features import FeatureRows, read_features
from rankmart.training_data import USERS_AT_MOST


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Features of fit users with a positive among their candidates; DCG@10 of a perfect list, of
    every labelled one.

    A user who has labels in several windows is asked in each: the key of one in the window before
    the last is USERS_AT_MOST higher than the user's own, and so on.
    """

    rows: FeatureRows
    ideal_dcg: dict[int, float]
    features: list[str]

    @property
    def users(self) -> int:
        """Those with a positive among their candidates, in each window anew."""
        return len(np.unique(self.rows.users))

    def digest(self, seed: int) -> str:
        """Equal for equal features, labels and seed: trials on other data are not comparable."""
        digest = hashlib.sha256(repr((self.features, seed)).encode())
        for part in (self.rows.matrix, self.rows.users, self.rows.products, self.rows.labels):
            digest.update(part.tobytes())
        return digest.hexdigest()[:16]


def read_fit(connection: duckdb.DuckDBPyConnection, *, features: list[str]) -> Fit:
    """The label windows that the warehouse has, the last one first."""
    parts: list[FeatureRows] = []
    ideal: dict[int, float] = {}
    for window, split in enumerate(fit_splits(connection)):
        ahead = window * USERS_AT_MOST
        rows = read_features(connection, split, features=features, only_users_with_positives=True)
        rows.users[:] += ahead
        parts.append(rows)
        ideal |= {user + ahead: value for user, value in ideal_dcg(connection, split).items()}
    return Fit(
        rows=FeatureRows.together(parts), ideal_dcg=dict(sorted(ideal.items())), features=features
    )


def fit_splits(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The names of the label windows, the last one first: `fit`, then `fit_2`, and so on."""
    earlier = connection.execute(
        "select distinct split from intermediate.target_users where starts_with(split, 'fit_')"
    ).fetchall()
    return ["fit", *sorted(split for (split,) in earlier)]
