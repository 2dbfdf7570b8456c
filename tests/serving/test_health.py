"""Health before and after the first run."""

import logging
import time

import duckdb
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from publish.small_warehouse import publish_run
from rankmart_serving.app import create_app
from rankmart_serving.settings import Settings


def test_a_server_with_a_run_is_live_and_ready(client: TestClient[Litestar]) -> None:
    live, ready = client.get("/health/live"), client.get("/health/ready")

    assert (live.status_code, live.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()) == (
        200,
        {"run_id": "run-1", "users": 2, "products": 4, "status": "ready"},
    )


def test_a_server_without_a_run_is_live_and_not_ready(
    client_without_run: TestClient[Litestar],
) -> None:
    assert client_without_run.get("/health/live").json() == {"status": "ok"}

    ready = client_without_run.get("/health/ready")

    assert ready.status_code == 503
    assert ready.headers["content-type"] == "application/problem+json"
    assert "make score" in ready.json()["detail"]


def test_a_server_without_a_run_says_so_in_the_log_once(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), TestClient(create_app(settings)):
        time.sleep(settings.poll_seconds * 5)

    assert [record.message for record in caplog.records if "make score" in record.message] == [
        f"{settings.published}: no run is published yet: run `dbt run` and `make score` first; "
        "answering 503 until there is a run"
    ]


def test_the_first_run_makes_a_waiting_server_ready(
    client_without_run: TestClient[Litestar],
    warehouse: duckdb.DuckDBPyConnection,
    settings: Settings,
) -> None:
    assert client_without_run.get("/health/ready").status_code == 503

    publish_run(warehouse, settings.published, "run-1")

    deadline = time.monotonic() + 10
    while client_without_run.get("/health/ready").status_code != 200:
        assert time.monotonic() < deadline, "the first run is not picked up"
        time.sleep(settings.poll_seconds)
