"""What is different from the run that was published before."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from rankmart.errors import first_line
from rankmart.recorded import RecordedRun, read_run
from rankmart.report.stability import in_words, shares, stability_index

FIRST = 10
"""So much of two lists is compared."""

SAMPLED_ROWS = 200_000
SHOWN_FEATURES = 12

SIZES = (
    ("Users", "user_count"),
    ("Products", "product_count"),
    ("Interactions", "interaction_count"),
    ("Recommendations", "recommendation_count"),
    ("Seconds of scoring", "seconds"),
)
METRICS = (
    ("ndcg", "NDCG@10"),
    ("recall", "Recall@10"),
    ("hit_rate", "Hit rate@10"),
    ("mrr", "MRR@10"),
    ("catalog_coverage", "Coverage@10"),
    ("novelty", "Novelty@10"),
    ("intra_list_diversity", "Diversity@10"),
    ("new_product_share", "New products@10"),
)


@dataclass(frozen=True)
class Change:
    """A number of both runs; `note` says whether chance explains the difference."""

    name: str
    before: float
    now: float
    note: str = ""

    @property
    def difference(self) -> float:
        return self.now - self.before

    @property
    def share(self) -> float | None:
        return self.difference / self.before if self.before else None


@dataclass(frozen=True)
class Distribution:
    """Quartiles of both runs, and how far the second lies from the first."""

    name: str
    before: tuple[float, float, float]
    now: tuple[float, float, float]
    index: float

    @property
    def words(self) -> str:
        return in_words(self.index)


@dataclass(frozen=True)
class ListChange:
    """The first FIRST places of users who have a list in both runs.

    overlaps: by number of products in common, from 0 to FIRST, the share of these users.
    """

    users: int
    new_users: int
    gone_users: int
    same: float
    same_first: float
    mean_overlap: float
    overlaps: tuple[float, ...]

    @property
    def changed(self) -> float:
        return 1 - self.same


@dataclass(frozen=True)
class FeatureShift:
    """A feature on the rows that trained the ranker and on those that it scored now."""

    feature: str
    gain: float
    index: float
    reference: tuple[float, ...]
    scored: tuple[float, ...]

    @property
    def words(self) -> str:
        return in_words(self.index)


@dataclass(frozen=True)
class Drift:
    """Beside the run before. `lists` is None, and `why_no_lists` says why, without its snapshot.

    settings: (name, before, now) of the parameters that are different.
    """

    before: RecordedRun
    sizes: tuple[Change, ...]
    metrics: tuple[Change, ...]
    settings: tuple[tuple[str, str, str], ...]
    lists: ListChange | None
    distributions: tuple[Distribution, ...]
    why_no_lists: str


def read_drift(
    connection: duckdb.DuckDBPyConnection, run: RecordedRun, published: Path
) -> Drift | None:
    """The run beside the one that was published before it; None for the first."""
    earlier = connection.execute(
        "select run_id from ranker.runs where verdict = 'published' and run_id != ?"
        " and created_at < ? order by created_at desc, run_id limit 1",
        [run.run_id, run.created_at],
    ).fetchall()
    if not earlier:
        return None
    before = read_run(connection, earlier[0][0])
    lists, distributions, why = _between_snapshots(before, run, published)
    return Drift(
        before=before,
        sizes=tuple(
            Change(name, float(getattr(before, field)), float(getattr(run, field)))
            for name, field in SIZES
        ),
        metrics=tuple(_metric_changes(before, run)),
        settings=tuple(_setting_changes(before, run)),
        lists=lists,
        distributions=distributions,
        why_no_lists=why,
    )


def _metric_changes(before: RecordedRun, now: RecordedRun) -> list[Change]:
    """Chance: the limit of a difference of two independent measurements, as the gate has it."""
    changes = []
    for metric, name in METRICS:
        old, new = before.figure(metric), now.figure(metric)
        if old is None or new is None:
            continue
        note = ""
        if None not in (old.low, old.high, new.low, new.high):
            up = new.value >= old.value
            ends = (
                ((new.low or 0) - new.value, (old.high or 0) - old.value)
                if up
                else ((new.high or 0) - new.value, (old.low or 0) - old.value)
            )
            beyond = abs(new.value - old.value) > (ends[0] ** 2 + ends[1] ** 2) ** 0.5
            note = ("above" if up else "below") if beyond else "within chance"
        changes.append(Change(name, old.value, new.value, note))
    if before.candidate_recall is not None and now.candidate_recall is not None:
        changes.append(Change("Candidate recall", before.candidate_recall, now.candidate_recall))
    return changes


def _setting_changes(before: RecordedRun, now: RecordedRun) -> list[tuple[str, str, str]]:
    old, new = _flat(before), _flat(now)
    return [
        (name, old.get(name, "–"), new.get(name, "–"))
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]


def _flat(run: RecordedRun) -> dict[str, str]:
    """The parameters in words, those of boosters and features as a whole."""
    parameters: dict[str, Any] = {
        **run.parameters,
        "protocol": run.protocol,
        "seed": run.seed,
        "features": len(run.parameters.get("features", ())),
        "data": run.data_fingerprint,
        "git commit": (run.git_commit or "–")[:12],
    }
    members = parameters.pop("members", [])
    parameters["boosters"] = ", ".join(
        f"{member['xgboost']['objective']} × {member['rounds']}" for member in members
    )
    parameters.pop("validation_ndcg_at_10", None)
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in parameters.items()
    }


_ITEMS = """
create or replace temp view items_{which} as
select
    user_id,
    unnest(from_json(items, '[{{"rank": "int", "product_id": "varchar", "score": "double"}}]'),
        recursive := true)
