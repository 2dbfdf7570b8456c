"""Business rules on the published lists, from the dbt seed `list_rules`.

A rule holds from one day to another and is about a product, a brand or a category:

* block: it is in no list;
* pin: it stands at a place of every list, but of those who have it already;
* boost: it is moved by `amount` standard deviations of the user's own scores. Scores have no unit
  and may be negative, so that a factor on them would mean nothing.

Block beats pin, pin beats boost. Figures of the evaluation are of lists without rules.
"""

import hashlib
import logging
from dataclasses import dataclass
from datetime import date
from math import isfinite
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rankmart.errors import RuleError, first_line
from rankmart.rank import Arrange, Keys, Positions, Scores
from rankmart.settled import SETTLED
from rankmart.sql import sql_text
from rankmart.warehouse import first_row, run

logger = logging.getLogger(__name__)

SEED = Path("dbt_project/seeds/list_rules.csv")
KINDS = ("block", "pin", "boost")
COLUMNS = {
    "rule": "varchar",
    "product_id": "varchar",
    "brand": "varchar",
    "category": "varchar",
    "amount": "double",
    "position": "integer",
    "from_date": "date",
    "to_date": "date",
}
MEND = f"mend it in {SEED}, then run `dbt seed` and `make score`"


@dataclass(frozen=True, kw_only=True)
class Pin:
    """A product that is set at a place; product_key is None for one that nobody has reviewed."""

    product_id: str
    product_key: int | None
    position: int


@dataclass(frozen=True, kw_only=True)
class ListRules:
    """The rules of one day, on families of variants.

    blocked: bool by product_key. boosts: float64 by product_key, in standard deviations. pins:
    by place, then id. fingerprint: equal for equal rules; None without any.
    """

    blocked: npt.NDArray[np.bool_]
    boosts: npt.NDArray[np.float64]
    pins: tuple[Pin, ...] = ()
    fingerprint: str | None = None

    @property
    def blocked_keys(self) -> list[int]:
        """The products that no list may have."""
        return [int(key) for key in np.flatnonzero(self.blocked)]

    @property
    def boosts_by_key(self) -> dict[int, float]:
        """Of the products that are moved, by how many standard deviations."""
        return {int(key): float(self.boosts[key]) for key in np.flatnonzero(self.boosts)}

    def before(self, arrange: Arrange) -> Arrange:
        """`arrange` without what is blocked, on scores moved by the boosts."""
        if not self.blocked.any() and not self.boosts.any():
            return arrange

        def arrange_by_rules(users: Keys, products: Keys, scores: Scores, *, k: int) -> Positions:
            moved = boosted(users, scores, self.boosts[products])
            kept = np.flatnonzero(~self.blocked[products])
            return kept[arrange(users[kept], products[kept], moved[kept], k=k)]

        return arrange_by_rules


def boosted(users: Keys, scores: Scores, amounts: npt.NDArray[np.float64]) -> Scores:
    """Scores moved by so many standard deviations of their user's scores.

    Where all scores of a user are equal, one deviation counts as 1.

    >>> boosted(np.array([1, 1, 2]), np.array([0.0, 2.0, 5.0]), np.array([2.5, 0.0, 1.0]))
    array([2.5, 2. , 6. ], dtype=float32)
    """
    # Keys may be large, and are below 0 for users that a run does not know.
    _, numbers = np.unique(users, return_inverse=True)
    counts = np.bincount(numbers)
    means = np.bincount(numbers, weights=scores) / counts
    squares = np.bincount(numbers, weights=(scores - means[numbers]) ** 2)
    deviations = np.sqrt(squares / counts)
    deviations[deviations == 0] = 1
    moved: Scores = (scores + amounts * deviations[numbers]).astype(np.float32)
    return moved


def read_rules(connection: duckdb.DuckDBPyConnection, day: date) -> ListRules:
    """The rules that hold on a day; none where the seed was never loaded.

    Raises RuleError for a row that is not as it must be, and for a pin or boost of a product that
    is in no table. Rules that name nothing are told in the log, and so is a CSV file that is not
    what was seeded.
    """
    (products,) = first_row(connection, "select max(product_key) from products")
    blocked = np.zeros(products + 1, dtype=bool)
    boosts = np.zeros(products + 1)
    seeded = _is_seeded(connection)
    _warn_unless_same(connection, SEED, seeded=seeded)
    if not seeded:
        return ListRules(blocked=blocked, boosts=boosts)
    for row in connection.execute(f"select {', '.join(COLUMNS)} from list_rules").fetchall():
        _refuse_unsound(dict(zip(COLUMNS, row, strict=True)))
    rules = (
        connection.sql(sql_text("list_rules_of_the_day"), params={"day": day})
        .to_arrow_table()
        .to_pylist()
    )
    _refuse_unknown(rules)
    found = [rule for rule in rules if rule["family_id"] is not None]
    blocked_families = {rule["family_id"] for rule in found if rule["rule"] == "block"}
    for rule in found:
        if rule["product_key"] is None:
            continue
        if rule["rule"] == "block":
            blocked[rule["product_key"]] = True
        elif rule["rule"] == "boost":
            boosts[rule["product_key"]] += rule["amount"]
    return ListRules(
        blocked=blocked,
        boosts=boosts,
        pins=_pins(found, blocked_families),
        fingerprint=_fingerprint(found),
    )


