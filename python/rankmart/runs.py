"""What a scoring writes: the tables of schema `ranker`."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from rankmart.commit import git_commit
from rankmart.contest import Contest, metrics_json
from rankmart.experiments import Experiment
from rankmart.gate import RANKER, RunMetrics, Verdict
from rankmart.kept import RUNS_WITH_LISTS, Lists, keep, write_lists
from rankmart.rules import ListRules
from rankmart.settings import Settings
from rankmart.train import Ranker
from rankmart.warehouse import first_row, roll_back, run


def metrics_of(connection: duckdb.DuckDBPyConnection, run_id: str | None) -> RunMetrics | None:
    """NDCG@10 of what an earlier run published; None where the warehouse knows no such run."""
    rows = connection.execute(
        """
        select runs.model, runs.protocol, evaluation.value, evaluation.ci_low, evaluation.ci_high
        from ranker.runs as runs
        inner join ranker.evaluation as evaluation
            on runs.run_id = evaluation.run_id and runs.model = evaluation.model
        where runs.run_id = ? and evaluation.segment = 'all'
            and evaluation.metric = 'ndcg' and evaluation.k = 10
        """,
        [run_id],
    ).fetchall()
    return RunMetrics(*rows[0]) if rows else None


def run_parameters(
    ranker: Ranker | None,
    model: str,
    features: list[str],
    settings: Settings,
    rules: ListRules,
    experiments: str | None = None,
    generator_vars: Mapping[str, float] | None = None,
    list_vars: Mapping[str, bool | float] | None = None,
) -> dict[str, Any]:
    """What made the run; threads are left out, since the machine is not the recipe.

    `experiments` is their fingerprint, if there are any. `generator_vars` are those that the build
    took from elsewhere than dbt_project.yml, tuned or given on the command line; `list_vars` those
    of `changed_vars`, each a parameter by its own name.
    """
    made: dict[str, Any] = {
        "list_length": settings.list_length,
        "model": model,
        "diversity": settings.diversity,
        "category_cap": settings.category_cap,
        "list_rules": rules.fingerprint,
    }
    if experiments is not None:
        made["experiments"] = experiments
    if generator_vars:
        made["generator_vars"] = dict(generator_vars)
    made |= list_vars or {}
    if ranker is not None:
        made["members"] = [
            {
                "weight": member.weight,
                "rounds": member.rounds,
                "xgboost": {
                    name: value for name, value in member.parameters.items() if name != "nthread"
                },
            }
            for member in ranker.members
        ]
        made |= {"fit_users": ranker.users, "features": features}
        made["validation_ndcg_at_10"] = ranker.validation_ndcg
    return made


def data_fingerprint(connection: duckdb.DuckDBPyConnection) -> str:
    """The same for the same interactions and products, in whatever order and place they lay."""
    parts = [
        first_row(connection, f"select count(*), bit_xor(hash({columns})) from {table}")
        for table, columns in (
            ("interactions", "user_id, product_id, reviewed_epoch, rating, position"),
            ("products", "product_id, title, brand, categories, price, review_count"),
        )
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def content_id(
    connection: duckdb.DuckDBPyConnection,
    contest: Contest,
    model_members: Sequence[tuple[float, bytes]],
    parameters: dict[str, Any],
    fingerprint: str,
) -> str:
    """The day of the last review, and a digest of all that the run made: equal runs, equal ids."""
    made = first_row(
        connection,
        "select count(*), bit_xor(hash(user_key, user_id, rank, product_id,"
        " score, source, reason_type, because_of_product_id, reason_terms))"
        " from new_recommendations",
    )
    neighbors = first_row(
        connection,
        "select count(*), bit_xor(hash(product_id, rank, neighbor_id, score))"
        " from product_neighbors",
    )
    digest = hashlib.sha256()
    for part in (
        made,
        neighbors,
        contest.evaluation.to_pylist(),
        sorted(parameters.items()),
        fingerprint,
    ):
        digest.update(repr(part).encode())
    for _, booster in model_members:
        digest.update(booster)
    (last,) = first_row(connection, "select max(reviewed_at) from interactions")
    return f"{last:%Y%m%d}-{digest.hexdigest()[:12]}"


def write_run(
    connection: duckdb.DuckDBPyConnection,
    *,
    run_id: str,
    model: str,
    protocol: str,
    fingerprint: str,
    parameters: dict[str, Any],
    contest: Contest,
    verdict: Verdict,
    ranker: Ranker | None,
    members: Sequence[tuple[float, bytes]],
    features: Sequence[str],
    rules: ListRules,
    experiments: Sequence[Experiment],
    settings: Settings,
    seconds: float,
    lists: Lists,
    is_current: bool,
) -> None:
    """All of `ranker.*` in one transaction, the lists into the table named by `lists`."""
    gains = list(ranker.gain.items()) if ranker and model == RANKER else []
    connection.register("evaluation_rows", contest.evaluation)
    connection.register("difference_rows", contest.differences)
    connection.register("user_rows", contest.user_values)
    run(connection, "begin transaction")
    try:
        for table in ("runs", "evaluation", "evaluation_differences", "feature_importance"):
            run(connection, f"delete from ranker.{table} where run_id = ?", [run_id])
        write_lists(connection, run_id, lists)
        keep(
            connection,
            run_id,
            members=members,
            features=features,
            rules=rules,
            experiments=experiments,
        )
        run(
            connection,
            """
            insert into ranker.evaluation
            select ?, model, segment, metric, k, value, ci_low, ci_high, users
            from evaluation_rows order by model, segment, metric, k
            """,
            [run_id],
        )
        run(
            connection,
            """
            insert into ranker.evaluation_differences
            select ?, model, baseline, segment, metric, k, difference, ci_low, ci_high, users
            from difference_rows order by model, baseline, segment, metric, k
            """,
            [run_id],
        )
        _write_user_rows(connection, run_id)
        if gains:
            connection.executemany(
                "insert into ranker.feature_importance values (?, ?, ?)",
                [(run_id, feature, gain) for feature, gain in gains],
            )
        run(
            connection,
            """
            insert into ranker.runs
            select
                $run_id, cast(now() as timestamp), $model, $protocol, $fingerprint, $commit,
                $parameters, $seed, $metrics, $recall, $verdict, $reason, $is_current,
                (select count(*) from users),
                (select count(distinct product_key) from interactions),
                (select count(*) from interactions),
                (select count(*) from new_recommendations where user_id is not null),
                $seconds
            """,
            {
                "run_id": run_id,
                "model": model,
                "protocol": protocol,
                "fingerprint": fingerprint,
                "commit": git_commit(),
                "parameters": json.dumps(parameters, sort_keys=True),
                "seed": settings.seed,
                "metrics": metrics_json(contest, model),
                "recall": contest.candidate_recall,
                "verdict": "held" if lists == "held_recommendations" else verdict.name,
                "is_current": is_current,
                "reason": verdict.reason,
                "seconds": seconds,
            },
        )
        run(connection, "commit")
    except duckdb.Error:
        roll_back(connection)
        raise
    finally:
        for rows in ("evaluation_rows", "difference_rows", "user_rows"):
            connection.unregister(rows)


def _write_user_rows(connection: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """`ranker.user_evaluation` keeps the runs whose lists are kept: these were written before."""
    run(
        connection,
        "delete from ranker.user_evaluation"
        f" where run_id = $run_id or run_id not in ({RUNS_WITH_LISTS})",
        {"run_id": run_id},
    )
    run(
        connection,
        """
        insert into ranker.user_evaluation
        select $run_id, user_rows.model, users.user_id, user_rows.* exclude (model, user_key)
        from user_rows
        inner join users on user_rows.user_key = users.user_key
        order by user_rows.model, users.user_id
        """,
        {"run_id": run_id},
    )
