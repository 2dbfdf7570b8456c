"""Reads review lines strictly, with none of the code that wrote them."""

import re
from dataclasses import dataclass
from pathlib import Path

_FIELD = re.compile(r'(?:"((?:[^"]|"")*)"|([^",]*))(,|$)')


@dataclass(frozen=True)
class ReadLines:
    """The lines after the header, by what a strict reader makes of them."""

    blank: int
    broken: list[str]
    rows: list[list[str]]
    """The fields of each line that can be split, whatever their number."""


def strict_fields(text: str) -> list[str] | None:
    """Split one line by the rules of RFC 4180; None if it breaks them.

    Not Python's csv module, which wrote the file and forgives broken quotes.
    """
    fields, start = [], 0
    while match := _FIELD.match(text, start):
        quoted, plain, end = match.groups()
        fields.append(plain if quoted is None else quoted.replace('""', '"'))
        if not end:
            return fields
        start = match.end()
    return None


def seconds(row: list[str]) -> int:
    time = int(row[7])
    return time // 1000 if time > 100_000_000_000 else time


def header_of(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.readline()
