"""The card to join, and what a yes or a no does."""

from datetime import timedelta

import pytest

from bot import ui
from bot.flow import Update, UserError
from bot.handlers import logmeeting, welcome
from storage.records import Pair
from tests.handlers.acts import actions, button, deliver, said, tap, words
from tests.world import World


def subject(world: World, who: str) -> str:
    return f"{world.programme.id}-{world.people[who].id}"


def card_of(world: World, who: str) -> ui.Message:
    world.work(welcome.flow, "welcome", subject(world, who))
    return world.queued(who)[0].message


def introductions(world: World) -> list[str]:
    return [due.subject for due in world.due() if due.rule == "introduce"]


def pair_of(world: World, mentor: str) -> Pair:
    with world.uow() as uow:
        (pair,) = uow.pairs.proposed_of(world.people[mentor].id)
    return pair


def test_a_programme_begins_by_welcoming_everybody_who_is_invited_at_ten_on_the_first_day(world: World) -> None:
    world.join("Amara")
    with world.uow() as uow:
        welcome.begin(world.programme, uow)
        welcome.begin(world.programme, uow)
    due = [due for due in world.due() if due.rule == "welcome"]
    assert sorted(d.subject for d in due) == sorted(
        subject(world, who) for who in ("Tomasz", "Niamh", "Haruki", "Leila")
    )
    assert {d.due_at.isoformat() for d in due} == {"2026-02-02T10:00:00+00:00"}


@pytest.mark.parametrize("who", ["Amara", "Niamh"])
def test_the_card_says_who_sees_what_and_which_rules_hold(world: World, who: str) -> None:
    text = words(card_of(world, who))
    for promise in (
        "voluntary",
        "supervision and appraisal",
        "Leads never see topics or lengths",
        "nobody sees whether you answered",
        "serious risk",
        "No patient details",
        "three things",
        "gwen@example.org",
    ):
        assert promise in text


def test_the_card_of_a_control_promises_no_mentor(world: World) -> None:
    text = words(card_of(world, "Leila"))
    assert "You would have no mentor from this programme" in text
    assert "two or three short questionnaires" in text
    assert "two things" in text


def test_the_card_is_sent_once_and_not_to_those_who_have_answered(world: World) -> None:
    card_of(world, "Niamh")
    world.work(welcome.flow, "welcome", subject(world, "Niamh"))
    assert len(world.queued("Niamh")) == 1
    world.join("Amara")
    world.work(welcome.flow, "welcome", subject(world, "Amara"))
    assert world.queued("Amara") == []


def test_whoever_has_not_answered_is_reminded_once_after_a_week_and_can_put_it_off(world: World) -> None:
    card_of(world, "Niamh")
    deliver(world)
    (reminder,) = (due for due in world.due() if due.rule == "welcome_reminder")
    assert reminder.due_at == world.now + timedelta(days=7)
    world.now = reminder.due_at
    world.work(welcome.flow, reminder.rule, reminder.subject)
    assert {"join", "decline", "not_now", "not_now_until", "support"} == actions(world.queued("Niamh")[-1].message)
    assert [due for due in world.due() if due.due_at > reminder.due_at] == []


def test_nobody_is_reminded_of_a_card_that_has_not_arrived_yet(world: World) -> None:
    card_of(world, "Niamh")
    world.pass_time(days=7)
    world.work(welcome.flow, "welcome_reminder", f"{world.programme.id}-{world.people['Niamh'].id}")
    assert [queued.key.partition(":")[0] for queued in world.queued("Niamh")] == ["welcome"]
    assert world.due()[-1].due_at == world.now + timedelta(days=7)


def test_the_second_yes_of_a_pair_has_them_introduced(world: World) -> None:
    mentor, mentee = card_of(world, "Amara"), card_of(world, "Niamh")
    tap(world, welcome.flow, "Amara", button(mentor, "join"))
    assert introductions(world) == []
    tap(world, welcome.flow, "Niamh", button(mentee, "join"))
    assert introductions(world) == [str(pair_of(world, "Amara").id)]


