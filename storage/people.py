"""People, their accounts, and their parts and duties in a programme."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Text,
    bindparam,
    cast,
    delete,
    insert,
    literal,
    select,
    update,
)

from storage.models import account, duty, organisation, participant, person, place, placement
from storage.places import CONVERSATION, DM
from storage.records import Account, Conversation, Known, Newcomer, NotThere, Participant, Person
from storage.upsert import insert_all_once, insert_once

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
    person.c.no_send_days,
    person.c.away_until,
)
"""The columns of a Person, in the order of its fields."""

_BY_ACCOUNT = (
    select(*PERSON, account.c.unreachable_since, *CONVERSATION)
    .join(account, account.c.person_id == person.c.id)
    .outerjoin(place, place.c.name == literal(DM) + cast(person.c.id, Text))
    .where(
        account.c.platform == bindparam("platform"),
        account.c.tenant == bindparam("tenant"),
        account.c.user == bindparam("user"),
    )
)

_ACCOUNT_OF_PERSON = select(account.c.person_id).where(account.c.person_id == person.c.id)
_WITHOUT_ACCOUNT = select(*PERSON).where(~_ACCOUNT_OF_PERSON.exists())

_BY_ID = select(*PERSON).where(person.c.id == bindparam("person_id"))

_ACCOUNTS = (
    select(account.c.platform, account.c.tenant, account.c.user)
    .where(account.c.person_id == bindparam("person_id"))
    .order_by(account.c.platform)
)
_REACHABLE = _ACCOUNTS.where(account.c.unreachable_since.is_(None))


def _participants() -> Select[Any]:
    mine = (participant.c.programme_id, participant.c.role, participant.c.state, participant.c.version)
    return select(*mine, *PERSON).join(person, person.c.id == participant.c.person_id)


_PARTICIPANT = _participants().where(participant.c.person_id == bindparam("person_id"))


class People:
    """Everybody whom the programme knows."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._db = connection
        self._now = now

    def by_account(self, who: Account) -> Known | None:
        """The person behind an account, and how they can be reached; in one query, as every event asks it."""
        row = self._db.execute(_BY_ACCOUNT, _columns(who)).first()
        if row is None:
            return None
        unreachable_since, *chat = row[len(PERSON) :]
        return Known(
            Person(*row[: len(PERSON)]), unreachable_since is not None, Conversation(*chat) if chat[0] else None
        )

    def anybody_without_account(self) -> bool:
        """Whether there is a person to whom no account is linked yet."""
        return self._db.execute(_WITHOUT_ACCOUNT.limit(1)).first() is not None

    def without_account(self, email: str) -> Person | None:
        """The person of this e-mail address to whom no account is linked yet; None where there is none, or where there
        are several of this address."""
        rows = self._db.execute(_WITHOUT_ACCOUNT.where(person.c.email == email.lower()).limit(2)).all()
        return Person(*rows[0]) if len(rows) == 1 else None

    def get(self, person_id: int) -> Person:
        """The person with this id. Raises NotThere where there is none."""
        row = self._db.execute(_BY_ID, {"person_id": person_id}).first()
        if row is None:
            raise NotThere(f"no person {person_id}")
        return Person(*row)

    def accounts_of(self, person_id: int, *, reachable: bool = False) -> tuple[Account, ...]:
        """All accounts of a person, or only those where messages arrive."""
        rows = self._db.execute(_REACHABLE if reachable else _ACCOUNTS, {"person_id": person_id})
        return tuple(Account(*row) for row in rows)

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
                participant.c.state.not_in(("declined", "left")),
                ~reached.exists(),
            )
            .order_by(person.c.name)
        )
        return [Person(*row) for row in self._db.execute(query)]

    def by_email(self, email: str) -> Person | None:
        """Who was first entered with this e-mail address."""
        row = self._db.execute(select(*PERSON).where(person.c.email == email.lower()).order_by(person.c.id)).first()
        return Person(*row) if row else None

    def listed(self, programme_id: int, *, role: str = "", limit: int) -> list[Person]:
        """Those with a part in a programme or, unless a ``role`` is given, a duty, by name; not those who left. At most
        ``limit``."""
        part = participant.c.programme_id == programme_id
        here = select(participant.c.person_id).where(part, participant.c.state != "left")
        on_duty = select(duty.c.person_id).where(duty.c.programme_id == programme_id)
        ids = here.where(participant.c.role == role) if role else here.union(on_duty)
        query = select(*PERSON).where(person.c.id.in_(ids)).order_by(person.c.name, person.c.id).limit(limit)
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
        """Note that a participant joined, declined, left or is invited again. When they joined is kept when they
        leave."""
        values: dict[str, Any] = {"state": state, "version": participant.c.version + 1}
        if state != "left":
            values["joined_at"] = self._now if state == "joined" else None
        self._db.execute(update(participant).where(participant.c.person_id == person_id).values(**values))

    def set_quiet_time(
        self, person_id: int, *, quiet_from: int, quiet_until: int, no_send_days: str, region: str
    ) -> None:
        """Note when a person is left in peace every week, and whose bank holidays they keep."""
        values = {"quiet_from": quiet_from, "quiet_until": quiet_until, "no_send_days": no_send_days, "region": region}
        self._db.execute(update(person).where(person.c.id == person_id).values(**values))

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
        newcomer = Newcomer(
            name=name,
            email=email,
            accounts=tuple(accounts),
            time_zone=time_zone,
            region=region,
            profile=profile,
            grade=grade,
            organisation=organisation_name,
            since=since or self._now.date(),
        )
        return self.add_all([newcomer])[0]

    def add_all(self, newcomers: Sequence[Newcomer]) -> list[int]:
        """Enter people; their ids, in the same order."""
        if not newcomers:
            return []
        columns = ("name", "profile", "grade", "time_zone", "region", "quiet_from", "quiet_until")
        rows = [
            {"email": one.email.lower()} | {column: getattr(one, column) for column in columns} for one in newcomers
        ]
        entered = insert(person).returning(person.c.id, sort_by_parameter_order=True)
        ids = list(self._db.execute(entered, rows).scalars())
        accounts = [
            _columns(who) | {"person_id": person_id}
            for person_id, one in zip(ids, newcomers, strict=True)
            for who in one.accounts
        ]
        if accounts:
            self._db.execute(insert(account), accounts)
        organisations = self._organisations({one.organisation for one in newcomers})
        placements = [
            {"person_id": person_id, "organisation_id": organisations[one.organisation], "starts_on": one.since}
            for person_id, one in zip(ids, newcomers, strict=True)
            if one.organisation
        ]
        if placements:
            self._db.execute(insert(placement), placements)
        return ids

    def change(self, person_id: int, **values: object) -> None:
        """Change something about a person, by the names of the fields."""
        self._db.execute(update(person).where(person.c.id == person_id).values(**values))

    def begin_with_quiet_hours(self, before: tuple[int, int], after: tuple[int, int]) -> None:
        """Give other quiet hours to everybody who still has those with which they began."""
        unchanged = (person.c.quiet_from == before[0], person.c.quiet_until == before[1])
        self._db.execute(update(person).where(*unchanged).values(quiet_from=after[0], quiet_until=after[1]))

    def link(self, person_id: int, accounts: Iterable[Account]) -> None:
        """Let these accounts be a person's, too; one that is somebody's stays theirs."""
        for who in accounts:
            insert_once(self._db, account, **_columns(who), person_id=person_id)

    def move_to(self, person_id: int, organisation_name: str, day: date) -> None:
        """Note that a person works there from this day on; empty: that it is not known where."""
        theirs = placement.c.person_id == person_id
        open_ended = placement.c.ends_on.is_(None) | (placement.c.ends_on >= day)
        self._db.execute(delete(placement).where(theirs, placement.c.starts_on >= day))
        self._db.execute(update(placement).where(theirs, open_ended).values(ends_on=day - timedelta(days=1)))
        if organisation_name:
            organisation_id = self._organisations({organisation_name})[organisation_name]
            values = {"person_id": person_id, "organisation_id": organisation_id, "starts_on": day}
            self._db.execute(insert(placement).values(**values))

    def _organisations(self, names: set[str]) -> dict[str, int]:
        """The ids of organisations, which are entered where they are new."""
        insert_all_once(self._db, organisation, [{"name": name} for name in sorted(names - {""})])
        ids = self._db.execute(select(organisation.c.name, organisation.c.id))
        return {row.name: row.id for row in ids}

    def enrol(self, programme_id: int, person_id: int, role: str) -> None:
        """Invite a person to a programme as mentor, mentee or control."""
        self._db.execute(insert(participant).values(programme_id=programme_id, person_id=person_id, role=role))

    def enrol_all(self, programme_id: int, roles: Mapping[int, str]) -> None:
        """Invite many people, each in a role."""
        rows = [{"programme_id": programme_id, "person_id": who, "role": role} for who, role in roles.items()]
        if rows:
            self._db.execute(insert(participant), rows)

    def set_role(self, person_id: int, role: str) -> None:
        """Invite a person, who has not answered yet, in another role."""
        changed = {"role": role, "version": participant.c.version + 1}
        self._db.execute(update(participant).where(participant.c.person_id == person_id).values(**changed))

    def set_duties(self, programme_id: int, person_id: int, kinds: Iterable[str]) -> None:
        """Let a person have these duties and no others."""
        theirs = (duty.c.programme_id == programme_id, duty.c.person_id == person_id)
        self._db.execute(delete(duty).where(*theirs))
        for kind in kinds:
            self.give_duty(programme_id, person_id, kind)

    def give_duty(self, programme_id: int, person_id: int, kind: str) -> None:
        """Make a person lead, selector, facilitator or senior support."""
        self._db.execute(insert(duty).values(programme_id=programme_id, person_id=person_id, kind=kind))


def _columns(who: Account) -> dict[str, str]:
    return {"platform": who.platform, "tenant": who.tenant, "user": who.user}


def _is(who: Account) -> tuple[ColumnElement[bool], ...]:
    return (account.c.platform == who.platform, account.c.tenant == who.tenant, account.c.user == who.user)


def _participant(row: Row[*tuple[Any, ...]]) -> Participant:
    return Participant(row[0], Person(*row[4:]), row[1], row[2], row[3])
