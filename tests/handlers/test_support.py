"""Support: for everybody, at any hour, numbers first, and nothing about it reaches anybody but the senior."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from bot.flow import Event, Outcome, Private, Update
from bot.handlers import support
from bot.ui import Contact, Link, Message, Text, buttons_of, dump
from storage.models import due, support_request
from storage.records import Account, Conversation, NotThere, SupportService
from storage.unit_of_work import Database
from tests.world import World

FRIDAY_NIGHT = datetime(2026, 3, 6, 22, 10, tzinfo=UTC)


def said(outcome: Outcome) -> Message:
    """The message of a private answer."""
    assert isinstance(outcome, Private)
    return outcome.message


def links(message: Message) -> list[str]:
    return [block.url for block in message.blocks if isinstance(block, Link)]


def offered(world: World, who: str) -> set[str]:
    """The first names on the buttons that somebody is shown."""
    message = said(world.do(support.flow, world.event(who, "command", "support")))
    return {b.label.removeprefix("Ask ").split()[0] for b in buttons_of(message) if b.action == "ask_senior"}


def ask(world: World, who: str, senior: str) -> Outcome:
    subject = str(world.people[senior].id)
    return world.do(support.flow, world.event(who, "button", "ask_senior", subject=subject))


def add_senior(world: World, name: str, organisation: str) -> None:
    account = Account("slack", "T1", f"U-{name}")
    with world.uow() as uow:
        person_id = uow.people.add(
            name=name,
            email="senior@example.org",
            accounts=[account],
            time_zone="Europe/London",
            region="ENG",
            organisation_name=organisation,
            since=date(2025, 9, 1),
        )
        uow.people.give_duty(world.programme.id, person_id, "senior support")
        senior = uow.people.get(person_id)
    first = name.partition(" ")[0]
    world.people[first], world.accounts[first] = senior, account


def everything_stored(world: World) -> list[tuple[object, ...]]:
    with world.database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(support_request))]


@pytest.mark.parametrize("state", ["invited", "joined", "declined"])
@pytest.mark.parametrize("who", ["Amara", "Niamh", "Leila"])
@pytest.mark.parametrize("kind", ["command", "button"])
def test_every_participant_gets_numbers_first_and_then_seniors(world: World, who: str, state: str, kind: str) -> None:
    with world.uow() as uow:
        uow.people.set_state(world.people[who].id, state)
    message = said(world.do(support.flow, world.event(who, kind, "support")))
    assert links(message)[:3] == ["tel:999", "tel:111", "tel:116123"]
    assert [b.action for b in buttons_of(message)] == ["ask_senior", "ask_senior"]
    first_button = next(i for i, block in enumerate(message.blocks) if not isinstance(block, Link) and i > 0)
    assert first_button == 4


@pytest.mark.parametrize("who", ["Gwen", "Brigid"])
def test_leads_and_seniors_get_support_too(world: World, who: str) -> None:
    assert links(said(world.do(support.flow, world.event(who, "command", "support"))))[0] == "tel:999"
    assert who not in offered(world, who)


def test_somebody_outside_the_programme_gets_the_numbers_only(world: World) -> None:
    stranger = Account("teams", "tenant-9", "U-nobody")
    event = Event("command", stranger, world.now, "support", here=Conversation("teams", "tenant-9", "D-9", "dm"))
    message = said(world.do(support.flow, event))
    assert links(message) == ["tel:999", "tel:111", "tel:116123"]
    assert buttons_of(message) == ()
    assert support.flow.routes["command", "support"].open_to_all
    assert support.flow.routes["button", "support"].open_to_all
    assert not support.flow.routes["button", "ask_senior"].open_to_all


def test_the_numbers_are_those_of_the_nation() -> None:
    def urls(nation: str) -> list[str]:
        return [link.url for link in support.numbers(nation)]

    assert urls("ENG") == urls("WLS") == urls("SCT") == ["tel:999", "tel:111", "tel:116123"]
    assert urls("NIR")[:2] == ["tel:999", "tel:08088088000"]
    assert "option 2" in support.numbers("ENG")[1].label
    assert "NHS 24" in support.numbers("SCT")[1].label
    assert "tel:111" not in urls("NIR")


def test_services_for_doctors_are_those_of_the_nation_and_say_when_they_were_checked(world: World) -> None:
    checked = date(2026, 3, 2)
    with world.uow() as uow:
        for nation, name, reach in (
            ("ENG", "Practitioner Health", "0300 0303 300"),
            ("SCT", "Wellbeing Hub", "https://hub.example.org/help"),
            ("UK", "Support Network", "https://network.example.org/doctors?from=chat"),
            ("UK", "Occupational health", "ask your employer <!channel>"),
        ):
            uow.programmes.add_service(world.programme.id, SupportService(nation, name, reach, checked))
    message = said(world.do(support.flow, world.event("Niamh", "command", "support")))
    assert links(message)[3:] == ["tel:03000303300", "https://network.example.org/doctors?from=chat"]
    labels = [block.label for block in message.blocks if isinstance(block, Link)]
    assert "Practitioner Health: 0300 0303 300 (checked March 2026)" in labels
    assert "Occupational health: ask your employer <!channel> (checked March 2026)" in support_texts(message)
    assert not any("Wellbeing Hub" in label for label in labels)


def support_texts(message: Message) -> list[str]:
    return [text for block in message.blocks if (text := getattr(block, "text", ""))]


def test_seniors_of_the_same_organisation_are_left_out_when_two_others_remain(world: World) -> None:
    assert offered(world, "Haruki") == {"Oluwaseun", "Brigid"}  # Brigid works where Haruki does, and only two are there
    add_senior(world, "Vikram Chaudhary", "Harbour Road Hospital")
    assert offered(world, "Haruki") == {"Oluwaseun", "Vikram"}
    assert offered(world, "Niamh") == {"Oluwaseun", "Brigid", "Vikram"}


def test_a_lead_is_never_offered_even_if_listed_as_a_senior(world: World) -> None:
    with world.uow() as uow:
        uow.people.give_duty(world.programme.id, world.people["Gwen"].id, "senior support")
    assert offered(world, "Leila") == {"Oluwaseun", "Brigid"}


def test_a_senior_who_cannot_be_reached_is_not_offered(world: World) -> None:
    with world.uow() as uow:
        uow.people.mark_unreachable(world.accounts["Brigid"])
    assert offered(world, "Leila") == {"Oluwaseun"}


def test_a_senior_on_leave_is_left_out_when_two_others_remain(world: World) -> None:
    with world.uow() as uow:
        uow.leave.add(world.people["Brigid"].id, world.now.date(), date(2026, 6, 5), today=world.now.date())
    assert "Brigid" in offered(world, "Niamh"), "a choice is of two"
    add_senior(world, "Ngozi Adeleke", "Larkhill General")
    assert offered(world, "Niamh") == {"Oluwaseun", "Ngozi"}


def test_who_asks_a_senior_on_leave_learns_when_they_get_the_request(world: World) -> None:
    with world.uow() as uow:
        uow.leave.add(world.people["Brigid"].id, world.now.date(), date(2026, 6, 5), today=world.now.date())
    answer = said(ask(world, "Niamh", "Brigid"))
    assert any("Monday 8 June at 08:00" in block.text for block in answer.blocks if isinstance(block, Text))


def test_of_many_seniors_six_are_offered_and_everybody_has_their_turn(world: World) -> None:
    for number in range(8):
        add_senior(world, f"Senior{number} Quartey", f"Hospital {number}")
    choices = [offered(world, who) for who in ("Amara", "Niamh", "Leila", "Tomasz", "Haruki", "Gwen")]
    assert {len(choice) for choice in choices} == {6}
    assert len(set().union(*choices)) > 8


def test_asking_sends_the_senior_that_a_talk_is_asked_for_and_how_to_reach_the_person(world: World) -> None:
    answer = said(ask(world, "Leila", "Oluwaseun"))
    (request,) = world.queued("Oluwaseun")
    assert request.prompt
    assert request.message.summary == "Leila Haddad would like to talk with you"
    leila = world.accounts["Leila"]
    assert Contact("Leila Haddad", "leila@example.org", (("slack", "T1", leila.user),)) in request.message.blocks
    assert [b.action for b in buttons_of(request.message)] == ["been_in_touch"]
    assert "on its way to Oluwaseun Bello" in support_texts(answer)[0]
    assert links(answer) == ["tel:999", "tel:111", "tel:116123"]


def test_only_who_when_and_whether_answered_is_stored_and_nobody_else_is_written_to(world: World) -> None:
    ask(world, "Leila", "Oluwaseun")
    leila, oluwaseun = world.people["Leila"].id, world.people["Oluwaseun"].id
    assert everything_stored(world) == [(1, leila, oluwaseun, world.now, None)]
    assert [queued.place for queued in world.queued()] == [f"dm:{oluwaseun}"]
    with world.database.engine.connect() as connection:
        assert connection.execute(select(due)).all() == []  # nothing escalates by itself


def test_asking_twice_is_one_request(world: World) -> None:
    first = ask(world, "Leila", "Oluwaseun")
    world.pass_time(days=3)
    assert said(ask(world, "Leila", "Oluwaseun")).blocks[1:] == said(first).blocks[1:]
    assert len(everything_stored(world)) == len(world.queued()) == 1


def test_another_senior_can_be_asked_as_well(world: World) -> None:
    ask(world, "Leila", "Oluwaseun")
    ask(world, "Leila", "Brigid")
    assert len(world.queued("Oluwaseun")) == len(world.queued("Brigid")) == 1


def test_at_night_the_person_learns_when_the_senior_will_get_the_request(world: World) -> None:
    world.now = FRIDAY_NIGHT
    answer = said(ask(world, "Leila", "Oluwaseun"))
    assert "Monday 9 March at 08:00" in support_texts(answer)[0]
    assert links(answer)[0] == "tel:999"


def test_the_moment_is_told_in_the_zone_of_the_person_who_asks(world: World) -> None:
    world.now = FRIDAY_NIGHT
    with world.uow() as uow:
        person_id = uow.people.add(
            name="Mahsa Rahimi",
            email="mahsa@example.org",
            accounts=[Account("slack", "T1", "U-mahsa")],
            time_zone="Asia/Tehran",
            region="ENG",
        )
        world.people["Mahsa"] = uow.people.get(person_id)
    world.accounts["Mahsa"] = Account("slack", "T1", "U-mahsa")
    assert "Monday 9 March at 11:30" in support_texts(said(ask(world, "Mahsa", "Oluwaseun")))[0]


@pytest.mark.parametrize("subject", ["", "x", "0", "999999", "-1", "1; drop", "٣"])
def test_a_senior_who_is_none_is_not_asked(world: World, subject: str) -> None:
    event = world.event("Leila", "button", "ask_senior", subject=subject)
    if subject.isascii() and subject.isdecimal():
        assert links(said(world.do(support.flow, event)))[0] == "tel:999"
    else:
        with pytest.raises(NotThere):
            world.do(support.flow, event)
    assert world.queued() == []


@pytest.mark.parametrize("other", ["Gwen", "Niamh", "Leila"])
def test_leads_colleagues_and_oneself_cannot_be_asked_by_a_made_up_button(world: World, other: str) -> None:
    assert {b.action for b in buttons_of(said(ask(world, "Leila", other)))} == {"ask_senior"}
    assert world.queued() == []
    assert everything_stored(world) == []


def test_an_old_button_of_somebody_who_stopped_being_reachable_shows_who_can_be_asked_now(world: World) -> None:
    with world.uow() as uow:
        uow.people.mark_unreachable(world.accounts["Brigid"])
    message = said(ask(world, "Leila", "Brigid"))
    assert [b.label for b in buttons_of(message)] == ["Ask Oluwaseun Bello"]


def test_a_repeated_tap_is_answered_with_how_things_stand(world: World) -> None:
    again = support.flow.routes["button", "ask_senior"].again
    assert again is not None
    subject = str(world.people["Oluwaseun"].id)
    event = world.event("Leila", "button", "ask_senior", subject=subject)
    with world.uow() as uow:
        assert buttons_of(said(again(event, uow)))  # not asked: the choice
    asked = ask(world, "Leila", "Oluwaseun")
    with world.uow() as uow:
        assert again(event, uow) == asked
    assert len(world.queued()) == 1


def test_the_senior_notes_that_they_have_been_in_touch(world: World) -> None:
    ask(world, "Leila", "Oluwaseun")
    (button,) = buttons_of(world.queued("Oluwaseun")[0].message)
    event = world.event("Oluwaseun", "button", button.action, subject=button.subject, message_id="m1")
    world.pass_time(days=1)
    outcome = world.do(support.flow, event)
    assert outcome == Update(support.noted())
    answered_at = everything_stored(world)[0][4]
    assert answered_at == world.now
    world.pass_time(days=365)
    assert world.do(support.flow, event) == outcome
    assert everything_stored(world)[0][4] == answered_at
    again = support.flow.routes["button", "been_in_touch"].again
    assert again is not None
    with world.uow() as uow:
        assert again(event, uow) == outcome


@pytest.mark.parametrize("who", ["Leila", "Brigid", "Gwen"])
def test_nobody_but_the_senior_who_was_asked_can_answer_or_look(world: World, who: str) -> None:
    ask(world, "Leila", "Oluwaseun")
    event = world.event(who, "button", "been_in_touch", subject="1")
    again = support.flow.routes["button", "been_in_touch"].again
    assert again is not None
    with pytest.raises(NotThere):
        world.do(support.flow, event)
    with pytest.raises(NotThere), world.uow() as uow:
        again(event, uow)
    assert everything_stored(world)[0][4] is None


def test_once_answered_a_new_request_can_be_made(world: World) -> None:
    ask(world, "Leila", "Oluwaseun")
    world.do(support.flow, world.event("Oluwaseun", "button", "been_in_touch", subject="1"))
    ask(world, "Leila", "Oluwaseun")
    assert [queued.key for queued in world.queued("Oluwaseun")] == ["support:1", "support:2"]


def test_a_very_long_name_still_fits_a_button(world: World) -> None:
    add_senior(world, "Wilhelmina " + "von und zu " * 20, "Harbour Road Hospital")
    message = said(world.do(support.flow, world.event("Leila", "command", "support")))
    assert max(len(b.label) for b in buttons_of(message)) < 50


def test_before_a_programme_is_loaded_there_are_the_numbers(empty_url: str) -> None:
    database = Database(empty_url, dump)
    database.upgrade()
    event = Event("command", Account("slack", "T1", "U-nobody"), FRIDAY_NIGHT, "support")
    with database.begin(FRIDAY_NIGHT) as uow:
        message = said(support.flow.routes["command", "support"].handler(event, uow))
    database.close()
    assert links(message) == ["tel:999", "tel:111", "tel:116123"]


def test_the_limits_of_confidence_are_said_and_nothing_is_promised_without_them(world: World) -> None:
    texts = " ".join(support_texts(said(world.do(support.flow, world.event("Leila", "command", "support")))))
    assert "unless somebody may come to harm or the law requires it" in texts
    assert "I store whom you asked, when, and whether they have been in touch: nothing else" in texts
