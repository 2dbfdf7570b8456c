"""Where the parts of a chart lie, in units of its SVG; charts.html.jinja draws them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 900
LABELS = 210
"""Room for the labels to the left of dots."""
LONG_LABELS = 260
"""The same of bars, which are labelled with names of features."""
NUMBERS = 80
"""Room for the numbers to the right."""
ROW = 26
COLUMNS_HIGH = 170


OWN, BEST, POPULAR, OTHER = SERIES = ("published", "best generator", "popular", "other")
"""Whose a mark is: each series has a colour and a shape."""


@dataclass(frozen=True)
class Tick:
    """A line of the grid, and what it stands for."""

    at: float
    text: str


@dataclass(frozen=True)
class Mark:
    """A value of a series; `low` and `high` are None where there is no interval."""

    series: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class PlacedMark:
    """A mark in a plot."""

    series: str
    at: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class DotRow:
    """A label and its marks, from the top at `middle`."""

    label: str
    middle: float
    marks: tuple[PlacedMark, ...]
    text: str
    strong: bool


@dataclass(frozen=True)
class DotChart:
    """Values side by side on one scale, a row each, with their intervals."""

    title: str
    description: str
    rows: tuple[DotRow, ...]
    ticks: tuple[Tick, ...]
    series: tuple[str, ...]
    height: float
    width: int = WIDTH
    left: int = LABELS
    right: int = WIDTH - NUMBERS


@dataclass(frozen=True)
class Bar:
    """A bar from the left edge of a plot; `width` is at least a hair, so that it is seen."""

    label: str
    middle: float
    width: float
    text: str


@dataclass(frozen=True)
class BarChart:
    """Amounts, a bar each."""

    title: str
    description: str
    bars: tuple[Bar, ...]
    height: float
    width: int = WIDTH
    left: int = LONG_LABELS


@dataclass(frozen=True)
class Column:
    """A column on the ground line, and what a pointer that rests on it is told."""

    at: float
    top: float
    width: float
    height: float
    tip: str


@dataclass(frozen=True)
class ColumnChart:
    """Counts in an order, such as that of time, with lines that part it."""

    title: str
    description: str
    columns: tuple[Column, ...]
    labels: tuple[Tick, ...]
    levels: tuple[Tick, ...]
    lines: tuple[Tick, ...]
    width: int = WIDTH
    left: int = 56
    ground: int = COLUMNS_HIGH + 32
    height: int = COLUMNS_HIGH + 58


def dot_chart(
    rows: Sequence[tuple[str, Sequence[Mark]]],
    *,
    title: str,
    description: str,
    strong: str = "",
) -> DotChart:
    """A row per label, whose number is that of its first mark; `strong` is a label to stand out.

    The scale begins at 0, unless an interval reaches below it.
    """
    ends = [
        end
        for _, marks in rows
        for mark in marks
        for end in (mark.low, mark.high, mark.value)
        if end is not None
    ]
    steps = scale(min([0.0, *ends]), max([0.0, *ends]))
    first, last = steps[0], steps[-1]
    left, right = LABELS, WIDTH - NUMBERS

    def place(value: float) -> float:
        return round(left + (value - first) / (last - first) * (right - left), 2)

    placed = tuple(
        DotRow(
            label=label,
            middle=(number + 0.5) * ROW + 8,
            marks=tuple(
                PlacedMark(
                    series=mark.series,
                    at=place(mark.value),
                    low=None if mark.low is None else place(mark.low),
                    high=None if mark.high is None else place(mark.high),
                )
                for mark in marks
            ),
            text=f"{marks[0].value:.4f}" if marks else "",
            strong=label == strong,
        )
        for number, (label, marks) in enumerate(rows)
    )
    return DotChart(
        title=title,
        description=description,
        rows=placed,
        ticks=tuple(Tick(place(step), _short(step)) for step in steps),
        series=tuple(
            sorted({mark.series for _, marks in rows for mark in marks}, key=SERIES.index)
        ),
        height=len(rows) * ROW + 40,
    )


def bar_chart(
    amounts: Sequence[tuple[str, float, str]], *, title: str, description: str
) -> BarChart:
    """A bar per (label, amount from 0, its text)."""
    most = max((amount for _, amount, _ in amounts), default=0.0) or 1.0
    room = WIDTH - LONG_LABELS - NUMBERS
    return BarChart(
        title=title,
        description=description,
        bars=tuple(
            Bar(
                label=label,
                middle=(number + 0.5) * ROW + 4,
                width=max(1.0, round(amount / most * room, 2)),
                text=text,
            )
            for number, (label, amount, text) in enumerate(amounts)
        ),
        height=len(amounts) * ROW + 8,
    )


def column_chart(
    counts: Sequence[tuple[str, float]],
    *,
    title: str,
    description: str,
    labels: Sequence[tuple[int, str]],
    lines: Sequence[tuple[float, str]] = (),
    percent: bool = False,
) -> ColumnChart:
    """A column per (what it is, count); `labels` and `lines` stand at places among the columns."""
    steps = scale(0.0, max((count for _, count in counts), default=0.0))
    left, ground = ColumnChart.left, ColumnChart.ground
    step = (WIDTH - left - 8) / max(1, len(counts))

    def text(value: float) -> str:
        return f"{value:.0%}".replace("%", " %") if percent else f"{value:,.0f}"

    def high(value: float) -> float:
        return round(value / steps[-1] * COLUMNS_HIGH, 2)

    return ColumnChart(
        title=title,
        description=description,
        columns=tuple(
            Column(
                at=round(left + number * step + step * 0.08, 2),
                top=ground - high(count),
                width=round(step * 0.84, 2),
                height=high(count),
                tip=f"{name}: {text(count)}",
            )
            for number, (name, count) in enumerate(counts)
        ),
        labels=tuple(
            Tick(round(left + (place + 0.5) * step, 2), label) for place, label in labels
        ),
        levels=tuple(Tick(ground - high(value), text(value)) for value in steps),
        lines=tuple(Tick(round(left + place * step, 2), label) for place, label in lines),
    )


def scale(low: float, high: float, *, most: int = 6) -> list[float]:
    """Round numbers, at even distances, that reach from `low` to `high` or beyond.

    >>> scale(0, 0.183)
    [0.0, 0.05, 0.1, 0.15, 0.2]
    >>> scale(-0.01, 0.03)
    [-0.01, 0.0, 0.01, 0.02, 0.03]
    >>> scale(0, 0)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if high - low <= 1e-9:
        high = low + 1
    raw = (high - low) / (most - 1)
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def _short(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") if value else "0"
