"""Keys, limits, headers, logs, and what the snapshot's connection may not do."""

import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from publish.small_warehouse import publish_run
from rankmart_serving.app import create_app
from rankmart_serving.server import serve
from rankmart_serving.settings import Settings, SettingsError
from rankmart_serving.snapshots import SnapshotStore

KEY = "correct horse"
DIGEST = hashlib.sha256(KEY.encode()).hexdigest()
EVENT = {"event_id": "1", "user_id": "ann", "product_id": "P1", "kind": "view"}
ANN = "/v1/users/ann/recommendations"


@pytest.fixture
def with_run(
    warehouse: duckdb.DuckDBPyConnection, published: Path, settings: Settings
) -> Settings:
    publish_run(warehouse, published, "run-1")
    return settings


@contextmanager
def client_of(settings: Settings, **changes: Any) -> Iterator[TestClient[Litestar]]:
    with TestClient(create_app(replace(settings, **changes))) as client:
        yield client


@pytest.mark.parametrize(
    "headers",
    [{"X-API-Key": KEY}, {"Authorization": f"Bearer {KEY}"}, {"authorization": f"bearer {KEY}"}],
)
def test_a_write_with_a_known_key_is_let_in(with_run: Settings, headers: dict[str, str]) -> None:
    with client_of(with_run, api_keys=f"{'0' * 64},{DIGEST}") as client:
        assert client.post("/v1/events", json=EVENT, headers=headers).status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": "wrong"},
        {"X-API-Key": DIGEST},
        {"Authorization": f"Basic {KEY}"},
        {"X-API-Key": ""},
    ],
)
def test_a_write_without_a_known_key_is_not(with_run: Settings, headers: dict[str, str]) -> None:
    with client_of(with_run, api_keys=DIGEST) as client:
        response = client.post("/v1/events", json=EVENT, headers=headers)

        assert response.status_code == 401
        assert response.headers["content-type"] == "application/problem+json"
        assert client.get(ANN).status_code == 200
        assert client.get("/v1/users/ann/history").json()["items"][0]["kind"] == "review"


def test_reads_need_a_key_where_they_are_protected(with_run: Settings) -> None:
    with client_of(with_run, api_keys=DIGEST, protect_reads=1) as client:
        assert client.get(ANN).status_code == 401
        assert client.get(ANN, headers={"X-API-Key": KEY}).status_code == 200
        assert client.get("/health/live").status_code == 200


def test_keys_come_from_a_file_too(with_run: Settings, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"# the shop\n{DIGEST}\n\n")
    with client_of(with_run, api_keys_file=str(file)) as client:
        assert client.post("/v1/events", json=EVENT).status_code == 401
        sent = client.post("/v1/events", json=EVENT, headers={"X-API-Key": KEY})
        assert sent.status_code == 201


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"api_keys": "secret"}, "sha256sum"),
        ({"api_keys_file": "/no/such/file"}, "can't be read"),
        ({"protect_reads": 1}, "RANKMART_API_KEYS"),
        ({"protect_reads": 2}, "0 or 1"),
        ({"max_batch": 0}, "1 or more"),
        ({"rate_limit": -1}, "0 or more"),
    ],
)
def test_settings_that_are_not_sane_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings(**changes)


def test_a_server_that_others_reach_wants_keys_for_writes(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="RANKMART_EVENTS=off"):
        serve(replace(settings, host="0.0.0.0"))
    replace(settings, events="off").refuse_open_writes("0.0.0.0")
    replace(settings, api_keys=DIGEST).refuse_open_writes("0.0.0.0")


def test_without_a_store_there_is_no_route_for_events(with_run: Settings) -> None:
    with client_of(with_run, events="off") as client:
        assert client.post("/v1/events", json=EVENT).status_code == 404
        assert client.get(ANN).status_code == 200


def test_an_address_that_asks_too_often_is_told_to_wait(with_run: Settings) -> None:
    with client_of(with_run, rate_limit=3) as client:
        statuses = [client.get(ANN).status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
        assert client.get("/health/live").status_code == 200


def test_a_body_that_is_too_large_is_refused(with_run: Settings) -> None:
    with client_of(with_run, max_body=2000) as client:
        response = client.post("/v1/recommendations", json={"user_ids": ["x" * 200] * 20})

        assert response.status_code == 413
        assert response.headers["content-type"] == "application/problem+json"


def test_other_origins_are_let_in_only_where_the_settings_name_them(with_run: Settings) -> None:
    origin = {"Origin": "https://shop.example"}
    with client_of(with_run) as client:
        assert "access-control-allow-origin" not in client.get(ANN, headers=origin).headers
    with client_of(with_run, cors_origins="https://shop.example") as client:
        allowed = client.get(ANN, headers=origin).headers["access-control-allow-origin"]
        assert allowed == "https://shop.example"


def test_every_answer_says_how_browsers_must_treat_it(client: TestClient[Litestar]) -> None:
    for path in (ANN, "/", "/no/such", "/v1/users/ann/recommendations?k=0"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


def test_the_log_has_a_line_of_json_with_the_id_that_the_answer_carries(
    client: TestClient[Litestar], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="rankmart_serving.requests"):
        given = client.get(f"{ANN}?k=1", headers={"X-Request-Id": "abc-1"})
        odd = client.get(ANN, headers={"X-Request-Id": "a\tb" * 50})

    first, second = (json.loads(record.message) for record in caplog.records)
    assert given.headers["x-request-id"] == first["request_id"] == "abc-1"
    assert odd.headers["x-request-id"] == second["request_id"] != "a\tb" * 50
    assert first["path"] == ANN
    assert set(first) == {"request_id", "method", "path", "status", "ms"}


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/passwd')",
        "copy run to '/tmp/out.csv'",
        "attach '/tmp/other.duckdb'",
        "set enable_external_access = true",
        "delete from run",
        "install json",
    ],
)
def test_the_connection_reads_the_snapshot_and_nothing_else(with_run: Settings, sql: str) -> None:
    store = SnapshotStore(with_run.published)
    store.refresh()
    with store.reading() as reading, pytest.raises(duckdb.Error):
        reading.cursor.execute(sql).fetchall()
    store.close()
