"""Counts of a whole programme, without anybody's name: what a report needs, in a few quick queries however many people
there are."""

from sqlalchemy import Connection, func, select

from storage.models import als_attendance, als_session, als_set, meeting, pair, participant
from storage.records import PairTally, PartTally, SessionTally


class Tallies:
    """Facts that leads may know, counted."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def parts(self, programme_id: int) -> list[PartTally]:
        """How many of each role are listed, have joined at any time, and have left since."""
        query = (
            select(
                participant.c.role,
                func.count(),
                func.count(participant.c.joined_at),
                func.count(participant.c.joined_at).filter(participant.c.state == "left"),
            )
            .where(participant.c.programme_id == programme_id)
            .group_by(participant.c.role)
            .order_by(participant.c.role)
        )
        return [PartTally(*row) for row in self._db.execute(query)]

    def pairs(self, programme_id: int) -> list[PairTally]:
        """Every pair that was introduced, in an order that says nothing of which is which: how many meetings it has
        logged, and whether it has ended."""
        logged = (
            select(meeting.c.pair_id, func.count().label("meetings"))
            .where(meeting.c.state == "logged")
            .group_by(meeting.c.pair_id)
            .subquery()
        )
        meetings = func.coalesce(logged.c.meetings, 0)
        query = (
            select(meetings, pair.c.ended_at, pair.c.end_reason)
            .outerjoin(logged, logged.c.pair_id == pair.c.id)
            .where(pair.c.programme_id == programme_id, pair.c.introduced_at.is_not(None))
            .order_by(meetings, pair.c.end_reason, pair.c.ended_at)
        )
        return [PairTally(*row) for row in self._db.execute(query)]

    def sessions(self, programme_id: int) -> list[SessionTally]:
        """Every session that was held, set by set, earliest first: how many came of how many."""
        query = (
            select(
                als_session.c.set_id,
                func.count().filter(als_attendance.c.came),
                func.count(),
            )
            .join(als_attendance, als_attendance.c.session_id == als_session.c.id)
            .join(als_set, als_set.c.id == als_session.c.set_id)
            .where(als_set.c.programme_id == programme_id, als_session.c.state == "held")
            .group_by(als_session.c.set_id, als_session.c.id, als_session.c.starts_at)
            .order_by(als_session.c.set_id, als_session.c.starts_at, als_session.c.id)
        )
        return [SessionTally(*row) for row in self._db.execute(query)]
