"""Attacks on what is stored: somebody has a copy of the database, its log and a backup, and what is left of the keys.

Each is made on a database file of its own, with the real storage, sealing and closing; the copies are taken as a thief
would take them, while the bot runs.
"""

import asyncio
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TypeVar

from sqlalchemy import select

from bot.closing import Closing
from bot.surveys.auditing import Question, Verdict
from bot.surveys.instrument import Answer, Comment
from bot.surveys.sealing import SCORES, WORDS, seal, tag
from storage.models import sealed_answer, wave_member
from storage.records import Wave
from tests import waves
from tests.attacks.table import Effort, Finding, attack, wilson
from tests.world import World, build, copy_of

T = TypeVar("T")

MENTORS, MENTEES = 18, 18
MANY, FEW = 500, 6
"""Programmes: in full and in a test."""
FEW_ZEROS = 32
ZEROS = re.compile(rb"\0{%d,}" % FEW_ZEROS)
LIMIT_OF_MATCHING = 1 / (MENTORS + MENTEES) + 0.05


@dataclass
class Programme:
    """A wave that some have answered, and what an observer who knows everything would know of it.

    ``boxes``: whose box is which. ``secrets``: bytes that a thief must find nowhere: both keys, and words that were
    typed. ``traces``: bytes that are in the database while the wave is open, and nowhere after its close: boxes, their
    tags, and who was asked.
    """

    world: World
    wave: Wave
    boxes: dict[bytes, int] = field(default_factory=dict)
    secrets: list[bytes] = field(default_factory=list)
    traces: list[bytes] = field(default_factory=list)


def played(world: World, everybody: list[tuple[int, str]], random: Random) -> Programme:
    """A wave of all these people, of whom most answer, in an order of their own; some again, and some take it back."""
    made = Programme(world, waves.open_wave(world))
    keys = waves.keys_of_wave(world, made.wave)
    made.secrets += [keys.private, keys.secret]
    for person_id, role in everybody:
        made.traces.append(_record_of_member(made.wave.id, person_id, role))
    answering = [person_id for person_id, _role in everybody if random.random() < 0.85]
    for person_id in [*_shuffled(answering, random), *random.sample(answering, 4)]:
        words = f"canary-{random.getrandbits(64):016x}"
        made.secrets.append(words.encode())
        boxes: dict[bytes, Answer | Comment] = {
            tag(keys.secret, person_id, 1, SCORES): Answer({"time": (random.randint(1, 5),), "trust": (2,)}),
            tag(keys.secret, person_id, 1, WORDS): Comment({"comment": words}, show=False),
        }
        sealed = [(where, seal(content, waves.PULSE, made.wave.public_key)) for where, content in boxes.items()]
        with world.uow() as uow:
            uow.waves.put(made.wave.id, sealed)
        made.boxes |= dict.fromkeys(boxes, person_id)
        made.traces += [part for box in sealed for part in box]
    for person_id in random.sample(answering, 2):
        tags = [where for where, owner in made.boxes.items() if owner == person_id]
        with world.uow() as uow:
            uow.waves.take_back(made.wave.id, tags)
        for where in tags:
            del made.boxes[where]
    return made


def close(made: Programme, random: Random) -> None:
    """The close, but for the audit: it is not what is attacked here."""

    async def passed(_question: Question) -> Verdict:
        return Verdict(passed=True)

    world = made.world
    closing = Closing(world.database, clock=lambda: world.now, random=random, audit=passed)
    asyncio.run(waves.close(world, made.wave, closing))


def loot(world: World, *, with_keys: bool) -> dict[str, bytes]:
    """The files that are there, as a thief copies them while the bot runs: database and log, and the keys. Of long runs
    of zeros, which are most of a file that was scrubbed, only the beginning: nothing that is looked for has any."""
    path = Path(str(world.database.engine.url.database))
    files = {name.name: name for name in path.parent.glob(f"{path.name}*") if name.is_file()}
    if with_keys:
        files |= {f"keys/{name.name}": name for name in Path(f"{path}.keys").iterdir()}
    return {name: ZEROS.sub(bytes(FEW_ZEROS), file.read_bytes()) for name, file in files.items()}


def found(needles: list[bytes], files: dict[str, bytes]) -> int:
    """How many of some bytes are anywhere in the files."""
    everything = b"\0".join(files.values())
    return sum(needle in everything for needle in needles)


