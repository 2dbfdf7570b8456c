"""`make score`: train, evaluate, gate, score everyone, write `ranker.*`, publish."""

import logging
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from rankmart.analysis_copy import copy_after_scoring
from rankmart.build_vars import changed_vars
from rankmart.contest import (
    BY_SCORE,
    Contest,
    export_contest_lists,
    hold_contest,
    ndcg_in_place,
)
from rankmart.errors import NotEnoughDataError, SnapshotError
from rankmart.experiments import fingerprint as experiments_fingerprint
from rankmart.experiments import read_experiments
from rankmart.export import export_lists
from rankmart.features import feature_names, generator_names
from rankmart.fit import read_fit
from rankmart.gate import RANKER, RunMetrics, Verdict, beats_popular, judge
from rankmart.kept import KeptRun, Lists, create_tables, read_kept
from rankmart.lists import make_lists, make_variant_lists
from rankmart.progress import Progress
from rankmart.publish import current_run, snapshots_there
from rankmart.rank import GeneratorScorer, Scorer
from rankmart.release import publish_kept
from rankmart.rerank import Reranking, read_reranking
from rankmart.rules import read_rules
from rankmart.runs import (
    content_id,
    data_fingerprint,
    metrics_of,
    run_parameters,
    write_run,
)
from rankmart.settings import Settings
from rankmart.stages import Stages
from rankmart.track import track_scored
from rankmart.train import Ranker, saved_members, train_ranker
from rankmart.tuned import read_tuned, vars_of_build
from rankmart.warehouse import first_row, open_warehouse, require_built, run

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one scoring did. `notes` says in words what was unusual.

    `held` says of a run that passed that it waits for `rankmart publish`.
    """

    run_id: str
    model: str
    verdict: Verdict
    contest: Contest
    snapshot: Path | None
    held: bool
    notes: tuple[str, ...]


def score(
    settings: Settings,
    *,
    accept: bool = False,
    hold: bool = False,
    progress: Progress | None = None,
) -> Run:
    """One run on the warehouse that `dbt run` built.

    Readers see the old run or the new one: the tables change in one transaction, and the
    snapshot appears by a rename. A run that the gate refuses is kept in `ranker.runs` with the
    reason, and the published one stays; `accept` publishes it all the same. With `hold`, a run
    that passes is kept beside the published one, for `release` to publish; unless it is the
    published one, made again.

    Raises WarehouseError, NotEnoughDataError or SnapshotError.
    """
    report = progress or Progress()
    stages = Stages()
    started = time.monotonic()
    with open_warehouse(settings) as connection:
        require_built(connection)
        _require_enough(connection)
        served = _served_run(settings)
        features = feature_names(connection)
        rules = read_rules(connection, settings.day)
        reranking = read_reranking(connection, settings)
        experiments = read_experiments(
            connection,
            settings.day,
            generators=generator_names(features),
            kept_runs=snapshots_there(settings.published),
        )
        stages.enter("train")
        ranker = _train(connection, features, settings, report)
        stages.enter("contest")
        model, scorer, contest, notes = _choose(connection, features, ranker, reranking, report)
        if settings.test_lists:
            export_contest_lists(connection, Path(settings.test_lists))
        protocol = _protocol(connection)
        create_tables(connection)
        current = metrics_of(connection, served)
        verdict = judge(_metrics(contest, model, protocol), contest.value("popular"), current)
        stages.enter("rank everyone")
        make_variant_lists(
            connection,
            experiments,
            features=features,
            k=settings.list_length,
            progress=report,
            reranking=reranking,
            rules=rules,
        )
        make_lists(
            connection,
            scorer,
            features=features,
            k=settings.list_length,
            progress=report,
            reranking=reranking,
            rules=rules,
        )
        _require_lists(connection)
        stages.enter("write")
        saved = saved_members(ranker) if ranker and model == RANKER else []
        parameters = run_parameters(
            ranker,
            model,
            features,
            settings,
            rules,
            experiments_fingerprint(connection, experiments),
            vars_of_build(connection),
            changed_vars(connection),
        )
        fingerprint = data_fingerprint(connection)
        run_id = content_id(connection, contest, saved, parameters, fingerprint)
        is_served = run_id == served
        verdict = _final(verdict, accept=accept, is_served=is_served)
        lists = _place_of_lists(verdict, hold=hold and not is_served)
        write_run(
            connection,
            run_id=run_id,
            model=model,
            protocol=protocol,
            fingerprint=fingerprint,
            parameters=parameters,
            contest=contest,
            verdict=verdict,
            ranker=ranker,
            members=saved,
            features=features,
            rules=rules,
            experiments=experiments,
            settings=settings,
            seconds=time.monotonic() - started,
            lists=lists,
            is_current=is_served,
        )
        snapshot = None
        if verdict.passed and not hold:
            stages.enter("publish")
            snapshot = _publish(connection, run_id, settings)
        stages.enter("export")
        _hand_on(connection, settings, published=snapshot is not None)
        stages.close()
    report.close()
    track_scored(settings, run_id=run_id, members=saved)
    return Run(
        run_id=run_id,
        model=model,
        verdict=verdict,
        contest=contest,
        snapshot=snapshot,
        held=lists == "held_recommendations",
        notes=tuple(notes),
    )


def _final(verdict: Verdict, *, accept: bool, is_served: bool) -> Verdict:
    """The gate's verdict, unless it is overruled."""
    if verdict.passed:
        return verdict
    if accept:
        return Verdict(passed=True, reason=f"accepted by hand, though {verdict.reason}")
    if is_served:
        return Verdict(passed=True, reason="it is the run that is published already")
    return verdict


