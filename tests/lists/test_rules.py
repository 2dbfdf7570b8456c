"""List rules on a shop of four products and three users, each kind by hand."""

import logging
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest

from project import ROOT
from rankmart.errors import RuleError
from rankmart.rank import best_first
from rankmart.rules import COLUMNS, ListRules, boosted, pin_products, read_rules
from rankmart.settled import SETTLED

TODAY = date(2024, 6, 15)
SHOP = """
create schema intermediate;

create table products as
select * from (values
    ('P1', 'P1', 1, 'Flora', 'Beauty|Skin'),
    ('P1-large', 'P1', null, 'Flora', 'Beauty|Skin|Jars'),
    ('P2', 'P2', 2, 'Flora', 'Beauty|Soap'),
    ('P3', 'P3', 3, 'Sapo', 'Home|Soap'),
    ('P4', 'P4', 4, null, null),
    ('NEW', 'NEW', null, 'Nova', 'Home')
) as rows (product_id, family_id, product_key, brand, categories);

create table interactions as
select * from (values
    (1, 'ann', 4, 'P4', 'review'),
    (2, 'bea', 1, 'P1', 'purchase'),
    (2, 'bea', 2, 'P2', 'dismiss'),
    (3, 'cat', 3, 'P3', 'rating')
) as rows (user_key, user_id, product_key, product_id, kind);

create table intermediate.candidates as
select * from (values ('serve', 1, 1), ('serve', 2, 3)) as rows (split, user_key, product_key);

create table new_recommendations as
select * from (values
    (0, null, 1, 'P1', 0.9::float, 'popular', 'popular', null, null),
    (0, null, 2, 'P2', 0.8, 'popular', 'popular', null, null),
    (1, 'ann', 1, 'P3', 0.5, 'next', 'because_of', 'P4', null),
    (1, 'ann', 2, 'P2', 0.4, 'next', 'because_of', 'P4', null),
    (1, 'ann', 3, 'P1', 0.3, 'trending', 'trending', null, null),
    (2, 'bea', 1, 'P3', -0.1, 'popular', 'popular', null, null)
) as rows (
    user_key, user_id, rank, product_id, score, source, reason_type, because_of_product_id,
    reason_terms
);
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[duckdb.DuckDBPyConnection]:
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as connection:
        connection.execute(SHOP)
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        connection.execute(f"create table list_rules ({columns})")
        yield connection


def rules_of(shop: duckdb.DuckDBPyConnection, *rows: str, day: date = TODAY) -> ListRules:
    """The rules of these rows, as they are in the CSV; what is missing at the end is empty."""
    for row in rows:
        cells = row.split(",")
        cells += [""] * (len(COLUMNS) - len(cells))
        shop.execute(
            f"insert into list_rules values ({', '.join('?' * len(cells))})",
            [cell or None for cell in cells],
        )
    return read_rules(shop, day)


def keys(rules: ListRules) -> list[int]:
    return np.flatnonzero(rules.blocked).tolist()


def lists(shop: duckdb.DuckDBPyConnection) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = shop.execute(
        "select user_key, rank, product_id from new_recommendations order by user_key, rank"
    ).fetchall()
    for user, rank, product in rows:
        found.setdefault(user, []).append(product)
        assert rank == len(found[user])
    return found


def pinned(shop: duckdb.DuckDBPyConnection, *rows: str, k: int = 3) -> dict[int, list[str]]:
    pin_products(shop, rules_of(shop, *rows).pins, k=k)
    return lists(shop)


@pytest.mark.parametrize(
    ("row", "blocked"),
    [
        ("block,P2", [2]),
        ("block,P1-large", [1]),
        ("block,,Flora", [1, 2]),
        ("block,,,Soap", [2, 3]),
        ("block,,,Beauty", [1, 2]),
        ("block,,,Jars", [1]),
        ("block,NEW", []),
    ],
)
def test_a_block_is_on_whole_families_of_a_product_brand_or_category(
    shop: duckdb.DuckDBPyConnection, row: str, blocked: list[int]
) -> None:
    assert keys(rules_of(shop, row)) == blocked


@pytest.mark.parametrize(
    ("dates", "holds"),
    [
        (",", True),
        ("2024-06-15,2024-06-15", True),
        ("2024-06-15,", True),
        (",2024-06-15", True),
        ("2024-06-16,", False),
        (",2024-06-14", False),
        ("2024-06-01,2024-06-14", False),
    ],
)
def test_a_rule_holds_from_its_first_day_to_its_last(
    shop: duckdb.DuckDBPyConnection, dates: str, holds: bool
) -> None:
    rules = rules_of(shop, f"block,P2,,,,,{dates}")
    assert keys(rules) == ([2] if holds else [])
    assert (rules.fingerprint is not None) == holds


def test_boosts_add_up_and_may_lower(shop: duckdb.DuckDBPyConnection) -> None:
    rules = rules_of(shop, "boost,P1,,,1.5", "boost,,Flora,,0.5", "boost,,,Home,-2")
    assert rules.boosts.tolist() == [0, 2, 0.5, -2, 0]


def test_a_boost_moves_by_standard_deviations_of_the_user(
    shop: duckdb.DuckDBPyConnection,
) -> None:
    # User 1: scores 8, 4, 0: deviation √(32/3) = 3.27, so that 1.3 deviations lift 4.25 to 8 and
    # above, 1.2 do not. User 2: the same order a hundredth apart.
    users = np.array([1, 1, 1, 2, 2, 2], dtype=np.int32)
    products = np.array([1, 2, 3, 1, 2, 3], dtype=np.int32)
    scores = np.array([8, 4, 0, -0.92, -0.96, -1], dtype=np.float32)
    for amount, expected in ((1.3, [2, 1, 3]), (1.2, [1, 2, 3])):
        shop.execute("delete from list_rules")
        arrange = rules_of(shop, f"boost,P2,,,{amount}").before(best_first)
        order = arrange(users, products, scores, k=3)
        assert products[order].tolist() == [*expected, *expected]


def test_a_boost_takes_any_keys_of_users() -> None:
    # Those of users whom the run does not know are below 0; large ones need no more memory.
    users = np.array([-7, -7, 2**31 - 1, 2**31 - 1, 3], dtype=np.int32)
    scores = np.array([0, 2, 0, 4, 5], dtype=np.float32)
    moved = boosted(users, scores, np.array([3.0, 0, 3, 0, 1]))
    assert moved.tolist() == [3, 2, 6, 4, 6]


def test_among_equal_scores_a_boost_decides(shop: duckdb.DuckDBPyConnection) -> None:
    arrange = rules_of(shop, "boost,P3,,,0.1").before(best_first)
    products = np.array([1, 2, 3], dtype=np.int32)
    order = arrange(np.ones(3, np.int32), products, np.zeros(3, np.float32), k=3)
    assert products[order].tolist() == [3, 1, 2]


def test_what_is_blocked_is_in_no_list_and_the_next_moves_up(
    shop: duckdb.DuckDBPyConnection,
) -> None:
    arrange = rules_of(shop, "block,P1", "boost,P1,,,9").before(best_first)
    products = np.array([1, 2, 3], dtype=np.int32)
    scores = np.array([3, 2, 1], dtype=np.float32)
    order = arrange(np.ones(3, np.int32), products, scores, k=2)
    assert products[order].tolist() == [2, 3]


def test_without_rules_the_order_is_left_alone(shop: duckdb.DuckDBPyConnection) -> None:
    rules = rules_of(shop)
    assert rules.before(best_first) is best_first
    assert (rules.pins, rules.fingerprint) == ((), None)


def test_a_pin_stands_at_its_place_and_the_list_keeps_its_length(
    shop: duckdb.DuckDBPyConnection,
) -> None:
    found = pinned(shop, "pin,NEW,,,,2")
    assert found == {0: ["P1", "NEW", "P2"], 1: ["P3", "NEW", "P2"], 2: ["P3", "NEW"]}
    rows = shop.execute(
        "select distinct source, reason_type, because_of_product_id from new_recommendations"
        " where product_id = 'NEW'"
    ).fetchall()
    assert rows == [("rule", "rule", None)]


def test_a_pin_has_the_score_of_what_follows_or_else_goes_before(
    shop: duckdb.DuckDBPyConnection,
) -> None:
    pinned(shop, "pin,NEW,,,,2")
    scores = shop.execute(
        "select user_key, score from new_recommendations where product_id = 'NEW' order by all"
    ).fetchall()
    assert scores == [(0, np.float32(0.8)), (1, np.float32(0.4)), (2, np.float32(-0.1))]


def test_a_pin_that_is_in_the_list_already_moves(shop: duckdb.DuckDBPyConnection) -> None:
    assert pinned(shop, "pin,P1,,,,1")[1] == ["P1", "P3", "P2"]


def test_who_has_a_product_does_not_get_it_pinned(shop: duckdb.DuckDBPyConnection) -> None:
    found = pinned(shop, "pin,P1-large,,,,1", "pin,NEW,,,,2")
    # bea has P1, of which P1-large is a variant.
    assert found == {0: ["P1", "NEW", "P2"], 1: ["P1", "NEW", "P3"], 2: ["P3", "NEW"]}


def test_who_has_a_product_gets_it_where_products_are_recommended_again(
    shop: duckdb.DuckDBPyConnection,
) -> None:
    shop.execute("insert into intermediate.candidates values ('serve', 3, 3)")
    assert pinned(shop, "pin,P1,,,,1")[2] == ["P1", "P3"]


@pytest.mark.parametrize("kind", ["view", "click", "cart"])
def test_a_look_at_a_product_gives_nobody_a_pin_and_denies_nobody_one(
    shop: duckdb.DuckDBPyConnection, kind: str
) -> None:
    # cat looked at P1 and P2: they are candidates still, and say nothing of what others have.
    shop.execute("insert into intermediate.candidates values ('serve', 3, 1), ('serve', 3, 2)")
    for product in (1, 2):
        shop.execute(
            f"insert into interactions values (3, 'cat', {product}, 'P{product}', '{kind}')"
        )
    shop.execute(
        "insert into new_recommendations"
        " values (3, 'cat', 1, 'P4', 0.2, 'popular', 'popular', null, null)"
    )
    found = pinned(shop, "pin,P1,,,,1")
    assert found[2] == ["P3"]
    assert found[3] == ["P1", "P4"]


def test_what_is_settled_is_what_dbt_calls_so() -> None:
    macro = (ROOT / "dbt_project/macros/build/is_positive.sql").read_text(encoding="utf-8")
    _, _, told = macro.partition("{% macro is_settled(kind) -%}")
    kinds = re.findall(r"'(\w+)'", told.partition("endmacro")[0])
    assert tuple(kinds) == SETTLED


def test_pins_at_one_place_follow_each_other(shop: duckdb.DuckDBPyConnection) -> None:
    found = pinned(shop, "pin,P4,,,,2", "pin,NEW,,,,2", "pin,P2,,,,3", k=5)
    # ann has P4, so that her pins move up to where they were meant to be.
    assert found[0] == ["P1", "NEW", "P4", "P2"]
    assert found[1] == ["P3", "NEW", "P2", "P1"]


def test_a_place_beyond_the_list_is_its_end(shop: duckdb.DuckDBPyConnection) -> None:
    found = pinned(shop, "pin,NEW,,,,9", k=10)
    assert found == {0: ["P1", "P2", "NEW"], 1: ["P3", "P2", "P1", "NEW"], 2: ["P3", "NEW"]}


def test_a_place_beyond_k_is_in_no_list(shop: duckdb.DuckDBPyConnection) -> None:
    assert pinned(shop, "pin,NEW,,,,4")[1] == ["P3", "P2", "P1"]


def test_a_product_pinned_twice_stands_at_the_first_of_its_places(
    shop: duckdb.DuckDBPyConnection,
) -> None:
    assert pinned(shop, "pin,P1,,,,3", "pin,P1-large,,,,2")[1] == ["P3", "P1", "P2"]


def test_block_beats_pin_and_pin_beats_boost(shop: duckdb.DuckDBPyConnection) -> None:
    rules = rules_of(shop, "pin,NEW,,,,1", "pin,P2,,,,3", "block,,,Home", "boost,P2,,,50")
    assert [(pin.product_id, pin.position) for pin in rules.pins] == [("P2", 3)]
    pin_products(shop, rules.pins, k=3)
    assert lists(shop)[1] == ["P3", "P1", "P2"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("hide,P1", "its rule is none of block, pin, boost"),
        (",P1", "its rule is none of block, pin, boost"),
        ("block", "exactly one of product_id, brand and category"),
        ("block,P1,Flora", "exactly one of product_id, brand and category"),
        ("pin,,Flora,,,1", "a pin needs a product_id"),
        ("pin,P1", "a pin needs a position"),
        ("block,P1,,,,1", "no other rule has one"),
        ("pin,P1,,,,0", "positions count from 1"),
        ("boost,P1", "a boost needs an amount other than 0"),
        ("boost,P1,,,0", "a boost needs an amount other than 0"),
        ("boost,P1,,,nan", "a boost needs an amount other than 0"),
        ("pin,P1,,,2,1", "a boost needs an amount other than 0, and no other rule has one"),
        ("block,P1,,,,,2024-02-01,2024-01-31", "its to_date comes before its from_date"),
        ("pin,P9,,,,1", "no product 'P9' in the table products"),
        ("boost,P9,,,1", "no product 'P9' in the table products"),
    ],
)
def test_an_unsound_rule_is_named_with_what_to_do(
    shop: duckdb.DuckDBPyConnection, row: str, words: str
) -> None:
    with pytest.raises(RuleError) as error:
        rules_of(shop, row)
    assert words in str(error.value)
    kind, _, _ = row.partition(",")
    assert str(error.value).startswith(f"list rule '{kind}")
    assert "dbt_project/seeds/list_rules.csv, then run `dbt seed`" in str(error.value)


def test_a_pin_of_an_unknown_product_that_no_longer_holds_is_no_error(
    shop: duckdb.DuckDBPyConnection,
) -> None:
    assert rules_of(shop, "pin,P9,,,,1,,2024-01-01").pins == ()


@pytest.mark.parametrize("row", ["block,P9", "boost,,Nobody,,1", "block,,,Toys"])
def test_a_rule_that_names_nothing_is_told_and_does_nothing(
    shop: duckdb.DuckDBPyConnection, row: str, caplog: pytest.LogCaptureFixture
) -> None:
    rules = rules_of(shop, row)
    assert f"list rule '{row}" in caplog.text
    assert "names no product" in caplog.text
    assert not rules.blocked.any()
    assert not rules.boosts.any()


def test_the_fingerprint_is_that_of_the_rules_that_hold(shop: duckdb.DuckDBPyConnection) -> None:
    first = rules_of(shop, "block,P1", "boost,P2,,,1").fingerprint
    shop.execute("delete from list_rules")
    assert rules_of(shop, "boost,P2,,,1", "block,P1").fingerprint == first
    assert rules_of(shop, "block,P3,,,,,,2020-01-01").fingerprint == first
    assert rules_of(shop, "block,P3").fingerprint != first


def test_without_the_table_there_are_no_rules(shop: duckdb.DuckDBPyConnection) -> None:
    shop.execute("drop table list_rules")
    assert rules_of(shop).fingerprint is None


def test_a_table_without_a_column_says_how_to_get_it_back(
    shop: duckdb.DuckDBPyConnection,
) -> None:
    shop.execute("alter table list_rules drop column to_date")
    with pytest.raises(RuleError, match=r"lacks the column to_date.*dbt seed --full-refresh"):
        rules_of(shop)


@pytest.mark.parametrize(
    ("csv_row", "told"),
    [
        ("block,P1,,,,,,", False),
        ('block,"P1",,,,,,', False),
        ("block,P2,,,,,,", True),
        ("block,P1,,,,,,2030-12-31", True),
        ("block,P1,,,,first,,", True),
    ],
)
def test_a_file_that_is_not_what_was_seeded_is_told(
    shop: duckdb.DuckDBPyConnection,
    caplog: pytest.LogCaptureFixture,
    csv_row: str,
    told: bool,
) -> None:
    write_seed(csv_row)
    with caplog.at_level(logging.WARNING):
        rules_of(shop, "block,P1")
    assert ("list_rules.csv" in caplog.text) == told


def test_the_file_as_shipped_is_what_an_empty_table_is(
    shop: duckdb.DuckDBPyConnection, caplog: pytest.LogCaptureFixture
) -> None:
    write_seed()
    rules_of(shop)
    shop.execute("drop table list_rules")
    rules_of(shop)
    assert caplog.text == ""


def test_a_file_that_was_never_seeded_is_told(
    shop: duckdb.DuckDBPyConnection, caplog: pytest.LogCaptureFixture
) -> None:
    shop.execute("drop table list_rules")
    write_seed("block,P1,,,,,,")
    rules_of(shop)
    assert "`dbt seed` loads yours" in caplog.text


def write_seed(*rows: str) -> None:
    """The CSV, where scoring looks for it from the folder it runs in."""
    folder = Path("dbt_project/seeds")
    folder.mkdir(parents=True)
    (folder / "list_rules.csv").write_text("\n".join([",".join(COLUMNS), *rows]) + "\n")
