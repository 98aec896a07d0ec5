"""Makes the reports that leads have asked for, outside any transaction and beside all other work, and has each sent
once: killed anywhere, it begins again."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from bot.clock import Clock
from bot.handlers import report
from bot.log import frames
from bot.report.facts import Facts
from bot.report.gathering import facts_of
from bot.report.making import made
from bot.report.writing import MEDIA_TYPES, Made, files_of
from storage.records import File, ReportRequest
from storage.unit_of_work import Database, DatabaseGone, UnitOfWork

log = structlog.get_logger()

AFTER_A_FAULT = timedelta(minutes=5)
GIVEN_UP = timedelta(minutes=20)
"""After the request: then the lead is told that there is no report."""

T = TypeVar("T")


class Reporting:
    """Makes reports. ``make``: the files of these facts."""

    def __init__(self, database: Database, *, clock: Clock, make: Callable[[Facts], Awaitable[Made]] = made) -> None:
        self._database = database
        self._clock = clock
        self._make = make
        self._again_at: dict[ReportRequest, datetime] = {}
        self._under_way: asyncio.Task[None] | None = None

    async def begin(self, then: Callable[[], None]) -> None:
        """Have all that is wanted made and sent in a task of its own, unless that is under way. ``then``: told when
        there may be something to deliver. Raises DatabaseGone."""
        if (self._under_way is None or self._under_way.done()) and await self._due():
            self._under_way = asyncio.create_task(self._advance_and_tell(then))

    async def finished(self) -> None:
        """Wait until what was begun is done."""
        if self._under_way is not None:
            await self._under_way

    async def close(self) -> None:
        """Give up what is under way: whoever looks next begins it again."""
        if self._under_way is not None and self._under_way.cancel():
            with contextlib.suppress(asyncio.CancelledError):
                await self._under_way

    async def _advance_and_tell(self, then: Callable[[], None]) -> None:
        try:
            await self.advance()
        except DatabaseGone:
            log.warning("report.database_gone")
        finally:
            then()

    async def advance(self) -> int:
        """Make and send all that is wanted, as far as that can be done now; how many there were. Raises
        DatabaseGone."""
        sent = 0
        for request in await self._due():
            if await self._sent(request):
                sent += 1
            else:
                self._again_at[request] = self._clock() + AFTER_A_FAULT
        return sent

    async def _due(self) -> list[ReportRequest]:
        """What is wanted, but what failed a moment ago."""
        wanted = await self._run(lambda uow: uow.reports.wanted())
        now = self._clock()
        return [request for request in wanted if now >= self._again_at.get(request, now)]

    async def _sent(self, request: ReportRequest) -> bool:
        """Whether this was sent, or the lead was told that there is none; otherwise it is to be tried again."""
        if await self._tried(request, self._files):
            return True
        return self._clock() >= request.asked_at + GIVEN_UP and await self._tried(request, _none)

    async def _tried(self, request: ReportRequest, files: Callable[[ReportRequest], Awaitable[Sequence[File]]]) -> bool:
        try:
            await self._run(partial(report.send, request, await files(request)))
        except DatabaseGone:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, everything else goes on
            log.error("report.failed", error=type(error).__name__, where=frames(error))
            return False
        return True

    async def _files(self, request: ReportRequest) -> Sequence[File]:
        facts = await self._run(lambda uow: facts_of(uow.programmes.get(request.programme_id), uow))
        return [
            File(f"mentoring-{name}", MEDIA_TYPES[name], content)
            for name, content in files_of(await self._make(facts)).items()
        ]

    async def _run(self, work: Callable[[UnitOfWork], T]) -> T:
        return await self._database.run(work, self._clock())


async def _none(_request: ReportRequest) -> Sequence[File]:
    """Where they could not be made for too long."""
    return ()
