"""An arranged meeting of which the time is known: how it gets into both calendars, is moved there and called off.

The two get the same event, each with a link of their own; a change or a cancellation is for the same event, so that
calendars follow. Calendars remind of it; the bot does not, and asks the day after whether they met.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.examples import MENTEE, MENTOR, PAIR, SCHEDULED
from bot.flow import Event, Flow, Outcome, Update
from bot.handlers import dates
from bot.handlers.pause import quiet_of
from bot.handlers.welcome import taking_part
from bot.invitations import calendar_link
from bot.programme import cadence
from bot.programme.calendar import Dated
from bot.programme.quiet import is_quiet
from bot.programme.sets import clash
from bot.reading import about, id_in
from bot.texts import _, ngettext, said_day, said_moment
from bot.ui import Block, Bullets, Button, Buttons, Facts, Form, Link, Message, Text
from storage.places import dm
from storage.records import Meeting, Pair, Person
from storage.unit_of_work import UnitOfWork

flow = Flow("arranged")

USUAL_LENGTH = 60
"""Minutes."""

_ADDRESS = re.compile(r"https://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?([/?#][!#-;=?-{}~]*)?", re.ASCII)
"""A place that can be opened: nothing that a platform would not take as a link."""


def how_the_meeting_stands(event: Event, uow: UnitOfWork) -> Outcome:
    """A meeting as it is arranged now, or what has become of it."""
    meeting = uow.meetings.for_person(event.who.id, id_in(event.subject))
    pair = uow.pairs.get(meeting.pair_id)
    if meeting.starts_at is None or meeting.state == "logged" or meeting.starts_at <= event.at:
        return Update(nothing_to_cancel(meeting))
    if meeting.state == "cancelled":
        return Update(_cancelled_for(event.who, meeting, pair, uow))
    return Update(arranged_for(event.who, meeting, pair, uow))


@flow.button("cancel_meeting", again=how_the_meeting_stands)
def cancel(event: Event, uow: UnitOfWork) -> Outcome:
    """Call a meeting off before it begins. A button from before it was moved changes nothing."""
    taking_part(event, uow)
    meeting = uow.meetings.for_person(event.who.id, id_in(event.subject))
    to_come = meeting.starts_at is not None and meeting.starts_at > event.at
    if meeting.state == "arranged" and meeting.version == event.version and to_come:
        pair = uow.pairs.get(meeting.pair_id)
        uow.meetings.cancel(meeting.id)
        meeting = uow.meetings.get(meeting.id)
        for person in pair.people:
            dates.stop_asking(meeting, person, uow)
        other = pair.other(event.who)
        _tell(other, meeting, _cancelled_for(other, meeting, pair, uow, by=event.who), uow)
    return how_the_meeting_stands(event, uow)


# What other conversations need of it


def settle(pair: Pair, starts_at: datetime, event: Event, uow: UnitOfWork, *, minutes: int, place: str) -> Message:
    """Arrange the pair's meeting, or move the one ahead to this time; tell the other. Returns the words for the
    acting person."""
    before = dates.upcoming(pair, event, uow)
    zone = ZoneInfo(uow.programmes.get(pair.programme_id).time_zone)
    day = starts_at.astimezone(zone).date()
    meeting = uow.meetings.arrange_at(
        pair.id, starts_at, day=day, minutes=minutes, place=place, instead_of=before, new_uid=uow.new_id()
    )
    for person in pair.people:
        dates.stop_looking(pair, person, uow)
        dates.stop_asking(meeting, person, uow)
        uow.due.add("did_you_meet", about(meeting.id, person.id), cadence.did_you_meet(day, zone))
    was_at = before.starts_at if before else None
    other = pair.other(event.who)
    _tell(other, meeting, arranged_for(other, meeting, pair, uow, was_at=was_at), uow)
    return arranged_for(event.who, meeting, pair, uow, was_at=was_at)


def is_taken(starts_at: datetime, pair: Pair, event: Event, uow: UnitOfWork) -> bool:
    """Whether the pair has a meeting on that day that would not be moved."""
    zone = ZoneInfo(uow.programmes.get(pair.programme_id).time_zone)
    there = uow.meetings.on_day(pair.id, starts_at.astimezone(zone).date())
    if there is None or there.state == "cancelled":
        return False
    ahead = dates.upcoming(pair, event, uow)
    return ahead is None or ahead.id != there.id


def busy_with(person: Person, starts_at: datetime, minutes: int, uow: UnitOfWork, *, but: Pair) -> list[str]:
    """What this person has at that time already, other than with this pair: a few words for each."""
    then = (starts_at, starts_at + timedelta(minutes=minutes))
    found = []
    for meeting in uow.meetings.with_a_time(person.id):
        event = _event(meeting)
        if meeting.pair_id != but.id and clash(then, [(event.starts_at, event.ends_at)]):
            found.append(meeting_with(uow.pairs.get(meeting.pair_id).other(person).name))
    found += [
        _("a session of {name}").format(name=session.learning_set.name)
        for session in uow.sets.engaged(person.id)
        if clash(then, [(session.starts_at, session.ends_at)])
    ]
    return found


def remarks_on(person: Person, times: Sequence[datetime], minutes: int, pair: Pair, uow: UnitOfWork) -> tuple[str, ...]:
    """What this person should know of times before they settle on one."""
    quiet = quiet_of(person, uow)
    found: list[str] = []
    for at in times:
        found += [double_booked(at, person, engagement) for engagement in busy_with(person, at, minutes, uow, but=pair)]
        if is_quiet(quiet, at):
            found.append(in_quiet_time(at, person))
    return tuple(found)


def call_off(pair: Pair, uow: UnitOfWork) -> list[Meeting]:
    """Cancel all meetings of a pair that are to come, since the pair has ended. Returns those with a time, which may be
    in calendars."""
    today = uow.now.astimezone(ZoneInfo(uow.programmes.get(pair.programme_id).time_zone)).date()
    timed = []
    for meeting in uow.meetings.of_pair(pair.id, "arranged"):
        if (meeting.starts_at <= uow.now) if meeting.starts_at else (meeting.day < today):
            continue
        uow.meetings.cancel(meeting.id)
        if meeting.starts_at is not None:
            timed.append(uow.meetings.get(meeting.id))
    return timed


def card_of(person: Person, meeting: Meeting, uow: UnitOfWork) -> str | None:
    """The key of the last message that told this person of a meeting by the other."""
    return uow.outbox.newest(dm(person), f"arranged:{meeting.id}:")


def out_of_calendar(person: Person, meeting: Meeting, pair: Pair, uow: UnitOfWork) -> Link | None:
    """The link with which this person's calendar drops a meeting that is cancelled."""
    return _link(person, meeting, pair, uow, cancelled=True)


