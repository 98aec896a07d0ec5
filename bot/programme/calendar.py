"""Invitations to dated events, as files that every calendar program reads (RFC 5545, RFC 5546). Pure.

An event keeps its UID for life; each change has a higher SEQUENCE. METHOD is PUBLISH for what takes place and CANCEL
for what does not: REQUEST would need the e-mail addresses of those who are invited, and none goes in without their
consent. Times are in UTC, the one form that means the same everywhere and at every clock change, also in the hour that
comes twice; a calendar shows them in its owner's own zone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from unicodedata import category

from icalendar import CLASS, STATUS, Alarm, Calendar, Event, vCalAddress

ALARMS = (timedelta(days=1), timedelta(hours=1))
"""How long before an event a calendar reminds of it."""

PRODUCT = "-//peermentor//peermentor//EN"

INVITATION = "text/calendar; charset=utf-8; method=PUBLISH"
CANCELLATION = "text/calendar; charset=utf-8; method=CANCEL"
"""The media types of the two kinds of file."""


@dataclass(frozen=True, slots=True)
class Dated:
    """An event on a date, as one person's calendar shows it. ``starts_at``: with its zone. ``uid`` and ``sequence``:
    which event this is, and how many changes it has seen."""

    uid: str
    sequence: int
    starts_at: datetime
    minutes: int
    summary: str
    description: str = ""
    place: str = ""

    @property
    def ends_at(self) -> datetime:
        """When it is over."""
        return self.starts_at.astimezone(UTC) + timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class Organiser:
    """Whom anybody may ask about the event: the programme's contact."""

    name: str
    email: str


def invitation(event: Dated, organiser: Organiser, *, now: datetime) -> bytes:
    """The event takes place like this: a calendar adds it, or changes what it has under this UID. It brings alarms, a
    day and an hour before."""
    entry = _entry(event, organiser, now, STATUS.CONFIRMED)
    for before in ALARMS:
        alarm = Alarm.new(description=_plain(event.summary))
        alarm.add("ACTION", "DISPLAY")
        alarm.add("TRIGGER", -before)
        entry.add_component(alarm)
    return _file(entry, "PUBLISH")


def cancellation(event: Dated, organiser: Organiser, *, now: datetime) -> bytes:
    """The event does not take place: a calendar takes out, or strikes through, what it has under this UID."""
    return _file(_entry(event, organiser, now, STATUS.CANCELLED), "CANCEL")


def _entry(event: Dated, organiser: Organiser, now: datetime, status: STATUS) -> Event:
    address = vCalAddress(f"mailto:{organiser.email}")
    address.params["CN"] = _plain(organiser.name).replace('"', "'")
    return Event.new(
        uid=event.uid,
        sequence=event.sequence,
        stamp=now.astimezone(UTC),
        start=event.starts_at.astimezone(UTC),
        end=event.ends_at,
        summary=_plain(event.summary),
        description=_plain(event.description) or None,
        location=_plain(event.place) or None,
        organizer=address,
        status=status,
        classification=CLASS.PRIVATE,  # calendars at work are often open to colleagues
    )


def _file(entry: Event, method: str) -> bytes:
    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODUCT)
    calendar.add("METHOD", method)
    calendar.add_component(entry)
    content: bytes = calendar.to_ical()
    return content


def _plain(text: str) -> str:
    """The text without the control characters that a calendar file cannot hold; lines are kept."""
    lines = ("".join(c for c in line if c == "\t" or category(c) not in {"Cc", "Cs"}) for line in text.splitlines())
    return "\n".join(lines)
