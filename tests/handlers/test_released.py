"""What a wave lets out is posted once, told to everybody, and can be looked up word for word; there is nothing else.
What it says is in ``test_release_message``."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace as with_other

from bot import ui
from bot.flow import Outcome, UserError
from bot.handlers import checkin_form, home, leads, released
from bot.platforms.slack import render as slack
from bot.platforms.teams import render as teams
from bot.reading import about
from bot.surveys.charts import charts_of
from bot.surveys.loading import all_instruments
from bot.surveys.release import published
from storage.places import dm
from storage.places import leads as leads_place
from storage.records import NotThere, Wave
from tests import waves
from tests.handlers.acts import actions, button, said, tap, words
from tests.releases import PULSE as RELEASE
from tests.releases import let_out, questionnaire
from tests.world import World

PULSE = all_instruments()["pulse"]


def post(world: World, wave: Wave) -> None:
    world.work(released.flow, "release_post", str(wave.id))
    while tells := [each.subject for each in world.due() if each.rule == "release_tell"]:
        for subject in tells:
            with world.uow() as uow:
                uow.due.drop("release_tell", subject)
            world.work(released.flow, "release_tell", subject)


def in_channel(world: World) -> list[tuple[str, ui.Message]]:
    return [(q.key, q.message) for q in world.queued() if q.place == leads_place(world.programme)]


def as_lead(world: World, action: str, subject: str = "") -> Outcome:
    present = frozenset({world.accounts["Gwen"]})
    return world.do(released.flow, world.event("Gwen", "button", action, subject=subject, leads_present=present))


def look(world: World, who: str, action: str, subject: str = "") -> ui.Message:
    return said(world.do(released.flow, world.event(who, "button", action, subject=subject)))


# Posting and telling


def test_a_release_is_posted_once_and_told_to_those_who_take_part_now(world: World) -> None:
    world.join("Amara", "Niamh", "Leila")
    wave = let_out(world)
    post(world, wave)
    post(world, wave)
    assert [key for key, _message in in_channel(world)] == [f"release:{wave.id}"]
    told = {first: [q.key for q in world.queued(first)] for first in world.people}
    assert {first for first, keys in told.items() if keys} == {"Amara", "Niamh"}
    assert told["Amara"] == [f"release:{wave.id}"]


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_everybody_is_told_in_as_many_steps_as_it_takes(
    world: World, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(released, "AT_ONCE", at_once)
    world.join("Amara", "Tomasz", "Niamh", "Haruki")
    wave = let_out(world)
    post(world, wave)
    places = sorted(q.place for q in world.queued() if q.place.startswith("dm:"))
    assert places == sorted(dm(world.people[first]) for first in ("Amara", "Tomasz", "Niamh", "Haruki"))


@pytest.mark.parametrize(("name", "told"), [("baseline", []), ("midpoint", []), ("end", ["Leila"])])
def test_of_the_last_questionnaire_alone_the_comparison_group_is_told_by_a_message(
    world: World, name: str, told: list[str]
) -> None:
    world.join("Leila")
    post(world, over(world, name, "standard"))
    assert [first for first in world.people if world.queued(first)] == told


def test_of_two_waves_of_one_questionnaire_each_is_told_of_their_own(world: World) -> None:
    world.join("Amara", "Tomasz", "Niamh")
    with world.uow() as uow:
        uow.programmes.change(world.programme.id, disclosure="research")
        uow.consents.settle(world.programme.id, [world.people["Amara"].id])
    exact, in_steps = over(world, "end", "research"), over(world, "end", "standard")
    for wave in (exact, in_steps):
        post(world, wave)
    keys = {first: [queued.key for queued in world.queued(first)] for first in ("Amara", "Tomasz", "Niamh")}
    assert keys == {
        "Amara": [f"release:{exact.id}"],
        "Tomasz": [f"release:{in_steps.id}"],
        "Niamh": [f"release:{in_steps.id}"],
    }


def over(world: World, name: str, level: str) -> Wave:
    """A wave of a questionnaire of the bot's own that is over."""
    wave = waves.open_wave(world, all_instruments()[name], level=level)
    with world.uow() as uow:
        for before, after in (("open", "closing"), ("closing", "released")):
            uow.waves.advance(wave.id, before, after)
        uow.ledger.add(wave.id, published(with_other(questionnaire(exact=level == "research"), level=level)))
    return wave


