"""The vars of a build by which the API goes too, where lists follow events."""

import duckdb

SHIPPED = {"exclude_reviewed": True, "negative_rating_max": 2.0}
"""As dbt_project.yml has them. What differs is part of a run's parameters, and so of its snapshot;
a run without a word of them, and every older one, was made with these."""


def changed_vars(connection: duckdb.DuckDBPyConnection) -> dict[str, bool | float]:
    """The vars that the last build had otherwise than they are shipped.

    None where an earlier version built the warehouse: it did not note them.
    """
    there = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'raw' and table_name = 'build_vars'"
        " and database_name = current_database()"
    ).fetchall()
    rows = (
        connection.execute("select name, value from raw.build_vars order by name").fetchall()
        if there
        else []
    )
    given = {name: type(SHIPPED[name])(value) for name, value in rows if name in SHIPPED}
    return {name: value for name, value in given.items() if value != SHIPPED[name]}
