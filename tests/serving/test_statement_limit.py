"""A read that takes too long is ended, answered by a 503, and harms no other."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from publish.small_warehouse import publish_run
from rankmart_serving import queries
from rankmart_serving.app import create_app
from rankmart_serving.settings import Settings, SettingsError

from .test_problems import problem

ENDLESS = "select count(*) from range(10_000_000) as one, range(10_000_000) as other"


@pytest.fixture
def client(
    warehouse: duckdb.DuckDBPyConnection, published: Path, settings: Settings
) -> Iterator[TestClient[Litestar]]:
    publish_run(warehouse, published, "run-1")
    limited = replace(settings, statement_seconds=0.2, cached_lists=0)
    with TestClient(create_app(limited)) as client:
        yield client


def endless(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Have one look-up take for ever."""

    def look_up(cursor: duckdb.DuckDBPyConnection, *_: Any, **__: Any) -> Any:
        return cursor.execute(ENDLESS).fetchall()

    monkeypatch.setattr(queries, name, look_up)


@pytest.mark.parametrize(
    ("path", "look_up"),
    [
        ("/v1/users/ann/recommendations", "lists_of"),  # in the thread of lists
        ("/v1/users/ann/recommendations?brand=Flora", "facts"),  # in the event loop
        ("/v1/users/ann/history", "history"),
        ("/v1/runs", "published_run"),  # in a thread of the server's
    ],
)
def test_a_read_that_takes_too_long_is_a_503_and_the_next_one_an_answer(
    client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch, path: str, look_up: str
) -> None:
    with monkeypatch.context() as patched:
        endless(patched, look_up)
        started = time.monotonic()
        response = client.get(path)
        took = time.monotonic() - started

    body = problem(response, status=503, title="Service Unavailable")
    assert "took too long" in body["detail"]
    assert response.headers["retry-after"] == "10"
    assert 0.15 < took < 20
    assert client.get(path).status_code == 200


def test_reads_within_the_limit_go_on_for_longer_than_it(client: TestClient[Litestar]) -> None:
    until = time.monotonic() + 0.6
    while time.monotonic() < until:
        assert client.get("/v1/users/ann/history").status_code == 200


def test_a_limit_that_is_none_is_refused() -> None:
    for seconds in (-1.0, float("nan"), float("inf")):
        with pytest.raises(SettingsError, match="RANKMART_STATEMENT_SECONDS"):
            Settings(statement_seconds=seconds)
    assert Settings(statement_seconds=0).statement_seconds == 0
