"""Microsoft's own local client against the bot, over that client's HTTP interface: install, home, yes, "we met"."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.playground import agents

CHAT = "chat-with-the-bot"
ALEX = {"id": "user-id-0"}
SECONDS = 90.0

Json = dict[str, Any]


def command() -> str:
    """The client's program. ``AGENTS_PLAYGROUND`` says where it is, if it is not on the path."""
    found = os.environ.get("AGENTS_PLAYGROUND") or shutil.which("agentsplayground")
    if not found or shutil.which("node") is None:
        pytest.skip("npm install --global @microsoft/m365agentsplayground, or say in AGENTS_PLAYGROUND where it is")
    return found


class LocalClient:
    """The running client, and all that the bot has sent to it."""

    def __init__(self, url: str, http: aiohttp.ClientSession, log: aiohttp.ClientWebSocketResponse) -> None:
        self._url = url
        self._http = http
        self._log = log
        self.messages: list[tuple[str, Json]] = []
        self.updates: list[Json] = []

    async def post(self, path: str, body: Json) -> Any:
        """Do something as Alex; what the client answers."""
        async with self._http.post(f"{self._url}{path}", json=body) as answer:
            text = await answer.text()
            assert answer.status == 200, text
            return json.loads(text) if text else None

    async def say(self, words: str) -> None:
        """Type to the bot."""
        body = {"text": words, "textFormat": "plain", "from": ALEX}
        await self.post(f"/_conversation/v1/conversations/{CHAT}/messages", body)

    async def tap(self, message_id: str, action: Json) -> str:
        """Tap a button; the card that takes the message's place, as text."""
        value = {"action": {key: action[key] for key in ("type", "title", "verb", "data")}, "trigger": "manual"}
        body = {"name": "adaptiveCard/action", "conversation": {"id": CHAT}, "from": ALEX}
        return json.dumps(await self.post("/_conversation/v1/invoke", body | {"replyToId": message_id, "value": value}))

    async def button(self, verb: str) -> tuple[str, Json]:
        """Wait for a message with a button; the newest one, and the button."""
        while True:
            for message_id, body in reversed(self.messages):
                for action in _actions(body):
                    if action.get("verb") == verb:
                        return message_id, action
            await self._listen()

    async def message(self, words: str) -> str:
        """Wait for a message that has these words."""
        while True:
            for message_id, body in self.messages:
                if words in json.dumps(body, ensure_ascii=False):
                    return message_id
            await self._listen()

    async def _listen(self) -> None:
        async with asyncio.timeout(SECONDS):
            entry = json.loads((await self._log.receive()).data).get("log", {})
        if entry.get("from") == "User Application" and entry.get("activityName") == "message":
            assert entry["response"]["statusCode"] in {200, 201}, entry["response"]
            self.messages.append((entry["response"]["body"]["id"], entry["request"]["body"]))


def _actions(part: object) -> Iterator[Json]:
    if isinstance(part, dict):
        if str(part.get("type", "")).startswith("Action."):
            yield part
        for value in part.values():
            yield from _actions(value)
    elif isinstance(part, list):
        for value in part:
            yield from _actions(value)


@pytest.fixture
async def client(tmp_path: Path, unused_tcp_port_factory: Any) -> AsyncIterator[LocalClient]:
    program, port, its_port = command(), unused_tcp_port_factory(), unused_tcp_port_factory()
    ready: asyncio.Queue[str] = asyncio.Queue()
    serving = asyncio.create_task(agents.serve(tmp_path / "agents.sqlite3", port, ready.put_nowait))
    await asyncio.wait_for(ready.get(), SECONDS)
    options = ("-e", f"http://127.0.0.1:{port}/api/messages", "-c", "msteams", "-p", str(its_port))
    process = await asyncio.create_subprocess_exec(
        program,
        *options,
        "--conversation-id",
        CHAT,
        "--disable-telemetry",
        env=os.environ | {"TEAMSAPPTESTER_BROWSER": "none"},
        cwd=tmp_path,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{its_port}"
    async with aiohttp.ClientSession() as http, await _connected(http, url) as log:
        yield LocalClient(url, http, log)
    process.terminate()
    await process.wait()
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving


async def _connected(http: aiohttp.ClientSession, url: str) -> aiohttp.ClientWebSocketResponse:
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                return await http.ws_connect(f"{url}/_ws/log/stream")
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)  # node takes a moment, and says nothing that could be waited for


@pytest.mark.agents_playground
@pytest.mark.sqlite_only  # as the demo that it drives
async def test_microsoft_s_client_shows_the_home_takes_a_yes_and_logs_a_meeting_with_one_tap(
    client: LocalClient,
) -> None:
    await client.post(f"/_debug/conversation/{CHAT}/installation", {})
    card, yes = await client.button("join")
    answer = await client.tap(card, yes)
    assert "Thank you for taking part in Westmarch peer mentoring." in answer
    await client.message("Bethan Rees is your peer mentor.")
    while "Did you and Bethan Rees meet" not in json.dumps([body for _id, body in client.messages]):
        await client.say("home")
        before = len(client.messages)
        while len(client.messages) == before:
            await client._listen()
    card, met = await client.button("we_met")
    assert "Noted" in await client.tap(card, met)
