"""What Slack sends, as events: each payload is read into the few fields that matter, and anything else about it is
left where it is. A payload without those fields raises ``msgspec.ValidationError``."""

import html
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from bot.flow import Event
from bot.platforms.slack import render
from bot.platforms.slack.chat import Identity
from bot.ui import Values
from storage.records import Account, Conversation

_LINK = re.compile(r"<(?:[^<>|]*\|)?([^<>|]*)>")


class ForeignWorkspace(Exception):
    """Sent from, or by somebody of, another workspace than the token's."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An event, and how it can be answered. ``trigger``: opens a form, for three seconds. ``response_url``: where an
    answer goes that only this person sees, when the button was on a message that only this person sees."""

    event: Event
    trigger: str = ""
    response_url: str = ""


class _Channel(msgspec.Struct):
    id: str
    name: str = ""


class _User(msgspec.Struct):
    id: str
    team_id: str = ""


class _Option(msgspec.Struct):
    value: str


class _State(msgspec.Struct):
    """A field as it was filled in; which of these is there depends on its kind."""

    type: str
    value: str | None = None
    selected_date: str | None = None
    selected_time: str | None = None
    selected_option: _Option | None = None
    selected_options: list[_Option] = []


class _States(msgspec.Struct):
    values: dict[str, dict[str, _State]]


class _View(msgspec.Struct):
    id: str
    type: str
    callback_id: str = ""
    private_metadata: str = ""
    hash: str = ""
    state: _States | None = None


class _Metadata(msgspec.Struct):
    subject: str
    version: int


class _Container(msgspec.Struct):
    type: str
    message_ts: str = ""
    is_ephemeral: bool = False


class _Action(msgspec.Struct):
    action_id: str
    action_ts: str
    value: str = ":0"


class _Tap(msgspec.Struct):
    user: _User
    trigger_id: str
    container: _Container
    actions: list[_Action]
    channel: _Channel | None = None
    view: _View | None = None
    response_url: str = ""


class _Submission(msgspec.Struct):
    user: _User
    trigger_id: str
    view: _View


class _SlashCommand(msgspec.Struct):
    command: str
    user_id: str
    channel_id: str
    trigger_id: str
    team_id: str = ""
    text: str = ""
    channel_name: str = ""


class _Inner(msgspec.Struct):
    type: str
    user: str | None = None
    text: str | None = None
    channel: str | None = None
    channel_type: str | None = None
    tab: str | None = None
    subtype: str | None = None
    bot_id: str | None = None
    team: str | None = None
    user_team: str | None = None


def command(body: dict[str, Any], bot: Identity, now: datetime) -> Heard:
    """A slash command. It can be typed in a direct message between two other people too, where the bot is not; no
    direct message is given as the place, because nothing tells those from the bot's own."""
    sent = msgspec.convert(body, _SlashCommand)
    here = _conversation(bot, sent.channel_id, sent.channel_name)
    event = Event(
        kind="command",
        account=_account(bot, sent.user_id, sent.team_id),
        at=now,
        name=sent.command.removeprefix("/"),
        text=_said(sent.text),
        here=here if here.kind != "dm" else None,
        key=sent.trigger_id,
        can_open_form=True,
        answers_privately=True,
    )
    return Heard(event, trigger=sent.trigger_id)


def tap(body: dict[str, Any], bot: Identity, now: datetime) -> Heard:
    """A tap on a button: of a message, of a message that only this person sees, or of the App Home."""
    sent = msgspec.convert(body, _Tap)
    if not sent.actions:
        raise msgspec.ValidationError("a tap without an action")
    action = sent.actions[0]
    subject, colon, version = action.value.rpartition(":")
    if not colon or not version.isdecimal():
        raise msgspec.ValidationError("a button's value is not subject:version")
    private = sent.container.is_ephemeral
    event = Event(
        kind="button",
        account=_account(bot, sent.user.id, sent.user.team_id),
        at=now,
        name=render.action_of(action.action_id),
        subject=subject,
        version=int(version),
        here=_conversation(bot, sent.channel.id, sent.channel.name) if sent.channel else None,
        message_id="" if private else sent.container.message_ts,
        key=f"{action.action_ts}:{sent.user.id}",
        can_open_form=True,
        answers_privately=private and bool(sent.response_url),
        on_home=sent.view is not None and sent.view.type == "home",
        in_form=sent.view is not None and sent.view.type == "modal",
    )
    return Heard(event, trigger=sent.trigger_id, response_url=sent.response_url if private else "")


