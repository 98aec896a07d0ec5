"""Pairs, always loaded for the person who asks: nobody else's pair can be reached."""

from collections.abc import Iterable
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
        """Pairs of a person that have not been introduced yet. Nobody else has them so until the end of the
        transaction: of two who say yes in the same moment, the second sees the yes of the first."""
        mine = (pair.c.mentor_id == person_id) | (pair.c.mentee_id == person_id)
        query = _pairs().where(mine, pair.c.state == "proposed").order_by(pair.c.id).with_for_update(of=pair)
        return [_pair(row) for row in self._db.execute(query)]

    def add(self, programme_id: int, mentor_id: int, mentee_id: int) -> int:
        """Propose a pair; its id."""
        values = {"programme_id": programme_id, "mentor_id": mentor_id, "mentee_id": mentee_id}
        return inserted(self._db.execute(insert(pair).values(**values)))

    def propose(self, programme_id: int, mentor_id: int, mentee_id: int) -> int:
        """Propose a pair that is none, or has ended; its id."""
        the_two = (pair.c.mentor_id == mentor_id, pair.c.mentee_id == mentee_id, pair.c.programme_id == programme_id)
        found = self._db.execute(select(pair.c.id).where(*the_two)).first()
        if found is None:
            return self.add(programme_id, mentor_id, mentee_id)
        ended = (pair.c.id == found.id, pair.c.state == "ended")
        anew = {"state": "proposed", "introduced_at": None, "ended_at": None, "end_reason": ""}
        self._db.execute(update(pair).where(*ended).values(**anew))
        return int(found.id)

    def add_all(self, programme_id: int, people: Iterable[tuple[int, int]]) -> None:
        """Propose many pairs, each the ids of mentor and mentee."""
        rows = [{"programme_id": programme_id, "mentor_id": one, "mentee_id": other} for one, other in people]
        if rows:
            self._db.execute(insert(pair), rows)

    def ids(self, programme_id: int) -> dict[tuple[int, int], int]:
        """The id of each pair, whatever its state, by the ids of mentor and mentee."""
        query = select(pair.c.mentor_id, pair.c.mentee_id, pair.c.id).where(pair.c.programme_id == programme_id)
        return {(mentor_id, mentee_id): pair_id for mentor_id, mentee_id, pair_id in self._db.execute(query)}

    def not_ended(self, programme_id: int, *, limit: int) -> list[Pair]:
        """Pairs of a programme that have not ended, by the mentor's name. At most ``limit``."""
        query = _pairs().where(pair.c.programme_id == programme_id, pair.c.state != "ended")
        return [_pair(row) for row in self._db.execute(query.order_by(_mentor.c.name, pair.c.id).limit(limit))]

    def not_ended_of(self, person_id: int) -> list[Pair]:
        """The pairs of a person that have not ended, oldest first."""
        mine = (pair.c.mentor_id == person_id) | (pair.c.mentee_id == person_id)
        query = _pairs().where(mine, pair.c.state != "ended").order_by(pair.c.id)
        return [_pair(row) for row in self._db.execute(query)]

    def paired(self, programme_id: int) -> set[int]:
        """The ids of everybody in a pair that has not ended."""
        query = select(pair.c.mentor_id, pair.c.mentee_id)
        rows = self._db.execute(query.where(pair.c.programme_id == programme_id, pair.c.state != "ended"))
        return {person_id for row in rows for person_id in row}

    def introduce(self, pair_id: int) -> bool:
        """Note that the two are introduced; whether that is news."""
        done = self._db.execute(
            update(pair)
            .where(pair.c.id == pair_id, pair.c.state == "proposed")
            .values(state="introduced", introduced_at=self._now)
        )
        return bool(done.rowcount)

    def end(self, pair_id: int, reason: str = "") -> None:
        """Note that a pair has ended, and why, as far as anybody said."""
        values = {"state": "ended", "ended_at": self._now, "end_reason": reason}
        self._db.execute(update(pair).where(pair.c.id == pair_id).values(**values))

    def set_state(self, pair_id: int, state: str) -> None:
        """Note a new state of a pair."""
        self._db.execute(update(pair).where(pair.c.id == pair_id).values(state=state))

    def count_introduced(self, programme_id: int) -> int:
        """How many pairs were introduced, also those that have ended since."""
        introduced = (pair.c.programme_id == programme_id, pair.c.introduced_at.is_not(None))
        return self._db.execute(select(func.count()).select_from(pair).where(*introduced)).scalar_one()

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
            pair.c.ended_at,
            pair.c.end_reason,
            *(_mentor.c[column.name] for column in PERSON),
            *(_mentee.c[column.name] for column in PERSON),
            *more,
        )
        .join(_mentor, _mentor.c.id == pair.c.mentor_id)
        .join(_mentee, _mentee.c.id == pair.c.mentee_id)
    )


def _pair(row: Row[*tuple[Any, ...]]) -> Pair:
    mentor, mentee = row[6 : 6 + _WIDTH], row[6 + _WIDTH : 6 + 2 * _WIDTH]
    return Pair(row[0], row[1], Person(*mentor), Person(*mentee), *row[2:6])
