"""Batch, sessions, history, products, charts, search, runs, metrics, the page."""

from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient


def get(client: TestClient[Litestar], path: str) -> dict[str, Any]:
    response = client.get(path)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def test_a_batch_has_an_answer_for_each_user_in_order(client: TestClient[Litestar]) -> None:
    users = ["bea", "nobody", "ann", "cat", "bea"]

    body = client.post("/v1/recommendations", json={"user_ids": users, "k": 1}).json()

    assert [answer["user_id"] for answer in body["answers"]] == users
    assert [answer["known_user"] for answer in body["answers"]] == [True, False, True, True, True]
    assert [answer["items"][0]["product_id"] for answer in body["answers"]] == [
        "P1",
        "P1",
        "P2",
        "P1",
        "P1",
    ]
    single = get(client, "/v1/users/ann/recommendations?k=1")
    assert body["answers"][2] == single


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/recommendations", {"user_ids": []}, "user_ids"),
        ("/v1/recommendations", {"user_ids": ["a", ""]}, "user_ids"),
        ("/v1/recommendations", {"user_ids": ["a\u0000"]}, "user_ids.0"),
        ("/v1/recommendations", {"user_ids": ["a"] * 1001}, "user_ids"),
        ("/v1/recommendations", {"user_ids": ["a"], "k": 51}, "k"),
        ("/v1/recommendations", {"user_ids": ["a"], "more": 1}, "more"),
        ("/v1/recommendations", ["a"], ""),
        ("/v1/sessions/recommendations", {"product_ids": []}, "product_ids"),
        ("/v1/sessions/recommendations", {"product_ids": ["\u0007"]}, "product_ids.0"),
        ("/v1/events", {"event_id": "1"}, "user_id"),
    ],
)
def test_a_body_that_is_not_as_it_must_be_is_a_bad_request(
    client: TestClient[Litestar], path: str, body: Any, field: str
) -> None:
    response = client.post(path, json=body)

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert field in response.text


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"null", b"[" * 50_000])
def test_a_body_that_is_no_json_is_a_bad_request(
    client: TestClient[Litestar], content: bytes
) -> None:
    response = client.post(
        "/v1/events", content=content, headers={"content-type": "application/json"}
    )

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"


def test_a_session_leads_with_neighbours_of_what_was_seen_last(
    client: TestClient[Litestar],
) -> None:
    body = client.post("/v1/sessions/recommendations", json={"product_ids": ["P2", "P3"]}).json()

    # P3 is a variant of P1, whose neighbours are P2 and P4; P2 was seen, and P1 with P3.
    assert [item["product_id"] for item in body["items"]] == ["P4"]
    assert body["items"][0]["reason"]["product_id"] == "P1"
    assert (body["user_id"], body["known_user"]) == ("", False)


def test_a_history_is_what_the_run_knows_the_last_first(client: TestClient[Litestar]) -> None:
    items = get(client, "/v1/users/ann/history")["items"]

    assert [(item["product_id"], item["title"], item["rating"]) for item in items] == [
        ("P4", None, None),
        ("P1", "Rose water", 5.0),
    ]
    assert items[0]["at"] == "2014-02-01T10:00:00Z"
    assert {item["kind"] for item in items} == {"review"}
    assert get(client, "/v1/users/nobody/history")["items"] == []


def test_users_are_suggested_by_how_their_id_begins(client: TestClient[Litestar]) -> None:
    assert get(client, "/v1/users")["user_ids"] == ["ann", "bea"]
    assert get(client, "/v1/users?prefix=b")["user_ids"] == ["bea"]
    assert get(client, "/v1/users?prefix=%25")["user_ids"] == []


def test_a_product_says_what_is_known_of_it(client: TestClient[Litestar]) -> None:
    assert get(client, "/v1/products/P3") == {
        "product_id": "P3",
        "title": "Rose water, large",
        "brand": "Flora",
        "category": "Beauty",
        "price": 9.0,
        "family_id": "P1",
        "review_count": 1,
        "rating_mean": 3.0,
    }
    assert client.get("/v1/products/P9").status_code == 404


def test_similar_products_of_a_variant_are_those_of_its_family(
    client: TestClient[Litestar],
) -> None:
    for product in ("P1", "P3"):
        near = get(client, f"/v1/products/{product}/similar")["products"]
        assert [item["product_id"] for item in near] == ["P2", "P4"]
    assert get(client, "/v1/products/P4/similar")["products"] == []
    assert client.get("/v1/products/P9/similar").status_code == 404


def test_charts_are_by_their_score_and_category(client: TestClient[Litestar]) -> None:
    def chart(path: str) -> list[str]:
        return [product["product_id"] for product in get(client, path)["products"]]

    assert chart("/v1/products/popular") == ["P1", "P2"]
    assert chart("/v1/products/trending") == ["P2", "P1"]
    assert chart("/v1/products/popular?category=Skin") == ["P1"]
    assert chart("/v1/products/popular?k=1&offset=1") == ["P2"]
    assert chart("/v1/products/popular?category=none") == []


def test_a_search_wants_every_word_in_id_title_or_brand(client: TestClient[Litestar]) -> None:
    def search(query: str) -> list[str]:
        response = client.get("/v1/products", params={"query": query})
        return [product["product_id"] for product in response.json()["products"]]

    assert search("ROSE water") == ["P1", "P3"]
    assert search("flora large") == ["P3"]
    assert search("p4") == ["P4"]
    assert search("%") == []
    assert search("' or 1=1 --") == []


def test_runs_tell_their_metrics_and_which_is_current(client: TestClient[Litestar]) -> None:
    (run,) = get(client, "/v1/runs")["runs"]

    assert (run["run_id"], run["is_current"], run["verdict"]) == ("run-1", True, "published")
    assert run["metrics"] == {"ndcg_at_10": 0.1}
    current = get(client, "/v1/runs/current")
    assert current["run"] == run
    assert current["evaluation"][0]["ci_low"] == 0.09


def test_metrics_count_by_route_and_never_by_user(client: TestClient[Litestar]) -> None:
    client.get("/v1/users/a-very-odd-user/recommendations")

    text = client.get("/metrics").text

    assert 'route="/v1/users/{user_id}/recommendations"' in text
    assert "a-very-odd-user" not in text


def test_the_page_needs_nothing_from_elsewhere(client: TestClient[Litestar]) -> None:
    page = client.get("/")

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in page.headers["content-security-policy"]
    for name in ("page.js", "page.css", "favicon.svg"):
        assert f"/static/{name}" in page.text
        file = client.get(f"/static/{name}")
        assert file.status_code == 200
        assert "http://" not in file.text.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in file.text
