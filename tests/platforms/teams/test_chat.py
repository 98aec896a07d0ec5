"""The way out: the SDK's connector client against a connector that is as strict as Microsoft's."""

import asyncio
import dataclasses
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot import ui
from bot.chat import (
    Ambiguous,
    Chat,
    ChatError,
    NotEditable,
    RateLimited,
    Refused,
    Unauthorised,
    Unavailable,
    Unreachable,
)
from bot.config import Teams
from bot.platforms import Platform
from bot.platforms.teams.auth import Credentials
from bot.platforms.teams.chat import SERVICE_URL, TeamsChat
from bot.playground.client import Fault
from bot.playground.teams import TeamsClient, TeamsStandIn
from storage.records import Account, Conversation
from tests.platforms.teams.conftest import (
    ADWOA,
    PRIYA,
    TENANT,
    TOMASZ,
    MovingClock,
    RecordingDispatch,
    message,
    person,
)


async def opened(bot: Platform) -> Conversation:
    return await bot.chat.open([PRIYA.account])


async def test_a_message_reaches_the_person_with_its_key(
    bot: Platform, teams: TeamsStandIn, priya: TeamsClient, clock: MovingClock
) -> None:
    here = await opened(bot)
    said = message(ui.Heading("Your pair"), ui.Text("Tomasz can meet on Tuesday."))
    sent = await bot.chat.send(here, said, "pair:17")
    shown = priya.screen()[0]
    assert (shown.id, shown.key, shown.at) == (sent, "pair:17", clock.now)
    assert shown.lines == ("Your pair", "Tomasz can meet on Tuesday.", "Only you can see this.")
    assert shown.raw["summary"] == said.summary
    assert [(post.kind, post.readers, post.key) for post in teams.posts] == [
        ("dm", frozenset({PRIYA.account}), "pair:17")
    ]
    assert teams.client(TOMASZ.account).screen() == []


async def test_a_conversation_is_opened_once_and_found_again(bot: Platform, teams: TeamsStandIn) -> None:
    here = await opened(bot)
    assert here == Conversation("teams", TENANT, here.id, "dm", teams.service_url)
    assert await opened(bot) == here


async def test_a_message_can_be_changed(bot: Platform, teams: TeamsStandIn, priya: TeamsClient) -> None:
    here = await opened(bot)
    sent = await bot.chat.send(here, message(ui.Text("Before")), "log:1")
    await bot.chat.edit(here, sent, message(ui.Text("After")), "log:1")
    assert [(shown.id, shown.lines[0], shown.key) for shown in priya.screen()] == [(sent, "After", "log:1")]
    assert teams.edits == 1
    assert len(teams.posts) == 1


async def test_a_channel_is_posted_to_and_its_members_are_listed_page_by_page(clock: MovingClock) -> None:
    crowd = [person(number, f"Lead{number} Example") for number in range(1, 121)]
    teams = TeamsStandIn(crowd, clock, tenant=TENANT)
    await teams.start()
    chat = TeamsChat(settings_of(teams))
    try:
        channel = teams.add_channel("Leads", [member.account for member in crowd])
        place = Conversation("teams", TENANT, channel, "channel", teams.service_url)
        assert await chat.members(place) == {member.account.user for member in crowd}
        await chat.send(place, message(), "digest:3")
        assert teams.posts[0].kind == "channel"
        assert len(teams.posts[0].readers) == 120
    finally:
        await chat.close()
        await teams.stop()


async def test_what_was_sent_cannot_be_looked_up(bot: Platform) -> None:
    here = await opened(bot)
    await bot.chat.send(here, message(), "k")
    assert await bot.chat.find(here, "k") is None


async def test_a_message_that_cannot_be_shown_is_refused_before_anything_is_sent(
    bot: Platform, teams: TeamsStandIn
) -> None:
    here = await opened(bot)
    with pytest.raises(Refused, match="too big"):
        await bot.chat.send(here, message(ui.Text("x" * 30_000)), "k")
    assert teams.posts == []


async def test_no_group_chat_is_opened(bot: Platform) -> None:
    with pytest.raises(Refused):
        await bot.chat.open([PRIYA.account, TOMASZ.account])


async def test_one_token_serves_many_messages_and_many_at_once(bot: Platform, teams: TeamsStandIn) -> None:
    places = await asyncio.gather(*(bot.chat.open([member.account]) for member in (PRIYA, TOMASZ, ADWOA)))
    await asyncio.gather(*(bot.chat.send(place, message(), f"k{n}") for place in places for n in range(5)))
    assert len(teams.posts) == 15
    assert teams.grants.asked == 1


async def test_the_event_loop_runs_on_while_the_connector_is_slow(bot: Platform, teams: TeamsStandIn) -> None:
    here = await opened(bot)
    teams.lock.acquire()  # the connector waits for it, in its own thread
    sending = asyncio.create_task(bot.chat.send(here, message(), "k"))
    for _turn in range(100):
        await asyncio.sleep(0)
    assert not sending.done()
    teams.lock.release()
    assert await sending


