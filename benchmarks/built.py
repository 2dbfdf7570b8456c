"""What benchmarks on a warehouse that `dbt run` built share: opening it, training a ranker."""

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
import duckdb

from rankmart.errors import NotEnoughDataError
from rankmart.fit import Fit
from rankmart.settings import Settings
from rankmart.train import Ranker, train_ranker
from rankmart.warehouse import open_warehouse, require_built

warehouse_option = click.option(
    "--warehouse",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=Settings.warehouse,
    show_default=True,
)


@contextmanager
def opened(warehouse: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Settings]]:
    """The warehouse to read, and its settings; progress goes to standard error."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s")
    settings = replace(Settings.from_environment(), warehouse=warehouse)
    with open_warehouse(settings, read_only=True) as connection:
        require_built(connection)
        yield connection, settings


def echo_table(head: Sequence[str], rows: Iterator[Sequence[object]]) -> None:
    """A Markdown table, each row as soon as it is known."""
    for row in (head, ["---"] * len(head)):
        click.echo(_line(row))
    for values in rows:
        click.echo(_line(values))


def trained(fit: Fit, settings: Settings) -> Ranker:
    """The ranker that scoring would train; raises NotEnoughDataError where it would train none."""
    ranker = train_ranker(
        fit.rows,
        features=fit.features,
        ideal_dcg=fit.ideal_dcg,
        seed=settings.seed,
        threads=settings.thread_count,
    )
    if ranker is None:
        raise NotEnoughDataError("too few users with a label to train a ranker on")
    return ranker


def _line(cells: Sequence[object]) -> str:
    """One row.

    >>> _line(["a", 1, ""])
    '| a | 1 | |'
    """
    return "|" + "|".join(f" {cell} " if cell != "" else " " for cell in cells) + "|"
