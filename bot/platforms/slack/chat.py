"""The way out to Slack: the Web API behind the ``Chat`` protocol, and what a code of Slack's means for a message."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot import config
from bot.chat import (
    Ambiguous,
    ChatError,
    Gallery,
    Limit,
    NotEditable,
    RateLimited,
    Refused,
    Unauthorised,
    Unavailable,
    Unreachable,
)
from bot.platforms.slack import render
from bot.platforms.slack.pictures import Pictures
from bot.platforms.slack.refusals import refusal
from bot.ui import Form, Message, pictures_of, with_pictures
from storage.records import Account, Conversation

T = TypeVar("T")
Said = TypeVar("Said", Message, Form)

METADATA = "peermentor"
GROUP = 8
"""The most people, besides the bot, in a group chat that a bot opens."""
LOOK_BACK = 200
"""How many of the latest messages ``find`` looks at: it is asked soon after the send that had no clear answer."""
IDENTITY_SECONDS = 600.0
"""How long (wire time) the token's workspace is remembered before Slack is asked again."""
SECONDS_FOR_PICTURES = 1.5
"""How long (wire time) an answer that somebody waits for may wait for its pictures."""
TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=3)
USUAL_PAUSE = 30.0
"""Seconds to wait where Slack says "too fast" and not for how long."""

PLAIN = {"mrkdwn": False, "parse": "none", "link_names": False, "unfurl_links": False, "unfurl_media": False}
"""Sent with every message: nothing in it is markup, and no address is looked up."""

_MEANING: dict[str, type[ChatError]] = {
    "account_inactive": Unauthorised,  # the bot's own account
    "invalid_auth": Unauthorised,
    "not_allowed_token_type": Unauthorised,
    "not_authed": Unauthorised,
    "org_login_required": Unauthorised,
    "team_access_not_granted": Unauthorised,
    "token_expired": Unauthorised,
    "token_revoked": Unauthorised,
    "cannot_dm_bot": Unreachable,
    "channel_not_found": Unreachable,
    "is_archived": Unreachable,
    "messages_tab_disabled": Unreachable,
    "not_in_channel": Unreachable,
    "restricted_action": Unreachable,
    "user_disabled": Unreachable,
    "user_not_found": Unreachable,
    "user_not_visible": Unreachable,
    "cant_update_message": NotEditable,
    "edit_window_closed": NotEditable,
    "message_not_found": NotEditable,
    "request_timeout": Unavailable,  # Slack did not get the whole request
    "service_unavailable": Unavailable,
    "team_added_to_org": Unavailable,  # while a workspace moves to another organisation
    "fatal_error": Ambiguous,  # "some aspect of the operation may have succeeded", as with the next
    "internal_error": Ambiguous,
}
NOT_SHOWN = "invalid_blocks"
"""What Slack says, among others, of a picture that it does not have, or not yet."""
_TOO_FAST = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})

# Slack's libraries write whole requests into their logs, with what people typed.
quiet = logging.getLogger("peermentor.slack.library")
quiet.setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose token this is: a workspace, and the bot's user and bot id in it."""

    team: str
    user: str
    bot: str


