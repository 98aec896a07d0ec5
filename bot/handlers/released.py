"""What a wave lets out, as people read it. A release is posted once in the leads channel and told to everybody of the
roles that were asked; later it can be looked up, word for word. All of it is made of the ledger and of nothing else:
of a wave that is open there is nothing to show, not even whether anybody has answered.
"""

import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from bot.examples import PROGRAMME
from bot.flow import Event, Flow, Outcome, Private, UserError
from bot.handlers.checkin_form import said_number
from bot.handlers.help import whom_to_ask
from bot.handlers.leads import leads_now
from bot.reading import about, id_in, ids_about
from bot.surveys import rules
from bot.surveys.instrument import as_declared
from bot.surveys.release import Release, Result, Row, from_ledger
from bot.texts import _, marked, ngettext, said_date, said_month
from bot.ui import Block, Bullets, Button, Buttons, Form, Heading, Message, Text
from storage import places
from storage.records import Due, LedgerEntry, NotThere, Programme
from storage.unit_of_work import UnitOfWork

flow = Flow("released")

AT_ONCE = 200
"""People in one transaction."""
BUTTONS_IN_A_ROW = 6
LISTED = 36
"""Releases that can be picked from the list: of three years of a wave each month."""
PAGE = 8_000
"""How much of comments goes into one message, in characters as they travel: both platforms take a little more."""
AROUND_A_COMMENT = 150

ROLES = {"mentor": marked("Mentors"), "mentee": marked("Mentees"), "control": marked("Comparison group")}


class Told(NamedTuple):
    """A release, and those before it of the same instrument, newest first."""

    wave_id: int
    release: Release
    earlier: Sequence[Release] = ()


@flow.job("release_post")
def post(due: Due, uow: UnitOfWork) -> None:
    """Post what a wave let out in the leads channel, all comments included, and have everybody told."""
    told = _told(_entry(id_in(due.subject), uow), uow)
    programme = _programme_of(told.wave_id, uow)
    seen_by = _in_the_channel()
    to, key = places.leads(programme), _key(told.wave_id)
    uow.outbox.add(to=to, key=key, message=release_message(told, seen_by))
    for number in range(2, len(pages(told.release.comments)) + 1):
        uow.outbox.add(to=to, key=f"{key}:comments:{number}", message=comments_page(told, number, seen_by))
    uow.due.add("release_tell", f"{told.wave_id}:0", uow.now)


@flow.job("release_tell")
def tell(due: Due, uow: UnitOfWork) -> None:
    """Tell the next of those who take part now, in the roles that were asked."""
    wave_id, _colon, after = due.subject.partition(":")
    told = _told(_entry(id_in(wave_id), uow), uow)
    programme = _programme_of(told.wave_id, uow)
    people = uow.roll.taking_part(programme.id, _asked(told.wave_id, uow), after=id_in(after), limit=AT_ONCE)
    message = release_message(told, _("Everybody who takes part, and the leads, see the same."))
    for person in people:
        uow.outbox.add(to=places.dm(person), key=_key(told.wave_id), message=message)
    if len(people) == AT_ONCE:
        uow.due.add("release_tell", f"{told.wave_id}:{people[-1].id}", uow.now)


@flow.button("results", leads=True)
def show_list(event: Event, uow: UnitOfWork) -> Outcome:
    """Show which releases there are."""
    listed = [Told(entry.wave_id, from_ledger(entry.body)) for entry in reversed(_readable(event, uow))]
    return Private(list_of_results(listed))


@flow.button("result", leads=True)
def show_one(event: Event, uow: UnitOfWork) -> Outcome:
    """Show a release again."""
    return Private(release_message(_told_to(event, id_in(event.subject), uow), _for_one_reader()))


@flow.button("result_comments", leads=True)
def show_comments(event: Event, uow: UnitOfWork) -> Outcome:
    """Show a page of the comments of a release."""
    wave_id, number = ids_about(event.subject)
    told = _told_to(event, wave_id, uow)
    if not 1 <= number <= len(pages(told.release.comments)):
        raise NotThere("no such page")
    return Private(comments_page(told, number, _for_one_reader()))


def _readable(event: Event, uow: UnitOfWork) -> list[LedgerEntry]:
    """The releases that this person may read, oldest first: a lead all of them, somebody who takes part those in which
    their role was asked. Raises UserError for everybody else."""
    programme = uow.programmes.current()
    if programme is None:
        raise UserError(not_for_you(None))
    entries = uow.ledger.all(programme.id)
    if leads_now(event, uow):
        return entries
    part = uow.people.participant(event.who.id)
    if part is None or part.state != "joined":
        raise UserError(not_for_you(programme))
    return [entry for entry in entries if part.role in _asked(entry.wave_id, uow)]


