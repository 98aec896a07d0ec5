"""An Action Learning Set in the small programme of tests/world.py."""

from datetime import UTC, datetime

from bot import ui
from bot.flow import Flows
from bot.handlers import FLOWS, als
from storage.places import dm
from storage.records import LearningSet, Session
from tests.world import Queued, World

WEDNESDAY = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)
"""When the session begins: four weeks and two days from the start of the world."""


def make_set(world: World, name: str = "Northern set", *members: str, facilitator: str = "Brigid") -> LearningSet:
    """A set of Amara and Tomasz, unless others are named, who take part; Brigid facilitates it."""
    members = members or ("Amara", "Tomasz")
    world.join(*members)
    with world.uow() as uow:
        if not uow.people.has_duty(world.people[facilitator].id, "facilitator"):
            uow.people.give_duty(world.programme.id, world.people[facilitator].id, "facilitator")
        made = uow.sets.add(world.programme.id, name, world.people[facilitator].id)
        for member in members:
            uow.sets.add_member(made.id, world.people[member].id)
    return made


def add_session(
    world: World, learning_set: LearningSet, starts_at: datetime = WEDNESDAY, place: str = "Room 2"
) -> Session:
    """A session of two hours, to which everybody will be asked."""
    with world.uow() as uow:
        session = uow.sets.add_session(learning_set.id, starts_at, 120, place)
        als.plan(session, uow)
    return session


def live_until(world: World, until: datetime) -> None:
    """Do all that comes due until then, each at its time; the clock stands at the end."""
    jobs = Flows(FLOWS).jobs
    while True:
        waiting = [due for due in world.due() if due.due_at <= until]
        if not waiting:
            break
        world.now = max(world.now, waiting[0].due_at)
        with world.uow() as uow:
            due = uow.due.take()
            assert due is not None
            jobs[due.rule](due, uow)
    world.now = until


def booked(world: World, who: str) -> dict[str, Queued]:
    """What waits for a person about sets, by the last word of its key."""
    place = dm(world.people[who])
    return {q.key.rpartition(":")[2]: q for q in world.queued(who) if q.key.startswith("als") and q.place == place}


def now(world: World, session: Session) -> Session:
    """The session as it is known now."""
    with world.uow() as uow:
        return uow.sets.session(session.id)


def answers(world: World, session: Session) -> dict[str, str]:
    """Each member's answer, by first name."""
    with world.uow() as uow:
        found = uow.sets.answers(uow.sets.session(session.id))
    return {member.name.split()[0]: answer for member, answer in found}


def answer_button(session: Session, answer: str) -> ui.Button:
    """A button as an invitation to the session has it."""
    return ui.Button("", f"als_{answer}", str(session.id), session.version)
