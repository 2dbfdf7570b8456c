"""Once a user sends events, the next answer reflects them, and the next run takes them in."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.testing import TestClient

from project import Project


def a_user(client: TestClient[Litestar]) -> str:
    users: list[str] = client.get("/v1/users?k=20").json()["user_ids"]
    return users[7]


def answer(client: TestClient[Litestar], user_id: str, query: str = "") -> dict[str, Any]:
    response = client.get(f"/v1/users/{user_id}/recommendations?{query}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def ids(found: dict[str, Any]) -> list[str]:
    return [item["product_id"] for item in found["items"]]


def tell(client: TestClient[Litestar], user_id: str, product_id: str, kind: str) -> None:
    event = {
        "event_id": f"{user_id} {product_id} {kind}",
        "user_id": user_id,
        "product_id": product_id,
        "kind": kind,
    }
    assert client.post("/v1/events", json=event).status_code == 201


def reranked(client: TestClient[Litestar], user_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while (found := answer(client, user_id, "k=20"))["follows"] != "reranked":
        assert time.monotonic() < deadline, "it was not scored anew in 30 s"
        time.sleep(0.05)
    return found


def test_what_was_bought_or_dismissed_is_gone_from_the_next_answer_on(
    shop: TestClient[Litestar],
) -> None:
    user = a_user(shop)
    first, second = ids(answer(shop, user))[:2]

    tell(shop, user, first, "purchase")
    tell(shop, user, second, "dismiss")

    at_once = answer(shop, user, "k=20")
    assert at_once["follows"] in ("events", "reranked")
    later = reranked(shop, user)
    for found in (at_once, later):
        assert not {first, second} & set(ids(found))
        assert [item["rank"] for item in found["items"]] == list(range(1, len(ids(found)) + 1))


def test_neighbours_of_what_was_viewed_move_up(shop: TestClient[Litestar]) -> None:
    user = a_user(shop)
    before = ids(answer(shop, user, "k=20"))
    popular = shop.get("/v1/products/popular?k=100").json()["products"]
    viewed, near = next(
        (product["product_id"], neighbors)
        for product in reversed(popular)
        if product["product_id"] not in before
        for neighbors in [
            [
                item["product_id"]
                for item in shop.get(f"/v1/products/{product['product_id']}/similar?k=10").json()[
                    "products"
                ]
            ]
        ]
        if len(neighbors) == 10 and not set(neighbors) & set(before)
    )

    tell(shop, user, viewed, "cart")

    assert len(set(ids(answer(shop, user, "k=20"))) & set(near)) >= 3
    later = reranked(shop, user)
    assert set(ids(later)) & set(near)
    assert viewed in {
        item["reason"]["product_id"] for item in later["items"] if item["reason"]["product_id"]
    }


def test_a_cold_user_becomes_warm_after_one_event(shop: TestClient[Litestar]) -> None:
    assert answer(shop, "new here")["fallback"] == "popular"
    product = shop.get("/v1/products/popular?k=5").json()["products"][4]["product_id"]

    tell(shop, "new here", product, "view")
    warm = reranked(shop, "new here")

    assert warm["known_user"] is True
    assert warm["fallback"] is None
    assert product in {item["reason"]["product_id"] for item in warm["items"]}
    history = shop.get("/v1/users/new here/history").json()["items"]
    assert [(item["product_id"], item["kind"]) for item in history] == [(product, "view")]


def test_a_score_is_taken_apart_into_what_adds_up_to_it(shop: TestClient[Litestar]) -> None:
    user = a_user(shop)
    item = answer(shop, user)["items"][0]

    found = shop.get(f"/v1/users/{user}/recommendations/{item['product_id']}/explanation")

    assert found.status_code == 200
    body = found.json()
    total = body["bias"] + sum(part["adds"] for part in body["parts"])
    assert abs(total - item["score"]) < 1e-3
    assert abs(body["score"] - total) < 1e-9
    none = shop.get(f"/v1/users/{user}/recommendations/no-product/explanation")
    assert none.status_code == 404


def test_an_event_for_a_product_that_nobody_knows_changes_nothing_but_history(
    shop: TestClient[Litestar],
) -> None:
    user = a_user(shop)
    before = ids(answer(shop, user))

    tell(shop, user, "no such product", "purchase")

    assert ids(reranked(shop, user))[: len(before)] == before


def test_the_next_run_takes_events_in_and_answers_from_them(
    scored_shop: Project, shop: TestClient[Litestar], tmp_path: Path
) -> None:
    user = a_user(shop)
    bought, dismissed = ids(answer(shop, user))[:2]
    tell(shop, user, bought, "purchase")
    tell(shop, user, dismissed, "dismiss")
    (tmp_path / "again").mkdir()
    project = replace(
        scored_shop.copied_to(tmp_path / "again"),
        more={
            "RANKMART_EVENTS": f"sqlite:///{tmp_path}/events.sqlite",
            "RANKMART_PUBLISHED": str(tmp_path / "published"),
        },
    )

    project.dbt().succeeded()
    project.rankmart("score", "--accept").succeeded()

    kinds = project.rows(
        "select product_id, kind, is_positive from interactions where user_id = ? and kind !="
        " 'review' order by kind",
        [user],
    )
    assert kinds == [(dismissed, "dismiss", False), (bought, "purchase", True)]
    deadline = time.monotonic() + 10
    while (found := answer(shop, user, "k=20"))["follows"] != "run":
        assert time.monotonic() < deadline, "the new run was not picked up"
        time.sleep(0.05)
    assert not {bought, dismissed} & set(ids(found))
