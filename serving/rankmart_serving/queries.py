"""Look-ups in a published snapshot: all SQL of the API is here."""

import msgspec
from duckdb import DuckDBPyConnection

from rankmart_serving.responses import RecommendedItem, Run

_RUN = """
select
    run_id,
    model,
    list_length,
    users,
    products
from run
"""

_RECOMMENDATIONS = "select items from recommendation_lists where user_id = $user_id"

_FALLBACK = "select items from fallback_list"

_HAS_HISTORY = "select 1 from history_lists where user_id = $user_id"

_items_decoder = msgspec.json.Decoder(list[RecommendedItem])


def run(cursor: DuckDBPyConnection) -> Run:
    """The run that the snapshot holds.

    Raises a DuckDB error for a file that is no snapshot, ValueError for one without its run.
    """
    row = cursor.execute(_RUN).fetchone()
    if row is None:
        raise ValueError("it has no row in its table `run`")
    run_id, model, list_length, users, products = row
    return Run(run_id=run_id, model=model, list_length=list_length, users=users, products=products)


def recommended_items(
    cursor: DuckDBPyConnection, *, user_id: str, k: int
) -> list[RecommendedItem] | None:
    """The first k products of a user's list, best first; None for a user without a list."""
    row = cursor.execute(_RECOMMENDATIONS, {"user_id": user_id}).fetchone()
    return None if row is None else _items_decoder.decode(row[0])[:k]


def fallback_items(cursor: DuckDBPyConnection) -> list[RecommendedItem]:
    """The whole list for users without one of their own, best first."""
    row = cursor.execute(_FALLBACK).fetchone()
    if row is None:
        raise ValueError("it has no row in its table `fallback_list`")
    return _items_decoder.decode(row[0])


def has_history(cursor: DuckDBPyConnection, *, user_id: str) -> bool:
    """Whether the user has reviewed anything."""
    return cursor.execute(_HAS_HISTORY, {"user_id": user_id}).fetchone() is not None
