"""Comments on the tables that scoring writes, in the words of the dbt project.

The texts are those of `sources:` in models/marts/_ranker__sources.yml and stand nowhere else: each
`dbt run` puts them into `raw.descriptions`, for scoring may run where no dbt project is.
"""

import duckdb

from rankmart.warehouse import run

_OF_THE_SCHEMA = """
    with

    relations as (

        select schema_name, table_name, null as column_name from duckdb_tables()
        where database_name = current_database()

        union all

        select schema_name, table_name, column_name from duckdb_columns()
        where database_name = current_database()

    )

    select descriptions.table_name, descriptions.column_name, descriptions.description
    from raw.descriptions as descriptions
    inner join relations
        on descriptions.table_schema = relations.schema_name
        and descriptions.table_name = relations.table_name
        and descriptions.column_name is not distinct from relations.column_name
    where descriptions.table_schema = ?
    order by descriptions.table_name, descriptions.column_name nulls first
"""


def describe_tables(connection: duckdb.DuckDBPyConnection, schema: str = "ranker") -> int:
    """Put comments on the tables of a schema and their columns; how many there are.

    None where the warehouse was built before dbt kept the texts: the next `dbt run` does.
    """
    kept = connection.execute(
        "select 1 from duckdb_tables() where database_name = current_database()"
        " and schema_name = 'raw' and table_name = 'descriptions'"
    ).fetchall()
    if not kept:
        return 0
    described = connection.execute(_OF_THE_SCHEMA, [schema]).fetchall()
    for table, column, text in described:
        what = f'table "{schema}"."{table}"'
        if column is not None:
            what = f'column "{schema}"."{table}"."{column}"'
        run(connection, f"comment on {what} is {quoted(text)}")
    return len(described)


def quoted(text: str) -> str:
    """A text as an SQL literal: `comment on` takes no parameter."""
    return "'" + text.replace("'", "''") + "'"