CONNECTOR_FAULTS: list[tuple[str, Fault, type[ChatError]]] = [
    ("sendToConversation", Fault("", "status", status=400), Refused),
    ("sendToConversation", Fault("", "status", status=401), Unauthorised),
    ("sendToConversation", Fault("", "status", status=403, error="ConversationBlockedByUser"), Unreachable),
    ("sendToConversation", Fault("", "status", status=403, error="BotDisabledByAdmin"), Unauthorised),
    ("sendToConversation", Fault("", "status", status=404), Unreachable),
    ("sendToConversation", Fault("", "status", status=409), Refused),
    ("sendToConversation", Fault("", "status", status=412), RateLimited),
    ("sendToConversation", Fault("", "status", status=413), Refused),
    ("sendToConversation", Fault("", "status", status=429, retry_after=7), RateLimited),
    ("sendToConversation", Fault("", "status", status=500), Ambiguous),
    ("sendToConversation", Fault("", "status", status=502), Ambiguous),
    ("sendToConversation", Fault("", "status", status=503, retry_after=60), Ambiguous),
    ("sendToConversation", Fault("", "status", status=504), Ambiguous),
    ("sendToConversation", Fault("", "reply_lost"), Ambiguous),
    ("updateActivity", Fault("", "status", status=403), Unreachable),
    ("updateActivity", Fault("", "status", status=404), NotEditable),
    ("updateActivity", Fault("", "status", status=429, retry_after=30), RateLimited),
    ("updateActivity", Fault("", "status", status=503, retry_after=60), Ambiguous),
    ("updateActivity", Fault("", "reply_lost"), Ambiguous),
    ("createConversation", Fault("", "status", status=403), Unreachable),
    ("createConversation", Fault("", "status", status=404), Unreachable),
    ("createConversation", Fault("", "status", status=429), RateLimited),
    ("createConversation", Fault("", "status", status=502), Unavailable),
    ("getConversationPagedMembers", Fault("", "status", status=403), Unreachable),
    ("getConversationPagedMembers", Fault("", "status", status=504), Unavailable),
]


@pytest.mark.parametrize(
    ("method", "fault", "expected"),
    CONNECTOR_FAULTS,
    ids=[f"{method}-{fault.kind}-{fault.status}-{fault.error}" for method, fault, _error in CONNECTOR_FAULTS],
)
async def test_every_answer_of_the_connector_has_a_meaning(
    bot: Platform, teams: TeamsStandIn, method: str, fault: Fault, expected: type[ChatError]
) -> None:
    here = await opened(bot)
    sent = await bot.chat.send(here, message(), "k")
    calls: dict[str, Any] = {
        "sendToConversation": lambda: bot.chat.send(here, message(ui.Text("Typed words")), "k"),
        "updateActivity": lambda: bot.chat.edit(here, sent, message(ui.Text("Typed words")), "k"),
        "createConversation": lambda: bot.chat.open([TOMASZ.account]),
        "getConversationPagedMembers": lambda: bot.chat.members(here),
    }
    teams.faults.append(Fault(method, fault.kind, 1, fault.status, fault.error, fault.retry_after))
    with pytest.raises(ChatError) as raised:
        await calls[method]()
    assert type(raised.value) is expected
    assert "Typed" not in str(raised.value)
    assert teams.faults[-1].times == 0  # one request and no retries of the SDK's own
    if isinstance(raised.value, RateLimited):
        assert raised.value.retry_after == (fault.retry_after or 2.0)
        assert raised.value.everywhere is (method == "createConversation")
    await calls[method]()  # it works again


async def test_a_lost_answer_does_not_mean_that_nothing_was_sent(bot: Platform, teams: TeamsStandIn) -> None:
    here = await opened(bot)
    teams.faults.append(Fault("sendToConversation", "reply_lost"))
    with pytest.raises(Ambiguous):
        await bot.chat.send(here, message(), "k")
    assert len(teams.posts) == 1


async def test_a_removed_app_is_unreachable_until_it_is_installed_again(bot: Platform, priya: TeamsClient) -> None:
    here = await opened(bot)
    await priya.remove()
    with pytest.raises(Unreachable):
        await bot.chat.send(here, message(), "k")
    with pytest.raises(Unreachable):
        await opened(bot)
    await priya.install()
    assert await bot.chat.send(here, message(), "k")


async def test_a_stranger_is_unreachable(bot: Platform) -> None:
    with pytest.raises(Unreachable):
        await bot.chat.open([Account("teams", TENANT, "nobody")])


async def test_a_message_of_another_conversation_is_not_editable(bot: Platform) -> None:
    here = await opened(bot)
    sent = await bot.chat.send(here, message(), "k")
    elsewhere = await bot.chat.open([TOMASZ.account])
    with pytest.raises(NotEditable):
        await bot.chat.edit(elsewhere, sent, message(), "k")


