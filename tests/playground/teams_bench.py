"""A stand-in of Teams, with a client of its connector on one side and a bot that does what a test says on the other."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web

from bot import ui
from bot.platforms.teams import render
from bot.playground.client import Member
from bot.playground.teams import TeamsStandIn
from storage.records import Account

TENANT = "3b1f7b1e-7c52-4d34-a3f5-9b0c6f2d8e77"


def person(user: str, name: str) -> Member:
    return Member(Account("teams", TENANT, user), name, f"{user}@example.nhs.uk")


NKECHI, GARETH = person("nkechi", "Nkechi Eze"), person("gareth", "Gareth Pugh")


@dataclass
class Programme:
    """Programme time, moved by hand."""

    now: datetime = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Connector:
    """The stand-in's own API, called as a bot calls it."""

    teams: TeamsStandIn
    http: aiohttp.ClientSession
    token: str = ""

    async def sign_in(self, **changes: str) -> tuple[int, Any]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.teams.app_id,
            "client_secret": self.teams.secret,
            "scope": "https://api.botframework.com/.default",
        }
        async with self.http.post(self.teams.settings()["TEAMS_TOKEN_URL"], data=form | changes) as answer:
            body = await answer.json()
            self.token = body.get("access_token", "")
            return answer.status, body

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
        headers = {"Authorization": f"Bearer {self.token}"} | headers
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = f"{self.teams.service_url}v3/conversations{path}"
        async with self.http.request(method, url, data=data, headers=headers) as answer:
            return answer.status, await answer.json(), answer.headers

    async def open(self, member: Member = NKECHI, **changes: Any) -> tuple[int, Any]:
        asked = {"isGroup": False, "members": [{"id": member.account.user}], "tenantId": TENANT}
        status, body, _headers = await self.call("POST", "", asked | changes)
        return status, body

    async def send(self, conversation: str, activity: Any) -> tuple[int, Any]:
        status, body, _headers = await self.call("POST", f"/{conversation}/activities", activity)
        return status, body


@dataclass
class Bot:
    """A bot that answers what it is told to and keeps what it was sent; with ``is_silent`` it does not answer."""

    heard: list[tuple[str, Any]] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)
    is_silent: bool = False

    async def handle(self, request: web.Request) -> web.Response:
        self.heard.append((request.headers["Authorization"], await request.json()))
        if self.is_silent:
            await asyncio.Event().wait()  # until the other side hangs up
        return self.answers.pop(0) if self.answers else web.Response()


@asynccontextmanager
async def standing(programme: Programme) -> AsyncIterator[TeamsStandIn]:
    """A stand-in, started."""
    stand_in = TeamsStandIn([NKECHI, GARETH], programme, tenant=TENANT)
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


@asynccontextmanager
async def connected(teams: TeamsStandIn) -> AsyncIterator[Connector]:
    """Its API, with a token."""
    async with aiohttp.ClientSession() as http:
        made = Connector(teams, http)
        await made.sign_in()
        yield made


@asynccontextmanager
async def answered_by_a_bot(teams: TeamsStandIn) -> AsyncIterator[Bot]:
    """A bot at which the stand-in points."""
    made = Bot()
    app = web.Application()
    app.router.add_post("/api/messages", made.handle)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    teams.point_at(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    yield made
    await runner.cleanup()


def activity(*blocks: ui.Block, key: str = "") -> dict[str, Any]:
    """A message of the bot's."""
    card = render.card(ui.Message("Hello", blocks or (ui.Text("Hello"),), "Only you."))
    return {
        "type": "message",
        "attachments": [render.attachment(card)],
        "channelData": {"peermentor": {"key": key}},
    }
