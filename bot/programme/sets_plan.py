"""What an import would change of Action Learning Sets. Nothing is changed here.

Sets are told apart by their names, whatever their capitals, and sessions by their set and start. Nothing ends because a
file is silent about it: sets and sessions to come that it does not have stay, and are named. What was held, has begun
or was cancelled stays, too.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.files.findings import Findings
from bot.programme.sets import clash
from bot.programme.sets_file import ListedSession, ListedSet

_MEANT_FIRST = ("planned", "held", "cancelled")
"""Which of several sessions with one start is meant: once one is cancelled, another can be planned at its time."""


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as stored. ``starts_at``: in UTC. ``state``: planned, held or cancelled."""

    id: int
    starts_at: datetime
    minutes: int
    place: str
    state: str

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From when until when."""
        return self.starts_at, self.starts_at + timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class StoredSet:
    """A set as stored, with the ids of its people and all its sessions, cancelled ones too."""

    id: int
    name: str
    facilitator: int
    members: frozenset[int]
    sessions: tuple[StoredSession, ...]

    def to_come(self, now: datetime) -> list[StoredSession]:
        """The sessions that are planned and have not begun."""
        return [each for each in self.sessions if each.state == "planned" and each.starts_at > now]


@dataclass(frozen=True, slots=True)
class Known:
    """Who is stored. ``ids``: by the address in the file. ``addresses``: of everybody. ``gone``: who has left."""

    ids: Mapping[str, int]
    addresses: Mapping[int, str]
    gone: frozenset[int]


@dataclass(frozen=True, slots=True)
class SessionsPlan:
    """What is to be done about the sessions of a set. ``missing``: sessions to come that are not in the file. ``late``:
    sessions of which the file says something else, but which have begun. Both stay as they are."""

    added: list[ListedSession]
    changed: list[tuple[StoredSession, ListedSession]]
    cancelled: list[StoredSession]
    unchanged: list[StoredSession]
    missing: list[StoredSession]
    late: list[StoredSession]


@dataclass(frozen=True, slots=True)
class SetPlan:
    """What is to be done about one set in the file. ``stored``: None for a new one. ``old_facilitator``: the id of the
    one whom another follows, else None. ``joining`` and ``leaving``: members, by address and by id."""

    listed: ListedSet
    stored: StoredSet | None
    old_facilitator: int | None
    joining: tuple[str, ...]
    leaving: tuple[int, ...]
    sessions: SessionsPlan

    @property
    def is_another(self) -> bool:
        """Whether the set is new, or has other people or another name than before."""
        renamed = self.stored is None or self.stored.name != self.listed.name
        return renamed or bool(self.old_facilitator or self.joining or self.leaving)

    @property
    def changes_nothing(self) -> bool:
        """Whether all is stored as the file says it."""
        return not (self.is_another or self.sessions.added or self.sessions.changed or self.sessions.cancelled)


@dataclass(frozen=True, slots=True)
class SetsPlan:
    """``missing``: sets that are stored and not in the file; they stay as they are. ``addresses``: of the people who
    are stored, by their ids."""

    sets: tuple[SetPlan, ...]
    missing: tuple[StoredSet, ...]
    addresses: Mapping[int, str]

    @property
    def changes_nothing(self) -> bool:
        """Whether all sets are stored as the file says them."""
        return all(each.changes_nothing for each in self.sets)


NO_SETS = SetsPlan((), (), {})


def plan_sets(
    listed: Sequence[ListedSet], standing: Sequence[StoredSet], known: Known, now: datetime, findings: Findings
) -> SetsPlan:
    """The plan; what cannot be done as the file asks is a mistake."""
    by_name = {stored.name.casefold(): stored for stored in standing}
    named = [(each, by_name.get(each.name.casefold())) for each in listed]
    found = {stored.id for _each, stored in named if stored}
    missing = tuple(stored for stored in standing if stored.id not in found)
    _refuse_others_members(listed, missing, known, findings)
    sets = tuple(
        SetPlan(each, stored, *_plan_people(each, stored, known, findings), _plan_sessions(each, stored, now, findings))
        for each, stored in named
    )
    _refuse_clashes(sets, missing, known, now, findings)
    return SetsPlan(sets, missing, known.addresses)


# People


def _plan_people(
    listed: ListedSet, stored: StoredSet | None, known: Known, findings: Findings
) -> tuple[int | None, tuple[str, ...], tuple[int, ...]]:
    """The facilitator who was another, who joins and who leaves."""
    members = stored.members if stored else frozenset()
    ids = {member.email: known.ids.get(member.email) for member in listed.members}
    joining = []
    for member in listed.members:
        if ids[member.email] in known.gone:
            text = f"{member.email} does not take part any more, and is put into no set"
            findings.warn(member.at, "member who has left", text)
        elif ids[member.email] not in members:
            joining.append(member.email)
    stays = stored is None or stored.facilitator == known.ids.get(listed.facilitator)
    old = None if stays or stored is None else stored.facilitator
    return old, tuple(joining), tuple(sorted(members - set(ids.values())))


def _refuse_others_members(
    listed: Sequence[ListedSet], missing: Sequence[StoredSet], known: Known, findings: Findings
) -> None:
    """Nobody comes into a set from one that stays as it is, because the file does not have it."""
    elsewhere = {member: stored.name for stored in missing for member in stored.members}
    for member in (member for each in listed for member in each.members):
        if name := elsewhere.get(known.ids.get(member.email, 0)):
            text = f"{member.email} is in {name!r}, which is not in the file: a set is known by its name"
            findings.mistake(member.at, "member of another set", text)


# Sessions


def _plan_sessions(listed: ListedSet, stored: StoredSet | None, now: datetime, findings: Findings) -> SessionsPlan:
    plan = SessionsPlan([], [], [], [], [], [])
    meant: dict[datetime, StoredSession] = {}
    for each in sorted(stored.sessions if stored else (), key=lambda each: _MEANT_FIRST.index(each.state)):
        meant.setdefault(each.starts_at, each)
    for session in listed.sessions:
        if before := meant.get(session.starts_at):
            _plan_known(session, before, now, plan, findings)
        else:
            _plan_new(session, now, plan, findings)
    starts = {session.starts_at for session in listed.sessions}
    plan.missing.extend(each for each in (stored.to_come(now) if stored else ()) if each.starts_at not in starts)
    for session in plan.added if plan.missing else ():
        text = (
            "this session is new, while one that is planned is not in the file and stays: if the set has only moved "
            "that one, write its new time here"
        )
        findings.warn(session.at, "moved or new", text)
    return plan


def _plan_known(
    session: ListedSession, before: StoredSession, now: datetime, plan: SessionsPlan, findings: Findings
) -> None:
    differs = session.cancelled or (session.minutes, session.place) != (before.minutes, before.place)
    if before.state == "cancelled":
        plan.unchanged.append(before)
        if not session.cancelled:
            text = "this session was cancelled, and a file cannot call it back; in the chat another can be planned"
            findings.warn(session.at, "cancelled session", text)
    elif before.state == "held" or before.starts_at <= now:
        (plan.late if differs else plan.unchanged).append(before)
    elif session.cancelled:
        plan.cancelled.append(before)
    elif differs:
        plan.changed.append((before, session))
    else:
        plan.unchanged.append(before)


def _plan_new(session: ListedSession, now: datetime, plan: SessionsPlan, findings: Findings) -> None:
    if session.cancelled:
        text = "no session is known at this time, so there is none to cancel"
        findings.warn(session.at, "nothing to cancel", text)
        return
    plan.added.append(session)
    if session.starts_at <= now:
        text = "this session is past: nobody is asked to it, and its register waits for the facilitator under /als"
        findings.warn(session.at, "past session", text)


def _refuse_clashes(
    sets: Sequence[SetPlan], missing: Sequence[StoredSet], known: Known, now: datetime, findings: Findings
) -> None:
    """Nobody has to be at a session that stays as it is, because the file does not have it, and at one that is new, is
    longer or has other people now."""
    staying: defaultdict[int, list[tuple[StoredSession, str]]] = defaultdict(list)
    for stored in missing:
        for person in (stored.facilitator, *stored.members):
            staying[person] += ((session, stored.name) for session in stored.to_come(now))
    for each in sets:
        for person in _ids(each, known):
            staying[person] += ((session, each.listed.name) for session in each.sessions.missing)
    for each in sets:
        fresh = [*each.sessions.added, *(session for _before, session in each.sessions.changed)]
        if each.is_another:
            fresh = [session for session in each.listed.sessions if not session.cancelled]
        people = _ids(each, known)
        for session in (session for session in fresh if session.starts_at > now):
            in_the_way = [one for person in people for one in staying[person] if clash(session.span, [one[0].span])]
            if in_the_way:
                other, name = in_the_way[0]
                text = (
                    f"{name!r} has a session then that is not in the file, of {other.minutes} minutes from "
                    f"{other.starts_at:%Y-%m-%d %H:%M} UTC, and stays: say of it that it is cancelled, or move it"
                )
                findings.mistake(session.at, "two sessions at once", text)


def _ids(plan: SetPlan, known: Known) -> Collection[int]:
    """All who are stored of those who are at the sessions of a set."""
    return {known.ids[email] for email in plan.listed.people if email in known.ids}
