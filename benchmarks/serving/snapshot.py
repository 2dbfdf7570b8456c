"""A made-up snapshot of any size, with the tables that look-ups read."""

import os
from pathlib import Path

import duckdb

RUN_ID = "made-up"


def write_snapshot(published: Path, *, users: int, length: int, products: int) -> None:
    """A current run with a list of `length` for each of `users`, named u1, u2, …"""
    published.mkdir(parents=True, exist_ok=True)
    path = published / f"{RUN_ID}.duckdb"
    path.unlink(missing_ok=True)
    given = {"users": users, "length": length, "products": products}
    with duckdb.connect(path) as connection:
        for statement in connection.extract_statements(_SQL):
            named = {name: given[name] for name in statement.named_parameters}
            connection.execute(statement, named).fetchall()
    (published / "current").write_text(f"{RUN_ID}\n", encoding="utf-8")
    os.sync()


_SQL = """
create table products as
select
    'p' || number as product_id, number as product_key, 'Product number ' || number as title,
    'Brand ' || number % 100 as brand, 'All|Part ' || number % 20 as categories,
    'Part ' || number % 20 as category, number % 50 + 0.5::double as price,
    'p' || number as family_id, 10::bigint as review_count, 4.5::double as rating_mean,
    null::timestamp as first_reviewed_at, null::timestamp as last_reviewed_at,
    1.0 / number as popular_score, 1.0 / number as trend_score, 'p' || number as search_text
from range(1, $products + 1) as numbers(number);
create index products_by_product on products (product_id);
create table recommendation_lists (
    user_id varchar not null using compression uncompressed,
    items json not null using compression uncompressed
);
insert into recommendation_lists
select
    'u' || number as user_id,
    to_json(list_transform(range(1, $length + 1), lambda rank: {
        'rank': rank,
        'product_id': 'p' || ((number * 31 + rank * 17) % $products + 1),
        'title': 'Product number ' || ((number * 31 + rank * 17) % $products + 1),
        'score': 1.5 - rank / 16.0,
        'source': 'co_visited',
        'reason': {
            'type': 'because_of', 'product_id': 'p1', 'title': 'Product number 1', 'terms': null
        }
    })) as items
from range(1, $users + 1) as numbers(number);
create unique index recommendation_lists_by_user on recommendation_lists (user_id);
create table fallback_list as select items from recommendation_lists where user_id = 'u1';
create table history_lists (user_id varchar not null, items json not null);
create unique index history_lists_by_user on history_lists (user_id);
create table product_neighbors (
    product_id varchar, rank integer, neighbor_id varchar, score double
);
create table evaluation (
    model varchar, segment varchar, metric varchar, k integer, value double, ci_low double,
    ci_high double, users bigint
);
create table run as
select
    'made-up' as run_id, timestamp '2024-01-01' as created_at, 'ranker' as model,
    'temporal' as protocol, 'published' as verdict, $length as list_length, $users as users,
    $products as products, 0::bigint as events_through;
checkpoint;
"""
