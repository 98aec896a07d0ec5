"""The words and pictures of a release, the same for whoever reads it but for who sees it: one message, or several where
there is much to tell. Each has a picture first, then the same in words; what people wrote comes last.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import NamedTuple

from bot.handlers.open_waves import said_number
from bot.reading import about
from bot.surveys import rules
from bot.surveys.chart import Chart
from bot.surveys.charts import alt_text, charts_of, counts, group_name
from bot.surveys.release import PAIRS, Release, Result, Row
from bot.texts import _, marked, ngettext, said_date, said_month
from bot.ui import Block, Bullets, Button, Buttons, Form, Heading, Message, Picture, Text

ROOM = 9_500
"""How much of results and of what people wrote goes into one message, in characters as they travel: both platforms take
a little more."""
AROUND = 150
"""What a line takes beside its words."""
QUESTIONS = 15
"""Whose answers fit into one message: there is a limit to its parts, too."""


class Told(NamedTuple):
    """A release with its pictures, and those before it of the same instrument and level, newest first."""

    wave_id: int
    release: Release
    earlier: Sequence[Release] = ()
    pictures: Sequence[Picture] = ()


class Written(NamedTuple):
    """What somebody wrote, and the question, which is empty where there is only one."""

    question: str
    words: str


class Page(NamedTuple):
    """One of the messages. ``chart``: what it tells in a picture and in words; None where it has no results."""

    chart: Chart | None
    picture: Picture | None
    written: tuple[Written, ...] = ()


def release_messages(told: Told, seen_by: str) -> list[Message]:
    """All messages of a release, in order; at least one."""
    pages = _pages(told)
    return [_message(told, pages, number, seen_by) for number in range(1, len(pages) + 1)]


def _message(told: Told, pages: Sequence[Page], number: int, seen_by: str) -> Message:
    page, release = pages[number - 1], told.release
    title = _title(release)
    if len(pages) > 1:
        title = _("{title} ({number} of {all})").format(title=title, number=number, all=len(pages))
    said = _beginning(told) if number == 1 else _("Closed on {day}.").format(day=said_date(release.closed_on))
    blocks: list[Block] = [Heading(title), Text(said)]
    blocks += [page.picture] if page.picture else []
    blocks += _results(told, page.chart)
    blocks += [Text(_why_ranges(release))] if number == 1 and page.chart else []
    blocks += _what_people_wrote(page.written)
    if number < len(pages):
        more = _more(pages[number], number + 1, len(pages))
        blocks.append(Buttons((Button(more, "result_page", about(told.wave_id, number + 1)),)))
    return Message(f"{title}. {said}", tuple(blocks), seen_by)


def _more(following: Page, number: int, of: int) -> str:
    more = _("More results ({number} of {all})") if following.chart else _("What people wrote ({number} of {all})")
    return more.format(number=number, all=of)


# What goes onto which page


def _pages(told: Told) -> list[Page]:
    """A page for each picture, whether there is one or it could not be drawn; then what people wrote, from the last of
    these on as far as it has room."""
    charts = charts_of(told.release)
    pictures = list(told.pictures) if len(told.pictures) == len(charts) else [None] * len(charts)
    pages = [Page(chart, picture) for chart, picture in zip(charts, pictures, strict=True)] or [Page(None, None)]
    room = ROOM - _size_of_results(told, pages[-1].chart)
    for written in _written(told.release):
        size = sum(len(json.dumps(part)) + AROUND for part in written)
        if size > room or len({each.question for each in (*pages[-1].written, written)}) > QUESTIONS:
            pages.append(Page(None, None))
            room = ROOM
        pages[-1] = pages[-1]._replace(written=(*pages[-1].written, written))
        room -= size
    return pages


def _written(release: Release) -> list[Written]:
    questions = release.questions or ("",) * len(release.comments)
    return [Written(*each) for each in zip(questions, release.comments, strict=True)]


def _size_of_results(told: Told, chart: Chart | None) -> int:
    if chart is None:
        return 0
    lines = [line for _row, listed in _told_on(told, chart) for line in listed]
    return len(json.dumps(alt_text(chart))) + sum(len(json.dumps(line)) + AROUND for line in lines)


# What is said


def _title(release: Release) -> str:
    return _("Results: {title}").format(title=release.title)


def _results(told: Told, chart: Chart | None) -> Iterator[Block]:
    """The results of a picture in words, row by row."""
    if chart is None:
        rows = [row for row in told.release.rows if not row.results]
        yield from (Text(who_answered(row)) for row in rows)
        return
    for row, lines in _told_on(told, chart):
        yield Heading(who_answered(row))
        yield Bullets(tuple(lines))


def _told_on(told: Told, chart: Chart) -> Iterator[tuple[Row, list[str]]]:
    for row in told.release.rows:
        before = _row_before(row, told.earlier)
        if lines := [_line(result, row, before) for result in row.results if result.split in chart.splits]:
            yield row, lines


Before = tuple[Row, date] | None
"""A row of the same roles in an earlier release, and when that closed."""


def _row_before(row: Row, earlier: Sequence[Release]) -> Before:
    for release in earlier:
        for before in release.rows:
            if before.roles == row.roles:
                return before, release.closed_on
    return None


def _beginning(told: Told) -> str:
    """The one sentence for who reads no more. Where nothing of what people answered can be told, there still may be
    what pairs met about."""
    return _refusal(told.release) if told.release.refused else _in_short(told)


def _in_short(told: Told) -> str:
    """How many answered, and whether anything has changed."""
    people = _rows_of_people(told.release)
    answered = _("{n} of {invited} people answered by {day}.").format(
        n=sum(row.n for row in people),
        invited=sum(row.invited for row in people),
        day=said_date(told.release.closed_on),
    )
    compared = [(row, _row_before(row, told.earlier)) for row in told.release.rows]
    directions = [
        rules.compare(row, before[0], result.split) for row, before in compared if before for result in row.results
    ]
    if not any(directions):
        return answered
    changed = sum(direction in {"higher", "lower"} for direction in directions)
    if not changed:
        return _("{answered} Nothing is clearly higher or lower than before.").format(answered=answered)
    trend = ngettext(
        "{answered} {count} result is clearly higher or lower than before.",
        "{answered} {count} results are clearly higher or lower than before.",
        changed,
    )
    return trend.format(answered=answered, count=changed)


def _rows_of_people(release: Release) -> list[Row]:
    """The rows in which everybody is once."""
    people = [row for row in release.rows if row.roles != PAIRS]
    return [row for row in people if not any(set(other.roles) < set(row.roles) for other in people)]


def who_answered(row: Row) -> str:
    """How many a row counts, of how many."""
    if row.roles == PAIRS:
        return _("{n} of {invited} pairs have logged a meeting").format(n=row.n, invited=row.invited)
    said = (
        _("{who}: {n} of {invited} answered") if len(row.roles) == 1 else _("{who} together: {n} of {invited} answered")
    )
    return said.format(who=group_name(row.roles), n=row.n, invited=row.invited)


def _line(result: Result, row: Row, before: Before) -> str:
    low, high = rules.percent(result, row.n)
    if result.low == result.high:
        said = _("{about}: {counts} {what} ({low_percent}%)")
    else:
        said = _("{about}: {counts} {what} ({low_percent}% to {high_percent}%)")
    line = said.format(
        about=result.about,
        counts=counts(result, row.n),
        what=result.favourable_words,
        low_percent=low,
        high_percent=high,
    )
    if before is None:
        return line
    trend = {
        "higher": _("{line}; higher than in {month}"),
        "lower": _("{line}; lower than in {month}"),
        "same": _("{line}; about the same as in {month}"),
        None: "{line}",
    }
    return trend[rules.compare(row, before[0], result.split)].format(line=line, month=said_month(before[1]))


def _why_ranges(release: Release) -> str:
    level = rules.BY_NAME[release.level]
    if level == rules.RESEARCH:
        return _(
            "The counts are exact, as everybody who was asked agreed beforehand. The answers are destroyed; this is "
            "told once and never revised."
        )
    return _(
        "Each result is a range, in steps of {step} or more, so that it does not give away what one person answered. "
        "The answers are destroyed; this is told once and never revised."
    ).format(step=said_number(level.role_step))


def _refusal(release: Release) -> str:
    if release.refused == "few":
        said = _("Too few answered by {day} for anything to be told. The answers are destroyed.")
    else:
        said = _(
            "No result could be computed of what was sent by {day}. The answers are destroyed, and nobody has seen "
            "them."
        )
    return said.format(day=said_date(release.closed_on))


def _what_people_wrote(written: Sequence[Written]) -> Iterator[Block]:
    if not written:
        return
    yield Heading(_("What people wrote"))
    yield Text(_("Exact words of those who let them be shown, in no order."))
    for question, those in groupby(written, lambda each: each.question):
        if question:
            yield Text(question)
        yield Bullets(tuple(_("“{words}”").format(words=each.words) for each in those))


_PULSE = {
    "useful": marked("Our meetings are useful to me"),
    "open": marked("I can speak openly with the other of my pair"),
    "time": marked("I can find the time to meet"),
}
_END = {
    marked("Taking part"): (marked("Taking part was useful"), marked("Enjoyed taking part")),
    marked("Support"): (marked("Fellow trainees were a source of support"), marked("Friends and family were one")),
    marked("Outlook"): (marked("Became more confident"), marked("Came to expect more realistic things")),
}


def _row(roles: tuple[str, ...], n: int, *steps: tuple[int, int]) -> Row:
    results = tuple(
        Result(split, _(words), _("agree"), low, high)
        for (split, words), (low, high) in zip(_PULSE.items(), steps, strict=True)
    )
    return Row(roles, invited=18 * len(roles), n=n, results=results)


def example(*rows: Row, comments: tuple[str, ...] = (), refused: str = "", month: int = 11) -> Release:
    """A pulse that is over."""
    closed = date(2026, month, 17)
    title = _("Mentor pulse, Mentee pulse")
    return Release("pulse", title, "standard", date(2026, month, 3), closed, rows, comments, refused)


def _example_told() -> Told:
    now = example(
        _row(("mentor",), 17, (15, 17), (12, 14), (6, 8)),
        _row(("mentee",), 16, (14, 16), (14, 16), (8, 10)),
        comments=(_("The agenda helps us to start."), _("Finding a date is the hard part.")),
    )
    before = example(
        _row(("mentor",), 18, (13, 15), (13, 15), (13, 15)),
        _row(("mentee",), 15, (13, 15), (4, 6), (7, 9)),
        month=9,
    )
    return _painted(Told(4, now, (before,)))


def _example_of_many() -> Told:
    words = _("It was good to hear that others find the same things hard.")
    return _painted(Told(4, example(_row(("mentor", "mentee"), 12, (9, 12), (5, 8), (0, 4)), comments=(words,) * 60)))


def _example_of_a_questionnaire() -> Told:
    """Exact counts of three groups, rows over several of them, and what pairs met about."""
    listed = [(section, words) for section, several in _END.items() for words in several]

    def row(roles: tuple[str, ...], n: int, *counted: int) -> Row:
        results = (
            Result(f"item_{number}", _(words), _("agree"), count, count, _(section))
            for number, ((section, words), count) in enumerate(zip(listed, counted, strict=False))
        )
        return Row(roles, n, n, tuple(results))

    topics = (_("Exams"), _("Career planning"), _("Professional development"))
    about_what = tuple(
        Result(f"topic/{number}", topic, _("have talked about it"), 17 - number, 17 - number, _("Topics of meetings"))
        for number, topic in enumerate(topics)
    )
    rows = (
        row(("mentor",), 18, 17, 16, 12, 15, 14, 13),
        row(("mentee",), 18, 18, 15, 14, 16, 17, 12),
        row(("control",), 26, 24, 20, 22, 25, 15, 14),
        row(("mentor", "mentee"), 36, 35, 31),
        row(("mentor", "mentee", "control"), 62, 59, 51),
        Row(PAIRS, 18, 17, about_what),
    )
    questions = (_("What was most valuable"), _("What should be different"))
    release = Release(
        "end", _("End of the programme"), "research", date(2027, 1, 12), date(2027, 1, 26), rows,
        (_("Somebody who has been there."), _("More time at the start.")), kind="questionnaire", questions=questions,
    )  # fmt: skip
    return _painted(Told(9, release))


def _painted(told: Told) -> Told:
    charts = charts_of(told.release)
    named = enumerate(charts, start=1)
    return told._replace(pictures=[Picture(f"{told.wave_id}-{number}", alt_text(chart)) for number, chart in named])


def _only(told: Told, number: int = 1) -> Message:
    return release_messages(told, _("Only you see this answer."))[number - 1]


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "first": lambda: _only(Told(4, _example_told().release)),
    "pulse": lambda: _only(_example_told()),
    "pooled_with_many_comments": lambda: _only(_example_of_many()),
    "more_comments": lambda: _only(_example_of_many(), 2),
    "questionnaire_1": lambda: _only(_example_of_a_questionnaire()),
    "questionnaire_2": lambda: _only(_example_of_a_questionnaire(), 2),
    "questionnaire_3": lambda: _only(_example_of_a_questionnaire(), 3),
    "few": lambda: _only(Told(4, example(refused="few"))),
    "not_computed": lambda: _only(Told(4, example(refused="not_computed"))),
}
