"""What ``programme.toml`` says of Action Learning Sets: each is an ``[[als]]``, with an ``[[als.session]]`` below it
for each of its sessions."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

from bot.files.findings import Findings, Spot
from bot.files.keys import Key, NotRead, line_of_text, values_of
from bot.files.sheets import tidy
from bot.files.toml_file import Document, flat
from bot.programme.people_files import Listed, PeopleList
from bot.programme.quiet import is_bank_holiday
from bot.programme.sets import FEWEST_MEMBERS, LONGEST, MOST_MEMBERS, SHORTEST, clash
from bot.programme.settings_file import address, told_of, whole_number
from bot.programme.times import ClockChange, on_the_wall

USUAL_LENGTH = 120
"""Minutes of a session."""
LONGEST_PLACE = 200
EARLIEST_HOUR, LATEST_HOUR = 7, 21
"""From the first of these hours, and before the second, nobody wonders that a session begins."""
YEARS = range(1990, 2200)
"""Of sessions: with any of these there is a moment on every clock."""
_WEEKEND = {5: "Saturday", 6: "Sunday"}


@dataclass(frozen=True, slots=True)
class ListedMember:
    """A member of a set, by their address."""

    at: Spot = field(compare=False)
    email: str


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A session. ``starts_at``: in UTC. ``cancelled``: the file says that it does not take place."""

    at: Spot = field(compare=False)
    starts_at: datetime
    minutes: int
    place: str
    cancelled: bool

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From when until when."""
        return self.starts_at, self.starts_at + timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class ListedSet:
    """A set. ``facilitator``: by their address; empty, as the name may be, where a mistake was told about it.
    ``facilitator_at``: where that stands."""

    at: Spot = field(compare=False)
    facilitator_at: Spot = field(compare=False)
    name: str
    facilitator: str
    members: tuple[ListedMember, ...]
    sessions: tuple[ListedSession, ...]

    @property
    def people(self) -> tuple[str, ...]:
        """The addresses of all who are at its sessions."""
        return *filter(None, (self.facilitator,)), *(member.email for member in self.members)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What of the programme its sessions depend on. The days: None where they cannot be told."""

    zone: ZoneInfo
    region: str
    starts_on: date | None
    ends_on: date | None


def read_sets(document: Document, people: PeopleList | None, findings: Findings) -> list[ListedSet] | None:
    """All sets, in the order of the file; None, and mistakes, where not all can be told. ``people``: None where that
    list could not be read."""
    before = findings.count
    frame = _Frame(
        ZoneInfo(told_of(document, "time_zone")),
        told_of(document, "region"),
        told_of(document, "starts_on"),
        told_of(document, "ends_on"),
    )
    sets = [
        _set(f"als.{number}.", entry, frame, document, findings)
        for number, entry in enumerate(_tables(document, "als", document.table.get("als", []), findings))
    ]
    _names_once(sets, findings)
    _everybody_once(sets, findings)
    if people is not None:
        _known(sets, people, findings)
    _one_place_at_a_time(sets, findings)
    return sets if document.whole and findings.count == before else None


# One set


def _tables(document: Document, key: str, given: object, findings: Findings) -> list[dict[str, Any]]:
    """The entries of a list of tables."""
    if isinstance(given, list) and all(isinstance(entry, dict) for entry in given):
        return given
    listed = ".".join(part for part in key.split(".") if not part.isdigit())
    text = f"{listed} is a list: begin each entry with [[{listed}]]"
    if listed == "als" and isinstance(given, dict) and given.keys() == {"session"}:
        key, text = "als.session", "a session stands below its set: begin the set with [[als]] first"
    findings.mistake(document.of(key), "unknown key", text)
    return []


def _emails(value: object) -> list[object]:
    if not isinstance(value, list):
        raise NotRead("no list", 'this is no list of addresses: write it like ["a@h.example", "b@h.example"]')
    return value


def _moment(value: object) -> datetime:
    """A time of day on a day, with a zone or without one."""
    moment = value if isinstance(value, datetime) else None
    if isinstance(value, str) and ":" in value:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
    if moment is None:
        given = str(value)[:40]
        raise NotRead("no time", "{given!r} is no day with a time: write it like 2026-10-07 14:00", given=given)
    if moment.year not in YEARS:
        raise NotRead("no time", "{year} is no year of a session", year=moment.year)
    if moment.second or moment.microsecond:
        given = str(value)[:40]
        raise NotRead("no time", "{given!r} is no whole minute: write it like 2026-10-07 14:00", given=given)
    return moment


