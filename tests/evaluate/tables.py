"""Rows in, figures out: calls the SQL evaluation on lists of rows."""

from collections.abc import Iterable, Sequence
from functools import cache

import duckdb
import pyarrow as pa

from rankmart.evaluate import candidate_recall, evaluate, per_user

from .reference import Figure, Label, ListRow

LISTS = pa.schema(
    {"model": pa.string(), "user_key": pa.int32(), "product_key": pa.int32(), "rank": pa.int32()}
)
PAIRS = pa.schema({"user_key": pa.int32(), "product_key": pa.int32()})


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


def evaluation_table(
    lists: Iterable[Sequence[object]],
    labels: Iterable[Sequence[object]],
    *,
    ks: Sequence[int] = (5,),
    catalog_size: int = 10,
    models: Sequence[str] | None = None,
) -> pa.Table:
    return evaluate(
        connection_with(lists, labels),
        lists="ranked_lists",
        labels="wanted_products",
        catalog_size=catalog_size,
        ks=ks,
        models=models,
    )


def figures(
    lists: Iterable[Sequence[object]],
    labels: Iterable[Sequence[object]],
    *,
    ks: Sequence[int] = (5,),
    catalog_size: int = 10,
    models: Sequence[str] | None = None,
) -> dict[tuple[str, str, int], Figure]:
    """The evaluation as figures by (model, metric, k)."""
    table = evaluation_table(lists, labels, ks=ks, catalog_size=catalog_size, models=models)
    return {
        (row["model"], row["metric"], row["k"]): Figure(
            row["value"], row["ci_low"], row["ci_high"], row["users"]
        )
        for row in table.to_pylist()
    }


def values(
    lists: Iterable[Sequence[object]],
    labels: Iterable[Sequence[object]],
    *,
    k: int = 5,
    model: str = "ranker",
) -> dict[str, float]:
    """The values of one model at one k by metric, without the coverage."""
    return {
        metric: figure.value
        for (of_model, metric, _), figure in figures(lists, labels, ks=[k], models=[model]).items()
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
