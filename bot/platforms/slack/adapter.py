"""The way in from Slack: verify, normalise, dispatch, answer.

Slack's three kinds of request (events, commands, interactions) come to one address, or through a socket. Bolt sorts
them into four listeners; which flow an event belongs to is for dispatch to say. The acknowledgement goes out once
dispatch has committed, so an event that is lost in a crash comes again.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.request import SocketModeRequest

from bot import config
from bot.chat import ChatError, Gallery
from bot.clock import Clock
from bot.flow import Event, FormErrors, InForm, Outcome, Private, ShowForm, ShowHome, Update
from bot.platforms import Dispatch, Platform
from bot.platforms.slack import events, render
from bot.platforms.slack.chat import SlackChat, private, quiet
from bot.platforms.slack.events import ForeignWorkspace, Heard
from bot.platforms.slack.socket import SocketMode
from bot.texts import _
from bot.ui import Message, Text

PATH = "/slack/events"
LARGEST = 512 * 1024
"""Bytes of a request. Slack's own stay far below."""

ANY = re.compile("")
OURS = ("event_callback", "block_actions", "view_submission")
"""What is always heard, unless it has not the shape of its kind."""
TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
NOT_AGAIN: dict[str, str | Sequence[str]] = {"X-Slack-No-Retry": "1"}

log = structlog.get_logger(__name__)


class _Failed(Exception):
    """Dispatch or the answer has failed: Slack is asked to send the event again."""


