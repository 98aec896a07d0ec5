"""What an import would change: what the files say, against what is stored. Nothing is changed here.

People are told apart by their e-mail address; where that is new, by an account of theirs that is stored.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime

from bot.files.findings import Findings
from bot.programme.people_files import Account, Listed, ListedPair, PeopleList
from bot.programme.sets_file import ListedSet
from bot.programme.sets_plan import NO_SETS, Known, SetsPlan, StoredSet, plan_sets
from bot.programme.settings_file import Research, Settings

LONGEST_SHOWN = 60
"""Characters of a text that is shown as it was and as it will be."""


OF_RESEARCH = tuple(each.name.replace("_", " ") for each in fields(Research))
"""What a change of the research copy is about."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A person as stored. ``state``: invited, joined, declined or left; empty for who has no part. ``in_pair``: the
    person is one of a pair."""

    id: int
    name: str
    email: str
    accounts: frozenset[Account]
    organisation: str
    region: str
    grade: str
    role: str
    duties: frozenset[str]
    time_zone: str
    profile: str
    state: str
    in_pair: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """All that is stored. ``settings``: None before the first import. ``is_promised``: a wave has opened, so that
    people have answered on the strength of how results are told. ``pairs``: the ids of mentor and mentee."""

    settings: Settings | None = None
    people: Sequence[Stored] = ()
    pairs: frozenset[tuple[int, int]] = frozenset()
    sets: Sequence[StoredSet] = ()
    is_promised: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is said differently now."""

    what: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.what}: {_short(self.before)} -> {_short(self.after)}"


@dataclass(frozen=True, slots=True)
class Changed:
    """A person of whom something is said differently."""

    before: Stored
    after: Listed
    changes: tuple[Change, ...]

    @property
    def has_another_role(self) -> bool:
        """Whether the person had a part and has another one now."""
        return bool(self.before.role) and self.before.role != self.after.role

    @property
    def can_be_welcomed_now(self) -> bool:
        """Whether it is new that the person has a part and an account."""
        has_part_now = bool(self.after.role) and not self.before.role
        has_account_now = bool(self.after.accounts) and not self.before.accounts
        return has_part_now or (has_account_now and self.before.state == "invited")


@dataclass(frozen=True, slots=True)
class PeoplePlan:
    """``missing``: people who are stored and not in the file; they stay as they are."""

    added: list[Listed]
    changed: list[Changed]
    unchanged: list[Stored]
    missing: list[Stored]