def test_the_leads_get_all_messages_and_participants_a_button(world: World) -> None:
    world.join("Amara")
    wave = let_out(world, questionnaire(exact=False, comments=60))
    post(world, wave)
    posted = in_channel(world)
    assert len(posted) > 4
    assert [key for key, _message in posted] == [
        f"release:{wave.id}",
        *(f"release:{wave.id}:{number}" for number in range(2, len(posted) + 1)),
    ]
    (mine,) = world.queued("Amara")
    page = mine.message
    for _key, lead_sees in posted[1:]:
        page = said(tap(world, released.flow, "Amara", button(page, "result_page")))
        assert page.blocks == lead_sees.blocks
    assert "result_page" not in actions(page)


def test_the_pictures_of_a_release_are_on_its_messages(world: World) -> None:
    world.join("Amara")
    release = questionnaire(exact=True)
    wave = let_out(world, release)
    count = len(charts_of(release))
    with world.uow() as uow:
        uow.pictures.hang(wave.id, [(f"Picture {number}", b"png") for number in range(count)])
    post(world, wave)
    shown = [ui.pictures_of(message) for _key, message in in_channel(world)]
    assert [[picture.alt for picture in pictures] for pictures in shown] == [
        [f"Picture {number}"] for number in range(count)
    ]
    assert [picture.file for pictures in shown for picture in pictures] == [
        f"{wave.id}-{number}" for number in range(1, count + 1)
    ]
    assert ui.pictures_of(look(world, "Amara", "result", str(wave.id))) == shown[0]
    assert ui.pictures_of(look(world, "Amara", "result_page", about(wave.id, count))) == shown[-1]


def test_exact_and_other_releases_are_not_compared(world: World) -> None:
    world.join("Amara")
    let_out(world, with_other(RELEASE, level="strict", closed_on=date(2025, 12, 9)))
    wave = let_out(world)
    assert "December 2025" not in words(look(world, "Amara", "result", str(wave.id)))
    let_out(world, with_other(RELEASE, closed_on=date(2026, 3, 9)))
    wave = let_out(world)
    assert "March 2026" in words(look(world, "Amara", "result", str(wave.id)))


def test_the_list_says_what_each_release_is_of(world: World) -> None:
    world.join("Amara")
    for release in (questionnaire(exact=True), questionnaire(exact=False), with_other(RELEASE, kind="reflection")):
        let_out(world, release)
    assert [b.label for b in ui.buttons_of(look(world, "Amara", "results"))] == [
        "Reflection on the learning sets, closed on 16 February 2026",
        "Questionnaire, closed on 26 January 2027",
        "Questionnaire (exact), closed on 26 January 2027",
    ]


def test_whoever_asks_reads_the_same_bytes_but_for_who_sees_them(world: World) -> None:
    world.join("Amara", "Niamh")
    let_out(world, with_other(RELEASE, closed_on=date(2025, 12, 9)))
    wave = let_out(world, with_other(RELEASE, comments=("Evenings suit me.",)))
    post(world, wave)
    posted = [message for _key, message in in_channel(world)]
    told = [q.message for first in ("Amara", "Niamh") for q in world.queued(first)]
    world.pass_time(days=90)
    asked = [look(world, "Amara", "result", str(wave.id)), said(as_lead(world, "result", str(wave.id)))]
    messages = [*posted, *told, *asked]
    assert len(messages) == 5
    assert len({ui.dump(with_other(message, seen_by="")) for message in messages}) == 1


# Looking up


def test_the_list_has_every_release_newest_first(world: World) -> None:
    world.join("Amara")
    first = let_out(world, with_other(RELEASE, closed_on=date(2025, 12, 9)))
    second = let_out(world)
    for message in (look(world, "Amara", "results"), said(as_lead(world, "results"))):
        assert [(b.subject, b.label) for b in ui.buttons_of(message)] == [
            (str(second.id), "Check-in, closed on 16 February 2026"),
            (str(first.id), "Check-in, closed on 9 December 2025"),
        ]


def test_very_many_releases_fit_both_platforms() -> None:
    message = released.list_of_results([(number, RELEASE) for number in range(100)])
    slack.message(message)
    teams.card(message)


