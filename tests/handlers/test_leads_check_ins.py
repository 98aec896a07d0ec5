"""What leads can set about check-ins and questionnaires: how often and when, and, before the first one, how results
are told."""

from datetime import date

import pytest

from bot import ui
from bot.flow import FormErrors, Outcome, UserError
from bot.handlers import leads_change, leads_programme, leads_questionnaires, openings
from bot.surveys.loading import all_instruments
from storage.records import Programme
from tests import waves
from tests.handlers.acts import actions, form_of, said, words
from tests.world import World

FLOW = leads_programme.flow


def as_lead(world: World, kind: str, name: str, **more: object) -> Outcome:
    present = frozenset({world.accounts["Gwen"]})
    flow = {"leads_change": leads_change.flow, "change_questionnaires": leads_questionnaires.flow}.get(name, FLOW)
    return world.do(flow, world.event("Gwen", kind, name, leads_present=present, **more))


def send(world: World, form: ui.Form, **values: str) -> Outcome:
    held: ui.Values = {field.name: field.value for field in form.fields}
    return as_lead(world, "form", form.name, version=form.version, values=held | values)


def programme(world: World) -> Programme:
    with world.uow() as uow:
        return uow.programmes.get(world.programme.id)


def test_the_days_between_check_ins_can_be_changed_and_the_next_one_follows(world: World) -> None:
    with world.uow() as uow:
        openings.begin(world.programme, uow)
    send(world, form_of(as_lead(world, "button", "change_cadence")), check_in_days="28")
    assert programme(world).check_in_days == 28
    (due,) = (each for each in world.due() if each.rule == "wave_open")
    assert f"{due.due_at:%Y-%m-%d %H:%M}" == "2026-03-02 10:00"


@pytest.mark.parametrize("days", ["27", "366", "", "often"])
def test_check_ins_are_at_least_four_weeks_apart(world: World, days: str) -> None:
    form = form_of(as_lead(world, "button", "change_cadence"))
    with pytest.raises(FormErrors) as caught:
        send(world, form, check_in_days=days)
    assert caught.value.errors.keys() == {"check_in_days"}
    assert programme(world).check_in_days == 61


def test_how_results_are_told_can_be_changed_before_the_first_check_in(world: World) -> None:
    assert "change_disclosure" in actions(said(as_lead(world, "button", "leads_change")))
    form = form_of(as_lead(world, "button", "change_disclosure"))
    assert form.fields[0].value == "standard"
    send(world, form, disclosure="strict")
    assert programme(world).disclosure == "strict"


@pytest.mark.parametrize("level", ["exact", "none", ""])
def test_no_other_level_is_taken(world: World, level: str) -> None:
    form = form_of(as_lead(world, "button", "change_disclosure"))
    with pytest.raises(FormErrors):
        send(world, form, disclosure=level)
    assert programme(world).disclosure == "standard"


def test_once_a_check_in_has_opened_it_stays_and_is_shown(world: World) -> None:
    form = form_of(as_lead(world, "button", "change_disclosure"))
    world.join("Amara")
    waves.open_wave(world, all_instruments()["pulse"])
    with pytest.raises(UserError) as shown:
        as_lead(world, "button", "change_disclosure")
    with pytest.raises(UserError) as refused:
        send(world, form, disclosure="strict")
    for caught in (shown, refused):
        assert "in steps of three or more" in words(caught.value.message)
    assert programme(world).disclosure == "standard"


# Days of questionnaires


def days_form(world: World) -> ui.Form:
    return form_of(as_lead(world, "button", "change_questionnaires"))


def planned(world: World) -> dict[str, str]:
    return {each.subject: f"{each.due_at:%Y-%m-%d}" for each in world.due() if each.rule == "questionnaire_open"}


def test_the_days_of_questionnaires_can_be_chosen_and_given_back(world: World) -> None:
    assert "change_questionnaires" in actions(said(as_lead(world, "button", "leads_change")))
    form = days_form(world)
    assert "Left open: 16 February 2026." in {field.help for field in form.fields}
    changed = send(world, form, baseline_on="2026-03-02", end_on="2026-11-30", reflections="once")
    assert "First questionnaire from: nothing → 2026-03-02" in words(said(changed))
    assert (programme(world).baseline_on, programme(world).midpoint_on) == (date(2026, 3, 2), None)
    assert programme(world).reflections == "once"
    assert planned(world) == {
        "1:baseline": "2026-03-02",
        "1:midpoint": "2026-08-03",
        "1:end": "2026-11-30",
        "1:follow_up": "2028-02-01",
    }
    send(world, days_form(world), baseline_on="")
    assert programme(world).baseline_on is None
    assert planned(world)["1:baseline"] == "2026-02-16"


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"baseline_on": "2026-01-05"}, "baseline_on"),  # before the programme
        ({"midpoint_on": "2026-03-02"}, "midpoint_on"),  # two weeks after the first
        ({"midpoint_on": "2026-12-14"}, "midpoint_on"),  # two weeks before the last
        ({"baseline_on": "2026-07-13"}, "baseline_on"),
        ({"end_on": "2027-01-20"}, "end_on"),  # closes after the last day
        ({"follow_up_on": "2027-01-29"}, "follow_up_on"),  # before it
        ({"baseline_on": "soon"}, "baseline_on"),
        ({"reflections": "now"}, "reflections"),
    ],
)
def test_days_that_cannot_be_kept_are_refused(world: World, values: dict[str, str], wrong: str) -> None:
    with pytest.raises(FormErrors) as caught:
        send(world, days_form(world), **values)
    assert caught.value.errors.keys() == {wrong}
    assert programme(world) == world.programme


def test_a_questionnaire_that_has_opened_is_not_moved_any_more(world: World) -> None:
    world.join("Amara")
    form = days_form(world)
    with world.uow() as uow:
        waves.have_opened(uow, "baseline")
    assert [field.name for field in days_form(world).fields] == ["midpoint_on", "end_on", "follow_up_on", "reflections"]
    with pytest.raises(UserError):
        send(world, form, baseline_on="2026-03-02")
    assert programme(world).baseline_on is None


def test_the_programme_is_not_moved_away_from_a_day_that_was_chosen(world: World) -> None:
    send(world, days_form(world), end_on="2026-12-14")
    with pytest.raises(FormErrors) as caught:
        send(world, form_of(as_lead(world, "button", "change_days")), ends_on="2026-12-20")
    assert caught.value.errors.keys() == {"ends_on"}
