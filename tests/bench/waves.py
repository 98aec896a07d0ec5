"""Sealing an answer, closing a large wave, and the audit of a cohort like the example's."""

import asyncio
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from msgspec.structs import replace
from sqlalchemy import event, insert

from bot.closing import Closing
from bot.surveys import rules
from bot.surveys.auditing import asked, audited
from bot.surveys.instrument import Answer, Comment, Instrument, Item, declared
from bot.surveys.loading import all_instruments
from bot.surveys.names import named_in
from bot.surveys.release import from_ledger
from bot.surveys.sealing import SCORES, WORDS, new_keys, seal, tag
from storage.consents import EXACT_COUNTS
from storage.models import sealed_answer
from tests.bench.figures import Figure, bench, peak_megabytes
from tests.waves import BOTH, enrol, have_opened, likert
from tests.world import World, build

PEOPLE = 10_000
ITEMS = 20
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def questionnaire(items: int, parts: int) -> Instrument:
    """So many questions, in parts of the same length, and a free text at the end."""
    scales = [
        replace(likert(f"item_{LETTERS[n // 26]}{LETTERS[n % 26]}"), part=n * parts // items + 1) for n in range(items)
    ]
    comment = Item(
        "comment", "text", dict.fromkeys(BOTH, "Anything else?"), "comments", "free text", "made up", part=parts
    )
    return Instrument(
        id="large",
        kind="questionnaire",
        audience=BOTH,
        title={"mentor": "Large", "mentee": "Large"},
        level="standard",
        items=(*scales, comment),
    )


QUESTIONNAIRE = questionnaire(ITEMS, 1)
LONG = questionnaire(2 * ITEMS, 4)


def an_answer(random: Random, instrument: Instrument = QUESTIONNAIRE, part: int = 1) -> Answer:
    """Marks on everything in a part."""
    items = [item for item in instrument.items if item.kind != "text" and item.part == part]
    return Answer({item.id: (random.randint(1, 5),) for item in items})


@bench
def sealing() -> Iterator[Figure]:
    """CPU of sealing one answer with its comment and making their tags, in milliseconds."""
    keys, random = new_keys(), Random(1)
    times = 500
    started = time.process_time()
    for member in range(times):
        seal(an_answer(random), QUESTIONNAIRE, keys.public)
        seal(Comment({"comment": "x" * 400}, show=True), QUESTIONNAIRE, keys.public)
        for kind in (SCORES, WORDS):
            tag(keys.secret, member, 1, kind)
    yield Figure("sealing an answer and a comment, CPU", (time.process_time() - started) / times * 1000, "ms", 1)


@bench
def opening() -> Iterator[Figure]:
    """A wave for 10,000 people, the first in its process: what it needs is still to be loaded, but for the instruments,
    which the bot reads when it starts."""
    all_instruments()
    with TemporaryDirectory(prefix="peermentor-bench-") as directory:
        world = build(f"sqlite:///{Path(directory) / 'bench.sqlite3'}")
        enrol(world, PEOPLE // 2, PEOPLE // 2)
        seconds = Transactions(world)
        with world.uow() as uow:
            have_opened(uow)
        with world.uow() as uow:
            if len(uow.waves.members(uow.waves.are_under_way(world.programme.id)[0].id)) != PEOPLE:
                raise RuntimeError("the wave was not opened for everybody")
        world.database.close()
    yield Figure("the transaction that opens a wave for 10,000 people", seconds.longest * 1000, "ms", 200)


@bench
def opening_at_two_levels() -> Iterator[Figure]:
    """The same for a questionnaire at the level research, half of the people having agreed."""
    all_instruments()
    with TemporaryDirectory(prefix="peermentor-bench-") as directory:
        world = build(f"sqlite:///{Path(directory) / 'bench.sqlite3'}")
        ids = enrol(world, PEOPLE // 2, PEOPLE // 2)
        with world.uow() as uow:
            uow.programmes.change(world.programme.id, disclosure="research")
            for person_id in ids["mentor"]:
                uow.consents.give(world.programme.id, person_id, EXACT_COUNTS)
        seconds = Transactions(world)
        with world.uow() as uow:
            have_opened(uow, "baseline")
        with world.uow() as uow:
            sizes = [len(uow.waves.members(wave.id)) for wave in uow.waves.are_under_way(world.programme.id)]
        if sizes != [PEOPLE // 2] * 2:
            raise RuntimeError("the two waves were not opened")
        world.database.close()
    yield Figure("the transaction that opens two waves for 5,000 people each", seconds.longest * 1000, "ms", 200)


@bench
def closing() -> Iterator[Figure]:
    """A wave of 10,000 answers with 20 items and comments, from the last moment to the destruction of its keys."""
    yield from _closing(QUESTIONNAIRE, 5)


@bench
def closing_a_long_questionnaire() -> Iterator[Figure]:
    """The same with 40 items in four parts."""
    yield from _closing(LONG, 10)


def _closing(instrument: Instrument, limit: float) -> Iterator[Figure]:
    with TemporaryDirectory(prefix="peermentor-bench-") as directory:
        world = build(f"sqlite:///{Path(directory) / 'bench.sqlite3'}")
        wave_id = asyncio.run(_answered(world, instrument))
        at_rest = peak_megabytes()
        seconds = Transactions(world)
        with world.uow() as uow:
            uow.waves.advance(wave_id, "open", "closing")
        started = time.perf_counter()
        done = asyncio.run(Closing(world.database, clock=lambda: world.now, random=Random(1)).advance())
        took = time.perf_counter() - started
        with world.uow() as uow:
            entry = uow.ledger.of_wave(wave_id)
        if done != 1 or entry is None or sum(row.n for row in from_ledger(entry.body).rows) != PEOPLE:
            raise RuntimeError("the wave was not closed and told")
        world.database.close()
    items = sum(item.kind != "text" for item in instrument.items)
    yield Figure(f"closing 10,000 answers of {items} items", took, "s", limit)
    yield Figure(f"the longest transaction of that close, {items} items", seconds.longest * 1000, "ms", 200)
    yield Figure(f"memory of that close, {items} items ({at_rest:.0f} MB before it)", peak_megabytes(), "MB", 300)


@bench
def audit() -> Iterator[Figure]:
    """The audit of 62 people and 20 items, in its child process, which first loads the solver."""
    random = Random(1)
    people = [("mentor", 18), ("mentee", 18), ("control", 26)]
    everybody = [(role, an_answer(random)) for role, count in people for _ in range(count)]
    instrument = Instrument(
        id="large",
        kind="questionnaire",
        audience=tuple(role for role, _ in people),
        title=dict.fromkeys(dict(people), "Large"),
        level="standard",
        items=tuple(_for_all(item) for item in QUESTIONNAIRE.items if item.kind != "text"),
    )
    rows = rules.rows(instrument, rules.STANDARD, dict(people), everybody)
    question = asked(rows, dict(people))
    with children_cpu() as used:
        if not asyncio.run(audited(question)).passed:
            raise RuntimeError("the audit did not pass")
    yield Figure("audit of 62 people and 20 items with its child's start, CPU", used.seconds, "s", 1)


@bench
def naming() -> Iterator[Figure]:
    """Looking for 10,000 names in a comment, before it is sent, in milliseconds."""
    random = Random(11)

    def word() -> str:
        return "".join(random.choices(LETTERS, k=7)).title()

    names = [f"{word()} {word()}" for _ in range(9_500)] + [f"{word()} {word()}'s Hospital" for _ in range(500)]
    text = " ".join(name.split()[0] for name in names[::250])[:250] + " we meet on Tuesdays and it helps" * 8
    times = []
    for _ in range(20):
        started = time.process_time()
        if len(named_in(text, names)) <= len(names) // 400:
            raise RuntimeError("names were missed")
        times.append(time.process_time() - started)
    yield Figure("10,000 names in a comment of 500 characters, CPU", median(times) * 1000, "ms", 50)


def _for_all(item: Item) -> Item:
    return Item(
        id=item.id,
        kind=item.kind,
        words=dict.fromkeys((*BOTH, "control"), "Question?"),
        about=item.about,
        construct=item.construct,
        source=item.source,
        options=item.options,
        favourable=item.favourable,
        favourable_words=item.favourable_words,
    )


async def _answered(world: World, instrument: Instrument) -> int:
    """A wave that 10,000 people have answered; its id."""
    random, keys = Random(1), new_keys()
    ids = enrol(world, PEOPLE // 2, PEOPLE // 2)
    with world.uow() as uow:
        uow.keys.put("1-large", keys.packed)
        wave = uow.waves.open(
            world.programme.id,
            name=instrument.id,
            instrument=declared(instrument),
            level="standard",
            members=uow.roll.asked(world.programme.id, BOTH),
            closes_at=world.now + timedelta(days=14),
            public_key=keys.public,
            key_id="1-large",
        )
    for person_id in (*ids["mentor"], *ids["mentee"]):
        rows = []
        for part in instrument.parts_for("mentor"):
            words = {"comment": "x" * random.randint(0, 400)} if part == instrument.items[-1].part else {}
            scores = seal(an_answer(random, instrument, part), instrument, keys.public)
            comment = seal(Comment(words, show=True), instrument, keys.public)
            for kind, box in ((SCORES, scores), (WORDS, comment)):
                rows.append({"wave_id": wave.id, "tag": tag(keys.secret, person_id, part, kind), "box": box})
        with world.database.engine.begin() as connection:
            connection.execute(insert(sealed_answer), rows)
    return wave.id


class Transactions:
    """How long the transactions of a database last, from now on. ``longest``: in seconds."""

    def __init__(self, world: World) -> None:
        self.longest = 0.0
        self._began = 0.0
        event.listen(world.database.engine, "begin", self._begin)
        event.listen(world.database.engine, "commit", self._end)
        event.listen(world.database.engine, "rollback", self._end)

    def _begin(self, _connection: Any) -> None:
        self._began = time.perf_counter()

    def _end(self, _connection: Any) -> None:
        self.longest = max(self.longest, time.perf_counter() - self._began)


class Cpu:
    """CPU time of child processes. ``seconds``."""

    seconds = 0.0


@contextmanager
def children_cpu() -> Iterator[Cpu]:
    """Counts what the children use that end within."""
    used = Cpu()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    yield used
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used.seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
