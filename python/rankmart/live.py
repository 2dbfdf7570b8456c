"""The features of a few users at any moment, by the SQL that built those of everyone.

dbt keeps the SQL of each model as the engine ran it (`raw.compiled_models`). The models between a
user's history and `user_product_features` become steps, run one after the other, each of which
fills a temporary table. The tables that they read stand as they are: the rows of the split
`serve`, copied into the snapshot. Only the beginning differs: a history is what the run knows of a
user, and the events since.

The steps read two tables that whoever runs them fills: `live_asked` (user_key, user_id,
user_bucket), a number below 0 for users whom the run does not know, and `live_stg_events` (seq,
user_id, product_id, kind, rating, occurred_epoch).

One query of all steps costs DuckDB twice as much: the time of its optimizers grows faster than
the plan, and a plan is made again for each execution, of a prepared statement too.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import duckdb

from rankmart.ctes import Cte, read_ctes, words_of

LAST = "user_product_features"
FIRST = ("split_interactions", "labels", "stg_events")
"""What the models of a user begin with: given by the query itself."""

DISMISSED_EVENTS = "live_dismissed_events"
"""The events on products that a user had dismissed when the run was made. Whatever the user does
with one since, the dismissal came not last, and what was done before it may decide."""

_KNOWN = """
select known.* from live_interactions as known
semi join live_asked on known.user_key = live_asked.user_key
"""

_EVENTS = f"""
select * from live_stg_events
union all by name
select events.* from {DISMISSED_EVENTS} as events
semi join live_asked on events.user_id = live_asked.user_id
"""

# As `event_interactions` decides: of what the run knows and what came since, a dismissal that came
# last, else the first of the strongest kind.
_NEW = """
select
    'serve' as split,
    'history' as role,
    live_asked.user_key,
    keys.product_key,
    live_asked.user_bucket,
    -- To the run, now is the moment of its last interaction.
    least(events.occurred_epoch, (select max(as_of) from live_product_stats))
        as reviewed_epoch,
    cast(row_number() over (
        partition by live_asked.user_key order by events.occurred_epoch, events.seq
    ) as integer) as position,
    events.rating,
    events.is_positive,
    0 as text_length,
    0 as helpful_votes,
    0 as total_votes,
    false as is_verified,
    events.review_id,
    events.kind,
    events.strength
from live_event_interactions as events
inner join live_asked on events.user_id = live_asked.user_id
inner join live_product_keys as keys on events.product_id = keys.product_id
left join live_known as known
    on live_asked.user_key = known.user_key and keys.product_key = known.product_key
where known.user_key is null
    or (
        known.kind <> 'review'
        and known.review_id <> events.review_id
        and (
            events.strength > known.strength
            or 'dismiss' in (events.kind, known.kind)
        )
    )
"""

# By time, as in the batch; what is new comes last of its moment.
_SPLIT_INTERACTIONS = """
select
    * exclude (is_new) replace (
        cast(row_number() over (
            partition by user_key order by reviewed_epoch, is_new, position
        ) as integer) as position
    )
from (
    select known.*, false as is_new from live_known as known
    anti join live_new
        on known.user_key = live_new.user_key and known.product_key = live_new.product_key
    union all by name
    select *, true as is_new from live_new
)
"""

_LABELS = """
select
    cast(null as varchar) as split,
    cast(null as integer) as list_key,
    cast(null as integer) as user_key,
    cast(null as integer) as product_key,
    cast(null as integer) as user_bucket
where false
"""


@dataclass(frozen=True, kw_only=True)
class LiveQuery:
    """The steps (name, SQL) in order, the last of which gives the features.

    `inputs`: the tables (schema, name) that they read as `live_<name>`. `constants`: tables
    (name, SQL over the inputs) that they read too, the same for every user.
    """

    steps: tuple[tuple[str, str], ...]
    inputs: tuple[tuple[str, str], ...]
    constants: tuple[tuple[str, str], ...] = ()


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
    constants: list[tuple[str, str]] = []
    steps: list[tuple[str, str]] = []
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
        sql, found = without_constants(
            with_live_names(model),
            model=model,
            of_users=[f"live_{name}" for name in (*user_level, *FIRST)],
        )
        constants.extend(found)
        if model == "target_users":
            # User 0, whoever is not known, is asked for by everyone's build alone.
            sql = f"select * from (\n{sql}\n) where user_key <> 0"
        steps.append((f"live_{model}", sql))
        return True

    steps += [
        ("live_known", _KNOWN),
        ("live_events", _EVENTS),
        (
            "live_event_interactions",
            with_live_names("event_interactions").replace("live_stg_events", "live_events"),
        ),
        ("live_new", _NEW),
        ("live_split_interactions", _SPLIT_INTERACTIONS),
        ("live_labels", _LABELS),
    ]
    done.add("event_interactions")
    if not add(LAST):
        return None
    return LiveQuery(
        steps=tuple(steps),
        inputs=tuple(sorted((schema, name) for name, schema in inputs.items())),
        constants=tuple(constants),
    )


def without_constants(
    sql: str, *, model: str, of_users: Collection[str]
) -> tuple[str, list[tuple[str, str]]]:
    """A model that reads what no user decides from tables, and these tables (name, SQL).

    That is CTEs which put several tables together, none of them of `of_users`: what is the same
    for everyone need not be computed for each.

    >>> sql, constants = without_constants(
    ...     "with a as (select * from s join t using (key)), b as (select * from u join a)"
    ...     " select * from b",
    ...     model="m",
    ...     of_users=["u"],
    ... )
    >>> sql
    'with a as (select * from live_m_a), b as (select * from u join a) select * from b'
    >>> constants
    [('live_m_a', 'with a as (select * from s join t using (key)) select * from a')]
    """
    found, rest = read_ctes(sql)
    names = {cte.name for cte in found}
    same_for_all: dict[str, Cte] = {}
    for cte in found:
        read = cte.words & names - {cte.name}
        if read <= same_for_all.keys() and cte.words.isdisjoint(of_users):
            same_for_all[cte.name] = cte
    read_by_users = words_of(rest).union(
        *(cte.words for cte in found if cte.name not in same_for_all)
    )
    constants = []
    before = ", ".join(f"{name} as ({cte.body})" for name, cte in same_for_all.items())
    for cte in reversed(same_for_all.values()):
        if cte.name in read_by_users and " join " in cte.body:
            table = f"live_{model}_{cte.name}"
            constants.append((table, f"with {before} select * from {cte.name}"))
            sql = f"{sql[: cte.start]}select * from {table}{sql[cte.end :]}"
    return sql, constants


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
    connection.execute(
        f"""
        create table {into}.{DISMISSED_EVENTS} as
        select
            events.seq, events.user_id, events.product_id, events.kind, events.rating,
            events.occurred_epoch
        from staging.stg_events as events
        inner join intermediate.product_families as families
            on events.product_id = families.product_id
        semi join interactions
            on events.user_id = interactions.user_id
            and families.family_id = interactions.product_id
            and interactions.kind = 'dismiss'
        order by events.user_id, events.seq
        """
    ).fetchall()
    for name, sql in query.constants:
        of_snapshot = re.sub(r"\blive_\w+", lambda found: f"{into}.{found[0]}", sql)
        connection.execute(f"create table {into}.{name} as {of_snapshot}").fetchall()
    connection.execute(
        f"create table {into}.live_steps as select unnest(range(len($names))) as step,"
        " unnest(cast($names as varchar [])) as name, unnest(cast($texts as varchar [])) as sql",
        {
            "names": [name for name, _ in query.steps],
            "texts": [sql for _, sql in query.steps],
        },
    )
