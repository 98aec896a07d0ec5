"""Calendar files as others see them: read by a parser that had no part in writing them, held against the rules of
RFC 5545 and RFC 5546, and followed as a calendar program follows them."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import vobject

ALARMS = {timedelta(days=-1), timedelta(hours=-1)}
ONCE = ("UID", "DTSTAMP", "SEQUENCE", "ORGANIZER", "DTSTART", "SUMMARY", "STATUS")
"""What the bot's events have exactly once: what both methods ask for, and what it adds itself."""

_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as it was read."""

    method: str
    uid: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str
    place: str
    status: str
    organiser: str
    alarms: frozenset[timedelta]


def read(content: bytes) -> Entry:
    """The event of a calendar file."""
    calendar = vobject.readOne(content.decode())
    event = calendar.vevent
    return Entry(
        method=calendar.method.value,
        uid=event.uid.value,
        sequence=int(event.sequence.value),
        stamp=event.dtstamp.value,
        starts_at=event.dtstart.value,
        ends_at=event.dtend.value,
        summary=event.summary.value,
        description=_value(event, "description"),
        place=_value(event, "location"),
        status=event.status.value,
        organiser=event.organizer.value,
        alarms=frozenset(alarm.trigger.value for alarm in event.contents.get("valarm", [])),
    )


def broken_rules(content: bytes, *, organiser: str) -> list[str]:
    """The rules that a file breaks. ``organiser``: the one e-mail address that may be in it."""
    broken = []
    text = content.decode()
    if "\n" in text.replace("\r\n", "") or "\r" in text.replace("\r\n", "") or not text.endswith("\r\n"):
        broken.append("lines end with CRLF")
    if any(len(line) > 75 for line in content.split(b"\r\n")):
        broken.append("no line is longer than 75 octets")
    lines = re.sub(r"\r\n[ \t]", "", text).split("\r\n")[:-1]
    names = [re.split("[:;]", line, maxsplit=1)[0] for line in lines]
    if lines[:1] != ["BEGIN:VCALENDAR"] or lines[-1:] != ["END:VCALENDAR"] or lines.count("BEGIN:VEVENT") != 1:
        broken.append("one event in one calendar")
    if "VERSION:2.0" not in lines or names.count("PRODID") != 1 or names.count("METHOD") != 1:
        broken.append("VERSION, PRODID and METHOD")
    broken += [f"{name} once" for name in ONCE if names.count(name) != 1]
    broken += [f"no {name}" for name in ("ATTENDEE", "REQUEST-STATUS") if name in names]
    if not any(re.fullmatch(r"DTSTAMP:\d{8}T\d{6}Z", line) for line in lines):
        broken.append("DTSTAMP in UTC")
    if set(_ADDRESS.findall("\n".join(lines))) - {organiser}:
        broken.append("no address but the organiser's")
    return broken or _rules_of_method(read(content), names, organiser)


def _rules_of_method(entry: Entry, names: list[str], organiser: str) -> list[str]:
    broken = []
    if entry.organiser != f"mailto:{organiser}":
        broken.append("the organiser is the programme's contact")
    if entry.sequence < 0 or entry.ends_at <= entry.starts_at or not entry.uid:
        broken.append("a UID, a SEQUENCE from 0 and an end after the start")
    match entry.method:
        case "PUBLISH":
            if entry.status != "CONFIRMED" or entry.alarms != ALARMS or names.count("TRIGGER") != 2:
                broken.append("confirmed, with an alarm a day and one an hour before")
        case "CANCEL":
            if entry.status != "CANCELLED" or "TRIGGER" in names:
                broken.append("cancelled, without alarms")
        case _:
            broken.append("METHOD is PUBLISH or CANCEL")
    return broken


@dataclass
class CalendarProgram:
    """Somebody's calendar: what it holds by UID after the files that were opened in it, in whatever order."""

    events: dict[str, Entry] = field(default_factory=dict)
    gone: dict[str, Entry] = field(default_factory=dict)

    def open(self, content: bytes) -> None:
        """Take a file in, as RFC 5546 (2.1.5) asks: what is older than what is known is ignored."""
        entry = read(content)
        known = self.events.get(entry.uid) or self.gone.get(entry.uid)
        if known is not None and (entry.sequence, entry.stamp) < (known.sequence, known.stamp):
            return
        self.events.pop(entry.uid, None)
        self.gone.pop(entry.uid, None)
        (self.gone if entry.method == "CANCEL" else self.events)[entry.uid] = entry


def _value(event: Any, name: str) -> str:
    return event.contents[name][0].value if name in event.contents else ""