def build(
    settings: config.Slack,
    dispatch: Dispatch,
    clock: Clock,
    *,
    gallery: Gallery | None = None,
    wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> Platform:
    """Slack, ready to be served and to be sent to: it comes over HTTP where there is a signing secret, and through
    sockets where there is an app token. ``gallery``: the pictures that messages show. ``wait``: passes wire time
    between tries to open a socket, in seconds."""
    chat = SlackChat(settings, gallery)
    adapter = _Adapter(chat, settings.signing_secret, dispatch, clock)
    routes = [web.post(PATH, adapter.receive), web.get(PATH, _certificate_check)] if settings.signing_secret else []
    if not settings.app_token:
        return Platform(chat=chat, routes=routes)
    sockets = SocketMode(chat, settings.app_token, adapter.take, wait=wait)
    return Platform(chat, routes, listening=sockets.listening)


async def _certificate_check(_request: web.Request) -> web.Response:
    """Slack now and then fetches the address without a signature, to look at its certificate."""
    return web.Response()


class _Adapter:
    def __init__(self, chat: SlackChat, signing_secret: str, dispatch: Dispatch, clock: Clock) -> None:
        self._chat = chat
        self._dispatch = dispatch
        self._clock = clock
        # Without a secret no request is let in.
        self._verifier = SignatureVerifier(signing_secret) if signing_secret else None
        self._app = AsyncApp(
            name="peermentor",
            client=chat.client,
            signing_secret=signing_secret,
            # Bolt would hand a bound method an argument called self.
            authorize=lambda team_id: self._authorise(team_id),  # noqa: PLW0108
            process_before_response=True,
            request_verification_enabled=False,  # it is verified before it is parsed, in ``receive``
            attaching_function_token_enabled=False,
            raise_error_for_unhandled_request=True,
            logger=quiet,
        )
        # Bolt asks one after another whether it is theirs, so the commonest come first.
        self._app.action({"type": "block_actions", "action_id": ANY})(self._on_tap)
        self._app.event(ANY)(self._on_event)
        self._app.command(ANY)(self._on_command)
        self._app.view(ANY)(self._on_submission)
        self._app.error(self._on_error)

    async def receive(self, request: web.Request) -> web.Response:
        """One request of Slack's. 401: not signed by Slack, or too old; 400: not understood; 403: of another
        workspace; 413: too large; 503: Slack is to send it again."""
        body = await request.read()
        if len(body) > LARGEST:
            return web.Response(status=413)
        if not self._signed(request, body):
            return web.Response(status=401)
        headers: dict[str, str | Sequence[str]] = dict(request.headers)
        return await to_aiohttp_response(
            await self._sort(lambda: AsyncBoltRequest(body=body.decode(), headers=headers))
        )

    async def take(self, envelope: SocketModeRequest) -> BoltResponse:
        """One envelope; the answer that the same request would get over HTTP."""
        return await self._sort(
            lambda: AsyncBoltRequest(mode="socket_mode", body=envelope.payload, headers=build_headers(envelope))
        )

    async def _sort(self, read: Callable[[], AsyncBoltRequest]) -> BoltResponse:
        try:
            return await self._app.async_dispatch(read())
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
            # Bolt has no answer of its own to a body of an unexpected shape.
            log.warning("slack.malformed", error=type(error).__name__)
            return BoltResponse(status=400)

    def _signed(self, request: web.Request, body: bytes) -> bool:
        # Bolt would verify only after it has parsed the body, and it fails on what is no number.
        timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if self._verifier is None or not TIMESTAMP.fullmatch(timestamp) or not signature.isascii():
            return False
        try:
            return self._verifier.is_valid(body, timestamp, signature)
        except UnicodeDecodeError:
            return False

    async def _authorise(self, team_id: str | None) -> AuthorizeResult:
        bot = await self._chat.identity()
        if team_id is None:
            raise ValueError("a request without a workspace")
        if team_id != bot.team:
            raise ForeignWorkspace
        return AuthorizeResult(
            enterprise_id=None,
            team_id=bot.team,
            bot_user_id=bot.user,
            bot_id=bot.bot,
            bot_token=self._chat.client.token,
        )

    async def _on_command(self, body: dict[str, Any]) -> BoltResponse:
        return await self._handle(events.command(body, await self._chat.identity(), self._clock()))

    async def _on_tap(self, body: dict[str, Any]) -> BoltResponse:
        return await self._handle(events.tap(body, await self._chat.identity(), self._clock()))

    async def _on_submission(self, body: dict[str, Any]) -> BoltResponse:
        return await self._handle(events.submission(body, await self._chat.identity(), self._clock()))

    async def _on_event(self, body: dict[str, Any]) -> BoltResponse:
        if body["event"]["type"] in {"app_uninstalled", "tokens_revoked"}:
            self._chat.forget_identity()
            log.error("slack.removed", how=body["event"]["type"])
            return BoltResponse(status=200)
        heard = events.callback(body, await self._chat.identity(), self._clock())
        return await self._handle(heard) if heard else BoltResponse(status=200)

    async def _handle(self, heard: Heard) -> BoltResponse:
        try:
            return BoltResponse(status=200, body=await self._answer(heard, await self._dispatch(heard.event)))
        except Exception as fault:
            raise _Failed from fault

    async def _answer(self, heard: Heard, outcome: Outcome) -> dict[str, Any] | str:
        """The body of the acknowledgement, once everything that must come before it has been done. Replies in a
        conversation, and whatever has no place in an answer, dispatch has put into the outbox."""
        event = heard.event
        try:
            if isinstance(outcome, InForm | Private | ShowHome | Update):
                outcome = replace(outcome, message=await self._chat.resolved(outcome.message))
            body = _in_the_answer(event, outcome)
            if body is not None:
                return body
            match outcome:
                case InForm(message=message):
                    await self._chat.show_in_front(heard.trigger, message)
                case ShowForm(form=form) if heard.trigger:
                    await self._chat.show_form(heard.trigger, form)
                case Private(message=message) | Update(message=message) if heard.response_url:
                    in_its_place = isinstance(outcome, Update)
                    await self._chat.respond(heard.response_url, message, replace=in_its_place)
                case ShowHome(message=message):
                    await self._chat.show_home(event.account.user, message)
                case _ if event.on_home:
                    # What was tapped there has changed something: the page is shown as it is now.
                    opened = Event(kind="home", account=event.account, at=event.at)
                    await self._answer(Heard(opened), await self._dispatch(opened))
        except ChatError as error:
            log.warning("slack.not_shown", outcome=type(outcome).__name__, error=str(error))
            return private(_not_shown()) if event.kind == "command" else ""
        return ""

    async def _on_error(self, error: Exception, body: dict[str, Any]) -> BoltResponse:
        match error:
            case ForeignWorkspace():
                log.warning("slack.foreign_workspace")
                return BoltResponse(status=403, headers=NOT_AGAIN)
            case _Failed():
                log.error("slack.not_handled", error=type(error.__cause__).__name__)
                return BoltResponse(status=503)
            case ChatError():
                log.error("slack.no_identity", error=str(error))
                return BoltResponse(status=503)
            case BoltUnhandledRequestError() if "type" in body and body["type"] not in OURS:
                return BoltResponse(status=200)
        log.warning("slack.malformed", error=type(error).__name__)
        return BoltResponse(status=400)


def _in_the_answer(event: Event, outcome: Outcome) -> dict[str, Any] | None:
    """The body of the acknowledgement, for outcomes that it can carry."""
    match outcome:
        case ShowForm(form=form) if event.kind == "form":
            return {"response_action": "update", "view": render.modal(form)}
        case InForm(message=message) if event.kind == "form":
            return {"response_action": "update", "view": render.words(message)}
        case FormErrors(errors=errors, form=form) if event.kind == "form":
            return {"response_action": "errors", "errors": render.form_errors(errors, form)}
        case Private(message=message) | Update(message=message) if event.kind == "command":
            return private(message)
        case _:
            return None


def _not_shown() -> Message:
    said = _("This could not be opened in time. Please try again.")
    return Message(said, (Text(said),), _("Only you can see this."))
