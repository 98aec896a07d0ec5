"""Mentees beside the comparison group, on whatever both were asked in one wave: exact counts with their intervals; of
ranges only the range of what the difference can be, which no interval of chance could narrow."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import ceil, floor

import msgspec

from bot.report.document import Spread
from bot.report.intervals import newcombe, points, wilson
from bot.report.lines import EXACT, STEPS, Line


class Comparison(msgspec.Struct, frozen=True):
    """One item. ``difference``: mentees less comparison group, in percentage points, from lowest to highest; for exact
    counts its 95% interval, with ``points`` in between, and an interval of the percentage of each group."""

    item: str
    wave: str
    shown: str
    points: int | None
    difference: tuple[int, int]
    mentees: Line
    controls: Line
    mentees_interval: tuple[int, int] | None = None
    controls_interval: tuple[int, int] | None = None


def comparisons(found: Sequence[Line]) -> Iterator[Comparison]:
    """Every item that is told of both groups."""
    controls = {(line.wave, line.item): line for line in found if line.group == "controls"}
    for line in found:
        other = controls.get((line.wave, line.item))
        if line.group != "mentees" or other is None or line.shown != other.shown:
            continue
        if line.shown == EXACT:
            yield _exact(line, other)
        elif line.shown == STEPS:
            yield _in_steps(line, other)


def spread(line: Line, interval: tuple[int, int]) -> Spread:
    """The percentage of an exact count with its interval."""
    middle = line.percent if isinstance(line.percent, int) else None
    return Spread(middle, *interval, n=line.n, of=line.of)


def _exact(line: Line, other: Line) -> Comparison:
    (x, n), (y, m) = _count(line), _count(other)
    low, high = newcombe(x, n, y, m)
    return Comparison(
        item=line.item,
        wave=line.wave,
        shown=EXACT,
        points=points(x / n - y / m),
        difference=(points(low), points(high)),
        mentees=line,
        controls=other,
        mentees_interval=_interval(x, n),
        controls_interval=_interval(y, m),
    )


def _in_steps(line: Line, other: Line) -> Comparison:
    (low, high), (other_low, other_high) = _shares(line), _shares(other)
    difference = floor(100 * (low - other_high)), ceil(100 * (high - other_low))
    return Comparison(line.item, line.wave, STEPS, None, difference, line, other)


def _count(line: Line) -> tuple[int, int]:
    if line.n is None or not line.of:
        raise ValueError(f"{line.item} is no exact count")
    return line.n, line.of


def _shares(line: Line) -> tuple[Fraction, Fraction]:
    if line.low is None or line.high is None or not line.of:
        raise ValueError(f"{line.item} is not told")
    return Fraction(line.low, line.of), Fraction(line.high, line.of)


def _interval(x: int, n: int) -> tuple[int, int]:
    low, high = wilson(x, n)
    return points(low), points(high)
