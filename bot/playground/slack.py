"""A stand-in for Slack: its Web API over HTTP, and people's apps that talk to the bot as Slack does: with signed
requests, or through the sockets that the bot has opened.

As strict as the original: tokens, membership, blocks, single-use triggers, rate limits with Retry-After, and events
that are sent again when the bot does not answer 2xx. Rate limits follow the programme clock; signatures and triggers
follow wire time.
"""

import json
import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import formatdate
from urllib.parse import urlencode, urlsplit

import aiohttp
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from bot.clock import Clock
from bot.platforms.slack.scopes import SLACK_SCOPES
from bot.playground.client import Fault, Member
from bot.playground.slack_blocks import Json
from bot.playground.slack_client import SlackClient
from bot.playground.slack_scopes import OPEN_SOCKET, needed
from bot.playground.slack_sockets import PATH as LINK
from bot.playground.slack_sockets import SlackSockets
from bot.playground.slack_workspace import APP, BOT_USER, ApiError, Workspace
from storage.records import Account

TOKEN = "xoxb-stand-in"  # noqa: S105 - opens nothing but this stand-in
APP_TOKEN = "xapp-stand-in"  # noqa: S105 - as little
SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"  # noqa: S105 - the one in Slack's own example
EVENTS = "/slack/events"
UPLOAD = "files.getUploadURLExternal"
RETRIES = 3
SECONDS_TO_ANSWER = 3.0
POSTS_AT_ONCE = 4
"""Messages that a channel takes in a burst before it holds to one a second."""

PER_MINUTE = {
    OPEN_SOCKET: 30,
    "auth.test": 300,
    "users.info": 100,
    "users.lookupByEmail": 50,
    "conversations.open": 50,
    "conversations.info": 50,
    "conversations.members": 100,
    "conversations.history": 50,
    "chat.postEphemeral": 100,
    "chat.update": 50,
    "views.open": 100,
    "views.push": 100,
    "views.update": 100,
    "views.publish": 100,
    UPLOAD: 100,
    "files.completeUploadExternal": 100,
}
"""Calls a minute for each method but ``chat.postMessage``, by Slack's tiers."""

NO_JSON = frozenset({
    "users.info", "users.lookupByEmail", "conversations.info", "conversations.members", "conversations.history",
    UPLOAD,
})  # fmt: skip
"""Methods that read their arguments from the query or a form only."""


@dataclass(slots=True)
class _Bucket:
    """What is left of a rate: ``full`` at once, then one each ``seconds``."""

    full: int
    seconds: float
    left: float
    at: datetime

    def take(self, now: datetime) -> float:
        """Take one; the seconds to wait where there is none."""
        self.left = min(self.full, self.left + max(0.0, (now - self.at).total_seconds()) / self.seconds)
        self.at = now
        if self.left < 1:
            return (1 - self.left) * self.seconds
        self.left -= 1
        return 0.0


