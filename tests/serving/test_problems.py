"""Every error is problem details (RFC 9457)."""

import logging
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from rankmart_serving import queries

ANN = "/v1/users/ann/recommendations"


def problem(response: Any, *, status: int, title: str) -> dict[str, Any]:
    """The body of a problem, once its shape is checked."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (body["type"], body["title"], body["status"]) == ("about:blank", title, status)
    assert isinstance(body["detail"], str)
    assert body["detail"]
    assert set(body) <= {"type", "title", "status", "detail", "errors"}
    return body


@pytest.mark.parametrize("k", ["0", "-1", "51", "1000", "x", "1.5", "", "9" * 30, "null"])
def test_a_k_that_is_no_number_in_range_is_a_bad_request(
    client: TestClient[Litestar], k: str
) -> None:
    body = problem(client.get(ANN, params={"k": k}), status=400, title="Bad Request")

    assert [error["parameter"] for error in body["errors"]] == ["k"]
    assert body["detail"].startswith("k: ")


@pytest.mark.parametrize("character", ["%00", "%0A", "%1F", "%7F", "%C2%85"])
def test_a_control_character_in_a_user_id_is_a_bad_request(
    client: TestClient[Litestar], character: str
) -> None:
    response = client.get(f"/v1/users/a{character}b/recommendations")

    body = problem(response, status=400, title="Bad Request")
    assert body["errors"] == [
        {"parameter": "user_id", "message": "Expected no control characters"}
    ]


def test_a_user_id_of_257_characters_is_a_bad_request(client: TestClient[Litestar]) -> None:
    response = client.get(f"/v1/users/{'x' * 257}/recommendations")

    body = problem(response, status=400, title="Bad Request")
    assert body["errors"][0]["parameter"] == "user_id"


@pytest.mark.parametrize("path", ["/v2", "/v1", "/v1/users/ann", "/v1/users//recommendations"])
def test_an_unknown_route_is_not_found(client: TestClient[Litestar], path: str) -> None:
    body = problem(client.get(path), status=404, title="Not Found")

    assert "/schema" in body["detail"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_wrong_method_says_which_are_allowed(client: TestClient[Litestar], method: str) -> None:
    response = client.request(method, ANN)

    problem(response, status=405, title="Method Not Allowed")
    assert "GET" in response.headers["allow"]


def test_a_failure_is_logged_and_shows_nothing_of_itself(
    client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(queries, "lists_of", fail)
    with caplog.at_level(logging.ERROR):
        response = client.get("/v1/users/not-asked-for-before/recommendations")

    problem(response, status=500, title="Internal Server Error")
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    assert "a secret" in caplog.text


def test_a_failed_request_gives_its_cursor_back(
    client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(queries, "_given", lambda _: ("no_such_column", []))
        failing = "/v1/users/nor-this-one/recommendations"
        problem(client.get(failing), status=500, title="Internal Server Error")

    assert client.get(ANN).status_code == 200


def test_without_a_run_recommendations_say_what_to_do(
    client_without_run: TestClient[Litestar],
) -> None:
    response = client_without_run.get(ANN)

    body = problem(response, status=503, title="Service Unavailable")
    assert "make score" in body["detail"]
    assert int(response.headers["retry-after"]) > 0
