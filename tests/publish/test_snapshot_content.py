"""What a published snapshot holds."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from rankmart import publish as publishing
from rankmart.publish import current_run, publish, snapshot_path

from .small_warehouse import add_run


def read(path: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(query).fetchall()


def read_json(path: Path, query: str) -> Any:
    return json.loads(read(path, query)[0][0])


@pytest.fixture
def snapshot(warehouse: duckdb.DuckDBPyConnection, published: Path) -> Path:
    return publish(
        warehouse,
        run_id="run-1",
        published=published,
        members=[(0.5, b"\x00tree\xff"), (2.0, b"other")],
        features=["popularity", "recency"],
    )


def test_the_snapshot_is_named_for_its_run_and_is_the_current_one(
    snapshot: Path, published: Path
) -> None:
    assert snapshot == published / "run-1.duckdb" == snapshot_path(published, "run-1")
    assert (published / "current").read_text() == "run-1\n"
    assert current_run(published) == "run-1"
    assert sorted(path.name for path in published.iterdir()) == ["current", "run-1.duckdb"]


def test_in_more_passes_the_lists_are_the_same(
    warehouse: duckdb.DuckDBPyConnection,
    snapshot: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publishing, "ROWS_PER_PASS", 1)
    again = publish(warehouse, run_id="run-1", published=tmp_path / "again")
    for table in ("recommendation_lists", "history_lists"):
        query = f"select * from {table} order by user_id"
        lists = read(again, query)
        assert len(lists) > 1
        assert lists == read(snapshot, query)


def test_a_list_is_ranked_and_has_titles_and_reasons(snapshot: Path) -> None:
    items = read_json(snapshot, "select items from recommendation_lists where user_id = 'ann'")

    assert items == [
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
    ]


def test_a_reason_from_what_is_said_has_its_terms(snapshot: Path) -> None:
    items = read_json(snapshot, "select items from recommendation_lists where user_id = 'bea'")

    assert items[1]["reason"] == {
        "type": "content",
        "product_id": None,
        "title": None,
        "terms": "rose, gentle",
    }


def test_the_fallback_is_one_ranked_list(snapshot: Path) -> None:
    assert read(snapshot, "select count(*) from fallback_list") == [(1,)]
    items = read_json(snapshot, "select items from fallback_list")
    assert [(item["rank"], item["product_id"], item["reason"]) for item in items] == [
        (1, "P1", {"type": "popular", "product_id": None, "title": None, "terms": None}),
        (2, "P2", {"type": "popular", "product_id": None, "title": None, "terms": None}),
    ]


def test_a_history_is_newest_first(snapshot: Path) -> None:
    items = read_json(snapshot, "select items from history_lists where user_id = 'ann'")

    assert items == [
        {
            "product_id": "P4",
            "reviewed_at": "2014-02-01T10:00:00Z",
            "rating": None,
            "kind": "review",
        },
        {
            "product_id": "P1",
            "reviewed_at": "2014-01-01T10:00:00Z",
            "rating": 5.0,
            "kind": "review",
        },
    ]


def test_the_run_row_counts_the_snapshot(snapshot: Path) -> None:
    rows = read(
        snapshot,
        "select run_id, model, protocol, metrics, verdict, list_length, users, products from run",
    )
    assert rows == [("run-1", "ranker", "temporal", '{"ndcg_at_10": 0.1}', "published", 3, 2, 4)]


def test_the_recipe_of_the_model_comes_along(snapshot: Path) -> None:
    assert read(snapshot, "select parameters from run") == [('{"rounds": 40}',)]


def test_the_model_products_neighbours_and_evaluation_come_along(snapshot: Path) -> None:
    assert read(snapshot, "from model") == [
        (0.5, b"\x00tree\xff", ["popularity", "recency"]),
        (2.0, b"other", ["popularity", "recency"]),
    ]
    assert read(snapshot, "select product_id, family_id from products order by all") == [
        ("P1", "P1"),
        ("P2", "P2"),
        ("P3", "P1"),
        ("P4", "P4"),
    ]
    assert read(snapshot, "select product_id, rank, neighbor_id from product_neighbors") == [
        ("P1", 1, "P2"),
        ("P1", 2, "P4"),
        ("P2", 1, "P1"),
    ]
    assert read(snapshot, "select model, metric, value from evaluation") == [
        ("ranker", "ndcg", 0.1)
    ]


def test_blocks_and_boosts_come_along_where_nothing_can_be_scored_anew(
    warehouse: duckdb.DuckDBPyConnection, published: Path
) -> None:
    snapshot = publish(
        warehouse, run_id="run-1", published=published, blocked=[4], boosts={2: 0.5}
    )

    assert read(snapshot, "from duckdb_tables() where table_name = 'live_steps'") == []
    assert read(snapshot, "from live_rules order by product_key") == [
        (2, 0.5, False),
        (4, 0.0, True),
    ]


def test_look_ups_by_user_and_product_have_an_index(snapshot: Path) -> None:
    indexes = read(snapshot, "select table_name, is_unique from duckdb_indexes() order by all")

    assert indexes == [
        ("history_lists", True),
        ("product_neighbors", False),
        ("products", False),
        ("recommendation_lists", True),
        ("users", True),
        ("variant_lists", True),
    ]


def test_a_run_without_a_model_is_published_with_an_empty_one(
    warehouse: duckdb.DuckDBPyConnection, published: Path
) -> None:
    snapshot = publish(warehouse, run_id="run-1", published=published)

    assert read(snapshot, "from model") == []


def test_only_the_rows_of_the_run_are_in_its_snapshot(
    warehouse: duckdb.DuckDBPyConnection, published: Path
) -> None:
    add_run(warehouse, "run-2", anns_second="P4")

    snapshot = publish(warehouse, run_id="run-2", published=published)

    query = "select json_extract_string(items, '$[*].product_id') from recommendation_lists"
    assert read(snapshot, f"{query} where user_id = 'ann'") == [(["P2", "P4"],)]
    assert read(snapshot, "select distinct run_id from evaluation") == [("run-2",)]


def test_list_length_cuts_every_list(
    warehouse: duckdb.DuckDBPyConnection, published: Path
) -> None:
    snapshot = publish(warehouse, run_id="run-1", published=published, list_length=1)

    lengths = "select json_array_length(items) from"
    assert read(snapshot, f"{lengths} recommendation_lists") == [(1,), (1,)]
    assert read(snapshot, f"{lengths} fallback_list") == [(1,)]
    assert read(snapshot, "select list_length from run") == [(1,)]


def test_the_warehouse_is_left_as_it_was(
    snapshot: Path, warehouse: duckdb.DuckDBPyConnection
) -> None:
    databases = "select database_name from duckdb_databases() where not internal"
    assert warehouse.execute(databases).fetchall() == [("warehouse",)]
