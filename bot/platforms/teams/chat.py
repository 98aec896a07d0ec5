"""The way out to Teams: the SDK's connector client, and what its errors mean."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from botbuilder.schema import Activity, Attachment, ChannelAccount, ConversationParameters
from botframework.connector import AsyncBfPipeline, BotFrameworkConnectorConfiguration
from botframework.connector.aio import ConnectorClient
from msrest.exceptions import ClientRequestError
from msrest.universal_http.async_requests import AsyncRequestsClientResponse, AsyncRequestsHTTPSender
from requests.adapters import HTTPAdapter

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
from bot.config import Teams
from bot.platforms.teams import render
from bot.platforms.teams.auth import Credentials, NoCredentials
from bot.platforms.teams.refusals import code_in, refusal
from bot.ui import Message, pictures_of, with_pictures
from storage.records import Account, Conversation

SERVICE_URL = "https://smba.trafficmanager.net/teams/"
"""Microsoft's connector for the whole world, until an activity names a nearer one."""
LOCAL_CLIENT = "http://localhost:56150/_connector"
"""That of the Agents Playground at its usual port."""
THREADS = 32
TIMEOUT = (5, 20)
"""Seconds to connect, and to wait for an answer."""
PAGE = 500
THROTTLED_FOR = 2.0
"""Seconds to wait where Teams says that it is too fast and not for how long."""

CREATE, SEND, UPDATE, MEMBERS, MEMBER = "create conversation", "send", "update", "members", "member"


class TeamsChat:
    """Teams as a Chat: one app in one tenant."""

    platform = "teams"
    per_conversation = Limit(2.0)
    per_installation = Limit(0.04, burst=10)
    at_once = 20  # one after the other, Teams could never be as fast as it may be

    def __init__(self, settings: Teams, gallery: Gallery | None = None) -> None:
        self._gallery = gallery
        self._tenant = settings.tenant_id
        # Teams calls a bot 28: and its app id, the local client by the id alone.
        self._bot = ChannelAccount(id=settings.app_id if settings.anonymous else f"28:{settings.app_id}")
        self._credentials = NoCredentials() if settings.anonymous else Credentials(settings)
        self.refused = ""
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="teams")
        self._clients: dict[str, Any] = {}
        self.service_url = SERVICE_URL
        """Where conversations are opened: the address that Teams named last."""
        if settings.anonymous:
            self.service_url = LOCAL_CLIENT
        if settings.token_url:
            parts = urlsplit(settings.token_url)
            self.service_url = f"{parts.scheme}://{parts.netloc}/teams/"

    async def open(self, accounts: Sequence[Account]) -> Conversation:
        """The chat with one person; Teams lets no bot start one with several, which raises Refused."""
        if len(accounts) != 1:
            raise Refused(f"{CREATE}: a bot cannot start a group chat in Teams")
        parameters = ConversationParameters(
            is_group=False,
            bot=self._bot,
            members=[ChannelAccount(id=accounts[0].user)],
            tenant_id=self._tenant,
            channel_data={"tenant": {"id": self._tenant}},
        )
        service_url = self.service_url
        made = await self._call(CREATE, service_url, lambda to: to.create_conversation(parameters))
        return Conversation("teams", self._tenant, _id_of(CREATE, made), "dm", service_url)

    async def send(self, to: Conversation, message: Message, key: str) -> str:
        """Post a message and return its id. ``key`` travels in ``channelData``."""
        activity = self._activity(await self.resolved(message), key)
        sent = await self._call(
            SEND, to.service_url, lambda conversations: conversations.send_to_conversation(to.id, activity)
        )
        return _id_of(SEND, sent)

    async def edit(self, at: Conversation, message_id: str, message: Message, key: str) -> None:
        """Replace a message that was sent before."""
        activity = self._activity(await self.resolved(message), key)
        activity.id = message_id
        await self._call(
            UPDATE,
            at.service_url,
            lambda conversations: conversations.update_activity(at.id, message_id, activity),
        )

    async def find(self, at: Conversation, key: str) -> str | None:  # noqa: ARG002 - Teams has nothing to ask
        """None: a bot cannot read in Teams what it has sent."""
        return None

    async def members(self, at: Conversation) -> frozenset[str]:
        """The Entra object ids of all people in a conversation now."""
        found: set[str] = set()
        more: str | None = None
        while True:
            ask = partial(_members_page, at.id, more)
            page = await self._call(MEMBERS, at.service_url, ask)
            found |= {member.aad_object_id for member in page.members or [] if member.aad_object_id}
            more = page.continuation_token
            if not more:
                return frozenset(found)

    async def email_of(self, account: Account, here: Conversation | None) -> str | None:
        """The address that the tenant's directory has for somebody, who is in the conversation."""
        if here is None:
            return None
        member = await self._call(
            MEMBER, here.service_url, lambda conversations: conversations.get_conversation_member(here.id, account.user)
        )
        said = member.additional_properties  # what Teams says beyond the fields that the SDK knows
        if said.get("tenantId", "").casefold() != self._tenant.casefold():
            return None
        return said.get("email") or None

    async def resolved(self, message: Message) -> Message:
        """The message with addresses in place of the names of pictures; a picture that has none is left out."""
        if self._gallery is None:
            return with_pictures(message, {})
        names = {picture.file for picture in pictures_of(message)}
        return with_pictures(message, {name: await self._gallery.address(name) for name in names})

    async def close(self) -> None:
        """Let go of connections and threads."""
        for client in self._clients.values():
            client.config.driver.close()
        self._clients.clear()
        self._threads.shutdown(wait=False)

    def _activity(self, message: Message, key: str) -> Any:
        try:
            card = render.card(message)
        except (TypeError, ValueError) as fault:
            raise Refused(f"render: {fault}") from fault
        return Activity(
            type="message",
            from_property=self._bot,
            summary=render.one_line(message.summary),
            attachments=[Attachment(content_type=render.CARD, content=card)],
            channel_data={"peermentor": {"key": key}},
        )

    async def _call(self, method: str, service_url: str, call: Callable[[Any], Awaitable[Any]]) -> Any:
        try:
            answer = await self._asked(method, service_url, call)
        except Unauthorised as error:
            means = refusal(code_in(str(error)))
            self.refused = f"Teams does not accept the bot: {means.reason}; {means.to_do}"
            raise
        self.refused = ""
        return answer

    async def _asked(self, method: str, service_url: str, call: Callable[[Any], Awaitable[Any]]) -> Any:
        await self._credentials.renew()
        try:
            return await call(self._client(service_url or self.service_url).conversations)
        except _Refusal as said:
            if said.status == HTTPStatus.UNAUTHORIZED:
                self._credentials.forget()
            raise _refused(method, said) from None
        except ClientRequestError as fault:
            raise _failed(method, fault.inner_exception) from None
        except ValueError as fault:  # what the SDK raises for an answer that it cannot read
            raise Ambiguous(f"{method}: {type(fault).__name__}") from None

    def _client(self, service_url: str) -> Any:
        if service_url not in self._clients:
            sender = _Sender(self._threads)
            config = BotFrameworkConnectorConfiguration(
                self._credentials, service_url, pipeline_type=AsyncBfPipeline, driver=sender
            )
            config.connection.timeout = TIMEOUT
            config.redirect_policy.allow = False
            sender.config = config
            self._clients[service_url] = ConnectorClient(self._credentials, custom_configuration=config)
        return self._clients[service_url]


