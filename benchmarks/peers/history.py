"""What a peer is trained on: one split's history, as arrays."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class History:
    """Interactions by position: `user[i]` reviewed `product[i]`.

    user_keys, product_keys: ascending, (users,) and (products,); positions are places in them.
    user, product, weight, epoch: (interactions,). A weight below 1 is a bad rating, an epoch is
    in seconds. tags: (product position, words of its category path), empty without products.
    """

    user_keys: Ints
    product_keys: Ints
    user: Ints
    product: Ints
    weight: npt.NDArray[np.float32]
    epoch: Ints
    tags: tuple[Ints, npt.NDArray[np.str_]]

    @cached_property
    def matrix(self) -> Any:
        """Weights as a SciPy CSR matrix, float32 (users, products)."""
        from scipy.sparse import csr_matrix

        shape = (len(self.user_keys), len(self.product_keys))
        return csr_matrix((self.weight, (self.user, self.product)), shape=shape, dtype=np.float32)


@dataclass(frozen=True, kw_only=True)
class Lists:
    """Recommendations by position, a user's best first; users in any order, arrays as long."""

    user: Ints
    product: Ints

    @classmethod
    def from_rows(cls, users: Ints, products: npt.NDArray[Any], kept: npt.NDArray[Any]) -> "Lists":
        """From one row of products per user, (users, k), of which `kept` says what counts."""
        owners = np.broadcast_to(users[:, None], products.shape)
        return cls(user=owners[kept].astype(np.int64), product=products[kept].astype(np.int64))


def read_history(folder: Path) -> History:
    """The history that `export_split` wrote into `folder`."""
    columns = _columns(folder / "history.parquet")
    user_keys, user = np.unique(columns["user_key"], return_inverse=True)
    product_keys, product = np.unique(columns["product_key"], return_inverse=True)
    tags = _columns(folder.parent / "tags.parquet")
    known = np.isin(tags["product_key"], product_keys)
    return History(
        user_keys=user_keys.astype(np.int64),
        product_keys=product_keys.astype(np.int64),
        user=user.astype(np.int64),
        product=product.astype(np.int64),
        weight=columns["weight"].astype(np.float32),
        epoch=columns["reviewed_epoch"].astype(np.int64),
        tags=(
            np.searchsorted(product_keys, tags["product_key"][known]),
            tags["tag"][known].astype(np.str_),
        ),
    )


def read_users(folder: Path, history: History) -> Ints:
    """Positions of the users to recommend to: those of the split that have a history."""
    wanted = _columns(folder / "users.parquet")["user_key"]
    return np.flatnonzero(np.isin(history.user_keys, wanted))


def _columns(path: Path) -> dict[str, npt.NDArray[Any]]:
    table = pq.read_table(path)
    return {name: table.column(name).to_numpy(zero_copy_only=False) for name in table.column_names}
