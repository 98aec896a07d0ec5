"""The research copy as leads plan it: what is taken, when it can still change, and what giving it up does."""

from datetime import date

import pytest

from bot import ui
from bot.flow import FormErrors, Outcome, UserError
from bot.handlers import consent, leads_change, leads_programme, leads_research
from storage.records import NotThere, ResearchPlan
from tests import waves
from tests.handlers.acts import actions, form_of, said, words
from tests.research import PUBLIC, RETENTION, agree, answer, copies, plan_copy
from tests.world import World

FLOWS = {
    "leads_change": leads_change.flow,
    "change_days": leads_programme.flow,
    "change_disclosure": leads_programme.flow,
}
FILLED_IN = {
    "ethics_reference": "REC 26/WM/0417",
    "evaluator": "Dr Ilse Verhoeven, University of Westmarch",
    "evaluator_key": PUBLIC,
    "retention_until": "2031-08-31",
}


def as_lead(world: World, kind: str, name: str, **more: object) -> Outcome:
    present = frozenset({world.accounts["Gwen"]})
    flow = FLOWS.get(name, leads_research.flow)
    return world.do(flow, world.event("Gwen", kind, name, leads_present=present, **more))


def open_form(world: World, name: str = "change_research") -> ui.Form:
    return form_of(as_lead(world, "button", name))


def send(world: World, form: ui.Form, **values: str) -> ui.Message:
    held: ui.Values = {field.name: field.value for field in form.fields}
    return said(as_lead(world, "form", form.name, version=form.version, values=held | values))


def plan(world: World) -> ResearchPlan | None:
    with world.uow() as uow:
        return uow.research.plan(world.programme.id)


@pytest.fixture
def telling(world: World) -> World:
    """A programme that tells exact counts of those who agree."""
    with world.uow() as uow:
        uow.programmes.change(world.programme.id, disclosure="research")
        world.programme = uow.programmes.get(world.programme.id)
    return world


def test_a_lead_can_set_the_level_and_plan_a_copy(world: World) -> None:
    assert "change_research" in actions(said(as_lead(world, "button", "leads_change")))
    world.join("Niamh")
    send(world, open_form(world, "change_disclosure"), disclosure="research")
    told = words(send(world, open_form(world), **FILLED_IN))
    assert "Outside evaluator and institution: nothing → Dr Ilse Verhoeven, University of Westmarch" in told
    found = plan(world)
    assert found is not None
    assert (found.evaluator_key, found.retention_until, found.state) == (PUBLIC, RETENTION, "open")
    assert [each.subject for each in world.due() if each.rule == "consent_ask"] != []
    assert [each.due_at.date() for each in world.due() if each.rule == "research_end"] == [date(2031, 9, 1)]


@pytest.mark.parametrize(
    ("field", "text", "error"),
    [
        ("ethics_reference", "", "This is blank"),
        ("evaluator", " ", "This is blank"),
        ("evaluator_key", "AAAA", "This is no public key"),
        ("retention_until", "2027-02-01", "is not after the end of the programme"),
        ("retention_until", "", "is no day"),
    ],
)
def test_each_mistake_stands_beside_its_field(telling: World, field: str, text: str, error: str) -> None:
    with pytest.raises(FormErrors) as caught:
        send(telling, open_form(telling), **FILLED_IN | {field: text})
    assert caught.value.errors.keys() == {field}
    assert error in caught.value.errors[field]
    assert plan(telling) is None


def test_results_in_steps_need_no_copy(world: World) -> None:
    with pytest.raises(FormErrors) as caught:
        send(world, open_form(world), **FILLED_IN)
    assert "needs the disclosure research" in caught.value.errors["ethics_reference"]


def test_the_programme_cannot_last_longer_than_the_copy(world: World) -> None:
    plan_copy(world)
    with pytest.raises(FormErrors) as caught:
        send(world, open_form(world, "change_days"), ends_on="2031-08-31")
    assert caught.value.errors.keys() == {"ends_on"}


def test_it_can_be_changed_until_the_first_wave(telling: World) -> None:
    send(telling, open_form(telling), **FILLED_IN)
    send(telling, open_form(telling), evaluator="Dr Henk Jansen, Ashdown University")
    found = plan(telling)
    assert found is not None
    assert found.evaluator == "Dr Henk Jansen, Ashdown University"


def test_a_form_from_before_another_change_changes_nothing(telling: World) -> None:
    form = open_form(telling)
    send(telling, form, **FILLED_IN)
    with pytest.raises(UserError):
        send(telling, form, **FILLED_IN | {"evaluator": "Dr Henk Jansen"})
    found = plan(telling)
    assert found is not None
    assert found.evaluator == FILLED_IN["evaluator"]


def test_once_a_wave_has_opened_it_can_only_be_given_up(telling: World) -> None:
    send(telling, open_form(telling), **FILLED_IN)
    before = open_form(telling)
    telling.join("Niamh")
    agree(telling, [telling.people["Niamh"].id])
    answer(telling, waves.open_wave(telling, level="research"), telling.people["Niamh"].id, "mentee")
    form = open_form(telling)
    assert [field.name for field in form.fields] == ["state"]
    with pytest.raises(UserError) as caught:
        send(telling, before, evaluator="Dr Henk Jansen")
    assert "has changed since you opened it" in words(caught.value.message)
    with pytest.raises(UserError) as caught:
        send(telling, form, state="kept")
    assert "stays as people were told it" in words(caught.value.message)
    assert copies(telling) == 1
    send(telling, form, state="gone")
    assert plan(telling) is None
    (due,) = (each for each in telling.due() if each.rule == "research_end")
    telling.work(consent.flow, due.rule, due.subject)
    assert copies(telling) == 0


def test_it_cannot_be_planned_once_a_wave_has_opened(telling: World) -> None:
    form = open_form(telling)
    telling.join("Niamh")
    waves.open_wave(telling)
    with pytest.raises(UserError) as caught:
        open_form(telling)
    assert "No research copy can be planned any more" in words(caught.value.message)
    with pytest.raises(UserError):
        send(telling, form, **FILLED_IN)
    assert plan(telling) is None


@pytest.mark.parametrize(
    ("state", "told"),
    [("closing", "is being handed over now"), ("handed_over", "8 March"), ("destroyed", "destroyed on")],
)
def test_once_it_has_ended_it_is_shown_how(world: World, state: str, told: str) -> None:
    plan_copy(world)
    with world.uow() as uow:
        uow.research.advance(world.programme.id, state, None if state == "closing" else date(2027, 3, 8))
    with pytest.raises(UserError) as caught:
        open_form(world)
    assert told in words(caught.value.message)


def test_only_leads_plan_it(world: World) -> None:
    with pytest.raises((UserError, NotThere)):
        world.do(leads_research.flow, world.event("Niamh", "button", "change_research"))
