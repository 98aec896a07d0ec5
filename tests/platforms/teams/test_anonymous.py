"""What is let in where nothing is signed: this machine, straight, and nobody else."""

from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.config import Teams, read
from bot.flow import Done
from bot.platforms.teams.adapter import PATH, build
from bot.playground import agents
from tests.platforms.teams.conftest import MovingClock, RecordingDispatch

SETTINGS = agents.settings(Path("agents.sqlite3"), 0).teams
HELLO = {
    "type": "message",
    "id": "1",
    "text": "home",
    "from": {"id": "user-id-0", "aadObjectId": agents.ALEX.user},
    "serviceUrl": "http://localhost:56150/_connector",
    "conversation": {"conversationType": "personal", "tenantId": agents.TENANT, "id": "chat"},
    "recipient": {"id": agents.BOT},
    "channelData": {"tenant": {"id": agents.TENANT}},
    "channelId": "msteams",
}


async def status(
    dispatch: RecordingDispatch,
    activity: Mapping[str, object],
    headers: dict[str, str],
    settings: Teams | None = SETTINGS,
) -> int:
    """What the bot answers to an activity without a token."""
    assert settings is not None
    platform = build(settings, dispatch, MovingClock())
    app = web.Application()
    app.add_routes(platform.routes)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"
        async with aiohttp.ClientSession() as http, http.post(url, json=activity, headers=headers) as answer:
            return answer.status
    finally:
        await platform.chat.close()
        await runner.cleanup()


async def test_a_program_on_this_machine_is_let_in_without_a_token() -> None:
    dispatch = RecordingDispatch(Done())
    assert await status(dispatch, HELLO, {}) == 200
    (event,) = dispatch.events
    assert (event.kind, event.text, event.account) == ("text", "home", agents.ALEX)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.7"},
        {"Forwarded": "for=203.0.113.7"},
        {"Via": "1.1 proxy"},
        {"X-Real-IP": "127.0.0.1"},
        {"Origin": "https://evil.example"},
        {"Host": "bot.evil.example"},
    ],
    ids=lambda headers: next(iter(headers)),
)
async def test_what_comes_by_way_of_a_proxy_or_a_page_is_refused(headers: dict[str, str]) -> None:
    dispatch = RecordingDispatch(Done())
    assert await status(dispatch, HELLO, headers) == 401
    assert dispatch.events == []


@pytest.mark.parametrize(
    "url", ["https://smba.trafficmanager.net/uk/", "http://localhost.evil.example/", "http://10.0.0.1/"]
)
async def test_a_connector_elsewhere_is_refused(url: str) -> None:
    dispatch = RecordingDispatch(Done())
    assert await status(dispatch, HELLO | {"serviceUrl": url}, {}) == 401
    assert dispatch.events == []


async def test_another_tenant_is_refused() -> None:
    dispatch = RecordingDispatch(Done())
    elsewhere = HELLO | {"channelData": {"tenant": {"id": "another"}}}
    assert await status(dispatch, elsewhere, {}) == 401


def test_no_environment_asks_for_it() -> None:
    given = {"TEAMS_APP_ID": "app", "TEAMS_APP_PASSWORD": "x", "TEAMS_TENANT_ID": "t", "TEAMS_ANONYMOUS": "1"}
    teams = read(given | {"anonymous": "true"}).teams
    assert teams is not None
    assert not teams.anonymous
