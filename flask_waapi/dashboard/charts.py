"""Plots as figures: what is drawn where, from numbers alone. The templates draw it as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

COLUMN_WIDTH = 10
BAR_WIDTH = 8
HEIGHT = 100
"""In units of the drawing, which is stretched to the room there is."""

STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Series:
    """Numbers that belong together, one for each column.

    :param tone: the name of its colour.
    """

    label: str
    tone: str
    values: Sequence[int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.values)


@dataclass(frozen=True)
class Column:
    """One step of time. :param form: ``hour`` or ``day``, as it is written."""

    start: datetime
    form: str

    @cached_property
    def label(self) -> str:
        """In words, UTC."""
        return f"{self.start:%d %b %Y, %H:%M} UTC" if self.form == "hour" else f"{self.start:%d %b %Y}"

    @property
    def short(self) -> str:
        """For the axis."""
        return f"{self.start:%H:%M}" if self.form == "hour" else f"{self.start:%d %b}"


@dataclass(frozen=True)
class Bar:
    """One piece of a column. :param tip: what it says."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    tip: str


@dataclass(frozen=True)
class Chart:
    """A plot of stacked bars.

    :param summary: what it shows, for those who do not see it.
    :param top: the number at its upper edge.
    """

    id: str
    title: str
    summary: str
    columns: Sequence[Column]
    series: Sequence[Series]
    bars: Sequence[Bar]
    top: int

    @property
    def width(self) -> int:
        """Of the drawing."""
        return COLUMN_WIDTH * len(self.columns)

    @property
    def total(self) -> int:
        """Of all series."""
        return sum(series.total for series in self.series)

    @property
    def ticks(self) -> Sequence[Column]:
        """The columns that the axis names: the first, some between, the last."""
        last = len(self.columns) - 1
        return [self.columns[last * part // 4] for part in range(5)]

    @property
    def rows(self) -> Sequence[tuple[Column, Sequence[int]]]:
        """The figures by column, newest first."""
        numbers = zip(*(series.values for series in self.series), strict=True) if self.series else ()
        filled = [(column, row) for column, row in zip(self.columns, numbers, strict=False) if any(row)]
        return filled[::-1]


def stacked_bars(id: str, title: str, columns: Sequence[Column], series: Sequence[Series]) -> Chart:  # noqa: A002 - HTML's name
    """A plot: for each column the series one upon the other, in their order."""
    shown = [one for one in series if one.total]
    heights = [sum(one.values[index] for one in shown) for index in range(len(columns))]
    top = round_up(max(heights, default=0))
    bars = []
    for index, column in enumerate(columns):
        below = 0
        for one in shown:
            value = one.values[index]
            if not value:
                continue
            height = value * HEIGHT / top
            below += value
            bars.append(
                Bar(
                    x=index * COLUMN_WIDTH + (COLUMN_WIDTH - BAR_WIDTH) / 2,
                    y=round(HEIGHT - below * HEIGHT / top, 3),
                    width=BAR_WIDTH,
                    height=round(height, 3),
                    tone=one.tone,
                    tip=f"{column.label}: {value:,} {one.label}",
                )
            )
    told = ", ".join(f"{one.label} {one.total:,}" for one in shown) or "nothing"
    peak = max(range(len(columns)), key=lambda index: heights[index]) if any(heights) else None
    most = "" if peak is None else f". Most in one step: {heights[peak]:,}, at {columns[peak].label}"
    return Chart(id, title, f"{told}{most}.", columns, shown, bars, top)


def round_up(value: int) -> int:
    """The next number that reads well: 1, 2 or 5 and noughts."""
    size = 1
    while True:
        for step in STEPS:
            if step * size >= value:
                return step * size
        size *= 10


def share(part: int, whole: int) -> float:
    """Per cent, 0 to 100."""
    return 0.0 if not whole else round(min(100.0, 100 * part / whole), 1)
