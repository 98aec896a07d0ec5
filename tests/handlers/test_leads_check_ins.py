"""What leads can set about check-ins: how often, and, before the first one, how results are told."""

import pytest

from bot import ui
from bot.flow import FormErrors, Outcome, UserError
from bot.handlers import checkin, leads_change, leads_programme
from bot.surveys.loading import all_instruments
from storage.records import Programme
from tests import waves
from tests.handlers.acts import actions, form_of, said, words
from tests.world import World

FLOW = leads_programme.flow


def as_lead(world: World, kind: str, name: str, **more: object) -> Outcome:
    present = frozenset({world.accounts["Gwen"]})
    flow = leads_change.flow if name == "leads_change" else FLOW
    return world.do(flow, world.event("Gwen", kind, name, leads_present=present, **more))


def send(world: World, form: ui.Form, **values: str) -> Outcome:
    held: ui.Values = {field.name: field.value for field in form.fields}
    return as_lead(world, "form", form.name, version=form.version, values=held | values)


def programme(world: World) -> Programme:
    with world.uow() as uow:
        return uow.programmes.get(world.programme.id)


def test_the_days_between_check_ins_can_be_changed_and_the_next_one_follows(world: World) -> None:
    with world.uow() as uow:
        checkin.begin(world.programme, uow)
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


@pytest.mark.parametrize("level", ["research", "none", ""])
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
