"""What a wave lets out: its boxes are opened, counted and audited in memory, outside any transaction, and a form comes
out that may be published. Nothing is changed here."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

import structlog
from msgspec.structs import replace

from bot.clock import Clock
from bot.handlers.logmeeting import TOPIC_NAMES
from bot.surveys import rules, topics
from bot.surveys.auditing import Question, Verdict, asked
from bot.surveys.instrument import Answer, Comment, Instrument, as_declared
from bot.surveys.release import PAIRS, Release, Row, from_ledger
from bot.surveys.sealing import KINDS, SCORES, CannotOpen, Opener, WaveKeys, tag
from bot.texts import marked
from storage.keys import KeyLost
from storage.records import PairTopics, Wave
from storage.unit_of_work import Database, UnitOfWork

log = structlog.get_logger()

AT_ONCE = 200
"""Pairs whom one transaction reads."""
BOXES_AT_ONCE = 250
"""Boxes that one transaction reads."""
ABREAST = 2
"""So often boxes are being opened at a time: on two cores there is no more to be had."""
TALKED_ABOUT = marked("talked about it")

T = TypeVar("T")
Asked = Sequence[tuple[int, str]]
"""Ids of those who are asked, with their roles."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What may be published of a wave. ``topics``: of the meetings of pairs, to go with it unless another wave of the
    same questionnaire has told them; None where there is nothing to tell."""

    release: Release
    topics: Row | None = None


class Counting:
    """Counts waves. ``random``: for the order of comments. ``audit``: looks at what is about to be told."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        random: Random,
        audit: Callable[[Question], Awaitable[Verdict]],
    ) -> None:
        self._audit = audit
        self._database = database
        self._clock = clock
        self._random = random

    async def count(self, wave: Wave) -> Counted:
        """The published form of what was answered; without rows, and the reason, where nothing may or can be told."""
        instrument = as_declared(wave.instrument)
        nothing = await self._nothing(wave, instrument)
        members = await self._run(lambda uow: uow.waves.members(wave.id))
        try:
            keys = WaveKeys.unpacked(await self._run(lambda uow: uow.keys.get(wave.key_id)))
            answers, comments = await self._opened(wave, members, instrument, keys)
        except (KeyLost, CannotOpen) as error:
            if (await self._run(lambda uow: uow.waves.get(wave.id))).state != "closing":
                return Counted(nothing)  # another process has released it meanwhile, and has tidied up
            log.error("wave.not_computed", wave=wave.id, error=type(error).__name__)
            return Counted(replace(nothing, refused="not_computed"))
        level = rules.BY_NAME[wave.level]
        exact = level == rules.RESEARCH
        invited = Counter(role for _id, role in members)
        rows = rules.rows(instrument, level, invited, answers, declared=instrument.rows if exact else ())
        if not rows:
            return Counted(replace(nothing, refused="few"))
        if not await self._may_stand(wave, instrument, rows, Counter(role for role, _answer in answers)):
            log.error("wave.withheld", wave=wave.id)
            return Counted(replace(nothing, refused="not_computed"))
        told = rules.comments(instrument, comments, len(answers), level, self._random)
        release = replace(
            nothing,
            rows=rows,
            comments=tuple(words for _about, words in told),
            questions=tuple(about for about, _words in told) if instrument.texts > 1 else (),
        )
        return Counted(release, await self._topics(wave))

    async def _run(self, work: Callable[[UnitOfWork], T]) -> T:
        return await self._database.run(work, self._clock())

    async def _nothing(self, wave: Wave, instrument: Instrument) -> Release:
        zone = ZoneInfo((await self._run(lambda uow: uow.programmes.get(wave.programme_id))).time_zone)
        return Release(
            instrument=wave.name,
            title=", ".join(dict.fromkeys(instrument.title[role] for role in instrument.audience)),
            level=wave.level,
            opened_on=wave.opens_at.astimezone(zone).date(),
            closed_on=wave.closes_at.astimezone(zone).date(),
            rows=(),
            kind=instrument.kind,
        )

    async def _opened(
        self, wave: Wave, members: Asked, instrument: Instrument, keys: WaveKeys
    ) -> tuple[list[tuple[str, Answer]], list[Comment]]:
        """Role and scores of everybody who has sent a part, and, apart from them, what was written. Boxes are read as
        they lie, some at a time: all at once would not fit into a small machine. While some are opened, the next are
        read."""
        counts, opener = _what_counts(members, instrument, keys), Opener(instrument, keys)
        marks: dict[int, dict[str, tuple[int, ...]]] = {}
        comments: list[Comment] = []

        async def keep(some: Mapping[bytes, bytes]) -> None:
            for person_id, content in await asyncio.to_thread(opened, some, counts, opener):
                if isinstance(content, Comment):
                    comments.append(content)
                else:
                    marks.setdefault(person_id, {}).update(content.marks)

        under_way: deque[asyncio.Task[None]] = deque()
        try:
            after = b""
            while some := await self._run(partial(_boxes, wave.id, after)):
                after = max(some)
                if len(under_way) == ABREAST:
                    await under_way.popleft()
                under_way.append(asyncio.create_task(keep(some)))
            while under_way:
                await under_way.popleft()
        finally:
            for task in under_way:
                task.cancel()
        return [(role, Answer(marks[who])) for who, role in members if who in marks], comments

    async def _may_stand(
        self, wave: Wave, instrument: Instrument, rows: Sequence[Row], answered: Mapping[str, int]
    ) -> bool:
        """Whether the rows may go into the ledger, for all that is known of the same people."""
        question = asked(
            rows,
            answered,
            once=[item.id for item in instrument.items if item.once],
            agreed=wave.level == rules.RESEARCH.name,
            earlier=await self._run(partial(_told_of_the_same, wave)),
        )
        return (await self._audit(question)).passed

    # Topics

    async def _topics(self, wave: Wave) -> Row | None:
        """What may be told of the topics of meetings with this wave."""
        if wave.name not in topics.MILESTONES:
            return None
        programme = await self._run(lambda uow: uow.programmes.get(wave.programme_id))
        pairs = await self._pairs(wave.programme_id)
        exact = await self._run(lambda uow: uow.consents.settled(wave.programme_id))
        at_research = programme.disclosure == rules.RESEARCH.name
        agreed = at_research and all({pair.mentor_id, pair.mentee_id} <= exact for pair in pairs)
        row = topics.topics_row(
            wave.name,
            [pair.topics for pair in pairs],
            await self._run(lambda uow: uow.pairs.count_introduced(wave.programme_id)),
            TOPIC_NAMES,
            TALKED_ABOUT,
            level=rules.BY_NAME[wave.level],
            agreed=agreed,
            earlier=await self._run(partial(_topics_before, wave)),
        )
        if row is None or (_is_exact(row) and wave.level != rules.RESEARCH.name):
            return None
        if not (await self._audit(asked([row], {PAIRS[0]: row.n}, agreed=agreed))).passed:
            log.error("wave.topics_withheld", wave=wave.id)
            return None
        return row

    async def _pairs(self, programme_id: int) -> list[PairTopics]:
        found: list[PairTopics] = []
        while some := await self._run(partial(_some_pairs, programme_id, found[-1].pair_id if found else 0)):
            found += some
        return found


