"""The ranker against every generator: whose lists are published, and how good they are."""

import json
import logging
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from rankmart.bootstrap import DECIMALS, RESAMPLES
from rankmart.errors import WarehouseError, first_line
from rankmart.evaluate import candidate_recall, evaluate, per_user
from rankmart.features import count_rows, generator_names
from rankmart.gate import RANKER
from rankmart.progress import Progress
from rankmart.rank import Arrange, GeneratorScorer, Scorer, best_first, rank_split
from rankmart.rerank import Reranking
from rankmart.segments import ALL
from rankmart.user_values import SplitHistory
from rankmart.warehouse import first_row, run

logger = logging.getLogger(__name__)

DEPTH = 20

BY_SCORE = "_by_score"
"""What the name of a model ends with whose lists are by its own scores alone.

Neither re-ranked nor, of a generator that stands in for the ranker, filled up.
"""

# The labels of the users that candidates were made for: above a size, of a sample.
_LABELS = """
    select labels.user_key, labels.product_key
    from intermediate.labels as labels
    semi join intermediate.target_users as targets
        on labels.split = targets.split and labels.user_key = targets.user_key
    where labels.split = ?
"""


@dataclass(frozen=True, kw_only=True)
class Contest:
    """Every model on the same users of a split.

    evaluation, differences, user_values: the tables `figures`, `differences` and `users` of
    rankmart.evaluate.Evaluation.
    """

    evaluation: pa.Table
    differences: pa.Table
    user_values: pa.Table
    candidate_recall: float
    users: int

    def value(self, model: str, metric: str = "ndcg", k: int = 10) -> float:
        """One figure; 0 for a model that was not in it."""
        return self._figure(model, metric, k)[0] or 0.0

    def interval(self, model: str) -> tuple[float | None, float | None]:
        """The 95 % confidence interval of a model's NDCG@10."""
        return self._figure(model, "ndcg", 10)[1:]

    def ranker_is_behind(self, model: str) -> bool:
        """Whether the interval of the ranker's NDCG@10 less that of a model is below 0."""
        return any(
            row["ci_high"] is not None and row["ci_high"] < 0
            for row in self.differences.to_pylist()
            if (row["model"], row["baseline"]) == (RANKER, model)
            and (row["segment"], row["metric"], row["k"]) == (ALL, "ndcg", 10)
        )

    def best(self, models: list[str]) -> str:
        """The model with the highest NDCG@10; of equals the first."""
        return max(models, key=self.value)

    def figures(self, model: str) -> dict[str, float]:
        """All figures of a model, as `ndcg_at_10` and so on."""
        return {
            f"{metric}_at_{k}": value
            for (name, metric, k), (value, _, _) in self._figures.items()
            if name == model and value is not None
        }

    def models(self) -> list[str]:
        """The models, best first."""
        names = dict.fromkeys(self.evaluation.column("model").to_pylist())
        return sorted(names, key=lambda name: -self.value(name))

    def _figure(
        self, model: str, metric: str, k: int
    ) -> tuple[float | None, float | None, float | None]:
        return self._figures.get((model, metric, k), (None, None, None))

    @cached_property
    def _figures(
        self,
    ) -> dict[tuple[str, str, int], tuple[float | None, float | None, float | None]]:
        return {
            (row["model"], row["metric"], row["k"]): (row["value"], row["ci_low"], row["ci_high"])
            for row in self.evaluation.to_pylist()
            if row["segment"] == ALL
        }


