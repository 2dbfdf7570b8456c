"""The lists to publish: the best products of everyone, each with where it came from and why."""

from collections.abc import Sequence

import duckdb
import numpy as np

from rankmart.experiments import Experiment, find_users, generators_in_use
from rankmart.features import generator_names
from rankmart.progress import Progress
from rankmart.rank import GeneratorScorer, Keys, Scorer, best_first, rank_split
from rankmart.reasons import reason_sql, source_sql
from rankmart.rerank import Reranking
from rankmart.rules import ListRules, pin_products
from rankmart.sql import sql_text
from rankmart.warehouse import run

NOBODY = 0
"""The user key that stands for whoever is not known."""


def make_lists(
    connection: duckdb.DuckDBPyConnection,
    scorer: Scorer,
    *,
    features: list[str],
    k: int,
    progress: Progress,
    rules: ListRules,
    reranking: Reranking | None = None,
    scored_by: list[str] | None = None,
    only_users: Keys | None = None,
) -> None:
    """Fill the temp table `new_recommendations` with the lists of k of the `serve` split.

    The scorer is given the features `scored_by`, or all. Other users than `only_users` get no
    list.

    What is blocked is left out, what is boosted moved, the rest re-ranked; pins come last. So a
    list is in the order of its scores only where there is neither re-ranking nor a boost.

    Columns (user_key, user_id null for NOBODY, rank, product_id, score, source, reason_type,
    because_of_product_id, reason_terms). Source and reason are those of `reasons`: `because_of`
    names a product of the user's history, of which the candidate is a neighbour, `content` the
    terms that are said of both. Those of a pin are `rule`.
    """
    rank_split(
        connection,
        scorer,
        "serve",
        features=scored_by or features,
        k=k,
        what="rank everyone",
        progress=progress,
        only_users=only_users,
        arrange=rules.before(best_first if reranking is None else reranking.arrange),
    )
    generators = generator_names(features)
    _find_shared_terms(connection, generators)
    run(
        connection,
        f"""
        create or replace temp table new_recommendations as
        with

        product_ids as (

            select product_key, product_id from intermediate.product_keys

        ),

        explained as (

            select
                ranked.*,
                features.because_of_key,
                {source_sql(generators)} as source,
                {reason_sql(generators)} as reason_type

            from ranked
            inner join user_product_features as features
                on features.split = 'serve'
                and ranked.user_key = features.user_key
                and ranked.product_key = features.product_key

        )

        select
            explained.user_key,
            users.user_id,
            cast(explained.rank as smallint) as rank,
            product_ids.product_id,
            explained.score,
            explained.source,
            explained.reason_type,
            because_of.product_id as because_of_product_id,
            shared_terms.terms as reason_terms

        from explained
        inner join product_ids
            on explained.product_key = product_ids.product_key
        left join product_ids as because_of
            on explained.because_of_key = because_of.product_key
        left join shared_terms
            on explained.user_key = shared_terms.user_key
            and explained.product_key = shared_terms.product_key
        left join users
            on explained.user_key = users.user_key
        order by explained.user_key, explained.rank
        """,
    )
    pin_products(connection, rules.pins, k=k)


def make_variant_lists(
    connection: duckdb.DuckDBPyConnection,
    experiments: Sequence[Experiment],
    *,
    features: list[str],
    k: int,
    progress: Progress,
    rules: ListRules,
    reranking: Reranking | None = None,
) -> None:
    """Fill the temp table `new_variant_recommendations`: lists of the generators in experiments.

    As those of `new_recommendations`, which it leaves changed, but for the column `list`, the
    generator's name, and that only users whom an experiment gives that generator have one.
    """
    run(
        connection,
        "create or replace temp table new_variant_recommendations (list varchar, user_id varchar,"
        " rank smallint, product_id varchar, score float, source varchar, reason_type varchar,"
        " because_of_product_id varchar, reason_terms varchar)",
    )
    find_users(connection, experiments)
    for generator in generators_in_use(experiments):
        users = connection.execute(
            "select user_key from variant_users where list = ?", [generator]
        ).fetchnumpy()["user_key"]
        scored_by = [f"{generator}_rank", "standing"]
        make_lists(
            connection,
            GeneratorScorer(generator, scored_by),
            features=features,
            k=k,
            progress=progress,
            rules=rules,
            reranking=reranking,
            scored_by=scored_by,
            only_users=np.asarray(users, dtype=np.int32),
        )
        run(
            connection,
            "insert into new_variant_recommendations"
            " select ?, user_id, rank, product_id, score, source, reason_type,"
            " because_of_product_id, reason_terms from new_recommendations"
            " where user_id is not null",
            [generator],
        )


def _find_shared_terms(connection: duckdb.DuckDBPyConnection, generators: list[str]) -> None:
    """Fill the temp table `shared_terms` (user_key, product_key, terms) for what is `ranked`."""
    if "content" in generators:
        run(connection, sql_text("shared_terms"))
    else:
        run(
            connection,
            "create or replace temp table shared_terms"
            " (user_key integer, product_key integer, terms varchar)",
        )
