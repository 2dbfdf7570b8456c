"""Peers' lists under Rankmart's metrics: the same users, the same labels, the same code."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.peers.export import Split
from rankmart.errors import RankmartError
from rankmart.evaluate import evaluate
from rankmart.warehouse import run

DEPTH = 20

# Ranks are counted anew from what is left, so that no list loses a place to what it may not name.
_CLEANED = """
    with

    firsts as (

        select
            user_key,
            product_key,
            min(position) as position
        from read_parquet($lists)
        where setting = $setting
        group by user_key, product_key

    ),

    unseen as (

        select firsts.*
        from firsts
        anti join read_parquet($history) as seen
            on firsts.user_key = seen.user_key and firsts.product_key = seen.product_key

    )

    select
        $model as model,
        user_key,
        product_key,
        row_number() over (partition by user_key order by position) as rank
    from unseen
    qualify rank <= $depth
"""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One model's, all users first; `warm` is NDCG@10 of the users with a history."""

    ndcg: float
    recall: float
    coverage: float
    warm_ndcg: float


class Evaluation:
    """Collects lists, then evaluates all of them at once on the users of a split."""

    def __init__(self, split: Split) -> None:
        self.split = split
        self.models: list[str] = []
        self.connection = duckdb.connect()
        run(
            self.connection,
            "create table lists"
            " (model varchar, user_key integer, product_key integer, rank integer)",
        )
        for name in ("users", "labels"):
            run(
                self.connection,
                f"create table {name} as select * from read_parquet($file)",
                {"file": str(split.folder / f"{name}.parquet")},
            )

    def add(self, model: str, lists: Path, *, setting: int = 0) -> None:
        """A peer's lists: without products of the user's history, cut at DEPTH."""
        self.models.append(model)
        run(
            self.connection,
            f"insert into lists {_CLEANED}",
            {
                "model": model,
                "lists": str(lists),
                "setting": setting,
                "history": str(self.split.folder / "history.parquet"),
                "depth": DEPTH,
            },
        )

    def add_rankmart(self, test_lists: Path) -> list[str]:
        """Rankmart's lists as it evaluated them; returns the names of its models."""
        self.connection.execute(
            "select distinct model from read_parquet($file) order by model",
            {"file": str(test_lists)},
        )
        names = [name for (name,) in self.connection.fetchall()]
        self.models.extend(names)
        run(
            self.connection,
            "insert into lists select model, user_key, product_key, rank from read_parquet($file)",
            {"file": str(test_lists)},
        )
        return names

    def figures(self) -> dict[str, Figures]:
        """By model, in the order in which they were added. No user, or none warm: all are 0."""
        everyone = self._values("labels")
        run(
            self.connection,
            "create or replace temp table warm_labels as"
            " select labels.* from labels semi join users"
            " on labels.user_key = users.user_key and users.has_history",
        )
        warm = self._values("warm_labels")
        return {
            model: Figures(
                ndcg=everyone.get((model, "ndcg"), 0.0),
                recall=everyone.get((model, "recall"), 0.0),
                coverage=everyone.get((model, "catalog_coverage"), 0.0),
                warm_ndcg=warm.get((model, "ndcg"), 0.0),
            )
            for model in self.models
        }

    def _values(self, labels: str) -> dict[tuple[str, str], float]:
        evaluation = evaluate(
            self.connection,
            lists="lists",
            labels=labels,
            catalog_size=max(1, self.split.catalog_size),
            ks=(10,),
            models=self.models,
            resamples=0,
        )
        return {
            (row["model"], row["metric"]): row["value"] for row in evaluation.figures.to_pylist()
        }


def best_setting(split: Split, lists: Path, settings: int) -> tuple[int, Sequence[float]]:
    """The number of the setting with the highest NDCG@10, of equals the first; and all of them."""
    evaluation = Evaluation(split)
    for number in range(settings):
        evaluation.add(str(number), lists, setting=number)
    values = [figures.ndcg for figures in evaluation.figures().values()]
    return max(range(settings), key=values.__getitem__), values


def require_equal(model: str, here: float, there: float) -> None:
    """Raises unless Rankmart's own figure comes out again from what was exported."""
    if abs(here - there) > 1e-9:
        raise RankmartError(
            f"NDCG@10 of {model} is {here:.6f} by the exported labels, but {there:.6f} in"
            " ranker.evaluation: users or labels differ, so the peers' figures would not compare"
        )
