"""What diversity and a category cap cost and bring, on a warehouse that `dbt run` built.

    python -m benchmarks.diversity --warehouse data/warehouse.duckdb

One ranker is trained; the lists of the test users are then made under each setting and judged.
Prints a Markdown table: NDCG@10, catalogue coverage and intra-list diversity, which is the mean
over users of the mean over pairs of their first ten products of 1 - cosine of brand and category
tags. A product without tags is like no other.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click
import duckdb

from benchmarks.built import echo_table, opened, trained, warehouse_option
from rankmart.contest import hold_contest
from rankmart.features import feature_names
from rankmart.fit import read_fit
from rankmart.gate import RANKER
from rankmart.progress import Progress
from rankmart.rerank import read_reranking
from rankmart.settings import Settings
from rankmart.warehouse import first_row

SETTINGS = ((0.0, 0), (0.1, 0), (0.3, 0), (0.5, 0), (0.0, 2))
"""Pairs of RANKMART_DIVERSITY and RANKMART_CATEGORY_CAP."""

INTRA_LIST_DIVERSITY = """
with

lists as (

    select user_key, product_key, rank from contest_lists
    where model = 'ranker' and rank <= 10

),

pairs as (

    select
        one.user_key,
        one.product_key,
        other.product_key as other_key

    from lists as one
    inner join lists as other
        on one.user_key = other.user_key and one.rank < other.rank

),

similarities as (

    select
        pairs.product_key,
        pairs.other_key,
        sum(one.weight * other.weight) as similarity

    from (select distinct product_key, other_key from pairs) as pairs
    inner join intermediate.product_tags as one
        on pairs.product_key = one.product_key
    inner join intermediate.product_tags as other
        on pairs.other_key = other.product_key and one.tag = other.tag
    group by all

),

per_user as (

    select
        pairs.user_key,
        avg(1 - coalesce(similarities.similarity, 0)) as diversity

    from pairs
    left join similarities
        on pairs.product_key = similarities.product_key
        and pairs.other_key = similarities.other_key
    group by pairs.user_key

)

select avg(diversity) from per_user
"""


@click.command()
@warehouse_option
def main(*, warehouse: Path) -> None:
    """Print the table; the warehouse is left as it is."""
    with opened(warehouse) as (connection, settings):
        echo_table(
            ("diversity", "category cap", "NDCG@10", "coverage@10", "intra-list diversity@10"),
            measure(connection, settings),
        )


def measure(
    connection: duckdb.DuckDBPyConnection, settings: Settings
) -> Iterator[Sequence[object]]:
    """The rows of the table, each as soon as it is known."""
    features = feature_names(connection)
    ranker = trained(read_fit(connection, features=features), settings)
    for diversity, cap in SETTINGS:
        started = time.monotonic()
        reranking = read_reranking(
            connection, replace(settings, diversity=diversity, category_cap=cap)
        )
        contest = hold_contest(
            connection,
            "test",
            features=features,
            ranker=ranker,
            progress=Progress(),
            reranking=reranking,
        )
        (varied,) = first_row(connection, INTRA_LIST_DIVERSITY)
        logging.info("diversity %g, cap %d in %.0f s", diversity, cap, time.monotonic() - started)
        yield (
            f"{diversity:g}",
            cap or "none",
            f"{contest.value(RANKER):.4f}",
            f"{contest.value(RANKER, 'catalog_coverage'):.4f}",
            f"{varied:.4f}",
        )


if __name__ == "__main__":
    main()
