"""Somebody on the list without an account is recognised by their verified address, and linked once a lead says so."""

from dataclasses import replace

import pytest

from bot.handlers import linking
from bot.handlers.help import outsider
from bot.playground.client import Fault
from tests.contract.stage import EVERYBODY, Cast, Stage, reads


@pytest.fixture
def waiting(stage: Stage, cast: Cast) -> Stage:
    """The stranger of a cast is on the list, as a mentee, by the address of their account."""
    with stage.world.uow() as uow:
        person_id = uow.people.add(
            name=f"{cast.outsider} Lindqvist",
            email=f"{cast.outsider}@Example.org",
            accounts=[],
            time_zone="Europe/London",
            region="ENG",
        )
        uow.people.enrol(stage.world.programme.id, person_id, "mentee")
    return stage


async def bind(stage: Stage, cast: Cast, *others: str) -> None:
    channel = stage.channel(cast.lead, *others)
    await stage.client(cast.lead, channel).command("leads here")
    await stage.settle()


async def test_a_lead_confirms_and_the_person_is_invited(waiting: Stage, cast: Cast) -> None:
    await bind(waiting, cast)
    answer = await waiting.say(cast.outsider, "hello")
    assert reads(answer, linking.a_lead_confirms(waiting.world.programme))
    question = waiting.newest(cast.lead, "confirm_account")
    assert f"Is this {cast.outsider} Lindqvist?" in question.text
    settled = await waiting.tap(cast.lead, "confirm_account", question)
    assert "confirmed that this is" in settled.text
    await waiting.until_idle()
    await waiting.tap(cast.outsider, "join")
    with waiting.world.uow() as uow:
        found = uow.people.by_account(EVERYBODY[cast.outsider])
        assert found is not None
        part = uow.people.participant(found.person.id)
    assert part is not None
    assert part.state == "joined"


async def test_until_then_nothing_of_the_programme_is_shown(waiting: Stage, cast: Cast) -> None:
    await bind(waiting, cast)
    for words in ("mentoring", "logmeeting", "leads", "home", "what now?"):
        assert reads(await waiting.say(cast.outsider, words), linking.a_lead_confirms(waiting.world.programme))
    assert "999" in (await waiting.ask(cast.outsider, "support")).text
    assert len(waiting.by_key(cast.lead, "claim:")) == 1


async def test_nobody_else_in_the_leads_channel_can_confirm(waiting: Stage, cast: Cast) -> None:
    await bind(waiting, cast, cast.mentor)
    await waiting.say(cast.outsider, "hello")
    await waiting.tap(cast.mentor, "confirm_account", waiting.newest(cast.mentor, "confirm_account"))
    with waiting.world.uow() as uow:
        assert uow.people.by_account(EVERYBODY[cast.outsider]) is None


async def test_where_the_platform_vouches_for_nothing_they_are_a_stranger(waiting: Stage, cast: Cast) -> None:
    await bind(waiting, cast)
    method = "users.info" if cast.platform == "slack" else "getConversationMember"
    waiting.stand_in(cast.outsider).faults.append(Fault(method, "status", times=1, status=503))
    said = outsider(waiting.world.programme)
    assert reads(await waiting.say(cast.outsider, "hello"), said)
    if cast.platform == "slack":
        people, user = waiting.slack.workspace.people, EVERYBODY[cast.outsider].user
        people[user] = replace(people[user], email_confirmed=False)
        assert reads(await waiting.say(cast.outsider, "hello again"), said)
    assert waiting.by_key(cast.lead, "claim:") == []


async def test_while_everybody_has_an_account_no_address_is_asked_for(stage: Stage, cast: Cast) -> None:
    assert reads(await stage.say(cast.outsider, "hello"), outsider(stage.world.programme))
    assert stage.slack.calls["users.info"] == 0
