"""Due work and events that were seen: each is done once, whichever process gets there first."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, func, select, update

from storage.models import Moment, due, seen
from storage.records import Due
from storage.upsert import insert_all_once, insert_once

_NEXT_AT = select(func.min(due.c.due_at)).where(due.c.done_at.is_(None))
_NEXT_DUE = (
    select(due.c.rule, due.c.subject, due.c.due_at)
    .where(due.c.done_at.is_(None), due.c.due_at <= bindparam("now", type_=Moment()))
    .order_by(due.c.due_at, due.c.rule, due.c.subject)
    .limit(1)
    .with_for_update(skip_locked=True)
)


def about(thing_id: int, person_id: int) -> str:
    """The subject of work or a question that concerns one thing and one person."""
    return f"{thing_id}-{person_id}"


class DueWork:
    """What has to be done, and when: a row (rule, subject, time) is done at most once."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._db = connection
        self._now = now

    def add(self, rule: str, subject: str, at: datetime) -> None:
        """Have a job done at a time; the same row twice is one."""
        insert_once(self._db, due, rule=rule, subject=subject, due_at=at)

    def add_all(self, rule: str, subjects: Iterable[str], at: datetime) -> None:
        """Have the same job done for many subjects at a time."""
        insert_all_once(self._db, due, [{"rule": rule, "subject": subject, "due_at": at} for subject in subjects])

    def waiting(self, rule: str) -> set[str]:
        """The subjects for which a job is still to be done."""
        return set(self._db.execute(select(due.c.subject).where(due.c.rule == rule, due.c.done_at.is_(None))).scalars())

    def was_planned(self, rule: str, subject: str) -> bool:
        """Whether a job is to be done, or was done."""
        return (
            self._db.execute(select(due.c.rule).where(due.c.rule == rule, due.c.subject == subject)).first() is not None
        )

    def move(self, rule: str, before: datetime, to: datetime) -> None:
        """Have all that was to be done by this rule at one time done at another."""
        waiting = (due.c.rule == rule, due.c.due_at == before, due.c.done_at.is_(None))
        self._db.execute(update(due).where(*waiting).values(due_at=to))

    def drop(self, rule: str, subject: str) -> None:
        """Have a job not done after all."""
        self._db.execute(delete(due).where(due.c.rule == rule, due.c.subject == subject, due.c.done_at.is_(None)))

    def take(self) -> Due | None:
        """The next piece of work that is due, marked as done: do it in this same transaction."""
        row = self._db.execute(_NEXT_DUE, {"now": self._now}).first()
        if row is None:
            return None
        self._db.execute(
            update(due)
            .where(due.c.rule == row.rule, due.c.subject == row.subject, due.c.due_at == row.due_at)
            .values(done_at=self._now)
        )
        return Due(*row)

    def postpone(self, work: Due, to: datetime) -> None:
        """Try a piece of work that failed again at a later time."""
        self._db.execute(
            update(due)
            .where(due.c.rule == work.rule, due.c.subject == work.subject, due.c.due_at == work.due_at)
            .values(done_at=self._now)
        )
        self.add(work.rule, work.subject, to)

    def next_at(self) -> datetime | None:
        """When the next piece of work comes due."""
        return self._db.execute(_NEXT_AT).scalar()


class Seen:
    """Keys of events that were handled, so that a repeated delivery changes nothing."""

    KEPT = timedelta(days=7)

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._db = connection
        self._now = now

    def first_time(self, key: str) -> bool:
        """Whether this event is new; from now on it is not."""
        return insert_once(self._db, seen, key=key, at=self._now)

    def forget_old(self) -> None:
        """Drop keys that no platform sends again."""
        self._db.execute(delete(seen).where(seen.c.at < self._now - self.KEPT))
