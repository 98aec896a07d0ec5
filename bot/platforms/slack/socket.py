"""The other way in from Slack, Socket Mode: for a bot that nobody on the internet can reach.

The bot opens a few connections to Slack and gets each event through one of them, in an envelope. An envelope is
acknowledged once dispatch has committed. One that could not be handled is not acknowledged, so Slack sends it again.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random, SystemRandom
from typing import Any

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.chat import ChatError, RateLimited, Refused, Unauthorised, Unavailable
from bot.platforms.slack.chat import SlackChat, quiet

CONNECTIONS = 2
"""While one is replaced, the other hears. Slack allows ten for an app, those of other replicas included."""
PING_SECONDS = 5.0
"""Between pings; a connection that does not answer one within half of that again is dead."""
OPEN_SECONDS = 10.0
"""How long a new connection has until Slack says hello."""
CLOSE_SECONDS = 2.0
"""How long Slack has to agree that a connection is closed."""
FINISH_SECONDS = 10.0
"""How long what was taken has, before its connection is closed."""
STEADY_SECONDS = 60.0
"""A connection that ends sooner counts as a failure."""
LONGEST_PAUSE = 60.0
REFUSED_PAUSE = 600.0
"""Between tries while Slack refuses the app token: somebody has to mend that first."""
REFUSED_FOR_GOOD = frozenset({400, 403})
"""Answers to what will never be understood or served, however often it comes."""

Answering = Callable[[SocketModeRequest], Awaitable[BoltResponse]]
"""Handles an envelope; returns the answer that a request over HTTP would get, once its effects are committed."""

log = structlog.get_logger(__name__)

# Not even errors: the library puts whatever an error says into its log, and an address that opens a connection may be
# in it. What matters is said here.
_silent = quiet.getChild("socket")
_silent.disabled = True


class SocketMode:
    """Keeps ``CONNECTIONS`` connections to Slack open. ``wait``: passes wire time, in seconds."""

    def __init__(
        self,
        chat: SlackChat,
        app_token: str,
        answer: Answering,
        *,
        wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
        random: Random | None = None,
    ) -> None:
        self._chat = chat
        self._app_token = app_token
        self._answer = answer
        self._wait = wait
        self._random = random or SystemRandom()
        self._connections: set[_Connection] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._failures = 0
        self._ended_soon = 0
        self._is_refused = False

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Events come in meanwhile. At the end no more are taken, and those that were taken are finished."""
        keeping = asyncio.create_task(self._keep_open())
        try:
            yield
        finally:
            keeping.cancel()
            for connection in self._connections:
                connection.takes_more = False
                self._leave(connection)
            await asyncio.wait([keeping])
            if self._leaving:
                await asyncio.wait(self._leaving)
            self._connections.clear()

    async def _keep_open(self) -> None:
        while True:
            self._changed.clear()
            if sum(not connection.has_ended for connection in self._connections) < CONNECTIONS:
                await self._open_another()
            else:
                await self._changed.wait()

    async def _open_another(self) -> None:
        troubles = self._failures + self._ended_soon
        if troubles:
            await self._wait(self._jittered(min(LONGEST_PAUSE, 2.0 ** min(troubles - 1, 10))))
        try:
            await self._open()
        except (Unauthorised, Refused) as error:
            if not self._is_refused:
                log.error("slack.sockets_refused", error=str(error))
            self._is_refused = True
            await self._wait(self._jittered(REFUSED_PAUSE))
        except RateLimited as error:
            log.warning("slack.no_socket", error=str(error))
            await self._wait(error.retry_after + self._random.random())
        except ChatError as error:
            self._failures += 1
            log.warning("slack.no_socket", error=str(error))
        else:
            self._failures = 0
            self._is_refused = False
            log.info("slack.socket_open")

    async def _open(self) -> None:
        url = await self._chat.socket_address(self._app_token)
        connection = _Connection(url, self._chat, self._answer, self._on_end)
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await connection.connect()
                await connection.greeting
        except Exception as error:  # noqa: BLE001 - whatever it was, it is tried again
            await connection.close()
            # The text of any other error may have the address.
            reason = str(error) if isinstance(error, _Ended) else type(error).__name__
            raise Unavailable(f"socket: {reason}") from None
        except asyncio.CancelledError:
            await connection.close()
            raise
        # Only now: what comes through a connection that Slack has asked to leave is still heard until here.
        for old in [each for each in self._connections if each.has_ended]:
            self._connections.remove(old)
            self._leave(old)
        self._connections.add(connection)

    def _on_end(self, connection: "_Connection", reason: str) -> None:
        soon = time.monotonic() - connection.since < STEADY_SECONDS
        self._ended_soon = self._ended_soon + 1 if soon else 0
        self._changed.set()
        log.info("slack.socket_ends", reason=reason)

    def _leave(self, connection: "_Connection") -> None:
        task = asyncio.create_task(connection.finish())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def _jittered(self, seconds: float) -> float:
        return seconds * self._random.uniform(0.5, 1)


