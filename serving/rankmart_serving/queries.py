"""Look-ups in a published snapshot: all SQL of the API but the features' is here."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import duckdb
import msgspec
from duckdb import DuckDBPyConnection

from rankmart.build_vars import SHIPPED
from rankmart.experiments import Experiment, Variant
from rankmart_serving.responses import (
    HistoryItem,
    Measured,
    Product,
    PublishedRun,
    RecommendedItem,
    Run,
    SimilarProduct,
)

_RUN = """
select run_id, model, list_length, users, products, events_through from run
"""

_FALLBACK = "select items from fallback_list"

_PRODUCT_COLUMNS = """
    product_id, title, brand, category, price, family_id, review_count, rating_mean
"""

_lists_of: dict[int, duckdb.Statement] = {}
"""The query for the lists of so many users, parsed."""

FEW = 24
"""So many ids in one query are looked up one by one."""

_items_decoder = msgspec.json.Decoder(list[RecommendedItem])
raw_items_decoder = msgspec.json.Decoder(list[msgspec.Raw])


def run(cursor: DuckDBPyConnection) -> Run:
    """The run that the snapshot holds.

    Raises a DuckDB error for a file that is no snapshot, ValueError for one without its run.
    """
    row = cursor.execute(_RUN).fetchone()
    if row is None:
        raise ValueError("it has no row in its table `run`")
    run_id, model, list_length, users, products, events_through = row
    return Run(
        run_id=run_id,
        model=model,
        list_length=list_length,
        users=users,
        products=products,
        events_through=events_through,
    )


def fallback_list(cursor: DuckDBPyConnection) -> str:
    """The list for users without one of their own, best first, as JSON."""
    row = cursor.execute(_FALLBACK).fetchone()
    if row is None:
        raise ValueError("it has no row in its table `fallback_list`")
    _items_decoder.decode(row[0])
    return str(row[0])


class ListSettings(NamedTuple):
    """What a run's lists were made with; 0 for no diversity or cap."""

    diversity: float
    category_cap: int
    excludes_reviewed: bool
    negative_rating_max: float
    """A rating up to here is no wish."""


def list_settings(cursor: DuckDBPyConnection) -> ListSettings:
    """Those of the snapshot's run."""
    row = cursor.execute(
        "select coalesce(cast(parameters ->> 'diversity' as double), 0),"
        " coalesce(cast(parameters ->> 'category_cap' as integer), 0),"
        " coalesce(cast(parameters ->> 'exclude_reviewed' as boolean), $exclude_reviewed),"
        " coalesce(cast(parameters ->> 'negative_rating_max' as double), $negative_rating_max)"
        " from run",
        SHIPPED,
    ).fetchone()
    if row is None:
        raise ValueError("it has no row in its table `run`")
    return ListSettings(*row)


def blocked_products(cursor: DuckDBPyConnection) -> frozenset[str]:
    """What the run's list rules block, as it stands in lists; none in older snapshots."""
    if not _has_table(cursor, "live_rules"):
        return frozenset()
    rows = cursor.execute(
        "select products.product_id from products"
        " semi join live_rules on products.product_key = live_rules.product_key"
        " and live_rules.is_blocked"
    ).fetchall()
    return frozenset(product_id for (product_id,) in rows)


def experiments(cursor: DuckDBPyConnection) -> tuple[Experiment, ...]:
    """The run's experiments, in the order in which they take users; none in older snapshots."""
    if not _has_table(cursor, "experiments"):
        return ()
    variants: dict[tuple[Any, ...], list[Variant]] = {}
    for *experiment, name, list_name, first_slot, end_slot in cursor.execute(
        "select experiment, salt, first_day, last_day, variant, list, first_slot, end_slot"
        " from experiments order by first_day, experiment, first_slot"
    ).fetchall():
        variants.setdefault(tuple(experiment), []).append(
            Variant(name=name, list=list_name, first_slot=first_slot, end_slot=end_slot)
        )
    return tuple(
        Experiment(
            name=name,
            salt=salt,
            first_day=first_day,
            last_day=last_day,
            variants=tuple(of_one),
        )
        for (name, salt, first_day, last_day), of_one in variants.items()
    )