def _tell(person: Person, meeting: Meeting, message: Message, uow: UnitOfWork) -> None:
    """Send the newest about a meeting; what is older and has not been sent need not be."""
    keys = f"arranged:{meeting.id}:"
    if older := uow.outbox.newest(dm(person), keys):
        uow.outbox.withdraw(older)
    uow.outbox.add(to=dm(person), key=f"{keys}v{meeting.version}", message=message, useful_until=meeting.starts_at)


# What is said


def double_booked(at: datetime, reader: Person, engagement: str) -> str:
    """At that time the reader has something else."""
    moment = said_moment(at, ZoneInfo(reader.time_zone))
    return _("On {moment} you have {engagement}.").format(moment=moment, engagement=engagement)


def in_quiet_time(at: datetime, reader: Person) -> str:
    """At that time the bot would leave the reader in peace."""
    moment = said_moment(at, ZoneInfo(reader.time_zone))
    return _("{moment} is in your quiet time, which is fine if it suits you.").format(moment=moment)


def meeting_with(name: str) -> str:
    """Another meeting, in a few words."""
    return _("a meeting with {name}").format(name=name)


def arranged_for(
    reader: Person, meeting: Meeting, pair: Pair, uow: UnitOfWork, *, was_at: datetime | None = None
) -> Message:
    starts_at = _begins(meeting)
    remarks = remarks_on(reader, (starts_at,), meeting.minutes or USUAL_LENGTH, pair, uow)
    return arranged(meeting, pair, reader, _link(reader, meeting, pair, uow), remarks, was_at=was_at)


def arranged(
    meeting: Meeting,
    pair: Pair,
    reader: Person,
    link: Link | None,
    remarks: Sequence[str] = (),
    *,
    was_at: datetime | None = None,
) -> Message:
    """The meeting is arranged, or moved. ``link``: to the calendar file. ``was_at``: its time before."""
    name = pair.other(reader).name
    zone = ZoneInfo(reader.time_zone)
    moment = said_moment(_begins(meeting), zone)
    if was_at is not None and was_at != meeting.starts_at:
        said = _("You and {name} now meet on {moment}, instead of {before}.").format(
            name=name, moment=moment, before=said_moment(was_at, zone)
        )
    else:
        said = _("It is settled: you and {name} meet on {moment}.").format(name=name, moment=moment)
    reminder = _("Your calendar then reminds you, a day and an hour before.") if link else _("Please note it down.")
    return Message(
        said,
        (
            Text(said),
            *details(meeting.minutes, meeting.place),
            *listed(remarks),
            *((link,) if link else ()),
            Text(_("{reminder} I ask the day after whether you met.").format(reminder=reminder)),
            Buttons((*meeting_buttons(meeting), Button(_("Meeting agenda"), "agenda"))),
        ),
        _("{name} sees this too. Leads do not.").format(name=name),
    )


