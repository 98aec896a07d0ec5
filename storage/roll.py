"""Everybody at once, with all that a list of people can say of them."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from storage.models import account, duty, leave, organisation, pair, participant, person, placement
from storage.people import PERSON
from storage.records import Account, Entry, NotThere, Person


class Roll:
    """The people of a programme, and those who have no part in it."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def everybody(self, programme_id: int, day: date) -> list[Entry]:
        """An entry for each person, in the order in which they were entered. ``day``: when they work there."""
        return self._entries(programme_id, day, None)

    def of(self, programme_id: int, person_id: int, day: date) -> Entry:
        """The entry for one person. Raises NotThere where there is none."""
        for entry in self._entries(programme_id, day, person_id):
            return entry
        raise NotThere(f"no person {person_id}")

    def taking_part(
        self, programme_id: int, roles: Collection[str], *, after: int = 0, limit: int | None = None
    ) -> list[Person]:
        """Those who take part now in one of these roles, by id, beginning after one."""
        query = (
            select(*PERSON)
            .join(participant, participant.c.person_id == person.c.id)
            .where(
                participant.c.programme_id == programme_id,
                participant.c.state == "joined",
                participant.c.role.in_(list(roles)),
                person.c.id > after,
            )
        )
        return [Person(*row) for row in self._db.execute(query.order_by(person.c.id).limit(limit))]

    def asked(self, programme_id: int, roles: Collection[str]) -> list[tuple[int, str]]:
        """The ids of those who take part now in one of these roles, with the role, by id."""
        query = select(participant.c.person_id, participant.c.role).where(
            participant.c.programme_id == programme_id,
            participant.c.state == "joined",
            participant.c.role.in_(list(roles)),
        )
        rows = self._db.execute(query.order_by(participant.c.person_id))
        return [(person_id, role) for person_id, role in rows]

    def by_quiet_time(self, programme_id: int, roles: Collection[str], first: date, last: date) -> list[Person]:
        """Those who take part now in one of these roles: everybody who is on leave on any of these days, and of the
        others one for each quiet time that there is."""
        takes_part = (
            participant.c.person_id == person.c.id,
            participant.c.programme_id == programme_id,
            participant.c.state == "joined",
            participant.c.role.in_(list(roles)),
        )
        away = (
            select(person.c.id)
            .join(leave, leave.c.person_id == person.c.id)
            .where(leave.c.starts_on <= last, leave.c.ends_on >= first)
            .join(participant, takes_part[0])
            .where(*takes_part)
        )
        alike = (person.c.time_zone, person.c.region, person.c.quiet_from, person.c.quiet_until, person.c.no_send_days)
        examples = select(func.min(person.c.id)).join(participant, takes_part[0]).where(*takes_part).group_by(*alike)
        query = select(*PERSON).where(person.c.id.in_(away.union(examples)))
        return [Person(*row) for row in self._db.execute(query)]

    def names(self, programme_id: int) -> list[str]:
        """The names of everybody who has, or had, a part or a duty in a programme, and of all organisations."""
        part = select(participant.c.person_id).where(participant.c.programme_id == programme_id)
        on_duty = select(duty.c.person_id).where(duty.c.programme_id == programme_id)
        people = select(person.c.name).where(person.c.id.in_(part.union(on_duty)))
        return [*self._db.execute(people).scalars(), *self._db.execute(select(organisation.c.name)).scalars()]

    def _entries(self, programme_id: int, day: date, only: int | None) -> list[Entry]:
        accounts, duties = self._accounts(only), self._duties(programme_id, only)
        organisations, parts = self._organisations(day, only), self._parts(programme_id, only)
        paired = self._paired(programme_id, only)
        entries = []
        for row in self._db.execute(_about(select(*PERSON), only, person.c.id).order_by(person.c.id)):
            who = Person(*row)
            role, state = parts.get(who.id, ("", ""))
            entries.append(
                Entry(
                    person=who,
                    accounts=tuple(accounts[who.id]),
                    organisation=organisations.get(who.id, ""),
                    role=role,
                    state=state,
                    duties=frozenset(duties[who.id]),
                    in_pair=who.id in paired,
                )
            )
        return entries

    def _accounts(self, only: int | None) -> defaultdict[int, list[Account]]:
        found: defaultdict[int, list[Account]] = defaultdict(list)
        columns = (account.c.person_id, account.c.platform, account.c.tenant, account.c.user)
        for person_id, *who in self._db.execute(_about(select(*columns), only, account.c.person_id)):
            found[person_id].append(Account(*who))
        return found

    def _duties(self, programme_id: int, only: int | None) -> defaultdict[int, set[str]]:
        found: defaultdict[int, set[str]] = defaultdict(set)
        query = select(duty.c.person_id, duty.c.kind).where(duty.c.programme_id == programme_id)
        for person_id, kind in self._db.execute(_about(query, only, duty.c.person_id)):
            found[person_id].add(kind)
        return found

    def _organisations(self, day: date, only: int | None) -> dict[int, str]:
        query = (
            select(placement.c.person_id, organisation.c.name)
            .join(organisation, organisation.c.id == placement.c.organisation_id)
            .where(placement.c.starts_on <= day, placement.c.ends_on.is_(None) | (placement.c.ends_on >= day))
            .order_by(placement.c.starts_on)
        )
        rows = self._db.execute(_about(query, only, placement.c.person_id))
        return {row.person_id: row.name for row in rows}

    def _parts(self, programme_id: int, only: int | None) -> dict[int, tuple[str, str]]:
        columns = (participant.c.person_id, participant.c.role, participant.c.state)
        query = select(*columns).where(participant.c.programme_id == programme_id)
        rows = self._db.execute(_about(query, only, participant.c.person_id))
        return {person_id: (role, state) for person_id, role, state in rows}

    def _paired(self, programme_id: int, only: int | None) -> set[int]:
        query = select(pair.c.mentor_id, pair.c.mentee_id).where(pair.c.programme_id == programme_id)
        rows = self._db.execute(_about(query, only, pair.c.mentor_id, pair.c.mentee_id))
        return {person_id for row in rows for person_id in row}


def _about(query: Select[Any], only: int | None, *columns: ColumnElement[int]) -> Select[Any]:
    """The query for everybody, or only for the person that is in one of these columns."""
    return query if only is None else query.where(or_(*(column == only for column in columns)))
