"""What leads change in the chat: the programme, its people and its pairs; and that nobody else can."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot import ui
from bot.flow import Event, Flow, FormErrors, Outcome, ShowForm, UserError
from bot.handlers import (
    als_change,
    als_overview,
    home,
    introduction,
    leads,
    leads_change,
    leads_pairs,
    leads_people,
    leads_programme,
    leads_questionnaires,
    leads_recruitment,
    leads_removal,
    leads_research,
    leads_sets,
    schedule,
    welcome,
)
from bot.handlers.leads_change import MOST_LISTED, what_to_change
from bot.platforms.slack import render as slack
from bot.platforms.teams import render as teams
from bot.programme.pairs import ENDINGS
from storage.places import dm
from storage.places import leads as leads_place
from storage.records import Account, Newcomer, NotThere, Pair, Person
from tests.handlers.acts import actions, button, deliver, form_of, said, words
from tests.world import World

FLOWS = (
    leads_change.flow,
    leads_programme.flow,
    leads_questionnaires.flow,
    leads_recruitment.flow,
    leads_research.flow,
    leads_people.flow,
    leads_removal.flow,
    leads_pairs.flow,
    leads_sets.flow,
)
ROUTES = [(flow, *kind_and_name) for flow in FLOWS for kind_and_name in flow.routes]


def flow_of(kind: str, name: str) -> Flow:
    return next(flow for flow in FLOWS if (kind, name) in flow.routes)


def lead_event(world: World, kind: str, name: str, **more: Any) -> Event:
    return world.event("Gwen", kind, name, leads_present=frozenset({world.accounts["Gwen"]}), **more)


def as_lead(world: World, event: Event) -> Outcome:
    """What is answered while Gwen is in the leads channel; refusals in words are answers, too."""
    event = replace(event, leads_present=frozenset({world.accounts["Gwen"]}))
    return world.do(flow_of(event.kind, event.name), event)


def tap(world: World, action: str, subject: str = "", version: int = 0) -> Outcome:
    return as_lead(world, world.event("Gwen", "button", action, subject=subject, version=version))


def tapped(world: World, one: ui.Button) -> Outcome:
    return tap(world, one.action, one.subject, one.version)


def send(world: World, form: ui.Form, **values: str | tuple[str, ...]) -> Outcome:
    """Send a form; fields that are not given keep what they hold."""
    held: ui.Values = {field.name: field.value for field in form.fields}
    event = world.event("Gwen", "form", form.name, subject=form.subject, version=form.version, values=held | values)
    return as_lead(world, event)


def errors_of(world: World, form: ui.Form, **values: str | tuple[str, ...]) -> dict[str, str]:
    with pytest.raises(FormErrors) as caught:
        send(world, form, **values)
    return caught.value.errors


def refusal(world: World, do: object, *args: object, **more: object) -> str:
    with pytest.raises(UserError) as caught:
        do(world, *args, **more)  # type: ignore[operator]  # tap or send
    return caught.value.message.summary


def person_of(world: World, email: str) -> Person:
    with world.uow() as uow:
        found = uow.people.by_email(email)
    assert found is not None
    return found


def notes(world: World) -> list[str]:
    return [q.message.summary for q in world.queued() if q.place == leads_place(world.programme)]


def pair_of(world: World, mentor: str) -> Pair:
    with world.uow() as uow:
        return uow.pairs.get(
            next(p.id for p in uow.pairs.not_ended(world.programme.id, limit=99) if p.mentor == world.people[mentor])
        )


def crowd(world: World, number: int) -> None:
    """Enter many more mentees."""
    with world.uow() as uow:
        rows = [
            Newcomer(
                f"Ines Duarte {n}", f"ines{n}@example.org", (), "Europe/London", "ENG", "", "", "", date(2026, 1, 1)
            )
            for n in range(number)
        ]
        uow.people.enrol_all(world.programme.id, dict.fromkeys(uow.people.add_all(rows), "mentee"))


# Who may


def test_every_way_to_change_something_looks_up_who_is_in_the_leads_channel() -> None:
    assert all(flow.routes[kind, name].leads for flow, kind, name in ROUTES)


@pytest.mark.parametrize("who", ["Amara", "Niamh", "Leila", "Brigid"])
@pytest.mark.parametrize(
    ("flow", "kind", "name"), ROUTES, ids=lambda part: part if isinstance(part, str) else part.name
)
def test_everybody_else_is_refused_everything_in_the_same_words(
    world: World, flow: Flow, kind: str, name: str, who: str
) -> None:
    present = frozenset({world.accounts["Gwen"], world.accounts[who]})
    event = world.event(who, kind, name, subject=str(world.people["Niamh"].id), leads_present=present)
    with pytest.raises(UserError) as caught:
        world.do(flow, event)
    assert caught.value.message == leads.for_leads_only(world.programme)
    assert world.queued() == []


@pytest.mark.parametrize(
    ("flow", "kind", "name"), ROUTES, ids=lambda part: part if isinstance(part, str) else part.name
)
def test_a_listed_lead_who_is_no_longer_in_the_channel_is_refused(
    world: World, flow: Flow, kind: str, name: str
) -> None:
    event = world.event("Gwen", kind, name, subject=str(world.people["Niamh"].id))
    with pytest.raises(UserError) as caught:
        world.do(flow, event)
    assert caught.value.message == leads.for_leads_only(world.programme)


def test_a_form_of_somebody_who_has_ceased_to_be_a_lead_stores_nothing(world: World) -> None:
    form = form_of(tap(world, "change_contact"))
    with world.uow() as uow:
        uow.people.set_duties(world.programme.id, world.people["Gwen"].id, ())
    refusal(world, send, form, contact_name="Idris Vaughan")
    with world.uow() as uow:
        assert uow.programmes.get(world.programme.id) == world.programme
    assert world.queued() == []


# The card


def test_the_card_leads_to_everything_that_can_be_changed(world: World) -> None:
    message = said(tap(world, "leads_change"))
    assert message == what_to_change(world.programme)
    own = {name for flow, kind, name in ROUTES if kind == "button"}
    assert actions(message) <= own | {"als_sets"}
    assert all(len(block.buttons) <= 6 for block in message.blocks if isinstance(block, ui.Buttons))


@pytest.mark.parametrize(
    "action",
    [
        *("change_days", "change_contact", "change_cadence", "change_questionnaires", "change_recruitment"),
        *("add_person", "find_person", "pair_people", "find_pair"),
    ],
)
def test_each_form_opens_and_fits_both_platforms(world: World, action: str) -> None:
    outcome = tap(world, action)
    assert isinstance(outcome, ShowForm)
    assert outcome.action == action
    assert slack.modal(outcome.form)
    assert teams.dialog(outcome.form, "dialog-1")


# The programme


def test_another_last_day_holds_at_once_and_what_is_due_follows(world: World) -> None:
    world.join("Amara", "Niamh")
    pair = world.introduce("Amara")
    world.now = datetime(2027, 1, 20, 10, 0, tzinfo=UTC)
    outcome = send(world, form_of(tap(world, "change_days")), ends_on="31/08/2027")
    assert "Last day: 2027-02-01 → 2027-08-31" in words(said(outcome))
    with world.uow() as uow:
        assert uow.programmes.get(world.programme.id).ends_on == date(2027, 8, 31)
    looks = {due.subject for due in world.due() if due.rule == "find_a_date"}
    assert looks == {f"{pair.id}-{person.id}" for person in pair.people}
    assert [due.rule for due in world.due() if due.rule == "digest"] == ["digest"]


def test_the_other_leads_see_one_line_about_who_changed_what(world: World) -> None:
    send(world, form_of(tap(world, "change_contact")), contact_name="Idris Vaughan")
    (line,) = notes(world)
    assert line.startswith("Gwen Pritchard changed Westmarch peer mentoring")
    assert "Gwen Pritchard → Idris Vaughan" in line


def test_all_mistakes_of_the_days_are_told_beside_their_fields_and_nothing_is_stored(world: World) -> None:
    errors = errors_of(
        world,
        form_of(tap(world, "change_days")),
        starts_on="2026-13-01",
        ends_on="soon",
        time_zone="Mars",
        region="FRA",
    )
    assert errors.keys() == {"starts_on", "ends_on", "time_zone", "region"}
    assert "2026-13-01" in errors["starts_on"]
    assert "Europe/London" in errors["time_zone"]
    with world.uow() as uow:
        assert uow.programmes.get(world.programme.id) == world.programme


def test_the_last_day_comes_after_the_first(world: World) -> None:
    errors = errors_of(world, form_of(tap(world, "change_days")), ends_on="2026-02-02")
    assert "2 February 2026" in errors["ends_on"]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("reminder_days", "0"),
        ("first_date_days", "366"),
        ("next_date_days", "many"),
        ("quiet_from", "24"),
        ("quiet_until", ""),
    ],
)
def test_a_number_that_the_file_would_refuse_is_refused_in_the_form(world: World, field: str, text: str) -> None:
    assert errors_of(world, form_of(tap(world, "change_cadence")), **{field: text}).keys() == {field}


def test_other_quiet_hours_are_for_those_who_have_chosen_none(world: World) -> None:
    niamh = world.people["Niamh"]
    with world.uow() as uow:
        uow.people.set_quiet_time(niamh.id, quiet_from=22, quiet_until=6, no_send_days="", region="WLS")
    send(world, form_of(tap(world, "change_cadence")), quiet_from="19", quiet_until="9")
    with world.uow() as uow:
        assert uow.programmes.get(world.programme.id).quiet_from == 19
        assert uow.people.get(world.people["Amara"].id).quiet_until == 9
        assert uow.people.get(niamh.id).quiet_from == 22


def test_an_address_that_is_none_is_refused(world: World) -> None:
    errors = errors_of(world, form_of(tap(world, "change_contact")), contact_email="gwen at example", contact_name="  ")
    assert errors.keys() == {"contact_email", "contact_name"}


def test_a_form_that_was_sent_as_it_was_changes_nothing_and_tells_nobody(world: World) -> None:
    assert said(send(world, form_of(tap(world, "change_days")))) == leads_change.nothing_changed()
    assert notes(world) == []


def test_a_form_from_before_another_leads_change_changes_nothing(world: World) -> None:
    old = form_of(tap(world, "change_contact"))
    send(world, form_of(tap(world, "change_contact")), contact_name="Idris Vaughan")
    assert refusal(world, send, old, contact_email="old@example.org") == leads_change.changed_meanwhile().summary
    with world.uow() as uow:
        assert uow.programmes.get(world.programme.id).contact_name == "Idris Vaughan"


def test_services_are_added_changed_and_removed(world: World) -> None:
    card = said(tap(world, "change_services"))
    new = form_of(tapped(world, button(card, "change_service")))
    send(world, new, nation="WLS", name="Canopi", reach="0800 058 2738", checked_on="2026-01-12")
    with world.uow() as uow:
        assert [s.name for s in uow.programmes.services(world.programme.id, "WLS")] == ["Canopi"]
    card = said(tap(world, "change_services"))
    change = form_of(tapped(world, button(card, "change_service")))
    send(world, change, reach="https://canopi.example")
    with world.uow() as uow:
        assert [s.reach for s in uow.programmes.all_services(world.programme.id)] == ["https://canopi.example"]
    gone = form_of(tapped(world, button(said(tap(world, "change_services")), "change_service")))
    send(world, gone, state="gone")
    with world.uow() as uow:
        assert uow.programmes.all_services(world.programme.id) == []
    assert len(notes(world)) == 3


def test_a_service_cannot_be_named_twice_or_without_a_day(world: World) -> None:
    new = form_of(tap(world, "change_service"))
    send(world, new, nation="UK", name="Sick Doctors Trust", reach="0370 444 5163", checked_on="2026-01-12")
    errors = errors_of(world, new, nation="UK", name="Sick Doctors Trust", reach="", checked_on="x")
    assert errors.keys() == {"name", "reach", "checked_on"}


# People


FFION = {
    "name": "Ffion Rhys",
    "email": "Ffion.Rhys@example.org",
    "role": "mentee",
    "organisation": "Larkhill General",
    "region": "WLS",
    "grade": "ST2",
    "accounts": "slack:T0WEST/U0FFION",
    "profile": "Sings in a choir.",
}


def add(world: World, **values: str | tuple[str, ...]) -> Outcome:
    return send(world, form_of(tap(world, "add_person")), **{**FFION, **values})


def test_who_is_added_after_the_start_is_welcomed_now(world: World) -> None:
    outcome = add(world)
    assert "Ffion Rhys is added: Mentee." in words(said(outcome))
    ffion = person_of(world, "ffion.rhys@example.org")
    assert (ffion.region, ffion.grade, ffion.profile) == ("WLS", "ST2", "Sings in a choir.")
    (due,) = [due for due in world.due() if due.rule == "welcome"]
    assert due.due_at <= world.now
    world.work(welcome.flow, "welcome", due.subject)
    assert [q.message.summary for q in world.queued() if q.place == dm(ffion)] == [
        "Westmarch peer mentoring: would you like to take part?"
    ]
    with world.uow() as uow:
        assert uow.people.accounts_of(ffion.id) == (Account("slack", "T0WEST", "U0FFION"),)
        assert uow.people.organisation_of(ffion.id, world.now.date()) == "Larkhill General"


def test_who_is_added_before_the_start_is_welcomed_on_the_first_day(world: World) -> None:
    world.now = datetime(2026, 1, 20, 12, 0, tzinfo=UTC)
    add(world)
    assert [due.due_at.date() for due in world.due() if due.rule == "welcome"] == [world.programme.starts_on]


def test_all_mistakes_about_a_person_are_told_at_once(world: World) -> None:
    form = form_of(tap(world, "add_person"))
    errors = errors_of(
        world, form, name=" ", email="ffion", accounts="U123", time_zone="Wales", role="", profile="x" * 601
    )
    assert errors.keys() == {"name", "email", "accounts", "time_zone", "role", "profile"}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": "niamh@example.org"}, "email"),
        ({"accounts": "slack:T0WEST/U0NIAMH"}, "accounts"),
        ({"duties": ("lead", "senior support")}, "role"),
    ],
)
def test_somebody_elses_address_or_account_or_two_duties_that_exclude_each_other_are_refused(
    world: World, values: dict[str, str | tuple[str, ...]], field: str
) -> None:
    with world.uow() as uow:
        uow.people.link(world.people["Niamh"].id, [Account("slack", "T0WEST", "U0NIAMH")])
    assert errors_of(world, form_of(tap(world, "add_person")), **{**FFION, **values}).keys() == {field}
    with world.uow() as uow:
        assert uow.people.by_email("ffion.rhys@example.org") is None


def test_a_lead_can_be_added_who_takes_no_part(world: World) -> None:
    add(world, role="", duties=("lead",))
    ffion = person_of(world, "ffion.rhys@example.org")
    with world.uow() as uow:
        assert uow.people.has_duty(ffion.id, "lead")
        assert uow.people.participant(ffion.id) is None
    assert [due for due in world.due() if due.rule == "welcome"] == []


def card_about(world: World, name: str) -> ui.Message:
    return said(send(world, form_of(tap(world, "find_person")), person=str(world.people[name].id)))


@pytest.mark.parametrize("state", ["invited", "joined", "declined"])
def test_leads_do_not_see_what_somebody_answered_to_the_welcome(world: World, state: str) -> None:
    before = card_about(world, "Niamh"), form_of(tap(world, "change_person", str(world.people["Niamh"].id)))
    with world.uow() as uow:
        uow.people.set_state(world.people["Niamh"].id, state)
    assert (card_about(world, "Niamh"), form_of(tapped(world, button(before[0], "change_person")))) == before


def test_what_the_list_says_of_a_person_can_be_changed(world: World) -> None:
    form = form_of(tapped(world, button(card_about(world, "Niamh"), "change_person")))
    outcome = send(world, form, organisation="Larkhill General", grade="ST2", accounts="slack:T0WEST/U0NIAMH")
    assert "Grade: ST1 paediatrics → ST2" in str(said(outcome).blocks)
    niamh = world.people["Niamh"]
    with world.uow() as uow:
        assert uow.people.organisation_of(niamh.id, world.now.date()) == "Larkhill General"
        assert len(uow.people.accounts_of(niamh.id)) == 2
    assert notes(world) == [
        "Gwen Pritchard changed Westmarch peer mentoring: Niamh Gallagher has changed: organisation, grade, accounts."
    ]


def test_somebody_who_is_one_of_a_pair_keeps_their_part(world: World) -> None:
    form = form_of(tap(world, "change_person", str(world.people["Niamh"].id)))
    assert errors_of(world, form, role="control", email="amara@example.org").keys() == {"role", "email"}


def test_who_is_no_mentor_any_more_leaves_their_set(world: World) -> None:
    add(world, role="mentor")
    with world.uow() as uow:
        (ffion,) = (p for p in uow.people.listed(world.programme.id, limit=200) if p.name == "Ffion Rhys")
        learning_set = uow.sets.add(world.programme.id, "Northern set", world.people["Oluwaseun"].id)
        uow.sets.add_member(learning_set.id, ffion.id)
    send(world, form_of(tap(world, "change_person", str(ffion.id))), role="mentee")
    with world.uow() as uow:
        assert uow.sets.member_ids(learning_set.id) == set()


def test_a_lead_stays_a_lead_until_another_lead_says_otherwise(world: World) -> None:
    form = form_of(tap(world, "change_person", str(world.people["Gwen"].id)))
    assert errors_of(world, form, duties=("selector",)).keys() == {"duties"}


def test_a_form_about_a_person_from_before_another_change_changes_nothing(world: World) -> None:
    subject = str(world.people["Leila"].id)
    old = form_of(tap(world, "change_person", subject))
    send(world, form_of(tap(world, "change_person", subject)), grade="ST3")
    refusal(world, send, old, grade="ST1")
    with world.uow() as uow:
        assert uow.people.get(world.people["Leila"].id).grade == "ST3"


def remove_niamh(world: World) -> Outcome:
    first = said(tapped(world, button(card_about(world, "Niamh"), "remove_person")))
    return tapped(world, button(first, "really_remove"))


def test_removing_says_first_what_it_means_and_does_nothing_yet(world: World) -> None:
    message = said(tapped(world, button(card_about(world, "Niamh"), "remove_person")))
    assert "means" in message.summary
    assert actions(message) == {"really_remove", "leads_change"}
    assert world.queued() == []
    with world.uow() as uow:
        assert uow.people.participant(world.people["Niamh"].id) is not None
        assert len(uow.pairs.not_ended(world.programme.id, limit=9)) == 2


def test_who_is_removed_has_left_their_pair_and_set_and_is_asked_nothing_more(world: World) -> None:
    world.join("Amara", "Niamh")
    pair = world.introduce("Amara")
    niamh = world.people["Niamh"]
    with world.uow() as uow:
        learning_set = uow.sets.add(world.programme.id, "Northern set", world.people["Brigid"].id)
        uow.sets.add_member(learning_set.id, niamh.id)
        uow.due.add("find_a_date", f"{pair.id}-{niamh.id}", world.now + timedelta(days=9))
    assert "Niamh Gallagher no longer takes part." in words(said(remove_niamh(world)))
    with world.uow() as uow:
        part = uow.people.participant(niamh.id)
        assert part is not None
        assert part.state == "left"
        assert uow.pairs.get(pair.id).state == "ended"
        assert uow.sets.member_ids(learning_set.id) == set()
    assert world.due() == []
    assert world.queued("Niamh") == []
    (to_amara,) = world.queued("Amara")
    assert "no longer takes part" in to_amara.message.summary


def test_who_is_removed_finds_a_kind_line_and_cannot_come_back_by_an_old_card(world: World) -> None:
    with world.uow() as uow:
        part = uow.people.participant(world.people["Niamh"].id)
        assert part is not None
        welcome.send_card(part, uow)
    deliver(world)
    card = welcome.join_card(part, world.programme)
    remove_niamh(world)
    line = welcome.left(world.programme)
    assert [q.message for q in world.queued("Niamh")] == [line]
    yes = button(card, "join")
    event = world.event("Niamh", "button", yes.action, subject=yes.subject, version=yes.version)
    assert said(world.do(welcome.flow, event)) == line
    assert said(world.do(home.flow, world.event("Niamh", "command", "mentoring"))) == line
    with pytest.raises(UserError) as caught:
        world.do(schedule.flow, world.event("Niamh", "command", "schedule"))
    assert caught.value.message == line


def test_removing_twice_is_removing_once(world: World) -> None:
    first = said(tapped(world, button(card_about(world, "Niamh"), "remove_person")))
    tapped(world, button(first, "really_remove"))
    again = said(tapped(world, button(first, "really_remove")))
    assert "no longer takes part" in again.summary
    assert len(notes(world)) == 1


def test_who_was_removed_and_added_again_is_asked_again_and_an_old_button_removes_nobody(world: World) -> None:
    with world.uow() as uow:
        part = uow.people.participant(world.people["Niamh"].id)
        assert part is not None
        welcome.send_card(part, uow)
    deliver(world)
    old = button(said(tapped(world, button(card_about(world, "Niamh"), "remove_person"))), "really_remove")
    tapped(world, old)
    add(world, name="Niamh Gallagher", email="niamh@example.org", accounts="")
    with world.uow() as uow:
        part = uow.people.participant(world.people["Niamh"].id)
    assert part is not None
    assert part.state == "invited"
    reminders = [due for due in world.due() if due.rule == "welcome_reminder"]
    assert [due.due_at for due in reminders] == [world.now]
    world.work(welcome.flow, "welcome_reminder", reminders[0].subject)
    assert "join" in actions(world.queued("Niamh")[-1].message)
    refusal(world, tapped, old)


def test_who_comes_back_comes_back_to_the_same_part(world: World) -> None:
    remove_niamh(world)
    form = form_of(tap(world, "add_person"))
    values = {**FFION, "name": "Niamh Gallagher", "email": "niamh@example.org", "accounts": "", "role": "mentor"}
    assert errors_of(world, form, **values).keys() == {"role"}


def test_nobody_removes_themselves_or_the_facilitator_of_a_set(world: World) -> None:
    refusal(world, tap, "remove_person", str(world.people["Gwen"].id))
    with world.uow() as uow:
        uow.sets.add(world.programme.id, "Northern set", world.people["Brigid"].id)
    assert "Northern set" in refusal(world, tap, "remove_person", str(world.people["Brigid"].id))


def test_of_very_many_people_one_is_found_by_e_mail_address(world: World) -> None:
    crowd(world, MOST_LISTED)
    form = form_of(tap(world, "find_person"))
    assert isinstance(form.fields[0], ui.TextField)
    assert said(send(world, form, person="Niamh@Example.org")).summary == "Niamh Gallagher"
    assert errors_of(world, form, person="nobody@example.org").keys() == {"person"}


# Pairs


def pairing(world: World) -> ui.Form:
    return form_of(tap(world, "pair_people"))


def test_those_without_a_pair_come_first(world: World) -> None:
    add(world, name="Zadie Quill", email="zadie@example.org", accounts="")
    mentees = pairing(world).fields[1]
    assert isinstance(mentees, ui.PickOne)
    assert [option.label for option in mentees.options] == [
        "Zadie Quill",
        "Haruki Sato (has a pair)",
        "Niamh Gallagher (has a pair)",
    ]


def test_two_who_take_part_are_introduced_once_they_are_paired(world: World) -> None:
    world.join("Amara", "Haruki")
    both = {"mentor": str(world.people["Amara"].id), "mentee": str(world.people["Haruki"].id)}
    errors = errors_of(world, pairing(world), **both)
    assert "Tomasz Wilk" in errors["all_the_same"]
    send(world, pairing(world), **both, all_the_same=("yes",))
    (due,) = [due for due in world.due() if due.rule == "introduce"]
    world.work(introduction.flow, "introduce", due.subject)
    assert len(world.queued("Haruki")) == 1
    assert "Amara Okonjo" in world.queued("Haruki")[0].message.summary


def test_two_of_whom_one_has_not_said_yes_stay_proposed(world: World) -> None:
    world.join("Amara")
    both = {"mentor": str(world.people["Amara"].id), "mentee": str(world.people["Haruki"].id)}
    send(world, pairing(world), **both, all_the_same=("yes",))
    (due,) = [due for due in world.due() if due.rule == "introduce"]
    world.work(introduction.flow, "introduce", due.subject)
    with world.uow() as uow:
        assert uow.pairs.get(int(due.subject)).state == "proposed"
    assert world.queued("Haruki") == []


def test_a_pair_of_one_organisation_has_to_be_meant(world: World) -> None:
    add(world, organisation="st brannock's hospital")
    ffion = person_of(world, "ffion.rhys@example.org")
    both = {"mentor": str(world.people["Amara"].id), "mentee": str(ffion.id)}
    errors = errors_of(world, pairing(world), **both)
    assert errors.keys() == {"all_the_same"}
    assert "St Brannock's Hospital" in errors["all_the_same"]
    send(world, pairing(world), **both, all_the_same=("yes",))
    with world.uow() as uow:
        assert len(uow.pairs.not_ended_of(ffion.id)) == 1


def test_a_pair_that_there_is_already_is_not_made_twice(world: World) -> None:
    both = {"mentor": str(world.people["Amara"].id), "mentee": str(world.people["Niamh"].id)}
    assert "a pair already" in said(send(world, pairing(world), **both)).summary
    assert notes(world) == []


def test_nobody_is_paired_as_what_they_are_not(world: World) -> None:
    errors = errors_of(world, pairing(world), mentor=str(world.people["Niamh"].id), mentee="")
    assert errors.keys() == {"mentor", "mentee"}


def test_of_very_many_people_two_are_paired_by_e_mail_address(world: World) -> None:
    crowd(world, MOST_LISTED)
    form = pairing(world)
    assert isinstance(form.fields[0], ui.PickOne)
    assert isinstance(form.fields[1], ui.TextField)
    amara = str(world.people["Amara"].id)
    assert "no mentee" in errors_of(world, form, mentor=amara, mentee="tomasz@example.org")["mentee"]
    send(world, form, mentor=amara, mentee="ines7@example.org")
    with world.uow() as uow:
        assert len(uow.pairs.not_ended_of(world.people["Amara"].id)) == 2


def end_button(world: World, pair: Pair) -> ui.Button:
    return button(said(send(world, form_of(tap(world, "find_pair")), pair=str(pair.id))), "end_pair")


def arrange(world: World, pair: Pair) -> int:
    """A meeting in a week, of which both know."""
    with world.uow() as uow:
        at = world.now + timedelta(days=7)
        meeting = uow.meetings.arrange_at(
            pair.id, at, day=at.date(), minutes=60, place="", instead_of=None, new_uid="uid@example.org"
        )
        for person in pair.people:
            uow.due.add("did_you_meet", f"{meeting.id}-{person.id}", at + timedelta(days=1))
            uow.due.add("find_a_date", f"{pair.id}-{person.id}", at + timedelta(days=30))
    return meeting.id


def test_when_a_pair_ends_both_are_told_and_what_they_arranged_is_cancelled(world: World) -> None:
    world.join("Amara", "Niamh")
    pair = world.introduce("Amara")
    meeting_id = arrange(world, pair)
    with world.uow() as uow:
        times = [world.now + timedelta(days=3)]
        proposal = uow.proposals.add(pair.id, pair.mentor.id, times, minutes=60, place="")
    outcome = tapped(world, end_button(world, pair))
    assert "Amara Okonjo and Niamh Gallagher are no longer a pair." in words(said(outcome))
    for who in ("Amara", "Niamh"):
        (told,) = world.queued(who)
        assert "has ended" in told.message.summary
        assert "Your meeting of Monday 9 February at 10:00 is cancelled." in words(told.message)
    with world.uow() as uow:
        assert uow.pairs.get(pair.id).state == "ended"
        meeting = uow.meetings.get(meeting_id)
        assert (meeting.state, meeting.sequence) == ("cancelled", 1)
        assert uow.proposals.get(proposal.id).state != "open"
    assert world.due() == []


def test_who_never_heard_of_each_other_is_told_nothing(world: World) -> None:
    tapped(world, end_button(world, pair_of(world, "Amara")))
    assert world.queued("Amara") == world.queued("Niamh") == []


def test_an_introduction_that_waits_for_the_morning_is_taken_back(world: World) -> None:
    world.join("Tomasz", "Haruki")
    pair = pair_of(world, "Tomasz")
    world.work(introduction.flow, "introduce", str(pair.id))
    tapped(world, end_button(world, pair_of(world, "Tomasz")))
    assert [q.key for q in world.queued() if q.place != leads_place(world.programme)] == []


@pytest.mark.parametrize("reason", ["", *ENDINGS])
def test_why_a_pair_ends_is_noted_if_a_lead_says_so_and_told_to_neither(world: World, reason: str) -> None:
    world.join("Amara", "Niamh")
    pair = world.introduce("Amara")
    asked = said(send(world, form_of(tap(world, "find_pair")), pair=str(pair.id), reason=reason))
    tapped(world, button(asked, "end_pair"))
    with world.uow() as uow:
        ended = uow.pairs.get(pair.id)
    assert (ended.state, ended.ended_at, ended.end_reason) == ("ended", world.now, reason)
    words = leads_pairs.WHY.get(reason, "No reason is noted")
    assert words in str(asked)
    assert not any(words in str(queued.message) for queued in world.queued())


def test_a_reason_that_is_not_on_the_list_is_refused(world: World) -> None:
    pair = world.introduce("Amara")
    errors = errors_of(world, form_of(tap(world, "find_pair")), pair=str(pair.id), reason="their own business")
    assert errors.keys() == {"reason"}
    real = end_button(world, pair)
    with pytest.raises(NotThere):
        tap(world, "end_pair", f"{pair.id}:their own business", real.version)


def test_two_who_are_paired_again_start_without_the_reason_of_before(world: World) -> None:
    world.join("Tomasz", "Haruki")
    pair = pair_of(world, "Tomasz")
    asked = said(send(world, form_of(tap(world, "find_pair")), pair=str(pair.id), reason="no_time"))
    tapped(world, button(asked, "end_pair"))
    send(world, pairing(world), mentor=str(pair.mentor.id), mentee=str(pair.mentee.id))
    with world.uow() as uow:
        again = uow.pairs.get(pair.id)
    assert (again.state, again.ended_at, again.end_reason) == ("proposed", None, "")


def test_every_reason_has_words() -> None:
    assert tuple(leads_pairs.WHY) == ENDINGS


def test_ending_twice_is_ending_once_and_tells_once(world: World) -> None:
    world.join("Amara", "Niamh")
    tap_it = end_button(world, world.introduce("Amara"))
    tapped(world, tap_it)
    assert "no longer a pair" in said(tapped(world, tap_it)).summary
    assert len(world.queued("Niamh")) == len(notes(world)) == 1


def test_two_who_are_paired_again_are_introduced_again_and_an_old_button_ends_nothing(world: World) -> None:
    world.join("Tomasz", "Haruki")
    pair = pair_of(world, "Tomasz")
    world.work(introduction.flow, "introduce", str(pair.id))
    deliver(world)
    old = end_button(world, pair_of(world, "Tomasz"))
    tapped(world, old)
    world.pass_time(hours=1)
    send(world, pairing(world), mentor=str(pair.mentor.id), mentee=str(pair.mentee.id))
    world.work(introduction.flow, "introduce", str(pair.id))
    assert [q.key.partition(":")[0] for q in world.queued("Haruki")] == ["pair_ended", "introduction"]
    refusal(world, tapped, old)
    with world.uow() as uow:
        assert uow.pairs.get(pair.id).state == "introduced"


def test_of_very_many_pairs_one_is_found_by_e_mail_address(world: World) -> None:
    crowd(world, MOST_LISTED)
    with world.uow() as uow:
        mentees = [p for p in uow.people.listed(world.programme.id, role="mentee", limit=200) if "Ines" in p.name]
        uow.pairs.add_all(world.programme.id, [(world.people["Amara"].id, mentee.id) for mentee in mentees])
    form = form_of(tap(world, "find_pair"))
    assert isinstance(form.fields[0], ui.TextField)
    message = said(send(world, form, pair="haruki@example.org"))
    assert [b.label for b in ui.buttons_of(message) if b.action == "end_pair"] == ["End Tomasz Wilk and Haruki Sato"]
    assert errors_of(world, form, pair="leila@example.org").keys() == {"pair"}


# Recruitment


def recruitment(world: World) -> ui.Form:
    return form_of(tap(world, "change_recruitment"))


def test_a_lead_says_how_many_there_were_at_each_step(world: World) -> None:
    said(send(world, recruitment(world), mentees_eligible="84", mentees_applied="76", controls_volunteered="0"))
    with world.uow() as uow:
        programme = uow.programmes.get(world.programme.id)
    assert (programme.mentees_eligible, programme.mentees_applied, programme.mentees_selected) == (84, 76, None)
    assert programme.controls_volunteered == 0
    (line,) = notes(world)
    assert "Could have applied as mentees: not counted → 84" in line
    held = {field.name: field.value for field in recruitment(world).fields}
    assert (held["mentees_applied"], held["controls_volunteered"], held["mentors_applied"]) == ("76", "0", "")


def test_a_number_of_the_recruitment_can_be_taken_back_and_an_old_form_changes_nothing(world: World) -> None:
    old = recruitment(world)
    send(world, old, mentors_applied="52")
    refusal(world, send, old, mentors_applied="53")
    send(world, recruitment(world), mentors_applied="")
    assert "already" in said(send(world, recruitment(world))).summary
    with world.uow() as uow:
        assert uow.programmes.get(world.programme.id).mentors_applied is None


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"mentees_eligible": "many"}, {"mentees_eligible"}),
        ({"mentees_eligible": "-1", "mentors_applied": "1.5"}, {"mentees_eligible", "mentors_applied"}),
        ({"mentees_eligible": "84", "mentees_applied": "85"}, {"mentees_applied"}),
        ({"mentees_eligible": "84", "mentees_selected": "85"}, {"mentees_selected"}),
        ({"controls_invited": "25", "controls_volunteered": "26"}, {"controls_volunteered"}),
    ],
)
def test_numbers_of_the_recruitment_that_cannot_be_are_refused(
    world: World, values: dict[str, str | tuple[str, ...]], wrong: set[str]
) -> None:
    assert errors_of(world, recruitment(world), **values).keys() == wrong
    assert notes(world) == []


# Action Learning Sets


def test_the_other_leads_see_what_a_lead_does_to_a_session(world: World) -> None:
    with world.uow() as uow:
        learning_set = uow.sets.add(world.programme.id, "Northern set", world.people["Brigid"].id)
    card = said(world.do(als_overview.flow, lead_event(world, "button", "als_sets")))
    opened = lead_event(world, "button", "als_add", subject=button(card, "als_add").subject)
    form = form_of(world.do(als_change.flow, opened))
    values: ui.Values = {"day": "2026-03-04", "time": "14:00", "minutes": "90", "place": ""}
    world.do(als_change.flow, lead_event(world, "form", "als_add", subject=form.subject, values=values))
    with world.uow() as uow:
        (session,) = uow.sets.sessions(learning_set.id)
    world.do(
        als_change.flow,
        lead_event(
            world,
            "form",
            "als_change",
            subject=str(session.id),
            version=session.sequence,
            values=values | {"state": "cancelled"},
        ),
    )
    begin = "Gwen Pritchard changed Westmarch peer mentoring: "
    assert notes(world) == [
        f"{begin}Northern set meets on Wednesday 4 March at 14:00.",
        f"{begin}The session of Northern set on Wednesday 4 March at 14:00 is cancelled.",
    ]
