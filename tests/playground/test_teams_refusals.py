"""What Teams refuses, the stand-in refuses with the same status: tokens, people who have not installed the app, teams
that the app is not in, sizes. What is not answered in time, it sends again."""

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from bot import ui
from bot.platforms.teams import render
from bot.playground import teams_keys
from bot.playground.client import Member
from bot.playground.teams import BadAnswer, TeamsStandIn
from bot.playground.teams_cards import BadCard
from bot.playground.teams_service import MAX_BYTES, mri
from storage.records import Account
from tests.playground.teams_bench import (
    GARETH,
    NKECHI,
    TENANT,
    Bot,
    Connector,
    Programme,
    activity,
    answered_by_a_bot,
    connected,
    standing,
)

SAOIRSE = Member(Account("teams", TENANT, "saoirse"), "Saoirse Byrne", "s@example.nhs.uk", time_zone="Europe/Dublin")


@pytest.fixture
async def teams() -> AsyncIterator[TeamsStandIn]:
    async with standing(Programme()) as made:
        yield made


@pytest.fixture
async def connector(teams: TeamsStandIn) -> AsyncIterator[Connector]:
    async with connected(teams) as made:
        yield made


@pytest.fixture
async def bot(teams: TeamsStandIn) -> AsyncIterator[Bot]:
    async with answered_by_a_bot(teams) as made:
        yield made


# Tokens


async def test_a_token_holds_for_an_hour(connector: Connector, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    assert (await connector.open())[0] == 201
    monkeypatch.setattr(time, "time", lambda: now + teams_keys.LIFETIME + 60)
    assert (await connector.open())[0] == 401
    await connector.sign_in()
    assert (await connector.open())[0] == 201


# Who can be written to


async def test_who_has_not_installed_the_app_cannot_be_written_to(connector: Connector, teams: TeamsStandIn) -> None:
    teams.installed.discard("gareth")
    status, body = await connector.open(GARETH)
    assert (status, body["error"]["code"]) == (403, "BotNotInConversationRoster")
    assert (await connector.send(teams.personal("gareth").id, activity()))[0] == 403
    assert (await connector.open(NKECHI))[0] == 201
    assert teams.posts == []


@pytest.mark.parametrize("how", ["send", "update", "members", "member"])
async def test_a_team_that_the_app_is_not_in_is_closed(connector: Connector, teams: TeamsStandIn, how: str) -> None:
    channel = teams.add_channel("Leads", [NKECHI.account])
    _status, sent = await connector.send(channel, activity())
    calls: dict[str, tuple[str, str, Any]] = {
        "send": ("POST", f"/{channel}/activities", activity()),
        "update": ("PUT", f"/{channel}/activities/{sent['id']}", activity(ui.Text("Changed"))),
        "members": ("GET", f"/{channel}/pagedmembers", {}),
        "member": ("GET", f"/{channel}/members/{mri('nkechi')}", {}),
    }
    assert (await connector.call(*calls[how]))[0] < 300
    teams.place(channel).has_bot = False
    status, body, _headers = await connector.call(*calls[how])
    assert (status, body["error"]["code"]) == (403, "BotNotInConversationRoster")
    assert len(teams.posts) == (2 if how == "send" else 1)


async def test_a_conversation_that_there_is_not_is_not_found(connector: Connector) -> None:
    assert (await connector.send("19:nowhere@thread.tacv2", activity()))[0] == 404


async def test_people_have_the_time_zone_that_they_live_in(bot: Bot, teams: TeamsStandIn) -> None:
    teams.members["saoirse"] = SAOIRSE
    teams.clock = lambda: datetime(2026, 7, 1, 12, tzinfo=UTC)
    for account in (SAOIRSE.account, NKECHI.account):
        await teams.client(account).say("hello")
    zones = [(said["localTimezone"], said["localTimestamp"]) for _header, said in bot.heard]
    assert zones == [(zone, "2026-07-01T13:00:00+01:00") for zone in ("Europe/Dublin", "Europe/London")]


# Sizes


@pytest.mark.parametrize("letter", ["x", "é", "\N{SNOWMAN}"])
async def test_a_message_above_80_kilobytes_is_too_large(
    connector: Connector, teams: TeamsStandIn, letter: str
) -> None:
    assert MAX_BYTES == 80 * 1024
    _status, opened = await connector.open()
    frame = len(json.dumps({"type": "message", "text": ""}))
    most = letter * (MAX_BYTES // 2 - frame)  # two bytes for each, as Teams counts
    assert (await connector.send(opened["id"], {"type": "message", "text": most}))[0] == 201
    status, body = await connector.send(opened["id"], {"type": "message", "text": most + letter})
    assert (status, body["error"]["code"]) == (413, "MessageSizeTooBig")
    path = f"/{opened['id']}/activities/{teams.messages[0].id}"
    assert (await connector.call("PUT", path, {"type": "message", "text": most + letter}))[0] == 413
    assert (len(teams.posts), teams.edits) == (1, 0)


# Answers


async def test_what_is_not_answered_in_time_is_sent_again(teams: TeamsStandIn, bot: Bot) -> None:
    assert teams.seconds_to_answer == 15
    teams.seconds_to_answer = 0.25
    bot.is_silent = True
    assert (await teams.client(NKECHI.account).say("hello")).status == 504
    assert len(bot.heard) == 4
    assert len({said["id"] for _header, said in bot.heard}) == 1


@pytest.mark.parametrize(
    ("task", "error"),
    [
        ({"type": "close"}, BadAnswer),
        ({"type": "continue", "value": {}}, BadAnswer),
        ({"type": "continue", "value": {"title": "Log", "card": {"content": {}}}}, BadAnswer),
        ({"type": "continue", "value": {"title": "Log", "card": render.attachment({"type": "HeroCard"})}}, BadCard),
    ],
)
async def test_a_bad_answer_to_a_button_that_opens_a_dialog_is_noticed(
    connector: Connector, bot: Bot, task: Any, error: type[Exception]
) -> None:
    _status, opened = await connector.open()
    await connector.send(opened["id"], activity(ui.Buttons((ui.Button("Log", "log", opens=True),))))
    client = connector.teams.client(NKECHI.account)
    (shown,) = client.screen()
    bot.answers = [web.json_response({"task": task})]
    with pytest.raises(error):
        await client.tap(shown, shown.button("log"))
    assert bot.heard[0][1]["name"] == "task/fetch"
