"""`make score`: train, evaluate, gate, score everyone, write `ranker.*`, publish."""

import hashlib
import json
import logging
import os
import subprocess
import time
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb

from rankmart.contest import Contest, hold_contest, ideal_dcg, metrics_json
from rankmart.errors import NotEnoughDataError, WarehouseError
from rankmart.features import feature_names, generator_names, read_features
from rankmart.gate import RANKER, RunMetrics, Verdict, beats_popular, judge
from rankmart.lists import make_lists
from rankmart.progress import Progress
from rankmart.publish import current_run, publish
from rankmart.rank import GeneratorScorer, Scorer
from rankmart.settings import Settings
from rankmart.train import Ranker, train_ranker
from rankmart.warehouse import first_row, open_warehouse, require_built, run

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one scoring did. `notes` says in words what was unusual."""

    run_id: str
    model: str
    verdict: Verdict
    contest: Contest
    snapshot: Path | None
    notes: tuple[str, ...]


def score(settings: Settings, *, accept: bool = False, progress: Progress | None = None) -> Run:
    """One run on the warehouse that `dbt run` built.

    Readers see the old run or the new one: the tables change in one transaction, and the
    snapshot appears by a rename. A run that the gate refuses is kept in `ranker.runs` with the
    reason, and the published one stays; `accept` publishes it all the same.

    Raises WarehouseError, NotEnoughDataError or SnapshotError.
    """
    report = progress or Progress()
    started = time.monotonic()
    with open_warehouse(settings) as connection:
        require_built(connection)
        _require_enough(connection)
        features = feature_names(connection)
        ranker = _train(connection, features, settings, report)
        model, scorer, contest, notes = _choose(connection, features, ranker, report)
        protocol = _protocol(connection)
        current = _current_metrics(connection, settings)
        verdict = judge(_metrics(contest, model, protocol), contest.value("popular"), current)
        if accept and not verdict.passed:
            verdict = Verdict(passed=True, reason=f"accepted by hand, though {verdict.reason}")
        make_lists(connection, scorer, features=features, k=settings.list_length, progress=report)
        _require_lists(connection)
        booster = bytes(ranker.booster.save_raw("ubj")) if ranker and model == RANKER else None
        parameters = _parameters(ranker, model, features, settings)
        fingerprint = _data_fingerprint(connection)
        run_id = _run_id(connection, contest, booster, parameters, fingerprint)
        _write(
            connection,
            run_id=run_id,
            model=model,
            protocol=protocol,
            fingerprint=fingerprint,
            parameters=parameters,
            contest=contest,
            verdict=verdict,
            ranker=ranker,
            settings=settings,
            seconds=time.monotonic() - started,
        )
        snapshot = None
        if verdict.passed:
            snapshot = publish(
                connection,
                run_id=run_id,
                published=settings.published,
                keep=settings.keep_runs,
                list_length=settings.list_length,
                booster=booster,
                features=features,
            )
            run(connection, "update ranker.runs set is_current = (run_id = ?)", [run_id])
            if settings.export is not None:
                _export(connection, settings.export)
    report.close()
    return Run(
        run_id=run_id,
        model=model,
        verdict=verdict,
        contest=contest,
        snapshot=snapshot,
        notes=tuple(notes),
    )


def _require_enough(connection: duckdb.DuckDBPyConnection) -> None:
    users, products, interactions, moments = first_row(
        connection,
        "select count(distinct user_key), count(distinct product_key), count(*),"
        " count(distinct reviewed_epoch) from interactions",
    )
    look = "See the tables reading_report and rejected_reviews"
    if interactions == 0:
        reasons = connection.execute(
            "select reason, count(*) from rejected_reviews group by reason"
            " order by count(*) desc, reason"
        ).fetchall()
        why = f": {reasons[0][1]} were rejected with '{reasons[0][0]}'" if reasons else ""
        raise NotEnoughDataError(f"no review was accepted{why}. {look}")
    if users < 2 or products < 2:
        raise NotEnoughDataError(
            f"after cleaning there are users: {users}, products: {products}."
            f" Recommending needs at least two of each. {look}"
        )
    (labels,) = first_row(
        connection, "select count(*) from intermediate.labels where split = 'test'"
    )
    if labels:
        return
    if _protocol(connection) == "temporal" and moments == 1:
        raise NotEnoughDataError(
            "every review has the same time, so none comes after another: check the time column,"
            " or split by order in the file: RANKMART_PROTOCOL=leave_last_out dbt run"
        )
    raise NotEnoughDataError(
        "no test label: no positive review comes after the second cut-off, so nothing could be"
        " measured. Give more reviews, or move the cut-offs (the vars fit_cutoff_quantile and"
        " test_cutoff_quantile)"
    )


def _require_lists(connection: duckdb.DuckDBPyConnection) -> None:
    (listed,) = first_row(
        connection, "select count(*) from new_recommendations where user_id is not null"
    )
    if not listed:
        raise NotEnoughDataError(
            "there is nothing to recommend to anyone: everyone has reviewed all that is proposed."
            " Products already reviewed may be recommended again with"
            " dbt run --vars '{exclude_reviewed: false}'"
        )


def _train(
    connection: duckdb.DuckDBPyConnection,
    features: list[str],
    settings: Settings,
    progress: Progress,
) -> Ranker | None:
    rows = read_features(connection, "fit", features=features, only_users_with_positives=True)
    return train_ranker(
        rows,
        features=features,
        ideal_dcg=ideal_dcg(connection, "fit"),
        seed=settings.seed,
        threads=settings.thread_count,
        progress=progress,
    )


def _choose(
    connection: duckdb.DuckDBPyConnection,
    features: list[str],
    ranker: Ranker | None,
    progress: Progress,
) -> tuple[str, Scorer, Contest, list[str]]:
    """The ranker, unless there is none or a single generator does better.

    Which generator is the best one, and whether it beats the ranker, is decided on the users of
    the `fit` split, who trained the ranker or were held out from it; the test labels only veto.
    """
    generators = generator_names(features)
    on_fit = hold_contest(connection, "fit", features=features, ranker=None, progress=progress)
    best = on_fit.best(generators) if on_fit.users else "popular"
    contest = hold_contest(connection, "test", features=features, ranker=ranker, progress=progress)
    if ranker is None:
        note = f"too few users with a label to train a ranker on: {best}, the best baseline, it is"
    elif ranker.validation_ndcg < on_fit.value(best):
        note = (
            f"the ranker (NDCG@10 {ranker.validation_ndcg:.4f} on held-out fit users) does not"
            f" beat {best} ({on_fit.value(best):.4f}): {best} it is"
        )
    elif contest.value(RANKER) < contest.value(best):
        note = (
            f"the ranker (NDCG@10 {contest.value(RANKER):.4f} on test users) does not"
            f" beat {best} ({contest.value(best):.4f}): {best} it is"
        )
    elif not beats_popular(contest.value(RANKER), contest.value("popular")):
        note = (
            f"the ranker (NDCG@10 {contest.value(RANKER):.4f} on test users) is too near to"
            f" popular ({contest.value('popular'):.4f}) to be worth it: {best} it is"
        )
    else:
        return RANKER, ranker, contest, []
    if contest.value(best) < contest.value("popular"):
        best = "popular"
        note += ", but popular beats that: popular it is"
    logger.warning(note)
    return best, GeneratorScorer(best, features), contest, [note]


def _metrics(contest: Contest, model: str, protocol: str) -> RunMetrics:
    low, high = contest.interval(model)
    return RunMetrics(
        model=model, protocol=protocol, ndcg=contest.value(model), ci_low=low, ci_high=high
    )


def _current_metrics(
    connection: duckdb.DuckDBPyConnection, settings: Settings
) -> RunMetrics | None:
    """NDCG@10 of the run that is served now; None before the first."""
    run(connection, _sql("ranker_tables"))
    rows = connection.execute(
        """
        select runs.model, runs.protocol, evaluation.value, evaluation.ci_low, evaluation.ci_high
        from ranker.runs as runs
        inner join ranker.evaluation as evaluation
            on runs.run_id = evaluation.run_id and runs.model = evaluation.model
        where runs.run_id = ? and evaluation.segment = 'all'
            and evaluation.metric = 'ndcg' and evaluation.k = 10
        """,
        [current_run(settings.published)],
    ).fetchall()
    return RunMetrics(*rows[0]) if rows else None


def _protocol(connection: duckdb.DuckDBPyConnection) -> str:
    (protocol,) = first_row(
        connection, "select protocol from raw.builds order by started_at desc limit 1"
    )
    return str(protocol)


def _parameters(
    ranker: Ranker | None, model: str, features: list[str], settings: Settings
) -> dict[str, Any]:
    """What made the run; threads are left out, since the machine is not the recipe."""
    made: dict[str, Any] = {"list_length": settings.list_length, "model": model}
    if ranker is not None:
        made["xgboost"] = {
            name: value for name, value in ranker.parameters.items() if name != "nthread"
        }
        made |= {"rounds": ranker.rounds, "fit_users": ranker.users, "features": features}
        made["validation_ndcg_at_10"] = ranker.validation_ndcg
    return made


def _data_fingerprint(connection: duckdb.DuckDBPyConnection) -> str:
    """The same for the same interactions and products, in whatever order and place they lay."""
    parts = [
        first_row(connection, f"select count(*), bit_xor(hash({columns})) from {table}")
        for table, columns in (
            ("interactions", "user_id, product_id, reviewed_epoch, rating, position"),
            ("products", "product_id, title, brand, categories, price, review_count"),
        )
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _run_id(
    connection: duckdb.DuckDBPyConnection,
    contest: Contest,
    booster: bytes | None,
    parameters: dict[str, Any],
    fingerprint: str,
) -> str:
    """The day of the last review, and a digest of all that the run made: equal runs, equal ids."""
    made = first_row(
        connection, "select count(*), bit_xor(hash(columns(*))) from new_recommendations"
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
    digest.update(booster or b"")
    (last,) = first_row(connection, "select max(reviewed_at) from interactions")
    return f"{last:%Y%m%d}-{digest.hexdigest()[:12]}"


def _write(
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
    settings: Settings,
    seconds: float,
) -> None:
    """All of `ranker.*` in one transaction."""
    target = "ranker.recommendations" if verdict.passed else "ranker.refused_recommendations"
    gains = list(ranker.gain.items()) if ranker and model == RANKER else []
    connection.register("evaluation_rows", contest.evaluation)
    run(connection, "begin transaction")
    try:
        for table in ("runs", "evaluation", "feature_importance"):
            run(connection, f"delete from ranker.{table} where run_id = ?", [run_id])
        run(connection, f"delete from {target}")
        run(
            connection,
            f"""
            insert into {target}
            select ?, user_id, rank, product_id, score, source, reason_type, because_of_product_id
            from new_recommendations
            where user_id is not null
            order by user_id, rank
            """,
            [run_id],
        )
        if verdict.passed:
            run(connection, "delete from ranker.fallback_recommendations")
            run(
                connection,
                """
                insert into ranker.fallback_recommendations
                select ?, rank, product_id, score, source, reason_type
                from new_recommendations
                where user_id is null
                order by rank
                """,
                [run_id],
            )
        run(
            connection,
            """
            insert into ranker.evaluation
            select ?, model, segment, metric, k, value, ci_low, ci_high, users
            from evaluation_rows order by model, metric, k
            """,
            [run_id],
        )
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
                $parameters, $seed, $metrics, $recall, $verdict, $reason, false,
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
                "commit": _git_commit(),
                "parameters": json.dumps(parameters, sort_keys=True),
                "seed": settings.seed,
                "metrics": metrics_json(contest, model),
                "recall": contest.candidate_recall,
                "verdict": verdict.name,
                "reason": verdict.reason,
                "seconds": seconds,
            },
        )
        run(connection, "commit")
    except duckdb.Error:
        _roll_back(connection)
        raise
    finally:
        connection.unregister("evaluation_rows")


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    """After some errors DuckDB has ended the transaction itself."""
    try:
        run(connection, "rollback")
    except duckdb.TransactionException as error:
        logger.debug("no transaction left to roll back: %s", error)


def _export(connection: duckdb.DuckDBPyConnection, export: Path) -> None:
    """`recommendations.parquet`, whole or not at all."""
    temporary = export.with_name(f".{export.name}.tmp")
    try:
        export.parent.mkdir(parents=True, exist_ok=True)
        literal = str(temporary).replace("'", "''")
        run(
            connection,
            "copy (select * from ranker.recommendations order by user_id, rank)"
            f" to '{literal}' (format parquet, compression zstd)",
        )
        os.replace(temporary, export)
    except (duckdb.Error, OSError) as error:
        temporary.unlink(missing_ok=True)
        raise WarehouseError(
            f"the run is published, but {export} could not be written"
            f" ({str(error).splitlines()[0]}): see to disk space and permissions"
        ) from error


def _git_commit() -> str | None:
    """The commit of the project that is run, if it is under git."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None if found.returncode == 0 else None


def _sql(name: str) -> str:
    return resources.files("rankmart").joinpath(f"sql/{name}.sql").read_text(encoding="utf-8")
