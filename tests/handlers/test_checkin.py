"""Waves invite, remind and close."""

from datetime import UTC, datetime

import pytest

from bot import ui
from bot.handlers import checkin, not_now
from bot.reading import about
from storage.records import Wave
from storage.waves import message_key
from tests.handlers.acts import actions, button, deliver, tap, words
from tests.handlers.answering import answer, changed, everything, open_pulse, withdraw
from tests.world import World


@pytest.fixture
def wave(world: World) -> Wave:
    """A pulse that has just opened for Amara, Tomasz, Niamh and Haruki."""
    return open_pulse(world)


def due_of(world: World) -> dict[str, tuple[str, datetime]]:
    return {each.rule: (each.subject, each.due_at) for each in world.due()}


# Messages


def in_chunks(world: World, rule: str, wave: Wave) -> None:
    """Do a job and all that it adds."""
    with world.uow() as uow:
        uow.due.add(rule, f"{wave.id}:0", uow.now)
    while subjects := [each.subject for each in world.due() if each.rule == rule]:
        for subject in subjects:
            with world.uow() as uow:
                uow.due.drop(rule, subject)
            world.work(checkin.flow, rule, subject)


def got(world: World, wave: Wave, what: str) -> list[str]:
    """Who has such a message waiting, or was sent it."""
    return sorted(first for first in world.people for q in world.queued(first) if q.key == message_key(wave.id, what))


@pytest.mark.parametrize("at_once", [1, 2, 4, 200])
def test_everybody_who_is_asked_is_invited_once(
    world: World, wave: Wave, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkin, "AT_ONCE", at_once)
    in_chunks(world, "wave_invite", wave)
    assert got(world, wave, "invite") == ["Amara", "Haruki", "Niamh", "Tomasz"]
    in_chunks(world, "wave_invite", wave)
    assert len(world.queued()) == 4


def test_the_invitation_says_what_until_when_and_who_sees_what(world: World, wave: Wave) -> None:
    in_chunks(world, "wave_invite", wave)
    (queued,) = world.queued("Amara")
    text = words(queued.message)
    for part in ("Mentor pulse", "3 short questions", "30 seconds", "Monday 16 February at 10:00", "fewer than eight"):
        assert part in text
    assert queued.prompt
    assert actions(queued.message) == {"checkin", "not_now", "not_now_until"}
    assert button(queued.message, "checkin").opens
    (mentee,) = world.queued("Niamh")
    assert "Mentee pulse" in words(mentee.message)


def test_who_has_left_is_not_invited(world: World, wave: Wave) -> None:
    with world.uow() as uow:
        uow.people.set_state(world.people["Amara"].id, "left")
    in_chunks(world, "wave_invite", wave)
    assert "Amara" not in got(world, wave, "invite")


@pytest.mark.parametrize("at_once", [2, 200])
def test_who_has_not_answered_is_reminded(
    world: World, wave: Wave, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkin, "AT_ONCE", at_once)
    answer(world, "Amara")
    answer(world, "Haruki")
    withdraw(world, "Haruki")
    with world.uow() as uow:
        uow.people.set_state(world.people["Tomasz"].id, "left")
    before = everything(world)
    in_chunks(world, "wave_remind", wave)
    assert got(world, wave, "remind") == ["Haruki", "Niamh"]
    assert changed(before, everything(world)) == {"outbox"}
    (queued,) = world.queued("Niamh")
    assert "If you have answered meanwhile" in words(queued.message)


def test_who_has_been_away_all_the_time_gets_the_invitation_and_no_reminder(world: World, wave: Wave) -> None:
    in_chunks(world, "wave_invite", wave)
    in_chunks(world, "wave_remind", wave)
    assert got(world, wave, "remind") == []
    deliver(world)
    in_chunks(world, "wave_remind", wave)
    assert len(got(world, wave, "remind")) == 4


def test_nobody_is_reminded_of_a_wave_that_nobody_can_answer(world: World, wave: Wave) -> None:
    with world.uow() as uow:
        uow.keys.destroy(wave.key_id)
    in_chunks(world, "wave_remind", wave)
    assert world.queued() == []


def put_off(world: World, wave: Wave, who: str, days: str = "3") -> str:
    in_chunks(world, "wave_invite", wave)
    (card,) = [q.message for q in world.queued(who) if q.key == message_key(wave.id, "invite")]
    tapped = next(b for b in ui.buttons_of(card) if b.subject.endswith(f":{days}"))
    tap(world, not_now.flow, who, tapped)
    return about(wave.id, world.people[who].id)


def test_not_now_brings_the_question_back_and_takes_the_place_of_the_reminder(world: World, wave: Wave) -> None:
    subject = put_off(world, wave, "Niamh")
    deliver(world)
    in_chunks(world, "wave_remind", wave)
    assert got(world, wave, "remind") == ["Amara", "Haruki", "Tomasz"]
    assert due_of(world)["wave_ask"] == (subject, datetime(2026, 2, 5, 10, 0, tzinfo=UTC))
    for number in (1, 2):
        world.work(checkin.flow, "wave_ask", subject)
        assert got(world, wave, f"ask:{number}") == ["Niamh"]


def test_who_said_not_now_and_has_answered_is_left_in_peace(world: World, wave: Wave) -> None:
    subject = put_off(world, wave, "Niamh")
    answer(world, "Niamh")
    world.work(checkin.flow, "wave_ask", subject)
    assert got(world, wave, "ask:1") == []


@pytest.mark.parametrize("rule", ["wave_invite", "wave_remind", "wave_ask"])
def test_nothing_is_sent_once_the_wave_has_closed(world: World, wave: Wave, rule: str) -> None:
    subject = f"{wave.id}:0" if rule != "wave_ask" else about(wave.id, world.people["Niamh"].id)
    world.now = wave.closes_at
    world.work(checkin.flow, rule, subject)
    assert world.queued() == []


def test_not_now_of_somebody_who_is_not_asked_asks_nothing(world: World, wave: Wave) -> None:
    world.work(checkin.flow, "wave_ask", about(wave.id, world.people["Leila"].id))
    assert world.queued() == []


def test_the_close_changes_the_state_of_the_wave_and_nothing_else(world: World, wave: Wave) -> None:
    before = everything(world)
    world.now = wave.closes_at
    world.work(checkin.flow, "wave_close", str(wave.id))
    assert changed(before, everything(world)) == {"wave"}
    with world.uow() as uow:
        assert uow.waves.get(wave.id).state == "closing"