def _place(value: object) -> str:
    return "" if value == "" else line_of_text(value, LONGEST_PLACE)


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise NotRead("neither true nor false", "{given!r} is neither true nor false", given=str(value)[:40])
    return value


ALS = {
    "name": Key("name", line_of_text),
    "facilitator": Key("facilitator", address),
    "members": Key("members", _emails),
}
"""Every key of an ``[[als]]`` but its sessions."""

SESSION = {
    "starts_at": Key("starts_at", _moment),
    "minutes": Key("minutes", partial(whole_number, least=SHORTEST, most=LONGEST), USUAL_LENGTH),
    "place": Key("place", _place, ""),
    "cancelled": Key("cancelled", _yes_or_no, usual=False),
}
"""Every key of an ``[[als.session]]``."""


def _set(begin: str, entry: Mapping[str, Any], frame: _Frame, document: Document, findings: Findings) -> ListedSet:
    own = {name: value for name, value in entry.items() if name != "session"}
    given = entry.get("session", [])
    values = values_of(flat(own), ALS, document, begin, findings)
    sessions = [
        session
        for number, each in enumerate(_tables(document, f"{begin}session", given, findings))
        if (session := _session(f"{begin}session.{number}.", each, frame, document, findings)) is not None
    ]
    return ListedSet(
        at=document.of(f"{begin}name"),
        facilitator_at=document.of(f"{begin}facilitator"),
        name=values.get("name", ""),
        facilitator=values.get("facilitator", ""),
        members=tuple(
            _members(f"{begin}members", values["members"], document, findings) if "members" in values else ()
        ),
        sessions=tuple(sessions),
    )


def _members(key: str, given: Sequence[object], document: Document, findings: Findings) -> Iterator[ListedMember]:
    """The members of a set of whom the address can be read, and each of them once."""
    emails: set[str] = set()
    for number, value in enumerate(given):
        at = document.of_text(key, value, given[:number].count(value)) if isinstance(value, str) else document.of(key)
        try:
            email = address(tidy(value) if isinstance(value, str) else value)
        except NotRead as error:
            findings.mistake(at, error.kind, str(error))
            continue
        if email in emails:
            findings.mistake(at, "member twice", f"{email} is listed twice in this set")
            continue
        emails.add(email)
        yield ListedMember(at, email)
    if not FEWEST_MEMBERS <= len(given) <= MOST_MEMBERS:
        text = f"a set has {FEWEST_MEMBERS} to {MOST_MEMBERS} members, and not {len(given)}"
        findings.mistake(document.of(key), "size of a set", text)


def _session(
    begin: str, entry: Mapping[str, Any], frame: _Frame, document: Document, findings: Findings
) -> ListedSession | None:
    own = dict(entry)
    for name in own.keys() & (ALS.keys() - SESSION.keys()):
        text = f"{name} is said of a set: write it above the first [[als.session]] of that set"
        findings.mistake(document.of(begin + name), "key of a set", text)
        del own[name]
    values = values_of(flat(own), SESSION, document, begin, findings)
    at = document.of(f"{begin}starts_at")
    starts_at = _on_the_clock(values["starts_at"], frame, at, findings) if "starts_at" in values else None
    if starts_at is None or len(values) < len(SESSION):
        return None
    session = ListedSession(at, starts_at, values["minutes"], values["place"], values["cancelled"])
    if not session.cancelled:
        _look_twice(session, frame, findings)
    return session


def _on_the_clock(given: datetime, frame: _Frame, at: Spot, findings: Findings) -> datetime | None:
    """The moment, in UTC, that the programme's clock shows like this; None, and a mistake, where there is none within
    the programme."""
    if given.tzinfo is not None:
        moment: datetime | ClockChange = given.astimezone(UTC)
    else:
        moment = on_the_wall(given.date(), given.time(), frame.zone)
    if isinstance(moment, ClockChange):
        _tell_of_the_clocks(moment, given, at, findings)
        return None
    day = moment.astimezone(frame.zone).date()
    if frame.starts_on and day < frame.starts_on:
        findings.mistake(at, "outside the programme", f"{day} is before the programme starts, on {frame.starts_on}")
    elif frame.ends_on and day > frame.ends_on:
        findings.mistake(at, "outside the programme", f"{day} is after the programme ends, on {frame.ends_on}")
    return moment


