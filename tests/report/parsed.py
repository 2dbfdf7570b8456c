"""A page taken apart: its elements, the text of each, and its tables."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img", "input", "hr"}


@dataclass
class Element:
    """An element with its attributes, the text in and below it, and its ancestors."""

    tag: str
    attributes: dict[str, str | None]
    inside: tuple["Element", ...]
    text: str = ""

    def within(self, tag: str, **attributes: str) -> bool:
        return any(
            element.tag == tag and attributes.items() <= element.attributes.items()
            for element in self.inside
        )


@dataclass
class Parsed(HTMLParser):
    """Raises where tags are not closed in the order in which they were opened."""

    elements: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs), tuple(self.open))
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs), tuple(self.open)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def named(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def section(self, name: str) -> str:
        """The text of a section, as one line."""
        [found] = [element for element in self.elements if element.attributes.get("id") == name]
        return " ".join(found.text.split())

    def rows(self, caption: str) -> list[list[str]]:
        """The cells of the table whose caption begins so, its header left out."""
        [table] = [
            element.inside[-1]
            for element in self.named("caption")
            if " ".join(element.text.split()).startswith(caption)
        ]
        rows: dict[int, list[str]] = {}
        for cell in self.named("th", "td"):
            if any(above is table for above in cell.inside) and cell.within("tbody"):
                [row] = [above for above in cell.inside if above.tag == "tr"]
                rows.setdefault(id(row), []).append(" ".join(cell.text.split()))
        return list(rows.values())


def parsed(page: str) -> Parsed:
    parser = Parsed()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser
