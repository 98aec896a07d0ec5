"""A playground without a bot: serves the page, and plays it what every conversation says, from the goldens.

It speaks the protocol of ``bot.playground.server`` as far as the page's own tests need it, and keeps what it was asked.
A word that is typed opens the form of that name; a form is refused while a field that must be filled is empty.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

Json = dict[str, Any]

PAGE = Path(__file__).parents[2] / "bot" / "playground" / "page"
GOLDENS = Path(__file__).parents[1] / "goldens"
TOKEN = "recorded"
STARTS = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
CARD = "application/vnd.microsoft.card.adaptive"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff3f0005fe02fe0def46b8"
    "0000000049454e44ae426082"
)
PATIENCE = 60
"""Seconds in which the page has asked for what it was made to ask for, however busy the machine is."""
NAMES = ("Amara Okonjo", "Tomasz Wilk", "Bethan Rees", "Imran Qureshi", "Sinead Doyle", "Farah Rahmani")
PARTS = ("mentor", "mentee", "control", "lead")


def goldens(platform: str) -> tuple[dict[str, Json], dict[str, Json]]:
    """Every message and every form of a platform by name."""
    messages: dict[str, Json] = {}
    forms: dict[str, Json] = {}
    for file in sorted((GOLDENS / platform).glob("*.json")):
        content = json.loads(file.read_text(encoding="utf-8"))
        is_form = content.get("type") == "modal" or "card" in content
        (forms if is_form else messages)[file.stem] = content
    return messages, forms


def message(platform: str, number: int, content: Json, **other: Any) -> Json:
    """A message of the bot's as the server hands it to the page."""
    raw = content if platform == "slack" else {"attachments": [{"contentType": CARD, "content": content}]}
    return {
        "id": f"m{number}",
        "conversation": "dm",
        "at": (STARTS + timedelta(hours=6 * number)).isoformat(),
        "from": {"name": "peermentor", "bot": True},
        "key": f"key:{number}",
        "why": "Something was due",
        "edited": False,
        "ephemeral": False,
        "raw": raw,
        "buttons": [],
        "text": "A message",
    } | other


def person(number: int) -> Json:
    """Somebody; the even ones are on Slack."""
    platform = "teams" if number % 2 else "slack"
    return {
        "id": f"{platform}:T1/U{number}",
        "name": f"{NAMES[number % len(NAMES)]} {number}",
        "part": PARTS[number % 4],
        "platform": platform,
        "organisation": "Larkhill General",
        "grade": "ST4",
    }


