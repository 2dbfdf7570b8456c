"""Plain requests for a list take a shorter way, and nobody can tell by the answer."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from publish.small_warehouse import add_run
from rankmart.publish import publish
from rankmart_serving import list_lane
from rankmart_serving.answering import Answer, Recommender
from rankmart_serving.app import create_app
from rankmart_serving.prepared import Prepared
from rankmart_serving.responses import Recommendations
from rankmart_serving.settings import Settings

from .test_problems import problem
from .test_security import DIGEST


class Ways:
    """Two clients of one run: of an app as it is, and of one without the lane."""

    def __init__(self, laned: TestClient[Litestar], whole: TestClient[Litestar]) -> None:
        self.laned, self.whole = laned, whole

    def told(self, address: str) -> tuple[int, bytes, dict[str, str]]:
        """What both say, which is the same but for the id of the request."""
        first, second = (
            (
                response.status_code,
                response.content,
                {
                    name: value
                    for name, value in response.headers.items()
                    if name != "x-request-id"
                },
            )
            for response in (self.laned.get(address), self.whole.get(address))
        )
        assert first == second
        return first


@pytest.fixture
def ways(
    warehouse: duckdb.DuckDBPyConnection,
    published: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Ways]:
    add_run(warehouse, "run-1")
    # Ids that an address has to encode.
    for user_id in ("a/b", "per%cent", "ä b"):
        warehouse.execute(
            "insert into ranker.recommendations by name select * replace (? as user_id)"
            " from ranker.recommendations where user_id = 'bea'",
            [user_id],
        )
    publish(warehouse, run_id="run-1", published=published)
    with TestClient(create_app(settings)) as laned:
        with monkeypatch.context() as patch:
            patch.setattr("rankmart_serving.app.list_lane", lambda app, *_: app)
            without = create_app(settings)
        with TestClient(without) as whole:
            yield Ways(laned, whole)


@pytest.mark.parametrize(
    "user", ["ann", "bea", "cat", "unknown", "a%2Fb", "per%25cent", "%C3%A4%20b"]
)
@pytest.mark.parametrize("query", ["", "?k=1", "?k=3", "?k=50", "?"])
def test_the_answer_is_the_same(ways: Ways, user: str, query: str) -> None:
    status, body, headers = ways.told(f"/v1/users/{user}/recommendations{query}")

    assert status == 200
    assert b'"run_id":"run-1"' in body
    assert headers["x-run-id"] == "run-1"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/v1/users/ann/recommendations?k=0", 400),
        ("/v1/users/ann/recommendations?k=51", 400),
        ("/v1/users/ann/recommendations?k=9999", 400),
        ("/v1/users/ann/recommendations?k=two", 400),
        ("/v1/users/a%00b/recommendations", 400),
        (f"/v1/users/{'x' * 257}/recommendations", 400),
        ("/v1/users//recommendations", 404),
        ("/v1/users/ann/recommendations/", 200),
        ("/v1/users/ann/recommendations?k=1&k=2", 200),
        ("/v1/users/ann/recommendations?k=2&exclude=P2", 200),
    ],
)
def test_what_is_not_plain_or_not_sound_is_answered_as_ever(
    ways: Ways, address: str, status: int
) -> None:
    assert ways.told(address)[0] == status


def test_a_failure_is_told_by_the_app(
    ways: Ways, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("rankmart_serving.queries.lists_of", fail)
    response = ways.laned.get("/v1/users/ann/recommendations")

    problem(response, status=500, title="Internal Server Error")
    assert "a secret" in caplog.text


def test_other_methods_go_to_the_app(ways: Ways) -> None:
    assert ways.laned.post("/v1/users/ann/recommendations").status_code == 405


def test_plain_requests_do_take_the_lane(ways: Ways, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    respond = list_lane.response_to

    def noted(answer: Answer) -> Prepared[Recommendations]:
        taken.append(answer.user_id)
        return respond(answer)

    monkeypatch.setattr(list_lane, "response_to", noted)
    for address in ("ann/recommendations", "bea/recommendations?k=3", "a%2Fb/recommendations"):
        assert ways.laned.get(f"/v1/users/{address}").status_code == 200

    assert taken == ["ann", "bea", "a/b"]


@pytest.mark.parametrize(
    "changes",
    [
        {"api_keys": DIGEST, "protect_reads": 1},
        {"rate_limit": 1000},
        {"cors_origins": "https://shop.example"},
    ],
    ids=str,
)
def test_where_more_is_asked_of_an_answer_there_is_no_lane(
    settings: Settings, changes: dict[str, Any]
) -> None:
    async def app(*_: object) -> None:
        """Stand for the app."""

    laned = list_lane.list_lane(app, cast(Recommender, None), replace(settings, **changes))

    assert laned is app