def variant_list(cursor: DuckDBPyConnection, list_name: str, user_id: str) -> str | None:
    """A user's list by a generator, as JSON; None for who has none."""
    row = cursor.execute(
        "select items from variant_lists where user_id = ? and list = ?", [user_id, list_name]
    ).fetchone()
    return None if row is None else str(row[0])


def done_products(cursor: DuckDBPyConnection, user_id: str, kinds: Collection[str]) -> set[str]:
    """The products in a user's history, by an entry of these kinds."""
    row = cursor.execute("select items from history_lists where user_id = ?", [user_id]).fetchone()
    items = [] if row is None else msgspec.json.decode(row[0])
    return {item["product_id"] for item in items if item["kind"] in kinds}


def lists_of(cursor: DuckDBPyConnection, user_ids: Sequence[str]) -> dict[str, str]:
    """The lists of those users who have one, as JSON."""
    places = _places(len(user_ids))
    # The filling is an id that is asked for anyway: so that few texts of queries are planned.
    given = [*user_ids, *[user_ids[-1]] * (places - len(user_ids))]
    if places not in _lists_of:
        [_lists_of[places]] = cursor.extract_statements(
            "select user_id, items from recommendation_lists"
            f" where user_id in ({', '.join('?' * places)})"
        )
    return dict(cursor.execute(_lists_of[places], given).fetchall())


def with_history(cursor: DuckDBPyConnection, user_ids: Sequence[str]) -> set[str]:
    """Those of the users who have reviewed anything."""
    given, parameters = _given(user_ids)
    rows = cursor.execute(
        f"select user_id from history_lists where user_id in ({given})", parameters
    ).fetchall()
    return {user_id for (user_id,) in rows}


def history(cursor: DuckDBPyConnection, user_id: str) -> list[HistoryItem]:
    """What the run knows of a user, the last first."""
    row = cursor.execute("select items from history_lists where user_id = ?", [user_id]).fetchone()
    if row is None:
        return []
    items = msgspec.json.decode(row[0])
    titles = facts(cursor, [item["product_id"] for item in items])
    return [
        HistoryItem(
            product_id=item["product_id"],
            title=title_of(titles, item["product_id"]),
            at=item["reviewed_at"],
            kind=item["kind"],
            rating=item["rating"],
        )
        for item in items
    ]


def users_from(cursor: DuckDBPyConnection, prefix: str, limit: int) -> list[str]:
    """The first ids that begin so, of users who have a list."""
    rows = cursor.execute(
        "select user_id from recommendation_lists where starts_with(user_id, ?)"
        " order by user_id limit ?",
        [prefix, limit],
    ).fetchall()
    return [user_id for (user_id,) in rows]


def facts(cursor: DuckDBPyConnection, product_ids: Sequence[str]) -> dict[str, Product]:
    """What is known of products, by id; nothing of those that the run does not know."""
    if not product_ids:
        return {}
    given, parameters = _given(product_ids)
    rows = cursor.execute(
        f"select {_PRODUCT_COLUMNS} from products where product_id in ({given})",
        parameters,
    ).fetchall()
    return {row[0]: Product(*row) for row in rows}


def title_of(products: dict[str, Product], product_id: str) -> str | None:
    """The title, if the product is among them and has one."""
    return products[product_id].title if product_id in products else None


def similar(cursor: DuckDBPyConnection, product_id: str, k: int) -> list[SimilarProduct]:
    """Neighbours of a product, or of the variant that stands for it, nearest first."""
    rows = cursor.execute(
        """
        select neighbors.neighbor_id, products.title, neighbors.score
        from product_neighbors as neighbors
        left join products on neighbors.neighbor_id = products.product_id
        where neighbors.product_id = (select family_id from products where product_id = $id)
        order by neighbors.rank
        limit $k
        """,
        {"id": product_id, "k": k},
    ).fetchall()
    return [SimilarProduct(*row) for row in rows]


def neighbors(cursor: DuckDBPyConnection, product_id: str, k: int) -> list[tuple[str, float]]:
    """Neighbours of a product that stands for its variants, and how near, nearest first."""
    rows: list[tuple[str, float]] = cursor.execute(
        "select neighbor_id, score from product_neighbors where product_id = ?"
        " order by rank limit ?",
        [product_id, k],
    ).fetchall()
    return rows