@dataclass
class Recorded:
    """What is played, and what was asked. ``messages``: by platform, what the direct message holds. ``refusals``: what
    is answered with a no, and its words."""

    people: list[Json] = field(default_factory=lambda: [person(number) for number in range(6)])
    messages: dict[str, list[Json]] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    asked: list[Json] = field(default_factory=list)
    address: str = ""

    def __post_init__(self) -> None:
        self._goldens = {platform: goldens(platform) for platform in ("slack", "teams")}
        for platform, (said, _forms) in self._goldens.items():
            self.messages[platform] = [message(platform, n, content) for n, content in enumerate(said.values())]
        self._sockets: set[web.WebSocketResponse] = set()
        self._more_was_asked = asyncio.Condition()
        self._platform = "slack"
        self._open: Json = {}

    def app(self) -> web.Application:
        """The server."""
        app = web.Application()
        app.router.add_get("/", self._index)
        app.router.add_get("/page/{name}", self._file)
        app.router.add_get("/picture", self._picture)
        app.router.add_get("/socket", self._socket)
        return app

    def forms(self, platform: str) -> dict[str, Json]:
        """The forms of a platform by name."""
        return self._goldens[platform][1]

    def form_with_help(self, platform: str) -> str:
        """The name of a form that has the button *Get help*, and a field that must be filled."""
        return next(name for name, form in self.forms(platform).items() if "Get help" in json.dumps(form))

    async def push(self, event: Json) -> None:
        """Say something by itself to every page that is open."""
        for socket in list(self._sockets):
            await socket.send_json(event)

    async def hang_up(self) -> None:
        """Close every connection."""
        for socket in list(self._sockets):
            await socket.close()

    def done(self, what: str) -> list[Json]:
        """What was asked of this kind so far, oldest first. More may be on its way: see ``asked_for``."""
        return [asked for asked in self.asked if asked["do"] == what]

    async def asked_for(self, what: str, times: int = 1) -> list[Json]:
        """Wait until this was asked for so many times; all that was asked of this kind, oldest first. What the page had
        asked for before has come by then as well: there is one wire, which keeps the order."""
        async with asyncio.timeout(PATIENCE), self._more_was_asked:
            await self._more_was_asked.wait_for(lambda: len(self.done(what)) >= times)
        return self.done(what)

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        return self._from(PAGE / "index.html")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return self._from(PAGE / request.match_info["name"])

    def _from(self, file: Path) -> web.StreamResponse:
        return web.FileResponse(file, headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})

    async def _picture(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(body=PIXEL, content_type="image/png")

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("token") != TOKEN:
            raise web.HTTPForbidden
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    asked = json.loads(frame.data)
                    await self._note(asked)
                    await socket.send_json({"re": asked["id"]} | self._answer(asked))
        finally:
            self._sockets.discard(socket)
        return socket

    async def _note(self, asked: Json) -> None:
        async with self._more_was_asked:
            self.asked.append(asked)
            self._more_was_asked.notify_all()

    def _answer(self, asked: Json) -> Json:
        if asked["do"] in self.refusals:
            return {"ok": False, "error": self.refusals[asked["do"]]}
        answer: Json = getattr(self, f"_do_{asked['do']}", lambda _asked: {})(asked)
        return {"ok": True} | answer

    def _do_hello(self, _asked: Json) -> Json:
        return {
            "scenario": "paper",
            "scenarios": [{"name": "paper", "title": "Eighteen pairs", "about": "As in the paper."}],
            "now": STARTS.isoformat(),
            "starts": STARTS.isoformat(),
            "ends": (STARTS + timedelta(days=365)).isoformat(),
            "zone": "Europe/London",
            "cohort": {"on": False, "seed": 7},
            "running": None,
            "people": self.people,
            "faults": {"slack": [], "teams": []},
            "waiting": 2,
            "files": ["https://mentoring.example/files/"],
        }

    def _do_be(self, asked: Json) -> Json:
        self._platform = asked["person"].partition(":")[0]
        places = [("dm", "dm", "peermentor"), ("group", "group", "Amara, Niamh"), ("leads", "channel", "leads")]
        conversations = [
            {"id": name, "kind": kind, "title": title, "members": ["Amara", "Niamh"], "count": 2, "unread": 0}
            for name, kind, title in places
        ]
        commands = [
            {"name": "logmeeting", "hint": "", "help": "Log a meeting"},
            {"name": "leads", "hint": "here", "help": "For the leads"},
            {"name": "support", "hint": "", "help": "Numbers and people"},
        ]
        about = {"person": asked["person"], "zone": "Europe/London", "has_home": True}
        return about | {"conversations": conversations, "commands": commands}

    def _do_read(self, asked: Json) -> Json:
        kept = self.messages[self._platform] if asked["conversation"] == "dm" else []
        ids = [each["id"] for each in kept]
        end = ids.index(asked["before"]) if asked["before"] else len(kept)
        start = max(0, end - asked["limit"])
        return {"messages": kept[start:end], "more": start > 0}

    def _do_home(self, _asked: Json) -> Json:
        return {"message": self.messages["slack"][0] | {"id": "home", "conversation": ""}}

    def _do_type(self, asked: Json) -> Json:
        name = asked["words"].removeprefix("/")
        if name not in self.forms(self._platform):
            said = asked | {"from": {"name": "Me", "bot": False}, "raw": {"text": asked["words"]}, "key": "", "why": ""}
            number = len(self.messages[self._platform])
            return {"message": message(self._platform, number, {}) | said | {"id": f"m{number}"}, "form": None}
        self._open = {
            "handle": name,
            "platform": self._platform,
            "title": self._title(self.forms(self._platform)[name]),
            "raw": self.forms(self._platform)[name],
            "values": {},
            "errors": {},
            "has_help": True,
        }
        return {"message": None, "form": self._open, "said": None}

    def _do_tap(self, _asked: Json) -> Json:
        return {"message": None, "form": None, "said": "Tapped"}

    def _do_help(self, _asked: Json) -> Json:
        return {"lines": ["999", "116 123: Samaritans"]}

    def _do_submit(self, asked: Json) -> Json:
        empty = [name for name in self._required() if not asked["values"][name]]
        errors = dict.fromkeys(empty, "Please complete this required field.")
        return {"message": None, "form": self._open | {"errors": errors} if errors else None, "said": "Sent"}

    def _required(self) -> list[str]:
        if self._platform == "teams":
            return []
        fields = [block for block in self._open["raw"]["blocks"] if block["type"] == "input"]
        return [block["block_id"] for block in fields if not block["optional"]]

    @staticmethod
    def _title(form: Mapping[str, Any]) -> str:
        title = form["title"]
        return str(title["text"] if isinstance(title, dict) else title)

    def _do_outbox(self, _asked: Json) -> Json:
        row = {
            "to": "Amara Okonjo",
            "key": "digest:1",
            "why": "The digest of the month",
            "due_at": STARTS.isoformat(),
            "not_before": (STARTS + timedelta(hours=3)).isoformat(),
            "state": "waiting",
        }
        return {"waiting": [row], "total": 1}

    def _do_figures(self, _asked: Json) -> Json:
        return {"figures": {"meetings_logged": 12, "max_messages": {"mentor": 3}}}

    def _do_faults(self, asked: Json) -> Json:
        faults: dict[str, list[Json]] = {"slack": [], "teams": []}
        if asked["kind"] != "off":
            faults[asked["platform"]] = [asked]
        return {"faults": faults}
