"""Does what is due. Due work lives in the database; APScheduler is only the timer that looks every few seconds."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.clock import Clock
from bot.closing import Closing
from bot.flow import Flows
from bot.log import frames
from bot.painting import Painting
from bot.reporting import Reporting
from storage.records import Due
from storage.unit_of_work import Database, DatabaseGone, UnitOfWork

log = structlog.get_logger()

LOOK_EVERY = timedelta(seconds=10)
AFTER_A_FAULT = timedelta(minutes=5)
FORGET_EVERY = timedelta(days=1)


class Jobs:
    """Due work of all conversations, the closing of waves, the painting of what they let out, and reports. ``wake``:
    told when there may be something to deliver."""

    def __init__(
        self,
        database: Database,
        flows: Flows,
        *,
        clock: Clock,
        wake: Callable[[], None],
        closing: Closing,
        painting: Painting,
        reporting: Reporting,
    ) -> None:
        self._closing = closing
        self._painting = painting
        self._reporting = reporting
        self._database = database
        self._flows = flows
        self._clock = clock
        self._wake = wake
        self._timer = AsyncIOScheduler(timezone=UTC)

    def start(self) -> None:
        """Look for due work from now on, until ``stop``."""
        grace = int(LOOK_EVERY.total_seconds())
        self._timer.add_job(
            self._look, "interval", seconds=grace, max_instances=1, coalesce=True, misfire_grace_time=grace
        )
        self._timer.add_job(self._forget, "interval", seconds=FORGET_EVERY.total_seconds(), misfire_grace_time=None)
        self._timer.start()

    def stop(self) -> None:
        """Look no more."""
        self._timer.shutdown(wait=False)

    async def close(self) -> None:
        """Give up the reports that are being made: the next process makes them."""
        await self._reporting.close()

    async def tick(self) -> int:
        """Do all that is due now, each piece in a transaction of its own, close waves and paint releases; how many
        pieces there were. Reports, which take long, are begun."""
        done = 0
        while await self._one():
            done += 1
        if await self._closing.advance() + await self._painting.advance():
            done += 1
            while await self._one():
                done += 1
        if done:
            self._wake()
        await self._reporting.begin(self._wake)
        return done

    async def reported(self) -> None:
        """Wait until the reports that were begun are made and sent."""
        await self._reporting.finished()

    async def next_at(self) -> datetime | None:
        """When the next piece of work comes due."""
        return await self._database.run(lambda uow: uow.due.next_at(), self._clock())

    async def _one(self) -> bool:
        """Do one piece of due work, if there is any. One that fails is put off, so that it holds up nothing."""
        taken: list[Due] = []

        def take_and_do(uow: UnitOfWork) -> bool:
            work = uow.due.take()
            if work is None:
                return False
            taken.append(work)
            self._flows.jobs[work.rule](work, uow)
            return True

        now = self._clock()
        try:
            return await self._database.run(take_and_do, now)
        except DatabaseGone:
            raise
        except Exception as error:
            if not taken:
                raise
            work = taken[-1]  # a transaction that lost a race has run more than once
            log.error("job.failed", rule=work.rule, error=type(error).__name__, where=frames(error))
            await self._database.run(lambda uow: uow.due.postpone(work, now + AFTER_A_FAULT), now)
            return True

    async def _look(self) -> None:
        try:
            await self.tick()
        except DatabaseGone:
            log.warning("jobs.database_gone")

    async def _forget(self) -> None:
        def forget(uow: UnitOfWork) -> None:
            uow.seen.forget_old()
            uow.outbox.forget_strangers()
            uow.files.drop_expired()

        try:
            await self._database.run(forget, self._clock())
        except DatabaseGone:
            log.warning("jobs.database_gone")
