"""What the database says: whether it can be used, and what is in the programme that it holds."""

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.handlers import openings
from bot.platforms.health import Finding, fine, look, wrong
from storage import places
from storage.inspection import Facts
from storage.keys import belongs_to_programme
from storage.records import Account, Conversation, Person, Programme
from storage.unit_of_work import UnitOfWork

OLDEST_POSTGRES = 15
LITTLE, VERY_LITTLE = 1 << 30, 100 << 20
"""Bytes free beside the database."""
CHECKED_WITHIN = timedelta(days=365)
OVER_A_NETWORK = re.compile(r"nfs|cifs|smb|afs|ceph|gluster|lustre|fuse\.sshfs|9p")
"""File systems on which SQLite's locks cannot be relied on."""
NEEDS_KEYS = frozenset({"open", "closing"})
"""States of a wave whose answers are still sealed."""


@dataclass(frozen=True, slots=True)
class Leads:
    """The leads of a programme: each with their accounts; and their channel, None where there is none."""

    people: Sequence[tuple[Person, tuple[Account, ...]]]
    channel: Conversation | None
    has_begun: bool


def database(facts: Facts, mounts: str) -> list[Finding]:
    """The server or file, and its tables. ``mounts``: the text of ``/proc/self/mountinfo``, empty where there is
    none."""
    return [_kind(facts), *_tables(facts), *(_file(facts, facts.folder, mounts) if facts.folder else [])]


def _kind(facts: Facts) -> Finding:
    major, minor = facts.version
    if facts.kind == "PostgreSQL" and major < OLDEST_POSTGRES:
        return wrong(f"PostgreSQL is {major}.{minor}", f"Use PostgreSQL {OLDEST_POSTGRES} or newer.")
    if facts.kind == "SQLite" and not facts.journal:
        return look(f"there is no file of SQLite's ({major}.{minor}) yet", "The bot, or an import, makes it.")
    return fine(f"the database answers: {facts.kind} {major}.{minor}")


def _tables(facts: Facts) -> list[Finding]:
    if facts.revision is None and facts.kind == "SQLite" and not facts.journal:
        return []
    if facts.revision is None:
        return [look("there are no tables yet", "The bot, or an import, makes them.")]
    if not facts.is_known:
        to_do = "Run that version, or go back to a backup from before: this one cannot read what it does not know."
        return [wrong("the tables were made by a newer version of the bot", to_do)]
    if facts.revision != facts.newest:
        to_do = "Make a backup: the bot brings them up to date when it starts."
        return [look(f"the tables are of revision {facts.revision}, the newest is {facts.newest}", to_do)]
    return [fine(f"the tables are of the newest revision, {facts.newest}")]


def _file(facts: Facts, folder: Path, mounts: str) -> list[Finding]:
    found = []
    if facts.journal and facts.journal != "wal":
        found.append(look(f"SQLite writes in {facts.journal} mode", "The bot sets WAL mode when it starts."))
    if not folder.is_dir():
        return [*found, wrong("the directory of DATABASE_URL is not there", "Make it, or mend DATABASE_URL.")]
    free = shutil.disk_usage(folder).free
    if free < LITTLE:
        say = wrong if free < VERY_LITTLE else look
        found.append(say(f"{free / (1 << 20):,.0f} MB are free beside the database", "Make room on that disk."))
    else:
        found.append(fine(f"{free / (1 << 30):,.0f} GB are free beside the database"))
    system = file_system(folder.resolve(), mounts)
    if OVER_A_NETWORK.match(system):
        to_do = "Put it on a disk of this machine, or use PostgreSQL: two writers there can destroy it."
        found.append(wrong(f"SQLite's file is on a network file system ({system})", to_do))
    return found


def file_system(folder: Path, mounts: str) -> str:
    """The type of file system that a directory is on; empty where that cannot be told."""
    best, system = -1, ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) > 4 and after:  # noqa: PLR2004 - the mount point is the fifth field
            point = Path(fields[4].replace("\\040", " "))
            if folder.is_relative_to(point) and len(point.parts) >= best:
                best, system = len(point.parts), after.split()[0]
    return system


def keys(kept: set[str], waves: Mapping[str, str], of_programme: set[str]) -> list[Finding]:
    """Whether the keys that are kept are those that are needed. ``waves``: the names of the keys of all waves whose
    keys are not destroyed, with the state of the wave. ``of_programme``: those for consents and the research copy."""
    needed = {name for name, state in waves.items() if state in NEEDS_KEYS}
    found = []
    if lost := needed - kept:
        to_do = "Put the place of the keys back as it was. Without them nobody can open what was answered."
        found.append(wrong(f"the keys of {_count(len(lost), 'open check-in')} are not there", to_do))
    elif needed:
        found.append(fine(f"the keys of {_count(len(needed), 'open check-in')} are there"))
    if of_programme - kept:
        to_do = (
            "Put the place of the keys back as it was. Without it nobody is known to have agreed: nothing is told "
            "exactly, and a research copy can be neither taken back nor handed over."
        )
        found.append(wrong("the key by which consents are known is not there", to_do))
    if strange := {name for name in kept - waves.keys() if not belongs_to_programme(name)}:
        to_do = (
            "They may be of another database, or left by a restored backup. If they are still there in an hour and no "
            "other bot keeps its keys in this place, delete them."
        )
        found.append(look(f"{_count(len(strange), 'key')} of no check-in", to_do))
    return found