def _tell_of_the_clocks(change: ClockChange, given: datetime, at: Spot, findings: Findings) -> None:
    what = "back that night, and {} comes twice" if change.comes_twice else "forward that night, and there is no {}"
    text = (
        f"the clocks go {what.format(f'{given:%H:%M}')}: "
        f"give a time before {change.begins:%H:%M}, or {change.ends:%H:%M} or later"
    )
    findings.mistake(at, "clock change", text)


def _look_twice(session: ListedSession, frame: _Frame, findings: Findings) -> None:
    """Warn of times that may be meant, but seldom are."""
    local = session.starts_at.astimezone(frame.zone)
    unusual = []
    if not EARLIEST_HOUR <= local.hour < LATEST_HOUR:
        unusual.append("at night")
    if local.weekday() in _WEEKEND:
        unusual.append(f"on a {_WEEKEND[local.weekday()]}")
    if is_bank_holiday(local.date(), frame.region):
        unusual.append("on a bank holiday")
    if unusual:
        findings.warn(session.at, "unusual time", f"{local:%Y-%m-%d %H:%M} is {' and '.join(unusual)}")


# All sets


def _names_once(sets: Sequence[ListedSet], findings: Findings) -> None:
    names: dict[str, ListedSet] = {}
    for each in sets:
        first = names.setdefault(each.name.casefold(), each)
        if each.name and first is not each:
            findings.mistake(each.at, "set twice", f"a set {each.name!r} is in line {first.at.line} already")


def _everybody_once(sets: Sequence[ListedSet], findings: Findings) -> None:
    """Nobody is in two sets, or facilitates the set that they are in."""
    first: dict[str, tuple[int, ListedMember]] = {}
    for number, each in enumerate(sets):
        for member in each.members:
            set_number, before = first.setdefault(member.email, (number, member))
            if set_number != number:
                text = f"{member.email} is in the set of line {before.at.line} already: nobody is in two"
                findings.mistake(member.at, "member of two sets", text)
            if member.email == each.facilitator:
                text = f"{member.email} facilitates this set, and so is no member of it"
                findings.mistake(member.at, "facilitator and member", text)


def _known(sets: Sequence[ListedSet], people: PeopleList, findings: Findings) -> None:
    """Everybody is in the list of people, members as mentors and facilitators with that duty. Of whom not all can be
    told there, that is said already."""
    known = {person.email: person for person in people.people}

    def person_at(at: Spot, email: str, what: str) -> Listed | None:
        if email and email not in people.addresses:
            findings.mistake(at, f"unknown {what}", f"{email} is not in {people.file}")
        return known.get(email)

    for each in sets:
        facilitator = person_at(each.facilitator_at, each.facilitator, "facilitator")
        if facilitator and "facilitator" not in facilitator.duties:
            text = f"{each.facilitator} is no facilitator in {people.file}: give them that role there"
            findings.mistake(each.facilitator_at, "no facilitator", text)
        for member in each.members:
            person = person_at(member.at, member.email, "member")
            if person and person.role != "mentor":
                text = f"{member.email} is {person.role or 'no mentor'} in {people.file}: sets are for mentors"
                findings.mistake(member.at, "member who is no mentor", text)


def _one_place_at_a_time(sets: Sequence[ListedSet], findings: Findings) -> None:
    """No set meets twice at one time, and nobody has to be at two sessions at once."""
    for each in sets:
        starts: dict[datetime, ListedSession] = {}
        for session in each.sessions:
            first = starts.setdefault(session.starts_at, session)
            if first is not session:
                text = f"the set has a session at this time in line {first.at.line} already"
                findings.mistake(session.at, "session twice", text)
    engaged: defaultdict[str, list[tuple[ListedSession, ListedSet]]] = defaultdict(list)
    for each in sets:
        for email in each.people:
            engaged[email] += ((session, each) for session in each.sessions if not session.cancelled)
    told: set[tuple[int, int]] = set()
    for email, sessions in engaged.items():
        for (one, one_set), (other, other_set) in combinations(sessions, 2):
            same_start = one_set is other_set and one.starts_at == other.starts_at  # that is said already
            if (id(one), id(other)) in told or same_start or not clash(one.span, [other.span]):
                continue
            told.add((id(one), id(other)))
            if one_set is other_set:
                text = f"this and the session in line {one.at.line} overlap"
            else:
                text = f"{email} is at the session in line {one.at.line} then, of {one_set.name!r}"
            findings.mistake(other.at, "two sessions at once", text)
