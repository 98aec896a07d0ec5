"""Action Learning Sets for their members: invitation, answer, reminder; and who comes, for the facilitator."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from bot import ui
from bot.handlers import als, als_overview
from bot.programme.calendar import INVITATION
from storage.models import person
from storage.records import LearningSet, NotThere, Session
from tests.handlers.acts import actions, button, deliver, said, tap, words
from tests.handlers.sets import WEDNESDAY, add_session, answer_button, answers, booked, live_until, make_set, now
from tests.world import World

WEEK_BEFORE = datetime(2026, 2, 25, 10, 0, tzinfo=UTC)
DAY_BEFORE = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)


@pytest.fixture
def northern(world: World) -> LearningSet:
    return make_set(world)


@pytest.fixture
def session(world: World, northern: LearningSet) -> Session:
    """A session on a Wednesday in four weeks; the clock stands a week before it, and the invitations are out."""
    made = add_session(world, northern)
    live_until(world, WEEK_BEFORE)
    return made


def overview(world: World, who: str) -> ui.Message:
    return said(world.do(als_overview.flow, world.event(who, "command", "als")))


def reply(world: World, who: str, session: Session, answer: str) -> ui.Message:
    return said(tap(world, als.flow, who, answer_button(session, answer)))


# Being asked


def test_two_weeks_before_invitation_and_reminder_are_queued_for_their_times(
    world: World, northern: LearningSet
) -> None:
    add_session(world, northern)
    live_until(world, WEDNESDAY - timedelta(days=14, minutes=1))
    assert world.queued() == []
    live_until(world, WEDNESDAY - timedelta(days=14))
    for who in ("Amara", "Tomasz"):
        cards = booked(world, who)
        assert {name: card.due_at for name, card in cards.items()} == {
            "invitation": WEEK_BEFORE,
            "reminder": DAY_BEFORE,
        }
        assert all(card.prompt for card in cards.values())


@pytest.mark.usefixtures("session")
def test_an_invitation_says_when_and_where_and_who_sees_the_answer(world: World) -> None:
    message = booked(world, "Amara")["invitation"].message
    text = words(message)
    assert "Wednesday 4 March at 14:00" in text
    assert "Room 2" in text
    assert "Brigid Murphy sees your answer" in text
    assert {"als_yes", "als_no", "als_maybe", "als_not_now", "als_calendar"} == actions(message)


def test_times_are_those_of_each_reader_s_own_zone_across_a_clock_change(world: World, northern: LearningSet) -> None:
    after_the_change = datetime(2026, 3, 31, 14, 0, tzinfo=ZoneInfo("Europe/London"))
    add_session(world, northern, after_the_change)
    with world.uow() as uow:
        is_tomasz = person.c.id == world.people["Tomasz"].id
        uow._db.execute(update(person).where(is_tomasz).values(time_zone="America/St_Johns"))
    live_until(world, after_the_change - timedelta(days=13))
    assert "31 March at 14:00" in words(booked(world, "Amara")["invitation"].message)
    assert "31 March at 10:30" in words(booked(world, "Tomasz")["invitation"].message)


def test_who_has_not_said_yes_to_the_programme_is_not_asked(world: World, northern: LearningSet) -> None:
    with world.uow() as uow:
        uow.people.set_state(world.people["Tomasz"].id, "invited")
    session = add_session(world, northern)
    live_until(world, WEDNESDAY - timedelta(days=8))
    assert booked(world, "Tomasz") == {}
    with pytest.raises(NotThere):
        reply(world, "Tomasz", session, "yes")


def test_who_joins_meanwhile_is_asked_a_week_before(world: World, northern: LearningSet) -> None:
    with world.uow() as uow:
        uow.people.set_state(world.people["Tomasz"].id, "invited")
    add_session(world, northern)
    live_until(world, WEDNESDAY - timedelta(days=8))
    world.join("Tomasz")
    live_until(world, WEDNESDAY - timedelta(days=6))
    assert booked(world, "Tomasz").keys() == {"invitation", "reminder"}


def test_a_session_of_tomorrow_is_asked_about_once(world: World, northern: LearningSet) -> None:
    session = add_session(world, northern, world.now + timedelta(days=1, hours=4))
    live_until(world, world.now + timedelta(hours=1))
    assert booked(world, "Amara").keys() == {"invitation"}
    live_until(world, session.starts_at - timedelta(minutes=1))
    assert booked(world, "Amara").keys() == {"invitation"}, "a reminder would only say it twice"


def test_nobody_is_asked_to_a_session_in_the_past(world: World, northern: LearningSet) -> None:
    add_session(world, northern, world.now - timedelta(days=1))
    live_until(world, world.now + timedelta(days=20))
    assert world.queued() == []


def test_planning_anew_asks_nobody_twice(world: World, session: Session) -> None:
    deliver(world)
    with world.uow() as uow:
        als.plan_all(session.learning_set, uow)
    live_until(world, WEEK_BEFORE + timedelta(days=1))
    assert [q.due_at for q in world.queued()] == [DAY_BEFORE, DAY_BEFORE], "only the reminders wait"


def test_a_new_member_is_asked_as_soon_as_plans_are_made_anew(world: World, session: Session) -> None:
    with world.uow() as uow:
        uow.sets.add_member(session.learning_set.id, world.people["Niamh"].id)
    world.join("Niamh")
    with world.uow() as uow:
        als.plan_all(session.learning_set, uow)
    live_until(world, WEEK_BEFORE + timedelta(hours=1))
    assert booked(world, "Niamh").keys() == {"invitation", "reminder"}


def test_the_calendar_file_comes_on_request(world: World, session: Session) -> None:
    world.database._public_url = "https://mentoring.example"
    event = world.event("Amara", "button", "als_calendar", subject=str(session.id))
    message = said(world.do(als.flow, event))
    (link,) = [block for block in message.blocks if isinstance(block, ui.Link)]
    with world.uow() as uow:
        file = uow.files.fetch(link.url.rpartition("/")[2])
    assert file.media_type == INVITATION
    assert f"UID:{session.uid}".encode() in file.content
    assert b"Northern set" in file.content


def test_without_a_public_address_the_session_can_at_least_be_noted_down(world: World, session: Session) -> None:
    event = world.event("Brigid", "button", "als_calendar", subject=str(session.id))
    message = said(world.do(als.flow, event))
    assert "Wednesday 4 March at 14:00" in words(message)
    assert not any(isinstance(block, ui.Link) for block in message.blocks)


def test_others_do_not_get_the_calendar_file(world: World, session: Session) -> None:
    with pytest.raises(NotThere):
        world.do(als.flow, world.event("Niamh", "button", "als_calendar", subject=str(session.id)))


# Answering


@pytest.mark.parametrize("answer", ["yes", "no", "maybe"])
def test_one_tap_answers_and_every_card_shows_it(world: World, session: Session, answer: str) -> None:
    deliver(world)
    message = reply(world, "Amara", session, answer)
    assert answers(world, session) == {"Amara": answer, "Tomasz": ""}
    assert f"You said {answer}" in words(message)
    assert f"You said {answer}" in words(booked(world, "Amara")["invitation"].message), "an edit of what was sent"


def test_an_answer_can_be_changed_until_the_session_begins(world: World, session: Session) -> None:
    for answer in ("yes", "maybe", "yes", "no"):
        reply(world, "Amara", session, answer)
    assert answers(world, session)["Amara"] == "no"
    world.now = session.starts_at
    message = reply(world, "Amara", session, "yes")
    assert "has begun or is over" in words(message)
    assert answers(world, session)["Amara"] == "no"


def test_tapping_twice_is_one_answer(world: World, session: Session) -> None:
    assert reply(world, "Amara", session, "yes") == reply(world, "Amara", session, "yes")
    assert answers(world, session)["Amara"] == "yes"


@pytest.mark.parametrize("who", ["Niamh", "Leila", "Gwen", "Brigid"])
@pytest.mark.parametrize("action", ["als_yes", "als_not_now"])
def test_only_members_can_answer(world: World, session: Session, who: str, action: str) -> None:
    with pytest.raises(NotThere):
        world.do(als.flow, world.event(who, "button", action, subject=str(session.id), version=1))
    assert set(answers(world, session).values()) == {""}


def test_a_member_of_one_set_cannot_answer_for_another(world: World, session: Session) -> None:
    make_set(world, "Southern set", "Niamh")
    with pytest.raises(NotThere):
        reply(world, "Niamh", session, "yes")


@pytest.mark.usefixtures("northern")
def test_no_one_answers_a_session_that_does_not_exist(world: World) -> None:
    for subject in ("999", "x", ""):
        with pytest.raises(NotThere):
            world.do(als.flow, world.event("Amara", "button", "als_yes", subject=subject))


def test_not_now_leaves_it_open_until_the_reminder(world: World, session: Session) -> None:
    deliver(world)
    message = said(tap(world, als.flow, "Amara", ui.Button("", "als_not_now", str(session.id), 1)))
    assert "That is fine" in words(message)
    assert {"als_yes", "als_no", "als_maybe"} <= actions(message)
    assert answers(world, session)["Amara"] == ""


def test_not_now_takes_no_answer_back(world: World, session: Session) -> None:
    reply(world, "Amara", session, "yes")
    message = said(tap(world, als.flow, "Amara", ui.Button("", "als_not_now", str(session.id), 1)))
    assert "You said yes" in words(message)
    assert answers(world, session)["Amara"] == "yes"


def test_the_same_answer_twice_changes_nothing(world: World, session: Session) -> None:
    reply(world, "Amara", session, "yes")
    before = answers(world, session), world.due()
    reply(world, "Amara", session, "yes")
    assert (answers(world, session), world.due()) == before


# Being reminded


def test_the_reminder_shows_the_answer_and_asks_those_who_gave_none(world: World, session: Session) -> None:
    reply(world, "Amara", session, "maybe")
    assert "You said maybe" in words(booked(world, "Amara")["reminder"].message)
    assert "Will you come?" in words(booked(world, "Tomasz")["reminder"].message)


def test_who_said_no_is_not_reminded(world: World, session: Session) -> None:
    reply(world, "Amara", session, "no")
    assert "reminder" not in booked(world, "Amara")
    assert "reminder" in booked(world, "Tomasz")


def test_who_comes_after_all_is_reminded_after_all(world: World, session: Session) -> None:
    reply(world, "Amara", session, "no")
    reply(world, "Amara", session, "yes")
    assert booked(world, "Amara")["reminder"].due_at == DAY_BEFORE


def test_who_says_yes_months_before_is_still_asked_a_week_before(world: World, northern: LearningSet) -> None:
    session = add_session(world, northern, WEDNESDAY + timedelta(weeks=8))
    reply(world, "Amara", session, "yes")
    assert booked(world, "Amara") == {}
    live_until(world, session.starts_at - timedelta(days=7))
    assert "You said yes" in words(booked(world, "Amara")["invitation"].message)


# Who comes


def test_the_facilitator_hears_the_day_before_who_comes(world: World, session: Session) -> None:
    reply(world, "Amara", session, "yes")
    live_until(world, datetime(2026, 3, 3, 15, 59, tzinfo=UTC))
    assert world.queued("Brigid") == []
    live_until(world, datetime(2026, 3, 3, 16, 0, tzinfo=UTC))
    (card,) = world.queued("Brigid")
    text = words(card.message)
    assert "1 of 2" in text
    assert "Yes: 1: Amara Okonjo" in text
    assert "No answer yet: 1: Tomasz Wilk" in text


def test_what_changes_afterwards_is_shown_on_the_facilitator_s_card(world: World, session: Session) -> None:
    live_until(world, datetime(2026, 3, 3, 16, 0, tzinfo=UTC))
    deliver(world)
    reply(world, "Tomasz", session, "no")
    (edit,) = world.queued("Brigid")
    assert "No: 1: Tomasz Wilk" in words(edit.message)


def test_a_former_facilitator_hears_nothing(world: World, session: Session) -> None:
    with world.uow() as uow:
        uow.sets.change(session.learning_set.id, name="Northern set", facilitator_id=world.people["Oluwaseun"].id)
    live_until(world, session.starts_at)
    assert world.queued("Brigid") == []
    assert now(world, session).learning_set.facilitator == world.people["Oluwaseun"]


def test_who_leaves_the_programme_is_asked_no_more(world: World, session: Session) -> None:
    with world.uow() as uow:
        als.forget(world.people["Amara"], uow)
    assert booked(world, "Amara") == {}
    assert answers(world, session) == {"Tomasz": ""}


# The overview


def test_a_member_sees_the_next_session_with_the_answer_and_the_dates_after_it(world: World, session: Session) -> None:
    add_session(world, session.learning_set, WEDNESDAY + timedelta(weeks=8))
    text = words(overview(world, "Amara"))
    assert "Northern set" in text
    assert "Facilitator: Brigid Murphy" in text
    assert "Next session: Wednesday 4 March at 14:00" in text
    assert "Wednesday 29 April at 15:00" in text
    tap(world, als.flow, "Amara", button(overview(world, "Amara"), "als_yes"))
    assert "You said yes" in words(overview(world, "Amara"))


def test_the_facilitator_sees_who_comes_and_what_can_be_changed(world: World, session: Session) -> None:
    reply(world, "Tomasz", session, "yes")
    message = overview(world, "Brigid")
    assert "Yes: 1: Tomasz Wilk" in words(message)
    assert {"als_change", "als_add", "als_calendar"} == actions(message)


def test_a_member_does_not_see_what_others_answer(world: World, session: Session) -> None:
    reply(world, "Tomasz", session, "no")
    assert "Tomasz" not in words(overview(world, "Amara"))


def test_the_facilitator_finds_registers_that_are_not_filled_in(world: World, session: Session) -> None:
    live_until(world, session.ends_at)
    message = overview(world, "Brigid")
    assert "No session is planned" in words(message)
    assert button(message, "als_register").label == "Register of Wednesday 4 March"


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("who", ["Niamh", "Leila", "Gwen"])
def test_who_is_in_no_set_is_told_so(world: World, who: str) -> None:
    assert "You are in no Action Learning Set" in words(overview(world, who))