async def test_too_fast_is_told_with_the_time_to_wait(bot: Platform, clock: MovingClock) -> None:
    here = await opened(bot)
    for number in range(7):
        await bot.chat.send(here, message(), f"k{number}")
    with pytest.raises(RateLimited) as raised:
        await bot.chat.send(here, message(), "k7")
    clock.forward(raised.value.retry_after)
    assert await bot.chat.send(here, message(), "k7")


async def test_a_token_that_is_refused_is_not_used_again(bot: Platform, teams: TeamsStandIn) -> None:
    here = await opened(bot)
    teams.grants.revoke()
    with pytest.raises(Unauthorised):
        await bot.chat.send(here, message(), "k")
    assert await bot.chat.send(here, message(), "k")


def settings_of(teams: TeamsStandIn, **changes: str) -> Teams:
    token_url = teams.settings()["TEAMS_TOKEN_URL"]
    given = Teams(teams.app_id, teams.secret, teams.tenant, token_url)
    return dataclasses.replace(given, **changes)  # type: ignore[arg-type]  # fields that are texts


async def test_a_wrong_secret_is_unauthorised(teams: TeamsStandIn) -> None:
    chat = TeamsChat(settings_of(teams, app_password="of last year"))
    with pytest.raises(Unauthorised):
        await chat.open([PRIYA.account])
    await chat.close()


async def test_a_token_service_that_is_down_is_a_passing_fault(teams: TeamsStandIn) -> None:
    chat = TeamsChat(settings_of(teams))
    teams.faults.append(Fault("token", "status", status=503))
    with pytest.raises(Unavailable):
        await chat.open([PRIYA.account])
    assert await chat.open([PRIYA.account])
    await chat.close()


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, "{", Ambiguous),
        (200, "{}", Ambiguous),
        (202, "", Ambiguous),
        (429, "<html>slow down</html>", RateLimited),
        (502, "<html>bad gateway</html>", Ambiguous),
        (307, "", Refused),
    ],
)
async def test_an_answer_that_is_not_the_connectors_has_a_meaning_too(
    bot: Platform, status: int, body: str, expected: type[ChatError]
) -> None:
    async def answer(_request: web.Request) -> web.Response:
        kind = "text/html" if body.startswith("<") else "application/json"
        return web.Response(status=status, text=body, content_type=kind, headers={"Location": "/elsewhere"})

    server = TestServer(web.Application())
    server.app.router.add_route("*", "/{path:.*}", answer)
    async with server:
        place = Conversation("teams", TENANT, "a:1", "dm", str(server.make_url("/")))
        with pytest.raises(ChatError) as raised:
            await bot.chat.send(place, message(), "k")
    assert type(raised.value) is expected


async def test_a_connector_that_cannot_be_reached_has_sent_nothing(bot: Platform, unused_tcp_port: int) -> None:
    nowhere = Conversation("teams", TENANT, "a:1", "dm", f"http://127.0.0.1:{unused_tcp_port}/")
    with pytest.raises(Unavailable):
        await bot.chat.send(nowhere, message(), "k")


async def test_conversations_are_opened_where_teams_was_heard_last(
    bot: Platform, teams: TeamsStandIn, dispatch: RecordingDispatch, priya: TeamsClient
) -> None:
    teams.service_url += "uk/"
    await priya.say("hello")
    assert dispatch.events[0].here is not None
    assert dispatch.events[0].here.service_url == teams.service_url
    assert isinstance(bot.chat, TeamsChat)
    assert bot.chat.service_url == teams.service_url


async def test_the_real_teams_is_reached_at_microsofts_addresses() -> None:
    chat = TeamsChat(Teams(app_id="an-app", app_password="made up", tenant_id=TENANT))
    assert chat.service_url == SERVICE_URL == "https://smba.trafficmanager.net/teams/"
    assert isinstance(chat._credentials, Credentials)
    microsoft = chat._credentials._microsoft
    assert microsoft.oauth_endpoint == f"https://login.microsoftonline.com/{TENANT}"
    assert microsoft.oauth_scope == "https://api.botframework.com/.default"
    await chat.close()


def test_the_pace_is_that_of_teams() -> None:
    chat: type[Chat] = TeamsChat
    assert (chat.per_conversation.seconds, chat.per_installation.seconds) == (2.0, 0.04)


async def test_the_address_in_the_tenant_s_directory_is_theirs(bot: Platform) -> None:
    here = await bot.chat.open([PRIYA.account])
    assert await bot.chat.email_of(PRIYA.account, here) == "priya@example.nhs.uk"
    assert await bot.chat.email_of(PRIYA.account, None) is None


async def test_somebody_of_another_tenant_or_another_chat_has_no_address(
    bot: Platform, teams: TeamsStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await bot.chat.open([PRIYA.account])
    with pytest.raises(Unreachable):
        await bot.chat.email_of(TOMASZ.account, here)
    monkeypatch.setattr(teams, "tenant", "another")
    assert await bot.chat.email_of(PRIYA.account, here) is None
