"""What a list that follows events at once must not show: what is blocked, what the user has.

P1 has the neighbours P2 and P4, P2 has P1. ann reviewed P1 and P4, bea P2.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
from litestar import Litestar
from litestar.testing import TestClient

from publish.small_warehouse import add_run, publish_run
from rankmart.publish import publish, snapshot_path
from rankmart_serving.app import create_app
from rankmart_serving.settings import Settings


def publish_with(
    warehouse: duckdb.DuckDBPyConnection,
    published: Path,
    *,
    run_id: str = "run-1",
    blocked: Sequence[int] = (),
    parameters: str = "{}",
) -> None:
    add_run(warehouse, run_id)
    warehouse.execute("update ranker.runs set parameters = ?", [parameters])
    # No event of the store is taken in yet.
    warehouse.execute("update staging.stg_events set seq = 0")
    publish(warehouse, run_id=run_id, published=published, blocked=blocked)


def tell(
    client: TestClient[Litestar],
    user_id: str,
    product_id: str,
    kind: str,
    rating: float | None = None,
) -> None:
    event = {
        "event_id": f"{user_id} {product_id} {kind}",
        "user_id": user_id,
        "product_id": product_id,
        "kind": kind,
        "rating": rating,
    }
    assert client.post("/v1/events", json=event).status_code == 201


def listed(client: TestClient[Litestar], user_id: str) -> list[str]:
    response = client.get(f"/v1/users/{user_id}/recommendations?k=50")
    assert response.status_code == 200, response.text
    return ids(response.json())


def for_visitor_of(client: TestClient[Litestar], product_id: str) -> list[str]:
    question = {"product_ids": [product_id], "k": 50}
    return ids(client.post("/v1/sessions/recommendations", json=question).json())


def ids(found: dict[str, Any]) -> list[str]:
    return [item["product_id"] for item in found["items"]]


def test_what_is_blocked_does_not_rise_as_a_neighbour(
    warehouse: duckdb.DuckDBPyConnection, published: Path, settings: Settings
) -> None:
    publish_with(warehouse, published, blocked=[4])

    with TestClient(create_app(settings)) as client:
        tell(client, "new here", "P1", "view")
        assert listed(client, "new here") == ["P2", "P1"]
        assert for_visitor_of(client, "P1") == ["P2"]


def test_without_a_block_the_neighbour_rises(
    warehouse: duckdb.DuckDBPyConnection, published: Path, settings: Settings
) -> None:
    publish_with(warehouse, published)

    with TestClient(create_app(settings)) as client:
        assert for_visitor_of(client, "P1") == ["P2", "P4"]


def test_a_block_holds_where_an_experiment_gives_an_earlier_run(
    warehouse: duckdb.DuckDBPyConnection, published: Path, settings: Settings
) -> None:
    earlier = "20140630-0123456789ab"
    publish_with(warehouse, published, run_id=earlier)
    warehouse.execute(
        "insert into ranker.run_experiments values"
        " ('run-2', 'taste', 'salt', 0, null, 'before', ?, 0, 10000)",
        [earlier],
    )
    publish_with(warehouse, published, run_id="run-2", blocked=[4])

    with TestClient(create_app(settings)) as client:
        # P4 is the third of bea's own list of the earlier run, and a neighbour of P1.
        assert listed(client, "bea") == ["P1", "P3"]
        tell(client, "bea", "P1", "view")
        assert "P4" not in listed(client, "bea")


def test_a_snapshot_without_rules_is_still_served(
    warehouse: duckdb.DuckDBPyConnection, published: Path, settings: Settings
) -> None:
    publish_run(warehouse, published, "run-1")
    with duckdb.connect(snapshot_path(published, "run-1")) as snapshot:
        snapshot.execute("drop table live_rules")

    with TestClient(create_app(settings)) as client:
        assert for_visitor_of(client, "P1") == ["P2", "P4"]


def test_what_the_user_has_does_not_rise_as_a_neighbour(
    warehouse: duckdb.DuckDBPyConnection, published: Path, settings: Settings
) -> None:
    publish_with(warehouse, published)

    with TestClient(create_app(settings)) as client:
        assert listed(client, "bea") == ["P1", "P3", "P4"]
        tell(client, "bea", "P1", "view")
        assert listed(client, "bea") == ["P4", "P1", "P3"]


def test_what_was_only_looked_at_before_the_run_may_rise(
    warehouse: duckdb.DuckDBPyConnection, published: Path, settings: Settings
) -> None:
    warehouse.execute("update interactions set kind = 'view' where user_id = 'bea'")
    publish_with(warehouse, published)

    with TestClient(create_app(settings)) as client:
        tell(client, "bea", "P1", "view")
        assert "P2" in listed(client, "bea")


def test_where_things_are_bought_again_what_the_user_has_may_rise(
    warehouse: duckdb.DuckDBPyConnection, published: Path, settings: Settings
) -> None:
    publish_with(warehouse, published, parameters='{"exclude_reviewed": false}')

    with TestClient(create_app(settings)) as client:
        tell(client, "bea", "P1", "view")
        assert "P2" in listed(client, "bea")


def test_neighbours_of_what_is_rated_up_to_two_do_not_rise(
    warehouse: duckdb.DuckDBPyConnection, published: Path, settings: Settings
) -> None:
    publish_with(warehouse, published)

    with TestClient(create_app(settings)) as client:
        tell(client, "two stars", "P1", "rating", 2)
        tell(client, "three stars", "P1", "rating", 3)
        assert listed(client, "two stars") == ["P2"]
        assert listed(client, "three stars") == ["P2", "P4"]


def test_the_build_says_up_to_which_rating_a_product_is_disliked(
    warehouse: duckdb.DuckDBPyConnection, published: Path, settings: Settings
) -> None:
    publish_with(warehouse, published, parameters='{"negative_rating_max": 3}')

    with TestClient(create_app(settings)) as client:
        tell(client, "three stars", "P1", "rating", 3)
        assert listed(client, "three stars") == ["P2"]
