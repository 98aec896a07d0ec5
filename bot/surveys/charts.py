"""What the pictures of a release show: what was released, and no more. Pure; ``drawing`` draws them.

A result that is told in steps is a range and is shown as one, with nothing in its middle; an exact count is a full bar.
All that a picture shows stands in its alternative text too.
"""

import html
import json
from collections.abc import Mapping, Sequence
from itertools import groupby

from bot.surveys import rules
from bot.surveys.chart import TALLEST, Bar, Chart, Shown, tall
from bot.surveys.release import PAIRS, Release, Result, Row
from bot.texts import _, marked, said_date

ALT = 2_000
"""Characters of an alternative text, escaped: what Slack takes."""
RESULTS = 8
"""The most in a picture."""
TOLD = 6_000
"""How much the results of a picture may be, told in words: a message that has both keeps both platforms' limits.
Characters as they travel."""
AROUND_A_LINE = 150

GROUPS: Mapping[tuple[str, ...], str] = {
    ("mentor",): marked("Mentors"),
    ("mentee",): marked("Mentees"),
    ("control",): marked("Comparison group"),
    ("mentor", "mentee"): marked("Mentors and mentees"),
    ("mentor", "mentee", "control"): marked("All three groups"),
    PAIRS: marked("Pairs"),
}


def charts_of(release: Release) -> tuple[Chart, ...]:
    """The pictures of a release, in the order of its results, section by section; none where nothing was released.
    What counts pairs is never on a picture with what counts people."""
    title = _("{title}, closed on {day}").format(title=release.title, day=said_date(release.closed_on))
    of_people = [row for row in release.rows if row.roles != PAIRS]
    of_pairs = [row for row in release.rows if row.roles == PAIRS]
    pages = [*_pages(title, _shown(of_people, release.rows)), *_pages(title, _shown(of_pairs, release.rows))]
    return tuple(
        Chart(title, _part(number, len(pages)), page, _key(page)) for number, page in enumerate(pages, start=1)
    )


def alt_text(chart: Chart) -> str:
    """All that a picture shows, in words; at most ``ALT`` characters."""
    said = [f"{_('Chart')} {chart.part}".strip() + f": {chart.title}."]
    for section, shown in chart.headed():
        said += [f"{section}."] if section else []
        said.append(_alt_of(shown))
    return " ".join(said)


def group_name(roles: tuple[str, ...]) -> str:
    """Whom a row is about."""
    if roles in GROUPS:
        return _(GROUPS[roles])
    return " + ".join(_(GROUPS[(role,)]) for role in roles)


def counts(result: Result, n: int) -> str:
    """The counts of a result, in words."""
    if result.low == result.high:
        return _("{low} of {n}").format(low=result.low, n=n)
    return _("{low} to {high} of {n}").format(low=result.low, high=result.high, n=n)


def _shown(rows: Sequence[Row], all_rows: Sequence[Row]) -> list[Shown]:
    """Every result once, those of a section together, in the order in which they first appear."""
    found: dict[str, Result] = {}
    bars: dict[str, list[Bar]] = {}
    for row in rows:
        for result in row.results:
            found.setdefault(result.split, result)
            low, high = rules.percent(result, row.n)
            bar = Bar(group_name(row.roles), counts(result, row.n), low, high, all_rows.index(row))
            bars.setdefault(result.split, []).append(bar)
    sections = list(dict.fromkeys(result.section for result in found.values()))
    listed = sorted(found.values(), key=lambda result: sections.index(result.section))
    return [Shown(each.split, _words(each), each.section, tuple(bars[each.split])) for each in listed]


def _words(result: Result) -> str:
    return _("{about}: {what}").format(about=result.about, what=result.favourable_words)


def _pages(title: str, results: Sequence[Shown]) -> list[tuple[Shown, ...]]:
    """The results in parts that fit into a picture each. Sections are torn only where that saves a picture."""
    sections = [tuple(together) for _section, together in groupby(results, lambda shown: shown.section)]
    singly = [(shown,) for shown in results]
    return min(_packed(title, sections), _packed(title, singly), key=len)


def _packed(title: str, groups: Sequence[tuple[Shown, ...]]) -> list[tuple[Shown, ...]]:
    pages: list[tuple[Shown, ...]] = []
    for group in groups:
        if pages and _fits(title, (*pages[-1], *group)):
            pages[-1] += group
            continue
        pages.append(())
        for shown in group:
            if pages[-1] and not _fits(title, (*pages[-1], shown)):
                pages.append(())
            pages[-1] += (shown,)
    return pages


def _fits(title: str, results: tuple[Shown, ...]) -> bool:
    chart = Chart(title, _part(99, 99), results, _key(results))
    return (
        len(results) <= RESULTS
        and tall(chart) <= TALLEST
        and len(html.escape(alt_text(chart))) <= ALT
        and sum(_told(shown) for shown in results) <= TOLD
    )


def _told(shown: Shown) -> int:
    return len(shown.bars) * (len(json.dumps(shown.words)) + AROUND_A_LINE)


def _part(number: int, of: int) -> str:
    return _("{number} of {all}").format(number=number, all=of) if of > 1 else ""


def _key(results: Sequence[Shown]) -> tuple[tuple[bool, str], ...]:
    exact = {bar.low == bar.high for shown in results for bar in shown.bars}
    said = {
        False: _("Striped: the number lies somewhere in this range"),
        True: _("Full: the exact number"),
    }
    return tuple((each, said[each]) for each in sorted(exact))


def _alt_of(shown: Shown) -> str:
    percents = (
        _("{group} {counts} ({low}%)") if bar.low == bar.high else _("{group} {counts} ({low}% to {high}%)")
        for bar in shown.bars
    )
    bars = (
        said.format(group=bar.group, counts=bar.said, low=bar.low, high=bar.high)
        for said, bar in zip(percents, shown.bars, strict=True)
    )
    return f"{shown.words}; {', '.join(bars)}."