@dataclass(frozen=True, slots=True)
class PairsPlan:
    """``missing``: as for people, as pairs of addresses."""

    added: list[ListedPair]
    unchanged: int
    missing: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done. ``changes``: of the programme itself and its services. ``is_new``: there was none before."""

    settings: Settings
    is_new: bool
    changes: tuple[Change, ...]
    people: PeoplePlan
    pairs: PairsPlan
    sets: SetsPlan

    @property
    def changes_nothing(self) -> bool:
        """Whether everything is stored as the files say it."""
        people = self.people.added or self.people.changed or self.pairs.added
        return not (self.is_new or self.changes or people) and self.sets.changes_nothing


def plan_import(
    settings: Settings,
    people: PeopleList,
    pairs: Sequence[ListedPair] | None,
    sets: Sequence[ListedSet] | None,
    standing: Standing,
    *,
    now: datetime,
    findings: Findings,
) -> Plan:
    """The plan; what cannot be done as the files ask is a mistake. ``pairs``: None where no such file was given.
    ``sets``: None where not all could be told, and nothing is planned of them."""
    known = _recognised(people, standing, findings)
    before = standing.settings
    if before is not None and before.name != settings.name:
        text = f"the database holds {before.name!r}, whose name a file cannot change; another programme needs its own"
        findings.mistake(settings.named_at, "another programme", text)
    if before is not None and settings.research is None:
        settings = replace(settings, research=before.research)  # to leave it out destroys nothing: leads can do that
    if before is not None and standing.is_promised:
        _as_promised(settings, before, findings)
    planned_sets = NO_SETS
    if sets is not None:
        planned_sets = plan_sets(sets, standing.sets, _known_to_sets(known, standing), now, findings)
        _refuse_to_leave_sets_alone(people, known, planned_sets.missing, findings)
    return Plan(
        settings=settings,
        is_new=before is None,
        changes=changes_of_settings(before, settings) if before else (),
        people=_plan_people(people, known, standing, findings),
        pairs=_plan_pairs(pairs, known, standing) if pairs is not None else PairsPlan([], len(standing.pairs), []),
        sets=planned_sets,
    )


# The programme


def _as_promised(after: Settings, before: Settings, findings: Findings) -> None:
    """What people have answered on the strength of stays as it is."""
    if before.disclosure != after.disclosure:
        text = f"people have answered on the strength of {before.disclosure!r}, so it stays"
        findings.mistake(after.disclosure_at, "promised", text)
    if before.research != after.research:
        text = "a check-in or questionnaire has opened, so the research copy stays as it is; a lead can give it up"
        findings.mistake(after.research_at, "promised", text)


def changes_of_settings(before: Settings, after: Settings) -> tuple[Change, ...]:
    """What is said differently of the programme."""
    changes = [
        Change(name.replace("_", " "), _said(getattr(before, name)), _said(getattr(after, name)))
        for name in (
            each.name for each in fields(Settings) if each.compare and each.name not in {"services", "research"}
        )
        if getattr(before, name) != getattr(after, name)
    ]
    was, will_be = _research(before), _research(after)
    changes += [
        Change(name, was.get(name, ""), will_be.get(name, ""))
        for name in was | will_be
        if was.get(name) != will_be.get(name)
    ]
    old, new = _services(before), _services(after)
    changes += [
        Change(f"support, {service}", old.get(service, ""), new.get(service, ""))
        for service in sorted(old.keys() | new.keys())
        if old.get(service) != new.get(service)
    ]
    return tuple(changes)


def _research(settings: Settings) -> dict[str, str]:
    plan = asdict(settings.research) if settings.research else {}
    return {name.replace("_", " "): str(value) for name, value in plan.items()}


def _said(value: object) -> str:
    return "" if value is None else str(value)


def _services(settings: Settings) -> dict[str, str]:
    return {f"{each.name} ({each.nation})": f"{each.reach}, checked {each.checked_on}" for each in settings.services}


# People


def _recognised(people: PeopleList, standing: Standing, findings: Findings) -> dict[str, Stored]:
    """Those in the file who are stored, by the address in the file."""
    by_address = {stored.email: stored for stored in standing.people}
    by_account = {account: stored for stored in standing.people for account in stored.accounts}
    listed = {person.email for person in people.people}
    known: dict[str, Stored] = {}
    for person in people.people:
        owners = {by_account[account].id: by_account[account] for account in person.accounts if account in by_account}
        stored = by_address.get(person.email)
        if stored is None and len(owners) == 1:
            (owner,) = owners.values()
            stored = owner if owner.email not in listed else None
        for owner in owners.values():
            if stored is None or owner.id != stored.id:
                text = f"an account here is that of {owner.name} ({owner.email})"
                findings.mistake(person.row.spot("accounts"), "account of somebody else", text)
        if stored is not None:
            known[person.email] = stored
    return known


def _plan_people(people: PeopleList, known: Mapping[str, Stored], standing: Standing, findings: Findings) -> PeoplePlan:
    plan = PeoplePlan([], [], [], [])
    for person in people.people:
        stored = known.get(person.email)
        if stored is None:
            plan.added.append(person)
        elif changes := changes_of_person(stored, person):
            plan.changed.append(Changed(stored, person, changes))
            _refuse_another_part(stored, person, findings)
        else:
            plan.unchanged.append(stored)
    found = {stored.id for stored in known.values()}
    plan.missing.extend(stored for stored in standing.people if stored.id not in found)
    leads = [person for person in people.people if "lead" in person.duties]
    if leads and not any(lead.accounts or (lead.email in known and known[lead.email].accounts) for lead in leads):
        text = "no lead has an account: give that of one, who can then confirm everybody else's"
        findings.mistake(leads[0].row.spot("accounts"), "no lead with an account", text)
    return plan


def changes_of_person(stored: Stored, person: Listed) -> tuple[Change, ...]:
    """What is said differently of a person."""
    same_words = ("name", "email", "organisation", "region", "grade", "role", "time_zone", "profile")
    changes = [
        Change(column, getattr(stored, column), getattr(person, column))
        for column in same_words
        if getattr(stored, column) != getattr(person, column)
    ]
    if stored.duties != person.duties:
        changes.append(Change("duties", ", ".join(sorted(stored.duties)), ", ".join(sorted(person.duties))))
    new = [f"{platform}:{tenant}/{user}" for platform, tenant, user in set(person.accounts) - stored.accounts]
    if new:
        changes.append(Change("accounts", "", " ".join(sorted(new))))
    return tuple(changes)


def may_become(stored: Stored, role: str) -> bool:
    """Whether a person can be given this role: who has said yes or no, or is one of a pair, did so as what they are."""
    if not stored.role or stored.role == role:
        return True
    return bool(role) and stored.state == "invited" and not stored.in_pair


def _refuse_another_part(stored: Stored, person: Listed, findings: Findings) -> None:
    """A file cannot make people what they cannot become any more."""
    if may_become(stored, person.role):
        return
    as_what = f"{stored.role}, and {'one of a pair' if stored.in_pair else stored.state}"
    text = f"{stored.name} is {as_what}: a file cannot change that to {person.role or 'no part'}"
    findings.mistake(person.row.spot("role"), "another role", text)


# Pairs


def _plan_pairs(pairs: Sequence[ListedPair], known: Mapping[str, Stored], standing: Standing) -> PairsPlan:
    def stored_ids(pair: ListedPair) -> tuple[int, int] | None:
        mentor, mentee = known.get(pair.mentor), known.get(pair.mentee)
        return (mentor.id, mentee.id) if mentor and mentee else None

    found = {ids for pair in pairs if (ids := stored_ids(pair)) in standing.pairs}
    addresses = {stored.id: stored.email for stored in standing.people}
    return PairsPlan(
        added=[pair for pair in pairs if stored_ids(pair) not in found],
        unchanged=len(found),
        missing=[(addresses[mentor], addresses[mentee]) for mentor, mentee in sorted(standing.pairs - found)],
    )


# Sets


def _known_to_sets(known: Mapping[str, Stored], standing: Standing) -> Known:
    return Known(
        ids={email: stored.id for email, stored in known.items()},
        addresses={stored.id: stored.email for stored in standing.people},
        gone=frozenset(stored.id for stored in standing.people if stored.state == "left"),
    )


def _refuse_to_leave_sets_alone(
    people: PeopleList, known: Mapping[str, Stored], staying: Sequence[StoredSet], findings: Findings
) -> None:
    """A set that stays, because the file does not have it, keeps its facilitator, and mentors as its members."""
    facilitated: defaultdict[int, list[str]] = defaultdict(list)
    for each in staying:
        facilitated[each.facilitator].append(each.name)
    set_of = {member: each.name for each in staying for member in each.members}
    for person in people.people:
        stored = known.get(person.email)
        if stored is None:
            continue
        if stored.id in facilitated and "facilitator" not in person.duties:
            names = ", ".join(map(repr, facilitated[stored.id]))
            text = f"{stored.name} facilitates {names}: give it another facilitator before this duty ends"
            findings.mistake(person.row.spot("role"), "facilitator of a set", text)
        if stored.id in set_of and person.role not in {stored.role, "mentor"}:
            text = f"{stored.name} is in the set {set_of[stored.id]!r}, which is for mentors: take them out first"
            findings.mistake(person.row.spot("role"), "member of a set", text)


def _short(text: str) -> str:
    one_line = " ".join(text.split()) or "nothing"
    return one_line if len(one_line) <= LONGEST_SHOWN else f"{one_line[: LONGEST_SHOWN - 1]}…"
