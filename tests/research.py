"""A programme with a research copy, for tests of who is in it and what comes out of it."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import date

from msgspec.structs import replace as changed
from nacl.public import PrivateKey

from bot.copies import keep_copy, kind_of
from bot.surveys.instrument import Answer, Instrument
from bot.surveys.release import Release, Row, published
from storage.consents import EXACT_COUNTS
from storage.records import ResearchPlan, Wave
from tests import waves
from tests.world import World

_KEY = PrivateKey(bytes(range(32)))
PRIVATE, PUBLIC = (b64encode(bytes(key)).decode() for key in (_KEY, _KEY.public_key))
"""The same in every process, as names of tests must be."""
RETENTION = date(2031, 8, 31)
END: Instrument = changed(waves.PULSE, id="end", kind="questionnaire")
"""The same questions, asked at the end."""


def plan_copy(world: World) -> ResearchPlan:
    """Tell exact counts of those who agree, and plan a copy."""
    with world.uow() as uow:
        uow.programmes.change(world.programme.id, disclosure="research")
        uow.research.save_plan(
            world.programme.id,
            ethics_reference="REC 26/WM/0417",
            evaluator="Dr Ilse Verhoeven, University of Westmarch",
            evaluator_key=PUBLIC,
            retention_until=RETENTION,
        )
        world.programme = uow.programmes.get(world.programme.id)
    return the_plan(world)


def the_plan(world: World) -> ResearchPlan:
    """The plan as it stands."""
    with world.uow() as uow:
        plan = uow.research.plan(world.programme.id)
    assert plan is not None
    return plan


def agree(world: World, person_ids: Iterable[int]) -> None:
    """Let people have agreed to exact counts and to the copy before the first wave opened."""
    agreed = {*person_ids}
    for person_id in agreed:
        choose(world, person_id)
    settle(world, agreed)


def choose(world: World, person_id: int) -> None:
    """Let somebody agree to exact counts and to the copy."""
    plan = the_plan(world)
    with world.uow() as uow:
        uow.research.secret.make(world.programme.id)
        uow.consents.give(world.programme.id, person_id, EXACT_COUNTS)
        uow.consents.give(world.programme.id, person_id, kind_of(plan))


def settle(world: World, agreed: Iterable[int]) -> None:
    """Let these be told exactly, as when the first wave opens, with those of whom that was settled before."""
    with world.uow() as uow:
        uow.consents.settle(world.programme.id, uow.consents.settled(world.programme.id) | {*agreed})


def answer(
    world: World, wave: Wave, person_id: int, role: str, marks: Sequence[int] = (4, 4, 4), *, part: int = 1
) -> None:
    """Send a part, with a mark for each item, as the form does."""
    scores = Answer({item: (mark,) for item, mark in zip(("time", "trust", "use"), marks, strict=True)})
    with world.uow() as uow:
        keep_copy(uow.waves.get(wave.id), person_id, scores, uow, role=role, part=part)


def copies(world: World) -> int:
    """How many copies are kept."""
    with world.uow() as uow:
        return len(uow.research.tags(world.programme.id))


def let_out(world: World, wave: Wave, answered: dict[str, int]) -> None:
    """Let a wave have closed, and so many have answered in each role."""
    rows = tuple(Row((role,), n, n, ()) for role, n in answered.items())
    day = world.now.date()
    release = Release("end", "At the end", wave.level, day, day, rows)
    with world.uow() as uow:
        for before, after in (("open", "closing"), ("closing", "released"), ("released", "scrubbed")):
            assert uow.waves.advance(wave.id, before, after)
        uow.ledger.add(wave.id, published(release))
        while uow.waves.drop_members(wave.id, 500):
            pass
