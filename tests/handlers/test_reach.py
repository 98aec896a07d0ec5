"""Reach: who blocked or removed the bot is noted, and the leads are told once."""

import pytest

from bot.flow import Done, Event
from bot.handlers import reach
from bot.ui import Contact
from storage.records import Account
from tests.world import World


def remove(world: World, who: str, account: Account | None = None) -> None:
    event = world.event(who, "removed", account=account or world.accounts[who])
    assert world.do(reach.flow, event) == Done()


def told(world: World) -> list[str]:
    """What waits for the leads channel."""
    return [q.message.summary for q in world.queued() if q.place == f"leads:{world.programme.id}"]


@pytest.mark.parametrize("who", ["Niamh", "Haruki", "Leila", "Brigid"])
def test_leads_are_told_once_that_somebody_cannot_be_reached(world: World, who: str) -> None:
    remove(world, who)
    remove(world, who)
    world.pass_time(days=20)
    remove(world, who)
    person = world.people[who]
    assert told(world) == [f"{person.name} cannot be reached"]
    (queued,) = world.queued()
    assert Contact(person.name, person.email) in queued.message.blocks
    with world.uow() as uow:
        assert uow.people.accounts_of(person.id, reachable=True) == ()


def test_leads_are_told_anew_after_the_person_had_come_back(world: World) -> None:
    remove(world, "Niamh")
    world.pass_time(days=1)
    with world.uow() as uow:
        uow.people.mark_reachable(world.accounts["Niamh"])
    remove(world, "Niamh")
    assert told(world) == ["Niamh Gallagher cannot be reached"] * 2


def test_nobody_is_told_while_another_account_is_left(world: World) -> None:
    first, second = Account("slack", "T1", "U-one"), Account("teams", "tenant-1", "U-two")
    with world.uow() as uow:
        person_id = uow.people.add(
            name="Solveig Aune",
            email="solveig@example.org",
            accounts=[first, second],
            time_zone="Europe/London",
            region="SCT",
        )
        uow.people.enrol(world.programme.id, person_id, "mentee")
        world.people["Solveig"] = uow.people.get(person_id)
    world.accounts["Solveig"] = first
    remove(world, "Solveig", first)
    assert told(world) == []
    remove(world, "Solveig", second)
    assert told(world) == ["Solveig Aune cannot be reached"]


def test_leads_do_not_hear_of_somebody_who_declined(world: World) -> None:
    with world.uow() as uow:
        uow.people.set_state(world.people["Leila"].id, "declined")
    remove(world, "Leila")
    assert told(world) == []


def test_a_stranger_who_removes_the_bot_is_not_written_to(world: World) -> None:
    event = Event("removed", Account("teams", "tenant-9", "U-nobody"), world.now)
    assert world.do(reach.flow, event) == Done()
    assert reach.flow.routes["removed", ""].open_to_all
    assert world.queued() == []
