"""Who has asked for a report, until it is made and sent."""

from datetime import datetime

from sqlalchemy import Connection, delete, select

from storage.models import report_request
from storage.records import ReportRequest
from storage.upsert import insert_once


class Reports:
    """Requests of leads: at most one of each person at a time."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._db = connection
        self._now = now

    def want(self, programme_id: int, person_id: int) -> bool:
        """Have a report made for somebody; False where they are waiting for it already."""
        values = {"programme_id": programme_id, "person_id": person_id, "asked_at": self._now}
        return insert_once(self._db, report_request, **values)

    def wanted(self) -> list[ReportRequest]:
        """All that is still to be made, the first asked for first."""
        columns = (report_request.c.programme_id, report_request.c.person_id, report_request.c.asked_at)
        rows = self._db.execute(select(*columns).order_by(report_request.c.asked_at, report_request.c.person_id))
        return [ReportRequest(*row) for row in rows]

    def done(self, request: ReportRequest) -> bool:
        """Note that it has been seen to; False where another process has done that."""
        this = (
            report_request.c.programme_id == request.programme_id,
            report_request.c.person_id == request.person_id,
            report_request.c.asked_at == request.asked_at,
        )
        return self._db.execute(delete(report_request).where(*this)).rowcount == 1