def test_an_open_wave_shows_nothing_whoever_has_answered(world: World) -> None:
    world.join("Amara", "Niamh", "Tomasz", "Haruki")
    let_out(world)
    wave = waves.open_wave(world, PULSE)
    before = [said(as_lead(world, "results")), look(world, "Amara", "results"), leads_facts(world)]
    for first in ("Amara", "Niamh", "Tomasz"):
        waves.answer(world, wave, world.people[first].id, instrument=PULSE)
    assert [said(as_lead(world, "results")), look(world, "Amara", "results"), leads_facts(world)] == before
    for action, subject in (("result", str(wave.id)), ("result_page", about(wave.id, 1))):
        with pytest.raises(NotThere):
            as_lead(world, action, subject)


def leads_facts(world: World) -> ui.Message:
    with world.uow() as uow:
        uow.places.bind(leads_place(world.programme), world.event("Gwen", "button").here or pytest.fail("nowhere"))
    present = frozenset({world.accounts["Gwen"]})
    return said(world.do(leads.flow, world.event("Gwen", "command", "leads", leads_present=present)))


def test_leads_find_the_results_with_the_facts_and_participants_at_home_and_in_check_in(world: World) -> None:
    world.join("Amara")
    assert "results" in actions(leads_facts(world))
    assert "results" not in actions(said(world.do(home.flow, world.event("Amara", "home"))))
    let_out(world)
    assert "results" in actions(said(world.do(home.flow, world.event("Amara", "home"))))
    assert "results" in actions(said(world.do(checkin_form.flow, world.event("Amara", "command", "checkin"))))


def test_the_comparison_group_finds_at_home_what_it_was_asked_in(world: World) -> None:
    world.join("Leila")
    let_out(world)
    assert "results" not in actions(said(world.do(home.flow, world.event("Leila", "home"))))
    wave = waves.open_wave(world, all_instruments()["end"])
    with world.uow() as uow:
        uow.ledger.add(wave.id, published(questionnaire(exact=False)))
    assert "results" in actions(said(world.do(home.flow, world.event("Leila", "home"))))
    assert [b.subject for b in ui.buttons_of(look(world, "Leila", "results"))] == [str(wave.id)]


@pytest.mark.parametrize(("who", "state"), [("Amara", "left"), ("Amara", "invited"), ("Gwen", ""), ("Brigid", "")])
@pytest.mark.parametrize("action", ["results", "result", "result_page"])
def test_who_takes_no_part_reads_no_results(world: World, action: str, who: str, state: str) -> None:
    """A lead who is not in the channel among them."""
    wave = let_out(world, with_other(RELEASE, comments=("Evenings suit me.",)))
    if state:
        with world.uow() as uow:
            uow.people.set_state(world.people[who].id, state)
    with pytest.raises(UserError) as caught:
        look(world, who, action, about(wave.id, 1) if action == "result_page" else str(wave.id))
    assert "Evenings" not in str(caught.value.message)


def test_the_comparison_group_reads_no_results_of_check_ins(world: World) -> None:
    world.join("Leila")
    wave = let_out(world)
    assert ui.buttons_of(look(world, "Leila", "results")) == ()
    with pytest.raises(NotThere):
        look(world, "Leila", "result", str(wave.id))


@pytest.mark.parametrize("subject", ["", "x", "99", "1-0", "1-2", "1-99", "1:1"])
@pytest.mark.parametrize("action", ["result", "result_page"])
def test_what_there_is_not_cannot_be_looked_up(world: World, action: str, subject: str) -> None:
    world.join("Amara")
    let_out(world, with_other(RELEASE, comments=("Evenings suit me.",)))
    with pytest.raises(NotThere):
        look(world, "Amara", action, subject)


def test_looking_changes_nothing(world: World) -> None:
    world.join("Amara")
    wave = let_out(world)
    before: list[Any] = [world.queued(), world.due()]
    look(world, "Amara", "results")
    look(world, "Amara", "result", str(wave.id))
    assert [world.queued(), world.due()] == before


def test_a_lead_who_also_takes_part_gets_both(world: World) -> None:
    world.join("Amara")
    with world.uow() as uow:
        uow.people.give_duty(world.programme.id, world.people["Amara"].id, "lead")
    wave = let_out(world)
    post(world, wave)
    assert len(world.queued("Amara")) == len(in_channel(world)) == 1
