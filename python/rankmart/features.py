"""Feature rows from the warehouse into the numbers that XGBoost takes, without pandas."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt

from rankmart.warehouse import first_row

KEYS = ("split", "user_key", "product_key", "user_bucket", "label", "because_of_key")
ROWS_AT_A_TIME = 100_000


@dataclass(frozen=True, kw_only=True)
class FeatureRows:
    """Candidates with their features, sorted by (user_key, product_key) unless said otherwise.

    matrix: float32 (rows, features), missing values as NaN. users, products: int32 (rows,).
    labels: float32 (rows,), NaN where the split has none.
    """

    matrix: npt.NDArray[np.float32]
    users: npt.NDArray[np.int32]
    products: npt.NDArray[np.int32]
    labels: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.users)

    def where(self, kept: npt.NDArray[np.bool_]) -> "FeatureRows":
        """The rows that a boolean mask keeps, in the same order."""
        return FeatureRows(
            matrix=self.matrix[kept],
            users=self.users[kept],
            products=self.products[kept],
            labels=self.labels[kept],
        )

    @staticmethod
    def together(parts: "Sequence[FeatureRows]") -> "FeatureRows":
        """The rows of all parts, of which there is one at least, one part after the other."""
        if len(parts) == 1:
            return parts[0]
        return FeatureRows(
            matrix=np.concatenate([part.matrix for part in parts]),
            users=np.concatenate([part.users for part in parts]),
            products=np.concatenate([part.products for part in parts]),
            labels=np.concatenate([part.labels for part in parts]),
        )


def feature_names(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The columns of `user_product_features` that the ranker sees, in the table's order."""
    columns = connection.execute("describe user_product_features").fetchall()
    return [column[0] for column in columns if column[0] not in KEYS]


def generator_names(features: list[str]) -> list[str]:
    """The generators whose lists the candidates came from, in the order of their columns."""
    ranks = [name.removesuffix("_rank") for name in features if name.endswith("_rank")]
    return [name for name in ranks if f"{name}_score" in features]


def read_features(
    connection: duckdb.DuckDBPyConnection,
    split: str,
    *,
    features: list[str],
    only_users_with_positives: bool = False,
) -> FeatureRows:
    """All rows of a split, in order: 4 bytes a value, and next to nothing beside them."""
    which = "split = $split"
    if only_users_with_positives:
        which += """ and user_key in (
            select user_key from user_product_features where split = $split and label = 1
        )"""
    (count,) = first_row(
        connection, f"select count(*) from user_product_features where {which}", {"split": split}
    )
    read = FeatureRows(
        matrix=np.empty((count, len(features)), dtype=np.float32),
        users=np.empty(count, dtype=np.int32),
        products=np.empty(count, dtype=np.int32),
        labels=np.empty(count, dtype=np.float32),
    )
    done = 0
    for rows in _batches(
        connection, f"{which} order by user_key, product_key", split, features=features
    ):
        here = slice(done, done + len(rows))
        read.matrix[here] = rows.matrix
        read.users[here] = rows.users
        read.products[here] = rows.products
        read.labels[here] = rows.labels
        done += len(rows)
    return read


def stream_features(
    connection: duckdb.DuckDBPyConnection, split: str, *, features: list[str]
) -> Iterator[FeatureRows]:
    """A split's rows in any order, ROWS_AT_A_TIME of them in memory.

    Until the last is read, the connection can't be used for anything else.
    """
    yield from _batches(connection, "split = $split", split, features=features)


def _batches(
    connection: duckdb.DuckDBPyConnection, which: str, split: str, *, features: list[str]
) -> Iterator[FeatureRows]:
    columns = ", ".join(f'cast("{name}" as float) as "{name}"' for name in features)
    reader = connection.sql(
        f"""
        select user_key, product_key, cast(label as float) as label, {columns}
        from user_product_features
        where {which}
        """,
        params={"split": split},
    ).to_arrow_reader(ROWS_AT_A_TIME)
    for batch in reader:
        matrix = np.empty((batch.num_rows, len(features)), dtype=np.float32)
        for position in range(len(features)):
            matrix[:, position] = batch.column(3 + position).to_numpy(zero_copy_only=False)
        yield FeatureRows(
            matrix=matrix,
            users=batch.column(0).to_numpy(),
            products=batch.column(1).to_numpy(),
            labels=batch.column(2).to_numpy(zero_copy_only=False),
        )


def count_rows(connection: duckdb.DuckDBPyConnection, table: str, split: str) -> int:
    """The rows of a split in a table that has splits."""
    (rows,) = first_row(connection, f"select count(*) from {table} where split = ?", [split])
    return int(rows)
