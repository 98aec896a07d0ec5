"""The two choices: who is asked when, what is kept of what they say, and what anybody can see of it."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from bot import ui
from bot.copies import kind_of
from bot.flow import FormErrors, InForm, Outcome, ShowForm, UserError
from bot.handlers import consent, home, welcome
from bot.programme.plan import Change
from storage import models
from storage.consents import EXACT_COUNTS
from storage.records import Participant
from tests import waves
from tests.handlers.acts import actions, button, form_of, said, send, tap, words
from tests.research import RETENTION, agree, answer, copies, plan_copy, the_plan
from tests.world import World

FLOW = consent.flow


@pytest.fixture
def asking(world: World) -> World:
    """A programme that asks both, in which everybody takes part."""
    plan_copy(world)
    world.join("Amara", "Niamh", "Tomasz", "Leila")
    return world


def form(world: World, who: str) -> ui.Form:
    return form_of(world.do(FLOW, world.event(who, "button", "consents")))


def choose(world: World, who: str, **choices: str) -> ui.Message:
    outcome = send(world, FLOW, who, form(world, who), **choices)
    assert isinstance(outcome, InForm)
    return outcome.message


def agreed(world: World, who: str) -> tuple[bool, bool]:
    plan = the_plan(world)
    with world.uow() as uow:
        mine = (world.programme.id, world.people[who].id)
        return uow.consents.has(*mine, EXACT_COUNTS), uow.consents.has(*mine, kind_of(plan))


def open_first_wave(world: World, *exact: str) -> None:
    with world.uow() as uow:
        uow.consents.settle(world.programme.id, [world.people[who].id for who in exact])
    waves.open_wave(world)


def refused(act: Callable[[], Outcome]) -> str:
    with pytest.raises(UserError) as caught:
        act()
    return words(caught.value.message)


# Asking


def test_who_joins_is_asked_with_the_thanks(asking: World) -> None:
    card = welcome.join_card(_part(asking, "Haruki"), asking.programme)
    thanks = said(tap(asking, welcome.flow, "Haruki", button(card, "join")))
    assert "consents" in actions(thanks)
    assert "A no is as good as a yes" in words(thanks)


def test_nobody_is_asked_in_a_programme_that_tells_results_in_steps(world: World) -> None:
    card = welcome.join_card(_part(world, "Haruki"), world.programme)
    assert "consents" not in actions(said(tap(world, welcome.flow, "Haruki", button(card, "join"))))
    assert "consents" not in actions(said(world.do(home.flow, world.event("Haruki", "button", "home"))))
    nothing = said(world.do(FLOW, world.event("Haruki", "button", "consents")))
    assert "nothing to choose" in words(nothing)


def test_who_had_joined_before_is_asked_once_by_a_card_that_can_be_put_off(asking: World) -> None:
    with asking.uow() as uow:
        consent.move([Change("disclosure", "standard", "research")], asking.programme, uow)
    asked = [each for each in asking.due() if each.rule == "consent_ask"]
    assert len(asked) == 4
    for each in asked:
        asking.work(FLOW, each.rule, each.subject)
    (card,) = asking.queued("Leila")
    assert card.prompt
    assert {"consents", "not_now", "not_now_until"} <= actions(card.message)
    assert asking.queued("Haruki") == []


def test_a_change_of_something_else_asks_nobody(asking: World) -> None:
    with asking.uow() as uow:
        consent.move([Change("contact name", "Gwen", "Dominic")], asking.programme, uow)
    assert asking.due() == []


def test_nobody_is_asked_any_more_once_a_wave_has_opened(asking: World) -> None:
    open_first_wave(asking)
    subject = f"{asking.programme.id}-{asking.people['Leila'].id}"
    asking.work(FLOW, "consent_ask", subject)
    assert asking.queued("Leila") == []


@pytest.mark.parametrize("who", ["Amara", "Niamh", "Leila"])
def test_the_home_of_everybody_who_takes_part_leads_there(asking: World, who: str) -> None:
    assert "consents" in actions(said(asking.do(home.flow, asking.event(who, "button", "home"))))


def test_who_has_another_duty_only_is_asked_nothing(asking: World) -> None:
    assert "consents" not in actions(said(asking.do(home.flow, asking.event("Gwen", "button", "home"))))
    refused(lambda: asking.do(FLOW, asking.event("Gwen", "button", "consents")))


# Choosing


def test_the_form_says_who_gets_what_until_when(asking: World) -> None:
    exact, copy = form(asking, "Niamh").fields
    assert "That can show that one person disagreed" in exact.help
    for part in ("REC 26/WM/0417", "Dr Ilse Verhoeven, University of Westmarch", "pseudonym", "31 August 2031"):
        assert part in copy.help
    assert "take this back until the copy is handed over" in copy.help


def test_no_answer_is_a_no(asking: World) -> None:
    assert [field.value for field in form(asking, "Niamh").fields if isinstance(field, ui.PickOne)] == ["no", "no"]
    assert agreed(asking, "Niamh") == (False, False)


@pytest.mark.parametrize(
    ("exact", "copy", "kept"),
    [
        ("yes", "yes", (True, True)),
        ("yes", "no", (True, False)),
        ("no", "no", (False, False)),
        ("no", "yes", (False, False)),
    ],
)
def test_each_choice_is_kept_and_the_copy_only_with_exact_counts(
    asking: World, exact: str, copy: str, kept: tuple[bool, bool]
) -> None:
    told = choose(asking, "Niamh", exact=exact, copy=copy)
    assert agreed(asking, "Niamh") == kept
    assert ("none of yours is kept" in words(told)) == (copy == "yes" and exact == "no")


def test_a_choice_can_be_changed_until_the_first_wave(asking: World) -> None:
    choose(asking, "Niamh", exact="yes", copy="yes")
    choose(asking, "Niamh", exact="no", copy="yes")
    assert agreed(asking, "Niamh") == (False, False)


def test_once_a_wave_has_opened_exact_counts_stay_as_they_are(asking: World) -> None:
    choose(asking, "Niamh", exact="yes", copy="no")
    before = form(asking, "Niamh")
    open_first_wave(asking, "Niamh")
    assert "in steps" in words(said(asking.do(FLOW, asking.event("Amara", "button", "consents"))))
    refused(lambda: send(asking, FLOW, "Niamh", before, exact="no", copy="yes"))
    assert agreed(asking, "Niamh") == (True, False)


def test_the_copy_can_be_chosen_later_too_by_those_who_are_counted_exactly(asking: World) -> None:
    open_first_wave(asking, "Niamh")
    assert [field.name for field in form(asking, "Niamh").fields] == ["copy"]
    choose(asking, "Niamh", copy="yes")
    assert agreed(asking, "Niamh")[1]


def test_a_consent_holds_for_the_plan_that_it_was_given_to(asking: World) -> None:
    choose(asking, "Niamh", exact="yes", copy="yes")
    plan = the_plan(asking)
    before = form(asking, "Niamh")
    with asking.uow() as uow:
        uow.research.save_plan(
            asking.programme.id,
            ethics_reference=plan.ethics_reference,
            evaluator="Dr Somebody Else",
            evaluator_key=plan.evaluator_key,
            retention_until=plan.retention_until,
        )
    assert agreed(asking, "Niamh") == (True, False)
    refused(lambda: send(asking, FLOW, "Niamh", before, exact="yes", copy="yes"))


def test_the_copy_is_not_asked_for_where_none_is_planned(asking: World) -> None:
    with asking.uow() as uow:
        uow.research.drop_plan(asking.programme.id)
    assert [field.name for field in form(asking, "Niamh").fields] == ["exact"]


@pytest.mark.parametrize("choice", ["", "maybe"])
def test_nothing_but_yes_or_no_is_taken(asking: World, choice: str) -> None:
    with pytest.raises(FormErrors) as caught:
        send(asking, FLOW, "Niamh", form(asking, "Niamh"), exact=choice, copy="no")
    assert caught.value.errors.keys() == {"exact"}


def test_what_was_chosen_decides_in_which_wave_somebody_is_asked(asking: World) -> None:
    ids = waves.enrol(asking, 9, 9)
    with asking.uow() as uow:
        for person_id in (*ids["mentor"], *ids["mentee"]):
            uow.consents.give(asking.programme.id, person_id, EXACT_COUNTS)
    choose(asking, "Niamh", exact="yes", copy="yes")
    choose(asking, "Amara", exact="no", copy="no")
    with asking.uow() as uow:
        waves.have_opened(uow, "baseline")
        asked = {
            wave.level: {person_id for person_id, _role in uow.waves.members(wave.id)}
            for wave in uow.waves.are_under_way(asking.programme.id)
        }
    assert asked["research"] == {*ids["mentor"], *ids["mentee"], asking.people["Niamh"].id}
    assert asked["standard"] == {asking.people[who].id for who in ("Amara", "Tomasz", "Leila")}
    assert [field.name for field in form(asking, "Niamh").fields] == ["copy"]


# Taking back


def test_taking_the_consent_back_removes_every_copy(asking: World) -> None:
    niamh, amara = asking.people["Niamh"].id, asking.people["Amara"].id
    agree(asking, [niamh, amara])
    wave = waves.open_wave(asking, level="research")
    answer(asking, wave, niamh, "mentee")
    answer(asking, wave, amara, "mentor")
    choose(asking, "Niamh", copy="no")
    assert copies(asking) == 1
    answer(asking, wave, niamh, "mentee")
    assert copies(asking) == 1


def test_who_has_left_can_still_take_it_back(asking: World) -> None:
    niamh = asking.people["Niamh"].id
    agree(asking, [niamh])
    answer(asking, waves.open_wave(asking, level="research"), niamh, "mentee")
    with asking.uow() as uow:
        uow.people.set_state(niamh, "left")
    opened = asking.do(FLOW, asking.event("Niamh", "command", "choices"))
    assert isinstance(opened, ShowForm)
    send(asking, FLOW, "Niamh", opened.form, copy="no")
    assert copies(asking) == 0


def test_after_it_was_handed_over_the_person_is_told_plainly(asking: World) -> None:
    open_first_wave(asking, "Niamh", "Amara")
    choose(asking, "Niamh", copy="yes")
    before = form(asking, "Niamh")
    with asking.uow() as uow:
        uow.research.advance(asking.programme.id, "handed_over", date(2027, 3, 8))
    for told in (
        words(said(asking.do(FLOW, asking.event("Niamh", "button", "consents")))),
        refused(lambda: send(asking, FLOW, "Niamh", before, copy="no")),
    ):
        assert "handed over to Dr Ilse Verhoeven, University of Westmarch on 8 March 2027" in told
        assert "cannot be taken out" in told
        assert "31 August 2031" in told
    assert "Nothing of yours is in it" in words(said(asking.do(FLOW, asking.event("Amara", "button", "consents"))))


# The end


def test_what_nobody_asked_for_is_destroyed_when_its_time_is_over(asking: World) -> None:
    agree(asking, [asking.people["Niamh"].id])
    answer(asking, waves.open_wave(asking, level="research"), asking.people["Niamh"].id, "mentee")
    with asking.uow() as uow:
        consent.begin(asking.programme, uow)
    (due,) = (each for each in asking.due() if each.rule == "research_end")
    assert due.due_at.date() == RETENTION + timedelta(days=1)
    asking.work(FLOW, due.rule, due.subject)
    assert copies(asking) == 1
    asking.now = due.due_at
    asking.work(FLOW, due.rule, due.subject)
    assert copies(asking) == 0
    with asking.uow() as uow:
        assert uow.research.secret.get(asking.programme.id) == b""
    assert (the_plan(asking).state, the_plan(asking).ended_on) == ("destroyed", RETENTION + timedelta(days=1))
    told = said(asking.do(FLOW, asking.event("Niamh", "button", "consents")))
    assert "destroyed on 1 September 2031" in words(told)


def test_a_copy_that_is_given_up_is_destroyed(asking: World) -> None:
    agree(asking, [asking.people["Niamh"].id])
    answer(asking, waves.open_wave(asking, level="research"), asking.people["Niamh"].id, "mentee")
    with asking.uow() as uow:
        uow.research.drop_plan(asking.programme.id)
        consent.move([Change("evaluator", "Dr Verhoeven", "")], asking.programme, uow)
    (due,) = (each for each in asking.due() if each.rule == "research_end")
    asking.work(FLOW, due.rule, due.subject)
    assert copies(asking) == 0


# What is written


def test_choosing_writes_nothing_but_the_consent(asking: World) -> None:
    """No message, no event that was seen, and in the rows nothing that a person or a time could be told by."""
    tables = [table for table in models.metadata.sorted_tables if table.name != "consent"]

    def rows() -> dict[str, list[tuple[object, ...]]]:
        with asking.database.engine.connect() as connection:
            return {table.name: [tuple(row) for row in connection.execute(select(table))] for table in tables}

    before = rows()
    choose(asking, "Niamh", exact="yes", copy="yes")
    choose(asking, "Leila", exact="yes", copy="no")
    assert rows() == before


def test_the_conversation_leaves_no_trace() -> None:
    for key in (("button", "consents"), ("command", "choices"), ("form", "consents")):
        assert FLOW.routes[key].leaves_no_trace


def _part(world: World, who: str) -> Participant:
    with world.uow() as uow:
        part = uow.people.participant(world.people[who].id)
    assert part is not None
    return part