class _Refusal(Exception):
    """The connector answered, and not with success."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__(answer.status_code)
        self.status = answer.status_code
        self.retry_after = answer.headers.get("Retry-After", "")
        self.code = ""
        with contextlib.suppress(ValueError, LookupError, TypeError):
            self.code = re.sub(r"\W", "", str(answer.json()["error"]["code"]))[:60]


class _Sender(AsyncRequestsHTTPSender):
    """The SDK's sender with threads of its own, without its retries, which sleep in the thread, and with an eye on the
    status: the SDK forgets it where it cannot read the body, such as a proxy's."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        super().__init__()

    def _init_session(self, session: requests.Session) -> None:
        for scheme in ("https://", "http://"):
            session.mount(scheme, HTTPAdapter(pool_maxsize=THREADS))

    async def send(  # type: ignore[override]  # msrest's own asynchronous senders do the same
        self, request: Any, **options: Any
    ) -> AsyncRequestsClientResponse:
        """Called by the SDK for each request."""
        arguments = self._configure_send(request, **options)
        session = arguments.pop("session", self.session)
        call = partial(session.request, request.method, request.url, **arguments)
        answer = await asyncio.get_running_loop().run_in_executor(self._threads, call)
        if answer.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            raise _Refusal(answer)
        return AsyncRequestsClientResponse(request, answer)  # type: ignore[no-untyped-call]  # msrest


def _members_page(conversation: str, more: str | None, conversations: Any) -> Any:
    return conversations.get_conversation_paged_members(conversation, PAGE, more)


def _id_of(method: str, made: Any) -> str:
    if made is None or not made.id:
        raise Ambiguous(f"{method}: an answer without an id")
    return str(made.id)


def _refused(method: str, said: _Refusal) -> ChatError:
    """What an answer other than success means, as Microsoft documents it."""
    reason = f"{method}: {said.status} {said.code}".rstrip()
    error: ChatError
    match said.status:
        case 401:
            error = Unauthorised(reason)
        case 403:
            error = Unauthorised(reason) if said.code == "BotDisabledByAdmin" else Unreachable(reason)
        case 404:
            error = NotEditable(reason) if method == UPDATE else Unreachable(reason)
        case 412 | 429:  # 412: several requests at once for one conversation, nothing was done
            seconds = float(said.retry_after) if said.retry_after.isdecimal() else THROTTLED_FOR
            error = RateLimited(reason, seconds, everywhere=method == CREATE)
        case 408 | 500 | 502 | 503 | 504:
            error = Ambiguous(reason) if method in {SEND, UPDATE} else Unavailable(reason)
        case _:
            error = Refused(reason)
    return error


def _failed(method: str, fault: Exception | None) -> ChatError:
    """A request without an answer: was it sent?"""
    reason = f"{method}: {type(fault).__name__}"
    never_sent = isinstance(
        fault, requests.ConnectTimeout | requests.exceptions.SSLError | requests.exceptions.ProxyError
    )
    if isinstance(fault, requests.ConnectionError) and fault.args:
        cause = getattr(fault.args[0], "reason", None)
        never_sent = never_sent or isinstance(cause, urllib3.exceptions.NewConnectionError)
    return Unavailable(reason) if never_sent else Ambiguous(reason)
