"""What Rankmart's warehouse holds of a split, as the Parquet files that peers are trained on."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from rankmart.warehouse import first_row, run

# Those that Rankmart is evaluated on: with a label, and above a size a sample of them.
_TARGETS = """
    select
        user_key,
        user_key in (
            select user_key from intermediate.histories where split = getvariable('split')
        ) as has_history
    from intermediate.target_users
    where split = getvariable('split')
"""

# Of users whom no peer can recommend to, nothing can be learnt about settings.
_SAMPLE = """
    select * from targets
    where has_history
    order by md5(cast(user_key as varchar)), user_key
    limit getvariable('at_most')
"""

_FILES = {
    "users": "select user_key, has_history from users order by user_key",
    "labels": """
        select user_key, product_key
        from intermediate.labels semi join users using (user_key)
        where split = getvariable('split')
        order by user_key, product_key
    """,
    "history": """
        select user_key, product_key, weight, reviewed_epoch
        from intermediate.histories
        where split = getvariable('split')
        order by user_key, position
    """,
}

# Brands are no categories: a list of ten products of one brand is not what a peer is asked for.
_TAGS = """
    select product_key, tag
    from intermediate.product_tags
    where not starts_with(tag, 'brand: ')
    order by product_key, tag
"""


@dataclass(frozen=True, kw_only=True)
class Split:
    """A split's files: history.parquet, users.parquet, labels.parquet in `folder`.

    users: those to recommend to. users_with_history: those of them that a peer can know.
    catalog_size: products with an interaction in the history.
    """

    folder: Path
    users: int
    users_with_history: int
    catalog_size: int


def export_split(
    connection: duckdb.DuckDBPyConnection, split: str, folder: Path, *, at_most: int | None = None
) -> Split:
    """Write a split's files; with `at_most`, of so many users with a history, drawn by md5."""
    folder.mkdir(parents=True, exist_ok=True)
    run(connection, f"set variable split = '{split}'")
    run(connection, f"create or replace temp table targets as {_TARGETS}")
    if at_most is None:
        run(connection, "create or replace temp table users as select * from targets")
    else:
        run(connection, f"set variable at_most = {at_most}")
        run(connection, f"create or replace temp table users as {_SAMPLE}")
    for name, query in _FILES.items():
        _write(connection, query, folder / f"{name}.parquet")
    users, with_history = first_row(
        connection, "select count(*), count_if(has_history) from users"
    )
    (catalog_size,) = first_row(
        connection,
        "select count(distinct product_key) from intermediate.histories"
        " where split = getvariable('split')",
    )
    return Split(
        folder=folder, users=users, users_with_history=with_history, catalog_size=catalog_size
    )


def export_tags(connection: duckdb.DuckDBPyConnection, folder: Path) -> int:
    """Write tags.parquet, (product_key, tag): words of category paths; returns the rows."""
    _write(connection, _TAGS, folder / "tags.parquet")
    (rows,) = first_row(connection, f"select count(*) from ({_TAGS})")
    return int(rows)


def _write(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    literal = str(path).replace("'", "''")
    run(connection, f"copy ({query}) to '{literal}' (format parquet)")