from {which}.recommendation_lists
"""

_OVERLAPS = """
with

before_lists as (

    select user_id, list(product_id order by rank) as products
    from items_before
    where rank <= $first
    group by user_id

),

now_lists as (

    select user_id, list(product_id order by rank) as products
    from items_now
    where rank <= $first
    group by user_id

)

select
    before_lists.user_id is not null,
    now_lists.user_id is not null,
    len(list_intersect(before_lists.products, now_lists.products)),
    before_lists.products = now_lists.products,
    before_lists.products[1] = now_lists.products[1],
    count(*)
from before_lists
full outer join now_lists
    on before_lists.user_id = now_lists.user_id
group by all
"""

_VALUES = {
    "Products in a user's history": (
        "select cast(json_array_length(items) as double) from {which}.history_lists"
    ),
    "Stars given": (
        'select unnest(from_json(items, \'[{{"rating": "double"}}]\'), recursive := true)'
        " from {which}.history_lists"
    ),
    "Reviews of a recommended product": (
        "select cast(products.review_count as double) from items_{which} as items"
        " left join {which}.products as products on items.product_id = products.product_id"
    ),
    "Score of a first place": "select score from items_{which} where rank = 1",
}


def _between_snapshots(
    before: RecordedRun, now: RecordedRun, published: Path
) -> tuple[ListChange | None, tuple[Distribution, ...], str]:
    """How lists and values differ, where both snapshots are kept; else why that is not known."""
    files = {
        name: published / f"{run.run_id}.duckdb"
        for name, run in (("before", before), ("now", now))
    }
    for file in files.values():
        if not file.exists():
            return (
                None,
                (),
                f"the snapshot {file.name} is not kept (RANKMART_KEEP_RUNS says how many are)",
            )
    try:
        with duckdb.connect() as connection:
            for name, file in files.items():
                literal = str(file).replace("'", "''")
                connection.execute(f"attach '{literal}' as {name} (read_only)")
                connection.execute(_ITEMS.format(which=name))
            return _list_change(connection), _distributions(connection), ""
    except duckdb.Error as error:
        return None, (), f"a snapshot can't be read ({first_line(error)})"


def _list_change(connection: duckdb.DuckDBPyConnection) -> ListChange:
    rows = connection.execute(_OVERLAPS, {"first": FIRST}).fetchall()
    both = [row for row in rows if row[0] and row[1]]
    users = sum(count for *_, count in both)

    def share(counts: list[int]) -> float:
        return sum(counts) / users if users else 0.0

    return ListChange(
        users=users,
        new_users=sum(row[-1] for row in rows if not row[0]),
        gone_users=sum(row[-1] for row in rows if not row[1]),
        same=share([row[-1] for row in both if row[3]]),
        same_first=share([row[-1] for row in both if row[4]]),
        mean_overlap=share([row[2] * row[-1] for row in both]),
        overlaps=tuple(
            share([row[-1] for row in both if row[2] == common]) for common in range(FIRST + 1)
        ),
    )


def _distributions(connection: duckdb.DuckDBPyConnection) -> tuple[Distribution, ...]:
    found = []
    for name, sql in _VALUES.items():
        before, now = (_column(connection, sql.format(which=which)) for which in ("before", "now"))
        if np.isnan(before).all() or np.isnan(now).all():
            continue
        found.append(
            Distribution(
                name, _quartiles(before), _quartiles(now), stability_index(*shares(before, now))
            )
        )
    return tuple(found)


def _column(connection: duckdb.DuckDBPyConnection, sql: str) -> np.ndarray:
    table = connection.sql(sql).to_arrow_table()
    return np.asarray(table.column(0).to_numpy(), dtype=np.float64)


def _quartiles(values: np.ndarray) -> tuple[float, float, float]:
    low, middle, high = np.nanquantile(values, (0.25, 0.5, 0.75)).tolist()
    return low, middle, high


def read_feature_shifts(
    connection: duckdb.DuckDBPyConnection, run: RecordedRun
) -> tuple[FeatureShift, ...]:
    """The features with the largest gain, on `fit` rows beside `serve` rows; of some users each.

    Which users is told by a digest of their key, so that it is the same in every report.
    """
    known = {name for name, *_ in connection.execute("describe user_product_features").fetchall()}
    shown = [(name, gain) for name, gain in run.importance if name in known][:SHOWN_FEATURES]
    if not shown:
        return ()
    columns = ", ".join(f'cast("{name}" as double) as "{name}"' for name, _ in shown)
    of_split = {}
    for split in ("fit", "serve"):
        [(rows,)] = connection.execute(
            "select count(*) from user_product_features where split = ?", [split]
        ).fetchall()
        of_split[split] = connection.sql(
            f"select {columns} from user_product_features"
            " where split = $split and hash(user_key) % $parts = 0",
            params={"split": split, "parts": max(1, -(-rows // SAMPLED_ROWS))},
        ).to_arrow_table()
    shifts = []
    for name, gain in shown:
        fit, serve = (
            np.asarray(of_split[split].column(name).to_numpy(), dtype=np.float64)
            for split in ("fit", "serve")
        )
        reference, scored = shares(fit, serve)
        shifts.append(
            FeatureShift(
                name, gain, stability_index(reference, scored), tuple(reference), tuple(scored)
            )
        )
    return tuple(shifts)
