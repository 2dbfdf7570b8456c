"""How the lists of two published runs differ, and the values behind them, by their snapshots."""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt

from rankmart.errors import first_line
from rankmart.recorded import RecordedRun
from rankmart.report.stability import in_words, shares, stability_index

FIRST = 10
"""So much of two lists is compared."""


@dataclass(frozen=True)
class Distribution:
    """Quartiles of both runs, and how far the second lies from the first."""

    name: str
    before: tuple[float, float, float]
    now: tuple[float, float, float]
    index: float

    @property
    def words(self) -> str:
        return in_words(self.index)


@dataclass(frozen=True)
class ListChange:
    """The first FIRST places of users who have a list in both runs.

    overlaps: by number of products in common, from 0 to FIRST, the share of these users.
    """

    users: int
    new_users: int
    gone_users: int
    same: float
    same_first: float
    mean_overlap: float
    overlaps: tuple[float, ...]

    @property
    def changed(self) -> float:
        return 1 - self.same


_ITEMS = """
create or replace temp view items_{which} as
select
    user_id,
    unnest(from_json(items, '[{{"rank": "int", "product_id": "varchar", "score": "double"}}]'),
        recursive := true)
from {which}.recommendation_lists
"""

_OVERLAPS = """
with

before_lists as (

    select user_id, list(product_id order by rank) as products
    from items_before
    where rank <= $first
    group by user_id

),

now_lists as (

    select user_id, list(product_id order by rank) as products
    from items_now
    where rank <= $first
    group by user_id

)

select
    before_lists.user_id is not null,
    now_lists.user_id is not null,
    len(list_intersect(before_lists.products, now_lists.products)),
    before_lists.products = now_lists.products,
    before_lists.products[1] = now_lists.products[1],
    count(*)
from before_lists
full outer join now_lists
    on before_lists.user_id = now_lists.user_id
group by all
"""

_VALUES = {
    "Products in a user's history": (
        "select cast(json_array_length(items) as double) from {which}.history_lists"
    ),
    "Stars given": (
        'select unnest(from_json(items, \'[{{"rating": "double"}}]\'), recursive := true)'
        " from {which}.history_lists"
    ),
    "Reviews of a recommended product": (
        "select cast(products.review_count as double) from items_{which} as items"
        " left join {which}.products as products on items.product_id = products.product_id"
    ),
    "Score of a first place": "select score from items_{which} where rank = 1",
}


def between_snapshots(
    before: RecordedRun, now: RecordedRun, published: Path
) -> tuple[ListChange | None, tuple[Distribution, ...], str]:
    """How lists and values differ, where both snapshots are kept; else why that is not known."""
    files = {
        name: published / f"{run.run_id}.duckdb"
        for name, run in (("before", before), ("now", now))
    }
    for file in files.values():
        if not file.exists():
            return (
                None,
                (),
                f"the snapshot {file.name} is not kept (RANKMART_KEEP_RUNS says how many are)",
            )
    try:
        with duckdb.connect() as connection:
            for name, file in files.items():
                literal = str(file).replace("'", "''")
                connection.execute(f"attach '{literal}' as {name} (read_only)")
                connection.execute(_ITEMS.format(which=name))
            return _list_change(connection), _distributions(connection), ""
    except duckdb.Error as error:
        return None, (), f"a snapshot can't be read ({first_line(error)})"


def _list_change(connection: duckdb.DuckDBPyConnection) -> ListChange:
    rows = connection.execute(_OVERLAPS, {"first": FIRST}).fetchall()
    both = [row for row in rows if row[0] and row[1]]
    users = sum(count for *_, count in both)

    def share(counts: list[int]) -> float:
        return sum(counts) / users if users else 0.0

    return ListChange(
        users=users,
        new_users=sum(row[-1] for row in rows if not row[0]),
        gone_users=sum(row[-1] for row in rows if not row[1]),
        same=share([row[-1] for row in both if row[3]]),
        same_first=share([row[-1] for row in both if row[4]]),
        mean_overlap=share([row[2] * row[-1] for row in both]),
        overlaps=tuple(
            share([row[-1] for row in both if row[2] == common]) for common in range(FIRST + 1)
        ),
    )


def _distributions(connection: duckdb.DuckDBPyConnection) -> tuple[Distribution, ...]:
    found = []
    for name, sql in _VALUES.items():
        before, now = (_column(connection, sql.format(which=which)) for which in ("before", "now"))
        if np.isnan(before).all() or np.isnan(now).all():
            continue
        found.append(
            Distribution(
                name, _quartiles(before), _quartiles(now), stability_index(*shares(before, now))
            )
        )
    return tuple(found)


def _column(connection: duckdb.DuckDBPyConnection, sql: str) -> npt.NDArray[np.float64]:
    table = connection.sql(sql).to_arrow_table()
    return np.asarray(table.column(0).to_numpy(), dtype=np.float64)


def _quartiles(values: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    low, middle, high = np.nanquantile(values, (0.25, 0.5, 0.75)).tolist()
    return low, middle, high
