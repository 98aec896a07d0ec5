"""Putting a prompt off."""

from datetime import date

import pytest

from bot.flow import FormErrors, Update
from bot.handlers import not_now
from storage.records import NotThere
from tests.handlers.acts import form_of, said, send
from tests.world import World


def question(world: World, who: str = "Niamh", rule: str = "find_a_date") -> str:
    return f"{rule}:7-{world.people[who].id}"


def put_off(world: World, who: str, subject: str) -> str:
    outcome = world.do(not_now.flow, world.event(who, "button", "not_now", subject=subject))
    assert isinstance(outcome, Update)
    return said(outcome).summary


@pytest.mark.parametrize(("days", "until"), [("3", "2026-02-05"), ("14", "2026-02-16")])
def test_a_prompt_is_put_off_to_the_morning_some_days_from_now(world: World, days: str, until: str) -> None:
    put_off(world, "Niamh", f"{question(world)}:{days}")
    (due,) = world.due()
    assert (due.rule, due.subject) == ("find_a_date", question(world).partition(":")[2])
    assert due.due_at.isoformat() == f"{until}T10:00:00+00:00"


def test_the_answer_names_the_day(world: World) -> None:
    assert "Thursday 5 February" in put_off(world, "Niamh", f"{question(world)}:3")


def test_what_was_due_before_is_not_done_as_well(world: World) -> None:
    rule, _colon, subject = question(world).partition(":")
    with world.uow() as uow:
        uow.due.add(rule, subject, world.now.replace(month=3))
    put_off(world, "Niamh", f"{question(world)}:3")
    put_off(world, "Niamh", f"{question(world)}:14")
    (due,) = world.due()
    assert due.due_at.date() == date(2026, 2, 16)


def test_a_prompt_is_put_off_until_a_day_of_one_s_choice(world: World) -> None:
    event = world.event("Niamh", "button", "not_now_until", subject=question(world))
    form = form_of(world.do(not_now.flow, event))
    assert world.due() == []
    answer = said(send(world, not_now.flow, "Niamh", form, day="01/05/2026"))
    assert "Friday 1 May" in answer.summary
    (due,) = world.due()
    assert due.due_at.isoformat() == "2026-05-01T09:00:00+00:00", "10:00 in summer time"


@pytest.mark.parametrize(
    ("day", "word"),
    [
        ("", "give a day"),
        ("soon", "give a day"),
        ("\U0001f600" * 400, "give a day"),
        ("2026-02-02", "from tomorrow"),
        ("2020-01-01", "from tomorrow"),
        ("2030-01-01", "within the next year"),
    ],
)
def test_a_day_that_cannot_be_is_refused_beside_the_field(world: World, day: str, word: str) -> None:
    form = not_now.until_form(question(world))
    with pytest.raises(FormErrors) as refused:
        send(world, not_now.flow, "Niamh", form, day=day)
    assert word in refused.value.errors["day"]
    assert refused.value.form == form
    assert world.due() == []


@pytest.mark.parametrize(
    "subject", ["find_a_date:7-{other}:3", "find_a_date:7-{me}:1", "digest:7-{me}:3", "introduce:7:3", "", ":::"]
)
def test_only_one_s_own_questions_can_be_put_off(world: World, subject: str) -> None:
    made_up = subject.format(other=world.people["Amara"].id, me=world.people["Niamh"].id)
    with pytest.raises(NotThere):
        put_off(world, "Niamh", made_up)
    assert world.due() == []


def test_the_form_of_another_person_s_question_does_not_open(world: World) -> None:
    with pytest.raises(NotThere):
        world.do(not_now.flow, world.event("Amara", "button", "not_now_until", subject=question(world, "Niamh")))
    with pytest.raises(NotThere):
        send(world, not_now.flow, "Amara", not_now.until_form(question(world, "Niamh")), day="2026-05-01")


def test_a_row_of_buttons_offers_three_days_two_weeks_and_a_day_to_choose() -> None:
    row = not_now.not_now_row("did_you_meet", "3-5")[1].buttons
    assert [(b.action, b.subject, b.opens) for b in row] == [
        ("not_now", "did_you_meet:3-5:3", False),
        ("not_now", "did_you_meet:3-5:14", False),
        ("not_now_until", "did_you_meet:3-5", True),
    ]