def hold_contest(
    connection: duckdb.DuckDBPyConnection,
    split: str,
    *,
    features: list[str],
    ranker: Scorer | None,
    progress: Progress,
    reranking: Reranking | None = None,
    stand_in: str | None = None,
    in_full: bool = True,
) -> Contest:
    """Evaluate every generator, and the ranker if there is one, on the labels of a split.

    What is judged of the generator that stands in for the ranker is what is published then: its
    list, filled up by the other candidates. With `reranking`, of both it is the re-ranked lists.
    The lists before are judged beside them, as `<model>_by_score`. `in_full` is with all that is
    written down; without, there are the means of metrics that depend on labels, and no more.
    """
    _empty_contest(connection, split)
    generators = generator_names(features)
    ranked = _to_rank(features, ranker, reranking, stand_in)
    for generator in generators:
        run(
            connection,
            f"""
            insert into contest_lists
            select ?, user_key, product_key, source_rank
            from intermediate.candidates_{generator}
            where split = ? and source_rank <= ?
            """,
            [generator + BY_SCORE if generator in ranked else generator, split, DEPTH],
        )
    for model, lists in ranked.items():
        _add_ranked(connection, split, model, lists, progress=progress)
    evaluation = evaluate(
        connection,
        lists="contest_lists",
        labels="contest_labels",
        catalog_size=max(1, count_rows(connection, "intermediate.product_stats", split)),
        models=[*generators, *ranked],
        history=_split_history(connection, split) if in_full else None,
        resamples=RESAMPLES if in_full else 0,
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
    return Contest(
        evaluation=evaluation.figures,
        differences=evaluation.differences,
        user_values=evaluation.users,
        candidate_recall=recall,
        users=users,
    )


def ndcg_in_place(
    connection: duckdb.DuckDBPyConnection,
    split: str,
    generator: str,
    *,
    progress: Progress,
) -> float:
    """NDCG@10 of what is published if a generator stands in for the ranker, before re-ranking."""
    _empty_contest(connection, split)
    _add_ranked(connection, split, generator, _in_place(generator, best_first), progress=progress)
    values = per_user(
        connection,
        lists="contest_lists",
        labels="contest_labels",
        ks=(10,),
        models=[generator],
    ).column("ndcg")
    return round(float(np.mean(values.to_numpy())), DECIMALS) if len(values) else 0.0


def _empty_contest(connection: duckdb.DuckDBPyConnection, split: str) -> None:
    """The temp tables `contest_labels` of a split, and `contest_lists` without a list."""
    run(connection, f"create or replace temp table contest_labels as {_LABELS}", [split])
    run(
        connection,
        "create or replace temp table contest_lists"
        " (model varchar, user_key integer, product_key integer, rank integer)",
    )


def _add_ranked(
    connection: duckdb.DuckDBPyConnection,
    split: str,
    model: str,
    lists: "_Lists",
    *,
    progress: Progress,
) -> None:
    """Put a model's lists into `contest_lists`."""
    rank_split(
        connection,
        lists.scorer,
        split,
        features=lists.features,
        k=DEPTH,
        what=f"rank {split}",
        progress=progress,
        arrange=lists.arrange,
    )
    run(
        connection,
        "insert into contest_lists select ?, user_key, product_key, rank from ranked",
        [model],
    )


def _split_history(connection: duckdb.DuckDBPyConnection, split: str) -> SplitHistory:
    """What the split's history knew of users and products at its last moment."""
    run(
        connection,
        """
        create or replace temp table contest_users as
        select user_key, interaction_count as history_length
        from intermediate.user_stats
        where split = ?
        """,
        [split],
    )
    run(
        connection,
        """
        create or replace temp table contest_products as
        select
            product_key,
            interaction_count as user_count,
            (as_of - first_epoch) / 86400 as age_days
        from intermediate.product_stats
        where split = ?
        """,
        [split],
    )
    return SplitHistory(
        users="contest_users", products="contest_products", tags="intermediate.product_tags"
    )


class _Lists(NamedTuple):
    """How lists are made: by what scorer of which features, and how they are arranged."""

    scorer: Scorer
    features: list[str]
    arrange: Arrange


def _in_place(generator: str, arrange: Arrange) -> _Lists:
    """The lists of a generator that stands in for the ranker."""
    features = [f"{generator}_rank", "standing"]
    return _Lists(GeneratorScorer(generator, features), features, arrange)


def _to_rank(
    features: list[str],
    ranker: Scorer | None,
    reranking: Reranking | None,
    stand_in: str | None,
) -> dict[str, _Lists]:
    """What has to be scored for the contest, by model."""
    arrange = best_first if reranking is None else reranking.arrange
    ranked: dict[str, _Lists] = {}
    if ranker is not None:
        ranked[RANKER] = _Lists(ranker, features, arrange)
        if reranking is not None:
            ranked[RANKER + BY_SCORE] = _Lists(ranker, features, best_first)
    if stand_in is not None:
        ranked[stand_in] = _in_place(stand_in, arrange)
    return ranked


def export_contest_lists(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """The lists of the last contest as Parquet: (model, user_key, product_key, rank up to DEPTH).

    Raises WarehouseError where the file can't be written.
    """
    literal = str(path).replace("'", "''")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        run(
            connection,
            "copy (select * from contest_lists order by model, user_key, rank)"
            f" to '{literal}' (format parquet, compression zstd)",
        )
    except (duckdb.IOException, OSError) as error:
        raise WarehouseError(
            f"{path} could not be written ({first_line(error)}): set RANKMART_TEST_LISTS to"
            " another file, or to nothing"
        ) from error


def ideal_dcg(
    connection: duckdb.DuckDBPyConnection, split: str, *, k: int = 10
) -> dict[int, float]:
    """By labelled user of a split, DCG@k of a perfect list."""
    best = np.cumsum(1 / np.log2(np.arange(2, k + 2)))
    counts = connection.execute(
        f"select user_key, count(*) from ({_LABELS}) group by user_key",
        [split],
    ).fetchall()
    return {user: float(best[min(k, count) - 1]) for user, count in counts}


def metrics_json(contest: Contest, model: str) -> str:
    """What `ranker.runs.metrics` keeps: the published model's figures, and the recall."""
    figures = contest.figures(model)
    if not np.isnan(contest.candidate_recall):
        figures["candidate_recall"] = contest.candidate_recall
    return json.dumps(figures, sort_keys=True)
