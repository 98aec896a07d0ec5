"""The close of a wave, which may be killed anywhere and gives one release.

closing: nothing is taken any more. The boxes are opened and counted in memory, outside any transaction; the published
form goes into the ledger, and the wave is *released*: boxes, the list of who was asked and all messages about the wave
are deleted, piece by piece, and the database's files emptied of them. The wave is *scrubbed*, and its keys are
destroyed. Each step begins again where it was left.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

import structlog
from msgspec.structs import replace

from bot.clock import Clock
from bot.log import frames
from bot.surveys import rules
from bot.surveys.auditing import Question, Verdict, asked, audited
from bot.surveys.instrument import Answer, Comment, Instrument, as_declared
from bot.surveys.release import Release, published
from bot.surveys.sealing import SCORES, WORDS, CannotOpen, WaveKeys, open_answer, open_comment, tag
from storage.keys import KeyLost
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
        self._audit = audit
        self._database = database
        self._clock = clock
        self._random = random
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
            release = await self._release(wave)
            await self._run(lambda uow: _enter(wave, release, uow))
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

    # What comes out

    async def _release(self, wave: Wave) -> Release:
        """The published form of what was answered; without rows, and the reason, where nothing may or can be told."""
        instrument = as_declared(wave.instrument)
        zone = ZoneInfo((await self._run(lambda uow: uow.programmes.get(wave.programme_id))).time_zone)
        nothing = Release(
            instrument=wave.name,
            title=", ".join(dict.fromkeys(instrument.title[role] for role in instrument.audience)),
            level=wave.level,
            opened_on=wave.opens_at.astimezone(zone).date(),
            closed_on=wave.closes_at.astimezone(zone).date(),
            rows=(),
        )
        members = await self._run(lambda uow: uow.waves.members(wave.id))
        try:
            keys = WaveKeys.unpacked(await self._run(lambda uow: uow.keys.get(wave.key_id)))
            answers, comments = await asyncio.to_thread(opened, members, instrument, keys, await self._boxes(wave))
        except (KeyLost, CannotOpen) as error:
            if (await self._run(lambda uow: uow.waves.get(wave.id))).state != "closing":
                return nothing  # another process has released it meanwhile, and has tidied up
            log.error("wave.not_computed", wave=wave.id, error=type(error).__name__)
            return replace(nothing, refused="not_computed")
        invited = {role: sum(asked == role for _id, asked in members) for role in instrument.audience}
        level = rules.BY_NAME[wave.level]
        rows = rules.rows(instrument, level, invited, answers)
        if not rows:
            return replace(nothing, refused="few")
        verdict = await self._audit(asked(rows, Counter(role for role, _answer in answers)))
        if not verdict.passed:
            log.error("wave.withheld", wave=wave.id)
            return replace(nothing, refused="not_computed")
        return replace(nothing, rows=rows, comments=rules.comments(comments, len(answers), level, self._random))

    async def _boxes(self, wave: Wave) -> dict[bytes, bytes]:
        boxes: dict[bytes, bytes] = {}
        last = b""
        while some := await self._run(partial(_some_boxes, wave.id, last)):
            boxes |= dict(some)
            last = some[-1][0]
        return boxes


def opened(
    members: Sequence[tuple[int, str]], instrument: Instrument, keys: WaveKeys, boxes: Mapping[bytes, bytes]
) -> tuple[list[tuple[str, Answer]], list[Comment]]:
    """What was answered: role and scores of everybody who has sent a part, and, apart from them, what was written.
    Raises CannotOpen."""
    answers: list[tuple[str, Answer]] = []
    comments: list[Comment] = []
    for person_id, role in members:
        marks: dict[str, tuple[int, ...]] = {}
        sent = False
        for part in instrument.parts_for(role):
            scores = boxes.get(tag(keys.secret, person_id, part, SCORES))
            words = boxes.get(tag(keys.secret, person_id, part, WORDS))
            if scores is not None:
                sent = True
                marks |= open_answer(scores, instrument, keys).marks
            if words is not None:
                comments.append(open_comment(words, instrument, keys))
        if sent:
            answers.append((role, Answer(marks)))
    return answers, comments


def _enter(wave: Wave, release: Release, uow: UnitOfWork) -> None:
    """The one place where something enters the ledger."""
    if uow.waves.advance(wave.id, "closing", "released"):
        uow.ledger.add(wave.id, published(release))
        uow.waves.even_out_prompts(wave.id)
        uow.due.add("release_post", str(wave.id), uow.now)


def _some_boxes(wave_id: int, after: bytes, uow: UnitOfWork) -> list[tuple[bytes, bytes]]:
    return uow.waves.boxes(wave_id, after=after, limit=AT_ONCE)


def _drop_answers(wave_id: int, uow: UnitOfWork) -> int:
    return uow.waves.drop_answers(wave_id, AT_ONCE)


def _drop_messages(wave_id: int, uow: UnitOfWork) -> int:
    return uow.waves.drop_messages(wave_id, AT_ONCE)


def _drop_members(wave_id: int, uow: UnitOfWork) -> int:
    return uow.waves.drop_members(wave_id, AT_ONCE)


def _destroy(wave: Wave, uow: UnitOfWork) -> None:
    uow.keys.destroy(wave.key_id)
    uow.waves.advance(wave.id, "scrubbed", "destroyed")
