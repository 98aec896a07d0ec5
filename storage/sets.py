"""Action Learning Sets: who belongs to them, their sessions, who means to come and who came. Never what was said."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, delete, func, insert, select, update

from storage.models import (
    Moment,
    als_attendance,
    als_member,
    als_reply,
    als_session,
    als_set,
    inserted,
    participant,
    person,
)
from storage.people import PERSON
from storage.records import Attendance, LearningSet, NotThere, Person, Session
from storage.upsert import insert_once, upsert

_SET = (als_set.c.id, als_set.c.programme_id, als_set.c.name)
_SESSION = (
    als_session.c.id,
    als_session.c.starts_at,
    als_session.c.minutes,
    als_session.c.place,
    als_session.c.state,
    als_session.c.uid,
    als_session.c.sequence,
    als_session.c.version,
    als_session.c.is_counted,
)
_TAKES_PART = (
    (participant.c.person_id == als_member.c.person_id)
    & (participant.c.programme_id == als_set.c.programme_id)
    & (participant.c.state == "joined")
)


def _sets(*more: Any) -> Select[Any]:
    return select(*_SET, *PERSON, *more).join(person, person.c.id == als_set.c.facilitator_id)


def _sessions(*more: Any) -> Select[Any]:
    return _sets(*_SESSION, *more).join(als_session, als_session.c.set_id == als_set.c.id)


# What every answer to an invitation asks; building a statement costs more than running it.
_SESSION_BY_ID = _sessions().where(als_session.c.id == bindparam("session_id"))
_SESSION_OF_MEMBER = (
    _SESSION_BY_ID.join(als_member, als_member.c.set_id == als_set.c.id)
    .join(participant, _TAKES_PART)
    .where(als_member.c.person_id == bindparam("person_id"))
)
_MEMBERS = (
    select(*PERSON)
    .join(als_member, als_member.c.person_id == person.c.id)
    .join(als_set, als_set.c.id == als_member.c.set_id)
    .join(participant, _TAKES_PART)
    .where(als_member.c.set_id == bindparam("set_id"))
    .order_by(person.c.name)
)
_ITS_REPLY = (als_reply.c.person_id == person.c.id) & (als_reply.c.session_id == bindparam("session_id"))
_ANSWERS = _MEMBERS.add_columns(als_reply.c.answer).outerjoin(als_reply, _ITS_REPLY)
_ANSWER = select(als_reply.c.answer).where(
    als_reply.c.session_id == bindparam("session_id"), als_reply.c.person_id == bindparam("person_id")
)

_OF_PERSON = select(als_member.c.set_id).where(als_member.c.person_id == bindparam("person_id"))
_ENGAGED = (
    _sessions()
    .where((als_set.c.facilitator_id == bindparam("person_id")) | als_set.c.id.in_(_OF_PERSON))
    .where(als_session.c.state == "planned", als_session.c.starts_at > bindparam("now", type_=Moment()))
    .order_by(als_session.c.starts_at, als_session.c.id)
)


class AnotherSet(ValueError):
    """A person would be in two sets of one programme."""


class Sets:
    """The sets of a programme and their sessions. ``new_id``: a text for each call that nothing else has."""

    def __init__(self, connection: Connection, now: datetime, new_id: Callable[[], str]) -> None:
        self._db = connection
        self._now = now
        self._new_id = new_id

    # Sets

    def add(self, programme_id: int, name: str, facilitator_id: int) -> LearningSet:
        """Make a set; its name is the only one of its kind in the programme."""
        values = {"programme_id": programme_id, "name": name, "facilitator_id": facilitator_id}
        return self.get(inserted(self._db.execute(insert(als_set).values(**values))))

    def change(self, set_id: int, *, name: str, facilitator_id: int) -> LearningSet:
        """Give a set another name or another facilitator."""
        values = {"name": name, "facilitator_id": facilitator_id}
        self._db.execute(update(als_set).where(als_set.c.id == set_id).values(**values))
        return self.get(set_id)

    def get(self, set_id: int) -> LearningSet:
        """This set. Raises NotThere where there is none."""
        row = self._db.execute(_sets().where(als_set.c.id == set_id)).first()
        if row is None:
            raise NotThere(f"no set {set_id}")
        return _set(row)

    def hold(self, set_id: int) -> LearningSet:
        """This set, which nobody else changes until this is done. Raises NotThere where there is none."""
        self._db.execute(select(als_set.c.id).where(als_set.c.id == set_id).with_for_update())
        return self.get(set_id)

    def all(self, programme_id: int) -> list[LearningSet]:
        """The sets of a programme, by name."""
        query = _sets().where(als_set.c.programme_id == programme_id).order_by(als_set.c.name)
        return [_set(row) for row in self._db.execute(query)]

    def facilitated_by(self, person_id: int) -> list[LearningSet]:
        """The sets that a person facilitates, by name."""
        query = _sets().where(als_set.c.facilitator_id == person_id).order_by(als_set.c.name)
        return [_set(row) for row in self._db.execute(query)]

    # Members

    def add_member(self, set_id: int, person_id: int) -> bool:
        """Let somebody belong to a set; whether that is news. Raises AnotherSet for a member of another set of the
        same programme: they leave that one first."""
        programme_id = self.get(set_id).programme_id
        # Two who put one person into two sets at the same moment would each see no other set.
        self._db.execute(select(person.c.id).where(person.c.id == person_id).with_for_update(key_share=True))
        other = (
            select(als_set.c.id)
            .join(als_member, als_member.c.set_id == als_set.c.id)
            .where(als_member.c.person_id == person_id)
            .where(als_set.c.programme_id == programme_id, als_set.c.id != set_id)
        )
        if self._db.execute(other).first() is not None:
            raise AnotherSet(f"person {person_id} is in another set")
        return insert_once(self._db, als_member, set_id=set_id, person_id=person_id)

    def remove_member(self, set_id: int, person_id: int) -> None:
        """Let somebody belong to a set no more. The registers of past sessions stay as they are; what they answered to
        sessions to come is forgotten."""
        is_member = (als_member.c.set_id == set_id, als_member.c.person_id == person_id)
        self._db.execute(delete(als_member).where(*is_member))
        self._forget_answers(person_id, als_session.c.set_id == set_id)

    def leave_all(self, person_id: int) -> None:
        """Let somebody belong to no set any more. The registers of past sessions stay as they are; what they answered
        to sessions to come is forgotten."""
        self._db.execute(delete(als_member).where(als_member.c.person_id == person_id))
        self._forget_answers(person_id)

    def _forget_answers(self, person_id: int, *which: ColumnElement[bool]) -> None:
        to_come = select(als_session.c.id).where(als_session.c.starts_at > self._now, *which)
        theirs = (als_reply.c.person_id == person_id, als_reply.c.session_id.in_(to_come))
        self._db.execute(delete(als_reply).where(*theirs))

    def members(self, set_id: int) -> list[Person]:
        """The members who take part in the programme, by name. Who has not said yes is not asked to sessions."""
        return [Person(*row) for row in self._db.execute(_MEMBERS, {"set_id": set_id})]

    def member_ids(self, set_id: int) -> set[int]:
        """Who belongs to a set, whether or not they take part in the programme yet."""
        return set(self._db.execute(select(als_member.c.person_id).where(als_member.c.set_id == set_id)).scalars())

    def belonging(self, programme_id: int) -> dict[int, LearningSet]:
        """The set of everybody who belongs to one of a programme, by the id of the person."""
        query = _sets(als_member.c.person_id).join(als_member, als_member.c.set_id == als_set.c.id)
        rows = self._db.execute(query.where(als_set.c.programme_id == programme_id))
        return {row[-1]: _set(row) for row in rows}

    def of_member(self, person_id: int) -> list[LearningSet]:
        """The sets of somebody who takes part, newest first: usually one."""
        query = _sets().join(als_member, als_member.c.set_id == als_set.c.id).join(participant, _TAKES_PART)
        query = query.where(als_member.c.person_id == person_id).order_by(als_set.c.id.desc())
        return [_set(row) for row in self._db.execute(query)]

    # Sessions

    def add_session(self, set_id: int, starts_at: datetime, minutes: int, place: str = "") -> Session:
        """Plan a session. ``starts_at`` has a zone."""
        values = {"set_id": set_id, "starts_at": starts_at, "minutes": minutes, "place": place}
        return self.session(inserted(self._db.execute(insert(als_session).values(**values, uid=self._new_id()))))

    def change_session(self, session_id: int, starts_at: datetime, minutes: int, place: str) -> Session:
        """Have a planned session at another time or place. With another time nobody has answered yet."""
        before = self.session(session_id)
        another_time = before.starts_at != starts_at
        self._db.execute(
            update(als_session)
            .where(als_session.c.id == session_id)
            .values(
                starts_at=starts_at,
                minutes=minutes,
                place=place,
                sequence=als_session.c.sequence + 1,
                version=als_session.c.version + int(another_time),
            )
        )
        if another_time:
            self._db.execute(delete(als_reply).where(als_reply.c.session_id == session_id))
        return self.session(session_id)

    def cancel_session(self, session_id: int) -> Session:
        """Have a planned session not take place."""
        values = {"state": "cancelled", "sequence": als_session.c.sequence + 1}
        planned = (als_session.c.id == session_id, als_session.c.state == "planned")
        self._db.execute(update(als_session).where(*planned).values(**values))
        return self.session(session_id)

    def session(self, session_id: int) -> Session:
        """This session, for the bot's own work. Raises NotThere where there is none."""
        row = self._db.execute(_SESSION_BY_ID, {"session_id": session_id}).first()
        if row is None:
            raise NotThere(f"no session {session_id}")
        return _session(row)

    def session_for_member(self, person_id: int, session_id: int) -> Session:
        """This session, if the person is a member of its set who takes part. Raises NotThere otherwise."""
        row = self._db.execute(_SESSION_OF_MEMBER, {"session_id": session_id, "person_id": person_id}).first()
        if row is None:
            raise NotThere("no session of this person's set")
        return _session(row)

    def session_for_facilitator(self, person_id: int, session_id: int) -> Session:
        """This session, if the person facilitates its set. Raises NotThere otherwise."""
        session = self.session(session_id)
        if session.learning_set.facilitator.id != person_id:
            raise NotThere("no session that this person facilitates")
        return session

    def sessions(self, set_id: int) -> list[Session]:
        """The sessions of a set that were not cancelled, earliest first."""
        query = _sessions().where(als_set.c.id == set_id, als_session.c.state != "cancelled")
        return [_session(row) for row in self._db.execute(query.order_by(als_session.c.starts_at, als_session.c.id))]

    def all_sessions(self, programme_id: int) -> list[Session]:
        """Every session of every set of a programme, cancelled ones too, earliest first."""
        query = _sessions().where(als_set.c.programme_id == programme_id)
        return [_session(row) for row in self._db.execute(query.order_by(als_session.c.starts_at, als_session.c.id))]

    def engaged(self, person_id: int) -> list[Session]:
        """The planned sessions to come of every set to which a person belongs or which they facilitate."""
        rows = self._db.execute(_ENGAGED, {"person_id": person_id, "now": self._now})
        return [_session(row) for row in rows]

    def next_sessions(self, programme_id: int) -> dict[int, Session]:
        """The next session of each set of a programme that has one to come, earliest first, by the id of the set."""
        to_come = (als_session.c.state == "planned", als_session.c.starts_at > self._now)
        query = _sessions().where(als_set.c.programme_id == programme_id, *to_come)
        following: dict[int, Session] = {}
        for row in self._db.execute(query.order_by(als_session.c.starts_at, als_session.c.id)):
            session = _session(row)
            following.setdefault(session.learning_set.id, session)
        return following

    # Answers

    def answer(self, session_id: int, person_id: int, answer: str) -> None:
        """Note whether somebody means to come: yes, no or maybe. The last answer holds."""
        upsert(self._db, als_reply, {"session_id": session_id, "person_id": person_id}, {"answer": answer})

    def answer_of(self, session: Session, member: Person) -> str:
        """What a member has answered: yes, no, maybe or, so far, nothing."""
        return self._db.execute(_ANSWER, {"session_id": session.id, "person_id": member.id}).scalar() or ""

    def answers(self, session: Session) -> list[tuple[Person, str]]:
        """Every member with yes, no, maybe or, so far, nothing; by name."""
        rows = self._db.execute(_ANSWERS, {"set_id": session.learning_set.id, "session_id": session.id})
        return [(Person(*row[:-1]), row[-1] or "") for row in rows]

    def note_counted(self, session: Session) -> None:
        """Note that a facilitator is told who comes."""
        self._db.execute(update(als_session).where(als_session.c.id == session.id).values(is_counted=True))

    # Attendance

    def fill_register(self, session: Session, present: Collection[int]) -> None:
        """Note who came, of all who are members or were in the register before, and that the session was held. A
        register can be filled in again."""
        self._db.execute(update(als_session).where(als_session.c.id == session.id).values(state="held"))
        for listed, _came in self.register(session):
            key = {"session_id": session.id, "person_id": listed.id}
            upsert(self._db, als_attendance, key, {"came": listed.id in present})

    def register(self, session: Session) -> list[tuple[Person, bool | None]]:
        """Members and those who are in the register, by name, with whether they came; None where nobody has said."""
        query = select(*PERSON, als_attendance.c.came).join(als_attendance, als_attendance.c.person_id == person.c.id)
        rows = self._db.execute(query.where(als_attendance.c.session_id == session.id))
        known: dict[Person, bool | None] = {Person(*row[:-1]): row[-1] for row in rows}
        listed = known | {member: known.get(member) for member in self.members(session.learning_set.id)}
        return sorted(listed.items(), key=lambda item: (item[0].name, item[0].id))

    def came(self, set_id: int, person_id: int) -> list[tuple[Session, bool | None]]:
        """The sessions of a set up to now, earliest first, with whether somebody came; None where no register says."""
        mine = (als_attendance.c.session_id == als_session.c.id) & (als_attendance.c.person_id == person_id)
        query = (
            _sessions(als_attendance.c.came)
            .outerjoin(als_attendance, mine)
            .where(als_set.c.id == set_id, als_session.c.state != "cancelled", als_session.c.starts_at <= self._now)
            .order_by(als_session.c.starts_at, als_session.c.id)
        )
        return [(_session(row), row[-1]) for row in self._db.execute(query)]

    def attendance(self, programme_id: int, *, since: datetime) -> list[Attendance]:
        """How many came to each session that was held since then, earliest first."""
        counted = (
            select(
                als_attendance.c.session_id,
                func.count().filter(als_attendance.c.came).label("came"),
                func.count().label("members"),
            )
            .group_by(als_attendance.c.session_id)
            .subquery()
        )
        query = (
            _sessions(counted.c.came, counted.c.members)
            .join(counted, counted.c.session_id == als_session.c.id)
            .where(als_set.c.programme_id == programme_id)
            .where(als_session.c.state == "held", als_session.c.starts_at >= since)
            .order_by(als_session.c.starts_at, als_session.c.id)
        )
        return [Attendance(_session(row), row[-2], row[-1]) for row in self._db.execute(query)]


def _set(row: Row[*tuple[Any, ...]]) -> LearningSet:
    set_id, programme_id, name, *facilitator = row[: len(_SET) + len(PERSON)]
    return LearningSet(set_id, programme_id, name, Person(*facilitator))


def _session(row: Row[*tuple[Any, ...]]) -> Session:
    width = len(_SET) + len(PERSON)
    session_id, *rest = row[width : width + len(_SESSION)]
    return Session(session_id, _set(row), *rest)
