"""What a chart is, and how much of a picture each part of it takes: as plain data, which ``charts`` makes and ``draw``
draws in a child process. Nothing here is slow to load.
"""

import textwrap
from collections.abc import Iterable

import msgspec

WIDTH = TALLEST = 1024
"""Pixels of a picture, as all that follows: Teams shows no more of either."""
MARGIN, TITLE, SCALE, KEY = 28, 40, 34, 40
"""Above and below everything; the height of a line of the title, of the percentages and of a line of the key."""
SECTION, WORDS, BAR, GAP = 44, 34, 34, 20
"""The height of a section's heading, of a line of words and of a bar, and the space below a result."""
LETTERS, LETTERS_OF_A_TITLE = 66, 58
"""Of a line of words, and of the title."""


class Bar(msgspec.Struct, frozen=True):
    """What one row says of a result: from ``low`` to ``high`` percent, as printed; the same for an exact count.
    ``group``: whose. ``said``: the counts, in words. ``look``: the same number for a group in every picture."""

    group: str
    said: str
    low: int
    high: int
    look: int


class Shown(msgspec.Struct, frozen=True):
    """A result, with a bar for each row that has it. ``words``: what it is about. ``split`` and ``section``: as in the
    release."""

    split: str
    words: str
    section: str
    bars: tuple[Bar, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The words as they stand above the bars."""
        return tuple(textwrap.wrap(self.words, LETTERS))

    @property
    def height(self) -> int:
        """Of the words and the bars, in pixels."""
        return WORDS * len(self.lines) + BAR * len(self.bars) + GAP


class Chart(msgspec.Struct, frozen=True):
    """One picture. ``part``: ``1 of 3``, or empty where there is one only. ``key``: how to read a bar that is exact
    (True) or not, for the kinds that are on it."""

    title: str
    part: str
    results: tuple[Shown, ...]
    key: tuple[tuple[bool, str], ...]

    @property
    def title_lines(self) -> tuple[str, ...]:
        """The title as it stands above all, with the part."""
        unbroken = self.part.replace(" ", "\N{NO-BREAK SPACE}")
        words = f"{self.title} ({unbroken})" if self.part else self.title
        return tuple(textwrap.wrap(words, LETTERS_OF_A_TITLE))

    @property
    def splits(self) -> frozenset[str]:
        """The results that are on it."""
        return frozenset(shown.split for shown in self.results)

    def headed(self) -> Iterable[tuple[str, Shown]]:
        """Each result with the section that begins with it; empty where it goes on with the one before."""
        before = ""
        for shown in self.results:
            yield "" if shown.section == before else shown.section, shown
            before = shown.section


def height(chart: Chart) -> int:
    """Of all results, in pixels."""
    return sum(shown.height + SECTION * bool(section) for section, shown in chart.headed())


def top_of_results(chart: Chart) -> int:
    """Where the results begin, in pixels from the top."""
    return MARGIN + TITLE * len(chart.title_lines) + SCALE


def tall(chart: Chart) -> int:
    """The height of the picture, in pixels."""
    return top_of_results(chart) + height(chart) + SCALE + KEY * len(chart.key) + MARGIN
