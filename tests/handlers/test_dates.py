"""Dates to come, and whether the two met."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bot import ui
from bot.handlers import dates, not_now
from storage.records import Meeting, NotThere, Pair
from tests.handlers.acts import actions, button, deliver, said, tap, words
from tests.world import World

IN_A_WEEK = date(2026, 2, 9)


@pytest.fixture
def pair(world: World) -> Pair:
    """Amara and Niamh take part and have been introduced."""
    world.join("Amara", "Niamh", "Tomasz", "Haruki", "Leila")
    return world.introduce("Amara")


def find_a_date(world: World, pair: Pair, who: str) -> None:
    world.work(dates.flow, "find_a_date", f"{pair.id}-{world.people[who].id}")


def arrange(world: World, who: str, pair: Pair, day: date) -> None:
    """Note a day, as the log of a meeting does with the next date."""
    with world.uow() as uow:
        dates.arrange(pair, day, world.event(who, "form", "log_meeting"), uow)


def planned(world: World, pair: Pair) -> list[Meeting]:
    with world.uow() as uow:
        return uow.meetings.of_pair(pair.id, "arranged")


def ask(world: World, pair: Pair, *names: str) -> list[ui.Message]:
    """The day after an arranged meeting, these people are asked; the clock stands there."""
    (meeting,) = planned(world, pair)
    world.now = datetime.combine(meeting.day + timedelta(days=1), datetime.min.time(), UTC).replace(hour=10)
    for who in names:
        world.work(dates.flow, "did_you_meet", f"{meeting.id}-{world.people[who].id}")
    return [world.queued(who)[-1].message for who in names]


# Finding a date


def test_a_pair_without_a_date_is_asked_without_reproach(world: World, pair: Pair) -> None:
    find_a_date(world, pair, "Niamh")
    (queued,) = world.queued("Niamh")
    text = words(queued.message)
    assert queued.prompt
    assert "first meeting" in text
    assert "not met" not in text.lower()
    assert {"schedule", "log_meeting", "not_now", "not_now_until", "support"} == actions(queued.message)


def test_looking_for_a_date_goes_on_every_six_weeks_until_the_programme_ends(world: World, pair: Pair) -> None:
    subject = f"{pair.id}-{world.people['Niamh'].id}"
    find_a_date(world, pair, "Niamh")
    assert [(d.subject, d.due_at) for d in world.due()] == [(subject, world.now + timedelta(days=42))]
    world.now = datetime(2027, 1, 20, 10, tzinfo=UTC)
    with world.uow() as uow:
        uow.due.drop("find_a_date", subject)
    find_a_date(world, pair, "Niamh")
    assert world.due() == []
    world.now = datetime(2027, 2, 2, 10, tzinfo=UTC)
    find_a_date(world, pair, "Niamh")
    (asked,) = world.queued("Niamh")
    assert asked.key.endswith(":2027-01-20"), "a question that waits makes room for the next; none comes after the end"


@pytest.mark.parametrize("days_ago", [0, 41])
def test_a_pair_that_met_lately_is_left_in_peace(world: World, pair: Pair, days_ago: int) -> None:
    with world.uow() as uow:
        uow.meetings.log(pair.id, world.now.date() - timedelta(days=days_ago), by=pair.mentor.id)
    find_a_date(world, pair, "Niamh")
    assert world.queued() == []
    assert len(world.due()) == 1


@pytest.mark.parametrize("days", [7, 0, -1])
def test_a_pair_with_a_date_ahead_or_just_behind_is_left_in_peace(world: World, pair: Pair, days: int) -> None:
    with world.uow() as uow:
        uow.meetings.arrange(pair.id, world.now.date() + timedelta(days=days))
    find_a_date(world, pair, "Niamh")
    assert world.queued() == []


@pytest.mark.parametrize(("state", "looks_again"), [("paused", 1), ("ended", 0)])
def test_a_pair_that_rests_is_left_in_peace(world: World, pair: Pair, state: str, looks_again: int) -> None:
    with world.uow() as uow:
        uow.pairs.set_state(pair.id, state)
    find_a_date(world, pair, "Niamh")
    assert world.queued() == []
    assert len(world.due()) == looks_again


def test_putting_it_off_has_it_asked_once_more_and_not_twice(world: World, pair: Pair) -> None:
    find_a_date(world, pair, "Niamh")
    (asked,) = world.queued("Niamh")
    deliver(world)
    tap(world, not_now.flow, "Niamh", button(asked.message, "not_now"))
    (due,) = world.due()
    world.now = due.due_at
    with world.uow() as uow:
        assert uow.due.take() == due
    world.work(dates.flow, due.rule, due.subject)
    assert len(world.queued("Niamh")) == 1
    assert [d.due_at - world.now for d in world.due()] == [timedelta(days=42)]


@pytest.mark.parametrize("who", ["Amara", "Niamh"])
def test_nobody_is_asked_for_a_date_until_a_week_after_both_are_back_from_leave(
    world: World, pair: Pair, who: str
) -> None:
    with world.uow() as uow:
        uow.leave.add(world.people[who].id, world.now.date(), date(2026, 2, 20), today=world.now.date())
    find_a_date(world, pair, "Niamh")
    assert world.queued() == []
    (again,) = world.due()
    assert again.due_at == datetime(2026, 2, 27, 10, tzinfo=UTC)
    world.now = again.due_at
    find_a_date(world, pair, "Niamh")
    assert len(world.queued("Niamh")) == 1


def test_a_question_for_a_date_that_still_waits_is_withdrawn_once_there_is_one(world: World, pair: Pair) -> None:
    find_a_date(world, pair, "Amara")
    find_a_date(world, pair, "Niamh")
    assert len(world.queued()) == 2
    with world.uow() as uow:
        dates.arrange(pair, IN_A_WEEK, world.event("Niamh", "form", "log_meeting"), uow)
    assert world.queued() == []


def test_a_made_up_look_for_a_date_comes_to_nothing(world: World, pair: Pair) -> None:
    world.work(dates.flow, "find_a_date", f"{pair.id}-{world.people['Haruki'].id}")
    world.work(dates.flow, "did_you_meet", f"999-{world.people['Haruki'].id}")
    assert world.queued() == []
    assert world.due() == []


# Noting a date


def test_both_are_asked_at_ten_on_the_day_after(world: World, pair: Pair) -> None:
    arrange(world, "Niamh", pair, IN_A_WEEK)
    (meeting,) = planned(world, pair)
    assert {(d.rule, d.subject) for d in world.due()} == {("did_you_meet", f"{meeting.id}-{p.id}") for p in pair.people}
    assert {d.due_at for d in world.due()} == {datetime(2026, 2, 10, 10, tzinfo=UTC)}


def test_the_same_date_noted_by_both_is_one_date(world: World, pair: Pair) -> None:
    arrange(world, "Niamh", pair, IN_A_WEEK)
    arrange(world, "Amara", pair, IN_A_WEEK)
    arrange(world, "Niamh", pair, IN_A_WEEK)
    assert len(planned(world, pair)) == 1
    assert len(world.due()) == 2


def test_another_date_takes_the_place_of_the_one_before(world: World, pair: Pair) -> None:
    arrange(world, "Niamh", pair, IN_A_WEEK)
    arrange(world, "Niamh", pair, IN_A_WEEK + timedelta(days=3))
    assert [m.day for m in planned(world, pair)] == [date(2026, 2, 12)]
    assert {d.due_at.day for d in world.due()} == {13}


def test_a_new_date_leaves_an_open_question_open(world: World, pair: Pair) -> None:
    arrange(world, "Niamh", pair, IN_A_WEEK)
    deliver(world)
    ask(world, pair, "Niamh")
    arrange(world, "Amara", pair, date(2026, 3, 3))
    assert [m.day for m in planned(world, pair)] == [IN_A_WEEK, date(2026, 3, 3)]
    assert "we_met" in actions(world.queued("Niamh")[0].message)


def test_a_date_that_was_given_up_can_be_taken_up_again(world: World, pair: Pair) -> None:
    for day in (IN_A_WEEK, IN_A_WEEK + timedelta(days=1), IN_A_WEEK):
        arrange(world, "Niamh", pair, day)
        world.pass_time(minutes=5)
    assert [m.day for m in planned(world, pair)] == [IN_A_WEEK]
    assert {d.due_at.day for d in world.due()} == {10}


# Did you meet?


def test_both_are_asked_once_the_day_after(world: World, pair: Pair) -> None:
    arrange(world, "Niamh", pair, IN_A_WEEK)
    deliver(world)
    for card in ask(world, pair, "Amara", "Niamh"):
        assert "9 February" in card.summary
        assert {"we_met", "not_met", "called_off", "correct_meeting", "not_now", "not_now_until"} == actions(card)
        assert button(card, "correct_meeting").opens
    ask(world, pair, "Niamh")
    assert len(world.queued("Niamh")) == 1


def test_nobody_is_asked_about_a_meeting_that_was_logged_or_given_up(world: World, pair: Pair) -> None:
    arrange(world, "Niamh", pair, IN_A_WEEK)
    (meeting,) = planned(world, pair)
    with world.uow() as uow:
        uow.meetings.log(pair.id, IN_A_WEEK, by=pair.mentor.id)
    world.work(dates.flow, "did_you_meet", f"{meeting.id}-{pair.mentee.id}")
    assert world.queued() == []


def test_putting_the_question_off_has_it_asked_anew(world: World, pair: Pair) -> None:
    arrange(world, "Niamh", pair, IN_A_WEEK)
    (card,) = ask(world, pair, "Niamh")
    deliver(world)
    tap(world, not_now.flow, "Niamh", button(card, "not_now"))
    world.pass_time(days=3)
    world.work(dates.flow, "did_you_meet", button(card, "not_now").subject.split(":")[1])
    assert [q.message.summary for q in world.queued("Niamh")] == [card.summary]


@pytest.mark.parametrize(("action", "word"), [("not_met", "not taken place yet"), ("called_off", "was cancelled")])
def test_it_did_not_happen_is_noted_and_the_other_s_card_says_so(
    world: World, pair: Pair, action: str, word: str
) -> None:
    arrange(world, "Niamh", pair, IN_A_WEEK)
    cards = ask(world, pair, "Amara", "Niamh")
    deliver(world)
    answer = said(tap(world, dates.flow, "Niamh", button(cards[1], action)))
    assert word in answer.summary
    assert "that is fine" in answer.summary
    assert button(answer, "schedule").opens
    assert planned(world, pair) == []
    (edit,) = world.queued()
    assert edit.place == f"dm:{pair.mentor.id}"
    assert "Niamh Gallagher says" in edit.message.summary
    assert {"correct_meeting", "schedule", "support"} == actions(edit.message)


def test_whoever_has_not_been_asked_yet_is_not_asked_any_more(world: World, pair: Pair) -> None:
    arrange(world, "Niamh", pair, IN_A_WEEK)
    deliver(world)
    (card,) = ask(world, pair, "Niamh")
    tap(world, dates.flow, "Niamh", button(card, "not_met"))
    assert world.queued() == []
    assert [d for d in world.due() if d.rule == "did_you_meet"] == []


def test_saying_twice_that_it_did_not_happen_changes_nothing(world: World, pair: Pair) -> None:
    arrange(world, "Niamh", pair, IN_A_WEEK)
    cards = ask(world, pair, "Amara", "Niamh")
    deliver(world)
    first = tap(world, dates.flow, "Niamh", button(cards[1], "not_met"))
    deliver(world)
    assert tap(world, dates.flow, "Niamh", button(cards[1], "not_met")) == first
    assert world.queued() == []


def test_what_was_logged_stays_whoever_says_that_it_did_not_happen(world: World, pair: Pair) -> None:
    arrange(world, "Niamh", pair, IN_A_WEEK)
    (card,) = ask(world, pair, "Niamh")
    with world.uow() as uow:
        uow.meetings.log(pair.id, IN_A_WEEK, by=pair.mentor.id)
    answer = said(tap(world, dates.flow, "Niamh", button(card, "not_met")))
    assert "Amara Okonjo logged" in answer.summary
    with world.uow() as uow:
        assert len(uow.meetings.of_pair(pair.id, "logged")) == 1


def test_nobody_answers_for_another_pair(world: World, pair: Pair) -> None:
    arrange(world, "Niamh", pair, IN_A_WEEK)
    (card,) = ask(world, pair, "Niamh")
    with pytest.raises(NotThere):
        tap(world, dates.flow, "Haruki", button(card, "not_met"))
    assert len(planned(world, pair)) == 1


def test_leads_do_not_learn_of_dates(world: World, pair: Pair) -> None:
    arrange(world, "Niamh", pair, IN_A_WEEK)
    ask(world, pair, "Amara", "Niamh")
    assert {q.place for q in world.queued()} == {f"dm:{p.id}" for p in pair.people}