def _told_to(event: Event, wave_id: int, uow: UnitOfWork) -> Told:
    """A release that this person may read. Raises NotThere for any other."""
    for entry in _readable(event, uow):
        if entry.wave_id == wave_id:
            return _told(entry, uow)
    raise NotThere("no release that this person may read")


def _entry(wave_id: int, uow: UnitOfWork) -> LedgerEntry:
    entry = uow.ledger.of_wave(wave_id)
    if entry is None:
        raise NotThere(f"no release of wave {wave_id}")
    return entry


def _told(entry: LedgerEntry, uow: UnitOfWork) -> Told:
    earlier = [from_ledger(before.body) for before in uow.ledger.before(entry)]
    return Told(entry.wave_id, from_ledger(entry.body), earlier)


def _programme_of(wave_id: int, uow: UnitOfWork) -> Programme:
    return uow.programmes.get(uow.waves.get(wave_id).programme_id)


def _asked(wave_id: int, uow: UnitOfWork) -> tuple[str, ...]:
    return as_declared(uow.waves.get(wave_id).instrument).audience


def _key(wave_id: int) -> str:
    return f"release:{wave_id}"


# What is said


def release_message(told: Told, seen_by: str) -> Message:
    """A release: the same words for whoever reads it, but for who sees it."""
    release = told.release
    title = _("Results: {title}").format(title=release.title)
    if release.refused:
        said = _refusal(release)
        return Message(said, (Heading(title), Text(said)), seen_by)
    compared = [(row, _row_before(row, told.earlier)) for row in release.rows]
    said = _in_short(release, compared)
    blocks: list[Block] = [Heading(title), Text(said)]
    for row, before in compared:
        blocks += [Heading(_who_answered(row)), Bullets(tuple(_line(result, row, before) for result in row.results))]
    blocks.append(Text(_why_ranges(release)))
    if release.comments:
        blocks += _comments(told, 1)
    return Message(f"{title}. {said}", tuple(blocks), seen_by)


def comments_page(told: Told, number: int, seen_by: str) -> Message:
    """A page of the comments, from 1."""
    title = _("Results: {title}").format(title=told.release.title)
    said = _("{title}, closed on {day}").format(title=title, day=said_date(told.release.closed_on))
    return Message(said, (Text(said), *_comments(told, number)), seen_by)


def _comments(told: Told, number: int) -> tuple[Block, ...]:
    paged = pages(told.release.comments)
    heading = _("What people wrote")
    if len(paged) > 1:
        heading = _("What people wrote, page {page} of {pages}").format(page=number, pages=len(paged))
    more = Button(_("More of what people wrote"), "result_comments", about(told.wave_id, number + 1))
    return (
        Heading(heading),
        Text(_("Exact words of those who let them be shown, in no order.")),
        Bullets(tuple(_("“{words}”").format(words=words) for words in paged[number - 1])),
        *((Buttons((more,)),) if number < len(paged) else ()),
    )


def pages(comments: Sequence[str]) -> list[tuple[str, ...]]:
    """The comments in parts that fit into a message each, in the order of the ledger."""
    paged: list[tuple[str, ...]] = []
    room = 0
    for words in comments:
        size = len(json.dumps(words)) + AROUND_A_COMMENT
        if size > room:
            paged.append(())
            room = PAGE
        paged[-1] += (words,)
        room -= size
    return paged


Before = tuple[Row, date] | None
"""A row of the same roles in an earlier release, and when that closed."""


def _row_before(row: Row, earlier: Sequence[Release]) -> Before:
    for release in earlier:
        for before in release.rows:
            if before.roles == row.roles:
                return before, release.closed_on
    return None


def _in_short(release: Release, compared: Sequence[tuple[Row, Before]]) -> str:
    """The one sentence for who reads no more, and whether anything has changed."""
    answered = _("{n} of {invited} people answered by {day}.").format(
        n=sum(row.n for row in release.rows),
        invited=sum(row.invited for row in release.rows),
        day=said_date(release.closed_on),
    )
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


def _who_answered(row: Row) -> str:
    match row.roles:
        case (role,):
            who = _(ROLES[role])
        case ("mentor", "mentee"):
            who = _("Mentors and mentees together")
        case roles:
            who = ", ".join(_(ROLES[role]) for role in roles)
    return _("{who}: {n} of {invited} answered").format(who=who, n=row.n, invited=row.invited)


