"""The home of everybody."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot import ui
from bot.flow import Private, ShowHome, UserError
from bot.handlers import home
from storage.unit_of_work import Database
from tests.handlers.acts import actions, said, words
from tests.world import World


def open_home(world: World, who: str) -> ui.Message:
    return said(world.do(home.flow, world.event(who, "home")))


def test_the_home_is_shown_in_its_place_and_answered_privately_elsewhere(world: World) -> None:
    world.join("Niamh")
    assert isinstance(world.do(home.flow, world.event("Niamh", "home")), ShowHome)
    for kind, name in (("command", "mentoring"), ("command", "home"), ("button", "home"), ("installed", "")):
        outcome = world.do(home.flow, world.event("Niamh", kind, name))
        assert isinstance(outcome, Private)
        assert outcome.message == open_home(world, "Niamh")


def test_the_word_home_is_no_slash_command() -> None:
    assert {command.name: command.scope for command in home.flow.commands} == {"mentoring": "personal", "home": "typed"}


@pytest.mark.parametrize("state", ["invited", "declined"])
def test_who_has_not_said_yes_finds_the_card_to_join(world: World, state: str) -> None:
    with world.uow() as uow:
        uow.people.set_state(world.people["Niamh"].id, state)
    assert {"join", "decline", "support"} == actions(open_home(world, "Niamh"))


@pytest.mark.parametrize(("who", "other"), [("Amara", "mentee"), ("Niamh", "mentor")])
def test_who_waits_for_the_introduction_reads_so_and_not_for_whom(world: World, who: str, other: str) -> None:
    world.join(who)
    shown = open_home(world, who)
    assert f"introduce you to your {other}" in words(shown)
    assert actions(shown) == {"pause", "support"}
    assert "Niamh" not in words(shown).replace(world.people[who].name, "")


def test_a_new_pair_is_to_find_a_first_date(world: World) -> None:
    world.join("Amara", "Niamh")
    world.introduce("Amara")
    shown = open_home(world, "Niamh")
    assert "first meeting with Amara Okonjo" in words(shown)
    assert actions(shown) == {"log_meeting", "schedule", "agenda", "pause", "support"}
    assert "gwen@example.org" in words(shown)


def test_an_arranged_meeting_is_the_next_step(world: World) -> None:
    world.join("Amara", "Niamh")
    pair = world.introduce("Amara")
    with world.uow() as uow:
        uow.meetings.arrange(pair.id, date(2026, 2, 10))
    assert "You meet Amara Okonjo on Tuesday 10 February." in words(open_home(world, "Niamh"))
    assert "we_met" not in actions(open_home(world, "Niamh"))


def test_an_arranged_meeting_that_is_over_can_be_logged_from_home(world: World) -> None:
    world.join("Amara", "Niamh")
    pair = world.introduce("Amara")
    with world.uow() as uow:
        uow.meetings.arrange(pair.id, date(2026, 2, 10))
    world.pass_time(days=9)
    assert {"we_met", "not_met", "correct_meeting"} <= actions(open_home(world, "Amara"))


def test_after_a_meeting_the_next_date_is_the_next_step(world: World) -> None:
    world.join("Amara", "Niamh")
    pair = world.introduce("Amara")
    with world.uow() as uow:
        uow.meetings.log(pair.id, world.now.date(), by=pair.mentor.id)
    assert "next meeting with Niamh Gallagher" in words(open_home(world, "Amara"))


def test_after_the_programmes_last_day_nobody_is_to_find_a_date(world: World) -> None:
    world.join("Amara", "Niamh")
    world.introduce("Amara")
    last = world.programme.ends_on
    world.now = datetime.combine(last, time(23), ZoneInfo(world.programme.time_zone))
    assert "first meeting" in words(open_home(world, "Amara"))
    world.pass_time(hours=2)
    shown = open_home(world, "Amara")
    assert "date for your" not in words(shown)
    assert "Next step" not in words(shown)
    assert "schedule" not in actions(shown)


def test_a_date_to_come_matters_more_than_an_old_question(world: World) -> None:
    world.join("Amara", "Niamh")
    pair = world.introduce("Amara")
    world.pass_time(days=30)
    with world.uow() as uow:
        uow.meetings.arrange(pair.id, world.now.date() - timedelta(days=20))
        uow.meetings.arrange(pair.id, world.now.date() + timedelta(days=20))
    assert "You meet" in words(open_home(world, "Amara"))


def test_every_pair_has_its_next_step(world: World) -> None:
    world.join("Amara", "Niamh")
    world.introduce("Amara")
    with world.uow() as uow:
        uow.pairs.introduce(uow.pairs.add(world.programme.id, world.people["Amara"].id, world.people["Haruki"].id))
    text = words(open_home(world, "Amara"))
    assert "Niamh Gallagher" in text
    assert "Haruki Sato" in text


def test_a_control_has_nothing_to_do_but_can_pause_and_get_help(world: World) -> None:
    world.join("Leila")
    shown = open_home(world, "Leila")
    assert "comparison group" in words(shown)
    assert actions(shown) == {"pause", "support"}


def test_a_lead_finds_the_facts_and_a_senior_reads_what_may_come(world: World) -> None:
    assert actions(open_home(world, "Gwen")) == {"leads", "pause", "support"}
    assert actions(open_home(world, "Brigid")) == {"pause", "support"}
    assert "ask for a talk" in words(open_home(world, "Brigid"))


def test_a_mentor_who_is_a_lead_too_finds_both(world: World) -> None:
    world.join("Amara", "Niamh")
    world.introduce("Amara")
    with world.uow() as uow:
        uow.people.give_duty(world.programme.id, world.people["Amara"].id, "lead")
    assert {"log_meeting", "leads"} <= actions(open_home(world, "Amara"))


def test_looking_changes_nothing(world: World) -> None:
    world.join("Amara", "Niamh")
    world.introduce("Amara")
    open_home(world, "Niamh")
    assert world.queued() == []
    assert world.due() == []


def test_before_a_programme_is_loaded_the_home_says_so(world: World, empty_url: str) -> None:
    empty = Database(empty_url, ui.dump)
    empty.upgrade()
    with empty.begin(world.now) as uow, pytest.raises(UserError) as told:
        home.home_of(world.event("Niamh", "home"), uow)
    assert "No programme" in told.value.message.summary
    empty.close()
