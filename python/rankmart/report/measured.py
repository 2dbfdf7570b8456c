"""How good the run is: beside every model, by segment, and what its lists are like."""

from dataclasses import dataclass

import duckdb

from rankmart.recorded import Figure, RecordedRun
from rankmart.report.charts import BEST, OTHER, OWN, POPULAR, DotChart, Mark, dot_chart
from rankmart.segments import SEGMENTS

COLUMNS = ("ndcg", "recall", "hit_rate", "mrr", "map")
BEYOND = ("catalog_coverage", "novelty", "intra_list_diversity", "new_product_share")


@dataclass(frozen=True)
class Difference:
    """By how much the ranker's NDCG@10 is above that of a generator."""

    baseline: str
    difference: float
    low: float | None
    high: float | None

    @property
    def verdict(self) -> str:
        """What the interval says; nothing where there is none."""
        if self.low is None or self.high is None:
            return ""
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "within chance"


@dataclass(frozen=True)
class ModelRow:
    """A model's figures by metric; None where it has none."""

    model: str
    figures: dict[str, Figure | None]


@dataclass(frozen=True)
class SegmentRow:
    """NDCG@10 of a segment, of the published model and of those that it is set beside."""

    segment: str
    users: int
    own: Figure
    others: dict[str, Figure | None]


@dataclass(frozen=True)
class Measured:
    """The run's evaluation. `best` is the best generator alone, the published one left out."""

    users: int
    best: str | None
    models: tuple[ModelRow, ...]
    differences: tuple[Difference, ...]
    segments: tuple[SegmentRow, ...]
    chart: DotChart
    segment_chart: DotChart

    def against(self, baseline: str | None) -> Difference | None:
        """The ranker beside one generator."""
        return next((row for row in self.differences if row.baseline == baseline), None)

    @property
    def worst(self) -> SegmentRow | None:
        """The segment with the lowest figure of those that are a tenth of the users or more."""
        large = [row for row in self.segments if row.users * 10 >= self.users]
        return min(large, key=lambda row: row.own.value) if large else None


def measure(connection: duckdb.DuckDBPyConnection, run: RecordedRun) -> Measured:
    """What `ranker.evaluation` and `ranker.evaluation_differences` hold of a run."""
    names = run.models()
    generators = [
        name for name in names if name not in (run.model, "ranker") and "_by_score" not in name
    ]
    best = generators[0] if generators else None
    own = run.figure("ndcg")
    differences = connection.execute(
        "select baseline, difference, ci_low, ci_high from ranker.evaluation_differences"
        " where run_id = ? and metric = 'ndcg' and k = 10 and segment = 'all'"
        " order by difference, baseline",
        [run.run_id],
    ).fetchall()
    segments = _segments(run, best)
    return Measured(
        users=own.users if own else 0,
        best=best,
        models=tuple(
            ModelRow(
                name,
                {metric: run.figure(metric, model=name) for metric in (*COLUMNS, *BEYOND)},
            )
            for name in names
        ),
        differences=tuple(Difference(*row) for row in differences),
        segments=segments,
        chart=_chart(run, names),
        segment_chart=_segment_chart(segments),
    )


def _segments(run: RecordedRun, best: str | None) -> tuple[SegmentRow, ...]:
    rows = []
    beside = {BEST: best, POPULAR: "popular"}
    for segment in SEGMENTS[1:]:
        own = run.figure("ndcg", segment=segment)
        if own is None:
            continue
        others = {
            name: run.figure("ndcg", model=model, segment=segment)
            for name, model in beside.items()
            if model not in (None, run.model) and not (name == POPULAR and best == "popular")
        }
        rows.append(SegmentRow(segment, own.users, own, others))
    return tuple(rows)


def _chart(run: RecordedRun, names: list[str]) -> DotChart:
    rows = []
    for name in names:
        figure = run.figure("ndcg", model=name)
        if figure is not None:
            series = OWN if name == run.model else OTHER
            rows.append((name, [Mark(series, figure.value, figure.low, figure.high)]))
    return dot_chart(
        rows,
        title="NDCG@10 of every model",
        description="A dot is the mean over the test users, its line the 95 % interval.",
        strong=run.model,
    )


def _segment_chart(segments: tuple[SegmentRow, ...]) -> DotChart:
    rows = []
    for row in segments:
        marks = [Mark(OWN, row.own.value, row.own.low, row.own.high)]
        marks += [
            Mark(name, figure.value) for name, figure in row.others.items() if figure is not None
        ]
        rows.append((row.segment.capitalize(), marks))
    return dot_chart(
        rows,
        title="NDCG@10 by segment",
        description="The published model with its 95 % interval, and what it is set beside.",
    )
