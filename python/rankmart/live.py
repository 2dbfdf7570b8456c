"""The features of a few users at any moment, by the SQL that built those of everyone.

dbt keeps the SQL of each model as the engine ran it (`raw.compiled_models`). The models between a
user's history and `user_product_features` are put together into one query, in which the tables
that they read stand as they are: the rows of the split `serve`, copied into the snapshot. Only the
beginning differs: a history is what the run knows of a user, and the events since.

The query reads two tables that whoever runs it fills: `asked` (user_key, user_id, user_bucket), a
number below 0 for users whom the run does not know, and `asked_events` (seq, user_id, product_id,
kind, rating, occurred_epoch).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

LAST = "user_product_features"
FIRST = ("split_interactions", "labels", "stg_events")
"""What the models of a user begin with: given by the query itself."""

_BEGINNING = """
live_asked as materialized (
    select * from asked
),

live_stg_events as materialized (
    select * from asked_events
),

live_known as materialized (
    select known.* from live_interactions as known
    semi join live_asked on known.user_key = live_asked.user_key
),

{event_interactions},

live_new as materialized (
    select
        'serve' as split,
        'history' as role,
        live_asked.user_key,
        keys.product_key,
        live_asked.user_bucket,
        -- To the run, now is the moment of its last interaction.
        least(events.occurred_epoch, (select max(as_of) from live_product_stats))
            as reviewed_epoch,
        cast(coalesce(ends.position, 0) + row_number() over (
            partition by live_asked.user_key order by events.occurred_epoch, events.seq
        ) as integer) as position,
        events.rating,
        events.is_positive,
        0 as text_length,
        0 as helpful_votes,
        0 as total_votes,
        false as is_verified,
        events.seq + 1000000000000 as review_id,
        events.kind,
        events.strength
    from live_event_interactions as events
    inner join live_asked on events.user_id = live_asked.user_id
    inner join live_product_keys as keys on events.product_id = keys.product_id
    left join (
        select user_key, max(position) as position from live_known group by user_key
    ) as ends on live_asked.user_key = ends.user_key
    anti join live_known as reviewed
        on live_asked.user_key = reviewed.user_key
        and keys.product_key = reviewed.product_key
        and reviewed.kind = 'review'
),

live_split_interactions as materialized (
    select known.* from live_known as known
    anti join live_new
        on known.user_key = live_new.user_key and known.product_key = live_new.product_key
    union all by name
    select * from live_new
),

live_labels as materialized (
    select
        cast(null as varchar) as split,
        cast(null as integer) as user_key,
        cast(null as integer) as product_key,
        cast(null as integer) as user_bucket
    where false
)"""


@dataclass(frozen=True, kw_only=True)
class LiveQuery:
    """The query, and the tables (schema, name) that it reads as `live_<name>`."""

    sql: str
    inputs: tuple[tuple[str, str], ...]


def read_live_query(connection: duckdb.DuckDBPyConnection) -> LiveQuery | None:
    """The query of the warehouse's own models; None where dbt did not keep them all."""
    try:
        compiled = dict(
            connection.execute("select model, sql from raw.compiled_models").fetchall()
        )
    except duckdb.CatalogException:
        return None
    (database,) = connection.execute("select current_database()").fetchone() or ("",)
    return compose(compiled, database=str(database))


def compose(compiled: Mapping[str, str], *, database: str) -> LiveQuery | None:
    """Put the query together from compiled models by name; None where one of them is missing."""
    if LAST not in compiled or "event_interactions" not in compiled:
        return None
    reference = re.compile(f'"{re.escape(database)}"' + r'\."(\w+)"\."(\w+)"')
    user_level = {name for name in compiled if _is_user_level(name)}
    inputs: dict[str, str] = {"product_stats": "intermediate", "product_keys": "intermediate"}
    steps: list[str] = []
    done = set(FIRST)

    def with_live_names(model: str) -> str:
        def renamed(found: re.Match[str]) -> str:
            schema, name = found.groups()
            if name not in user_level and name not in FIRST:
                inputs[name] = schema
            return f"live_{name}"

        return reference.sub(renamed, compiled[model])

    def add(model: str) -> bool:
        if model in done:
            return True
        if model not in compiled:
            return False
        done.add(model)
        needed = sorted({name for _, name in reference.findall(compiled[model])} & user_level)
        if not all(add(name) for name in needed):
            return False
        sql = with_live_names(model)
        if model == "target_users":
            # User 0, whoever is not known, is asked for by everyone's build alone.
            sql = f"select * from (\n{sql}\n) where user_key <> 0"
        steps.append(f"live_{model} as materialized (\n{sql}\n)")
        return True

    beginning = _BEGINNING.format(
        event_interactions="live_event_interactions as materialized (\n"
        + with_live_names("event_interactions")
        + "\n)"
    )
    done.add("event_interactions")
    if not add(LAST):
        return None
    sql = f"with {beginning},\n\n" + ",\n\n".join(steps) + f"\n\nselect * from live_{LAST}"
    return LiveQuery(
        sql=sql, inputs=tuple(sorted((schema, name) for name, schema in inputs.items()))
    )


def _is_user_level(model: str) -> bool:
    """Whether a model has rows of one user that only that user's history decides."""
    return model in {
        LAST,
        "histories",
        "target_users",
        "user_stats",
        "candidates",
    } or model.startswith(("candidates_", "candidate_"))


def copy_inputs(connection: duckdb.DuckDBPyConnection, query: LiveQuery, *, into: str) -> None:
    """Copy what the query reads into an attached database, the split `serve` alone."""
    tables = [*query.inputs, ("intermediate", "split_interactions")]
    for schema, name in tables:
        target = "live_interactions" if name == "split_interactions" else f"live_{name}"
        columns = {
            column
            for (column,) in connection.execute(
                "select column_name from information_schema.columns"
                " where table_catalog = current_database() and table_schema = ?"
                " and table_name = ?",
                [schema, name],
            ).fetchall()
        }
        where = "where split = 'serve'" if "split" in columns else ""
        if name == "split_interactions":
            where += " and role = 'history'"
        order = [
            column
            for column in ("user_key", "tag", "product_key", "neighbor_key", "product_id")
            if column in columns
        ]
        connection.execute(
            f'create table {into}."{target}" as select * from "{schema}"."{name}" {where}'
            + (f" order by {', '.join(order)}" if order else "")
        ).fetchall()
    connection.execute(f"create table {into}.live_query as select $sql as sql", {"sql": query.sql})
