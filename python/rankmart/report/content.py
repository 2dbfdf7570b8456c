"""All that the report tells, and the few sentences that it begins with."""

from dataclasses import dataclass

import duckdb

from rankmart.errors import MissingTableError, WarehouseError
from rankmart.recorded import RecordedRun, read_run
from rankmart.report.charts import BarChart, ColumnChart, bar_chart, column_chart
from rankmart.report.drift import Drift, read_drift
from rankmart.report.examples import Example, Recommended, read_examples, read_fallback
from rankmart.report.lists_of_run import gather_lists
from rankmart.report.measured import Measured, measure
from rankmart.report.reading import Reading, read_reading
from rankmart.report.served import Band, Lists, read_bands, read_lists
from rankmart.report.shifts import FeatureShift, read_feature_shifts
from rankmart.report.stability import LARGE
from rankmart.report.words import number, percent
from rankmart.runs import data_fingerprint
from rankmart.settings import Settings
from rankmart.warehouse import open_warehouse, require_built

SHOWN_FEATURES = 20

NOT_PUBLISHED = {
    "refused": "refused: `rankmart publish --accept` would publish it all the same",
    "held": "held: `rankmart publish` publishes it",
}
LATER = {
    "refused": "was refused",
    "held": "is held for `rankmart publish`",
    "published": "was published and gone back from",
}


@dataclass(frozen=True)
class Finding:
    """A sentence on the run; `is_good` is None for what is neither good nor bad."""

    text: str
    is_good: bool | None = None


@dataclass(frozen=True)
class Content:
    """One report. `notices` say what is unusual about the warehouse or the run."""

    run: RecordedRun
    notices: tuple[str, ...]
    findings: tuple[Finding, ...]
    reading: Reading
    measured: Measured
    lists: Lists
    why_no_lists: str
    bands: dict[str, tuple[Band, ...]]
    examples: tuple[Example, ...]
    fallback: tuple[Recommended, ...]
    drift: Drift | None
    shifts: tuple[FeatureShift, ...]
    months_chart: ColumnChart
    ratings_chart: ColumnChart
    importance_chart: BarChart
    overlap_chart: ColumnChart | None


def read_content(settings: Settings) -> Content:
    """The report on the run that is published; on the last one, refused, where none ever was.

    Raises WarehouseError where nothing was built or scored.
    """
    with open_warehouse(settings, read_only=True) as connection:
        require_built(connection)
        run = _run(connection)
        reading = read_reading(connection)
        measured = measure(connection, run)
        amiss = gather_lists(connection, run, settings.published)
        lists = read_lists(connection)
        drift = read_drift(connection, run, settings.published)
        shifts = read_feature_shifts(connection, run)
        return Content(
            run=run,
            notices=tuple(_notices(connection, run)),
            findings=tuple(_findings(run, reading, measured, lists, drift, shifts)),
            reading=reading,
            measured=measured,
            lists=lists,
            why_no_lists=amiss,
            bands=read_bands(connection, run),
            examples=read_examples(connection, run),
            fallback=read_fallback(connection),
            drift=drift,
            shifts=shifts,
            months_chart=_months_chart(reading),
            ratings_chart=column_chart(
                [(f"{stars:.0f} stars", count) for stars, count in reading.ratings],
                title="Stars given",
                description="Accepted reviews by their rating.",
                labels=[
                    (place, f"{stars:.0f} ★") for place, (stars, _) in enumerate(reading.ratings)
                ],
            ),
            importance_chart=bar_chart(
                [
                    (feature, gain, percent(gain))
                    for feature, gain in run.importance[:SHOWN_FEATURES]
                ],
                title="What the ranker goes by",
                description="Each feature's share of the gain of all splits of its trees.",
            ),
            overlap_chart=_overlap_chart(drift),
        )


def _run(connection: duckdb.DuckDBPyConnection) -> RecordedRun:
    try:
        rows = connection.execute(
            "select run_id from ranker.runs order by is_current desc, created_at desc, run_id"
            " limit 1"
        ).fetchall()
    except duckdb.CatalogException as error:
        raise MissingTableError("ranker.runs", build_with="make score") from error
    if not rows:
        raise WarehouseError("there is no run to report on: run `make score` first")
    return read_run(connection, rows[0][0])


