"""Apps with and without a published run."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from publish.small_warehouse import make_warehouse, publish_run
from rankmart_serving.app import create_app
from rankmart_serving.settings import Settings


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = make_warehouse(tmp_path / "warehouse.duckdb")
    yield connection
    connection.close()


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return tmp_path / "published"


@pytest.fixture
def settings(published: Path) -> Settings:
    return Settings(
        published=published,
        poll_seconds=0.02,
        default_k=2,
        max_k=50,
        events=f"sqlite:///{published.parent}/events.sqlite",
    )


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Litestar]]:
    """A client of an app on a run that no test changes."""
    folder = tmp_path_factory.mktemp("unchanged")
    with make_warehouse(folder / "warehouse.duckdb") as warehouse:
        publish_run(warehouse, folder / "published", "run-1")
    settings = Settings(
        published=folder / "published",
        default_k=2,
        max_k=50,
        events=f"sqlite:///{folder}/events.sqlite",
    )
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture
def client_of_own_run(
    warehouse: duckdb.DuckDBPyConnection, published: Path, settings: Settings
) -> Iterator[TestClient[Litestar]]:
    """A client of an app whose published folder is the test's own."""
    publish_run(warehouse, published, "run-1")
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.fixture
def client_without_run(settings: Settings) -> Iterator[TestClient[Litestar]]:
    """A client of an app that has nothing to answer from yet."""
    with TestClient(create_app(settings)) as client:
        yield client
