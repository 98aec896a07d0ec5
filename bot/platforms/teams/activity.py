"""What Teams sends, and the event that it means."""

import hashlib
import html
import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from bot.flow import Event
from bot.platforms.teams.render import MANY, ONE
from bot.ui import Values
from storage.records import Account, Conversation

KINDS = {"personal": "dm", "groupChat": "group", "channel": "channel"}


class _Part(msgspec.Struct, frozen=True, rename="camel"):
    """A part of an activity; what is not listed is ignored."""


class Who(_Part, frozen=True):
    """A person or a bot. ``aad_object_id``: the id in Microsoft Entra, which only people have."""

    id: str
    aad_object_id: str | None = None


class Tenant(_Part, frozen=True):
    """The organisation in which it happened."""

    id: str | None = None


class ChannelData(_Part, frozen=True):
    """What Teams adds to the Bot Framework's own."""

    tenant: Tenant | None = None


class Where(_Part, frozen=True):
    """A conversation. ``conversation_type``: a key of KINDS."""

    id: str
    conversation_type: str | None = None
    tenant_id: str | None = None


class Entity(_Part, frozen=True):
    """A mention, if ``type`` says so; ``text``: the words in the message that mention."""

    type: str | None = None
    text: str | None = None
    mentioned: Who | None = None


class Activity(_Part, frozen=True):
    """An activity, as far as the bot reads it. Decoding raises ``msgspec.ValidationError`` for what is malformed."""

    type: str
    channel_id: str
    service_url: str
    conversation: Where
    recipient: Who
    sender: Who = msgspec.field(name="from")
    id: str | None = None
    name: str | None = None
    text: str | None = None
    value: Any = None
    action: str | None = None
    reply_to_id: str | None = None
    channel_data: ChannelData | None = None
    entities: list[Entity] | None = None
    members_added: list[Who] | None = None

    @property
    def tenants(self) -> set[str]:
        """Every tenant that the activity says it is from, in lower case."""
        tenant = self.channel_data.tenant if self.channel_data else None
        named = [self.conversation.tenant_id, tenant.id if tenant else None]
        return {found.casefold() for found in named if found}


class _Tap(msgspec.Struct, frozen=True):
    """What a button carries."""

    action: str
    subject: str = ""
    version: int = 0


class _Execute(msgspec.Struct, frozen=True):
    class Action(msgspec.Struct, frozen=True):
        data: _Tap

    action: Action


class _Fetch(msgspec.Struct, frozen=True):
    data: _Tap


class _Form(msgspec.Struct, frozen=True):
    """What a form carries beside its fields."""

    form: str
    subject: str = ""
    version: int = 0
    dialog: str = ""


class _Submit(msgspec.Struct, frozen=True):
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Received:
    """An event, and the dialog from which it came (empty where it came from none)."""

    event: Event
    dialog: str = ""


def received(activity: Activity, tenant: str, at: datetime) -> Received | None:
    """What an activity means; None for what the bot has no business with.

    Raises ``msgspec.ValidationError`` for a button or a form that is not one of ours.
    """
    sender = activity.sender.aad_object_id or activity.sender.id
    bare = Event("", Account("teams", tenant, sender), at, here=_here(activity, tenant))
    match activity.type:
        case "message":
            return Received(_message(activity, bare))
        case "invoke":
            return _invoked(activity, bare)
        case "installationUpdate" | "conversationUpdate" if bare.here and bare.here.kind == "dm":
            kind = _installation(activity)
            # Teams tells of one installation twice, as an update of the conversation and of the installation.
            key = _key(kind, activity.conversation.id)
            return Received(replace(bare, kind=kind, key=key)) if kind else None
        case _:
            return None


def _message(activity: Activity, bare: Event) -> Event:
    if isinstance(activity.value, dict):
        # The answer to a tap that comes as a message cannot change the card, so there is no message_id.
        return _tapped(bare, msgspec.convert(activity.value, _Tap))
    text = _typed(activity)
    return replace(bare, kind="text", text=text, key=_key("text", activity.conversation.id, activity.id, text))


def _invoked(activity: Activity, bare: Event) -> Received | None:
    match activity.name:
        case "adaptiveCard/action":
            tap = msgspec.convert(activity.value, _Execute).action.data
            return Received(replace(_tapped(bare, tap), message_id=activity.reply_to_id or ""))
        case "task/fetch":
            # A form may be opened as often as one likes, and opening it changes nothing.
            opened = _tapped(bare, msgspec.convert(activity.value, _Fetch).data)
            key = _key("open", activity.conversation.id, activity.id)
            return Received(replace(opened, can_open_form=True, key=key))
        case "task/submit":
            data = msgspec.convert(activity.value, _Submit).data
            if "form" in data:
                return _submitted(bare, data)
            tapped = _tapped(bare, msgspec.convert(data, _Tap))
            return Received(replace(tapped, can_open_form=True, in_form=True))
        case _:
            return None


def _here(activity: Activity, tenant: str) -> Conversation:
    return Conversation(
        platform="teams",
        tenant=tenant,
        id=activity.conversation.id.partition(";")[0],  # a thread of a channel: the channel is meant
        kind=KINDS.get(activity.conversation.conversation_type or "personal", "group"),
        service_url=activity.service_url,
    )


def _tapped(bare: Event, tap: _Tap) -> Event:
    key = _key("tap", bare.account.user, tap.action, tap.subject, tap.version)
    return replace(bare, kind="button", name=tap.action, subject=tap.subject, version=tap.version, key=key)


def _submitted(bare: Event, data: dict[str, Any]) -> Received:
    sent = msgspec.convert(data, _Form)
    values: Values = {}
    for field, value in data.items():
        text = _clean(str(value)) if value is not None else ""
        if field.startswith(ONE):
            values[field.removeprefix(ONE)] = text
        elif field.startswith(MANY):
            values[field.removeprefix(MANY)] = tuple(part for part in text.split(",") if part)
    # Sent again by Teams, the dialog and its values are the same; sent again by the person, one of them differs.
    key = _key("form", bare.account.user, sent.form, sent.subject, sent.version, sent.dialog, values)
    event = replace(
        bare,
        kind="form",
        name=sent.form,
        subject=sent.subject,
        version=sent.version,
        values=values,
        key=key,
        can_open_form=True,
    )
    return Received(event, sent.dialog)


def _installation(activity: Activity) -> str:
    if activity.type == "conversationUpdate":
        added = activity.members_added or []
        return "installed" if any(member.id == activity.recipient.id for member in added) else ""
    return {"add": "installed", "remove": "removed"}.get(activity.action or "", "")


def _typed(activity: Activity) -> str:
    text = activity.text or ""
    for entity in activity.entities or []:
        if entity.type == "mention" and entity.mentioned and entity.mentioned.id == activity.recipient.id:
            text = text.replace(entity.text or "", "")
    return _clean(html.unescape(text)).replace("\xa0", " ").strip()


def _clean(text: str) -> str:
    """PostgreSQL stores no text with a NUL in it."""
    return text.replace("\0", "")


def _key(*parts: object) -> str:
    """A key in which nothing that a person typed can be read."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
