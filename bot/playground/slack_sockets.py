"""Slack's side of Socket Mode: addresses that work once, and envelopes through the connections that the bot has opened.

As strict as the original: at most ten connections, each event to one of them, an event that is not acknowledged in
three seconds is sent again, through another connection where there is one. Time is wire time.
"""

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

import aiohttp
from aiohttp import web

from bot.playground.slack_blocks import Json
from bot.playground.slack_workspace import APP

PATH = "/link/"
SECONDS_TO_ANSWER = 3.0
TICKET_SECONDS = 30.0
MOST = 10
RETRIES = 3
LARGEST_ANSWER = 512 * 1024


@dataclass(slots=True, eq=False)
class Connection:
    """One connection of the bot's. ``is_silent``: it is dead, and nobody has said so: whatever comes or goes is lost.
    ``carried``: the envelopes that were sent through it."""

    socket: web.WebSocketResponse
    line: asyncio.Transport | None
    is_silent: bool = False
    carried: list[Json] = field(default_factory=list)

    async def send(self, said: Json) -> None:
        """Send an envelope, or words about the connection itself."""
        if "envelope_id" in said:
            self.carried.append(said)
        if not self.is_silent:
            with contextlib.suppress(ConnectionError):  # the bot is gone, and what was sent is lost
                await self.socket.send_json(said)

    async def ask_to_leave(self, reason: str = "refresh_requested") -> None:
        """Say that this connection will be closed. It still carries events until it is."""
        debug = {"host": "applink-stand-in"}
        await self.send({"type": "disconnect", "reason": reason, "debug_info": debug})

    def die(self) -> None:
        """Be gone without a word to the bot; what the bot sends is lost."""
        self.is_silent = True

    def cut(self) -> None:
        """Break the line."""
        if self.line is not None:
            self.line.abort()


class SlackSockets:
    """The open connections. ``seconds_to_answer``: how long an acknowledgement is waited for; a test that has none come
    may wait less. ``mistakes``: what the bot sent that Slack would not take. ``stale``: so many of the next addresses
    will not work."""

    def __init__(self) -> None:
        self.seconds_to_answer = SECONDS_TO_ANSWER
        self.connections: list[Connection] = []
        self.mistakes: list[str] = []
        self.opened = 0
        self.stale = 0
        self._tickets: dict[str, float] = {}
        self._waiting: dict[str, tuple[asyncio.Future[Json], bool]] = {}
        self._turns = count()
        self._changed = asyncio.Condition()

    def new_address(self, host: str) -> str:
        """What ``apps.connections.open`` answers: it works for one connection, and soon."""
        ticket = str(uuid.uuid4())
        if self.stale:
            self.stale -= 1
        else:
            self._tickets[ticket] = time.monotonic()
        return f"ws://{host}{PATH}?ticket={ticket}&app_id={APP}"

    async def until(self, condition: Callable[[], bool], *, within: float = 10.0) -> None:
        """Wait until something holds about the connections. Raises TimeoutError."""
        async with asyncio.timeout(within), self._changed:
            await self._changed.wait_for(condition)

    async def until_connected(self, number: int = 2) -> None:
        """Wait until the bot has this many connections that work."""
        await self.until(lambda: sum(not each.is_silent for each in self.connections) >= number)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection, from its first to its last word."""
        issued = self._tickets.pop(request.query.get("ticket", ""), None)
        if issued is None or time.monotonic() - issued > TICKET_SECONDS:
            return web.Response(status=404)
        socket = web.WebSocketResponse(autoping=False, max_msg_size=LARGEST_ANSWER, timeout=1.0)
        await socket.prepare(request)
        self.opened += 1
        connection = Connection(socket, request.transport)
        if len(self.connections) >= MOST:
            await connection.ask_to_leave("too_many_websockets")
            await socket.close()
            return socket
        self.connections.append(connection)
        await connection.send({
            "type": "hello",
            "num_connections": len(self.connections),
            "connection_info": {"app_id": APP},
            "debug_info": {"host": "applink-stand-in", "approximate_connection_time": 18060},
        })  # fmt: skip
        await self._tell()
        try:
            async for message in socket:
                await self._hear(connection, message)
        finally:
            self.connections.remove(connection)
            await self._tell()
        return socket

    async def send_event(self, payload: Json) -> bool:
        """Send an event, and again up to three times; whether it was acknowledged."""
        envelope: Json = {
            "envelope_id": str(uuid.uuid4()),
            "type": "events_api",
            "payload": payload,
            "accepts_response_payload": False,
        }
        last: Connection | None = None
        answer = self._expect(envelope)
        try:
            for attempt in range(RETRIES + 1):
                retry = {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
                last = self._next(last)
                if last is not None:
                    await last.send(envelope | retry)
                if await self._is_answered(answer):
                    return True
            return False
        finally:
            del self._waiting[envelope["envelope_id"]]

    async def send_action(self, payload: Json) -> Json | None:
        """Send a slash command or an interaction, once; the payload of its acknowledgement, None where there is none in
        time. Raises ConnectionError where there is no connection."""
        is_command = "command" in payload
        envelope: Json = {
            "envelope_id": str(uuid.uuid4()),
            "type": "slash_commands" if is_command else "interactive",
            "payload": payload,
            "accepts_response_payload": is_command or payload["type"] == "view_submission",
        }
        connection = self._next(None)
        if connection is None:
            raise ConnectionError
        answer = self._expect(envelope)
        try:
            await connection.send(envelope)
            return answer.result() if await self._is_answered(answer) else None
        finally:
            del self._waiting[envelope["envelope_id"]]

    def _expect(self, envelope: Json) -> asyncio.Future[Json]:
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = answer, envelope["accepts_response_payload"]
        return answer

    async def _is_answered(self, answer: asyncio.Future[Json]) -> bool:
        await asyncio.wait([answer], timeout=self.seconds_to_answer)
        return answer.done()

    def _next(self, last: Connection | None) -> Connection | None:
        """Whose turn it is: one after the other, and not the same for an event that it has not acknowledged."""
        others = [each for each in self.connections if each is not last] or self.connections
        return others[next(self._turns) % len(others)] if others else None

    async def _hear(self, connection: Connection, message: aiohttp.WSMessage) -> None:
        if connection.is_silent:
            return
        if message.type is aiohttp.WSMsgType.PING:
            await connection.socket.pong(message.data)
        elif message.type is aiohttp.WSMsgType.TEXT:
            self._acknowledge(connection, message.data)
        elif message.type is not aiohttp.WSMsgType.PONG:
            self.mistakes.append(f"a message of the kind {message.type.name}")

    def _acknowledge(self, connection: Connection, text: str) -> None:
        try:
            said = json.loads(text)
            envelope_id, payload = said["envelope_id"], said.get("payload", {})
        except (ValueError, LookupError, TypeError, AttributeError):
            self.mistakes.append("no acknowledgement")
            return
        if all(envelope["envelope_id"] != envelope_id for envelope in connection.carried):
            self.mistakes.append("an acknowledgement through another connection, or of nothing")
        elif envelope_id in self._waiting:  # else it comes too late
            answer, takes_payload = self._waiting[envelope_id]
            if payload and not takes_payload:
                self.mistakes.append("a payload where none is taken")
            elif not answer.done():  # what was sent twice may be acknowledged twice
                answer.set_result(payload)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()
