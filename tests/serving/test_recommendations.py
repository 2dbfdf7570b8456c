"""GET /v1/users/{user_id}/recommendations."""

from typing import Any
from urllib.parse import quote

import duckdb
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from publish.small_warehouse import add_run
from rankmart.publish import publish
from rankmart_serving.app import create_app
from rankmart_serving.settings import Settings

POPULAR = ["P1", "P2"]


def recommendations(
    client: TestClient[Litestar], user_id: str, *, k: int | None = None
) -> dict[str, Any]:
    query = "" if k is None else f"?k={k}"
    response = client.get(f"/v1/users/{quote(user_id, safe='')}/recommendations{query}")
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def products(answer: dict[str, Any]) -> list[str]:
    return [item["product_id"] for item in answer["items"]]


def test_a_known_user_gets_the_ranked_list_of_the_run(client: TestClient[Litestar]) -> None:
    response = client.get("/v1/users/ann/recommendations")

    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-run-id"] == "run-1"
    assert response.json() == {
        "user_id": "ann",
        "run_id": "run-1",
        "known_user": True,
        "fallback": None,
        "model": "ranker",
        "follows": "run",
        "items": [
            {
                "rank": 1,
                "product_id": "P2",
                "title": 'Soap "gentle" — ü',
                "score": 0.12,
                "source": "co_visited",
                "reason": {
                    "type": "because_of",
                    "product_id": "P1",
                    "title": "Rose water",
                    "terms": None,
                },
            },
            {
                "rank": 2,
                "product_id": "P3",
                "title": "Rose water, large",
                "score": -0.5,
                "source": "trending",
                "reason": {"type": "trending", "product_id": None, "title": None, "terms": None},
            },
        ],
    }


@pytest.mark.parametrize(
    ("k", "expected"),
    [(1, ["P1"]), (2, ["P1", "P3"]), (3, ["P1", "P3", "P4"]), (50, ["P1", "P3", "P4"])],
)
def test_k_cuts_the_list(client: TestClient[Litestar], k: int, expected: list[str]) -> None:
    assert products(recommendations(client, "bea", k=k)) == expected


def test_without_k_the_default_of_the_settings_counts(client: TestClient[Litestar]) -> None:
    assert products(recommendations(client, "bea")) == ["P1", "P3"]


def test_an_unknown_user_gets_the_popular_products_marked(client: TestClient[Litestar]) -> None:
    answer = recommendations(client, "nobody")

    assert (answer["known_user"], answer["fallback"]) == (False, "popular")
    assert products(answer) == POPULAR
    assert [item["rank"] for item in answer["items"]] == [1, 2]


def test_k_cuts_the_popular_products_too(client: TestClient[Litestar]) -> None:
    assert products(recommendations(client, "nobody", k=1)) == ["P1"]


def test_a_user_with_reviews_but_no_list_is_known_and_gets_the_popular_products(
    client: TestClient[Litestar],
) -> None:
    answer = recommendations(client, "cat")

    assert (answer["known_user"], answer["fallback"]) == (True, "popular")
    assert products(answer) == POPULAR


@pytest.mark.parametrize(
    "user_id",
    [
        "' or 1=1 --",
        '"; drop table recommendation_lists; --',
        "$user_id",
        "ann' union select items from fallback_list --",
        "../../etc/passwd",
        "/",
        "a//b/",
        "%2F",
        "100%",
        "a?k=1#b",
        "#oc-R103C0QSV1DF5E",
        "ünï 漢字 🧴",
        "\u202eright to left",
        " ",
        "a+b",
        "null",
        "x" * 256,
        "🧴" * 256,
    ],
)
def test_an_odd_unknown_user_is_an_ordinary_answer(
    client: TestClient[Litestar], user_id: str
) -> None:
    answer = recommendations(client, user_id)

    assert answer["user_id"] == user_id
    assert (answer["known_user"], answer["fallback"]) == (False, "popular")
    assert products(recommendations(client, "bea", k=3)) == ["P1", "P3", "P4"]


@pytest.mark.parametrize("user_id", ["a/b", "/", "%2F", "é🧴", "o'neil", " ", "#oc-R1"])
def test_an_odd_known_user_gets_their_own_list(
    warehouse: duckdb.DuckDBPyConnection, settings: Settings, user_id: str
) -> None:
    add_run(warehouse, "run-1")
    warehouse.execute(
        "update ranker.recommendations set user_id = ? where user_id = 'ann'", [user_id]
    )
    publish(warehouse, run_id="run-1", published=settings.published)

    with TestClient(create_app(settings)) as client:
        answer = recommendations(client, user_id)

    assert (answer["user_id"], answer["known_user"], answer["fallback"]) == (user_id, True, None)
    assert products(answer) == ["P2", "P3"]


def test_a_user_id_is_case_sensitive(client: TestClient[Litestar]) -> None:
    assert recommendations(client, "ANN")["known_user"] is False
