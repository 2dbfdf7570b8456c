"""The pages of the documentation, taken apart: tables, code blocks, headings, links."""

import re

from project import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
Row = list[str]


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands below a heading, up to the next one of its level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    [start] = [found.end() for found in re.finditer(f"^{re.escape(heading)}$", text, re.MULTILINE)]
    rest = text[start:]
    end = re.search(rf"^#{{1,{level}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def rows(text: str) -> list[Row]:
    """The rows of all tables in a text, cells stripped, without their headers."""
    found: list[Row] = []
    header = True
    for line in text.splitlines():
        if not line.startswith("|"):
            header = True
        elif set(line) <= set("|- "):
            header = False
        elif not header:
            found.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return found


def code(cell: str) -> str:
    """The text of a cell that is code and nothing else."""
    found = re.fullmatch(r"`([^`]+)`", cell)
    assert found, f"{cell!r} is not one piece of code"
    return found[1]


def first_column(text: str) -> list[str]:
    return [code(row[0]) for row in rows(text)]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def marked(text: str, marker: str) -> str:
    """The code block below a comment `<!-- marker -->`, whatever its language."""
    below = text.split(f"<!-- {marker} -->\n", 1)[1]
    return blocks(below, "(?:\\w*)")[0]


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    without_code = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", without_code, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(text: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", text)
