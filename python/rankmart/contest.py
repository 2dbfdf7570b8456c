"""The ranker against every generator: whose lists are published, and how good they are."""

import json
import logging
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from rankmart.evaluate import candidate_recall, evaluate
from rankmart.features import generator_names, in_passes
from rankmart.progress import Progress
from rankmart.rank import Scorer, top_k
from rankmart.warehouse import first_row, run

logger = logging.getLogger(__name__)

DEPTH = 20
ROWS_PER_PASS = 2_000_000


@dataclass(frozen=True, kw_only=True)
class Contest:
    """Every model on the same users of a split.

    evaluation: rows (model, segment, metric, k, value, ci_low, ci_high, users).
    """

    evaluation: pa.Table
    candidate_recall: float
    users: int

    def value(self, model: str, metric: str = "ndcg", k: int = 10) -> float:
        """One figure; 0 for a model that was not in it."""
        return self._figure(model, metric, k)[0] or 0.0

    def interval(self, model: str) -> tuple[float | None, float | None]:
        """The 95 % confidence interval of a model's NDCG@10."""
        return self._figure(model, "ndcg", 10)[1:]

    def best(self, models: list[str]) -> str:
        """The model with the highest NDCG@10; of equals the first."""
        return max(models, key=self.value)

    def figures(self, model: str) -> dict[str, float]:
        """All figures of a model, as `ndcg_at_10` and so on."""
        return {
            f"{row['metric']}_at_{row['k']}": row["value"]
            for row in self.evaluation.to_pylist()
            if row["model"] == model
        }

    def models(self) -> list[str]:
        """The models, best first."""
        names = dict.fromkeys(self.evaluation.column("model").to_pylist())
        return sorted(names, key=lambda name: -self.value(name))

    def _figure(
        self, model: str, metric: str, k: int
    ) -> tuple[float | None, float | None, float | None]:
        for row in self.evaluation.to_pylist():
            if (row["model"], row["metric"], row["k"]) == (model, metric, k):
                return row["value"], row["ci_low"], row["ci_high"]
        return None, None, None


def hold_contest(
    connection: duckdb.DuckDBPyConnection,
    split: str,
    *,
    features: list[str],
    ranker: Scorer | None,
    progress: Progress,
) -> Contest:
    """Evaluate every generator, and the ranker if there is one, on the labels of a split."""
    run(
        connection,
        """
        create or replace temp table contest_labels as
        select labels.user_key, labels.product_key
        from intermediate.labels as labels
        semi join intermediate.target_users as targets
            on labels.split = targets.split and labels.user_key = targets.user_key
        where labels.split = ?
        """,
        [split],
    )
    run(
        connection,
        "create or replace temp table contest_lists"
        " (model varchar, user_key integer, product_key integer, rank integer)",
    )
    generators = generator_names(features)
    for generator in generators:
        run(
            connection,
            f"""
            insert into contest_lists
            select ?, user_key, product_key, source_rank
            from intermediate.candidates_{generator}
            where split = ? and source_rank <= ?
            """,
            [generator, split, DEPTH],
        )
    if ranker is not None:
        passes = passes_over(connection, split)
        for number, rows in enumerate(
            in_passes(connection, split, features=features, passes=passes), start=1
        ):
            connection.register("ranked", top_k(rows, ranker.predict(rows.matrix), k=DEPTH))
            run(
                connection,
                "insert into contest_lists"
                " select 'ranker', user_key, product_key, rank from ranked",
            )
            connection.unregister("ranked")
            progress(f"rank {split}", number, passes)
    evaluation = evaluate(
        connection,
        lists="contest_lists",
        labels="contest_labels",
        catalog_size=max(1, _count(connection, "intermediate.product_stats", split)),
        models=[*generators, "ranker"] if ranker is not None else generators,
    )
    run(
        connection,
        """
        create or replace temp view contest_candidates as
        select user_key, product_key from intermediate.candidates
        where split = '{}'
        """.format(split.replace("'", "''")),
    )
    recall = candidate_recall(connection, candidates="contest_candidates", labels="contest_labels")
    (users,) = first_row(connection, "select count(distinct user_key) from contest_labels")
    return Contest(evaluation=evaluation, candidate_recall=recall, users=users)


def ideal_dcg(
    connection: duckdb.DuckDBPyConnection, split: str, *, k: int = 10
) -> dict[int, float]:
    """By labelled user of a split, DCG@k of a perfect list."""
    best = np.cumsum(1 / np.log2(np.arange(2, k + 2)))
    counts = connection.execute(
        """
        select labels.user_key, count(*)
        from intermediate.labels as labels
        semi join intermediate.target_users as targets
            on labels.split = targets.split and labels.user_key = targets.user_key
        where labels.split = ?
        group by labels.user_key
        """,
        [split],
    ).fetchall()
    return {user: float(best[min(k, count) - 1]) for user, count in counts}


def passes_over(connection: duckdb.DuckDBPyConnection, split: str) -> int:
    """In how many passes to read a split's features, at most ROWS_PER_PASS rows in each."""
    rows = _count(connection, "user_product_features", split)
    return max(1, -(-rows // ROWS_PER_PASS))


def metrics_json(contest: Contest, model: str) -> str:
    """What `ranker.runs.metrics` keeps: the published model's figures, and the recall."""
    figures = {name: value for name, value in contest.figures(model).items() if value is not None}
    if not np.isnan(contest.candidate_recall):
        figures["candidate_recall"] = contest.candidate_recall
    return json.dumps(figures, sort_keys=True)


def _count(connection: duckdb.DuckDBPyConnection, table: str, split: str) -> int:
    (rows,) = first_row(connection, f"select count(*) from {table} where split = ?", [split])
    return int(rows)
