"""Rows in, figures out: calls the SQL evaluation on lists of rows."""

from collections.abc import Iterable, Sequence
from functools import cache

import duckdb
import pyarrow as pa

from rankmart.bootstrap import RESAMPLES
from rankmart.evaluate import Evaluation, candidate_recall, evaluate, per_user
from rankmart.user_values import SplitHistory

from .reference import Figure, Known, Label, ListRow

LISTS = pa.schema(
    {"model": pa.string(), "user_key": pa.int32(), "product_key": pa.int32(), "rank": pa.int32()}
)
PAIRS = pa.schema({"user_key": pa.int32(), "product_key": pa.int32()})
USERS = pa.schema({"user_key": pa.int32(), "history_length": pa.int32()})
PRODUCTS = pa.schema(
    {"product_key": pa.int32(), "user_count": pa.int32(), "age_days": pa.float64()}
)
TAGS = pa.schema({"product_key": pa.int32(), "tag": pa.string(), "weight": pa.float64()})


@cache
def shared_connection() -> duckdb.DuckDBPyConnection:
    """One connection for all tests: thousands of small evaluations, no state but two names."""
    return duckdb.connect(config={"threads": 1})


def ranked(model: str, user_key: int, products: Iterable[int]) -> list[ListRow]:
    """One user's list, best first."""
    return [
        ListRow(model, user_key, product, rank) for rank, product in enumerate(products, start=1)
    ]


def wanted(user_key: int, products: Iterable[int]) -> list[Label]:
    return [Label(user_key, product) for product in products]


def connection_with(
    lists: Iterable[Sequence[object]], labels: Iterable[Sequence[object]]
) -> duckdb.DuckDBPyConnection:
    connection = shared_connection()
    connection.register("ranked_lists", table_of(lists, LISTS))
    connection.register("wanted_products", table_of(labels, PAIRS))
    return connection


def table_of(rows: Iterable[Sequence[object]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist(
        [dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema
    )


def history_with(known: Known) -> SplitHistory:
    """Registers what a history knows beside the lists and labels."""
    connection = shared_connection()
    connection.register("known_users", table_of(known.lengths.items(), USERS))
    connection.register(
        "known_products",
        table_of(((key, *facts) for key, facts in known.products.items()), PRODUCTS),
    )
    connection.register(
        "known_tags",
        table_of(
            (
                (product, tag, weight)
                for product, tags in known.tags.items()
                for tag, weight in tags.items()
            ),
            TAGS,
        ),
    )
    return SplitHistory(users="known_users", products="known_products", tags="known_tags")


def evaluation(
    lists: Iterable[Sequence[object]],
    labels: Iterable[Sequence[object]],
    *,
    ks: Sequence[int] = (5,),
    catalog_size: int = 10,
    models: Sequence[str] | None = None,
    known: Known | None = None,
    resamples: int = RESAMPLES,
) -> Evaluation:
    return evaluate(
        connection_with(lists, labels),
        lists="ranked_lists",
        labels="wanted_products",
        catalog_size=catalog_size,
        ks=ks,
        models=models,
        history=history_with(known) if known is not None else None,
        resamples=resamples,
    )


def figures(
    lists: Iterable[Sequence[object]],
    labels: Iterable[Sequence[object]],
    *,
    ks: Sequence[int] = (5,),
    catalog_size: int = 10,
    models: Sequence[str] | None = None,
    known: Known | None = None,
    segment: str = "all",
) -> dict[tuple[str, str, int], Figure]:
    """The figures of a segment by (model, metric, k)."""
    found = evaluation(lists, labels, ks=ks, catalog_size=catalog_size, models=models, known=known)
    return {
        (model, metric, k): figure
        for (model, of, metric, k), figure in by_key(found.figures).items()
        if of == segment
    }


def by_key(table: pa.Table) -> dict[tuple[str, str, str, int], Figure]:
    """Rows of figures by (model, segment, metric, k)."""
    return {
        (row["model"], row["segment"], row["metric"], row["k"]): Figure(
            row["value"], row["ci_low"], row["ci_high"], row["users"]
        )
        for row in table.to_pylist()
    }


def differences(found: Evaluation) -> dict[tuple[str, str, int], Figure]:
    """Differences by (baseline, metric, k)."""
    return {
        (row["baseline"], row["metric"], row["k"]): Figure(
            row["difference"], row["ci_low"], row["ci_high"], row["users"]
        )
        for row in found.differences.to_pylist()
    }


def values(
    lists: Iterable[Sequence[object]],
    labels: Iterable[Sequence[object]],
    *,
    k: int = 5,
    model: str = "ranker",
    known: Known | None = None,
) -> dict[str, float]:
    """The values of one model at one k by metric, without the coverage."""
    found = figures(lists, labels, ks=[k], models=[model], known=known)
    return {
        metric: figure.value
        for (of_model, metric, _), figure in found.items()
        if of_model == model and metric != "catalog_coverage"
    }


def per_user_table(
    lists: Iterable[Sequence[object]],
    labels: Iterable[Sequence[object]],
    *,
    ks: Sequence[int] = (5,),
    models: Sequence[str] | None = None,
) -> pa.Table:
    return per_user(
        connection_with(lists, labels),
        lists="ranked_lists",
        labels="wanted_products",
        ks=ks,
        models=models,
    )


def recall_of_candidates(
    candidates: Iterable[tuple[int, int]], labels: Iterable[Sequence[object]]
) -> float:
    connection = connection_with([], labels)
    connection.register("proposed_products", table_of(candidates, PAIRS))
    return candidate_recall(connection, candidates="proposed_products", labels="wanted_products")