def meeting_buttons(meeting: Meeting) -> tuple[Button, ...]:
    """What can be done with a meeting whose time is known."""
    return (
        Button(_("Move it"), "schedule", str(meeting.pair_id), opens=True),
        Button(_("Cancel it"), "cancel_meeting", str(meeting.id), meeting.version),
    )


def _cancelled_for(
    reader: Person, meeting: Meeting, pair: Pair, uow: UnitOfWork, *, by: Person | None = None
) -> Message:
    return cancelled(meeting, pair, reader, _link(reader, meeting, pair, uow, cancelled=True), by=by)


def cancelled(meeting: Meeting, pair: Pair, reader: Person, link: Link | None, *, by: Person | None = None) -> Message:
    """The meeting is called off. ``by``: the other, to whom it is news."""
    name = pair.other(reader).name
    moment = said_moment(_begins(meeting), ZoneInfo(reader.time_zone))
    if by is not None:
        said = _("{name} cancelled your meeting of {moment}.").format(name=by.name, moment=moment)
    else:
        said = _("Your meeting with {name} of {moment} is cancelled.").format(name=name, moment=moment)
    return Message(
        said,
        (Text(said), *((link,) if link else ()), Buttons((dates.find_a_time(pair),))),
        _("The two of you see this. Leads do not."),
    )


def nothing_to_cancel(meeting: Meeting) -> Message:
    """The meeting has begun, or is logged."""
    said = _("Your meeting of {day} cannot be cancelled any more. Nothing has changed.").format(
        day=said_day(meeting.day)
    )
    return Message(said, (Text(said),), _("Only you see this."))


def details(minutes: int | None, place: str) -> tuple[Block, ...]:
    """How long and where. A place that is an address can be opened."""
    rows = []
    if minutes:
        rows.append((_("Length"), ngettext("{n} minute", "{n} minutes", minutes).format(n=minutes)))
    if place and not _ADDRESS.fullmatch(place):
        rows.append((_("Where"), place))
    link = (Link(place, place),) if _ADDRESS.fullmatch(place) else ()
    return (*((Facts(tuple(rows)),) if rows else ()), *link)


def listed(remarks: Sequence[str]) -> tuple[Block, ...]:
    return (Bullets(tuple(remarks)),) if remarks else ()


def _link(reader: Person, meeting: Meeting, pair: Pair, uow: UnitOfWork, *, cancelled: bool = False) -> Link | None:
    programme = uow.programmes.get(pair.programme_id)
    summary = _("Mentoring with {name}").format(name=pair.other(reader).name)
    description = _(
        "{programme}. To move or cancel it, type schedule to the bot: what you change in your calendar, nobody sees."
    ).format(programme=programme.name)
    event = replace(_event(meeting), summary=summary, description=description)
    return calendar_link(event, programme, uow, cancelled=cancelled)


def _event(meeting: Meeting) -> Dated:
    """The meeting as calendars know it, without words."""
    minutes = meeting.minutes or USUAL_LENGTH
    return Dated(meeting.uid, meeting.sequence, _begins(meeting), minutes, summary="", place=meeting.place)


def _begins(meeting: Meeting) -> datetime:
    if meeting.starts_at is None:
        raise ValueError(f"meeting {meeting.id} has no time")
    return meeting.starts_at


_CALL = replace(SCHEDULED, place="https://video.example/westmarch-4711", sequence=1, version=2)
_BEFORE = datetime(2026, 11, 10, 17, 30, tzinfo=UTC)


def _to_calendar(label: str) -> Link:
    return Link(label, "https://mentoring.westmarch.example/files/bF2uK1xq0mZ7aW9dRt4sYw")


EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    "arranged": lambda: arranged(SCHEDULED, PAIR, MENTEE, _to_calendar(_("Add it to your calendar"))),
    "arranged_in_quiet_time": lambda: arranged(
        SCHEDULED,
        PAIR,
        MENTOR,
        _to_calendar(_("Add it to your calendar")),
        (in_quiet_time(_begins(SCHEDULED), MENTOR),),
    ),
    "arranged_without_a_link": lambda: arranged(SCHEDULED, PAIR, MENTEE, None),
    "moved": lambda: arranged(_CALL, PAIR, MENTEE, _to_calendar(_("Update your calendar")), was_at=_BEFORE),
    "cancelled": lambda: cancelled(SCHEDULED, PAIR, MENTOR, _to_calendar(_("Take it out of your calendar"))),
    "cancelled_by_the_other": lambda: cancelled(SCHEDULED, PAIR, MENTEE, None, by=MENTOR),
    "nothing_to_cancel": lambda: nothing_to_cancel(SCHEDULED),
}