def pin_products(connection: duckdb.DuckDBPyConnection, pins: tuple[Pin, ...], *, k: int) -> None:
    """Set the pins at their places in `new_recommendations`, whose lists stay within k.

    Who is through with a product (`SETTLED`) does not get it pinned, unless products that users
    have are candidates again (the var `exclude_reviewed`).
    """
    if not pins:
        return
    connection.register(
        "rule_pins",
        pa.table(
            {
                "product_id": pa.array([pin.product_id for pin in pins], pa.string()),
                "product_key": pa.array([pin.product_key for pin in pins], pa.int32()),
                "position": pa.array([pin.position for pin in pins], pa.int32()),
            }
        ),
    )
    given = {
        "k": k,
        "exclude_reviewed": _excludes_reviewed(connection),
        "settled": list(SETTLED),
    }
    for statement in connection.extract_statements(sql_text("pinned_recommendations")):
        named = {name: given[name] for name in statement.named_parameters}
        connection.execute(statement, named).fetchall()
    connection.unregister("rule_pins")


def _pins(rules: list[dict[str, Any]], blocked: set[str]) -> tuple[Pin, ...]:
    """By place, then id; a product that is pinned twice stands at the first of its places."""
    by_place = sorted(
        (rule["position"], rule["family_id"], rule["product_key"])
        for rule in rules
        if rule["rule"] == "pin" and rule["family_id"] not in blocked
    )
    first: dict[str, Pin] = {}
    for position, product_id, product_key in by_place:
        first.setdefault(
            product_id, Pin(product_id=product_id, product_key=product_key, position=position)
        )
    return tuple(first.values())


def _fingerprint(rules: list[dict[str, Any]]) -> str | None:
    if not rules:
        return None
    told = sorted(
        repr((rule["rule"], rule["family_id"], rule["amount"], rule["position"])) for rule in rules
    )
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def _refuse_unsound(rule: dict[str, Any]) -> None:
    targets = [name for name in ("product_id", "brand", "category") if (rule[name] or "").strip()]
    defect = None
    if rule["rule"] not in KINDS:
        defect = f"its rule is none of {', '.join(KINDS)}"
    elif len(targets) != 1:
        defect = "exactly one of product_id, brand and category must be filled"
    elif rule["rule"] == "pin" and targets != ["product_id"]:
        defect = "a pin needs a product_id"
    elif (rule["rule"] == "pin") != (rule["position"] is not None):
        defect = "a pin needs a position, and no other rule has one"
    elif rule["position"] is not None and rule["position"] < 1:
        defect = "positions count from 1"
    elif (rule["rule"] == "boost") != bool(rule["amount"]) or not isfinite(rule["amount"] or 0):
        defect = "a boost needs an amount other than 0, and no other rule has one"
    elif rule["from_date"] and rule["to_date"] and rule["from_date"] > rule["to_date"]:
        defect = "its to_date comes before its from_date"
    if defect:
        raise RuleError(f"list rule {_in_words(rule)}: {defect}: {MEND}")


def _refuse_unknown(rules: list[dict[str, Any]]) -> None:
    for rule in rules:
        if rule["family_id"] is not None:
            continue
        if rule["product_id"] is not None and rule["rule"] != "block":
            raise RuleError(
                f"list rule {_in_words(rule)}: no product {rule['product_id']!r} in the table"
                f" products: {MEND}"
            )
        logger.warning("list rule %s names no product", _in_words(rule))


def _in_words(rule: dict[str, Any]) -> str:
    """The row as it is in the CSV, without the commas of what is empty at its end."""
    cells = ["" if rule.get(name) is None else str(rule[name]) for name in COLUMNS]
    return f"'{','.join(cells).rstrip(',')}'"


def _is_seeded(connection: duckdb.DuckDBPyConnection) -> bool:
    """Raises RuleError for a table that lacks a column."""
    present = connection.execute(
        "select column_name from information_schema.columns"
        " where table_schema = 'main' and table_name = 'list_rules'"
    ).fetchall()
    lacking = set(COLUMNS) - {name for (name,) in present}
    if present and lacking:
        raise RuleError(
            f"list_rules lacks the column {min(lacking)}: give {SEED} the header"
            f" `{','.join(COLUMNS)}`, then run `dbt seed --full-refresh` and `make score`"
        )
    return bool(present)


def _warn_unless_same(connection: duckdb.DuckDBPyConnection, seed: Path, *, seeded: bool) -> None:
    """Say so when the CSV file, if it is found here, holds other rows than the table."""
    if not seed.is_file():
        return
    columns = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in COLUMNS.items())
    names = ", ".join(COLUMNS)
    table = (
        f"select {names} from list_rules" if seeded else f"select {names} from seed_rows limit 0"
    )
    try:
        run(
            connection,
            f"create or replace temp table seed_rows as select {columns}"
            " from read_csv($1, header = true, all_varchar = true, delim = ',', quote = '\"')",
            [str(seed)],
        )
        (differing,) = first_row(
            connection,
            f"select count(*) from ((from seed_rows except all ({table}))"
            f" union all (({table}) except all from seed_rows))",
        )
    except duckdb.Error as error:
        logger.warning("%s can't be compared with what was seeded: %s", seed, first_line(error))
        return
    if differing:
        logger.warning(
            "%s is not what was seeded last: the rules of the table hold; `dbt seed` loads yours",
            seed,
        )


def _excludes_reviewed(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether products that users have are left out: then none of them is a candidate."""
    rows = connection.execute(
        """
        with

        settled as (

            select * from interactions
            where list_contains($settled, kind)

        )

        select 1 from intermediate.candidates as candidates
        semi join settled
            on candidates.user_key = settled.user_key
            and candidates.product_key = settled.product_key
        where candidates.split = 'serve'
        limit 1
        """,
        {"settled": list(SETTLED)},
    ).fetchall()
    return not rows