def charts(
    cursor: DuckDBPyConnection, score: str, *, category: str | None, k: int, offset: int
) -> list[Product]:
    """Products by `popular_score` or `trend_score`, those of a category or all."""
    rows = cursor.execute(
        f"""
        select {_PRODUCT_COLUMNS} from products
        where {score} is not null
            and ($category is null or list_contains(string_split(categories, '|'), $category))
        order by {score} desc, product_id
        limit $k offset $offset
        """,
        {"category": category, "k": k, "offset": offset},
    ).fetchall()
    return [Product(*row) for row in rows]


def search(cursor: DuckDBPyConnection, query: str, k: int, offset: int) -> list[Product]:
    """Products of which id, title or brand has every word, the most reviewed first."""
    words = query.lower().split() or [""]
    conditions = " and ".join("contains(search_text, ?)" for _ in words)
    rows = cursor.execute(
        f"select {_PRODUCT_COLUMNS} from products where {conditions}"
        " order by lower(product_id) = ? desc, review_count desc, product_id limit ? offset ?",
        [*words, query.lower(), k, offset],
    ).fetchall()
    return [Product(*row) for row in rows]


def published_run(cursor: DuckDBPyConnection, *, is_current: bool) -> PublishedRun:
    """The run of the snapshot, with the figures of its own model."""
    row = cursor.execute(
        "select run_id, strftime(created_at, '%Y-%m-%dT%H:%M:%SZ'), model, protocol, verdict,"
        " users, products from run"
    ).fetchone()
    if row is None:
        raise ValueError("it has no row in its table `run`")
    run_id, created_at, model, protocol, verdict, users, products = row
    metrics = {
        f"{figure.metric}_at_{figure.k}": figure.value
        for figure in evaluation(cursor)
        if figure.model == model
    }
    return PublishedRun(
        run_id=run_id,
        created_at=created_at,
        model=model,
        protocol=protocol,
        verdict=verdict,
        is_current=is_current,
        users=users,
        products=products,
        metrics=metrics,
    )


def evaluation(cursor: DuckDBPyConnection) -> list[Measured]:
    """Every figure over all test users, of every model."""
    rows: list[tuple[Any, ...]] = cursor.execute(
        "select model, metric, k, value, ci_low, ci_high, users from evaluation"
        " where segment = 'all' and isfinite(value) order by metric, k, value desc, model"
    ).fetchall()
    return [Measured(*row) for row in rows]


def _has_table(cursor: DuckDBPyConnection, name: str) -> bool:
    present = cursor.execute("select 1 from duckdb_tables() where table_name = ?", [name])
    return bool(present.fetchall())


def _given(ids: Sequence[str]) -> tuple[str, list[Any]]:
    """What stands within `in ()`, and its parameters.

    A few are looked up in an index one by one; many cost less as a table to join with.
    """
    if len(ids) <= FEW:
        return ", ".join("?" * len(ids)), list(ids)
    return "select unnest(cast(? as varchar []))", [list(ids)]


def _places(count: int) -> int:
    """The next power of two."""
    return 1 << (count - 1).bit_length()


def keys_of(cursor: DuckDBPyConnection, user_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """The key and bucket of each user whom the run knows."""
    given, parameters = _given(user_ids)
    rows = cursor.execute(
        f"select user_id, user_key, user_bucket from users where user_id in ({given})",
        parameters,
    ).fetchall()
    return {user_id: (key, bucket) for user_id, key, bucket in rows}


def by_key(
    cursor: DuckDBPyConnection, product_keys: Iterable[int]
) -> dict[int, tuple[str, str | None]]:
    """Id and title of products by key; of a family, those of the variant that stands for it."""
    rows = cursor.execute(
        "select keys.product_key, keys.product_id, products.title"
        " from live_product_keys as keys"
        " left join products on keys.product_id = products.product_id"
        " where keys.product_key in (select unnest(cast(? as integer [])))",
        [sorted(product_keys)],
    ).fetchall()
    return {key: (product_id, title) for key, product_id, title in rows}


def category_paths(cursor: DuckDBPyConnection, product_ids: Sequence[str]) -> dict[str, str]:
    """The categories of products, parted by bars; nothing of those without."""
    if not product_ids:
        return {}
    given, parameters = _given(product_ids)
    rows = cursor.execute(
        "select product_id, categories from products where categories is not null"
        f" and product_id in ({given})",
        parameters,
    ).fetchall()
    return dict(rows)