class SlackStandIn:
    """One workspace with its people, served at a loopback port.

    ``workspace``: what is in it. ``per_minute``: the rate of each method; a test may change it. ``calls``: how often
    each method was called, refused calls included. ``over_sockets``: the bot is told to connect, and everything goes
    through ``sockets``; it has no signing secret then. ``scopes``: those of the bot's token; ``app_scopes``: of the
    app's. ``clock_ahead``: seconds by which the clock of this Slack is ahead of the bot's. ``seconds_to_answer``: how
    long an acknowledgement is waited for; a test that has none come may wait less.
    """

    platform = "slack"

    def __init__(self, members: Sequence[Member], clock: Clock, *, team: str, over_sockets: bool = False) -> None:
        self.workspace = Workspace(members, clock, team=team)
        self.sockets = SlackSockets()
        self.over_sockets = over_sockets
        self.posts = self.workspace.posts
        self.changed = self.workspace.changed
        self.edits = 0
        self.scopes = set(SLACK_SCOPES)
        self.app_scopes = {"connections:write"}
        self.clock_ahead = 0.0
        self.seconds_to_answer = SECONDS_TO_ANSWER
        self.faults: list[Fault] = []
        self.last_action: dict[Account, datetime] = {}
        self.per_minute = dict(PER_MINUTE)
        self.calls: Counter[str] = Counter()
        self._clock = clock
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._verifier = SignatureVerifier(SIGNING_SECRET)
        self._runner: web.AppRunner | None = None
        self._http: aiohttp.ClientSession | None = None
        self._port = 0
        self._bot_url = ""

    async def start(self) -> None:
        """Serve the Web API and the response addresses."""
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._serve_method)
        app.router.add_post("/response/{name}", self._serve_response_url)
        app.router.add_post("/upload/{name}", self._serve_upload)
        app.router.add_get(LINK, self.sockets.serve)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self._http = aiohttp.ClientSession()

    async def stop(self) -> None:
        """Close the server and the apps. A later ``start`` serves the same workspace at the same port."""
        if self._http is not None:
            await self._http.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def settings(self) -> dict[str, str]:
        """The environment that makes the bot talk to this stand-in."""
        way_in = {"SLACK_APP_TOKEN": APP_TOKEN} if self.over_sockets else {"SLACK_SIGNING_SECRET": SIGNING_SECRET}
        return way_in | {
            "SLACK_BOT_TOKEN": TOKEN,
            "SLACK_API_URL": f"{self._url}/api/",
        }

    def point_at(self, bot_url: str) -> None:
        """Where the bot listens: ``http://127.0.0.1:PORT``."""
        self._bot_url = bot_url.rstrip("/")

    def add_channel(self, name: str, members: list[Account]) -> str:
        """A private channel that the bot is in; its id."""
        return self.workspace.add_channel(name, {member.user for member in members}).id

    def client(self, account: Account, channel: str | None = None) -> SlackClient:
        """This person's app; with ``channel``, what is typed goes there."""
        if account.user not in self.workspace.people:
            raise LookupError(f"{account} is not in this workspace")
        return SlackClient(self, account, self.workspace.channels[channel] if channel else None)

    def seen_twice(self) -> list[tuple[Account, str]]:
        """Every (reader, key) for which a reader was posted the same key more than once."""
        seen = Counter((reader, post.key) for post in self.posts if post.key for reader in post.readers)
        return [reader_and_key for reader_and_key, times in seen.items() if times > 1]

    def signed(self, body: str, at: float | None = None) -> dict[str, str]:
        """The headers with which Slack signs a body, now or at another wire time."""
        timestamp = str(int(self.workspace.wire_time() if at is None else at))
        signature = self._verifier.generate_signature(timestamp=timestamp, body=body)
        return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": str(signature)}

    async def send_raw(self, body: str | bytes, headers: Mapping[str, str]) -> tuple[int, str, Mapping[str, str]]:
        """Send anything to the bot, signed or not; its status, body and headers. 504 where it does not answer in time,
        502 where it does not answer."""
        if self._http is None:
            raise RuntimeError("the stand-in has not been started")
        in_time = aiohttp.ClientTimeout(total=self.seconds_to_answer)
        try:
            async with self._http.post(
                self._bot_url + EVENTS, data=body, headers=dict(headers), timeout=in_time
            ) as answer:
                return answer.status, await answer.text(), answer.headers
        except TimeoutError:
            return 504, "", {}
        except aiohttp.ClientError:
            return 502, "", {}

    async def send_form(self, fields: Mapping[str, str]) -> tuple[int, str]:
        """Send a slash command or an interaction; the bot's status and answer. Through a socket the status is 200 where
        it was acknowledged, 504 where it was not in time, and 502 where there was no connection."""
        if self.over_sockets:
            return await self._send_through_socket(fields)
        body = urlencode(fields)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        status, answer, _headers = await self.send_raw(body, form | self.signed(body))
        return status, answer

    async def send_event(self, event: Json) -> int:
        """Send an event, and again up to three times where the bot does not answer 2xx, or does not acknowledge it; the
        last status. Slack waits in between, this does not."""
        workspace = self.workspace
        authorization = {"team_id": workspace.team, "user_id": BOT_USER, "is_bot": True, "is_enterprise_install": False}
        payload = {
            "type": "event_callback",
            "team_id": workspace.team,
            "api_app_id": APP,
            "event": event,
            "event_id": workspace.new_id("Ev"),
            "event_time": int(workspace.wire_time()),
            "authorizations": [authorization | {"enterprise_id": None}],
            "is_ext_shared_channel": False,
        }
        if self.over_sockets:
            return 200 if await self.sockets.send_event(payload) else 504
        body = json.dumps(payload)
        retry: dict[str, str] = {}
        for attempt in range(1, RETRIES + 2):
            headers = {"Content-Type": "application/json"} | self.signed(body) | retry
            status, _answer, answered = await self.send_raw(body, headers)
            if status < 300 or answered.get("X-Slack-No-Retry") == "1":
                break
            reason = "http_timeout" if status == 504 else "http_error"
            retry = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
        return status

    def response_url(self, name: str) -> str:
        """The address for the name that ``Workspace.response_url`` gave."""
        return f"{self._url}/response/{name}"

    async def _send_through_socket(self, fields: Mapping[str, str]) -> tuple[int, str]:
        try:
            answer = await self.sockets.send_action(
                json.loads(fields["payload"]) if "payload" in fields else dict(fields)
            )
        except ConnectionError:
            return 502, ""
        if answer is None:
            return 504, ""
        return 200, json.dumps(answer) if answer else ""

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def _serve_method(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        self.calls[method] += 1
        fault = self._next_fault(method)
        if fault is not None and fault.kind in {"status", "slack_error"}:
            return self._dated(_faulty(fault))
        token = ""
        try:
            given, token = await _arguments(request, method)
            self._admit(method, token)
            self._check_scope(method, given)
            wait = self._wait(method, str(given.get("channel", "")))
            if wait:
                headers = {"Retry-After": str(math.ceil(wait))}
                return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
            answer: Json = {"ok": True}
            if method == OPEN_SOCKET:
                answer["url"] = self.sockets.new_address(urlsplit(self._url).netloc)
            else:
                answer |= self.workspace.methods[method](given)
            if method == "users.info" and "users:read.email" not in self.scopes:
                del answer["user"]["profile"]["email"]
            if method == UPLOAD:
                answer["upload_url"] = f"{self._url}/upload/{answer['upload_url']}"
            self.edits += method == "chat.update"
        except ApiError as error:
            messages = [f"[ERROR] {error.detail}"] if error.detail else []
            answer = {"ok": False, "error": error.code, "response_metadata": {"messages": messages}} | error.more
        if fault is not None:
            await fault.answer(request)
        scopes = {"X-OAuth-Scopes": ",".join(sorted(self.scopes))} if token == TOKEN else {}
        return self._dated(web.json_response(answer, headers=scopes))

    def _dated(self, answer: web.Response) -> web.Response:
        answer.headers["Date"] = formatdate(time.time() + self.clock_ahead, usegmt=True)
        return answer

    async def _serve_response_url(self, request: web.Request) -> web.Response:
        fault = self._next_fault("response_url")
        if fault is not None and fault.kind in {"status", "slack_error"}:
            return _faulty(fault)
        try:
            self.workspace.respond(request.match_info["name"], await request.json())
        except ApiError as error:
            return web.Response(status=404, text=error.code)
        if fault is not None:
            await fault.answer(request)
        return web.Response(text="ok")

    async def _serve_upload(self, request: web.Request) -> web.Response:
        fault = self._next_fault("upload_url")
        if fault is not None and fault.kind in {"status", "slack_error"}:
            return _faulty(fault)
        try:
            self.workspace.take_file(request.match_info["name"], await request.read())
        except ApiError as error:
            return web.Response(status=400, text=error.code)
        if fault is not None:
            await fault.answer(request)
        return web.Response(text="OK")

    def _next_fault(self, method: str) -> Fault | None:
        for fault in self.faults:
            if fault.method in method and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def _admit(self, method: str, token: str) -> None:
        if not token:
            raise ApiError("not_authed")
        if token not in (TOKEN, APP_TOKEN):
            raise ApiError("invalid_auth")
        if (token == APP_TOKEN) != (method == OPEN_SOCKET):
            raise ApiError("not_allowed_token_type")
        if method not in (*self.workspace.methods, OPEN_SOCKET):
            raise ApiError("unknown_method")

    def _check_scope(self, method: str, given: Json) -> None:
        provided = self.app_scopes if method == OPEN_SOCKET else self.scopes
        scope = needed(method, given, self.workspace.channels.get(str(given.get("channel"))))
        if scope and scope not in provided:
            raise ApiError("missing_scope", needed=scope, provided=",".join(sorted(provided)))

    def _wait(self, method: str, channel: str) -> float:
        """Seconds for which a call comes too early; it counts where it does not."""
        now = self._clock()
        if method == "chat.postMessage":
            bucket = self._buckets.setdefault((method, channel), _Bucket(POSTS_AT_ONCE, 1.0, POSTS_AT_ONCE, now))
        else:
            rate = self.per_minute[method]
            bucket = self._buckets.setdefault((method, ""), _Bucket(rate, 60 / rate, rate, now))
        return bucket.take(now)


async def _arguments(request: web.Request, method: str) -> tuple[Json, str]:
    """What a call was given, and its token: in the header or in the body, never in the query."""
    given: Json = {}
    if request.content_type != "application/json":
        given = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    elif method not in NO_JSON:
        given = await _object_in(request)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return dict(request.query) | given, token if scheme == "Bearer" else str(given.get("token", ""))


async def _object_in(request: web.Request) -> Json:
    try:
        given = await request.json()
    except ValueError:
        raise ApiError("invalid_json") from None
    if not isinstance(given, dict):
        raise ApiError("json_not_object")
    return given


def _faulty(fault: Fault) -> web.Response:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    if fault.kind == "slack_error":
        return web.json_response({"ok": False, "error": fault.error}, headers=headers)
    if fault.status == 429:
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
    return web.Response(status=fault.status, headers=headers)
