"""A small programme in a database of its own, for tests of what handlers, jobs and storage do."""

import shutil
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot import ui
from bot.flow import Event, Flow, Outcome
from storage.models import due, outbox
from storage.records import Account, Conversation, Due, Pair, Person, Programme
from storage.unit_of_work import Database, UnitOfWork
from tests.databases import create, keys_of

MONDAY = datetime(2026, 2, 2, 10, 0, tzinfo=UTC)
"""An ordinary working day, not a bank holiday, in working hours."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A message in the outbox. ``prompt``: it does not answer the reader's own action."""

    place: str
    key: str
    message: ui.Message
    prompt: bool
    due_at: datetime


@dataclass
class World:
    """The programme, its people by first name, and a clock that tests set.

    Mentors Amara (Slack, workspace T1) and Tomasz (Teams); mentees Niamh (Slack, T1) and Haruki (Teams); control
    Leila (Slack); lead Gwen (Slack), who also is in no pair; seniors Oluwaseun (Teams) and Brigid (Slack). Pairs:
    Amara and Niamh share a workspace, Tomasz and Haruki are on Teams; both pairs are proposed.
    """

    database: Database
    programme: Programme
    people: dict[str, Person]
    now: datetime = MONDAY
    accounts: dict[str, Account] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address of the database."""
        return self.database.engine.url.render_as_string(hide_password=False)

    def uow(self) -> AbstractContextManager[UnitOfWork]:
        """A unit of work at the current time: ``with world.uow() as uow``."""
        return self.database.begin(self.now)

    def pass_time(self, **spans: float) -> None:
        """Move the clock, in the words of timedelta."""
        self.now += timedelta(**spans)

    def event(self, who: str, kind: str, name: str = "", **more: Any) -> Event:
        """Something that a person did in their personal chat."""
        account = self.accounts[who]
        here = Conversation(account.platform, account.tenant, f"D-{who}", "dm")
        event = Event(kind=kind, name=name, account=account, at=self.now, here=here, person=self.people[who])
        return replace(event, **more)

    def do(self, flow: Flow, event: Event) -> Outcome:
        """What the flow's handler answers; what it changed is committed. UserError and FormErrors are raised."""
        route = flow.routes[(event.kind, event.name)]
        with self.uow() as uow:
            return route.handler(event, uow)

    def work(self, flow: Flow, rule: str, subject: str) -> None:
        """Do a piece of due work now."""
        with self.uow() as uow:
            flow.jobs[rule](Due(rule, subject, self.now), uow)

    def join(self, *names: str) -> None:
        """Let people have said yes."""
        with self.uow() as uow:
            for name in names:
                uow.people.set_state(self.people[name].id, "joined")

    def introduce(self, mentor: str) -> Pair:
        """Let the pair of this mentor have been introduced, without any message."""
        with self.uow() as uow:
            (pair,) = uow.pairs.proposed_of(self.people[mentor].id)
            uow.pairs.introduce(pair.id)
            return uow.pairs.get(pair.id)

    def queued(self, who: str | None = None) -> list[Queued]:
        """What waits in the outbox, oldest first; for one person's personal chat, or all."""
        with self.database.engine.connect() as connection:
            rows = connection.execute(select(outbox).where(outbox.c.body.is_not(None)).order_by(outbox.c.id))
            found = [Queued(row.place, row.key, ui.load(row.body), row.answers_at is None, row.due_at) for row in rows]
        return [q for q in found if who is None or q.place == f"dm:{self.people[who].id}"]

    def due(self) -> list[Due]:
        """All work that is not done yet."""
        with self.database.engine.connect() as connection:
            rows = connection.execute(select(due).where(due.c.done_at.is_(None)).order_by(due.c.due_at))
            return [Due(row.rule, row.subject, row.due_at) for row in rows]


PEOPLE = (
    ("Amara Okonjo", "slack", "mentor", "St Brannock's Hospital", "ST6 paediatrics"),
    ("Tomasz Wilk", "teams", "mentor", "Fenmoor Infirmary", "ST7 paediatrics"),
    ("Niamh Gallagher", "slack", "mentee", "Fenmoor Infirmary", "ST1 paediatrics"),
    ("Haruki Sato", "teams", "mentee", "St Brannock's Hospital", "ST1 paediatrics"),
    ("Leila Haddad", "slack", "control", "Fenmoor Infirmary", "ST1 paediatrics"),
    ("Gwen Pritchard", "slack", "lead", "Regional School", "Head of school"),
    ("Oluwaseun Bello", "teams", "senior support", "Ashdown Children's Hospital", "Consultant"),
    ("Brigid Murphy", "slack", "senior support", "St Brannock's Hospital", "Consultant"),
)


def build(url: str) -> World:
    """Enter everybody into a new database at this address, and open the world in it."""
    create(url)
    database = Database(url, ui.dump, keys=keys_of(url))
    database.upgrade()
    ids: dict[str, int] = {}
    with database.begin(MONDAY) as uow:
        programme_id = _programme(uow)
        for first, (name, _, part, where, grade) in _by_first_name().items():
            ids[first] = uow.people.add(
                name=name,
                email=f"{first.lower()}@example.org",
                accounts=[ACCOUNTS[first]],
                time_zone="Europe/London",
                region="ENG",
                profile=f"{first} likes allotments and neonates.",
                grade=grade,
                organisation_name=where,
                since=date(2025, 9, 1),
            )
            if part in ("mentor", "mentee", "control"):
                uow.people.enrol(programme_id, ids[first], part)
            else:
                uow.people.give_duty(programme_id, ids[first], part)
        uow.pairs.add(programme_id, ids["Amara"], ids["Niamh"])
        uow.pairs.add(programme_id, ids["Tomasz"], ids["Haruki"])
    return _open(database)


def copy_of(template: Path, path: Path) -> World:
    """A world of its own on SQLite, quickly: a copy of one that was built and closed."""
    shutil.copy(template, path)
    return open_at(f"sqlite:///{path}")


def open_at(url: str) -> World:
    """The world that is in a database already."""
    return _open(Database(url, ui.dump, keys=keys_of(url)))


def _open(database: Database) -> World:
    with database.begin(MONDAY) as uow:
        programme = uow.programmes.current()
        found = {first: uow.people.by_account(account) for first, account in ACCOUNTS.items()}
    assert programme is not None
    people = {first: known.person for first, known in found.items() if known}
    return World(database, programme, people, accounts=dict(ACCOUNTS))


def _by_first_name() -> dict[str, tuple[str, str, str, str, str]]:
    return {row[0].split()[0]: row for row in PEOPLE}


ACCOUNTS = {
    first: Account(row[1], "T1" if row[1] == "slack" else "tenant-1", f"U{number:03}")
    for number, (first, row) in enumerate(_by_first_name().items(), start=1)
}


def _programme(uow: UnitOfWork) -> int:
    return uow.programmes.add(
        name="Westmarch peer mentoring",
        starts_on=date(2026, 2, 2),
        ends_on=date(2027, 2, 1),
        time_zone="Europe/London",
        region="ENG",
        contact_name="Gwen Pritchard",
        contact_email="gwen@example.org",
        is_demo=True,
    )
