"""The demo shop as the demo writes it, and its reviews as a strict reader sees them."""

import pytest

from rankmart.demo_data import DemoData, write_demo_data

from .strict_reader import ReadLines, seconds, strict_fields


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> DemoData:
    return write_demo_data(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="session")
def lines(shop: DemoData) -> ReadLines:
    _, *texts = shop.reviews_path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    read = ReadLines(blank=texts.count(""), broken=[], rows=[])
    for text in filter(None, texts):
        fields = strict_fields(text)
        if fields is None:
            read.broken.append(text)
        else:
            read.rows.append(fields)
    return read


@pytest.fixture(scope="session")
def good_rows(lines: ReadLines) -> list[list[str]]:
    """Rows whose ten fields can all be used; times in milliseconds are still so."""
    return [
        row
        for row in lines.rows
        if len(row) == 10
        and row[1]
        and row[2]
        and row[6] in {"1", "2", "3", "4", "5"}
        and row[7].isdigit()
        and 788_918_400 <= seconds(row) < 2_000_000_000
    ]
