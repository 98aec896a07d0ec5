"""The way out: what is sent, and what each answer of Slack's means."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from aiohttp import web

from bot import config, ui
from bot.chat import (
    Ambiguous,
    ChatError,
    NotEditable,
    RateLimited,
    Refused,
    Unauthorised,
    Unavailable,
    Unreachable,
)
from bot.platforms.slack.chat import IDENTITY_SECONDS, SlackChat
from bot.playground.client import Fault
from bot.playground.slack_workspace import BOT_USER
from storage.records import Account, Conversation
from tests.platforms.slack.conftest import AMARA, GWEN, NIAMH, TEAM, Rig, said


async def test_one_person_gets_a_direct_message_and_several_a_group(rig: Rig) -> None:
    dm = await rig.chat.open([AMARA])
    group = await rig.chat.open([AMARA, NIAMH])
    assert (dm.kind, dm.tenant) == ("dm", TEAM)
    assert group.kind == "group"
    assert await rig.chat.open([NIAMH, AMARA]) == group
    assert await rig.chat.open([AMARA]) == dm


@pytest.mark.parametrize(
    "accounts", [[], [Account("slack", TEAM, f"U{n}") for n in range(9)], [AMARA, replace(NIAMH, tenant="T2")]]
)
async def test_a_chat_that_slack_does_not_have_is_refused(rig: Rig, accounts: list[Account]) -> None:
    with pytest.raises(Refused):
        await rig.chat.open(accounts)
    assert rig.stand_in.calls["conversations.open"] == 0


async def test_a_message_is_sent_as_plain_text_with_its_key(rig: Rig) -> None:
    dm = await rig.dm()
    message_id = await rig.chat.send(dm, said("1 < 2 & <!channel>"), "intro:17")
    (shown,) = rig.stand_in.client(AMARA).screen()
    assert (shown.id, shown.key, shown.at) == (message_id, "intro:17", rig.now)
    assert shown.lines == ("1 < 2 & <!channel>", "Only you can see this.")
    flags = {name: shown.raw[name] for name in ("mrkdwn", "parse", "link_names", "unfurl_links", "unfurl_media")}
    assert flags == {
        "mrkdwn": False, "parse": "none", "link_names": False, "unfurl_links": False, "unfurl_media": False,
    }  # fmt: skip
    assert shown.raw["text"] == "1 &lt; 2 &amp; &lt;!channel&gt;"


async def test_an_edit_replaces_the_message_and_keeps_its_key(rig: Rig) -> None:
    dm = await rig.dm()
    message_id = await rig.chat.send(dm, said("Before"), "intro:17")
    rig.pass_time(600)
    await rig.chat.edit(dm, message_id, said("After"), "intro:17")
    (shown,) = rig.stand_in.client(AMARA).screen()
    assert (shown.id, shown.lines[0], shown.key) == (message_id, "After", "intro:17")
    assert len(rig.stand_in.posts) == rig.stand_in.edits == 1
    assert await rig.chat.find(dm, "intro:17") == message_id


async def test_a_lost_reply_is_ambiguous_and_the_message_can_be_found(rig: Rig) -> None:
    dm = await rig.dm()
    rig.stand_in.faults.append(Fault("chat.postMessage", "reply_lost"))
    with pytest.raises(Ambiguous):
        await rig.chat.send(dm, said(), "intro:17")
    found = await rig.chat.find(dm, "intro:17")
    assert found == rig.stand_in.posts[0].id
    assert len(rig.stand_in.posts) == 1


async def test_a_message_that_was_not_sent_is_not_found(rig: Rig) -> None:
    dm = await rig.dm()
    await rig.chat.send(dm, said(), "intro:17")
    assert await rig.chat.find(dm, "intro:18") is None


async def test_the_bot_never_looks_into_a_group_or_a_channel(rig: Rig) -> None:
    group = await rig.chat.open([AMARA, NIAMH])
    await rig.chat.send(group, said(), "intro:17")
    assert await rig.chat.find(group, "intro:17") is None
    assert rig.stand_in.calls["conversations.history"] == 0


async def test_members_are_everybody_but_the_bot_over_all_pages(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.playground.slack_workspace.PAGE", 2)
    channel = rig.stand_in.add_channel("leads", [AMARA, NIAMH, GWEN])
    here = Conversation("slack", TEAM, channel, "channel")
    assert await rig.chat.members(here) == {"U1", "U2", "U3"}
    assert BOT_USER not in await rig.chat.members(here)
    assert rig.stand_in.calls["conversations.members"] == 4


async def test_who_has_blocked_the_bot_is_unreachable_until_they_come_back(rig: Rig) -> None:
    dm = await rig.dm()
    client = rig.stand_in.client(AMARA)
    await client.remove()
    with pytest.raises(Unreachable):
        await rig.chat.open([AMARA])
    with pytest.raises(Unreachable):
        await rig.chat.send(dm, said(), "intro:17")
    await client.install()
    await rig.chat.send(dm, said(), "intro:17")
    assert [post.key for post in rig.stand_in.posts] == ["intro:17"]


async def test_a_message_that_slack_cannot_show_is_refused_before_it_is_sent(rig: Rig) -> None:
    dm = await rig.dm()
    with pytest.raises(Refused, match="13000"):
        await rig.chat.send(dm, said("x" * 13_000), "intro:17")
    with pytest.raises(Refused):
        await rig.chat.edit(dm, "1.0", ui.Message("", (), ""), "intro:17")
    assert rig.stand_in.calls["chat.postMessage"] == rig.stand_in.calls["chat.update"] == 0


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("token_revoked", Unauthorised),
        ("token_expired", Unauthorised),
        ("invalid_auth", Unauthorised),
        ("not_authed", Unauthorised),
        ("account_inactive", Unauthorised),
        ("channel_not_found", Unreachable),
        ("user_not_found", Unreachable),
        ("user_disabled", Unreachable),
        ("cannot_dm_bot", Unreachable),
        ("is_archived", Unreachable),
        ("not_in_channel", Unreachable),
        ("cant_update_message", NotEditable),
        ("message_not_found", NotEditable),
        ("edit_window_closed", NotEditable),
        ("service_unavailable", Unavailable),
        ("request_timeout", Unavailable),
        ("internal_error", Ambiguous),
        ("fatal_error", Ambiguous),
        ("ratelimited", RateLimited),
        ("rate_limited", RateLimited),
        ("invalid_blocks", Refused),
        ("missing_scope", Refused),
        ("a_code_of_next_year", Refused),
    ],
)
async def test_a_code_of_slacks_means_one_error(rig: Rig, code: str, error: type[ChatError]) -> None:
    dm = await rig.dm()
    rig.stand_in.faults.append(Fault("chat.postMessage", "slack_error", error=code))
    with pytest.raises(ChatError) as raised:
        await rig.chat.send(dm, said("Niamh's secret"), "intro:17")
    assert type(raised.value) is error
    assert "secret" not in str(raised.value)
    assert str(raised.value).startswith("chat.postMessage: ")
    assert rig.stand_in.posts == []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_fault_of_slacks_own_may_have_sent_the_message(rig: Rig, status: int) -> None:
    dm = await rig.dm()
    rig.stand_in.faults.append(Fault("chat.postMessage", "status", status=status))
    with pytest.raises(Ambiguous, match=str(status)):
        await rig.chat.send(dm, said(), "intro:17")


@pytest.mark.parametrize(
    ("method", "everywhere"), [("chat.postMessage", False), ("conversations.open", True), ("chat.update", True)]
)
async def test_too_fast_says_how_long_to_wait_and_where(rig: Rig, method: str, *, everywhere: bool) -> None:
    dm = await rig.dm()
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "chat.postMessage": lambda: rig.chat.send(dm, said(), "intro:17"),
        "conversations.open": lambda: rig.chat.open([NIAMH]),
        "chat.update": lambda: rig.chat.edit(dm, "1.0", said(), "intro:17"),
    }
    rig.stand_in.faults.append(Fault(method, "status", status=429, retry_after=17))
    with pytest.raises(RateLimited) as raised:
        await calls[method]()
    assert (raised.value.retry_after, raised.value.everywhere) == (17, everywhere)


async def test_too_fast_without_a_time_to_wait_waits_half_a_minute(rig: Rig) -> None:
    dm = await rig.dm()
    rig.stand_in.faults.append(Fault("chat.postMessage", "status", status=429))
    with pytest.raises(RateLimited) as raised:
        await rig.chat.send(dm, said(), "intro:17")
    assert raised.value.retry_after == 30


async def test_a_slack_that_cannot_be_reached_is_unavailable(rig: Rig) -> None:
    dm = await rig.dm()
    await rig.stand_in.stop()
    await rig.chat.close()
    with pytest.raises(Unavailable):
        await rig.chat.send(dm, said(), "intro:17")
    await rig.stand_in.start()
    await rig.chat.send(dm, said(), "intro:17")
    assert len(rig.stand_in.posts) == 1


@pytest.mark.parametrize("answer", ["<html>Sorry</html>", '{"ok": tr', "{}", '{"ok": false}'])
@pytest.mark.parametrize("content_type", ["application/json", "text/html", "text/plain"])
async def test_an_answer_that_is_none_is_ambiguous(answer: str, content_type: str) -> None:
    async def serve(_request: web.Request) -> web.Response:
        return web.Response(text=answer, content_type=content_type)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    chat = SlackChat(config.Slack("xoxb-1", "secret", api_url=f"http://127.0.0.1:{runner.addresses[0][1]}/api/"))
    try:
        with pytest.raises(Ambiguous):
            await chat.open([AMARA])
    finally:
        await chat.close()
        await runner.cleanup()


async def test_a_wrong_token_is_unauthorised(rig: Rig) -> None:
    settings = config.read(rig.stand_in.settings() | {"SLACK_BOT_TOKEN": "xoxb-other"}).slack
    assert settings is not None
    chat = SlackChat(settings)
    with pytest.raises(Unauthorised):
        await chat.open([AMARA])
    await chat.close()


async def test_whose_token_it_is_stays_known_while_slack_is_away(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    known = await rig.chat.identity()
    assert (known.team, known.user) == (TEAM, BOT_USER)
    monkeypatch.setattr("bot.platforms.slack.chat.IDENTITY_SECONDS", -IDENTITY_SECONDS)
    rig.chat.forget_identity()
    await rig.chat.identity()
    rig.stand_in.faults.append(Fault("auth.test", "status", times=1, status=503))
    assert await rig.chat.identity() == known
    rig.stand_in.faults.append(Fault("auth.test", "slack_error", times=2, error="token_revoked"))
    for _ in range(2):
        with pytest.raises(Unauthorised):
            await rig.chat.identity()


async def test_a_token_that_is_refused_anywhere_is_asked_about_again(rig: Rig) -> None:
    dm = await rig.dm()
    await rig.chat.identity()
    rig.stand_in.faults.append(Fault("chat.postMessage", "slack_error", error="token_revoked"))
    with pytest.raises(Unauthorised):
        await rig.chat.send(dm, said(), "intro:17")
    await rig.chat.identity()
    assert rig.stand_in.calls["auth.test"] == 2


async def test_slack_itself_takes_the_pace_that_the_bot_keeps(rig: Rig) -> None:
    dm = await rig.dm()
    for number in range(20):
        await rig.chat.send(dm, said(), f"intro:{number}")
        rig.pass_time(rig.chat.per_conversation.seconds)
    assert len(rig.stand_in.posts) == 20


async def test_the_address_that_somebody_confirmed_is_theirs(rig: Rig) -> None:
    assert await rig.chat.email_of(NIAMH, None) == "niamh@example.org"


async def test_an_address_that_nobody_confirmed_or_of_another_workspace_is_nobody_s(rig: Rig) -> None:
    people = rig.stand_in.workspace.people
    people[NIAMH.user] = replace(people[NIAMH.user], email_confirmed=False)
    assert await rig.chat.email_of(NIAMH, None) is None
    assert await rig.chat.email_of(replace(AMARA, tenant="T2"), None) is None
    people[GWEN.user] = replace(people[GWEN.user], email="")
    assert await rig.chat.email_of(GWEN, None) is None


async def test_somebody_whom_slack_does_not_know_has_no_address(rig: Rig) -> None:
    with pytest.raises(Unreachable):
        await rig.chat.email_of(Account("slack", TEAM, "U404"), None)
