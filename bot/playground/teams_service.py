"""What a local Microsoft Teams serves: tokens, signing keys and the Bot Framework connector of one tenant.

It serves in a thread of its own, because the SDK's fetches block. As strict as the original about tokens, installation,
cards and rates. What is public is guarded by one lock and may be used from any thread.
"""

import asyncio
import hashlib
import json
import math
import re
import secrets
import threading
from bisect import bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import ClientSession, ClientTimeout, web

from bot.clock import Clock
from bot.playground import teams_cards
from bot.playground.client import Fault, Member, Post, Shown
from bot.playground.teams_keys import Grants, Issuer
from storage.records import Account

Json = dict[str, Any]

MAX_BYTES = 80 * 1024
"""Of a message. The bot keeps its cards far below; what is above is refused."""
SECONDS_TO_ANSWER = 15.0
PAGE = 50
DELIVERIES = 4
"""How often an activity is sent while the bot does not answer, or answers that it cannot take it."""
PER_CONVERSATION = ((1, 7), (2, 8), (30, 60), (3600, 1800))
PER_APP = ((1, 30),)
"""Limits: in so many seconds of programme time, at most so many requests."""


class _Refusal(Exception):
    def __init__(self, status: int, code: str, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.retry_after = retry_after

    def response(self) -> web.Response:
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        body = {"error": {"code": self.code, "message": f"The stand-in of Teams refuses: {self.code}"}}
        return web.json_response(body, status=self.status, headers=headers)


class _Pace:
    """When requests were taken, and whether one more may be."""

    def __init__(self, windows: tuple[tuple[int, int], ...]) -> None:
        self._windows = windows
        self._taken: list[datetime] = []

    def wait(self, now: datetime) -> float:
        """Seconds until one more request is taken; 0 for now."""
        return max(self._over(now, seconds, most) for seconds, most in self._windows)

    def take(self, now: datetime) -> None:
        oldest = now - timedelta(seconds=self._windows[-1][0])
        self._taken = [*self._taken[bisect_right(self._taken, oldest) :], now]

    def _over(self, now: datetime, seconds: int, most: int) -> float:
        if len(self._taken) < most:
            return 0.0
        return max(0.0, (self._taken[-most] - now).total_seconds() + seconds)


@dataclass(slots=True)
class Place:
    """A conversation. ``kind``: ``personal`` or ``channel``. ``users``: the object ids of its people. ``name``: of a
    channel. ``has_bot``: the app is installed in the channel's team."""

    id: str
    kind: str
    users: list[str]
    name: str = ""
    has_bot: bool = True
    pace: _Pace = field(default_factory=lambda: _Pace(PER_CONVERSATION))


@dataclass(slots=True)
class Sent:
    """A message of the bot's, or with ``by`` (an object id) of somebody else. ``own_cards``: what an answer to a tap
    has put in its place, for that person alone."""

    id: str
    place: Place
    at: datetime
    activity: Json
    own_cards: dict[str, Json] = field(default_factory=dict)
    edited: bool = False
    by: str = ""

    @property
    def key(self) -> str:
        """The bot's own key for it."""
        return str((self.activity.get("channelData") or {}).get("peermentor", {}).get("key", ""))

    def card(self, user: str) -> Json:
        """The card as this person sees it; empty for a message of words alone."""
        attachments = self.activity.get("attachments") or [{"content": {}}]
        shared: Json = attachments[0]["content"]
        return self.own_cards.get(user, shared)

    def shown(self, user: str) -> Shown:
        """The message as this person sees it."""
        card = self.card(user)
        words = (self.activity["text"],) if self.activity.get("text") else ()
        return Shown(
            id=self.id,
            conversation=self.place.id,
            key=self.key,
            at=self.at,
            lines=words + (teams_cards.lines(card) if card else ()),
            buttons=teams_cards.buttons(card) if card else (),
            raw=self._as_seen_by(user),
            edited=self.edited,
        )

    def _as_seen_by(self, user: str) -> Json:
        if user not in self.own_cards:
            return self.activity
        return self.activity | {"attachments": [{"contentType": teams_cards.CARD, "content": self.own_cards[user]}]}


class TeamsService:
    """Teams for one tenant, with one bot that an administrator has installed for all its people.

    ``installed``: for whom it is installed. ``seconds_to_answer``: how long an answer is waited for; a test that has
    none come may wait less.
    """

    platform = "teams"

    def __init__(self, members: Sequence[Member], clock: Clock, *, tenant: str) -> None:
        self.tenant = tenant
        self.clock = clock
        self.lock = threading.RLock()
        self.members = {member.account.user: member for member in members}
        self.installed = set(self.members)
        self.app_id = "0b7a1c52-6f0e-4c1d-9a54-2f6f3c9e7d10"
        self.secret = secrets.token_urlsafe(24)
        self.secret_has_expired = False
        self.issuer = Issuer(self.app_id)
        self.grants = Grants(self.app_id, self.secret)
        self.messages: list[Sent] = []
        self.posts: list[Post] = []
        self.changed: deque[str] = deque()
        self.edits = 0
        self.faults: list[Fault] = []
        self.last_action: dict[Account, datetime] = {}
        self.service_url = ""
        self.seconds_to_answer = SECONDS_TO_ANSWER
        self._places: dict[str, Place] = {}
        self._by_id: dict[str, Sent] = {}
        self._in: defaultdict[str, list[Sent]] = defaultdict(list)
        self._app_pace = _Pace(PER_APP)
        self._bot_url = ""
        self._numbers = 0
        self._http: ClientSession | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()

    async def start(self) -> None:
        """Serve on a free loopback port."""
        listening: Future[int] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(listening)), name="teams-stand-in", daemon=True
        )
        self._thread.start()
        port: int = await asyncio.wrap_future(listening)
        base = f"http://127.0.0.1:{port}"
        self.issuer.url = base
        self.service_url = f"{base}/teams/"
        self._http = ClientSession()

    async def stop(self) -> None:
        """Close the server and the apps."""
        if self._http is not None:
            await self._http.close()
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
            await asyncio.to_thread(self._thread.join)

    def settings(self) -> dict[str, str]:
        """The environment that makes the bot talk to this stand-in."""
        return {
            "TEAMS_APP_ID": self.app_id,
            "TEAMS_APP_PASSWORD": self.secret,
            "TEAMS_TENANT_ID": self.tenant,
            "TEAMS_TOKEN_URL": f"{self.issuer.url}/{self.tenant}/oauth2/v2.0/token",
            "TEAMS_OPENID_URL": f"{self.issuer.url}/v1/.well-known/openidconfiguration",
            "TEAMS_TOKEN_ISSUER": self.issuer.url,
        }

    def point_at(self, bot_url: str) -> None:
        """Where the bot listens: ``http://127.0.0.1:PORT``."""
        self._bot_url = bot_url.rstrip("/")

    def add_channel(self, name: str, members: list[Account]) -> str:
        """A standard channel of a private team that the bot is in; its id."""
        place = Place(f"19:{_digest(name)}@thread.tacv2", "channel", [account.user for account in members], name)
        with self.lock:
            self._places[place.id] = place
        return place.id

    def seen_twice(self) -> list[tuple[Account, str]]:
        """Every (reader, key) for which a reader was posted the same key more than once."""
        with self.lock:
            counted = Counter((reader, post.key) for post in self.posts if post.key for reader in post.readers)
        return [pair for pair, times in counted.items() if times > 1]

    def personal(self, user: str) -> Place:
        """The chat of this person with the bot."""
        with self.lock:
            return self._places.setdefault(f"a:1{_digest(user)}", Place(f"a:1{_digest(user)}", "personal", [user]))

    def place(self, conversation: str) -> Place:
        """The conversation with this id. Raises LookupError where there is none."""
        with self.lock:
            return self._places[conversation]

    def places_of(self, user: str) -> list[Place]:
        """The conversations that this person is in; the personal chat first."""
        with self.lock:
            others = [p for p in self._places.values() if p.kind != "personal" and user in p.users]
            return [self.personal(user), *others]

    def message(self, user: str, message_id: str) -> Sent | None:
        """The message of the bot's with this id, if this person can see it."""
        with self.lock:
            sent = self._by_id.get(message_id)
            return sent if sent is not None and user in sent.place.users else None

    def in_place(self, place: Place) -> list[Sent]:
        """All that stands in a conversation, oldest first: also what people have written."""
        with self.lock:
            return list(self._in[place.id])

    def write(self, user: str, place: Place, text: str) -> Sent:
        """What somebody has typed stands in the conversation; nobody is told of it."""
        return self.keep(Sent(self.new_id(), place, self.clock(), {"text": text}, by=user))

    def keep(self, sent: Sent) -> Sent:
        """Let a message stand in its conversation."""
        with self.lock:
            if not sent.by:
                self.messages.append(sent)
            self._by_id[sent.id] = sent
            self._in[sent.place.id].append(sent)
            self.changed.append(sent.id)
        return sent

    def new_id(self) -> str:
        """An id that was not used before."""
        with self.lock:
            self._numbers += 1
            return f"1{self._numbers:012d}"

    async def deliver(self, activity: Json) -> tuple[int, Any]:
        """Send an activity to the bot, signed, again while the bot does not answer in time or answers that it cannot
        take it; an invoke then has a new id, as happens in Teams. Returns the last status and the body of the answer.
        """
        status, body = 0, None
        for _attempt in range(DELIVERIES):
            headers = {"Authorization": f"Bearer {self.issuer.token(self.service_url)}"}
            status, body = await self.send(json.dumps(activity).encode(), headers)
            if status < 500 and status != 429:
                break
            if activity["type"] == "invoke":
                activity = activity | {"id": self.new_id()}
        return status, body

    async def send(self, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        """Post raw bytes to the bot, as anybody on the internet could. Returns the status and the body; 504 where it
        does not answer in time."""
        if self._http is None or not self._bot_url:
            raise RuntimeError("start the stand-in and point it at the bot first")
        headers = {"Content-Type": "application/json; charset=utf-8", **headers}
        in_time = ClientTimeout(total=self.seconds_to_answer)
        try:
            async with self._http.post(
                f"{self._bot_url}/api/messages", data=body, headers=headers, timeout=in_time
            ) as answer:
                text = await answer.text()
                return answer.status, json.loads(text) if answer.content_type == "application/json" else None
        except TimeoutError:
            return 504, None

    async def _serve(self, listening: "Future[int]") -> None:
        self._loop = asyncio.get_running_loop()
        app = web.Application()
        conversations = "/teams/v3/conversations"
        activities = conversations + "/{conversation}/activities"
        app.add_routes(
            [
                web.post("/{tenant}/oauth2/v2.0/token", self._token),
                web.get("/v1/.well-known/openidconfiguration", self._openid),
                web.get("/v1/.well-known/keys", self._keys),
                web.post(conversations, self._route("createConversation", self._create)),
                web.post(activities, self._route("sendToConversation", self._post)),
                web.post(activities + "/{activity}", self._route("replyToActivity", self._post)),
                web.put(activities + "/{activity}", self._route("updateActivity", self._update)),
                web.get(
                    conversations + "/{conversation}/pagedmembers",
                    self._route("getConversationPagedMembers", self._members),
                ),
                web.get(
                    conversations + "/{conversation}/members/{member}",
                    self._route("getConversationMember", self._one_member),
                ),
            ]
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        listening.set_result(runner.addresses[0][1])
        await self._stopping.wait()
        await runner.cleanup()

    async def _token(self, request: web.Request) -> web.StreamResponse:
        fault = self._fault("token")
        if fault is not None and fault.kind == "status":
            return web.json_response({"error": fault.error or "temporarily_unavailable"}, status=fault.status)
        form = dict(parse_qsl(await request.text()))
        granted = self.grants.grant(form)
        if request.match_info["tenant"] != self.tenant:
            return _no_token(400, "invalid_request", 90002, "Tenant not found.")
        if form.get("client_id") != self.app_id:
            return _no_token(400, "unauthorized_client", 700016, "Application was not found in the directory.")
        if self.secret_has_expired:
            return _no_token(401, "invalid_client", 7000222, "The provided client secret keys are expired.")
        if granted is None:
            return _no_token(401, "invalid_client", 7000215, "Invalid client secret provided.")
        if fault is not None:
            await fault.answer(request)
        return web.json_response(granted)

    async def _openid(self, request: web.Request) -> web.StreamResponse:
        fault = self._fault("openid")
        if fault is not None and fault.kind == "status":
            return web.Response(status=fault.status)
        if fault is not None:
            await fault.answer(request)
        base = self.issuer.url
        return web.json_response(
            {
                "issuer": base,
                "jwks_uri": f"{base}/v1/.well-known/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def _keys(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(self.issuer.key_set())

    def _route(
        self, method: str, work: Callable[[web.Request, Json], tuple[int, Json]]
    ) -> Callable[[web.Request], Any]:
        async def answer(request: web.Request) -> web.StreamResponse:
            fault = self._fault(method)
            try:
                self._let_in(request, fault)
                body = _json(await request.read())
                with self.lock:
                    self._keep_pace(self._app_pace)
                    status, result = work(request, body)
            except _Refusal as refusal:
                return refusal.response()
            if fault is not None:
                await fault.answer(request)
            return web.json_response(result, status=status)

        return answer

    def _let_in(self, request: web.Request, fault: Fault | None) -> None:
        if fault is not None and fault.kind == "status":
            raise _Refusal(fault.status, fault.error or "ServiceError", fault.retry_after)
        if not self.grants.accepts(request.headers.get("Authorization", "")):
            raise _Refusal(401, "Unauthorized")

    def _fault(self, method: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.times > 0 and fault.method in method:
                    fault.times -= 1
                    return fault
        return None

    def _keep_pace(self, pace: _Pace) -> None:
        now = self.clock()
        wait = pace.wait(now)
        if wait > 0:
            raise _Refusal(429, "Throttled", math.ceil(wait))
        pace.take(now)

    def _create(self, _request: web.Request, body: Json) -> tuple[int, Json]:
        people = [member.get("id") for member in body.get("members") or []]
        tenant = body.get("tenantId") or body.get("tenantID")
        if body.get("isGroup") or len(people) != 1 or tenant != self.tenant:
            raise _Refusal(400, "BadArgument")
        if people[0] not in self.members:
            raise _Refusal(404, "NotFound")
        if people[0] not in self.installed:
            raise _Refusal(403, "BotNotInConversationRoster")
        return 201, {"id": self.personal(people[0]).id}

    def _post(self, request: web.Request, activity: Json) -> tuple[int, Json]:
        place = self._written(request, activity)
        sent = self.keep(Sent(self.new_id(), place, self.clock(), activity))
        readers = frozenset(self.members[user].account for user in place.users)
        kind = "dm" if place.kind == "personal" else place.kind
        lines = sent.shown("").lines
        self.posts.append(Post(sent.at, place.id, kind, readers, sent.key, sent.id, lines))
        return 201, {"id": sent.id}

    def _update(self, request: web.Request, activity: Json) -> tuple[int, Json]:
        place = self._written(request, activity)
        sent = self._by_id.get(request.match_info["activity"])
        if sent is None or sent.place is not place or sent.by:
            raise _Refusal(404, "ActivityNotFoundInConversation")
        sent.activity = activity
        sent.own_cards.clear()
        sent.edited = True
        self.edits += 1
        self.changed.append(sent.id)
        return 200, {"id": sent.id}

    def _members(self, request: web.Request, _body: Json) -> tuple[int, Json]:
        place = self._reached(request)
        start = int(request.query.get("continuationToken", "0"))
        page = [self._member(user) for user in place.users[start : start + PAGE]]
        more = {"continuationToken": str(start + PAGE)} if start + PAGE < len(place.users) else {}
        return 200, {"members": page, **more}

    def _one_member(self, request: web.Request, _body: Json) -> tuple[int, Json]:
        place, wanted = self._reached(request), request.match_info["member"]
        for user in place.users:
            if wanted in {user, mri(user)}:
                return 200, self._member(user)
        raise _Refusal(404, "MemberNotFoundInConversation")

    def _member(self, user: str) -> Json:
        member = self.members[user]
        return {
            "id": mri(user),
            "name": member.name,
            "aadObjectId": user,
            "email": member.email,
            "userPrincipalName": member.email,
            "tenantId": self.tenant,
            "userRole": "user",
        }

    def _reached(self, request: web.Request) -> Place:
        place = self._places.get(request.match_info["conversation"])
        if place is None:
            raise _Refusal(404, "ConversationNotFound")
        if not place.has_bot or (place.kind == "personal" and place.users[0] not in self.installed):
            raise _Refusal(403, "BotNotInConversationRoster")
        return place

    def _written(self, request: web.Request, activity: Json) -> Place:
        place = self._reached(request)
        if teams_cards.size(activity) > MAX_BYTES:
            raise _Refusal(413, "MessageSizeTooBig")
        attachments = activity.get("attachments") or []
        if activity.get("type") != "message" or not (attachments or activity.get("text")):
            raise _Refusal(400, "BadSyntax")
        for attachment in attachments:
            _check(attachment)
        self._keep_pace(place.pace)
        return place


def _no_token(status: int, error: str, code: int, words: str) -> web.Response:
    """As Microsoft says no: the code in the words, too, with what names the app."""
    said = f"AADSTS{code}: {words} Trace ID: 5f0e. Correlation ID: 81cc."
    return web.json_response({"error": error, "error_description": said, "error_codes": [code]}, status=status)


def mri(user: str) -> str:
    """The id of a person inside Teams, as opposed to the object id in the directory."""
    return f"29:1{_digest(user)}"


def _check(attachment: Json) -> None:
    if attachment.get("contentType") != teams_cards.CARD:
        raise _Refusal(400, "BadArgument")
    try:
        teams_cards.check(attachment.get("content"))
    except teams_cards.BadCard as fault:
        raise _Refusal(400, re.sub(r"\W+", "_", f"BadCard {fault}")) from fault


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _json(body: bytes) -> Json:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError as fault:
        raise _Refusal(400, "BadSyntax") from fault
    if not isinstance(parsed, dict):
        raise _Refusal(400, "BadSyntax")
    return parsed
