"""What tables hold, for comparing two warehouses."""

from project import Project

Contents = dict[str, tuple[int, int]]


def contents(project: Project, *schemas: str) -> Contents:
    """By table, the number of rows and the sum of their hashes, whatever their order."""
    with project.connection() as connection:
        tables = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables()"
            " where list_contains(?, schema_name) order by all",
            [list(schemas)],
        ).fetchall()
        return {
            table: connection.execute(
                f"select count(*), coalesce(sum(cast(hash(rows) as hugeint)), 0)"
                f" from {table} as rows"
            ).fetchall()[0]
            for (table,) in tables
        }
