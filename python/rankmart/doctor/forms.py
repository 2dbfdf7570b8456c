"""Which form a file has, told as dbt tells it: by the lists in the project's own macros.

The macros are Jinja, but their lists are written as Python's literals are. So what `dbt run` knows
and what is recognised here can't differ. Only the first lines of a file are read, by the reader
that dbt uses.
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from rankmart.errors import RankmartError

MACROS = Path("dbt_project/macros/load/review_columns.sql")
HEADLESS = {
    "ratings_2014": ["user_id", "product_id", "rating", "timestamp"],
    "ratings_2018": ["product_id", "user_id", "rating", "timestamp"],
}


class UnknownFormError(RankmartError):
    """A file that `dbt run` would not read."""


@dataclass(frozen=True)
class Known:
    """The names of columns that the macros know, by meaning, and the forms, by their columns."""

    reviews: dict[str, list[str]]
    products: dict[str, list[str]]
    forms: list[tuple[str, list[str]]]


def known_forms(project: Path) -> Known:
    """What the project's macros know. Raises RankmartError where they can't be read."""
    file = project / MACROS
    try:
        text = file.read_text(encoding="utf-8")
        return Known(
            reviews=_literal(text, r"set known = (\{.*?\n    \}) %\}"),
            products=_literal(text, r"product_columns\(\).*?return\((\{.*?\})\) \}\}"),
            forms=_literal(text, r"set signatures = (\[.*?\n    \]) %\}"),
        )
    except (OSError, LookupError, ValueError, SyntaxError) as error:
        raise RankmartError(
            f"the forms that are known can't be read from {file} ({error}): say where the project"
            " is with --project"
        ) from error


def form_of(
    file: str, known: Known, dataset: str, dbt_vars: dict[str, Any]
) -> tuple[str, dict[str, str]]:
    """The name of a file's form, and which of its columns means what.

    Raises UnknownFormError for what is empty, is no form, or lacks a needed column.
    """
    with duckdb.connect() as connection:
        found, headless = _columns(connection, file, dataset, dbt_vars)
    by_lower = {column.lower(): column for column in reversed(found)}
    aliases = known.reviews if dataset == "reviews" else known.products
    own = dbt_vars.get("reviews_columns") or {}
    matched: dict[str, str] = {}
    for meaning, names in aliases.items():
        told = [str(own[meaning]).lower()] if dataset == "reviews" and own.get(meaning) else []
        for name in [*told, *names]:
            if name.split("[")[0] in by_lower:
                matched[meaning] = by_lower[name.split("[")[0]]
                break
    needed = ("user_id", "product_id", "reviewed_at") if dataset == "reviews" else ("product_id",)
    lacking = [meaning for meaning in needed if meaning not in matched]
    if lacking:
        tell = (
            "name yours with the var reviews_columns, as docs/how-to/own-data.md says"
            if dataset == "reviews"
            else "name its columns product_id, title, brand, categories, price"
        )
        raise UnknownFormError(
            f"{file} has no column for {', '.join(lacking)}, only {', '.join(found) or 'none'}:"
            f" {tell}"
        )
    if dataset == "products":
        return "products", matched
    if headless:
        return headless, matched
    lower = set(by_lower)
    named = (name for name, columns in known.forms if lower.issuperset(columns))
    return next(named, "minimal"), matched


def _columns(
    connection: duckdb.DuckDBPyConnection, file: str, dataset: str, dbt_vars: dict[str, Any]
) -> tuple[list[str], str]:
    """The columns of a file, and the name of its form where it has no header."""
    bare = file.lower().replace(".gz", "").replace(".zst", "")
    try:
        if bare.endswith(".parquet"):
            rows = connection.execute("describe select * from read_parquet(?)", [file]).fetchall()
            return [row[0] for row in rows], ""
        head = _first_lines(connection, file, str(dbt_vars.get("reviews_encoding") or "utf-8"))
    except duckdb.Error as error:
        raise UnknownFormError(f"{file} can't be read ({error}): see the file") from error
    if not head:
        raise UnknownFormError(f"{file} is empty: there is nothing to read")
    if "\x00" in head[0]:
        raise UnknownFormError(f"{file} looks like UTF-16: say so with the var reviews_encoding")
    if head[0].startswith("{"):
        keys = _keys(connection, head)
        if not keys:
            raise UnknownFormError(
                f"{file} looks like JSON lines, but none of its first lines is JSON: rewrite it"
            )
        return keys, ""
    if head[0].startswith("[") and bare.endswith(".json"):
        raise UnknownFormError(f"{file} is one JSON array: write one object a line, with jq -c")
    delimiter = max((",", "\t", ";", "|"), key=head[0].count)
    first = [field.strip().strip('"') for field in head[0].split(delimiter)]
    form = _headless(first, head, delimiter, dbt_vars) if dataset == "reviews" else ""
    return (HEADLESS[form], form) if form else (first, "")


def _first_lines(connection: duckdb.DuckDBPyConnection, file: str, encoding: str) -> list[str]:
    rows = connection.execute(
        """
        select trim(line, chr(65279) || ' ') from read_csv(
            ?, columns = {'line': 'varchar'}, auto_detect = false, header = false,
            strict_mode = false,
            delim = '\x01', quote = '', escape = '', encoding = ?, max_line_size = 16777216,
            ignore_errors = true
        )
        where trim(coalesce(line, '')) != '' limit 50
        """,
        [file, encoding],
    ).fetchall()
    return [str(line) for (line,) in rows]


def _keys(connection: duckdb.DuckDBPyConnection, head: list[str]) -> list[str]:
    rows = connection.execute(
        """
        select distinct unnest(json_keys(line)) as field
        from (select unnest(?) as line) where json_valid(line) order by field
        """,
        [head],
    ).fetchall()
    return [str(field) for (field,) in rows]


def _headless(first: list[str], head: list[str], delimiter: str, dbt_vars: dict[str, Any]) -> str:
    """The form of a ratings file without a header; empty where the first line is one."""
    told = str(dbt_vars.get("reviews_format") or "")
    if told:
        if told not in HEADLESS:
            raise UnknownFormError(
                f"the var reviews_format is {told!r}: use ratings_2014, ratings_2018 or nothing"
            )
        return told
    if (
        len(first) != 4
        or not re.fullmatch(r"[0-9]+([.][0-9]+)?", first[2])
        or not re.fullmatch(r"[0-9]{8,}([.][0-9]+)?", first[3])
    ):
        return ""
    rows = [line.split(delimiter) for line in head if line.count(delimiter) == 3]
    by_user = sum(_is_user(row[0]) and len(row[1]) == 10 for row in rows)
    by_item = sum(_is_user(row[1]) and len(row[0]) == 10 for row in rows)
    if by_user == by_item:
        by_user, by_item = len({row[0] for row in rows}), len({row[1] for row in rows})
        return "ratings_2014" if by_user >= by_item else "ratings_2018"
    return "ratings_2014" if by_user > by_item else "ratings_2018"


def _is_user(text: str) -> bool:
    return len(text) > 10 and text.startswith("A")


def _literal(text: str, pattern: str) -> Any:
    found = re.search(pattern, text, re.DOTALL)
    if found is None:
        raise LookupError("a list is not where it was")
    return ast.literal_eval(found[1])
