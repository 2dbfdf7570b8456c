"""Every link between pages leads somewhere."""

from pathlib import Path

import pytest

from .pages import PAGES, anchors, links


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_to_a_file_and_a_heading(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for link in links(text):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


def test_the_pages_are_the_ones_that_are_promised() -> None:
    assert {path.name for path in PAGES} >= {
        "README.md",
        "CONTRIBUTING.md",
        "DECISIONS.md",
        "CHANGELOG.md",
        "tutorial.md",
        "index.md",
        "reference.md",
        "explanation.md",
    }


def test_every_page_below_docs_is_reached_from_the_readme() -> None:
    [readme] = [path for path in PAGES if path.name == "README.md"]
    reached = set()
    ahead = [readme]
    while ahead:
        here = ahead.pop()
        reached.add(here)
        linked = {link.partition("#")[0] for link in links(here.read_text(encoding="utf-8"))}
        targets = {(here.parent / link).resolve() for link in linked}
        ahead += [path for path in PAGES if path in targets and path not in reached]
    assert sorted(set(PAGES) - reached) == []
