"""Parts of a list: by offset, category, brand, price, without some products, of an earlier run."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from publish.small_warehouse import publish_run


def listed(client: TestClient[Litestar], query: str, user: str = "bea") -> list[str]:
    response = client.get(f"/v1/users/{user}/recommendations?k=50&{query}")
    assert response.status_code == 200, response.text
    return [item["product_id"] for item in response.json()["items"]]


# bea's list is P1 (4.50, Beauty|Skin, Flora), P3 (9.00, the same), P4 (nothing known).
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["P1", "P3", "P4"]),
        ("offset=1", ["P3", "P4"]),
        ("offset=3", []),
        ("exclude=P1", ["P3", "P4"]),
        ("exclude=P1&exclude=P4", ["P3"]),
        ("brand=Flora", ["P1", "P3"]),
        ("brand=flora", []),
        ("category=Skin", ["P1", "P3"]),
        ("category=Beauty", ["P1", "P3"]),
        ("category=Beauty|Skin", []),
        ("min_price=5", ["P3"]),
        ("max_price=5", ["P1"]),
        ("min_price=4.5&max_price=9", ["P1", "P3"]),
        ("min_price=9.01", []),
        ("brand=Flora&offset=1", ["P3"]),
    ],
)
def test_a_filter_takes_products_out_and_keeps_the_order(
    client: TestClient[Litestar], query: str, expected: list[str]
) -> None:
    assert listed(client, query) == expected


def test_a_filtered_list_is_filled_up_to_k(client: TestClient[Litestar]) -> None:
    response = client.get("/v1/users/bea/recommendations?k=2&exclude=P1")

    assert [(item["rank"], item["product_id"]) for item in response.json()["items"]] == [
        (2, "P3"),
        (3, "P4"),
    ]


def test_filters_hold_for_the_popular_products_too(client: TestClient[Litestar]) -> None:
    assert listed(client, "exclude=P1", user="nobody") == ["P2"]


def test_reasons_are_left_out_where_they_are_not_asked_for(client: TestClient[Litestar]) -> None:
    items = client.get("/v1/users/bea/recommendations?include_reasons=false").json()["items"]

    assert {item["reason"] for item in items} == {None}


def test_an_earlier_run_answers_as_it_did(
    client_of_own_run: TestClient[Litestar], warehouse: duckdb.DuckDBPyConnection, published: Path
) -> None:
    publish_run(warehouse, published, "run-2", anns_second="P4")

    def answer(run_id: str) -> tuple[str, list[str]]:
        body: dict[str, Any] = client_of_own_run.get(
            f"/v1/users/ann/recommendations?run_id={run_id}"
        ).json()
        return body["run_id"], [item["product_id"] for item in body["items"]]

    assert answer("run-1") == ("run-1", ["P2", "P3"])
    assert answer("run-2") == ("run-2", ["P2", "P4"])
    assert answer("run-1") == ("run-1", ["P2", "P3"])


@pytest.mark.parametrize("run_id", ["run-9", "..", "../run-1", "a b", "current"])
def test_a_run_that_is_not_kept_is_not_found(client: TestClient[Litestar], run_id: str) -> None:
    response = client.get("/v1/users/ann/recommendations", params={"run_id": run_id})

    assert response.status_code == 404
    assert "/v1/runs" in response.json()["detail"]
