"""Leave: when somebody is away. Why is never asked and never stored, and what is over is dropped."""

from datetime import date, timedelta

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from storage.models import leave, person

_OF = (
    select(leave.c.starts_on, leave.c.ends_on)
    .where(leave.c.person_id == bindparam("person_id"), leave.c.ends_on >= bindparam("since"))
    .order_by(leave.c.starts_on)
)
_DAY = timedelta(days=1)


class LeaveOfPeople:
    """From which first to which last day people are away; no two leaves of a person overlap or adjoin.

    ``Person.away_until`` is kept in step, so that who has no leave costs delivery no look into this table.
    """

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def of(self, person_id: int, since: date) -> tuple[tuple[date, date], ...]:
        """First and last days of a person's leave, earliest first, as far as it is not over on the day ``since``."""
        rows = self._db.execute(_OF, {"person_id": person_id, "since": since})
        return tuple((row.starts_on, row.ends_on) for row in rows)

    def add(self, person_id: int, first: date, last: date, *, today: date) -> None:
        """Note that somebody is away. Leave that overlaps or adjoins becomes one with it."""
        self._begin(person_id, today)
        for starts_on, ends_on in self.of(person_id, since=first - _DAY):
            if starts_on <= last + _DAY:
                self._drop(person_id, starts_on)
                first, last = min(first, starts_on), max(last, ends_on)
        self._db.execute(insert(leave).values(person_id=person_id, starts_on=first, ends_on=last))
        self._end(person_id)

    def cancel(self, person_id: int, first: date, *, today: date) -> None:
        """Somebody is not away after all, or is back already: drop the leave with this first day, if there is one."""
        self._begin(person_id, today)
        self._drop(person_id, first)
        self._end(person_id)

    def _begin(self, person_id: int, today: date) -> None:
        """Let nobody else change this person's leave meanwhile, and drop what is over."""
        self._db.execute(select(person.c.id).where(person.c.id == person_id).with_for_update())
        self._db.execute(delete(leave).where(leave.c.person_id == person_id, leave.c.ends_on < today))

    def _drop(self, person_id: int, first: date) -> None:
        self._db.execute(delete(leave).where(leave.c.person_id == person_id, leave.c.starts_on == first))

    def _end(self, person_id: int) -> None:
        latest = select(func.max(leave.c.ends_on)).where(leave.c.person_id == person_id).scalar_subquery()
        self._db.execute(update(person).where(person.c.id == person_id).values(away_until=latest))
