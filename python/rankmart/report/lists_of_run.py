"""The lists of the run that is reported on, wherever they are kept."""

from pathlib import Path

import duckdb

from rankmart.errors import SnapshotError, first_line
from rankmart.publish import snapshot_path
from rankmart.recorded import RecordedRun
from rankmart.warehouse import run as execute

TABLES = (
    ("recommendations", "fallback_recommendations"),
    ("held_recommendations", "held_fallback_recommendations"),
    ("refused_recommendations", "held_fallback_recommendations"),
)
"""Where the warehouse keeps lists, and those for users who are not known."""

COLUMNS = "rank, product_id, score, source, reason_type, reason_terms"

_ITEM = """[{
    "rank": "int", "product_id": "varchar", "score": "float", "source": "varchar",
    "reason": {"type": "varchar", "product_id": "varchar", "terms": "varchar"}
}]"""

_OF_SNAPSHOT = """
    items.rank, items.product_id, items.score, items.source, items.reason.type as reason_type,
    items.reason.terms as reason_terms
"""


def gather_lists(connection: duckdb.DuckDBPyConnection, run: RecordedRun, published: Path) -> str:
    """Fill the temp tables `reported_lists` and `reported_fallback`; returns what is amiss.

    The warehouse has the lists of the runs that were scored last. Those of a run that was gone
    back to are in its snapshot. Where neither has them, the tables are empty.
    """
    known = {
        name
        for (name,) in connection.execute(
            "select table_name from information_schema.tables where table_schema = 'ranker'"
        ).fetchall()
    }
    for lists, fallback in TABLES:
        if lists not in known:
            continue
        execute(
            connection,
            f"create or replace temp table reported_lists as"
            f" select user_id, {COLUMNS}, because_of_product_id"
            f" from ranker.{lists} where run_id = $run_id",
            {"run_id": run.run_id},
        )
        source = fallback if fallback in known else "fallback_recommendations"
        execute(
            connection,
            f"create or replace temp table reported_fallback as"
            f" select {COLUMNS} from ranker.{source} where run_id = $run_id",
            {"run_id": run.run_id},
        )
        if connection.execute("select count(*) from reported_lists").fetchall()[0][0]:
            return ""
    return _from_snapshot(connection, run, published)


def _from_snapshot(
    connection: duckdb.DuckDBPyConnection, run: RecordedRun, published: Path
) -> str:
    amiss = "the warehouse has lists of later runs alone, and the snapshot of this one"
    try:
        snapshot = snapshot_path(published, run.run_id)
        if not snapshot.exists():
            return f"{amiss} is not kept"
        literal = str(snapshot).replace("'", "''")
        execute(connection, f"attach '{literal}' as reported (read_only)")
        execute(
            connection,
            f"create or replace temp table reported_lists as"
            f" select user_id, {_OF_SNAPSHOT}, items.reason.product_id as because_of_product_id"
            f" from (select user_id, unnest(from_json(items, '{_ITEM}')) as items"
            f" from reported.recommendation_lists)",
        )
        execute(
            connection,
            f"create or replace temp table reported_fallback as select {_OF_SNAPSHOT}"
            f" from (select unnest(from_json(items, '{_ITEM}')) as items"
            f" from reported.fallback_list)",
        )
        execute(connection, "detach reported")
    except (SnapshotError, duckdb.Error) as error:
        return f"{amiss} can't be read ({first_line(error)})"
    return ""
