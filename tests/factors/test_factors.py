"""Neighbours by matrix factorisation, on two circles of users that have nothing in common."""

from typing import Any

import duckdb
import numpy as np
import pytest
from scipy.sparse import csr_matrix

from rankmart import factors as module
from rankmart.factors import factor_pairs, item_factors, unit_vectors
from rankmart.nearest import Floats, nearest

USERS = 40
PRODUCTS = 6


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    """Users up to 20 have products 1, 2, 3 but for one; the others have 4, 5, 6 but for one."""
    connection = duckdb.connect()
    rows = [
        ("serve", user, 3 * (user > USERS // 2) + place, 1.0)
        for user in range(1, USERS + 1)
        for place in (1, 2, 3)
        if user % 3 != place - 1
    ]
    connection.execute(
        "create table histories (split text, user_key int, product_key int, weight float)"
    )
    connection.executemany("insert into histories values (?, ?, ?, ?)", rows)
    connection.execute(
        "create table activity (split text, moment int, product_key int, activity_weight double)"
    )
    return connection


def pairs(connection: duckdb.DuckDBPyConnection, *, neighbors: int) -> list[tuple[object, ...]]:
    reader = factor_pairs(
        connection.table("histories"),
        connection.table("activity"),
        factors=4,
        iterations=10,
        iterations_later=4,
        confidence=10,
        regularization=1,
        neighbors=neighbors,
    )
    return [tuple(row.values()) for row in reader.read_all().to_pylist()]


def test_products_of_one_circle_are_near_one_another(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    found = pairs(connection, neighbors=2)
    assert {(owner, other) for _, owner, other, *_ in found} == {
        (owner, other)
        for circle in ((1, 2, 3), (4, 5, 6))
        for owner in circle
        for other in circle
        if owner != other
    }
    assert all(split == "serve" and 0 < cosine <= 1 for split, *_, cosine in found)
    assert sorted(rank for *_, rank, _ in found) == [1] * PRODUCTS + [2] * PRODUCTS


def test_the_few_places_go_to_what_is_active(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("insert into activity values ('serve', 0, 3, 5), ('serve', 0, 2, 0.1)")
    first = {owner: other for _, owner, other, rank, _ in pairs(connection, neighbors=1)}
    assert first[1] == 3


def test_in_a_large_catalogue_only_active_products_are_neighbours(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AMONG", 2)
    connection.execute(
        "insert into activity"
        " select 'serve', 0, product_key, if(product_key in (2, 5), 2, 1)"
        " from range(1, 7) as products(product_key)"
    )
    found = pairs(connection, neighbors=3)
    assert {other for _, _, other, *_ in found} == {2, 5}
    assert {(1, 2), (3, 2), (4, 5), (6, 5)} <= {(owner, other) for _, owner, other, *_ in found}


def test_two_runs_give_the_same_pairs(connection: duckdb.DuckDBPyConnection) -> None:
    assert pairs(connection, neighbors=3) == pairs(connection, neighbors=3)


def test_no_history_gives_no_pairs(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("delete from histories")
    assert pairs(connection, neighbors=3) == []


def test_a_single_product_has_no_neighbour() -> None:
    vectors = np.ones((1, 2), dtype=np.float32)
    assert list(nearest(vectors, k=3)) == []


def test_vectors_have_length_one() -> None:
    matrix = csr_matrix(np.eye(5, 4, dtype=np.float32))
    vectors = unit_vectors(
        item_factors(matrix, factors=64, iterations=3, confidence=10, regularization=1)
    )
    assert vectors.shape == (4, 4)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-5)


@pytest.mark.parametrize("is_large", [False, True])
def test_a_large_split_goes_on_from_the_one_that_sees_less(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, is_large: bool
) -> None:
    (reviews,) = connection.execute("select count(*) from histories").fetchone() or (0,)
    monkeypatch.setattr(module, "GOES_ON_FROM", reviews + (not is_large))
    connection.execute(
        "insert into histories"
        " select 'fit', * exclude (split) from histories where user_key > 3 and product_key <> 5"
    )
    asked = []

    def spied(matrix: object, **settings: Any) -> object:
        start = settings["start"]
        asked.append((settings["iterations"], None if start is None else start.copy()))
        found.append(item_factors(matrix, **settings))  # type: ignore[arg-type]
        return found[-1]

    found: list[Floats] = []
    monkeypatch.setattr(module, "item_factors", spied)
    pairs(connection, neighbors=1)
    (first, by_chance), (later, start) = asked
    assert (first, by_chance) == (10, None)
    if not is_large:
        assert (later, start) == (10, None)
        return
    assert later == 4
    assert (start[[0, 1, 2, 3, 5]] == found[0]).all()
    assert 0 <= start[4].min() < start[4].max() <= 0.01


def test_a_split_does_not_depend_on_those_that_see_more(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GOES_ON_FROM", 0)
    connection.execute("update histories set split = 'fit'")
    alone = pairs(connection, neighbors=3)
    connection.execute(
        "insert into histories select 'test', * exclude (split) from histories"
        " union all select 'test', 99, 1, 1 union all select 'test', 99, 6, 1"
    )
    assert [pair for pair in pairs(connection, neighbors=3) if pair[0] == "fit"] == alone
