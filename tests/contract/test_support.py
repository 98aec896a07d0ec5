"""Support answers everybody at any hour, in private; only the senior who was asked answers, and leads see nothing."""

from datetime import UTC, datetime

import pytest

from bot.handlers import support
from storage.records import SupportRequest
from tests.contract.stage import EVERYBODY, Cast, Stage, changed, reads

MIDNIGHT_ON_SATURDAY = datetime(2026, 2, 7, 23, 59, tzinfo=UTC)


def stored(stage: Stage, cast: Cast) -> SupportRequest:
    """What the mentee asked Oluwaseun."""
    with stage.world.uow() as uow:
        request = uow.support.latest(stage.world.people[cast.mentee].id, stage.world.people["Oluwaseun"].id)
    assert request is not None
    return request


@pytest.mark.parametrize("part", ["mentor", "mentee", "control", "lead", "outsider"])
async def test_support_answers_everybody_at_any_hour(stage: Stage, cast: Cast, part: str) -> None:
    """Nobody has joined yet."""
    stage.world.now = MIDNIGHT_ON_SATURDAY
    who = str(getattr(cast, part))
    answer = await stage.ask(who, "support")
    assert stage.now().date() == MIDNIGHT_ON_SATURDAY.date() or stage.now().minute < 1
    for number in ("999", "111", "116 123"):
        assert number in answer.text
    assert ("ask_senior" in {button.action for button in answer.buttons}) == (part != "outsider")


async def test_support_answers_who_declined(stage: Stage, cast: Cast) -> None:
    await stage.ask(cast.mentee, "mentoring")
    await stage.tap(cast.mentee, "decline")
    assert "116 123" in (await stage.ask(cast.mentee, "support")).text


async def test_every_card_that_asks_for_something_has_a_way_to_support(stage: Stage, cast: Cast) -> None:
    await stage.settle()
    shown = await stage.tap(cast.mentee, "support")
    assert "116 123" in shown.text


@pytest.mark.parametrize("part", ["mentor", "mentee", "control", "lead", "outsider"])
@pytest.mark.transport
async def test_support_that_is_typed_in_a_channel_is_seen_by_nobody_else(paired: Stage, cast: Cast, part: str) -> None:
    who = str(getattr(cast, part))
    others = {cast.mentor, cast.mentee, cast.control, cast.lead, cast.outsider} - {who}
    channel = paired.channel(who, *others)
    before = {other: paired.screen(other) for other in others}
    answer = await paired.client(who, channel).command("support")
    await paired.client(who, channel).say("support")
    await paired.settle()
    assert {other: paired.screen(other) for other in others} == before
    if part != "outsider":  # who cannot be answered in private is not answered in a channel
        assert "116 123" in (answer.message or paired.newest(who)).text


async def test_the_senior_who_is_asked_gets_a_request_and_nobody_else_does(paired: Stage, cast: Cast) -> None:
    card = await paired.ask(cast.mentee, "support")
    screens = paired.screens()
    button = next(b for b in card.buttons if b.action == "ask_senior" and "Oluwaseun" in b.label)
    await paired.client(cast.mentee).tap(card, button)
    await paired.until_idle()
    told = {who for who in EVERYBODY if paired.screen(who) != screens[who]}
    assert told == {cast.mentee, "Oluwaseun"}
    (request,) = paired.by_key("Oluwaseun", "support:")
    assert reads(request, support.asked_for_a_talk(stored(paired, cast), ()))
    assert reads(paired.newest(cast.mentee), support.asked(stored(paired, cast), None))


async def test_only_that_senior_can_answer_it(paired: Stage, cast: Cast) -> None:
    senior = paired.world.people["Oluwaseun"].id
    await paired.forged_tap(cast.mentee, "ask_senior", str(senior))
    await paired.until_idle()
    (request,) = paired.by_key("Oluwaseun", "support:")
    button = request.button("been_in_touch")
    before = paired.rows()
    for other in EVERYBODY.keys() - {"Oluwaseun"}:
        assert (await paired.forged_tap(other, button.action, button.subject, button.version))[0] == 200
    assert "support_request" not in changed(before, paired.rows())
    shown = await paired.tap("Oluwaseun", "been_in_touch")
    assert reads(shown, support.noted())
    (row,) = paired.rows()["support_request"]
    assert row[-1] is not None


async def test_asking_twice_asks_once(paired: Stage, cast: Cast) -> None:
    senior = paired.world.people["Oluwaseun"].id
    for version in range(3):
        await paired.forged_tap(cast.mentee, "ask_senior", str(senior), version)
    await paired.until_idle()
    assert len(paired.rows()["support_request"]) == 1
    assert len(paired.by_key("Oluwaseun", "support:")) == 1


@pytest.mark.parametrize("nobody", ["Gwen", "Amara", "Leila"])
async def test_who_is_no_senior_is_not_asked(paired: Stage, cast: Cast, nobody: str) -> None:
    await paired.forged_tap(cast.mentee, "ask_senior", str(paired.world.people[nobody].id))
    await paired.settle()
    assert paired.rows()["support_request"] == frozenset()


async def test_what_is_stored_of_a_request_is_who_whom_when_and_whether_answered(paired: Stage, cast: Cast) -> None:
    senior = paired.world.people["Oluwaseun"].id
    await paired.forged_tap(cast.mentee, "ask_senior", str(senior))
    await paired.until_idle()
    ((_id, who, whom, asked_at, answered_at),) = paired.rows()["support_request"]
    assert (who, whom, answered_at) == (paired.world.people[cast.mentee].id, senior, None)
    assert asked_at == datetime(2026, 2, 2, 10, 0, tzinfo=UTC)
    words = support.asked_for_a_talk(stored(paired, cast), ()).summary
    assert not [row for row in paired.rows()["outbox"] if words in str(row)], "dropped once it is delivered"