class _Ended(Exception):
    """Before it had begun."""


class _Connection(SocketModeClient):
    """One connection, from its address to its end; a new one takes its place.

    Left to itself the library's client makes the next one too: once it has closed the old one, with the used address
    again where a try fails, every few seconds for ever. And closing it drops what is in flight. Here it only tells that
    the connection ends.
    """

    def __init__(
        self, url: str, chat: SlackChat, answer: Answering, on_end: Callable[["_Connection", str], None]
    ) -> None:
        super().__init__(app_token="", logger=_silent, web_client=chat.client, ping_interval=PING_SECONDS)
        if chat.is_local:
            self.proxy = None
        self.wss_uri = url
        self.socket_mode_request_listeners.append(self._take)
        self.on_close_listeners.append(self._on_closed)
        self.on_error_listeners.append(self._on_closed)
        self.greeting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.has_ended = False
        self.takes_more = True
        self.since = time.monotonic()
        self._answer = answer
        self._on_end = on_end
        self._in_flight: set[asyncio.Task[Any]] = set()

    async def connect(self) -> None:
        """Try once: an address works for one connection."""
        self.current_session = await self.aiohttp_client_session.ws_connect(
            str(self.wss_uri),
            autoping=False,
            heartbeat=self.ping_interval,
            proxy=self.proxy,
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
        )
        self.current_session_monitor = asyncio.create_task(self.monitor_current_session())
        self.message_receiver = asyncio.create_task(self.receive_messages())

    async def connect_to_new_endpoint(self, force: bool = False) -> None:  # noqa: ARG002, FBT002 - the library's
        """What the library does with a connection that is closed or does not answer."""
        self._end("closed or silent")

    async def run_message_listeners(self, message: dict[str, Any], raw_message: str) -> None:
        """What the library does with each message, but for the two that are about the connection itself."""
        match message.get("type"):
            case "hello":
                if not self.greeting.done():
                    self.greeting.set_result(None)
            case "disconnect":
                self._end(str(message.get("reason")))
            case _:
                await super().run_message_listeners(message, raw_message)

    async def close(self) -> None:
        """Close it, and drop what is in flight."""
        await super().close()  # type: ignore[no-untyped-call]

    async def finish(self) -> None:
        """Let what was taken be answered, and close."""
        until = time.monotonic() + FINISH_SECONDS
        while self._in_flight and time.monotonic() < until:
            await asyncio.wait(self._in_flight, timeout=until - time.monotonic())
        if self._in_flight:
            log.warning("slack.not_finished", events=len(self._in_flight))
        await self.close()

    async def _on_closed(self, _message: aiohttp.WSMessage) -> None:
        self._end("closed or silent")

    def _end(self, reason: str) -> None:
        if self.has_ended or self.closed:
            return
        self.has_ended = True
        if self.greeting.done():
            self._on_end(self, reason)
        else:
            self.greeting.set_exception(_Ended(reason))

    async def _take(self, _client: AsyncBaseSocketModeClient, envelope: SocketModeRequest) -> None:
        task = asyncio.current_task()
        if task is None or not self.takes_more:
            return
        self._in_flight.add(task)  # the library keeps no hold of it
        try:
            answer = await self._answer(envelope)
            if answer.status == 200:  # noqa: PLR2004 - done
                await send_async_response(self, envelope, answer, time.time())
            elif envelope.type == "events_api" and answer.status in REFUSED_FOR_GOOD:
                # Nobody waits for an answer. To an action none is given: its form stays open, and Slack says so.
                await self.send_socket_mode_response(SocketModeResponse(envelope.envelope_id))
        except (aiohttp.ClientError, OSError) as error:
            log.warning("slack.not_acknowledged", error=type(error).__name__)
        except Exception as fault:  # noqa: BLE001 - whatever it was, Slack shall send it again
            log.error("slack.not_handled", error=type(fault).__name__)
        finally:
            self._in_flight.discard(task)
