"""A warehouse small enough to read: three users, four products, one or more runs.

`ann` and `bea` have lists; `cat` has reviews but no list. P3 is a variant of P1. The products
table has no title for P4.
"""

from pathlib import Path

import duckdb

from rankmart.kept import Lists, create_tables
from rankmart.publish import publish

_TABLES = """
create schema ranker;
create schema staging;
create schema intermediate;
create schema raw;

create table raw.builds as
select
    'build-1' as invocation_id,
    timestamptz '2014-07-01 11:00:00+00' as started_at,
    true as is_whole,
    0 as failed_models;

create table staging.stg_events as select 7::bigint as seq;

create table intermediate.product_stats as
select * from (values
    ('serve', 1, 4.0::double, 0.5::double), ('serve', 2, 2.0, 0.75), ('fit', 1, 9.0, 9.0)
) as rows (split, product_key, popular_score, trend_score);

create table products as
select * from (values
    ('P1', 'P1', 'Rose water', 'Flora', 'Beauty|Skin', 'Beauty', 4.5::double, 3, 4.0::double),
    ('P2', 'P2', 'Soap "gentle" — ü', 'Flora', 'Beauty', 'Beauty', null, 2, 5.0),
    ('P3', 'P1', 'Rose water, large', 'Flora', 'Beauty|Skin', 'Beauty', 9.0, 1, 3.0),
    ('P4', 'P4', null, null, null, null, null, 1, 2.0)
) as rows (
    product_id, family_id, title, brand, categories, category, price, review_count, rating_mean
);
alter table products add column product_key integer;
update products set product_key = cast(right(product_id, 1) as integer) where product_id != 'P3';
alter table products add column first_reviewed_at timestamp;
alter table products add column last_reviewed_at timestamp;
update products set
    first_reviewed_at = timestamp '2014-01-01', last_reviewed_at = timestamp '2014-06-01';

create table users as
select * from (values ('ann', 1, 7), ('bea', 2, 8), ('cat', 3, 9))
as rows (user_id, user_key, user_bucket);

create table product_neighbors as
select * from (values
    ('P1', 1, 'P2', 0.5::double), ('P1', 2, 'P4', 0.25), ('P2', 1, 'P1', 0.5)
) as rows (product_id, rank, neighbor_id, score);

create table interactions as
select * from (values
    ('ann', 'P1', timestamp '2014-01-01 10:00:00', 5.0::float, true, 1),
    ('ann', 'P4', timestamp '2014-02-01 10:00:00', null, true, 2),
    ('bea', 'P2', timestamp '2014-03-01 00:00:00', 2.0, false, 1),
    ('cat', 'P1', timestamp '2014-04-01 00:00:00', 4.0, true, 1)
) as rows (user_id, product_id, reviewed_at, rating, is_positive, position);
alter table interactions add column kind varchar;
update interactions set kind = 'review';

create table ranker.runs (
    run_id varchar, created_at timestamp, model varchar, protocol varchar, metrics json,
    parameters json, verdict varchar, verdict_reason varchar, is_current boolean
);
create table ranker.recommendations (
    run_id varchar, user_id varchar, rank smallint, product_id varchar, score float,
    source varchar, reason_type varchar, because_of_product_id varchar, reason_terms varchar
);
create table ranker.run_experiments (
    run_id varchar, experiment varchar, salt varchar, first_day integer, last_day integer,
    variant varchar, list varchar, first_slot integer, end_slot integer
);
create table ranker.variant_recommendations (
    run_id varchar, list varchar, user_id varchar, rank smallint, product_id varchar,
    score float, source varchar, reason_type varchar, because_of_product_id varchar,
    reason_terms varchar
);
create table ranker.fallback_recommendations (
    run_id varchar, rank smallint, product_id varchar, score float, source varchar,
    reason_type varchar, reason_terms varchar
);
create table ranker.evaluation (
    run_id varchar, model varchar, segment varchar, metric varchar, k integer, value double,
    ci_low double, ci_high double, users bigint
);
"""

_RUN = """
insert into ranker.runs values (
    $run_id, timestamp '2014-07-01 12:00:00', 'ranker', 'temporal', '{"ndcg_at_10": 0.1}',
    '{"rounds": 40}', $verdict, null, false
);
insert into ranker.recommendations values
    ($run_id, 'ann', 1, 'P2', 0.12, 'co_visited', 'because_of', 'P1', null),
    ($run_id, 'ann', 2, $anns_second, -0.5, 'trending', 'trending', null, null),
    ($run_id, 'bea', 1, 'P1', 0.3, 'co_visited', 'because_of', 'P2', null),
    ($run_id, 'bea', 2, 'P3', 0.2, 'content', 'content', null, 'rose, gentle'),
    ($run_id, 'bea', 3, 'P4', 0.1, 'two_hop', 'because_of', 'P2', null);
insert into ranker.fallback_recommendations values
    ($run_id, 2, 'P2', 2, 'popular', 'popular', null),
    ($run_id, 1, 'P1', 4, 'popular', 'popular', null);
insert into ranker.evaluation values
    ($run_id, 'ranker', 'all', 'ndcg', 10, 0.1, 0.09, 0.11, 3);
"""


def make_warehouse(path: Path) -> duckdb.DuckDBPyConnection:
    """An open warehouse with every table that publishing reads, and no run."""
    connection = duckdb.connect(path)
    connection.execute(_TABLES)
    return connection


def add_run(
    warehouse: duckdb.DuckDBPyConnection,
    run_id: str,
    *,
    anns_second: str = "P3",
    verdict: str = "published",
) -> None:
    """Add a run; `anns_second` is ann's second product, so that two runs can differ."""
    parameters = {"run_id": run_id, "anns_second": anns_second, "verdict": verdict}
    for statement in warehouse.extract_statements(_RUN):
        named = {name: parameters[name] for name in statement.named_parameters}
        warehouse.execute(statement, named)


def publish_run(
    warehouse: duckdb.DuckDBPyConnection,
    published: Path,
    run_id: str,
    *,
    anns_second: str = "P3",
) -> Path:
    """Add a run and publish it."""
    add_run(warehouse, run_id, anns_second=anns_second)
    return publish(warehouse, run_id=run_id, published=published)


def keep_run(
    warehouse: duckdb.DuckDBPyConnection,
    run_id: str,
    *,
    lists: Lists = "held_recommendations",
    minute: int = 0,
) -> None:
    """Add a run that was scored and not published, `minute` after the others: held or refused.

    Its ranker is one member, of weight 0.5, whose booster is the run's id.
    """
    create_tables(warehouse)
    verdict = "held" if lists == "held_recommendations" else "refused"
    add_run(warehouse, run_id, verdict=verdict)
    fallback = "fallback_recommendations"
    for here, there in ((fallback, f"held_{fallback}"), ("recommendations", lists)):
        warehouse.execute(
            f"insert into ranker.{there} by name"
            f" select * from ranker.{here} where run_id = $run_id",
            {"run_id": run_id},
        )
        warehouse.execute(f"delete from ranker.{here} where run_id = ?", [run_id])
    warehouse.execute(
        "update ranker.runs set created_at = created_at + to_minutes($minute),"
        " verdict_reason = 'for ' || verdict where run_id = $run_id",
        {"run_id": run_id, "minute": minute},
    )
    warehouse.execute(
        "insert into ranker.kept_runs values (?, 'build-1', ['support'], [2], [1], [0.5])",
        [run_id],
    )
    warehouse.execute("insert into ranker.models values (?, 0, 0.5, ?)", [run_id, run_id.encode()])
