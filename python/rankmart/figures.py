"""The evaluation of a run that the warehouse knows, as it was written: for people, JSON or CSV."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from rankmart.errors import MissingTableError, RankmartError
from rankmart.segments import ALL
from rankmart.settings import Settings
from rankmart.show import SHOWN, table
from rankmart.warehouse import open_warehouse

CURRENT, LATEST = "current", "latest"

SHOWN_METRICS = tuple(metric for metric, _ in SHOWN)

COLUMNS = ("model", "segment", "metric", "k", "value", "ci_low", "ci_high", "users")
DIFFERENCE_COLUMNS = ("difference", "difference_ci_low", "difference_ci_high")

_RUN = """
select run_id, model, verdict, verdict_reason, candidate_recall
from ranker.runs
where case $run when 'current' then is_current when 'latest' then true else run_id = $run end
order by created_at desc
limit 1
"""

# A model's own row, and by how much the ranker is above it.
_FIGURES = """
select
    figures.model, figures.segment, figures.metric, figures.k, figures.value,
    figures.ci_low, figures.ci_high, figures.users,
    differences.difference, differences.ci_low, differences.ci_high
from ranker.evaluation as figures
left join ranker.evaluation_differences as differences
    on figures.run_id = differences.run_id
    and figures.model = differences.baseline
    and figures.segment = differences.segment
    and figures.metric = differences.metric
    and figures.k = differences.k
where figures.run_id = ? and figures.segment = ? and figures.k = ?
"""


class NoSuchFiguresError(RankmartError):
    """A run, segment or k that nothing was written about."""


@dataclass(frozen=True, kw_only=True)
class RunFigures:
    """What was measured of every model of one run, on one segment and list length.

    rows: as COLUMNS and DIFFERENCE_COLUMNS name, models best first by NDCG. A difference is the
    ranker's value less the model's; None for the ranker itself, and in segments.
    """

    run_id: str
    model: str
    verdict: str
    verdict_reason: str
    candidate_recall: float | None
    segment: str
    k: int
    rows: list[dict[str, Any]]

    def models(self) -> list[str]:
        return list(dict.fromkeys(row["model"] for row in self.rows))

    def as_json(self) -> str:
        run = {
            "run_id": self.run_id,
            "model": self.model,
            "verdict": self.verdict,
            "verdict_reason": self.verdict_reason,
            "candidate_recall": self.candidate_recall,
            "segment": self.segment,
            "k": self.k,
        }
        return json.dumps(run | {"figures": self.rows}, indent=2)

    def as_csv(self) -> str:
        text = io.StringIO()
        writer = csv.DictWriter(text, [*COLUMNS, *DIFFERENCE_COLUMNS], lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue().rstrip("\n")

    def in_words(self, metrics: Sequence[str] = SHOWN_METRICS) -> str:
        """Two tables: the models, and by how much the ranker is above each of the others."""
        by_key = {(row["model"], row["metric"]): row for row in self.rows}
        there = [
            metric
            for metric in metrics
            if any(by_key.get((model, metric)) for model in self.models())
        ]
        header = ["model", *(f"{metric}@{self.k}" for metric in there)]
        figures = [
            [
                f"{model} *" if model == self.model else model,
                *(_figure(by_key.get((model, metric))) for metric in there),
            ]
            for model in self.models()
        ]
        users = max((row["users"] for row in self.rows), default=0)
        recall = (
            f", candidate recall {self.candidate_recall:.3f}"
            if self.candidate_recall is not None
            else ""
        )
        lines = [
            f"Run {self.run_id} is {self.verdict}: {self.verdict_reason}",
            f"{self.segment}: {users:,} users{recall}; * {self._starred()},"
            " in brackets the 95 % interval",
            table(header, figures),
        ]
        # What no single user has, such as the coverage of the catalogue, has no difference.
        compared = [
            metric
            for metric in there
            if any(row["metric"] == metric and row["difference"] is not None for row in self.rows)
        ]
        differences = [
            [model, *(_difference(by_key.get((model, metric))) for metric in compared)]
            for model in self.models()
        ]
        differences = [row for row in differences if any(row[1:])]
        if differences:
            header = ["model", *(f"{metric}@{self.k}" for metric in compared)]
            lines += ["", "The ranker less each, user by user", table(header, differences)]
        return "\n".join(lines)

    def _starred(self) -> str:
        return "published" if self.verdict == "published" else "would have been published"


def run_figures(
    settings: Settings, run_id: str = CURRENT, *, segment: str = ALL, k: int = 10
) -> RunFigures:
    """The figures of a run by its id, of the current one, or of the latest, refused or not.

    Raises WarehouseError, or NoSuchFiguresError for what nothing was written about.
    """
    with open_warehouse(settings, read_only=True) as connection:
        try:
            found = connection.execute(_RUN, {"run": run_id}).fetchall()
            if not found:
                raise NoSuchFiguresError(_no_run(connection, run_id))
            rows = connection.execute(_FIGURES, [found[0][0], segment, k]).fetchall()
            if not rows:
                raise NoSuchFiguresError(_no_rows(connection, found[0][0], segment, k))
        except duckdb.CatalogException as error:
            raise MissingTableError("ranker.evaluation", build_with="make score") from error
    names = [*COLUMNS, *DIFFERENCE_COLUMNS]
    records = [dict(zip(names, row, strict=True)) for row in rows]
    worth = {row["model"]: row["value"] for row in records if row["metric"] == "ndcg"}
    records.sort(key=lambda row: (-worth.get(row["model"], 0.0), row["model"], row["metric"]))
    run, model, verdict, reason, recall = found[0]
    return RunFigures(
        run_id=run,
        model=model,
        verdict=verdict,
        verdict_reason=reason,
        candidate_recall=recall,
        segment=segment,
        k=k,
        rows=records,
    )


def _no_run(connection: duckdb.DuckDBPyConnection, run_id: str) -> str:
    known = [
        name
        for (name,) in connection.execute(
            "select run_id from ranker.runs order by created_at desc limit 5"
        ).fetchall()
    ]
    if not known:
        return "no run was ever scored: run `make score` first"
    if run_id == CURRENT:
        return "no run of this warehouse is published; the last was refused: --run latest shows it"
    return f"no run {run_id!r} in the warehouse; the last are {', '.join(known)}"


def _no_rows(connection: duckdb.DuckDBPyConnection, run_id: str, segment: str, k: int) -> str:
    there = connection.execute(
        "select segment, string_agg(cast(k as varchar), ', ' order by k)"
        " from (select distinct segment, k from ranker.evaluation where run_id = ?)"
        " group by segment",
        [run_id],
    ).fetchall()
    lengths = dict(there).get(segment)
    if lengths is None:
        return f"run {run_id} has no segment {segment!r}: {', '.join(sorted(dict(there)))}"
    return f"run {run_id} has no figures at k = {k} for {segment}: it has k = {lengths}"


def _figure(row: dict[str, Any] | None) -> str:
    if row is None:
        return ""
    return f"{row['value']:.4f}" + _interval(row["ci_low"], row["ci_high"], "")


def _difference(row: dict[str, Any] | None) -> str:
    if row is None or row["difference"] is None:
        return ""
    interval = _interval(row["difference_ci_low"], row["difference_ci_high"], "+")
    return f"{row['difference']:+.4f}{interval}"


def _interval(low: float | None, high: float | None, sign: str) -> str:
    return "" if low is None or high is None else f" [{low:{sign}.4f} {high:{sign}.4f}]"