class SlackChat:
    """Slack, as the outbox sees it."""

    platform = "slack"
    per_conversation = Limit(1.0)
    per_installation = Limit(0.2, burst=10)
    at_once = 1

    def __init__(self, settings: config.Slack, gallery: Gallery | None = None) -> None:
        self._pictures = Pictures(gallery, self._upload)
        # The usual retry handler sends a message again when only its answer was lost.
        self.client = AsyncWebClient(
            token=settings.bot_token, base_url=settings.api_url, retry_handlers=[], logger=quiet
        )
        self.is_local = config.is_loopback(settings.api_url)
        """Whether this is a stand-in, which no proxy is in front of."""
        if self.is_local:
            self.client.proxy = None
        self.refused = ""
        self._deaf = ""
        self._identity: Identity | None = None
        self._identity_until = 0.0
        self._asking = asyncio.Lock()

    async def open(self, accounts: Sequence[Account]) -> Conversation:
        """The direct message with one person, or a group message with two to eight."""
        if not 1 <= len(accounts) <= GROUP or len({account.tenant for account in accounts}) > 1:
            raise Refused(f"conversations.open: {len(accounts)} people, or of several workspaces")
        answer = await self._call(self.client.conversations_open, users=[account.user for account in accounts])
        kind = "dm" if len(accounts) == 1 else "group"
        return Conversation(self.platform, accounts[0].tenant, str(answer["channel"]["id"]), kind)

    async def send(self, to: Conversation, message: Message, key: str) -> str:
        """Post a message; its id is Slack's ``ts``. The key travels as message metadata."""

        async def post(shown: dict[str, Any]) -> str:
            answer = await self._call(
                self.client.chat_postMessage, channel=to.id, **shown, **PLAIN, metadata=_metadata(key)
            )
            return str(answer["ts"])

        return await self._said(to.tenant, message, post)

    async def edit(self, at: Conversation, message_id: str, message: Message, key: str) -> None:
        """Replace a message that the bot sent."""

        async def update(shown: dict[str, Any]) -> None:
            await self._call(
                self.client.chat_update,
                channel=at.id,
                ts=message_id,
                **shown,
                parse="none",
                link_names=False,
                metadata=_metadata(key),
            )

        await self._said(at.tenant, message, update)

    async def find(self, at: Conversation, key: str) -> str | None:
        """Look for a key among the latest messages of a direct message with the bot. The bot has no permission to read
        any other conversation, and is not to have one: people talk to each other there."""
        if at.kind != "dm":
            return None
        answer = await self._call(
            self.client.conversations_history, channel=at.id, include_all_metadata=True, limit=LOOK_BACK
        )
        for message in answer["messages"]:
            if message.get("metadata") == _metadata(key):
                return str(message["ts"])
        return None

    async def members(self, at: Conversation) -> frozenset[str]:
        """Everybody in a conversation but the bot."""
        people: set[str] = set()
        cursor = ""
        while True:
            answer = await self._call(
                self.client.conversations_members, channel=at.id, limit=200, cursor=cursor or None
            )
            people.update(answer["members"])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return frozenset(people - {(await self.identity()).user})

    async def email_of(self, account: Account, here: Conversation | None) -> str | None:  # noqa: ARG002 - Slack asks for the account alone
        """The address that somebody of this workspace has confirmed to Slack."""
        user = (await self._call(self.client.users_info, user=account.user))["user"]
        if user.get("team_id") != account.tenant or user.get("is_bot") or user.get("is_email_confirmed") is not True:
            return None
        return (user.get("profile") or {}).get("email") or None

    async def show_form(self, trigger: str, form: Form) -> None:
        """Open a form for the person who just did something; ``trigger`` lives for three seconds."""
        await self._call(self.client.views_open, trigger_id=trigger, view=_rendered(render.modal, form))

    async def show_in_front(self, trigger: str, message: Message) -> None:
        """Show words in front of the form that the person has open."""
        await self._call(self.client.views_push, trigger_id=trigger, view=_rendered(render.words, message))

    async def show_home(self, user: str, message: Message) -> None:
        """Publish a person's App Home."""
        await self._call(self.client.views_publish, user_id=user, view=_rendered(render.home, message))

    async def respond(self, response_url: str, message: Message, *, replace: bool) -> None:
        """Answer to a message that only one person sees: in its place, or with another such message. Where Slack does
        not take its pictures, the words must do."""
        try:
            await self._post("response_url", response_url, json=private(message) | {"replace_original": replace})
        except Refused:
            if not pictures_of(message):
                raise
            await self._pictures.not_shown(message)
            await self.respond(response_url, with_pictures(message, {}), replace=replace)
        else:
            self._pictures.shown(message)

    async def resolved(self, message: Message) -> Message:
        """A message for which somebody waits, with Slack's own ids of its pictures, as far as Slack has or takes them
        in time."""
        if not pictures_of(message):
            return message
        try:
            async with asyncio.timeout(SECONDS_FOR_PICTURES):
                return await self._pictures.resolved(message, (await self.identity()).team)
        except (ChatError, TimeoutError):
            return with_pictures(message, {})

    async def identity(self) -> Identity:
        """Whose token this is. Asks Slack once, and again after ten minutes; while Slack cannot be reached, what it
        said before holds."""
        if self._identity is not None and time.monotonic() < self._identity_until:
            return self._identity
        async with self._asking:
            if self._identity is None or time.monotonic() >= self._identity_until:
                try:
                    answer = await self._call(self.client.auth_test)
                except (Unavailable, Ambiguous, RateLimited):
                    if self._identity is None:
                        raise
                else:
                    self._identity = Identity(answer["team_id"], answer["user_id"], answer.get("bot_id") or "")
                    self._identity_until = time.monotonic() + IDENTITY_SECONDS
            return self._identity

    async def socket_address(self, app_token: str) -> str:
        """An address at which one connection for events can be opened, once and soon."""
        self._session()
        try:
            answer = await _with_clear_faults(
                "apps.connections.open", lambda: self.client.apps_connections_open(app_token=app_token)
            )
        except (Unauthorised, Refused) as error:
            code = str(error).rpartition(" ")[2]
            self._deaf = f"Slack does not accept SLACK_APP_TOKEN ({code}): see peermentor doctor"
            self.refused = self.refused or self._deaf
            raise
        if self.refused == self._deaf:
            self.refused = ""
        self._deaf = ""
        return str(answer["url"])

    def forget_identity(self) -> None:
        """Ask Slack again at the next event, because the app has been removed or the token is no longer accepted."""
        self._identity = None

    async def close(self) -> None:
        """Close the connections."""
        if self.client.session is not None:
            await self.client.session.close()
            self.client.session = None

    async def _said(self, tenant: str, message: Message, post: Callable[[dict[str, Any]], Awaitable[T]]) -> T:
        """Post a message with its pictures, or, where Slack will not show them, without."""
        message = await self._pictures.resolved(message, tenant)
        try:
            answer = await post(_rendered(render.message, message))
        except Refused as why:
            if not pictures_of(message) or NOT_SHOWN not in str(why):
                raise
            if await self._pictures.not_shown(message):
                raise Unavailable(f"{why}, with a picture") from None
            answer = await post(_rendered(render.message, with_pictures(message, {})))
        self._pictures.shown(message)
        return answer

    async def _upload(self, name: str, content: bytes) -> str:
        """Bring a file to Slack without sharing it. Who asks for it has sent nothing else yet, so that a lost answer is
        no more than a file that nobody sees."""
        try:
            place = await self._call(self.client.files_getUploadURLExternal, filename=name, length=len(content))
            await self._post("upload_url", str(place["upload_url"]), data=content)
            files: list[dict[str, str | None]] = [{"id": str(place["file_id"]), "title": name}]
            await self._call(self.client.files_completeUploadExternal, files=files)
        except Ambiguous as fault:
            raise Unavailable(str(fault)) from None
        return str(place["file_id"])

    async def _post(self, name: str, url: str, **content: Any) -> None:
        """Post to an address that Slack gave. Raises a ChatError that has the name."""

        async def post() -> None:
            async with self._session().post(url, proxy=self.client.proxy, **content) as response:
                if response.status == 429:  # noqa: PLR2004 - "too many requests"
                    raise RateLimited(f"{name}: ratelimited", _pause(response.headers), everywhere=True)
                if response.status >= 500:  # noqa: PLR2004 - where the server's own faults begin
                    raise Ambiguous(f"{name}: status {response.status}")
                if response.status >= 400:  # noqa: PLR2004 - where errors begin
                    raise Refused(f"{name}: status {response.status}")

        await _with_clear_faults(name, post)

    def _session(self) -> aiohttp.ClientSession:
        # Made at the first call, because a session needs a running loop.
        if self.client.session is None:
            self.client.session = aiohttp.ClientSession(timeout=TIMEOUT)
        return self.client.session

    async def _call(self, method: Callable[..., Awaitable[AsyncSlackResponse]], **arguments: Any) -> AsyncSlackResponse:
        self._session()
        name = method.__name__.replace("_", ".", 1)
        try:
            answer = await _with_clear_faults(name, lambda: method(**arguments))
        except Unauthorised as error:
            self.forget_identity()
            means = refusal(str(error).rpartition(" ")[2])
            self.refused = f"Slack does not accept the bot: {means.reason}; {means.to_do}"
            raise
        self.refused = self._deaf
        return answer


