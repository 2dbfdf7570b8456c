"""One peer in a process of its own, in the peers' environment: settings in, lists out.

Only NumPy and pyarrow are needed, and what the peer itself imports.
"""

import argparse
import importlib
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.peers.history import History, Ints, Lists, read_history, read_users

logger = logging.getLogger(__name__)

SCHEMA = pa.schema(
    [
        ("setting", pa.int32()),
        ("user_key", pa.int32()),
        ("product_key", pa.int32()),
        ("position", pa.int32()),
    ]
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the lists of every setting as rows of SCHEMA; `position` orders a user's list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--function", required=True, help="module:name")
    parser.add_argument("--folder", required=True, type=Path, help="of a split's files")
    parser.add_argument("--settings", required=True, help="a list, as JSON")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--k", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    write_lists(
        _found(given.function),
        folder=given.folder,
        settings=json.loads(given.settings),
        out=given.out,
        k=given.k,
        threads=given.threads,
    )


def write_lists(
    recommend: Callable[..., Lists],
    *,
    folder: Path,
    settings: Sequence[Mapping[str, Any]],
    out: Path,
    k: int,
    threads: int,
) -> None:
    """Train and list under one setting after another, so that one is in memory at a time."""
    history = read_history(folder)
    users = read_users(folder, history)
    with pq.ParquetWriter(out, SCHEMA) as writer:
        for number, setting in enumerate(settings):
            started = time.monotonic()
            lists = recommend(history, users, k=k, threads=threads, **setting)
            writer.write_table(_table(number, lists, history))
            logger.info("%s: %.1f s", json.dumps(setting), time.monotonic() - started)


def _table(setting: int, lists: Lists, history: History) -> pa.Table:
    return pa.table(
        [
            np.full(len(lists.user), setting, dtype=np.int32),
            history.user_keys[lists.user].astype(np.int32),
            history.product_keys[lists.product].astype(np.int32),
            _positions(lists.user),
        ],
        schema=SCHEMA,
    )


def _positions(users: Ints) -> pa.Array:
    """1, 2, 3 … by user, in the order of the rows."""
    order = np.argsort(users, kind="stable")
    grouped = users[order]
    starts = np.r_[True, grouped[1:] != grouped[:-1]] if len(users) else np.empty(0, dtype=bool)
    first = np.maximum.accumulate(np.where(starts, np.arange(len(users)), 0))
    positions = np.empty(len(users), dtype=np.int32)
    positions[order] = np.arange(len(users)) - first + 1
    return pa.array(positions)


def _found(function: str) -> Callable[..., Lists]:
    module, _, name = function.partition(":")
    found: Callable[..., Lists] = getattr(importlib.import_module(module), name)
    return found


if __name__ == "__main__":
    main()