def _what_counts(members: Asked, instrument: Instrument, keys: WaveKeys) -> dict[bytes, tuple[int, str]]:
    """Whose box lies under a tag, and of what kind it is, of all that counts: words are in those parts alone that ask
    for some."""
    wordy = {item.part for item in instrument.items if item.kind == "text"}
    boxes = {
        role: [(part, kind) for part in instrument.parts_for(role) for kind in KINDS if kind == SCORES or part in wordy]
        for role in instrument.audience
    }
    return {tag(keys.secret, who, part, kind): (who, kind) for who, role in members for part, kind in boxes[role]}


def opened(
    boxes: Mapping[bytes, bytes], counts: Mapping[bytes, tuple[int, str]], opener: Opener
) -> list[tuple[int, Answer | Comment]]:
    """What is in those boxes that count, and whose it is. Raises CannotOpen."""
    found: list[tuple[int, Answer | Comment]] = []
    for under in boxes.keys() & counts.keys():
        who, kind = counts[under]
        found.append((who, opener.answer(boxes[under]) if kind == SCORES else opener.comment(boxes[under])))
    return found


def _boxes(wave_id: int, after: bytes, uow: UnitOfWork) -> dict[bytes, bytes]:
    return dict(uow.waves.boxes(wave_id, after=after, limit=BOXES_AT_ONCE))


def _some_pairs(programme_id: int, after: int, uow: UnitOfWork) -> list[PairTopics]:
    return uow.meetings.topics_of_pairs(programme_id, after=after, limit=AT_ONCE)


def _told_of_the_same(wave: Wave, uow: UnitOfWork) -> list[Sequence[Row]]:
    """The rows of all earlier releases in which people of this wave may be. Of questionnaires that part those who are
    told exactly from everybody else, the two are never the same."""
    entries = [(uow.waves.get(entry.wave_id), entry) for entry in uow.ledger.all(wave.programme_id)]
    return [from_ledger(entry.body).rows for other, entry in entries if not _are_apart(wave, other)]


def _are_apart(one: Wave, other: Wave) -> bool:
    exactly = rules.RESEARCH.name
    return _parts_people(one) and _parts_people(other) and (one.level == exactly) != (other.level == exactly)


def _parts_people(wave: Wave) -> bool:
    """Whether its questionnaire is told exactly of those who agreed, in programmes that do so. One that is stricter by
    itself asks everybody in one wave."""
    return as_declared(wave.instrument).level == rules.RESEARCH.name


def _topics_before(wave: Wave, uow: UnitOfWork) -> Row | None:
    """What was told of topics at an earlier milestone."""
    before = [entry for entry in uow.ledger.all(wave.programme_id) if entry.name != wave.name]
    rows = [row for entry in before for row in from_ledger(entry.body).rows if row.roles == PAIRS]
    return rows[-1] if rows else None


def _is_exact(row: Row) -> bool:
    return all(result.low == result.high for result in row.results)
