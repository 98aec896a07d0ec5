"""What ``people.csv`` and ``pairs.csv`` say."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from bot.files.findings import Findings, Spot
from bot.files.keys import NotRead, line_of_text
from bot.files.sheets import Row, read_sheet
from bot.programme.pairs import work_together
from bot.programme.settings_file import address, is_address, region, zone

PEOPLE_COLUMNS = ("name", "email", "accounts", "organisation", "region", "grade", "role", "time_zone", "profile")
PAIR_COLUMNS = ("mentor_email", "mentee_email")

ROLES = ("mentor", "mentee", "control")
DUTIES = ("lead", "selector", "facilitator", "senior support")
_ALL_ROLES = ", ".join((*ROLES, *DUTIES))
LONGEST_PROFILE = 600
FEWEST_SENIORS = 2

Account = tuple[str, str, str]
"""Platform, workspace or tenant, and the user's id there."""

_GUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_SLACK = re.compile(r"slack:([TE][A-Z0-9]{2,20})/([UW][A-Z0-9]{2,20})", re.ASCII)
_TEAMS = re.compile(rf"teams:({_GUID})/({_GUID})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Listed:
    """A person on the list. ``role``: mentor, mentee or control; empty for who has duties only."""

    row: Row = field(compare=False)
    name: str
    email: str
    accounts: tuple[Account, ...]
    organisation: str
    region: str
    grade: str
    role: str
    duties: frozenset[str]
    time_zone: str
    profile: str


@dataclass(frozen=True, slots=True)
class PeopleList:
    """Everybody in a file of whom all can be told. ``addresses``: also of those of whom it cannot."""

    file: str
    people: list[Listed]
    addresses: frozenset[str]


@dataclass(frozen=True, slots=True)
class ListedPair:
    """A pair on the list, by the addresses of the two."""

    row: Row = field(compare=False)
    mentor: str
    mentee: str


def read_people(file: str, raw: bytes, *, time_zone: str, region: str, findings: Findings) -> PeopleList | None:
    """Everybody on the list, with mistakes for those of whom not all can be told; None where it cannot be read.

    ``time_zone`` and ``region``: those of the programme, for people who have none of their own.
    """
    rows = read_sheet(file, raw, PEOPLE_COLUMNS, findings)
    if rows is None:
        return None
    usual = {"time_zone": time_zone, "region": region}
    people = [person for row in rows if (person := _person(row, usual, findings)) is not None]
    _only_once(rows, people, findings)
    _enough(Spot(file), rows, people, findings)
    return PeopleList(file, people, frozenset(row.cells["email"].lower() for row in rows))


def read_pairs(file: str, raw: bytes, people: PeopleList | None, findings: Findings) -> list[ListedPair]:
    """Every pair on the list of whom both can be told, with mistakes for the others. ``people``: None where that list
    could not be read."""
    known = {person.email: person for person in people.people} if people else {}
    pairs: dict[tuple[str, str], ListedPair] = {}
    for row in read_sheet(file, raw, PAIR_COLUMNS, findings) or ():
        mentor = _one_of_pair(row, "mentor", known, people, findings)
        mentee = _one_of_pair(row, "mentee", known, people, findings)
        if (mentor, mentee) in pairs:
            before = pairs[mentor, mentee].row.line
            findings.mistake(row.spot(), "pair twice", f"this pair is in line {before} already")
        elif mentor and mentee:
            pairs[mentor, mentee] = ListedPair(row, mentor, mentee)
    _look_twice(list(pairs.values()), known, findings)
    return list(pairs.values())


# One person


def _person(row: Row, usual: Mapping[str, str], findings: Findings) -> Listed | None:
    cells = {column: cell or usual.get(column, "") for column, cell in row.cells.items()}
    try:
        return Listed(row, *[read(cells[column]) for column, read in _READERS])
    except NotRead:
        for column, error in _mistakes(cells).items():
            findings.mistake(row.spot(column), error.kind, str(error))
        return None


def read_form(cells: dict[str, str]) -> Listed | dict[str, NotRead]:
    """A person as a form has them; what is wrong, by column, where not all of it can be told."""
    if wrong := _mistakes(cells):
        return wrong
    return Listed(Row("", 0, cells, {}), *[read(cells[column]) for column, read in _READERS])


def _mistakes(cells: Mapping[str, str]) -> dict[str, NotRead]:
    wrong: dict[str, NotRead] = {}
    for column, read in dict(_READERS).items():
        try:
            read(cells[column])
        except NotRead as error:
            wrong[column] = error
    return wrong


def _or_blank(read: Callable[[str], str]) -> Callable[[str], str]:
    return lambda cell: read(cell) if cell else ""


def _profile(cell: str) -> str:
    if len(cell) > LONGEST_PROFILE:
        raise NotRead(
            "too long",
            "{count} characters are too many for a profile: at most {most}",
            count=len(cell),
            most=LONGEST_PROFILE,
        )
    return cell


def _accounts(cell: str) -> tuple[Account, ...]:
    accounts: list[Account] = []
    for text in cell.split():
        if found := _SLACK.fullmatch(text):
            accounts.append(("slack", found[1], found[2]))
        elif found := _TEAMS.fullmatch(text):
            accounts.append(("teams", found[1].lower(), found[2].lower()))
        else:
            raise NotRead(
                "bad account",
                "{given!r} is no account: write slack:T123/U456 or teams:<tenant>/<object id>",
                given=text[:80],
            )
    return tuple(dict.fromkeys(accounts))


def _role(cell: str) -> str:
    return _role_and_duties(cell)[0]


def _duties(cell: str) -> frozenset[str]:
    return _role_and_duties(cell)[1]


def _role_and_duties(cell: str) -> tuple[str, frozenset[str]]:
    words = [" ".join(word.lower().split()) for word in re.split(r"[;,\n]", cell)]
    given = [word for word in words if word]
    for word in given:
        if word not in (*ROLES, *DUTIES):
            raise NotRead("unknown role", "{given!r} is none of {known}", given=word[:40], known=_ALL_ROLES)
    roles = sorted(set(given) & set(ROLES))
    duties = frozenset(given) & frozenset(DUTIES)
    if not given:
        raise NotRead("no role", "a role is missing: one or more of {known}", known=_ALL_ROLES)
    if len(roles) > 1:
        raise NotRead("two roles", "nobody is {one} and {other} in one programme", one=roles[0], other=roles[1])
    if {"lead", "senior support"} <= duties:
        raise NotRead("lead and senior support", "senior support is never a lead: people must be free to talk to them")
    return "".join(roles), duties


_READERS: tuple[tuple[str, Callable[[str], Any]], ...] = (
    ("name", line_of_text),
    ("email", address),
    ("accounts", _accounts),
    ("organisation", lru_cache(_or_blank(line_of_text))),
    ("region", lru_cache(region)),
    ("grade", lru_cache(_or_blank(line_of_text))),
    ("role", lru_cache(_role)),
    ("role", lru_cache(_duties)),
    ("time_zone", lru_cache(zone)),
    ("profile", _profile),
)
"""How the cell of a column is read, in the order of Listed. What many people have in common is read once."""


# Everybody


def _only_once(rows: Sequence[Row], people: Sequence[Listed], findings: Findings) -> None:
    addresses: dict[str, int] = {}
    for row in rows:
        email = row.cells["email"].lower()
        line = addresses.setdefault(email, row.line)
        if line != row.line and is_address(email):
            findings.mistake(row.spot("email"), "address twice", f"{email} is in line {line} already")
    accounts: dict[Account, int] = {}
    for person in people:
        for account in person.accounts:
            line = accounts.setdefault(account, person.row.line)
            if line != person.row.line:
                text = f"the account {account[0]}:{account[1]}/{account[2]} is in line {line} already"
                findings.mistake(person.row.spot("accounts"), "account twice", text)


def _enough(at: Spot, rows: Sequence[Row], people: Sequence[Listed], findings: Findings) -> None:
    """A programme needs a lead, and should have two seniors of different organisations. What a row that cannot be read
    says of its role still counts."""
    if not any("lead" in row.cells["role"].lower() for row in rows):
        findings.mistake(at, "no lead", "nobody is a lead: give at least one person the role lead")
    seniors = [person for person in people if "senior support" in person.duties]
    listed = sum("senior support" in row.cells["role"].lower() for row in rows)
    if listed < FEWEST_SENIORS:
        findings.warn(at, "few seniors", f"senior support: {listed}; people should have a choice of two or more")
    elif listed == len(seniors) and len({person.organisation.casefold() for person in seniors}) < FEWEST_SENIORS:
        findings.warn(at, "few seniors", "all senior support is of one organisation; people should have a choice")


# Pairs


def _one_of_pair(
    row: Row, role: str, known: Mapping[str, Listed], people: PeopleList | None, findings: Findings
) -> str:
    """The address of the mentor or the mentee; empty, and a mistake, where there is no such person."""
    column = f"{role}_email"
    try:
        email = address(row.cells[column])
    except NotRead as error:
        findings.mistake(row.spot(column), error.kind, str(error))
        return ""
    if people is None:
        return email
    if email not in known:
        if email not in people.addresses:  # else there is a mistake about that person already
            findings.mistake(row.spot(column), f"unknown {role}", f"{email} is not in {people.file}")
        return ""
    actual = known[email].role
    if actual != role:
        text = f"{email} is {actual or 'neither mentor nor mentee'} in {people.file}, not {role}"
        findings.mistake(row.spot(column), f"no {role}", text)
        return ""
    return email


def _look_twice(pairs: Sequence[ListedPair], known: Mapping[str, Listed], findings: Findings) -> None:
    """Warn of what may be meant, but seldom is."""
    of_mentee: dict[str, list[int]] = defaultdict(list)
    for pair in pairs:
        of_mentee[pair.mentee].append(pair.row.line)
        if len(of_mentee[pair.mentee]) > 1:
            text = f"{pair.mentee} is mentee in line {of_mentee[pair.mentee][0]}, too"
            findings.warn(pair.row.spot("mentee_email"), "mentee of two pairs", text)
        if pair.mentor in known and pair.mentee in known:
            mentor, mentee = known[pair.mentor].organisation, known[pair.mentee].organisation
            if work_together(mentor, mentee):
                findings.warn(pair.row.spot(), "pair of one organisation", f"both work at {mentor}")
