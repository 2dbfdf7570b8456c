"""A warehouse with one run, and a folder to publish to."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from .small_warehouse import add_run, make_warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = make_warehouse(tmp_path / "warehouse.duckdb")
    add_run(connection, "run-1")
    yield connection
    connection.close()


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return tmp_path / "it's published"
