"""A stand-in of Slack, with a client of its Web API on one side and a bot that does what a test says on the other."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import aiohttp
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from bot.playground.client import Member
from bot.playground.slack import SIGNING_SECRET, TOKEN, SlackStandIn
from storage.records import Account

READS = ("users.", "conversations.", "files.get")
TEAM = "T1"
AMARA, NIAMH, GWEN = (Account("slack", TEAM, f"U{n}") for n in (1, 2, 3))
PEOPLE = [
    Member(AMARA, "Amara Okonjo", "amara@example.org"),
    Member(NIAMH, "Niamh Gallagher", "niamh@example.org"),
    Member(GWEN, "Gwen Pritchard", "gwen@example.org"),
]
TEXT = {"type": "plain_text", "text": "Hello", "emoji": False}
SECTION = {"type": "section", "text": TEXT}
BUTTON = {"type": "button", "action_id": "go#0", "text": TEXT, "value": "pair:17:2"}
ACTIONS = {"type": "actions", "elements": [BUTTON]}
OPTION = {"text": TEXT, "value": "a"}
INPUT = {
    "type": "input",
    "block_id": "how",
    "label": TEXT,
    "element": {"type": "radio_buttons", "action_id": "input", "options": [OPTION]},
}
NUMBER = INPUT | {
    "block_id": "minutes",
    "element": {"type": "number_input", "action_id": "input", "is_decimal_allowed": False},
}
MODAL = {"type": "modal", "title": TEXT, "submit": TEXT, "callback_id": "meeting", "blocks": [SECTION, INPUT]}
HOME = {"type": "home", "blocks": [SECTION, ACTIONS]}


@dataclass
class Bench:
    """A stand-in, a bot that does what a test says, and a client of the Web API. ``heard``: what the bot was sent:
    the headers and what was read from the body. ``is_silent``: the bot hears and does not answer."""

    stand_in: SlackStandIn
    http: aiohttp.ClientSession
    now: datetime = datetime(2026, 2, 2, 10, 0, tzinfo=UTC)
    heard: list[tuple[Mapping[str, str], dict[str, Any]]] = field(default_factory=list)
    status: int = 200
    body: object = ""
    answer_headers: dict[str, str] = field(default_factory=dict)
    is_silent: bool = False

    async def call(self, method: str, token: str = TOKEN, **arguments: Any) -> dict[str, Any]:
        """Call a method as slack_sdk does: reads with a query, the rest with JSON."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = self.stand_in.settings()["SLACK_API_URL"] + method
        how = {"params": arguments} if method.startswith(READS) else {"json": arguments}
        async with self.http.post(url, headers=headers, **how) as answer:  # type: ignore[arg-type]  # one of the two
            said: dict[str, Any] = await answer.json() if answer.content_type == "application/json" else {}
            return said | {"status": answer.status, "retry_after": answer.headers.get("Retry-After")}

    async def dm(self, account: Account = AMARA) -> str:
        """The id of somebody's direct message with the bot."""
        return str((await self.call("conversations.open", users=account.user))["channel"]["id"])

    async def post(self, channel: str, **more: Any) -> dict[str, Any]:
        """Post a message with a button."""
        return await self.call("chat.postMessage", **{"channel": channel, "blocks": [SECTION, ACTIONS], **more})

    async def trigger(self) -> str:
        """The trigger of a command that Amara has just typed."""
        await self.stand_in.client(AMARA).command("go")
        return str(self.heard[-1][1]["trigger_id"])

    async def serve(self, request: web.Request) -> web.Response:
        """The bot: note what came, and answer as the test says."""
        text = await request.text()
        if request.content_type == "application/json":
            said = json.loads(text)
        else:
            said = {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}
            said = json.loads(said["payload"]) if "payload" in said else said
        timestamp, signature = request.headers["X-Slack-Request-Timestamp"], request.headers["X-Slack-Signature"]
        assert SignatureVerifier(SIGNING_SECRET).is_valid(text, timestamp, signature)
        self.heard.append((request.headers, said))
        if self.is_silent:
            await asyncio.Event().wait()  # until the other side hangs up
        if isinstance(self.body, str):
            return web.Response(status=self.status, text=self.body, headers=self.answer_headers)
        return web.json_response(self.body, status=self.status)


@asynccontextmanager
async def benched() -> AsyncIterator[Bench]:
    """A stand-in and a bot, started."""
    made: Bench
    stand_in = SlackStandIn(PEOPLE, lambda: made.now, team=TEAM)
    await stand_in.start()
    async with aiohttp.ClientSession() as http:
        made = Bench(stand_in, http)
        app = web.Application()
        app.router.add_post("/slack/events", made.serve)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        stand_in.point_at(f"http://127.0.0.1:{runner.addresses[0][1]}")
        yield made
        await runner.cleanup()
    await stand_in.stop()
