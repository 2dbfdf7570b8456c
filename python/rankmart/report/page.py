"""`rankmart report`: one HTML file, with nothing in it that has to be fetched."""

from importlib import resources
from pathlib import Path

import jinja2

from rankmart import report
from rankmart.errors import RankmartError, first_line
from rankmart.report import words
from rankmart.report.content import Content, read_content
from rankmart.settings import Settings
from rankmart.whole_files import write_whole


def write_report(settings: Settings, out: Path) -> Content:
    """Write the page, whole or not at all: what was there stays where it can't be written.

    Raises WarehouseError for a warehouse that has no run, RankmartError for a file that can't be
    written.
    """
    content = read_content(settings)
    page = render(content)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_whole(out, page)
    except OSError as error:
        raise RankmartError(
            f"{out} could not be written ({first_line(error)}): see to disk space and"
            " permissions, or name another file with --out"
        ) from error
    return content


def render(content: Content) -> str:
    """The page. All text that comes from the data is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_part),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("number", "figure", "percent", "signed", "signed_percent", "plain"):
        environment.filters[name] = getattr(words, name)
    return environment.get_template("page.html.jinja").render(content=content)


def _part(name: str) -> str:
    return resources.files(report).joinpath(name).read_text(encoding="utf-8")