async def _with_clear_faults(name: str, call: Callable[[], Awaitable[T]]) -> T:
    """What the call returns. Every fault comes out as a ChatError that has the name and a code only: Slack's own
    errors have the answer in their text."""
    try:
        return await call()
    except SlackApiError as error:
        raise _meaning(name, error.response) from None
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise Unavailable(f"{name}: {type(error).__name__}") from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Ambiguous(f"{name}: {type(error).__name__}") from None
    except (AttributeError, ValueError):  # how slack_sdk stumbles over an answer that is no JSON object
        raise Ambiguous(f"{name}: an answer that is not Slack's") from None


def private(message: Message) -> dict[str, Any]:
    """A message that only the person sees whose action it answers."""
    return {"response_type": "ephemeral", **_rendered(render.message, message), **PLAIN}


def _rendered(renderer: Callable[[Said], dict[str, Any]], said: Said) -> dict[str, Any]:
    try:
        return renderer(said)
    except (TypeError, ValueError) as error:
        raise Refused(f"{renderer.__name__}: {error}") from error


def _meaning(name: str, response: AsyncSlackResponse | aiohttp.ClientResponse) -> ChatError:
    if isinstance(response, aiohttp.ClientResponse):  # an answer that says it is JSON and is not
        return Ambiguous(f"{name}: status {response.status} without an answer")
    answer = response.data if isinstance(response.data, dict) else {}
    code = str(answer.get("error", ""))
    if response.status_code == 429 or code in _TOO_FAST:  # noqa: PLR2004 - "too many requests"
        # Slack counts posts by channel, and everything else for the whole workspace.
        return RateLimited(f"{name}: ratelimited", _pause(response.headers), everywhere=name != "chat.postMessage")
    if code in _MEANING:
        return _MEANING[code](f"{name}: {code}")
    if response.status_code >= 500 or not code:  # noqa: PLR2004 - where the server's own faults begin
        return Ambiguous(f"{name}: status {response.status_code}")
    return Refused(f"{name}: {code}")


def _pause(headers: Mapping[str, str]) -> float:
    try:
        return float(headers.get("Retry-After", USUAL_PAUSE))
    except ValueError:
        return USUAL_PAUSE


def _metadata(key: str) -> dict[str, Any]:
    return {"event_type": METADATA, "event_payload": {"key": key}}
