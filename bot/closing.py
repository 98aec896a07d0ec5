"""The close of a wave, which may be killed anywhere and gives one release.

closing: nothing is taken any more. ``counting`` opens the boxes and counts them outside of any transaction; what may be
published goes into the ledger, and the wave is *released*: boxes, the list of who was asked and all messages about the
wave are deleted, piece by piece, and the database's files emptied of them. The wave is *scrubbed*, and its keys are
destroyed. Each step begins again where it was left.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import TypeVar

import structlog
from msgspec.structs import replace

from bot.clock import Clock
from bot.counting import Counted, Counting
from bot.log import frames
from bot.surveys.auditing import Question, Verdict, audited
from bot.surveys.release import PAIRS, from_ledger, published
from storage.records import Wave
from storage.unit_of_work import Database, DatabaseGone, UnitOfWork

log = structlog.get_logger()

AT_ONCE = 500
"""Rows that one transaction reads or deletes: it lasts well below 200 ms."""
AFTER_A_FAULT = timedelta(minutes=5)

T = TypeVar("T")


class Closing:
    """Closes waves. ``random``: for the order of comments. ``audit``: looks at a release before it is one."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        random: Random,
        audit: Callable[[Question], Awaitable[Verdict]] = audited,
    ) -> None:
        self._counting = Counting(database, clock=clock, random=random, audit=audit)
        self._database = database
        self._clock = clock
        self._again_at: dict[int, datetime] = {}

    async def advance(self) -> int:
        """Bring every wave whose close has begun to its end, as far as that can be done now; how many got there.
        Raises DatabaseGone."""
        finished = 0
        for wave_id in await self._run(lambda uow: uow.waves.unfinished()):
            if wave_id in self._again_at and self._clock() < self._again_at[wave_id]:
                continue
            try:
                finished += await self._close(wave_id)
            except DatabaseGone:
                raise
            except Exception as error:  # noqa: BLE001 - the wave waits, everything else goes on
                self._again_at[wave_id] = self._clock() + AFTER_A_FAULT
                log.error("wave.close_failed", wave=wave_id, error=type(error).__name__, where=frames(error))
        return finished

    async def _close(self, wave_id: int) -> bool:
        wave = await self._run(lambda uow: uow.waves.get(wave_id))
        if wave.state == "closing":
            counted = await self._counting.count(wave)
            await self._run(lambda uow: _enter(wave, counted, uow))
        if wave.state in {"closing", "released"}:
            for drop in (_drop_answers, _drop_messages, _drop_members):
                while await self._run(partial(drop, wave.id)):
                    pass
            if not await self._database.scrub():
                log.warning("wave.not_scrubbed_yet", wave=wave.id)
                return False
            await self._run(lambda uow: uow.waves.advance(wave.id, "released", "scrubbed"))
        await self._run(lambda uow: _destroy(wave, uow))
        return True

    async def _run(self, work: Callable[[UnitOfWork], T]) -> T:
        return await self._database.run(work, self._clock())


def _enter(wave: Wave, counted: Counted, uow: UnitOfWork) -> None:
    """The one place where something enters the ledger. Of several waves of one questionnaire the first tells topics."""
    uow.waves.hold_openings(wave.programme_id)
    release = counted.release
    told = [from_ledger(entry.body) for entry in uow.ledger.all(wave.programme_id) if entry.name == wave.name]
    if counted.topics is not None and not any(row.roles == PAIRS for each in told for row in each.rows):
        release = replace(release, rows=(*release.rows, counted.topics))
    if uow.waves.advance(wave.id, "closing", "released"):
        uow.ledger.add(wave.id, published(release))
        uow.waves.even_out_prompts(wave.id)


def _drop_answers(wave_id: int, uow: UnitOfWork) -> int:
    return uow.waves.drop_answers(wave_id, AT_ONCE)


def _drop_messages(wave_id: int, uow: UnitOfWork) -> int:
    return uow.waves.drop_messages(wave_id, AT_ONCE)


def _drop_members(wave_id: int, uow: UnitOfWork) -> int:
    return uow.waves.drop_members(wave_id, AT_ONCE)


def _destroy(wave: Wave, uow: UnitOfWork) -> None:
    uow.keys.destroy(wave.key_id)
    uow.waves.advance(wave.id, "scrubbed", "destroyed")
