"""The notebook: it runs on a shop of its own, and is committed as it ran on the demo."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from project import ROOT, Project

pytestmark = pytest.mark.long

NOTEBOOK = ROOT / "notebooks" / "ranking.ipynb"
LARGEST = 800_000
SECTIONS = (
    "1 Data preparation and cleaning",
    "2 What the data looks like",
    "3 Splits: what a model may know",
    "4 Candidate generators",
    "5 What the ranker learned",
    "6 Model selection",
    "7 Tuning",
    "8 Error analysis",
    "9 What to try next",
)
MACHINE_PATH = re.compile(r"/(?:home|root|work|tmp|Users|usr|opt|var)/|[A-Z]:\\\\")
RESULT = re.compile(r"\d[.,]\d|\d ?%(?! interval)")


def read() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def said(notebook: Any) -> str:
    """The sentences that cells wrote, as one text."""
    return "\n".join(
        output.data["text/markdown"]
        for output in outputs(notebook)
        if "text/markdown" in output.get("data", {})
    )


def plots(notebook: Any) -> int:
    return sum("image/png" in output.get("data", {}) for output in outputs(notebook))


def state_of(file: Path) -> tuple[int, int]:
    return file.stat().st_size, file.stat().st_mtime_ns


@pytest.fixture(scope="module")
def ran(scored_shop: Project) -> Any:
    """The notebook after a run on the shop; the first cell that fails ends it."""
    notebook = read()
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    before = state_of(scored_shop.warehouse)
    client = NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(NOTEBOOK.parent)}},
    )
    client.execute(env=scored_shop.environment())
    assert state_of(scored_shop.warehouse) == before, "it must not write to the warehouse"
    return notebook


def test_it_runs_to_the_end_without_complaints(ran: Any) -> None:
    assert all(cell.execution_count for cell in code_cells(ran))
    assert {output.output_type for output in outputs(ran)} == {"display_data", "execute_result"}
    assert plots(ran) >= 20


def test_its_sentences_are_about_the_warehouse_that_it_read(
    ran: Any, scored_shop: Project
) -> None:
    [(lines, reviews)] = scored_shop.rows(
        "select sum(lines_read), sum(accepted_lines) from reading_report"
    )
    assert f"Of **{lines:,}** lines, **{reviews:,}**" in said(ran)
    users = scored_shop.value("select max(users) from ranker.evaluation")
    assert f"On {users:,} test users" in said(ran)
    assert scored_shop.current_run in said(ran)


def test_its_ranker_is_as_good_as_the_one_that_was_scored(ran: Any, scored_shop: Project) -> None:
    noted = scored_shop.value(
        """
        select value from ranker.evaluation
        where model = 'ranker' and segment = 'all' and metric = 'ndcg' and k = 10
        """
    )
    found = re.search(r"test users \*\*(.+?)\*\* has NDCG@10 \*\*(\d\.\d+)\*\*", said(ran))
    assert found
    if found[1].startswith("sum"):
        assert found[2] == f"{noted:.4f}"
    assert f"`rankmart score` noted {noted:.4f}" in said(ran)


def test_it_is_committed_as_it_ran_from_top_to_bottom() -> None:
    cells = code_cells(read())
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    kinds = {output.output_type for output in outputs(read())}
    assert kinds == {"display_data", "execute_result"}, "no errors, no warnings, no log lines"
    assert plots(read()) >= 20


def test_it_is_committed_without_paths_and_times_of_a_machine() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    without_images = re.sub(r'"image/png": "[^"]*"', "", text)
    assert without_images != text
    assert not MACHINE_PATH.findall(without_images)
    assert all("execution" not in cell.metadata for cell in read().cells)


def test_it_is_small() -> None:
    assert NOTEBOOK.stat().st_size < LARGEST


def test_it_has_its_sections_and_a_table_of_contents() -> None:
    prose = [cell.source for cell in read().cells if cell.cell_type == "markdown"]
    headings = re.findall(r"^## (.+)$", "\n".join(prose), re.MULTILINE)
    assert headings == list(SECTIONS)
    anchors = re.findall(r"^\d\. \[.+\]\(#(.+)\)$", prose[0], re.MULTILINE)
    assert anchors == [heading.replace(" ", "-") for heading in SECTIONS]


def test_figures_are_in_what_cells_wrote_and_not_in_its_prose() -> None:
    for cell in read().cells:
        if cell.cell_type == "markdown":
            assert not RESULT.findall(cell.source), cell.source


def test_its_cells_have_names_that_stay() -> None:
    names = [cell.id for cell in read().cells]
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) for name in names)
    assert len(set(names)) == len(names)


def test_a_plot_or_a_step_is_never_far_from_its_words() -> None:
    kinds = [cell.cell_type for cell in read().cells]
    words = [place for place, kind in enumerate(kinds) if kind == "markdown"]
    assert max(later - earlier for earlier, later in pairwise([*words, len(kinds)])) <= 7
