"""Attacks on a questionnaire in parts: who has sent which of them, and how many, must not be told while it is open. Not
by a stolen database without the keys, and not by anything that anybody sees."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from sqlalchemy import func, select

from bot.handlers import checkin_form
from bot.handlers.questions import Part
from bot.playground.client import ShownForm
from bot.playground.example import ExamplePerson
from bot.surveys import sealing
from bot.surveys.sealing import KINDS, WaveKeys, tag
from bot.ui import Values
from storage import places
from storage.models import metadata, sealed_answer
from storage.records import Person
from storage.unit_of_work import UnitOfWork
from tests import waves
from tests.attacks.crowd import Crowd, crowd
from tests.attacks.table import Effort, Finding, attack, wilson
from tests.questionnaire import QUESTIONNAIRE
from tests.world import World, build, copy_of

PEOPLE = {"mentor": 18, "mentee": 18, "control": 26}
MANY, FEW = 60, 3
"""Programmes: in full and in a test."""
LIMIT = 0.05
"""Beyond chance."""
MARKS = {item.id: (1, 3) if item.kind == "many" else (1,) for item in QUESTIONNAIRE.items if item.kind != "text"}
BY_CHANCE = {"remote_id", "service_url"}
"""Columns in which the stand-ins have their say: numbers of messages that they take at one time, and ports."""
GOES_ON = 0.7
"""How likely it is that somebody sends the next part at once, before anybody else sends one."""


# A stolen database


@dataclass
class Sent:
    """An open questionnaire. ``members``: as they are listed, with how many boxes each has sent. ``owner``: whose box
    is which, and of what part, in the order in which they came. ``rows``: tags and lengths of boxes as they are
    stored."""

    members: list[int] = field(default_factory=list)
    owner: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    rows: list[tuple[bytes, int]] = field(default_factory=list)


@attack
def stolen_questionnaire(effort: Effort) -> Iterator[Finding]:
    """A database without keys, in which everybody has sent other parts. Figures: kinds of boxes that are told apart by
    their length; boxes laid beside their owner by the order of rows; how much more often than by chance two boxes that
    stand beside each other are one person's, from which it would follow how many each has sent; and the same for the
    same part.

    The order of rows is that of the tags. The order in which boxes came can be seen from the pages and from the log of
    a database, and tells which of them somebody sent one after the other (the naive figure), but not who that was.
    """
    lengths: set[int] = set()
    matched: Counter[str] = Counter()
    boxes = pairs = 0
    alike: Counter[tuple[str, str]] = Counter()
    by_chance = {"person": 0.0, "part": 0.0}
    for made in _programmes(effort):
        lengths |= {length for _tag, length in made.rows}
        order = [tag for tag, _length in made.rows]
        matched.update({"rows as stored": _matched(made, order), "rows as they came": _matched(made, made.owner)})
        boxes += len(order)
        pairs += len(order) - 1
        for which, what in enumerate(by_chance):
            by_chance[what] += _pairs_alike([owner[which] for owner in made.owner.values()])
            for rows, tags in (("as stored", order), ("as they came", list(made.owner))):
                ids = [made.owner[tag][which] for tag in tags]
                alike[rows, what] += sum(one == other for one, other in pairwise(ids))
    what = "parts told apart by the length of a box"
    yield _exact(what, f"{boxes:,} boxes", len(lengths) - 1)
    with patch.object(sealing, "sodium_pad", lambda content, _room: content):
        unpadded = {length for made in _programmes(effort, share=MANY) for _tag, length in made.rows}
    yield _exact(what, "boxes that are not padded", len(unpadded) - 1, must_fail=True)
    ((order_of, hits),) = matched.most_common(1)
    name, limit = "box of a part matched to person", 1 / sum(PEOPLE.values()) + LIMIT
    yield Finding(name, "all", order_of, hits / boxes, *wilson(hits, boxes), limit)
    for rows, what in (("as stored", "person"), ("as stored", "part"), ("as they came", "person")):
        chance = by_chance[what] / pairs
        low, high = wilson(alike[rows, what], pairs)
        figure, is_naive = alike[rows, what] / pairs - chance, rows == "as they came"
        name, level = f"boxes beside each other, same {what}", "naive" if is_naive else "all"
        yield Finding(name, level, f"rows {rows}", figure, low - chance, high - chance, LIMIT, is_naive)


def _matched(made: Sent, order: Collection[bytes]) -> int:
    """How many boxes are laid beside their owner when they are laid beside the list of members."""
    step = len(made.members) / len(order)
    return sum(made.members[int(at * step)] == made.owner[one][0] for at, one in enumerate(order))


def _pairs_alike(ids: list[int]) -> float:
    """How many neighbours would be alike in an order that tells nothing."""
    return sum(count * (count - 1) for count in Counter(ids).values()) / len(ids)


def _programmes(effort: Effort, share: int = 1) -> Iterator[Sent]:
    """``share``: only each so-many-th programme."""
    with TemporaryDirectory(prefix="peermentor-attack-") as directory:
        template = Path(directory) / "template.sqlite3"
        empty = build(f"sqlite:///{template}")
        waves.enrol(empty, PEOPLE["mentor"], PEOPLE["mentee"], controls=PEOPLE["control"])
        empty.database.close()
        for seed in range((MANY if effort.every == 1 else FEW) // share or 1):
            path = Path(directory) / f"{seed}" / "world.sqlite3"
            path.parent.mkdir()
            world = copy_of(template, path)
            world.database.do_not_wait_for_the_disk()
            yield _sent(world, Random(seed))
            world.database.close()
            shutil.rmtree(path.parent)


def _sent(world: World, random: Random) -> Sent:
    """Everybody sends some of the parts, one after the other; now and then somebody else comes in between."""
    made, wave = Sent(), waves.open_wave(world, QUESTIONNAIRE)
    secret = waves.keys_of_wave(world, wave).secret
    with world.uow() as uow:
        roles = dict(uow.waves.members(wave.id))
    made.members = list(roles)
    to_send = {person_id: _some(QUESTIONNAIRE.parts_for(role), random) for person_id, role in roles.items()}
    while left := [person_id for person_id, parts in to_send.items() if parts]:
        person_id, goes_on = random.choice(left), True
        while goes_on and to_send[person_id]:
            part = to_send[person_id].pop(0)
            waves.answer_parts(world, wave, person_id, MARKS, words=_words(random), parts=(part,))
            made.owner |= {tag(secret, person_id, part, kind): (person_id, part) for kind in KINDS}
            goes_on = random.random() < GOES_ON
    made.rows = _rows(world)
    assert {one for one, _length in made.rows} == made.owner.keys()
    return made


def _words(random: Random) -> dict[str, str]:
    """Something for each free text, or nothing."""
    texts = [item.id for item in QUESTIONNAIRE.items if item.kind == "text"]
    return {item: "a" * random.randint(1, 900) for item in texts if random.random() < 0.5}


def _some(parts: Sequence[int], random: Random) -> list[int]:
    return sorted(random.sample(parts, random.randint(0, len(parts))))


def _rows(world: World) -> list[tuple[bytes, int]]:
    """What is stored, in the order in which it is."""
    with world.database.engine.connect() as connection:
        query = select(sealed_answer.c.tag, func.length(sealed_answer.c.box).label("length"))
        return [(row.tag, row.length) for row in connection.execute(query)]


# Everything else that there is


Parts = dict[str, int]
"""How many of the parts everybody sends, by their platform."""


@attack
def which_parts_were_sent(effort: Effort) -> Iterator[Finding]:
    """Two programmes that differ in nothing but in how many parts each has sent of a questionnaire that nobody has
    finished, until after the reminder. Figure: tables that differ, but for the boxes themselves; and people who see
    anything that differs, themselves included."""
    twins = ({"slack": 0, "teams": 1}, {"slack": 1, "teams": 0})
    one, other = [asyncio.run(_played(parts)) for parts in twins]
    tables, screens = _different(one, other, "tables"), _different(one, other, "screens")
    yield _exact("parts told by another table", ", ".join(tables) or f"{len(one['tables'])} tables", len(tables))
    yield _exact("parts told by what is seen", ", ".join(screens) or f"{len(one['screens'])} people", len(screens))
    if effort.every == 1:
        with _thanks_for_each_part():
            one, other = [asyncio.run(_played(parts)) for parts in twins]
        for what, where in (("tables", "another table"), ("screens", "what is seen")):
            found = len(_different(one, other, what))
            yield _exact(f"parts told by {where}", "a message of thanks for each part", found, must_fail=True)


@contextmanager
def _thanks_for_each_part() -> Iterator[None]:
    """A naive bot, which writes to everybody who has sent a part."""
    store = checkin_form._store

    def thanking(part: Part, person: Person, keys: WaveKeys, uow: UnitOfWork, **content: Any) -> None:
        store(part, person, keys, uow, **content)
        uow.outbox.add(to=places.dm(person), key=f"thanks:{part.subject}", message=waves.NOTE)

    with patch.object(checkin_form, "_store", thanking):
        yield


def _different(one: dict[str, Any], other: dict[str, Any], what: str) -> list[str]:
    some, others = one[what], other[what]
    return sorted(name for name in some if some[name] != others[name])


def _exact(name: str, where: str, figure: int, *, must_fail: bool = False) -> Finding:
    return Finding(name, "naive" if must_fail else "all", where, figure, figure, figure, 0, must_fail)


async def _played(parts: Parts) -> dict[str, Any]:
    """What is stored and seen after the reminder."""
    async with crowd("mentor") as made:
        wave = await made.open_wave("end")
        for who in made.asked():
            form = await made.form_of(who)
            for _ in range(parts[who.account.platform]):
                form = await _send(made, who, form)
            made.client(who).close(form)
        await made.settle(wave.opens_at + timedelta(days=9, hours=2))
        reminded = sum(":remind" in post.key for on in (made.slack, made.teams) for post in on.posts)
        assert reminded >= len(made.asked()), "not everybody was reminded"
        boxes = len(made.rows("sealed_answer")["sealed_answer"])
        sent = sum(parts[who.account.platform] for who in made.asked())
        assert boxes == 2 * sent, "what was sent is not there"
        return {
            "tables": _stored(made),
            "screens": {who.name: [seen[1:] for seen in made.view(who)] for who in made.everybody.values()},
        }


async def _send(made: Crowd, who: ExamplePerson, form: ShownForm) -> ShownForm:
    """Fill in a part with the first option of everything, and send it; the next one."""
    values: Values = {name: options[0] for name, options in form.options.items() if form.values[name] == ""}
    answer = await made.client(who).submit(form, values)
    assert answer.form is not None, answer
    assert not answer.form.errors, answer.form.errors
    return answer.form


def _stored(made: Crowd) -> dict[str, Any]:
    """Every table but that of the boxes; of keys only that they are there."""
    names = [name for name in metadata.tables if name != "sealed_answer"]
    return {name: sorted(_compared(name, row) for row in rows) for name, rows in made.rows(*names).items()}


def _compared(table: str, row: tuple[Any, ...]) -> str:
    columns = zip(metadata.tables[table].c.keys(), row, strict=True)
    known = {name: value for name, value in columns if name not in BY_CHANCE}
    return str({name: len(value) if isinstance(value, bytes) else value for name, value in known.items()})
