"""What publishing a run later needs, kept in the warehouse beside its lists.

Three tables hold lists: of the run published last, of the run refused last, and of a run that is
held for `rankmart publish`. Of each of these runs `ranker.kept_runs` has the features and the
list rules, `ranker.models` the ranker, `ranker.run_experiments` the experiments, and
`ranker.variant_recommendations` the lists that they need.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from rankmart.descriptions import describe_tables
from rankmart.errors import MissingTableError, WarehouseError
from rankmart.experiments import Experiment
from rankmart.rules import ListRules
from rankmart.sql import sql_text
from rankmart.warehouse import first_row, run

Lists = Literal["recommendations", "held_recommendations", "refused_recommendations"]
"""The tables of schema `ranker` that hold lists."""

_OF_KEPT_RUNS = ("kept_runs", "models", "run_experiments", "variant_recommendations")

RUNS_WITH_LISTS = """
    select run_id from ranker.recommendations
    union
    select run_id from ranker.held_recommendations
    union
    select run_id from ranker.refused_recommendations
"""


@dataclass(frozen=True, kw_only=True)
class KeptRun:
    """A run whose lists the warehouse has; `lists` is their table. The rest as in `publish`."""

    run_id: str
    lists: Lists
    build_id: str
    members: tuple[tuple[float, bytes], ...]
    features: tuple[str, ...]
    blocked: tuple[int, ...]
    boosts: dict[int, float]


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the schema `ranker`, or what it lacks, and say in it what its columns are."""
    run(connection, sql_text("ranker_tables"))
    describe_tables(connection)


def last_build(connection: duckdb.DuckDBPyConnection) -> str:
    """The id that dbt gave its last run on this warehouse, of models, whole or not."""
    (build_id,) = first_row(
        connection, "select invocation_id from raw.builds order by started_at desc limit 1"
    )
    return str(build_id)


def write_lists(connection: duckdb.DuckDBPyConnection, run_id: str, lists: Lists) -> None:
    """Put the lists of `new_recommendations` where they belong; what was held is superseded."""
    _make_room(connection, run_id, lists)
    run(
        connection,
        f"""
        insert into ranker.{lists}
        select ?, user_id, rank, product_id, score, source, reason_type,
            because_of_product_id, reason_terms
        from new_recommendations
        where user_id is not null
        order by user_id, rank
        """,
        [run_id],
    )
    run(
        connection,
        f"""
        insert into ranker.{_fallback_of(lists)}
        select ?, rank, product_id, score, source, reason_type, reason_terms
        from new_recommendations
        where user_id is null
        order by rank
        """,
        [run_id],
    )


def keep(
    connection: duckdb.DuckDBPyConnection,
    run_id: str,
    *,
    members: Sequence[tuple[float, bytes]],
    features: Sequence[str],
    rules: ListRules,
    experiments: Sequence[Experiment],
) -> None:
    """Keep what else publishing the run needs, and forget runs that have no lists any more.

    The lists of experiments are those of the temp table `new_variant_recommendations`.
    """
    for table in _OF_KEPT_RUNS:
        run(connection, f"delete from ranker.{table} where run_id = ?", [run_id])
    _forget_runs_without_lists(connection)
    boosts = rules.boosts_by_key
    run(
        connection,
        "insert into ranker.kept_runs values ($run_id, $build, $features, $blocked,"
        " $boosted, $boosts)",
        {
            "run_id": run_id,
            "build": last_build(connection),
            "features": list(features),
            "blocked": rules.blocked_keys,
            "boosted": list(boosts),
            "boosts": list(boosts.values()),
        },
    )
    run(
        connection,
        "insert into ranker.variant_recommendations"
        " select ?, * from new_variant_recommendations order by list, user_id, rank",
        [run_id],
    )
    for experiment in experiments:
        for variant in experiment.variants:
            run(
                connection,
                "insert into ranker.run_experiments values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    run_id,
                    experiment.name,
                    experiment.salt,
                    experiment.first_day,
                    experiment.last_day,
                    variant.name,
                    variant.list,
                    variant.first_slot,
                    variant.end_slot,
                ],
            )
    for number, (weight, booster) in enumerate(members):
        run(
            connection,
            "insert into ranker.models values (?, ?, ?, ?)",
            [run_id, number, weight, booster],
        )


