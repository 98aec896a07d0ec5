"""Where the lines, bars and words of a figure stand: bars on an axis from 0 to 100%, on a canvas 320 units wide, narrow
enough for its words to be read on a phone.

A count that is exact is a full bar from 0. A range is a hatched bar with an outline between its ends, and nothing in
the middle of it. Groups are told apart by their names, not by colours.
"""

import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from bot.report.document import Bar, Figure

WIDTH = 320
LEFT, RIGHT = 116, 252
"""Where 0% and 100% are."""
LINE = 15
BAR = 18
THICK = 10
GAP = 9
LETTERS = 42
"""Of a label in one line."""
TICKS = (0, 25, 50, 75, 100)
LEAST = 1.5
"""A bar at 0% is drawn that wide, so that it can be seen."""


class Words(NamedTuple):
    """A text. ``y``: of its foot. ``kind``: ``label``, ``group``, ``value`` or ``tick``. ``anchor``: ``start``,
    ``middle`` or ``end``."""

    x: float
    y: float
    text: str
    kind: str
    anchor: str = "start"


class Box(NamedTuple):
    """A bar."""

    x: float
    y: float
    width: float
    height: float
    is_range: bool


class Line(NamedTuple):
    """A line of the grid, from top to bottom."""

    x: float
    top: float
    bottom: float


class Drawn(NamedTuple):
    """A figure: ``height`` of the canvas, the grid behind the bars, words and bars."""

    height: float
    grid: tuple[Line, ...]
    words: tuple[Words, ...]
    boxes: tuple[Box, ...]


def drawn(figure: Figure) -> Drawn:
    """The figure, laid out from top to bottom."""
    words = [Words(_x(tick), 11, f"{tick}%", "tick", "middle") for tick in TICKS]
    boxes: list[Box] = []
    grid: list[Line] = []
    y = 22.0
    for item in figure.items:
        for line in textwrap.wrap(item.label, LETTERS):
            y += LINE
            words.append(Words(0, y - 3, line, "label"))
        grid += [Line(_x(tick), y, y + BAR * len(item.bars)) for tick in TICKS]
        for bar in item.bars:
            words += _words(bar, y)
            boxes.append(_box(bar, y))
            y += BAR
        y += GAP
    return Drawn(y, tuple(grid), tuple(words), tuple(boxes))


def _words(bar: Bar, y: float) -> Iterator[Words]:
    foot = y + BAR / 2 + 4
    yield Words(LEFT - 6, foot, bar.group, "group", "end")
    yield Words(RIGHT + 6, foot, bar.said, "value")


def _box(bar: Bar, y: float) -> Box:
    is_range = bar.low != bar.high
    begin = _x(bar.low) if is_range else LEFT
    width = max(_x(bar.high) - begin, LEAST)
    return Box(begin, y + (BAR - THICK) / 2, width, THICK, is_range)


def _x(percent: float) -> float:
    return LEFT + (RIGHT - LEFT) * percent / 100
