"""What is different from the run that was published before."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from rankmart.recorded import RecordedRun, read_run
from rankmart.report.moved_lists import Distribution, ListChange, between_snapshots

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
    lists, distributions, why = between_snapshots(before, run, published)
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
