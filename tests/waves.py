"""A wave with many people in it, for tests of what happens to answers: without platforms, at the storage's door."""

import shutil
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta

from bot.closing import Closing
from bot.handlers import openings
from bot.surveys.instrument import Answer, Comment, Instrument, Item, as_declared, declared
from bot.surveys.loading import all_instruments
from bot.surveys.sealing import SCORES, WORDS, WaveKeys, new_keys, seal, tag
from bot.ui import Message, Text
from storage.records import Account, Conversation, Newcomer, Wave
from storage.unit_of_work import UnitOfWork
from tests import databases
from tests.world import World

LABELS = ("Strongly disagree", "Disagree", "Neither", "Agree", "Strongly agree")
BOTH = ("mentor", "mentee")


def likert(item: str) -> Item:
    """An item that both roles are asked."""
    return Item(
        id=item,
        kind="likert",
        words={"mentor": f"Is {item} good for you?", "mentee": f"Is {item} good for you?"},
        about=f"{item} is good",
        construct="goodness",
        source="made up",
        options=LABELS,
        favourable=(4, 5),
        favourable_words="agree",
    )


PULSE = Instrument(
    id="pulse",
    kind="pulse",
    audience=BOTH,
    title={"mentor": "Mentor pulse", "mentee": "Mentee pulse"},
    level="standard",
    items=(
        likert("time"),
        likert("trust"),
        likert("use"),
        Item("comment", "text", dict.fromkeys(BOTH, "Anything else?"), "comments", "free text", "made up"),
    ),
)


NOTE = Message("A note", (Text("A note"),), "Only you see this.")


def enrol(world: World, mentors: int, mentees: int, prefix: str = "", *, controls: int = 0) -> dict[str, list[int]]:
    """So many more people who take part, with accounts on Slack; their ids by role."""
    roles = {"mentor": mentors, "mentee": mentees, "control": controls}
    ids: dict[str, list[int]] = {}
    with world.uow() as uow:
        for role, count in roles.items():
            ids[role] = uow.people.add_all([_newcomer(f"{prefix}{role}{number}") for number in range(count)])
            uow.people.enrol_all(world.programme.id, dict.fromkeys(ids[role], role))
            for person_id in ids[role]:
                uow.people.set_state(person_id, "joined")
    return ids


def _newcomer(name: str) -> Newcomer:
    return Newcomer(
        name=f"{name.title()} Ashworth",
        email=f"{name}@example.org",
        accounts=(Account("slack", "T1", f"UX{name}"),),
        time_zone="Europe/London",
        region="ENG",
        profile="",
        grade="",
        organisation="",
        since=date(2025, 9, 1),
    )


def open_wave(world: World, instrument: Instrument = PULSE, *, level: str = "standard", days: int = 14) -> Wave:
    """A wave for everybody who takes part, from now on."""
    keys = new_keys()
    group = "-exact" if level == "research" else ""
    key_id = f"{world.programme.id}-{instrument.id.replace('_', '-')}-{world.now:%Y-%m-%d}{group}"
    with world.uow() as uow:
        uow.keys.put(key_id, keys.packed)
        return uow.waves.open(
            world.programme.id,
            name=instrument.id,
            instrument=declared(instrument),
            level=level,
            members=uow.roll.asked(world.programme.id, instrument.audience),
            closes_at=world.now + timedelta(days=days),
            public_key=keys.public,
            key_id=key_id,
        )


def have_opened(uow: UnitOfWork, name: str = "pulse", *, until: date | None = None) -> None:
    """Have the bot itself open an instrument now, whatever its calendar says. ``until``: the last day that it may have;
    None for the programme's."""
    programme = uow.programmes.current()
    assert programme is not None
    openings.open_wave(programme, all_instruments()[name], uow, until=until or programme.ends_on)


def keys_of_wave(world: World, wave: Wave) -> WaveKeys:
    """The keys, as only the bot has them."""
    with world.uow() as uow:
        return WaveKeys.unpacked(uow.keys.get(wave.key_id))


def answer(
    world: World,
    wave: Wave,
    person_id: int,
    marks: Iterable[int] = (4, 4, 4),
    *,
    words: str = "",
    show: bool = True,
    instrument: Instrument = PULSE,
) -> None:
    """Send an answer: a mark for each item in turn, and words."""
    keys = keys_of_wave(world, wave)
    items = [item.id for item in instrument.items if item.kind != "text"]
    scores = Answer({item: (mark,) for item, mark in zip(items, marks, strict=True) if mark})
    comment = Comment({"comment": words} if words else {}, show=show)
    boxes = (
        (tag(keys.secret, person_id, 1, SCORES), seal(scores, instrument, wave.public_key)),
        (tag(keys.secret, person_id, 1, WORDS), seal(comment, instrument, wave.public_key)),
    )
    with world.uow() as uow:
        uow.waves.put(wave.id, boxes)


def answer_parts(
    world: World,
    wave: Wave,
    person_id: int,
    marks: Mapping[str, tuple[int, ...]],
    *,
    words: Mapping[str, str] | None = None,
    parts: Collection[int] = range(1, 99),
) -> None:
    """Send these parts of a questionnaire, in the role in which somebody is asked. ``marks`` and ``words``: by item."""
    keys, instrument = keys_of_wave(world, wave), as_declared(wave.instrument)
    with world.uow() as uow:
        role = uow.waves.role_in(wave.id, person_id)
        assert role is not None
        for part in set(parts) & set(instrument.parts_for(role)):
            items = {item.id for item in instrument.items_for(role) if item.part == part}
            scores = Answer({item: mark for item, mark in marks.items() if item in items})
            comment = Comment({item: text for item, text in (words or {}).items() if item in items}, show=True)
            boxes = (
                (tag(keys.secret, person_id, part, SCORES), seal(scores, instrument, wave.public_key)),
                (tag(keys.secret, person_id, part, WORDS), seal(comment, instrument, wave.public_key)),
            )
            uow.waves.put(wave.id, boxes)


def send(world: World, person_id: int, key: str) -> None:
    """Let a prompt have been delivered to somebody, and counted."""
    with world.uow() as uow:
        uow.outbox.add(to=f"dm:{person_id}", key=key, message=NOTE)
        (waiting,) = uow.outbox.heads(1)
        uow.outbox.count_prompt([person_id], waiting)
        uow.outbox.lease(waiting, "test", world.now + timedelta(minutes=1))
        here = Conversation("slack", "T1", f"D{person_id}", "dm")
        uow.outbox.mark_sent(waiting, "test", here, f"{person_id}.{key}")


class Saved:
    """The database and the keys of a world as they are now, to be brought back."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._keys = databases.keys_of(world.url).path
        self._let_go()
        databases.keep(world.url, "saved")
        shutil.copytree(self._keys, f"{self._keys}.saved")

    def restore(self) -> None:
        """As it was."""
        self._let_go()
        databases.restore(self._world.url, "saved")
        shutil.rmtree(self._keys)
        shutil.copytree(f"{self._keys}.saved", self._keys)

    def _let_go(self) -> None:
        """Close all connections, those too that threads keep: SQLite then has no log beside the file."""
        self._world.database._kept.close()
        self._world.database.engine.dispose()

    def forget(self) -> None:
        """Tidy up."""
        shutil.rmtree(f"{self._keys}.saved")


def begin_to_close(world: World, wave: Wave) -> None:
    """Nothing is taken any more."""
    with world.uow() as uow:
        assert uow.waves.advance(wave.id, "open", "closing")


async def close(world: World, wave: Wave, closing: Closing) -> None:
    """The whole close."""
    begin_to_close(world, wave)
    assert await closing.advance() == 1