def submission(body: dict[str, Any], bot: Identity, now: datetime) -> Heard:
    """A form that was sent."""
    sent = msgspec.convert(body, _Submission)
    about = msgspec.json.decode(sent.view.private_metadata, type=_Metadata)
    states = sent.view.state.values if sent.view.state else {}
    event = Event(
        kind="form",
        account=_account(bot, sent.user.id, sent.user.team_id),
        at=now,
        name=sent.view.callback_id,
        subject=about.subject,
        version=about.version,
        values=_values(states),
        key=f"{sent.view.id}:{sent.view.hash}",
        can_open_form=True,
    )
    return Heard(event, trigger=sent.trigger_id)


def callback(body: dict[str, Any], bot: Identity, now: datetime) -> Heard | None:
    """An event of the Events API; None where it is nothing that the bot answers to."""
    if body["event"]["type"] not in {"message", "app_mention", "app_home_opened"}:
        return None
    event_id = msgspec.convert(body.get("event_id"), str)
    sent = msgspec.convert(body["event"], _Inner)
    personal = sent.type == "message" and sent.channel_type == "im"
    if sent.type == "app_home_opened" and sent.tab == "home":
        kind = "home"
    elif (personal or sent.type == "app_mention") and not sent.subtype and not sent.bot_id:
        kind = "text"
    else:
        return None
    if not sent.user or not sent.channel:
        raise msgspec.ValidationError(f"{sent.type} without a user or a channel")
    event = Event(
        kind=kind,
        account=_account(bot, sent.user, sent.user_team or sent.team or ""),
        at=now,
        text=_said((sent.text or "").replace(f"<@{bot.user}>", " ")),
        here=_conversation(bot, sent.channel),
        key=event_id,
    )
    return Heard(event)


def _account(bot: Identity, user: str, team: str) -> Account:
    # In a channel that is shared with another workspace, its people can tap and type too.
    if team and team != bot.team:
        raise ForeignWorkspace
    return Account("slack", bot.team, user)


def _conversation(bot: Identity, channel: str, name: str = "") -> Conversation:
    """``name``: as Slack gives it with commands and taps, where every private channel is called ``privategroup``."""
    if channel.startswith("D"):
        kind = "dm"
    elif name.startswith("mpdm-"):
        kind = "group"
    else:
        kind = "channel" if name == "privategroup" else "public"
    return Conversation("slack", bot.team, channel, kind)


def _said(text: str) -> str:
    """What somebody typed: Slack escapes it, and marks addresses that it has found as links."""
    return html.unescape(_LINK.sub(r"\1", text)).strip()


def _values(states: dict[str, dict[str, _State]]) -> Values:
    values: Values = {}
    for name, fields in states.items():
        state = fields.get(render.INPUT)
        if state is None:
            raise msgspec.ValidationError(f"the field {name!r} is not of a form of ours")
        match state.type:
            case "radio_buttons" | "static_select":
                values[name] = state.selected_option.value if state.selected_option else ""
            case "checkboxes" | "multi_static_select":
                values[name] = tuple(option.value for option in state.selected_options)
            case "datepicker":
                values[name] = state.selected_date or ""
            case "timepicker":
                values[name] = state.selected_time or ""
            case "number_input" | "plain_text_input":
                values[name] = state.value or ""
            case other:
                raise msgspec.ValidationError(f"a field of the kind {other!r}")
    return values
