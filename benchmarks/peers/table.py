"""The comparison as Markdown, and its place on a page of the documentation."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rankmart.errors import RankmartError

END = "<!-- end of peers -->"


def markdown(comparison: Mapping[str, Any]) -> str:
    """The heading, what it was measured on, the table (best NDCG@10 first), the settings."""
    data = comparison["data"]
    rows = sorted(comparison["models"].items(), key=lambda item: -item[1]["ndcg_at_10"])
    lines = [
        f"### {comparison['name']}, {comparison['protocol']}",
        "",
        f"{data['users']:,} users, {data['products']:,} products, {data['interactions']:,}"
        f" interactions; {data['test_users']:,} test users,"
        f" {data['test_users_with_history']:,} of them with a history before the cut-off.",
        "",
        "| model | NDCG@10 | recall@10 | coverage@10 | NDCG@10, users with a history"
        " | seconds | peak MB |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(_row(name, figures) for name, figures in rows),
        "",
        _machine(comparison),
        "",
        "| peer | settings that won on the `fit` split | tried | NDCG@10 there | seconds |",
        "| --- | --- | --- | --- | --- |",
        *(_tuning(name, figures["tuning"]) for name, figures in rows if "tuning" in figures),
    ]
    return "\n".join(lines) + "\n"


def write_docs(page: Path, comparison: Mapping[str, Any]) -> None:
    """Put the table between its markers on a page, or at the page's end if it has none yet.

    Raises RankmartError for a page that is not there or whose markers have no end.
    """
    if not page.exists():
        raise RankmartError(f"no page {page}: make it first, or name another one")
    begin = f"<!-- peers: {comparison['name']}, {comparison['protocol']} -->"
    block = f"{begin}\n{markdown(comparison)}{END}\n"
    text = page.read_text(encoding="utf-8")
    if begin not in text:
        text = f"{text.rstrip()}\n\n{block}"
    else:
        before, _, rest = text.partition(begin)
        old, found, after = rest.partition(END)
        if not found or "<!-- peers: " in old:
            raise RankmartError(f"{page} has {begin}, but no {END} after it: add that line")
        text = f"{before}{block}{after.removeprefix(chr(10))}"
    temporary = page.with_name(f".{page.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, page)


def _row(name: str, figures: Mapping[str, Any]) -> str:
    cells = [
        name,
        f"{figures['ndcg_at_10']:.4f}",
        f"{figures['recall_at_10']:.4f}",
        f"{figures['catalog_coverage_at_10']:.3f}",
        f"{figures['ndcg_at_10_with_history']:.4f}",
        # A generator is a part of Rankmart's job, with no time of its own.
        f"{figures['seconds']:.0f}" if "seconds" in figures else "",
        f"{figures['peak_memory_mb']:,.0f}" if "peak_memory_mb" in figures else "",
    ]
    return "| " + " | ".join(cells) + " |"


def _tuning(name: str, tuning: Mapping[str, Any]) -> str:
    won = ", ".join(f"{key} {_value(value)}" for key, value in tuning["best"].items())
    cells = [name, won, str(len(tuning["tried"])), f"{tuning['ndcg_at_10']:.4f}"]
    return "| " + " | ".join([*cells, f"{tuning['seconds']:.0f}"]) + " |"


def _value(value: object) -> str:
    return "all" if value is None else json.dumps(value)


def _machine(comparison: Mapping[str, Any]) -> str:
    machine = comparison["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in comparison["versions"].items())
    return (
        f"Measured on {machine['cores']} cores and {machine['memory_gb']} GB, at a load of"
        f" {machine['load']} when it began, with {versions}."
    )
