"""Requests for a talk with a senior: who was asked, when, whether it was answered; nothing else."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from storage.models import inserted, person, support_request
from storage.people import PERSON
from storage.records import NotThere, Person, SupportRequest

_senior = person.alias("senior")
_WIDTH = len(PERSON)


class Support:
    """Requests for a talk."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._db = connection
        self._now = now

    def ask(self, person_id: int, senior_id: int) -> SupportRequest:
        """Ask a senior. A request that waits for an answer is returned as it is, not made twice."""
        waiting = select(support_request.c.id).where(
            support_request.c.person_id == person_id,
            support_request.c.senior_id == senior_id,
            support_request.c.answered_at.is_(None),
        )
        request_id = self._db.execute(waiting).scalar()
        if request_id is None:
            values = {"person_id": person_id, "senior_id": senior_id, "asked_at": self._now}
            request_id = inserted(self._db.execute(insert(support_request).values(**values)))
        return self._get(request_id)

    def latest(self, person_id: int, senior_id: int) -> SupportRequest | None:
        """The last request of this person to this senior."""
        query = select(func.max(support_request.c.id)).where(
            support_request.c.person_id == person_id, support_request.c.senior_id == senior_id
        )
        request_id = self._db.execute(query).scalar()
        return None if request_id is None else self._get(request_id)

    def for_senior(self, senior_id: int, request_id: int) -> SupportRequest:
        """This request, if it was made to this senior. Raises NotThere otherwise."""
        request = self._get(request_id)
        if request.senior.id != senior_id:
            raise NotThere("no such request for this senior")
        return request

    def answer(self, request_id: int) -> None:
        """Note that the senior has been in touch."""
        self._db.execute(
            update(support_request)
            .where(support_request.c.id == request_id, support_request.c.answered_at.is_(None))
            .values(answered_at=self._now)
        )

    def _get(self, request_id: int) -> SupportRequest:
        query = (
            select(
                support_request.c.id,
                support_request.c.asked_at,
                support_request.c.answered_at,
                *PERSON,
                *(_senior.c[column.name] for column in PERSON),
            )
            .join(person, person.c.id == support_request.c.person_id)
            .join(_senior, _senior.c.id == support_request.c.senior_id)
            .where(support_request.c.id == request_id)
        )
        row = self._db.execute(query).first()
        if row is None:
            raise NotThere(f"no request {request_id}")
        return _request(row)


def _request(row: Row[*tuple[Any, ...]]) -> SupportRequest:
    asker, senior = Person(*row[3 : 3 + _WIDTH]), Person(*row[3 + _WIDTH :])
    return SupportRequest(row[0], asker, senior, row[1], row[2])
