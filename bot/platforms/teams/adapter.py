"""The way in from Teams: verify, normalise, dispatch, answer. The turn itself is the SDK's."""

import secrets
import traceback
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from aiohttp import web
from botbuilder.core import BotFrameworkAdapter, BotFrameworkAdapterSettings, TurnContext
from botbuilder.schema import Activity, ChannelAccount, ConversationAccount
from botframework.connector.auth import ClaimsIdentity

from bot.chat import Gallery
from bot.clock import Clock
from bot.config import Teams
from bot.flow import Done, FormErrors, InForm, Outcome, ShowForm, Update
from bot.platforms import Dispatch, Platform
from bot.platforms.teams import activity, render
from bot.platforms.teams.auth import CHANNEL, ChannelTokens, Claims, KeysUnavailable, NotAllowed, ThisMachineOnly
from bot.platforms.teams.chat import TeamsChat
from bot.texts import _

PATH = "/api/messages"
MAX_BODY = 256 * 1024
"""Bytes: more than any activity has."""

log = structlog.get_logger(__name__)


class _ForeignTenant(Exception):
    """The activity is from another tenant than the one that is served."""


class _TooLarge(Exception):
    """The body is larger than any activity."""


REFUSALS: dict[type[Exception], HTTPStatus] = {
    NotAllowed: HTTPStatus.UNAUTHORIZED,
    KeysUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    _ForeignTenant: HTTPStatus.UNAUTHORIZED,
    _TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    msgspec.MsgspecError: HTTPStatus.BAD_REQUEST,
    UnicodeDecodeError: HTTPStatus.BAD_REQUEST,
    RecursionError: HTTPStatus.BAD_REQUEST,
    web.RequestPayloadError: HTTPStatus.BAD_REQUEST,
}
"""What is answered to a request that is not taken."""


def build(settings: Teams, dispatch: Dispatch, clock: Clock, *, gallery: Gallery | None = None) -> Platform:
    """Teams for one app in one tenant: ``POST /api/messages`` and the way out. ``gallery``: the pictures that messages
    show."""
    chat = TeamsChat(settings, gallery)
    messages = _Messages(settings, dispatch, clock, chat)
    return Platform(chat, [web.post(PATH, messages.handle)])


class _Messages:
    def __init__(self, settings: Teams, dispatch: Dispatch, clock: Clock, chat: TeamsChat) -> None:
        self._tenant = settings.tenant_id
        self._gate = ThisMachineOnly() if settings.anonymous else ChannelTokens(settings)
        self._dispatch = dispatch
        self._clock = clock
        self._chat = chat
        self._turns = BotFrameworkAdapter(BotFrameworkAdapterSettings(settings.app_id, settings.app_password))

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request. Nothing of it is read before its token is verified."""
        try:
            claims = await self._gate.admit(request)
            incoming = msgspec.json.decode(await _body(request), type=activity.Activity)
            self._check_origin(claims, incoming)
            received = activity.received(incoming, self._tenant, self._clock())
        except tuple(REFUSALS) as fault:
            return _refused(next(status for kind, status in REFUSALS.items() if isinstance(fault, kind)), fault)
        self._chat.service_url = incoming.service_url
        if received is None:
            return _response(HTTPStatus.NOT_IMPLEMENTED if incoming.type == "invoke" else HTTPStatus.OK)
        try:
            return await self._turn(claims, incoming, received)
        except Exception as fault:  # noqa: BLE001 - whatever it was, Teams shall send it again
            log.error("teams.failed", error=type(fault).__name__, where=_last_frame(fault))
            return _response(HTTPStatus.SERVICE_UNAVAILABLE)

    def _check_origin(self, claims: Claims, incoming: activity.Activity) -> None:
        if incoming.channel_id != CHANNEL:
            raise NotAllowed("another channel than Teams")
        self._gate.check_service_url(claims, incoming.service_url)
        if incoming.tenants != {self._tenant.casefold()}:
            raise _ForeignTenant

    async def _turn(
        self,
        claims: Claims,
        incoming: activity.Activity,
        received: activity.Received,
    ) -> web.Response:
        body: render.Json | None = None

        async def logic(_context: TurnContext) -> None:
            nonlocal body
            outcome = await self._dispatch(received.event)
            if isinstance(outcome, InForm | Update):
                outcome = replace(outcome, message=await self._chat.resolved(outcome.message))
            if incoming.type == "invoke":
                # Handed past the SDK, which would copy every part of a card twice.
                body = _answer(incoming.name or "", outcome, received)

        identity = ClaimsIdentity(dict(claims), is_authenticated=True)
        await self._turns.process_activity_with_identity(_for_sdk(incoming), identity, logic)
        return _response(HTTPStatus.OK, body)


async def _body(request: web.Request) -> bytes:
    body = bytearray()
    async for part in request.content.iter_any():
        body += part
        if len(body) > MAX_BODY:
            raise _TooLarge
    return bytes(body)


def _for_sdk(incoming: activity.Activity) -> Any:
    """What the SDK's turn needs; the SDK's own parser fails on much that an activity may hold."""
    return Activity(
        type=incoming.type,
        id=incoming.id,
        name=incoming.name,
        channel_id=incoming.channel_id,
        service_url=incoming.service_url,
        conversation=ConversationAccount(id=incoming.conversation.id, tenant_id=incoming.conversation.tenant_id),
        from_property=ChannelAccount(id=incoming.sender.id),
        recipient=ChannelAccount(id=incoming.recipient.id),
    )


def _answer(invoke: str, outcome: Outcome, received: activity.Received) -> render.Json | None:
    if invoke == "adaptiveCard/action":
        return _card_answer(outcome)
    return _dialog_answer(outcome, received)


def _card_answer(outcome: Outcome) -> render.Json:
    if isinstance(outcome, Update):
        return {"statusCode": 200, "type": render.CARD, "value": render.card(outcome.message)}
    return {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": _said(outcome)}


def _dialog_answer(outcome: Outcome, received: activity.Received) -> render.Json | None:
    """A form that is shown, words instead of one, or None: the dialog closes and messages say the rest."""
    if isinstance(outcome, ShowForm):
        task = render.dialog(outcome.form, secrets.token_hex(8))
    elif isinstance(outcome, InForm):
        task = render.words(outcome.message)
    elif isinstance(outcome, FormErrors):
        task = render.dialog(outcome.form, received.dialog, received.event.values, outcome.errors)
    elif received.event.kind == "form":
        return None
    else:
        return {"task": {"type": "message", "value": _said(outcome)}}
    return {"task": {"type": "continue", "value": task}}


def _said(outcome: Outcome) -> str:
    """A line for a moment; the message itself is on its way."""
    match outcome:
        case Done():
            return _("Done.")
        case ShowForm(form):
            return form.title
        case FormErrors():
            return outcome.form.title
        case _:
            return render.one_line(outcome.message.summary)


def _refused(status: HTTPStatus, fault: Exception) -> web.Response:
    reason = str(fault) if isinstance(fault, NotAllowed) else type(fault).__name__
    log.warning("teams.refused", status=int(status), reason=reason)
    return _response(status)


def _last_frame(fault: Exception) -> str:
    frame = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{frame.name}:{frame.lineno}"


def _response(status: HTTPStatus, body: render.Json | None = None) -> web.Response:
    return web.Response(status=status) if body is None else web.json_response(body, status=status)
