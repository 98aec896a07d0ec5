"""The stand-in of Slack's Socket Mode is as strict as Slack."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from bot.playground import slack_sockets
from bot.playground.client import Member
from bot.playground.slack import APP_TOKEN, TOKEN, SlackStandIn
from bot.playground.slack_scopes import OPEN_SOCKET
from storage.records import Account

AMARA = Account("slack", "T1", "U1")
EVENT = {"type": "event_callback", "event_id": "Ev1"}


@dataclass
class Bench:
    """A stand-in, and a bot that does what the test says."""

    stand_in: SlackStandIn
    http: aiohttp.ClientSession

    @property
    def sockets(self) -> slack_sockets.SlackSockets:
        return self.stand_in.sockets

    async def ask(self, method: str, token: str) -> dict[str, Any]:
        """Call a method."""
        url = self.stand_in.settings()["SLACK_API_URL"] + method
        async with self.http.post(url, headers={"Authorization": f"Bearer {token}"}) as answer:
            said: dict[str, Any] = await answer.json()
            return said

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A connection of the bot's, after Slack's hello."""
        url = (await self.ask(OPEN_SOCKET, APP_TOKEN))["url"]
        async with self.http.ws_connect(url) as socket:
            assert (await socket.receive_json())["type"] == "hello"
            yield socket


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A stand-in, started."""
    members = [Member(AMARA, "Amara Okonjo", "amara@example.org")]
    stand_in = SlackStandIn(members, lambda: datetime(2026, 2, 2, 10, 0, tzinfo=UTC), team="T1", over_sockets=True)
    await stand_in.start()
    async with aiohttp.ClientSession() as http:
        yield Bench(stand_in, http)
    await stand_in.stop()


async def test_the_bot_is_told_to_connect_and_has_no_signing_secret(bench: Bench) -> None:
    assert bench.stand_in.settings()["SLACK_APP_TOKEN"] == APP_TOKEN
    assert "SLACK_SIGNING_SECRET" not in bench.stand_in.settings()


@pytest.mark.parametrize(
    ("method", "token", "error"),
    [
        (OPEN_SOCKET, TOKEN, "not_allowed_token_type"),
        (OPEN_SOCKET, "xapp-other", "invalid_auth"),
        ("auth.test", APP_TOKEN, "not_allowed_token_type"),
    ],
)
async def test_only_the_apps_own_token_opens_connections_and_it_does_nothing_else(
    bench: Bench, method: str, token: str, error: str
) -> None:
    assert await bench.ask(method, token) == {"ok": False, "error": error, "response_metadata": {"messages": []}}


async def test_the_apps_own_token_needs_its_scope_to_open_connections(bench: Bench) -> None:
    bench.stand_in.app_scopes.clear()
    refused = await bench.ask(OPEN_SOCKET, APP_TOKEN)
    assert (refused["error"], refused["needed"], refused["provided"]) == ("missing_scope", "connections:write", "")


async def test_an_address_works_once(bench: Bench) -> None:
    url = (await bench.ask(OPEN_SOCKET, APP_TOKEN))["url"]
    async with bench.http.ws_connect(url):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await bench.http.ws_connect(url)


async def test_an_address_works_soon_or_never(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    url = (await bench.ask(OPEN_SOCKET, APP_TOKEN))["url"]
    monkeypatch.setattr(slack_sockets, "TICKET_SECONDS", 0.0)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await bench.http.ws_connect(url)


async def test_one_connection_too_many_is_closed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack_sockets, "MOST", 1)
    url = (await bench.ask(OPEN_SOCKET, APP_TOKEN))["url"]
    async with bench.connection(), bench.http.ws_connect(url) as more:
        said = await more.receive_json()
        assert (said["type"], said["reason"]) == ("disconnect", "too_many_websockets")
        assert (await more.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_an_event_that_is_not_acknowledged_is_sent_again_through_the_other_connection(bench: Bench) -> None:
    bench.sockets.seconds_to_answer = 0.2
    async with bench.connection() as first, bench.connection() as second:
        sent = asyncio.create_task(bench.sockets.send_event(EVENT))
        heard = [await first.receive_json(), await second.receive_json()]
        assert [(each["retry_attempt"], each["retry_reason"]) for each in heard] == [(0, ""), (1, "timeout")]
        assert heard[0]["envelope_id"] == heard[1]["envelope_id"]
        assert heard[0]["payload"] == heard[1]["payload"] == EVENT
        assert (heard[0]["type"], heard[0]["accepts_response_payload"]) == ("events_api", False)
        await second.send_json({"envelope_id": heard[1]["envelope_id"]})
        assert await sent
    assert bench.sockets.mistakes == []


async def test_slack_gives_an_event_up_after_three_repeats(bench: Bench) -> None:
    bench.sockets.seconds_to_answer = 0.01
    async with bench.connection() as only:
        assert await bench.sockets.send_event(EVENT) is False
        assert [(await only.receive_json())["retry_attempt"] for _ in range(4)] == [0, 1, 2, 3]


async def test_an_action_without_a_connection_or_an_answer_fails_and_is_not_sent_again(bench: Bench) -> None:
    bench.sockets.seconds_to_answer = 0.01
    amara = bench.stand_in.client(AMARA)
    assert (await amara.command("mentoring")).status == 502
    async with bench.connection() as only:
        assert (await amara.command("mentoring")).status == 504
        envelope = await only.receive_json()
        assert (envelope["type"], envelope["payload"]["command"]) == ("slash_commands", "/mentoring")
        assert len(bench.sockets.connections[0].carried) == 1


@pytest.mark.parametrize(
    ("said", "mistake"),
    [
        pytest.param("ok", "no acknowledgement", id="words"),
        pytest.param('{"payload": {}}', "no acknowledgement", id="of nothing"),
        pytest.param(
            '{"envelope_id": "1"}', "an acknowledgement through another connection, or of nothing", id="other"
        ),
    ],
)
async def test_what_is_no_acknowledgement_is_noted(bench: Bench, said: str, mistake: str) -> None:
    async with bench.connection() as socket:
        await socket.send_str(said)
    await bench.sockets.until(lambda: not bench.sockets.connections)
    assert bench.sockets.mistakes == [mistake]


async def test_a_payload_in_the_acknowledgement_of_an_event_is_noted(bench: Bench) -> None:
    bench.sockets.seconds_to_answer = 0.2
    async with bench.connection() as socket:
        sent = asyncio.create_task(bench.sockets.send_event(EVENT))
        envelope = await socket.receive_json()
        await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": {"text": "no"}})
        assert not await sent
    assert bench.sockets.mistakes == ["a payload where none is taken"]


async def test_a_connection_that_died_answers_no_ping(bench: Bench) -> None:
    async with bench.connection() as socket:
        await socket.ping(b"once")
        bench.sockets.connections[0].die()
        with pytest.raises(TimeoutError):
            await socket.receive(timeout=0.1)
