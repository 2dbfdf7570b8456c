"""A run as the tables of schema `ranker` tell it, after it has been written."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from rankmart.segments import ALL

_COLUMNS = (
    "run_id",
    "created_at",
    "model",
    "protocol",
    "data_fingerprint",
    "git_commit",
    "parameters",
    "seed",
    "verdict",
    "verdict_reason",
    "is_current",
    "user_count",
    "product_count",
    "interaction_count",
    "recommendation_count",
    "candidate_recall",
    "seconds",
)


@dataclass(frozen=True)
class Figure:
    """One figure of a model; the interval is None where there is none."""

    model: str
    segment: str
    metric: str
    k: int
    value: float
    low: float | None
    high: float | None
    users: int


@dataclass(frozen=True)
class RecordedRun:
    """A row of `ranker.runs`; what it was measured by, and the shares of gain of its features.

    `candidate_recall` is None where no test user had a candidate. `importance` is ordered by
    gain, the largest first, and empty where a generator stands in for the ranker.
    """

    run_id: str
    created_at: datetime
    model: str
    protocol: str
    data_fingerprint: str
    git_commit: str | None
    parameters: dict[str, Any]
    seed: int
    verdict: str
    verdict_reason: str
    is_current: bool
    user_count: int
    product_count: int
    interaction_count: int
    recommendation_count: int
    candidate_recall: float | None
    seconds: float
    figures: tuple[Figure, ...]
    importance: tuple[tuple[str, float], ...]

    def figure(
        self, metric: str, *, model: str | None = None, k: int = 10, segment: str = ALL
    ) -> Figure | None:
        """One figure, of the run's own model unless told; None where there is no such row."""
        asked = (model or self.model, segment, metric, k)
        for figure in self.figures:
            if (figure.model, figure.segment, figure.metric, figure.k) == asked:
                return figure
        return None

    def models(self) -> list[str]:
        """Every model that was evaluated, by NDCG@10, best first; of equals by name."""
        found = {
            figure.model: figure.value
            for figure in self.figures
            if (figure.segment, figure.metric, figure.k) == (ALL, "ndcg", 10)
        }
        return sorted(found, key=lambda model: (-found[model], model))


def read_run(connection: duckdb.DuckDBPyConnection, run_id: str) -> RecordedRun:
    """The run of that id, which must be in `ranker.runs`."""
    [row] = connection.execute(
        f"select {', '.join(_COLUMNS)} from ranker.runs where run_id = ?", [run_id]
    ).fetchall()
    figures = connection.execute(
        "select model, segment, metric, k, value, ci_low, ci_high, users"
        " from ranker.evaluation where run_id = ? order by model, segment, metric, k",
        [run_id],
    ).fetchall()
    importance = connection.execute(
        "select feature, gain from ranker.feature_importance where run_id = ?"
        " order by gain desc, feature",
        [run_id],
    ).fetchall()
    values: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
    return RecordedRun(
        **(values | {"parameters": json.loads(values["parameters"])}),
        figures=tuple(Figure(*figure) for figure in figures),
        importance=tuple((feature, gain) for feature, gain in importance),
    )