def _place_of_lists(verdict: Verdict, *, hold: bool) -> Lists:
    if not verdict.passed:
        return "refused_recommendations"
    return "held_recommendations" if hold else "recommendations"


def _publish(connection: duckdb.DuckDBPyConnection, run_id: str, settings: Settings) -> Path:
    """From what the warehouse keeps, as `release` does, so that both publish the same."""
    kept = read_kept(connection, run_id)
    assert isinstance(kept, KeptRun), run_id
    try:
        return publish_kept(connection, kept, settings)
    except SnapshotError as error:
        run(
            connection,
            "update ranker.runs set verdict = 'refused', verdict_reason = ? where run_id = ?",
            [f"its snapshot could not be written: {error}", run_id],
        )
        raise


def _hand_on(
    connection: duckdb.DuckDBPyConnection, settings: Settings, *, published: bool
) -> None:
    """What others read beside the snapshot: the export, and the copy, of a refused run too."""
    if published and settings.export is not None:
        export_lists(connection, settings.export)
    if settings.analysis:
        copy_after_scoring(connection, settings)


def _served_run(settings: Settings) -> str | None:
    """The run that is served now; None before the first, and where the pointer is damaged."""
    try:
        return current_run(settings.published)
    except SnapshotError as error:
        logger.warning("%s", error)
        return None


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
    listed, fallback = first_row(
        connection,
        "select count(user_id), count(*) - count(user_id) from new_recommendations",
    )
    if not listed:
        raise NotEnoughDataError(
            "there is nothing to recommend to anyone: everyone has reviewed all that is proposed,"
            " or list_rules block it. Products already reviewed may be recommended again with"
            " dbt run --vars '{exclude_reviewed: false}'"
        )
    if not fallback:
        raise NotEnoughDataError(
            "there is nothing to recommend to users who are not known: list_rules block all that"
            " is popular or trending. Block less, then run `dbt seed` and `make score`"
        )


def _train(
    connection: duckdb.DuckDBPyConnection,
    features: list[str],
    settings: Settings,
    progress: Progress,
) -> Ranker | None:
    fit = read_fit(connection, features=features)
    return train_ranker(
        fit.rows,
        features=features,
        ideal_dcg=fit.ideal_dcg,
        seed=settings.seed,
        threads=settings.thread_count,
        objectives=read_tuned(settings.tuned),
        progress=progress,
    )


def _choose(
    connection: duckdb.DuckDBPyConnection,
    features: list[str],
    ranker: Ranker | None,
    reranking: Reranking | None,
    progress: Progress,
) -> tuple[str, Scorer, Contest, list[str]]:
    """The ranker, unless there is none or a single generator does better.

    Which generator is the best one, and whether it beats the ranker, is decided on the users of
    the `fit` split, who trained the ranker or were held out from it; the test labels only veto.
    Lists are compared as they are before re-ranking, which would cost either about as much; those
    of generators are what is published if one stands in for the ranker.
    """
    generators = generator_names(features)
    on_fit = hold_contest(
        connection, "fit", features=features, ranker=None, progress=progress, in_full=False
    )
    best = on_fit.best(generators) if on_fit.users else "popular"
    best_in_place = ndcg_in_place(connection, "test", best, progress=progress)
    contest_on_test = partial(
        hold_contest,
        connection,
        "test",
        features=features,
        ranker=ranker,
        progress=progress,
        reranking=reranking,
    )
    # Last of all, so that its lists are those that are exported.
    contest = contest_on_test()
    by_score = contest.value(RANKER if reranking is None else RANKER + BY_SCORE)
    if ranker is None:
        note = f"too few users with a label to train a ranker on: {best}, the best baseline, it is"
    elif ranker.validation_ndcg < ranker.generator_ndcg[best]:
        note = (
            f"the ranker (NDCG@10 {ranker.validation_ndcg:.4f} on held-out fit users) does not"
            f" beat {best} ({ranker.generator_ndcg[best]:.4f}): {best} it is"
        )
    elif by_score < best_in_place:
        note = (
            f"the ranker (NDCG@10 {by_score:.4f} on test users) does not"
            f" beat {best} ({best_in_place:.4f}): {best} it is"
        )
    elif not beats_popular(by_score, contest.value("popular")):
        note = (
            f"the ranker (NDCG@10 {by_score:.4f} on test users) is too near to"
            f" popular ({contest.value('popular'):.4f}) to be worth it: {best} it is"
        )
    else:
        return RANKER, ranker, contest, []
    if "popular" in generators and best_in_place < ndcg_in_place(
        connection, "test", "popular", progress=progress
    ):
        best = "popular"
        note += ", but popular beats that: popular it is"
    logger.warning(note)
    contest = contest_on_test(stand_in=best)
    return best, GeneratorScorer(best, features), contest, [note]


def _metrics(contest: Contest, model: str, protocol: str) -> RunMetrics:
    low, high = contest.interval(model)
    return RunMetrics(
        model=model,
        protocol=protocol,
        ndcg=contest.value(model),
        ci_low=low,
        ci_high=high,
        ranker_behind=contest.ranker_is_behind(model),
    )


def _protocol(connection: duckdb.DuckDBPyConnection) -> str:
    (protocol,) = first_row(
        connection, "select protocol from raw.builds order by started_at desc limit 1"
    )
    return str(protocol)
