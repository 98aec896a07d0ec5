"""A pair meets."""

from datetime import timedelta

import pytest

from bot import ui
from bot.flow import UserError
from bot.handlers import introduction
from storage.places import dm
from storage.records import Pair
from tests.handlers.acts import actions, said, words
from tests.world import World


def introduce(world: World, mentor: str) -> Pair:
    with world.uow() as uow:
        (pair,) = uow.pairs.proposed_of(world.people[mentor].id)
    world.work(introduction.flow, "introduce", str(pair.id))
    with world.uow() as uow:
        return uow.pairs.get(pair.id)


def test_two_people_of_one_workspace_meet_in_a_group_chat(world: World) -> None:
    world.join("Amara", "Niamh")
    pair = introduce(world, "Amara")
    (queued,) = world.queued()
    assert queued.place == f"pair:{pair.id}"
    assert queued.key.startswith("introduction")
    assert queued.prompt
    text = words(queued.message)
    for known in ("Amara likes allotments", "Niamh likes allotments", "ST6 paediatrics", "Fenmoor Infirmary"):
        assert known in text


def test_others_get_a_message_each_with_ways_to_reach_the_other(world: World) -> None:
    world.join("Tomasz", "Haruki")
    introduce(world, "Tomasz")
    (to_mentor,), (to_mentee,) = world.queued("Tomasz"), world.queued("Haruki")
    contacts = [block for block in to_mentor.message.blocks if isinstance(block, ui.Contact)]
    account = world.accounts["Haruki"]
    assert contacts == [
        ui.Contact("Haruki Sato", "haruki@example.org", ((account.platform, account.tenant, account.user),))
    ]
    assert "tomasz@example.org" in words(to_mentee.message)
    assert "Tomasz likes" not in words(to_mentor.message)
    assert len(world.queued()) == 2


def test_two_people_whose_hours_never_meet_get_a_message_each(world: World) -> None:
    world.join("Amara", "Niamh")
    with world.uow() as uow:
        for who, quiet_from, quiet_until in (("Amara", 12, 8), ("Niamh", 20, 12)):
            uow.people.set_quiet_time(
                world.people[who].id, quiet_from=quiet_from, quiet_until=quiet_until, no_send_days="56", region="ENG"
            )
    pair = introduce(world, "Amara")
    assert [queued.place for queued in world.queued()] == [dm(person) for person in pair.people]


@pytest.mark.parametrize("mentor", ["Amara", "Tomasz"])
def test_every_introduction_has_an_agenda_and_buttons(world: World, mentor: str) -> None:
    world.join("Amara", "Niamh", "Tomasz", "Haruki")
    introduce(world, mentor)
    for queued in world.queued():
        assert "serious risk" in words(queued.message)
        assert "The next date" in words(queued.message)
        assert {"log_meeting", "schedule", "support"} <= actions(queued.message)


def test_a_pair_is_introduced_once(world: World) -> None:
    world.join("Amara", "Niamh")
    pair = introduce(world, "Amara")
    world.pass_time(days=1)
    world.work(introduction.flow, "introduce", str(pair.id))
    assert len(world.queued()) == 1
    assert len(world.due()) == 2


@pytest.mark.parametrize("state", ["invited", "declined"])
def test_nobody_is_introduced_to_somebody_who_has_not_said_yes(world: World, state: str) -> None:
    world.join("Amara")
    with world.uow() as uow:
        uow.people.set_state(world.people["Niamh"].id, state)
    assert introduce(world, "Amara").state == "proposed"
    assert world.queued() == []
    assert world.due() == []


def test_an_account_that_cannot_be_reached_makes_no_group(world: World) -> None:
    world.join("Amara", "Niamh")
    with world.uow() as uow:
        uow.people.mark_unreachable(world.accounts["Niamh"])
    introduce(world, "Amara")
    assert {q.place.partition(":")[0] for q in world.queued()} == {"dm"}


def test_each_of_the_two_is_looked_after_three_weeks_later(world: World) -> None:
    world.join("Amara", "Niamh")
    pair = introduce(world, "Amara")
    assert {(d.rule, d.subject) for d in world.due()} == {
        ("find_a_date", f"{pair.id}-{person.id}") for person in pair.people
    }
    assert {d.due_at for d in world.due()} == {world.now + timedelta(days=21)}


def test_leads_are_told_nothing(world: World) -> None:
    world.join("Amara", "Niamh", "Tomasz", "Haruki")
    introduce(world, "Amara")
    introduce(world, "Tomasz")
    assert not [q for q in world.queued() if q.place.startswith("leads")]
    assert world.queued("Gwen") == []


def test_the_agenda_is_for_the_first_meeting_until_one_was_logged(world: World) -> None:
    world.join("Amara", "Niamh")
    pair = world.introduce("Amara")
    event = world.event("Niamh", "button", "agenda")
    assert "Ground rules" in words(said(world.do(introduction.flow, event)))
    with world.uow() as uow:
        uow.meetings.log(pair.id, world.now.date(), by=pair.mentor.id)
    assert "since last time" in words(said(world.do(introduction.flow, event)))


def test_the_agenda_is_for_those_who_take_part(world: World) -> None:
    with pytest.raises(UserError):
        world.do(introduction.flow, world.event("Niamh", "button", "agenda"))