def _line(result: Result, row: Row, before: Before) -> str:
    low, high = rules.percent(result, row.n)
    if result.low == result.high:
        said = _("{about}: {low} of {n} {what} ({low_percent}%)")
    else:
        said = _("{about}: {low} to {high} of {n} {what} ({low_percent}% to {high_percent}%)")
    line = said.format(
        about=result.about,
        low=result.low,
        high=result.high,
        n=row.n,
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


def list_of_results(listed: Sequence[Told]) -> Message:
    """The releases, newest first, with a button for each."""
    said = _("Results of check-ins")
    seen_by = _("Only you see this list. Everybody who takes part, and the leads, see the same results.")
    if not listed:
        none_yet = _("There are no results yet. They are told once, when a check-in closes.")
        return Message(none_yet, (Text(none_yet),), seen_by)
    buttons = [
        Button(_("Closed on {day}").format(day=said_date(told.release.closed_on)), "result", str(told.wave_id))
        for told in listed[:LISTED]
    ]
    rows = [buttons[start : start + BUTTONS_IN_A_ROW] for start in range(0, len(buttons), BUTTONS_IN_A_ROW)]
    return Message(said, (Heading(said), *(Buttons(tuple(row)) for row in rows)), seen_by)


def not_for_you(programme: Programme | None) -> Message:
    """For everybody who takes no part, and for leads who are not in their channel now."""
    said = _("Results are for everybody who takes part, and for the leads while they are in the leads channel.")
    return Message(said, (Text(said), *whom_to_ask(programme)), _("Only you see this."))


def _for_one_reader() -> str:
    return _("Only you see this answer. Everybody who takes part, and the leads, see the same results.")


def _in_the_channel() -> str:
    return _("Everybody in this leads channel can see this. Everybody who takes part gets the same.")


_ABOUT = {
    "useful": marked("Our meetings are useful to me"),
    "open": marked("I can speak openly with the other of my pair"),
    "time": marked("I can find the time to meet"),
}
"""As the pulse has it."""


def _example_row(roles: tuple[str, ...], n: int, *steps: tuple[int, int]) -> Row:
    results = tuple(
        Result(split, _(words), _("agree"), low, high)
        for (split, words), (low, high) in zip(_ABOUT.items(), steps, strict=True)
    )
    return Row(roles, invited=18 * len(roles), n=n, results=results)


def _example(
    *rows: Row, comments: tuple[str, ...] = (), refused: str = "", closed: date = date(2026, 11, 17)
) -> Release:
    title = _("Mentor pulse, Mentee pulse")
    return Release("pulse", title, "standard", date(2026, 11, 3), closed, rows, comments, refused)


def _example_told() -> Told:
    now = _example(
        _example_row(("mentor",), 17, (15, 17), (12, 14), (6, 8)),
        _example_row(("mentee",), 16, (14, 16), (14, 16), (8, 10)),
        comments=(_("The agenda helps us to start."), _("Finding a date is the hard part.")),
    )
    before = _example(
        _example_row(("mentor",), 18, (13, 15), (13, 15), (13, 15)),
        _example_row(("mentee",), 15, (13, 15), (4, 6), (7, 9)),
        closed=date(2026, 9, 15),
    )
    return Told(4, now, (before,))


def _example_of_many() -> Told:
    words = _("It was good to hear that others find the same things hard.")
    return Told(4, _example(_example_row(("mentor", "mentee"), 12, (9, 12), (5, 8), (0, 4)), comments=(words,) * 60))


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "release": lambda: release_message(_example_told(), _in_the_channel()),
    "release_first": lambda: release_message(Told(4, _example_told().release), _for_one_reader()),
    "release_pooled_with_many_comments": lambda: release_message(_example_of_many(), _in_the_channel()),
    "comments_page": lambda: comments_page(_example_of_many(), 2, _for_one_reader()),
    "release_few": lambda: release_message(Told(4, _example(refused="few")), _in_the_channel()),
    "release_not_computed": lambda: release_message(Told(4, _example(refused="not_computed")), _in_the_channel()),
    "list_of_results": lambda: list_of_results([_example_told(), Told(2, _example_told().earlier[0])]),
    "list_of_results_none": lambda: list_of_results([]),
    "not_for_you": lambda: not_for_you(PROGRAMME),
}
