"""People, their accounts, and their parts and duties in a programme."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, bindparam, insert, select, update

from storage.models import account, duty, inserted, organisation, participant, person, placement
from storage.records import Account, NotThere, Participant, Person

PERSON = (
    person.c.id,
    person.c.name,
    person.c.email,
    person.c.profile,
    person.c.grade,
    person.c.time_zone,
    person.c.region,
    person.c.quiet_from,
    person.c.quiet_until,
)
"""The columns of a Person, in the order of its fields."""

_BY_ACCOUNT = (
    select(*PERSON, account.c.unreachable_since)
    .join(account, account.c.person_id == person.c.id)
    .where(
        account.c.platform == bindparam("platform"),
        account.c.tenant == bindparam("tenant"),
        account.c.user == bindparam("user"),
    )
)

_BY_ID = select(*PERSON).where(person.c.id == bindparam("person_id"))


def _participants() -> Select[Any]:
    mine = (participant.c.programme_id, participant.c.role, participant.c.state, participant.c.version)
    return select(*mine, *PERSON).join(person, person.c.id == participant.c.person_id)


_PARTICIPANT = _participants().where(participant.c.person_id == bindparam("person_id"))


class People:
    """Everybody whom the programme knows."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._db = connection
        self._now = now

    def by_account(self, who: Account) -> tuple[Person, bool] | None:
        """The person behind an account, and whether the account was last known as unreachable."""
        row = self._db.execute(_BY_ACCOUNT, _columns(who)).first()
        return (Person(*row[:-1]), row[-1] is not None) if row else None

    def get(self, person_id: int) -> Person:
        """The person with this id. Raises NotThere where there is none."""
        row = self._db.execute(_BY_ID, {"person_id": person_id}).first()
        if row is None:
            raise NotThere(f"no person {person_id}")
        return Person(*row)

    def accounts_of(self, person_id: int, *, reachable: bool = False) -> tuple[Account, ...]:
        """All accounts of a person, or only those where messages arrive."""
        query = select(account.c.platform, account.c.tenant, account.c.user).where(account.c.person_id == person_id)
        if reachable:
            query = query.where(account.c.unreachable_since.is_(None))
        return tuple(Account(*row) for row in self._db.execute(query.order_by(account.c.platform)))

    def mark_unreachable(self, who: Account) -> bool:
        """Note that nothing can be delivered to this account; whether that is news."""
        done = self._db.execute(
            update(account).where(*_is(who), account.c.unreachable_since.is_(None)).values(unreachable_since=self._now)
        )
        return bool(done.rowcount)

    def mark_reachable(self, who: Account) -> None:
        """Note that this account is in use again."""
        self._db.execute(update(account).where(*_is(who)).values(unreachable_since=None))

    def unreachable(self, programme_id: int) -> list[Person]:
        """Participants none of whose accounts can be reached, by name."""
        reached = (
            select(account.c.person_id)
            .where(account.c.unreachable_since.is_(None))
            .where(account.c.person_id == person.c.id)
        )
        query = (
            select(*PERSON)
            .join(participant, participant.c.person_id == person.c.id)
            .where(
                participant.c.programme_id == programme_id,
                participant.c.state != "declined",
                ~reached.exists(),
            )
            .order_by(person.c.name)
        )
        return [Person(*row) for row in self._db.execute(query)]

    def participant(self, person_id: int) -> Participant | None:
        """This person's part in the programme."""
        row = self._db.execute(_PARTICIPANT, {"person_id": person_id}).first()
        return _participant(row) if row else None

    def participants(self, programme_id: int) -> list[Participant]:
        """Everybody's part in a programme, in the order in which they were entered."""
        query = _participants().where(participant.c.programme_id == programme_id).order_by(participant.c.id)
        return [_participant(row) for row in self._db.execute(query)]

    def set_state(self, person_id: int, state: str) -> None:
        """Note that a participant joined or declined."""
        self._db.execute(
            update(participant)
            .where(participant.c.person_id == person_id)
            .values(
                state=state,
                joined_at=self._now if state == "joined" else None,
                version=participant.c.version + 1,
            )
        )

    def with_duty(self, programme_id: int, kind: str) -> list[Person]:
        """Everybody with this duty (``lead``, ``facilitator``, ``senior support``, ``selector``), by name."""
        query = (
            select(*PERSON)
            .join(duty, duty.c.person_id == person.c.id)
            .where(duty.c.programme_id == programme_id, duty.c.kind == kind)
            .order_by(person.c.name)
        )
        return [Person(*row) for row in self._db.execute(query)]

    def has_duty(self, person_id: int, kind: str) -> bool:
        """Whether this person has this duty."""
        query = select(duty.c.person_id).where(duty.c.person_id == person_id, duty.c.kind == kind)
        return self._db.execute(query).first() is not None

    def organisation_of(self, person_id: int, day: date) -> str:
        """Where somebody works on a day; empty where that is not known."""
        query = (
            select(organisation.c.name)
            .join(placement, placement.c.organisation_id == organisation.c.id)
            .where(placement.c.person_id == person_id, placement.c.starts_on <= day)
            .where(placement.c.ends_on.is_(None) | (placement.c.ends_on >= day))
            .order_by(placement.c.starts_on.desc())
        )
        return self._db.execute(query).scalar() or ""

    def add(
        self,
        *,
        name: str,
        email: str,
        accounts: Iterable[Account],
        time_zone: str,
        region: str,
        profile: str = "",
        grade: str = "",
        organisation_name: str = "",
        since: date | None = None,
    ) -> int:
        """Enter a person; the id. With ``organisation_name``, they work there since ``since``."""
        values = {"name": name, "email": email, "profile": profile, "grade": grade}
        person_id = self._insert(person, **values, time_zone=time_zone, region=region)
        for who in accounts:
            self._db.execute(insert(account).values(**_columns(who), person_id=person_id))
        if organisation_name:
            where = select(organisation.c.id).where(organisation.c.name == organisation_name)
            found = self._db.execute(where).scalar()
            place_of_work = found or self._insert(organisation, name=organisation_name)
            self._db.execute(
                insert(placement).values(
                    person_id=person_id, organisation_id=place_of_work, starts_on=since or self._now.date()
                )
            )
        return person_id

    def enrol(self, programme_id: int, person_id: int, role: str) -> None:
        """Invite a person to a programme as mentor, mentee or control."""
        self._db.execute(insert(participant).values(programme_id=programme_id, person_id=person_id, role=role))

    def give_duty(self, programme_id: int, person_id: int, kind: str) -> None:
        """Make a person lead, selector, facilitator or senior support."""
        self._db.execute(insert(duty).values(programme_id=programme_id, person_id=person_id, kind=kind))

    def _insert(self, table: Table, **values: object) -> int:
        return inserted(self._db.execute(insert(table).values(**values)))


def _columns(who: Account) -> dict[str, str]:
    return {"platform": who.platform, "tenant": who.tenant, "user": who.user}


def _is(who: Account) -> tuple[ColumnElement[bool], ...]:
    return (account.c.platform == who.platform, account.c.tenant == who.tenant, account.c.user == who.user)


def _participant(row: Row[*tuple[Any, ...]]) -> Participant:
    return Participant(row[0], Person(*row[4:]), row[1], row[2], row[3])