def of_leads(uow: UnitOfWork) -> Leads | None:
    """Who leads, and where; None where there is no programme."""
    current = uow.programmes.current()
    if current is None:
        return None
    people = [(person, uow.people.accounts_of(person.id)) for person in uow.people.with_duty(current.id, "lead")]
    return Leads(people, uow.places.find(places.leads(current)), current.starts_on <= _today(current, uow))


def programme(uow: UnitOfWork) -> list[Finding]:
    """What the programme holds, and what it lacks."""
    current = uow.programmes.current()
    if current is None:
        return [look("there is no programme yet", 'Bring one by "peermentor programme import".')]
    if current.is_demo:
        return [wrong("DATABASE_URL is a demo's database", "Give another: nobody real is to meet the example.")]
    return [
        _dates(current, uow),
        *_seniors(current, uow),
        *_services(current, uow),
        *_facilitators(current, uow),
        *_participants(current, uow),
    ]


def _dates(current: Programme, uow: UnitOfWork) -> Finding:
    today = _today(current, uow)
    if today > current.ends_on:
        if at := openings.coming(current, uow).get("follow_up"):
            day = at.astimezone(ZoneInfo(current.time_zone)).date()
            return fine(f"the programme ended on {current.ends_on}, and its follow-up opens on {day}")
        if uow.waves.are_under_way(current.id):
            return fine(f"the programme ended on {current.ends_on}, and a questionnaire is still open")
        return look(f"the programme ended on {current.ends_on}", "Import a new ends_on if it goes on.")
    if today < current.starts_on:
        return fine(f"the programme begins on {current.starts_on} and ends on {current.ends_on}")
    return fine(f"the programme runs until {current.ends_on}")


def _seniors(current: Programme, uow: UnitOfWork) -> list[Finding]:
    seniors = uow.people.with_duty(current.id, "senior support")
    if not seniors:
        to_do = "List at least two: who types /support is offered nobody to talk to."
        return [wrong("nobody is listed as senior support", to_do)]
    return _without_account("senior support", seniors, uow) or [
        fine(f"senior support: {_count(len(seniors), 'person')}")
    ]


def _services(current: Programme, uow: UnitOfWork) -> list[Finding]:
    services = uow.programmes.all_services(current.id)
    if not services:
        return [look("no services for doctors are listed", "Add those of your nation: leads can, or programme.toml.")]
    old = [s.name for s in services if _today(current, uow) - s.checked_on > CHECKED_WITHIN]
    if not old:
        return [fine(f"{_count(len(services), 'service')} for doctors, all checked within a year")]
    to_do = "Call or look them up, and enter the day on which you did: somebody will need them at night."
    return [look(f"not checked for more than a year: {', '.join(old)}", to_do)]


def _facilitators(current: Programme, uow: UnitOfWork) -> list[Finding]:
    sets = uow.sets.all(current.id)
    facilitators = {each.facilitator.id: each.facilitator for each in sets}
    missing = _without_account("facilitator", list(facilitators.values()), uow)
    empty = [each.name for each in sets if not uow.sets.member_ids(each.id)]
    if empty:
        missing.append(look(f"nobody is in these sets: {', '.join(empty)}", "Add their members, or leave it."))
    return missing or ([fine(f"{_count(len(sets), 'Action Learning Set')}, each with a facilitator")] if sets else [])


def _participants(current: Programme, uow: UnitOfWork) -> list[Finding]:
    there = [part for part in uow.people.participants(current.id) if part.state not in {"declined", "left"}]
    if not there:
        return [look("nobody takes part", "Import people.csv, or let leads add people.")]
    unknown = [part for part in there if not uow.people.accounts_of(part.person.id)]
    away = len(uow.people.unreachable(current.id)) - len(unknown)
    found = []
    if unknown:
        to_do = "They are recognised once they write to the bot, and a lead has said yes."
        found.append(look(f"{len(unknown):,} of {len(there):,} who take part have no account yet", to_do))
    if away > 0:
        to_do = "They have blocked or removed the bot, or their accounts are gone. Leads see who it is in the digest."
        found.append(look(f"{len(there):,} take part, of whom {away:,} cannot be reached", to_do))
    return found or [fine(f"{len(there):,} take part, and all can be reached")]


def _without_account(what: str, people: Sequence[Person], uow: UnitOfWork) -> list[Finding]:
    named = [person.name for person in people if not uow.people.accounts_of(person.id)]
    to_do = "Give their accounts in people.csv, or ask them to write to the bot."
    return [look(f"{what} without an account: {', '.join(named)}", to_do)] if named else []


def _today(current: Programme, uow: UnitOfWork) -> date:
    return uow.now.astimezone(ZoneInfo(current.time_zone)).date()


def _count(number: int, what: str) -> str:
    if number == 1:
        return f"1 {what}"
    return f"{number:,} {'people' if what == 'person' else what + 's'}"
