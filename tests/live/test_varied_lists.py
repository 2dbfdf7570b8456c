"""Where the run's lists are re-ranked, those that follow events are too."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from api import served_copy
from project import Project

from .test_events_move_lists import a_user, answer, ids, reranked, tell


@pytest.fixture
def varied_shop(varied: Project, tmp_path: Path) -> Iterator[TestClient[Litestar]]:
    folder = tmp_path / "varied"
    folder.mkdir()
    with served_copy(varied, folder) as client:
        yield client


@pytest.fixture
def categories(varied: Project) -> dict[str, str]:
    return dict(
        varied.rows("select product_id, category from products where category is not null")
    )


def of_one_category(categories: dict[str, str], found: dict[str, Any]) -> int:
    listed = Counter(categories[product] for product in ids(found) if product in categories)
    return max(listed.values())


def test_the_cap_holds_at_once_and_when_scored_anew(
    varied_shop: TestClient[Litestar], categories: dict[str, str]
) -> None:
    user = a_user(varied_shop)
    before = ids(answer(varied_shop, user, "k=20"))

    tell(varied_shop, user, before[1], "view")

    at_once = answer(varied_shop, user, "k=20")
    later = reranked(varied_shop, user)
    for found in (at_once, later):
        assert found["follows"] != "run"
        assert len(found["items"]) > 1
        assert of_one_category(categories, found) == 1


def test_the_cap_holds_for_a_visitor_without_an_id(
    varied_shop: TestClient[Litestar], shop: TestClient[Litestar], categories: dict[str, str]
) -> None:
    seen = ids(answer(varied_shop, a_user(varied_shop), "k=20"))[:3]
    question = {"product_ids": seen, "k": 20}

    capped, free = (
        client.post("/v1/sessions/recommendations", json=question).json()
        for client in (varied_shop, shop)
    )

    assert of_one_category(categories, capped) == 1
    assert of_one_category(categories, free) > 1
