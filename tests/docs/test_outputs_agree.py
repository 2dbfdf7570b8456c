"""Outputs in the README that are of one run tell the same of it."""

import json
import re

import pytest

from .pages import marked, page

README = page("README.md")


@pytest.fixture
def recommended() -> list[tuple[str, float]]:
    """Title and score of what the demo recommends, best first."""
    _, _, listed = marked(README, "demo output").partition("Recommended to")
    return [
        (title, float(score))
        for title, score in re.findall(
            r"^\d+ +B\w{9} +(.+?) {2,}(-?[\d.]+) ", listed, re.MULTILINE
        )
    ]


def test_the_query_shows_the_list_of_the_demo(recommended: list[tuple[str, float]]) -> None:
    rows = [
        [cell.strip() for cell in line.strip("│").split("│")]
        for line in marked(README, "query output").splitlines()
        if re.match(r"│ +\d", line)
    ]

    assert len(recommended) >= 3
    shown = rows[: len(recommended)]
    assert [title for _, title, *_ in shown] == [title for title, _ in recommended]
    # Of two decimals here and three there, each rounded from the whole.
    assert [float(score) for _, _, score, *_ in shown] == pytest.approx(
        [score for _, score in recommended], abs=0.0056
    )


def test_the_api_answers_from_the_run_of_the_demo(recommended: list[tuple[str, float]]) -> None:
    answer = json.loads(marked(README, "api output"))

    [run_id] = re.findall(r"^Run (\S+) is published", marked(README, "demo output"), re.MULTILINE)
    assert answer["run_id"] == run_id
    [first] = answer["items"]
    assert (first["title"], round(first["score"], 3)) == recommended[0]
