"""The nearest products of each product by the cosine of their vectors: exact, block by block."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rankmart.one_thread import one_blas_thread

CELLS = 4_000_000
"""Cosines that a block has, four bytes each."""

GROUP = 32
MANY = 20
WORKERS = 2
"""Blocks at a time. What a block takes is some 40 bytes for each of its cosines."""

Positions = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

PAIRS = pa.schema(
    [
        ("split", pa.string()),
        ("product_key", pa.int32()),
        ("neighbor_key", pa.int32()),
        ("neighbor_rank", pa.int32()),
        ("association", pa.float64()),
    ]
)


@dataclass(frozen=True, kw_only=True)
class Near:
    """Pairs of one block, by row and then by rank: positions of vectors, and the cosine."""

    rows: Positions
    others: Positions
    ranks: Positions
    cosines: Floats


def splits_of(relation: Any) -> list[str]:
    """The splits that rows of a DuckDB relation belong to, in order."""
    return sorted(relation.project("split").distinct().fetchnumpy()["split"].tolist())


def nearest(
    vectors: Floats,
    *,
    k: int,
    asked: Positions | None = None,
    among: Positions | None = None,
    standing: Floats | None = None,
    decimals: int | None = None,
) -> Iterator[Near]:
    """The k best others of each row that is `asked` for, or of all, in the order of the rows.

    among: the only rows that may be near another, in ascending order; else all of them.

    vectors: float32 (rows, dimensions) of length 1. Best is the highest cosine times `standing`
    of the other, rounded to `decimals` if told; of equals the smaller position. Only cosines
    above 0 count. standing: float32 (rows,), above 0.

    Every cosine is computed, so time grows with the product of both numbers of rows; memory does
    not. The
    arithmetic is float32: where vectors don't lie on a grid, `decimals` keeps the order the same
    on another machine.
    """
    others_of = np.arange(len(vectors)) if among is None else among
    k = min(k, len(vectors) - 1, len(others_of))
    if k < 1:
        return
    vectors_of_others = vectors[others_of]
    weights = None if standing is None else standing[others_of]
    positions = np.arange(len(vectors)) if asked is None else asked
    rows_per_block = max(1, CELLS // len(others_of))
    blocks = [
        positions[start : start + rows_per_block]
        for start in range(0, len(positions), rows_per_block)
    ]

    def near(block: Positions) -> Near:
        cosines = vectors[block] @ vectors_of_others.T
        places = np.searchsorted(others_of, block).clip(max=len(others_of) - 1)
        own = np.flatnonzero(others_of[places] == block)
        cosines[own, places[own]] = -2
        weighed = cosines if weights is None else cosines * weights
        rows, others = _at_least_the_best(weighed, k, decimals=decimals)
        values = weighed[rows, others]
        if decimals is not None:
            values = values.round(decimals)
        order = np.lexsort((others, -values, rows))
        rows, others = rows[order], others[order]
        ranks = np.arange(1, len(rows) + 1) - np.searchsorted(rows, rows)
        kept = ranks <= k
        rows, others = rows[kept], others[kept]
        return Near(
            rows=block[rows],
            others=others_of[others],
            ranks=ranks[kept],
            cosines=cosines[rows, others],
        )

    # A thread each for whole blocks: BLAS alone would share its products and nothing else.
    with one_blas_thread(), ThreadPoolExecutor(WORKERS) as pool:
        yield from pool.map(near, blocks)


def pairs_table(split: str, products: Ints, near: Near, *, decimals: int) -> pa.Table:
    """Rows as in PAIRS of one block, the cosine rounded as the association."""
    return pa.table(
        [
            pa.array([split] * len(near.rows), pa.string()),
            pa.array(products[near.rows], pa.int32()),
            pa.array(products[near.others], pa.int32()),
            pa.array(near.ranks, pa.int32()),
            pa.array(near.cosines.astype(np.float64).round(decimals)),
        ],
        schema=PAIRS,
    )


def pairs_reader(tables: Iterable[pa.Table]) -> pa.RecordBatchReader:
    """Tables as in PAIRS, one after the other, each made when it is asked for."""
    batches = (batch for table in tables for batch in table.to_batches())
    return pa.RecordBatchReader.from_batches(PAIRS, batches)


def _at_least_the_best(
    values: Floats, k: int, *, decimals: int | None
) -> tuple[Positions, Positions]:
    """Row and column of the k largest of each row that are above 0, and of some others.

    Values count as rounded to `decimals`, if told, and of equals those of the smaller columns.

    There are k groups of columns whose maximum is at least the k-th largest maximum, so nothing
    smaller than that can be among the k: most of the row needn't be sorted.
    """
    rows, count = values.shape
    groups = count // GROUP
    slack = 0.0 if decimals is None else 10.0**-decimals
    # Whatever is above 0 is at least the smallest number that there is.
    floor = np.full(rows, np.finfo(np.float32).tiny, dtype=np.float32)
    if groups > k:
        # Every so-manieth column is of a group: maxima of whole lines, not of each few numbers.
        grouped = values[:, : groups * GROUP].reshape(rows, GROUP, groups)
        bars = np.partition(grouped.max(axis=1), groups - k, axis=1)[:, groups - k]
        np.maximum(floor, bars - np.float32(slack), out=floor)
    near = values >= floor[:, None]
    # Of thousands that are described in the same words, those with the smallest keys will do.
    for row in np.flatnonzero(np.count_nonzero(near, axis=1) > MANY * k):
        columns = np.flatnonzero(near[row])
        here = values[row, columns]
        order = np.lexsort((columns, -(here if decimals is None else here.round(decimals))))
        near[row, columns[order[k:]]] = False
    # In a tenth of the time that `np.nonzero` takes.
    found = np.flatnonzero(near)
    return found // count, found % count