def read_kept(connection: duckdb.DuckDBPyConnection, run_id: str) -> KeptRun | None:
    """A run as it was kept; None where the warehouse has no lists of it."""
    rows = connection.execute(
        "select build_id, features, blocked_keys, boosted_keys, boosts from ranker.kept_runs"
        " where run_id = ?",
        [run_id],
    ).fetchall()
    lists = lists_of_runs(connection).get(run_id)
    if not rows or lists is None:
        return None
    build_id, features, blocked, boosted, boosts = rows[0]
    members = connection.execute(
        "select weight, booster from ranker.models where run_id = ? order by member", [run_id]
    ).fetchall()
    return KeptRun(
        run_id=run_id,
        lists=lists,
        build_id=build_id,
        members=tuple((weight, bytes(booster)) for weight, booster in members),
        features=tuple(features),
        blocked=tuple(blocked),
        boosts=dict(zip(boosted, boosts, strict=True)),
    )


def lists_of_runs(connection: duckdb.DuckDBPyConnection) -> dict[str, Lists]:
    """By run, the table that has its lists; of two, the published one."""
    tables: tuple[Lists, ...] = (
        "refused_recommendations",
        "held_recommendations",
        "recommendations",
    )
    return {
        str(run_id): table
        for table in tables
        for (run_id,) in connection.execute(
            f"select distinct run_id from ranker.{table}"
        ).fetchall()
    }


def move_to_published(connection: duckdb.DuckDBPyConnection, kept: KeptRun) -> None:
    """Make the lists of a held or refused run those of `ranker.recommendations`."""
    if kept.lists != "recommendations":
        run(
            connection,
            "create or replace temp table moving as"
            f" select * from ranker.{kept.lists} where run_id = $run_id",
            {"run_id": kept.run_id},
        )
        run(
            connection,
            "create or replace temp table moving_fallback as"
            " select * from ranker.held_fallback_recommendations where run_id = $run_id",
            {"run_id": kept.run_id},
        )
        _make_room(connection, kept.run_id, "recommendations")
        run(
            connection,
            "insert into ranker.recommendations by name"
            " select * from moving order by user_id, rank",
        )
        run(
            connection,
            "insert into ranker.fallback_recommendations by name"
            " select * from moving_fallback order by rank",
        )
        run(connection, "drop table moving")
        run(connection, "drop table moving_fallback")
        _forget_runs_without_lists(connection)


def require_runs(connection: duckdb.DuckDBPyConnection) -> None:
    """Raises MissingTableError where nothing was scored yet; makes what older versions lack."""
    (scored,) = first_row(
        connection,
        "select count(*) from information_schema.tables"
        " where table_schema = 'ranker' and table_name = 'runs'",
    )
    if not scored:
        raise MissingTableError("ranker.runs", build_with="rankmart score")
    try:
        create_tables(connection)
    except duckdb.CatalogException as error:
        raise WarehouseError(f"the schema ranker is not as expected ({error})") from error


def _forget_runs_without_lists(connection: duckdb.DuckDBPyConnection) -> None:
    for table in _OF_KEPT_RUNS:
        run(connection, f"delete from ranker.{table} where run_id not in ({RUNS_WITH_LISTS})")


def _fallback_of(lists: Lists) -> str:
    published = lists == "recommendations"
    return "fallback_recommendations" if published else "held_fallback_recommendations"


def _make_room(connection: duckdb.DuckDBPyConnection, run_id: str, lists: Lists) -> None:
    """Empty the table for the lists of a run; no other that is not published has the run's then.

    What was held until now is superseded.
    """
    run(connection, f"delete from ranker.{lists}")
    run(connection, "delete from ranker.held_recommendations")
    run(connection, "delete from ranker.refused_recommendations where run_id = ?", [run_id])
    if lists == "recommendations":
        run(connection, "delete from ranker.fallback_recommendations")
    run(
        connection,
        "delete from ranker.held_fallback_recommendations where run_id = ? or run_id not in"
        " (select run_id from ranker.refused_recommendations)",
        [run_id],
    )
