"""Feature rows from the warehouse into the numbers that XGBoost takes, without pandas."""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt

from rankmart.warehouse import first_row

KEYS = ("split", "user_key", "product_key", "user_bucket", "label", "because_of_key")
BUCKETS = 1024


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
    buckets: tuple[int, int] = (0, BUCKETS - 1),
    only_users_with_positives: bool = False,
    in_order: bool = True,
) -> FeatureRows:
    """The rows of a split whose user bucket lies in `buckets`, both ends included.

    Training needs them in order; ranking does not, and sorting is half of the time.
    """
    columns = ", ".join(f'cast("{name}" as float) as "{name}"' for name in features)
    with_positives = (
        """
        semi join (
            select distinct user_key from user_product_features
            where split = $split and label = 1
        ) as positive using (user_key)
        """
        if only_users_with_positives
        else ""
    )
    reader = connection.sql(
        f"""
        select user_key, product_key, cast(label as float) as label, {columns}
        from user_product_features
        {with_positives}
        where split = $split and user_bucket between $low and $high
        {"order by user_key, product_key" if in_order else ""}
        """,
        params={"split": split, "low": buckets[0], "high": buckets[1]},
    ).to_arrow_reader(100_000)
    matrices, users, products, labels = [], [], [], []
    for batch in reader:
        users.append(batch.column(0).to_numpy())
        products.append(batch.column(1).to_numpy())
        labels.append(batch.column(2).to_numpy(zero_copy_only=False))
        matrix = np.empty((batch.num_rows, len(features)), dtype=np.float32)
        for position in range(len(features)):
            matrix[:, position] = batch.column(3 + position).to_numpy(zero_copy_only=False)
        matrices.append(matrix)
    return FeatureRows(
        matrix=_joined(matrices, np.float32, (0, len(features))),
        users=_joined(users, np.int32, (0,)),
        products=_joined(products, np.int32, (0,)),
        labels=_joined(labels, np.float32, (0,)),
    )


def in_passes(
    connection: duckdb.DuckDBPyConnection, split: str, *, features: list[str], passes: int
) -> Iterator[FeatureRows]:
    """A split's rows in any order, some buckets of users at a time: memory stays bounded."""
    for number in range(passes):
        low = BUCKETS * number // passes
        high = BUCKETS * (number + 1) // passes - 1
        yield read_features(
            connection, split, features=features, buckets=(low, high), in_order=False
        )


def count_rows(connection: duckdb.DuckDBPyConnection, table: str, split: str) -> int:
    """The rows of a split in a table that has splits."""
    (rows,) = first_row(connection, f"select count(*) from {table} where split = ?", [split])
    return int(rows)


def _joined(parts: list, kind: type, empty: tuple[int, ...]) -> npt.NDArray:  # type: ignore[type-arg]
    if not parts:
        return np.empty(empty, dtype=kind)
    joined: npt.NDArray = np.concatenate(parts)  # type: ignore[type-arg]
    return joined.astype(kind, copy=False)
