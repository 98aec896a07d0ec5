"""Pairs, always loaded for the person who asks: nobody else's pair can be reached."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from storage.models import inserted, meeting, pair, person
from storage.people import PERSON
from storage.records import NotThere, Pair, PairFacts, Person

OPEN = ("introduced", "agreed", "active", "paused")
"""States in which the two of a pair deal with each other."""

_mentor = person.alias("mentor")
_mentee = person.alias("mentee")
_WIDTH = len(PERSON)


class Pairs:
    """Who mentors whom."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._db = connection
        self._now = now

    def of(self, person_id: int) -> list[Pair]:
        """The introduced pairs of a person, oldest first (usually one)."""
        mine = (pair.c.mentor_id == person_id) | (pair.c.mentee_id == person_id)
        query = _pairs().where(mine, pair.c.state.in_(OPEN)).order_by(pair.c.id)
        return [_pair(row) for row in self._db.execute(query)]

    def for_person(self, person_id: int, pair_id: int) -> Pair:
        """This pair, if the person is one of the two. Raises NotThere otherwise."""
        mine = (pair.c.mentor_id == person_id) | (pair.c.mentee_id == person_id)
        row = self._db.execute(_pairs().where(mine, pair.c.id == pair_id)).first()
        if row is None:
            raise NotThere("no such pair for this person")
        return _pair(row)

    def get(self, pair_id: int) -> Pair:
        """This pair, for the bot's own work (never for a person's request). Raises NotThere where there is none."""
        row = self._db.execute(_pairs().where(pair.c.id == pair_id)).first()
        if row is None:
            raise NotThere(f"no pair {pair_id}")
        return _pair(row)

    def proposed_of(self, person_id: int) -> list[Pair]:
        """Pairs of a person that have not been introduced yet."""
        mine = (pair.c.mentor_id == person_id) | (pair.c.mentee_id == person_id)
        query = _pairs().where(mine, pair.c.state == "proposed").order_by(pair.c.id)
        return [_pair(row) for row in self._db.execute(query)]

    def add(self, programme_id: int, mentor_id: int, mentee_id: int) -> int:
        """Propose a pair; its id."""
        values = {"programme_id": programme_id, "mentor_id": mentor_id, "mentee_id": mentee_id}
        return inserted(self._db.execute(insert(pair).values(**values)))

    def introduce(self, pair_id: int) -> bool:
        """Note that the two are introduced; whether that is news."""
        done = self._db.execute(
            update(pair)
            .where(pair.c.id == pair_id, pair.c.state == "proposed")
            .values(state="introduced", introduced_at=self._now)
        )
        return bool(done.rowcount)

    def set_state(self, pair_id: int, state: str) -> None:
        """Note a new state of a pair."""
        self._db.execute(update(pair).where(pair.c.id == pair_id).values(state=state))

    def facts(self, programme_id: int) -> list[PairFacts]:
        """What leads may know of each pair."""
        logged = (
            select(
                meeting.c.pair_id,
                func.count().label("meetings"),
                func.max(meeting.c.day).label("last_day"),
            )
            .where(meeting.c.state == "logged")
            .group_by(meeting.c.pair_id)
            .subquery()
        )
        query = (
            _pairs(logged.c.meetings, logged.c.last_day)
            .outerjoin(logged, logged.c.pair_id == pair.c.id)
            .where(pair.c.programme_id == programme_id)
            .order_by(pair.c.id)
        )
        return [PairFacts(_pair(row), row[-2] or 0, row[-1]) for row in self._db.execute(query)]


def _pairs(*more: Any) -> Select[Any]:
    return (
        select(
            pair.c.id,
            pair.c.programme_id,
            pair.c.state,
            pair.c.introduced_at,
            *(_mentor.c[column.name] for column in PERSON),
            *(_mentee.c[column.name] for column in PERSON),
            *more,
        )
        .join(_mentor, _mentor.c.id == pair.c.mentor_id)
        .join(_mentee, _mentee.c.id == pair.c.mentee_id)
    )


def _pair(row: Row[*tuple[Any, ...]]) -> Pair:
    mentor, mentee = row[4 : 4 + _WIDTH], row[4 + _WIDTH : 4 + 2 * _WIDTH]
    return Pair(row[0], row[1], Person(*mentor), Person(*mentee), row[2], row[3])
