"""A page without a browser: the server of the playground on a database of its own, and what a page asks it."""

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from bot.playground import example
from bot.playground.running import Playground
from bot.playground.scenarios import SCENARIOS, Scenario, whole_nation
from bot.playground.server import PlaygroundServer
from bot.reading import about
from storage.unit_of_work import UnitOfWork

Json = dict[str, Any]

PEOPLE = example.few_people()
OFFERED: Mapping[str, Callable[[], Scenario]] = {**SCENARIOS, "national": cache(whole_nation)}
"""All scenarios. Each page offers them all and needs to know how many people are in them; the nation's thousands are
named once."""


def already_joined() -> Scenario:
    """The small programme on the morning of its first day; everybody has said yes, and is about to be introduced."""

    def load(uow: UnitOfWork) -> int:
        programme_id = example.load(uow, PEOPLE)
        for part in uow.people.participants(programme_id):
            uow.people.set_state(part.person.id, "joined")
            uow.due.drop("welcome", about(programme_id, part.person.id))
        uow.due.add_all("introduce", map(str, uow.pairs.ids(programme_id).values()), uow.now)
        return programme_id

    return Scenario(
        name="joined",
        title="Everybody has joined",
        about="for tests",
        people=PEOPLE,
        load=lambda database: database.run(load, example.STARTS),
    )


@dataclass
class Page:
    """A page with its socket. ``heard``: what the server has said by itself, oldest first."""

    playground: Playground
    address: str
    http: aiohttp.ClientSession
    socket: aiohttp.ClientWebSocketResponse
    heard: list[Json] = field(default_factory=list)
    asked: int = 0

    async def ask(self, do: str, **details: Any) -> Json:
        """Ask for something; the answer, whether it is yes or no."""
        self.asked += 1
        await self.socket.send_json({"id": self.asked, "do": do, **details})
        while (said := await self._next()).get("re") != self.asked:
            self.heard.append(said)
        return said

    async def do(self, do: str, **details: Any) -> Json:
        """Ask for something that must work."""
        answer = await self.ask(do, **details)
        assert answer["ok"], answer
        return answer

    async def until(self, event: str) -> Json:
        """Listen until the server says this by itself."""
        while (said := await self._next()).get("event") != event:
            self.heard.append(said)
        self.heard.append(said)
        return said

    async def move(self, to: str) -> Json:
        """Move the clock, and wait until it rests."""
        await self.do("clock", to=to)
        while "arrived" not in (rests := await self.until("clock")):
            pass
        return rests

    async def be(self, name: str) -> Json:
        """Be somebody, by name; their first conversation, the one with the bot."""
        people = (await self.do("hello"))["people"]
        found = next(person for person in people if person["name"] == name)
        first: Json = (await self.do("be", person=found["id"]))["conversations"][0]
        return first

    async def newest(self, conversation: str) -> Json:
        """The newest message of a conversation."""
        found: Json = (await self.do("read", conversation=conversation, before=None, limit=1))["messages"][-1]
        return found

    async def tap(self, message: Mapping[str, Any], action: str) -> Json:
        """Tap the button of a message that does this."""
        index = next(button["index"] for button in message["buttons"] if button["action"] == action)
        return await self.do("tap", message=message["id"], button=index)

    def pushed(self, event: str) -> list[Json]:
        """What the server has said of this kind so far."""
        return [said for said in self.heard if said["event"] == event]

    async def _next(self) -> Json:
        said: Json = json.loads(await self.socket.receive_str(timeout=20))
        return said


def token_in(address: str) -> str:
    """The token of an address that was printed."""
    return parse_qs(urlsplit(address).query)["token"][0]


def without_token(address: str) -> str:
    """The beginning of all addresses of the server."""
    return f"http://{urlsplit(address).netloc}"


@contextlib.asynccontextmanager
async def serving(
    directory: Path, name: str = "small", offered: Mapping[str, Callable[[], Scenario]] = OFFERED, *, level: str = ""
) -> AsyncIterator[tuple[Playground, str]]:
    """A playground that is served, and the address that its terminal shows."""
    playground = Playground(directory / "demo.sqlite3", offered)
    try:
        await playground.load(name, seed=7, level=level)
        async with PlaygroundServer(playground).listening() as address:
            yield playground, address
    finally:
        await playground.close()


@contextlib.asynccontextmanager
async def opened(playground: Playground, address: str) -> AsyncIterator[Page]:
    """A page that has just been opened."""
    base = without_token(address)
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{base}/socket?token={token_in(address)}", origin=base, max_msg_size=0) as socket,
    ):
        yield Page(playground, address, http, socket)