@attack
def stolen_database(effort: Effort) -> Iterator[Finding]:
    """First the database and its log, without the keys, while answers come in: what was typed, and whose box is which.
    Then the same after the close, with what is left in the directory of the keys, and a backup from before."""
    read = words = boxes = traced = left = looked_for = unsealed = 0
    matched: Counter[str] = Counter()
    for made, random in _programmes(effort):
        before = loot(made.world, with_keys=False)
        read += found(made.secrets, before)
        words += len(made.secrets)
        traced += found(made.traces, before)
        matched.update(_matched(made, before))
        boxes += len(made.boxes)
        close(made, random)
        after = loot(made.world, with_keys=True)
        left += found([*made.secrets, *made.traces], after)
        looked_for += len(made.secrets) + len(made.traces)
        unsealed += found(made.secrets, before | after)
    if not traced:
        raise AssertionError("what is in the database was not found in it: the search is blind")
    yield _nothing("answer readable, wave open", f"{words:,} words and keys", read)
    ((order, hits),) = matched.most_common(1)
    yield Finding("box matched to person", "all", order, hits / boxes, *wilson(hits, boxes), LIMIT_OF_MATCHING)
    yield _nothing("anything left after the close", f"{looked_for:,} words, boxes, tags, members, keys", left)
    yield _nothing("backup read after the close", "a copy of the open wave, and all that is left", unsealed)


def _nothing(attack_name: str, setting: str, hits: int) -> Finding:
    return Finding(attack_name, "all", setting, hits, hits, hits, limit=0)


@attack
def stolen_without_scrubbing(effort: Effort) -> Iterator[Finding]:
    """A naive close that only deletes: what it leaves in the files shows that the search finds what is there."""
    left = looked_for = 0
    for made, _random in _programmes(effort, share=10):
        with made.world.database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA secure_delete=OFF")
            for table in (sealed_answer, wave_member):
                connection.execute(table.delete())
            connection.commit()
        left += found(made.traces, loot(made.world, with_keys=False))
        looked_for += len(made.traces)
    share = left / looked_for
    yield Finding(
        "anything left after the close",
        "naive",
        "deleted, not scrubbed",
        share,
        *wilson(left, looked_for),
        limit=0.5,
        must_fail=True,
    )


def _programmes(effort: Effort, share: int = 1) -> Iterator[tuple[Programme, Random]]:
    programmes = (MANY if effort.every == 1 else FEW) // share or 1
    with TemporaryDirectory(prefix="peermentor-attack-") as directory:
        template = Path(directory) / "template.sqlite3"
        empty = build(f"sqlite:///{template}")
        ids = waves.enrol(empty, MENTORS, MENTEES)
        everybody = [(person_id, role) for role, some in ids.items() for person_id in some]
        empty.database.close()
        for seed in range(programmes):
            random = Random(seed)
            path = Path(directory) / f"{seed}" / "world.sqlite3"
            path.parent.mkdir()
            world = copy_of(template, path)
            world.database.do_not_wait_for_the_disk()
            yield played(world, everybody, random), random
            world.database.close()
            shutil.rmtree(path.parent)


def _matched(made: Programme, files: dict[str, bytes]) -> dict[str, int]:
    """How many boxes are laid beside their owner when they are laid beside the list of members: in the order of the
    table, and in the orders in which they stand in the pages and were written to the log."""
    with made.world.database.engine.connect() as connection:
        tags = list(connection.execute(select(sealed_answer.c.tag)).scalars())
        members = list(connection.execute(select(wave_member.c.person_id)).scalars())
    everything = files["world.sqlite3"] + files.get("world.sqlite3-wal", b"")
    orders = {
        "order of rows": tags,
        "order in pages": sorted(tags, key=everything.find),
        "order in the log": sorted(tags, key=everything.rfind),
    }
    step = len(members) / len(tags)
    return {
        name: sum(members[int(place * step)] == made.boxes[where] for place, where in enumerate(order))
        for name, order in orders.items()
    }


def _record_of_member(wave_id: int, person_id: int, role: str) -> bytes:
    """How SQLite writes a row of ``wave_member``: the sizes of its parts, then the parts."""
    assert wave_id == 1, "1 has a size of its own"
    return bytes([4, 9, 1, 13 + 2 * len(role), person_id]) + role.encode()


def _shuffled(items: list[T], random: Random) -> list[T]:
    return random.sample(items, len(items))
