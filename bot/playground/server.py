"""Serves the playground's page to this machine, and to nobody else.

Whoever can run a browser here could open any page, so each request is checked: for this machine's own name as its host,
for an origin that is this page, and for a token that only whoever has read the address has. Nothing is logged.
"""

import asyncio
import contextlib
import hmac
import json
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from importlib import resources
from pathlib import Path, PurePosixPath

import aiohttp
from aiohttp import WSMsgType, web

from bot.playground.running import NotNow, Playground
from bot.playground.scenarios import Scenario
from bot.playground.simulation import PUBLIC_URL, Simulation
from bot.playground.visitor import Visitor
from storage.files import PATH

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")
LARGEST_QUESTION = 256 * 1024
"""Bytes."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws://{host}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""The files of the page."""
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
SLACK_FILE = "slack-file:"
"""What stands before the id of a file that the bot has brought to Slack; a message names only the id."""
PASSED_ON = ("Content-Type", "Content-Disposition")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
BANNER = """\
A simulation: the real bot, invented people, and stand-ins of Slack and Teams. Nobody real is written to.

  {address}

Open that address in a browser on this machine; it is for you alone. Ctrl-C ends it.
"""


class PlaygroundServer:
    """The page and its socket, for one playground. ``token``: opens it."""

    def __init__(self, playground: Playground) -> None:
        self.token = secrets.token_urlsafe(24)
        self._playground = playground
        self._hosts: frozenset[str] = frozenset()
        self._sockets: set[web.WebSocketResponse] = set()
        self._http: aiohttp.ClientSession

    @contextlib.asynccontextmanager
    async def listening(self, port: int = 0) -> AsyncIterator[str]:
        """Serve at a port of this machine, a free one for 0; gives the address to open."""
        app = web.Application(middlewares=[self._checked])
        app.add_routes(
            [
                web.get("/", self._index),
                web.get("/page/{name}", self._file),
                web.get("/picture", self._picture),
                web.get("/socket", self._socket),
            ]
        )
        app.on_shutdown.append(self._hang_up)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, port).start()
            port = runner.addresses[0][1]
            self._hosts = frozenset(f"{name}:{port}" for name in NAMES)
            async with aiohttp.ClientSession() as self._http:
                yield f"http://{HOST}:{port}/?token={self.token}"
        finally:
            await runner.cleanup()

    # Who is let in

    @web.middleware
    async def _checked(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        answer: web.StreamResponse
        if request.headers.get("Host") not in self._hosts:
            answer = _refused("This is served to this machine only.")
        elif origin is not None and origin not in {f"http://{host}" for host in self._hosts}:
            answer = _refused("Another page has no business here.")
        else:
            answer = await handler(request)
        if not answer.prepared:
            self._protect(answer, request.host)
        return answer

    def _protect(self, answer: web.StreamResponse, host: str) -> None:
        answer.headers.update(
            {
                "Content-Security-Policy": POLICY.format(host=host),
                "Cache-Control": "no-store",
                "Cross-Origin-Opener-Policy": "same-origin",
                "Cross-Origin-Resource-Policy": "same-origin",
                "Referrer-Policy": "no-referrer",
                "X-Content-Type-Options": "nosniff",
            }
        )

    def _has_token(self, request: web.Request) -> bool:
        return hmac.compare_digest(request.query.get("token", "").encode(), self.token.encode())

    # What is served

    async def _index(self, request: web.Request) -> web.Response:
        if not self._has_token(request):
            return _refused("Open the address that the terminal shows: it has a token that this one lacks.")
        return _page("index.html")

    async def _file(self, request: web.Request) -> web.Response:
        return _page(request.match_info["name"])

    async def _picture(self, request: web.Request) -> web.Response:
        """The bytes of what a message shows, from the bot or a stand-in; from nowhere else."""
        if not self._has_token(request):
            return _refused("The token is missing.")
        try:
            simulation = self._playground.simulation
        except NotNow as why:
            return web.Response(status=503, text=str(why))
        url = request.query.get("url", "")
        file = simulation.slack.workspace.files.get(url.removeprefix(SLACK_FILE))
        if file is not None and url.startswith(SLACK_FILE):
            return web.Response(body=file.content, content_type="image/png")
        address = _address_of(url, simulation)
        if address is None:
            return web.Response(status=404, text="Nothing in this simulation has such an address.")
        try:
            async with self._http.get(address, allow_redirects=False) as found:
                headers = {name: found.headers[name] for name in PASSED_ON if name in found.headers}
                return web.Response(status=found.status, body=await found.read(), headers=headers)
        except aiohttp.ClientError:
            return web.Response(status=502, text="It could not be fetched.")

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if not self._has_token(request) or "Origin" not in request.headers:
            return _refused("The token is missing, or this is not the page.")
        socket = web.WebSocketResponse(max_msg_size=LARGEST_QUESTION, heartbeat=30)
        self._protect(socket, request.host)
        await socket.prepare(request)
        visitor = Visitor(self._playground)
        telling = asyncio.create_task(_tell(visitor, socket))
        self._sockets.add(socket)
        self._playground.visitors.add(visitor)
        try:
            await _listen(visitor, socket)
        finally:
            self._playground.visitors.discard(visitor)
            self._sockets.discard(socket)
            telling.cancel()
        return socket

    async def _hang_up(self, _app: web.Application) -> None:
        for socket in list(self._sockets):
            await socket.close()


async def _listen(visitor: Visitor, socket: web.WebSocketResponse) -> None:
    """Answer what the page asks, one after the other, until it goes."""
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            continue
        try:
            asked = json.loads(message.data)
        except ValueError:
            asked = None
        if not isinstance(asked, dict):
            visitor.push({"re": None, "ok": False, "error": "This is no question."})
        else:
            visitor.push(await visitor.answer(asked))


async def _tell(visitor: Visitor, socket: web.WebSocketResponse) -> None:
    """Send what the page is told, in order."""
    with contextlib.suppress(ConnectionError):
        while True:
            await socket.send_str(json.dumps(await visitor.outgoing.get()))


def _address_of(url: str, simulation: Simulation) -> str | None:
    """Where something is fetched that a message names; None where that is nowhere in this simulation."""
    published = f"{PUBLIC_URL}{PATH}"
    if url.startswith(published) and NAME.fullmatch(url.removeprefix(published)):
        return f"{simulation.address}{PATH}{url.removeprefix(published)}"
    return None


def _page(name: str) -> web.Response:
    """A file of the page; 404 where there is none of that name."""
    kind = KINDS.get(PurePosixPath(name).suffix)
    file = resources.files("bot.playground").joinpath("page", name)
    if kind is None or not NAME.fullmatch(name) or not file.is_file():
        return web.Response(status=404, text="There is no such file.")
    return web.Response(body=file.read_bytes(), content_type=kind, charset="utf-8")


def _refused(words: str) -> web.Response:
    return web.Response(status=403, text=words)


async def serve(
    database: Path,
    scenarios: Mapping[str, Callable[[], Scenario]],
    *,
    name: str,
    seed: int,
    level: str,
    port: int,
    tell: Callable[[str], None],
) -> None:
    """Serve the page until cancelled. ``name``: the scenario that is loaded first. ``tell``: hears the address. Raises
    NotADemos for a database that is not a demo's."""
    playground = Playground(database, scenarios)
    try:
        await playground.load(name, seed=seed, level=level)
        async with PlaygroundServer(playground).listening(port) as address:
            tell(BANNER.format(address=address))
            await asyncio.Event().wait()
    finally:
        await playground.close()