def _notices(connection: duckdb.DuckDBPyConnection, run: RecordedRun) -> list[str]:
    notices = []
    if not run.is_current:
        notices.append(
            f"This run is {NOT_PUBLISHED.get(run.verdict, 'not served')}. No run is served yet, so"
            f" nobody gets these lists. The gate said: {run.verdict_reason}."
        )
    later = connection.execute(
        "select run_id, verdict, verdict_reason from ranker.runs"
        " where created_at > ? and run_id != ? order by created_at desc, run_id limit 1",
        [run.created_at, run.run_id],
    ).fetchall()
    for run_id, verdict, reason in later:
        notices.append(f"A later run, {run_id}, {LATER[verdict]}. The gate said: {reason}.")
    if data_fingerprint(connection) != run.data_fingerprint:
        notices.append(
            "The warehouse was built anew since this run, from other data: what is said of the"
            " data is of today, what is said of the run is of then. `make score` makes them one."
        )
    if run.model != "ranker":
        notices.append(
            f"The lists are those of {run.model}, a generator that stands in for the ranker:"
            " either there was too little to train a ranker on, or it was no better."
        )
    return notices


def _findings(
    run: RecordedRun,
    reading: Reading,
    measured: Measured,
    lists: Lists,
    drift: Drift | None,
    shifts: tuple[FeatureShift, ...],
) -> list[Finding]:
    found = []
    own = run.figure("ndcg")
    beside = measured.against(measured.best)
    if own is not None:
        text = f"NDCG@10 of {run.model} is {own.value:.4f} on {number(own.users)} test users"
        good = None
        if run.model == "ranker" and beside is not None:
            text += (
                f", {abs(beside.difference):.4f} {'above' if beside.difference >= 0 else 'below'}"
                f" {beside.baseline}, the best generator alone"
            )
            if beside.verdict == "within chance":
                text += ", which may be chance"
            good = {"better": True, "worse": False}.get(beside.verdict)
        found.append(Finding(text + ".", good))
    if run.candidate_recall is not None:
        found.append(
            Finding(
                f"Of what test users went on to want, {percent(run.candidate_recall)} was among"
                " their candidates. No ranking of these can find more.",
            )
        )
    found.append(_reading_finding(reading))
    if lists.users:
        found.append(
            Finding(
                f"{number(lists.users)} users have a list. The lists hold"
                f" {number(lists.products)} of {number(run.product_count)} products; the ten most"
                f" listed take {percent(lists.concentration)} of all places."
            )
        )
    worst = measured.worst
    if worst is not None and own is not None and worst.own.value < own.value:
        found.append(
            Finding(
                f"Of the larger segments, lists are worst for “{worst.segment}”"
                f" ({number(worst.users)} users): NDCG@10 is {worst.own.value:.4f} there."
            )
        )
    if drift is not None and drift.metrics:
        ndcg = drift.metrics[0]
        text = f"NDCG@10 was {ndcg.before:.4f} in the run before and is {ndcg.now:.4f} now"
        text += {
            "above": ", a rise that chance does not explain",
            "below": ", a fall that chance does not explain",
            "within chance": ", which may be chance",
        }.get(ndcg.note, "")
        if drift.lists is not None:
            text += f". {percent(drift.lists.changed)} of the lists changed"
        found.append(Finding(text + ".", {"above": True, "below": False}.get(ndcg.note)))
    moved = [shift.feature for shift in shifts if shift.index > LARGE]
    if moved:
        found.append(
            Finding(
                f"{len(moved)} of the {len(shifts)} weightiest features lie far from where they"
                f" lay in training, {moved[0]} first."
            )
        )
    return found


def _reading_finding(reading: Reading) -> Finding:
    lines, rejected = reading.lines, reading.rejected
    if not rejected:
        return Finding(f"All of the {number(lines)} lines read were fit to be used.", True)
    return Finding(
        f"Of {number(lines)} lines read, {number(rejected)} ({percent(rejected / lines)}) were"
        f" rejected; the commonest reason is “{reading.rejects[0].reason}”"
        f" ({number(reading.rejects[0].lines)})."
    )


def _months_chart(reading: Reading) -> ColumnChart:
    months = [month for month, _ in reading.months]
    step = max(1, -(-len(months) // 8))
    lines = []
    for split, moment in reading.cutoffs:
        for place, month in enumerate(months):
            if (month.year, month.month) == (moment.year, moment.month):
                lines.append((place + (moment.day - 1) / 31, split))
    return column_chart(
        [(f"{month:%B %Y}", count) for month, count in reading.months],
        title="Interactions by month",
        description="A column is a month; a line is where the history of a split ends.",
        labels=[
            (place, f"{month:%b %Y}")
            for place, month in enumerate(months)
            if place % step == step // 2
        ],
        lines=lines,
    )


def _overlap_chart(drift: Drift | None) -> ColumnChart | None:
    if drift is None or drift.lists is None:
        return None
    return column_chart(
        [(f"{common} in common", share) for common, share in enumerate(drift.lists.overlaps)],
        title="Products that the first ten of both runs have in common",
        description="The share of the users who have a list in both runs.",
        labels=[(common, str(common)) for common in range(len(drift.lists.overlaps))],
        percent=True,
    )
