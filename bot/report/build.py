"""``python -m bot.report.build``: reads Facts from standard input and writes all files of the report to standard
output, both as MessagePack. It is run in a process of its own because what it needs is large; ``making`` starts it."""

import sys
from collections.abc import Sequence

import msgspec

from bot.report.comparison import Comparison, comparisons
from bot.report.contents import contents
from bot.report.facts import Asked, Facts
from bot.report.lines import Line, lines
from bot.report.page import page
from bot.report.pdf import NoLibraries, pdf
from bot.report.sheets import workbook
from bot.report.writing import Made

FORMAT = 1
"""Of ``report.json``; it rises when what is there already changes its meaning."""


class WaveTold(msgspec.Struct, frozen=True):
    """A wave in ``report.json``. ``refused``: empty, or why nothing of it is told."""

    wave: str
    instrument: str
    title: str
    level: str
    opened_on: str
    closes_on: str
    refused: str


class Told(msgspec.Struct, frozen=True):
    """What ``report.json`` holds."""

    format: int
    programme: str
    starts_on: str
    ends_on: str
    level: str
    made_on: str
    waves: Sequence[WaveTold]
    rows: Sequence[Line]
    comparisons: Sequence[Comparison]


def built(facts: Facts) -> Made:
    """All files."""
    html = page(contents(facts))
    try:
        printed = pdf(html)
    except NoLibraries:
        printed = b""
    return Made(html.encode(), printed, workbook(contents(facts), facts.made_on), as_json(facts))


def as_json(facts: Facts) -> bytes:
    """``report.json``: the same facts give the same bytes."""
    found = lines(facts)
    about = facts.about
    told = Told(
        format=FORMAT,
        programme=about.name,
        starts_on=about.starts_on.isoformat(),
        ends_on=about.ends_on.isoformat(),
        level=about.level,
        made_on=facts.made_on.isoformat(),
        waves=[_wave(wave) for wave in facts.waves],
        rows=found,
        comparisons=list(comparisons(found)),
    )
    return msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n"


def _wave(wave: Asked) -> WaveTold:
    return WaveTold(
        wave=wave.key,
        instrument=wave.instrument.id,
        title=", ".join(dict.fromkeys(wave.instrument.title[role] for role in wave.instrument.audience)),
        level=wave.level,
        opened_on=wave.opened_on.isoformat(),
        closes_on=wave.closes_on.isoformat(),
        refused="open" if wave.release is None else wave.release.refused,
    )


def main() -> None:
    """The child's work."""
    out = sys.stdout.buffer
    sys.stdout = sys.stderr  # WeasyPrint prints where it misses a library
    facts = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Facts)
    out.write(msgspec.msgpack.encode(built(facts)))


if __name__ == "__main__":
    main()
