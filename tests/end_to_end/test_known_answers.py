"""Each member of a community reviewed all of its products but one: the API recommends the one."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from project import Project
from rankmart_serving.app import create_app
from rankmart_serving.settings import Settings

from .communities import held_out, order_of, product, reviews, variant_of

Lists = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module", params=["temporal", "leave_last_out"])
def scored(request: pytest.FixtureRequest) -> Project:
    project: Project = request.getfixturevalue(request.param)
    return project


@pytest.fixture(scope="module")
def client(scored: Project) -> Iterator[TestClient[Litestar]]:
    with TestClient(create_app(Settings(published=scored.published))) as client:
        yield client


@pytest.fixture(scope="module")
def lists(client: TestClient[Litestar]) -> Lists:
    """What the API answers for every user."""
    answers = {}
    for user_id in held_out():
        response = client.get(f"/v1/users/{user_id}/recommendations", params={"k": 20})
        assert response.status_code == 200, response.text
        answers[user_id] = response.json()["items"]
    return answers


def test_the_held_out_product_comes_first_for_everyone(lists: Lists) -> None:
    wrong = {
        user_id: items[0]["product_id"]
        for user_id, items in lists.items()
        if items[0]["product_id"] != held_out()[user_id]
    }
    assert wrong == {}


def test_the_reason_is_a_product_of_the_same_community_that_the_user_reviewed(
    lists: Lists,
) -> None:
    reviewed = defaultdict(set)
    for review in reviews():
        reviewed[review.user_id].add(review.product_id)
    for user_id, items in lists.items():
        reason = items[0]["reason"]
        assert reason["type"] == "because_of"
        assert reason["product_id"] in reviewed[user_id]
        community, number = reason["product_id"].split("-p")
        assert reason["title"] == f"Thing {number} of {int(community[1:])}"


def test_everyone_has_a_full_list_in_order(lists: Lists) -> None:
    for items in lists.values():
        assert [item["rank"] for item in items] == list(range(1, 21))
        scores = [item["score"] for item in items]
        assert scores == sorted(scores, reverse=True)


def test_no_list_has_what_the_user_has_or_a_variant_of_it(lists: Lists) -> None:
    has: defaultdict[str, set[str]] = defaultdict(set)
    for review in reviews():
        has[review.user_id] |= {review.product_id, variant_of(review.product_id)}
    for user_id, items in lists.items():
        assert has[user_id].isdisjoint(item["product_id"] for item in items)


def test_no_list_has_two_variants_of_one_product(lists: Lists) -> None:
    for items in lists.values():
        things = Counter(item["product_id"].removesuffix("-blue") for item in items)
        assert set(things.values()) == {1}


def test_the_colours_of_a_product_are_one_family(scored: Project) -> None:
    families = scored.rows(
        "select family_id, list_sort(list(product_id)) from product_variants"
        " group by all order by all"
    )
    assert families == [
        (product(community, 0), [product(community, 0), variant_of(product(community, 0))])
        for community in range(12)
    ]


def test_an_unknown_user_gets_popular_products(client: TestClient[Litestar]) -> None:
    answer = client.get("/v1/users/nobody/recommendations").json()
    assert (answer["known_user"], answer["fallback"]) == (False, "popular")
    assert len(answer["items"]) == 10
    assert {item["reason"]["type"] for item in answer["items"]} <= {"popular", "trending"}


def test_the_log_is_what_it_claims_to_be() -> None:
    missing = {
        user_id: {product(int(user_id[1:3]), number) for number in range(9)}
        for user_id in held_out()
    }
    for review in reviews():
        missing[review.user_id].remove(review.product_id)
    assert missing == {user_id: {one} for user_id, one in held_out().items()}
    assert len(set(map(tuple, map(order_of, range(24))))) == 24
