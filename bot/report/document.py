"""What a report is made of on paper, whatever the paper is: sections of paragraphs, tables, figures and a flow. Frozen
and without layout; ``page`` and ``sheets`` write it down."""

from typing import NamedTuple

from bot.report.lines import Line


class Spread(NamedTuple):
    """A percentage or a difference between two, with its interval, in whole points. ``middle``: None where only the
    range is known. ``n`` of ``of``: the count behind a percentage. ``signed``: a difference."""

    middle: int | None
    low: int
    high: int
    n: int | None = None
    of: int | None = None
    signed: bool = False


Cell = str | int | Line | Spread | None
"""What stands in a table. None: there is nothing to say, because nobody of this group was asked."""


class Table(NamedTuple):
    """``name``: short, for an address in the page and a sheet. ``head``: of each column; the first column names the
    rows. ``note``: what stands below."""

    name: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


class Bar(NamedTuple):
    """A line of a figure, from ``low`` to ``high`` percent; the same where the count is exact. ``said``: in words."""

    group: str
    low: int
    high: int
    said: str


class Bars(NamedTuple):
    """What is compared: a label and a bar for each group."""

    label: str
    bars: tuple[Bar, ...]


class Figure(NamedTuple):
    """Bars on an axis from 0 to 100%. ``alt``: the same in words, with every number."""

    name: str
    caption: str
    alt: str
    items: tuple[Bars, ...]


class Stage(NamedTuple):
    """A box of the flow: so many people, and what they did. ``lost``: who did not come to it, or left after it, and
    why."""

    label: str
    said: str
    lost: tuple[str, ...] = ()


class Flow(NamedTuple):
    """How people came and went, a column for each group, from top to bottom. ``label``: what the whole shows."""

    label: str
    columns: tuple[tuple[str, tuple[Stage, ...]], ...]


class Text(NamedTuple):
    """A paragraph."""

    text: str


class Bullets(NamedTuple):
    """A list of short lines."""

    lines: tuple[str, ...]


Block = Text | Bullets | Table | Figure | Flow


class Section(NamedTuple):
    """``name``: its address in the page. ``sections``: those below it."""

    name: str
    heading: str
    blocks: tuple[Block, ...]
    sections: tuple["Section", ...] = ()

    @property
    def tables(self) -> list[Table]:
        """All tables of this section and those below, in reading order."""
        own = [block for block in self.blocks if isinstance(block, Table)]
        return own + [table for section in self.sections for table in section.tables]


class Report(NamedTuple):
    """``facts``: labels and values below the title."""

    title: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]

    @property
    def tables(self) -> list[Table]:
        """All tables, in reading order."""
        return [table for section in self.sections for table in section.tables]

    @property
    def headed_tables(self) -> list[tuple[str, Table]]:
        """The same, each with the heading of the section that it stands in."""
        return [(section.heading, table) for section in self.sections for table in section.tables]