def test_a_pair_of_which_one_declines_is_not_introduced(world: World) -> None:
    mentor, mentee = card_of(world, "Amara"), card_of(world, "Niamh")
    answer = said(tap(world, welcome.flow, "Amara", button(mentor, "decline")))
    tap(world, welcome.flow, "Niamh", button(mentee, "join"))
    assert introductions(world) == []
    assert "fine" in answer.summary


def test_who_declined_can_change_their_mind_a_year_later(world: World) -> None:
    mentor = card_of(world, "Amara")
    world.join("Niamh")
    answer = said(tap(world, welcome.flow, "Amara", button(mentor, "decline")))
    world.pass_time(days=365)
    tap(world, welcome.flow, "Amara", button(answer, "join"))
    assert introductions(world) == [str(pair_of(world, "Amara").id)]


def test_a_second_tap_changes_nothing_and_says_how_things_stand(world: World) -> None:
    world.join("Amara")
    card = card_of(world, "Niamh")
    first = tap(world, welcome.flow, "Niamh", button(card, "join"))
    world.pass_time(days=300)
    second = tap(world, welcome.flow, "Niamh", button(card, "join"))
    assert isinstance(second, Update)
    assert said(second).blocks == said(first).blocks
    assert len(introductions(world)) == 1


def test_an_old_card_does_not_take_somebody_out(world: World) -> None:
    card = card_of(world, "Niamh")
    tap(world, welcome.flow, "Niamh", button(card, "join"))
    answer = said(tap(world, welcome.flow, "Niamh", button(card, "decline")))
    with world.uow() as uow:
        part = uow.people.participant(world.people["Niamh"].id)
    assert part is not None
    assert part.state == "joined"
    assert "gwen@example.org" in words(answer)


def test_an_answer_ends_the_asking_and_shows_on_every_card(world: World) -> None:
    card = card_of(world, "Niamh")
    world.pass_time(days=7)
    world.work(welcome.flow, "welcome_reminder", subject(world, "Niamh"))
    tap(world, welcome.flow, "Niamh", button(card, "join"))
    assert world.queued("Niamh") == [], "neither had been sent"
    assert [due for due in world.due() if due.rule.startswith("welcome")] == []


def test_a_yes_on_the_reminder_shows_on_the_first_card_too(world: World) -> None:
    card_of(world, "Niamh")
    deliver(world)
    world.pass_time(days=7)
    world.work(welcome.flow, "welcome_reminder", subject(world, "Niamh"))
    reminder = world.queued("Niamh")[0].message
    deliver(world)
    answer = said(tap(world, welcome.flow, "Niamh", button(reminder, "join")))
    assert [q.message for q in world.queued("Niamh")] == [answer, answer]


def test_the_answer_carries_a_new_version_so_that_a_later_change_of_mind_is_no_repetition(world: World) -> None:
    card = card_of(world, "Niamh")
    answer = said(tap(world, welcome.flow, "Niamh", button(card, "decline")))
    assert button(answer, "join").version > button(card, "join").version


def test_nobody_takes_part_without_a_yes(world: World) -> None:
    with pytest.raises(UserError) as refused:
        world.do(logmeeting.flow, world.event("Niamh", "command", "logmeeting"))
    assert "join" in actions(refused.value.message)


def test_a_lead_has_nothing_to_join(world: World) -> None:
    with pytest.raises(UserError) as refused:
        world.do(welcome.flow, world.event("Gwen", "button", "join", subject=subject(world, "Niamh"), version=1))
    assert "another role" in refused.value.message.summary
    with world.uow() as uow:
        part = uow.people.participant(world.people["Niamh"].id)
    assert part is not None
    assert part.state == "invited"


def test_a_repeated_tap_is_answered_from_what_is_known(world: World) -> None:
    card = card_of(world, "Niamh")
    tap(world, welcome.flow, "Niamh", button(card, "decline"))
    again = welcome.flow.routes["button", "decline"].again
    assert again is not None
    with world.uow() as uow:
        assert "fine" in said(again(world.event("Niamh", "button", "decline"), uow)).summary
