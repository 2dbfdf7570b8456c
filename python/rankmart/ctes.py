"""The common table expressions of a query, found without a parser of SQL."""

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|[()]""", re.DOTALL)
_FIRST = re.compile(r"\s*with\s+(\w+)\s+as\s+(?:(?:not\s+)?materialized\s+)?\(", re.IGNORECASE)
_NEXT = re.compile(r"\s*,\s*(\w+)\s+as\s+(?:(?:not\s+)?materialized\s+)?\(", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Cte:
    """A common table expression; its body is `sql[start:end]` of the query."""

    name: str
    body: str
    start: int
    end: int

    @property
    def words(self) -> set[str]:
        """Every word of the body: what it reads is among them."""
        return words_of(self.body)


def read_ctes(sql: str) -> tuple[list[Cte], str]:
    """The expressions in their order, and what comes after them.

    >>> found, rest = read_ctes("with a as (select ')' as x), b as (select (1)) select * from b")
    >>> [(cte.name, cte.body) for cte in found], rest
    ([('a', "select ')' as x"), ('b', 'select (1)')], ' select * from b')
    >>> read_ctes("select 1")
    ([], 'select 1')
    """
    found: list[Cte] = []
    end = 0
    while head := (_NEXT if found else _FIRST).match(sql, end):
        close = _closing(sql, head.end())
        found.append(Cte(name=head[1], body=sql[head.end() : close], start=head.end(), end=close))
        end = close + 1
    return found, sql[end:]


def words_of(sql: str) -> set[str]:
    """The words of a text of SQL."""
    return set(re.findall(r"\w+", sql))


def _closing(sql: str, start: int) -> int:
    """Where the parenthesis closes that was opened just before `start`."""
    depth = 1
    for token in _TOKEN.finditer(sql, start):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if not depth:
            return token.start()
    raise ValueError("a parenthesis is not closed")
