"""A Slack workspace in memory, and Slack's Web API on it: what the bot may do there, and the codes it gets otherwise.

Nothing here knows of HTTP: ``slack.py`` serves it.
"""

import json
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from bot.clock import Clock
from bot.playground import slack_blocks
from bot.playground.client import Member, Post, Shown, ShownForm
from bot.playground.slack_blocks import Block, HomeView, InvalidBlocks, Json, ModalView
from bot.ui import Values
from storage.records import Account

TRIGGER_SECONDS = 3.0
RESPONSE_URL_SECONDS = 1800.0
RESPONSE_URL_USES = 5
TEXT = 40_000
"""Characters."""
EDITED_TEXT = 4_000
"""Bytes: what ``chat.update`` takes as text, escapes counted."""
PNG = b"\x89PNG\r\n\x1a\n"
GROUP = 8
PAGE = 100
APP = "A0PEERMENTOR"
BOT_ID = "B0PEERBOT"
BOT_USER = "U0PEERBOT"


class ApiError(Exception):
    """Slack answers ``ok: false`` with this code; ``detail`` says why, ``more`` stands beside the code."""

    def __init__(self, code: str, detail: str = "", **more: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.more = more


@dataclass(slots=True)
class Channel:
    """A conversation. ``people``: user ids, without the bot. ``is_public``: a channel that everybody can find."""

    id: str
    kind: str
    name: str
    people: set[str]
    has_bot: bool = True
    is_public: bool = False


@dataclass(slots=True)
class Sent:
    """A message of the bot's, or with ``by`` (a user id) of somebody else. ``only``: the user who alone sees it, or
    empty."""

    ts: str
    channel: str
    at: datetime
    raw: Json
    blocks: list[Block]
    key: str
    only: str = ""
    edited: bool = False
    by: str = ""


@dataclass(slots=True)
class Modal:
    """A modal on somebody's screen."""

    id: str
    user: str
    hash: str
    view: ModalView
    raw: Json
    values: Values
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Home:
    """Somebody's App Home."""

    id: str
    hash: str
    view: HomeView
    raw: Json
    at: datetime


@dataclass(slots=True)
class File:
    """A file that the bot brings: announced, sent (it has ``content`` then) and completed (``since``, wire time); or
    with ``by`` (a user id) one of somebody else."""

    id: str
    name: str
    length: int
    content: bytes = b""
    since: float | None = None
    by: str = ""


@dataclass(slots=True)
class _Trigger:
    user: str
    issued: float
    used: bool = False


@dataclass(slots=True)
class _ResponseUrl:
    user: str
    channel: str
    message: Sent | None
    issued: float
    uses: int = 0


class Workspace:
    """People, conversations, messages, modals and homes of one workspace.

    ``wire_time``: seconds since the epoch, for triggers and response addresses; a test may put its own in its place.
    ``seconds_to_look``: how long Slack takes to look at a file before messages can show it.
    """

    def __init__(self, members: Sequence[Member], clock: Clock, *, team: str) -> None:
        self.team = team
        self.clock = clock
        self.wire_time: Callable[[], float] = time.time
        self.people = {member.account.user: member for member in members}
        self.blocked: set[str] = set()
        self.channels: dict[str, Channel] = {}
        self.messages: list[Sent] = []
        self.modals: dict[str, Modal] = {}
        self.homes: dict[str, Home] = {}
        self.posts: list[Post] = []
        self.changed: deque[str] = deque()
        self._by_ts: dict[str, Sent] = {}
        self._in: defaultdict[str, list[Sent]] = defaultdict(list)
        self._with: defaultdict[str, list[Channel]] = defaultdict(list)
        self._chats: dict[frozenset[str], Channel] = {}
        self.files: dict[str, File] = {}
        self.seconds_to_look = 0.0
        self._triggers: dict[str, _Trigger] = {}
        self._response_urls: dict[str, _ResponseUrl] = {}
        self._numbers = count(1)
        self.methods: dict[str, Callable[[Mapping[str, Any]], Json]] = {
            "auth.test": self._auth_test,
            "users.info": self._users_info,
            "users.lookupByEmail": self._users_lookup_by_email,
            "conversations.open": self._conversations_open,
            "conversations.info": self._conversations_info,
            "conversations.members": self._conversations_members,
            "conversations.history": self._conversations_history,
            "chat.postMessage": self._chat_post_message,
            "chat.postEphemeral": self._chat_post_ephemeral,
            "chat.update": self._chat_update,
            "views.open": self._views_open,
            "views.push": self._views_open,
            "views.update": self._views_update,
            "views.publish": self._views_publish,
            "files.getUploadURLExternal": self._files_get_upload_url,
            "files.completeUploadExternal": self._files_complete_upload,
        }

    # What people do

    def dm(self, user: str) -> Channel:
        """The direct message between the bot and somebody."""
        return self._conversation({user})

    def add_channel(self, name: str, users: set[str]) -> Channel:
        """A private channel that the bot is in."""
        channel = Channel(self.new_id("C"), "channel", name, set(users))
        self.channels[channel.id] = channel
        return channel

    def add_file(self, user: str, name: str, content: bytes) -> File:
        """A file that somebody has brought; the bot has no right to it."""
        file = File(self.new_id("F"), name, len(content), content, self.wire_time(), by=user)
        self.files[file.id] = file
        return file

    def trigger(self, user: str) -> str:
        """A trigger id, as it comes with everything that somebody does."""
        name = f"{self.new_id('')}.{self.team}.trigger"
        self._triggers[name] = _Trigger(user, self.wire_time())
        return name

    def response_url(self, user: str, channel: str, message: Sent | None = None) -> str:
        """The last part of an address at which the bot can answer for half an hour."""
        name = self.new_id("R")
        self._response_urls[name] = _ResponseUrl(user, channel, message, self.wire_time())
        return name

    def new_id(self, prefix: str) -> str:
        """An id as Slack's look."""
        return f"{prefix}0{next(self._numbers):08d}"

    def seen_by(self, user: str) -> list[Sent]:
        """Every message of the bot's that somebody can see, oldest first."""
        seen = [sent for channel in self.channels_of(user) for sent in self.in_channel(channel, user) if not sent.by]
        return sorted(seen, key=lambda sent: (sent.at, int(sent.ts.partition(".")[2])))

    def message(self, user: str, ts: str) -> Sent | None:
        """The message of the bot's with this id, if somebody can see it."""
        sent = self._by_ts.get(ts)
        if sent is None or user not in self.channels[sent.channel].people or sent.only not in {"", user}:
            return None
        return sent

    def channels_of(self, user: str) -> list[Channel]:
        """The conversations that somebody is in."""
        chats = self._with[user]
        return [*chats, *(c for c in self.channels.values() if c.kind == "channel" and user in c.people)]

    def in_channel(self, channel: Channel, user: str) -> list[Sent]:
        """All that somebody can see in a conversation, oldest first: also what people have written."""
        return [sent for sent in self._in[channel.id] if sent.only in {"", user}]

    def write(self, user: str, channel: Channel, text: str) -> Sent:
        """What somebody has typed stands in the conversation; nobody is told of it."""
        return self._keep(Sent(self._ts(), channel.id, self.clock(), {"text": text}, [], "", by=user))

    def show(self, sent: Sent) -> Shown:
        """A message as it is on the screen."""
        texts = slack_blocks.lines(sent.blocks) or (slack_blocks.said(str(sent.raw.get("text", ""))),)
        return Shown(
            id=sent.ts,
            conversation=sent.channel,
            key=sent.key,
            at=sent.at,
            lines=texts,
            buttons=slack_blocks.buttons(sent.blocks),
            raw=sent.raw,
            ephemeral=bool(sent.only),
            edited=sent.edited,
            by=self.people[sent.by].name if sent.by else "",
        )

    def show_home(self, user: str) -> Shown | None:
        """Somebody's App Home as it is on the screen."""
        home = self.homes.get(user)
        if home is None:
            return None
        blocks = home.view.blocks
        return Shown(home.id, "", "", home.at, slack_blocks.lines(blocks), slack_blocks.buttons(blocks), home.raw)

    def show_modal(self, modal: Modal) -> ShownForm:
        """A modal as it is on the screen."""
        about = json.loads(modal.view.private_metadata or "{}")
        return ShownForm(
            name=modal.view.callback_id,
            subject=about.get("subject", ""),
            version=about.get("version", 0),
            title=modal.view.title.text,
            lines=slack_blocks.lines(modal.view.blocks),
            values=dict(modal.values),
            errors=dict(modal.errors),
            raw=modal.raw | {"id": modal.id, "hash": modal.hash},
            options=slack_blocks.options(modal.view),
        )

    def private_answer(self, user: str, channel: str, raw: Json) -> Sent:
        """Show what the bot answered to one person alone, in the acknowledgement or at a response address."""
        blocks = self._checked_message(raw)
        return self._keep(Sent(self._ts(), channel, self.clock(), dict(raw), blocks, "", only=user))

    def open_modal(self, user: str, raw: Json, modal_id: str = "") -> Modal:
        """Show a modal: a new one, or with ``modal_id`` in the place of one, of which a field of the same name and kind
        keeps what was entered."""
        try:
            view = slack_blocks.checked_modal(raw)
            self._check_pictures(view.blocks)
        except InvalidBlocks as error:
            raise ApiError("invalid_arguments", str(error)) from None
        before = self.modals.get(modal_id)
        kept = slack_blocks.kept(before.view, before.values, view) if before else {}
        modal_id = modal_id or self.new_id("V")
        modal = Modal(modal_id, user, self.new_id("h"), view, dict(raw), slack_blocks.held(view) | kept)
        self.modals[modal_id] = modal
        return modal

    def respond(self, name: str, raw: Json) -> None:
        """What the bot posts at a response address."""
        url = self._response_urls.get(name)
        if url is None or self.wire_time() - url.issued > RESPONSE_URL_SECONDS:
            raise ApiError("expired_url")
        url.uses += 1
        if url.uses > RESPONSE_URL_USES:
            raise ApiError("used_url")
        if raw.get("replace_original") and url.message is not None:
            url.message.blocks = self._checked_message(raw)
            url.message.raw = dict(raw)
            url.message.edited = True
            self.changed.append(url.message.ts)
        elif raw.get("response_type") == "in_channel":
            self._post(self.channels[url.channel], raw, "")
        else:
            self.private_answer(url.user, url.channel, raw)

    # What the bot does

    def _auth_test(self, _given: Mapping[str, Any]) -> Json:
        return {"team_id": self.team, "team": "peermentor", "user_id": BOT_USER, "user": "peermentor", "bot_id": BOT_ID}

    def _users_info(self, given: Mapping[str, Any]) -> Json:
        return {"user": self._profile(self._member(given.get("user")))}

    def _users_lookup_by_email(self, given: Mapping[str, Any]) -> Json:
        for member in self.people.values():
            if member.email.lower() == str(given.get("email", "")).lower():
                return {"user": self._profile(member)}
        raise ApiError("users_not_found")

    def _conversations_open(self, given: Mapping[str, Any]) -> Json:
        users = set(filter(None, str(given.get("users", "")).split(",")))
        if not users:
            raise ApiError("users_list_not_supplied")
        if len(users) > GROUP:
            raise ApiError("too_many_users")
        for user in users:
            self._member(user)
        if len(users) == 1 and users & self.blocked:
            raise ApiError("user_disabled")
        return {"channel": {"id": self._conversation(users).id}}

    def _conversations_info(self, given: Mapping[str, Any]) -> Json:
        channel = self._channel(given)
        kinds = {"is_im": "dm", "is_mpim": "group", "is_private": "channel"}
        return {
            "channel": {"id": channel.id, "name": channel.name}
            | {flag: channel.kind == kind for flag, kind in kinds.items()}
        }

    def _conversations_members(self, given: Mapping[str, Any]) -> Json:
        people = [*sorted(self._channel(given).people), BOT_USER]
        if not str(given.get("cursor") or 0).isdecimal():
            raise ApiError("invalid_cursor")
        start = int(given.get("cursor") or 0)
        end = start + min(int(given.get("limit") or PAGE), PAGE)
        cursor = str(end) if end < len(people) else ""
        return {"members": people[start:end], "response_metadata": {"next_cursor": cursor}}

    def _conversations_history(self, given: Mapping[str, Any]) -> Json:
        channel = self._channel(given)
        latest = [sent for sent in reversed(self._in[channel.id]) if not sent.only and not sent.by]
        with_metadata = str(given.get("include_all_metadata", "")).lower() in {"1", "true"}
        found = []
        for sent in latest[: int(given.get("limit") or PAGE)]:
            message = self.as_message(sent)
            found.append(message if with_metadata else {k: v for k, v in message.items() if k != "metadata"})
        return {"messages": found, "has_more": False}

    def _chat_post_message(self, given: Mapping[str, Any]) -> Json:
        channel = self._channel(given)
        self._refuse_blocked(channel)
        sent = self._post(channel, given, self._key(given))
        return {"channel": channel.id, "ts": sent.ts, "message": self.as_message(sent)}

    def _chat_post_ephemeral(self, given: Mapping[str, Any]) -> Json:
        channel = self._channel(given)
        if given.get("user") not in channel.people:
            raise ApiError("user_not_in_channel")
        return {"message_ts": self.private_answer(str(given["user"]), channel.id, dict(given)).ts}

    def _chat_update(self, given: Mapping[str, Any]) -> Json:
        channel = self._channel(given)
        self._refuse_blocked(channel)
        sent = self._by_ts.get(str(given.get("ts")))
        if sent is None or sent.channel != channel.id or sent.only or sent.by:
            raise ApiError("message_not_found")
        if len(str(given.get("text") or "").encode()) > EDITED_TEXT:
            raise ApiError("msg_too_long")
        sent.blocks = self._checked_message(given)
        sent.key = self._key(given) or sent.key
        sent.raw = dict(given)
        sent.edited = True
        self.changed.append(sent.ts)
        return {"channel": channel.id, "ts": sent.ts, "message": self.as_message(sent)}

    def _views_open(self, given: Mapping[str, Any]) -> Json:
        trigger = self._triggers.get(str(given.get("trigger_id", "")))
        if trigger is None:
            raise ApiError("invalid_trigger_id")
        if trigger.used:
            raise ApiError("exchanged_trigger_id")
        if self.wire_time() - trigger.issued > TRIGGER_SECONDS:
            raise ApiError("expired_trigger_id")
        trigger.used = True
        modal = self.open_modal(trigger.user, given.get("view") or {})
        return {"view": modal.raw | {"id": modal.id, "hash": modal.hash}}

    def _views_update(self, given: Mapping[str, Any]) -> Json:
        modal = self.modals.get(str(given.get("view_id", "")))
        if modal is None:
            raise ApiError("not_found")
        if given.get("hash") and given["hash"] != modal.hash:
            raise ApiError("hash_conflict")
        modal = self.open_modal(modal.user, given.get("view") or {}, modal.id)
        return {"view": modal.raw | {"id": modal.id, "hash": modal.hash}}

    def _views_publish(self, given: Mapping[str, Any]) -> Json:
        user = self._member(given.get("user_id")).account.user
        raw = dict(given.get("view") or {})
        try:
            view = slack_blocks.checked_home(raw)
            self._check_pictures(view.blocks)
        except InvalidBlocks as error:
            raise ApiError("invalid_arguments", str(error)) from None
        before = self.homes.get(user)
        if given.get("hash") and (before is None or given["hash"] != before.hash):
            raise ApiError("hash_conflict")
        home = Home(before.id if before else self.new_id("V"), self.new_id("h"), view, raw, self.clock())
        self.homes[user] = home
        return {"view": raw | {"id": home.id, "hash": home.hash}}

    def _files_get_upload_url(self, given: Mapping[str, Any]) -> Json:
        if not given.get("filename") or not str(given.get("length", "")).isdecimal() or int(given["length"]) < 1:
            raise ApiError("invalid_arguments")
        file = File(self.new_id("F"), str(given["filename"]), int(given["length"]))
        self.files[file.id] = file
        return {"upload_url": file.id, "file_id": file.id}

    def take_file(self, name: str, content: bytes) -> None:
        """What the bot posts at the address for a file."""
        file = self.files.get(name)
        if file is None or file.since is not None:
            raise ApiError("file_not_found")
        if len(content) != file.length:
            raise ApiError("length_mismatch")
        file.content = content

    def _files_complete_upload(self, given: Mapping[str, Any]) -> Json:
        """Shared with nobody: the bot has no need to."""
        try:
            listed = [self.files[entry["id"]] for entry in json.loads(given.get("files") or "[]")]
        except (ValueError, TypeError, KeyError):
            raise ApiError("file_not_found") from None
        if not listed or any(not file.content for file in listed):
            raise ApiError("file_not_found" if listed else "invalid_arguments")
        if given.get("channel_id") or given.get("channels"):
            raise ApiError("posting_to_channel_denied")
        for file in listed:
            file.since = self.wire_time()
        return {"files": [{"id": file.id, "title": file.name} for file in listed]}

    # What they share

    def as_message(self, sent: Sent) -> Json:
        """A message as Slack hands it out."""
        message: Json = {
            "type": "message",
            "user": BOT_USER,
            "bot_id": BOT_ID,
            "team": self.team,
            "ts": sent.ts,
            "text": sent.raw.get("text", ""),
            "blocks": sent.raw.get("blocks", []),
        }
        return message | ({"metadata": sent.raw["metadata"]} if sent.raw.get("metadata") else {})

    def account(self, user: str) -> Account:
        """Somebody's account."""
        return self.people[user].account

    def _post(self, channel: Channel, given: Mapping[str, Any], key: str) -> Sent:
        sent = self._keep(Sent(self._ts(), channel.id, self.clock(), dict(given), self._checked_message(given), key))
        self.posts.append(
            Post(
                at=sent.at,
                conversation=channel.id,
                kind=channel.kind,
                readers=frozenset(map(self.account, channel.people)),
                key=key,
                id=sent.ts,
                lines=self.show(sent).lines,
            )
        )
        return sent

    def _conversation(self, users: set[str]) -> Channel:
        known = self._chats.get(frozenset(users))
        if known is not None:
            return known
        kind = "dm" if len(users) == 1 else "group"
        prefix, name = ("D", "directmessage") if kind == "dm" else ("C", f"mpdm-{'--'.join(sorted(users))}-1")
        channel = Channel(self.new_id(prefix), kind, name, users)
        self.channels[channel.id] = self._chats[frozenset(users)] = channel
        for user in users:
            self._with[user].append(channel)
        return channel

    def _keep(self, sent: Sent) -> Sent:
        if not sent.by:
            self.messages.append(sent)
        self._by_ts[sent.ts] = sent
        self._in[sent.channel].append(sent)
        self.changed.append(sent.ts)
        return sent

    def _checked_message(self, raw: Mapping[str, Any]) -> list[Block]:
        text = raw.get("text") or ""
        if not text and not raw.get("blocks"):
            raise ApiError("no_text")
        if len(text) > TEXT:
            raise ApiError("msg_too_long")
        try:
            blocks = slack_blocks.checked_blocks(raw.get("blocks") or [])
            self._check_pictures(blocks)
        except InvalidBlocks as error:
            code = "msg_blocks_too_long" if str(error) == "msg_blocks_too_long" else "invalid_blocks"
            raise ApiError(code, str(error)) from None
        return blocks

    def _check_pictures(self, blocks: Sequence[Block]) -> None:
        for name in slack_blocks.pictures(blocks):
            file = self.files.get(name)
            if file is None or file.by or file.since is None or self.wire_time() < file.since + self.seconds_to_look:
                raise InvalidBlocks("invalid slack file")
            if not file.content.startswith(PNG):
                raise InvalidBlocks("this file is no image")

    def _key(self, given: Mapping[str, Any]) -> str:
        metadata = given.get("metadata")
        if not metadata:
            return ""
        if not isinstance(metadata, dict) or metadata.keys() != {"event_type", "event_payload"}:
            raise ApiError("invalid_metadata_format")
        return str(metadata["event_payload"].get("key", ""))

    def _channel(self, given: Mapping[str, Any]) -> Channel:
        channel = self.channels.get(str(given.get("channel", "")))
        if channel is None:
            raise ApiError("channel_not_found")
        if not channel.has_bot:
            raise ApiError("not_in_channel" if channel.is_public else "channel_not_found")
        return channel

    def _refuse_blocked(self, channel: Channel) -> None:
        if channel.kind == "dm" and channel.people & self.blocked:
            raise ApiError("channel_not_found")

    def _member(self, user: object) -> Member:
        member = self.people.get(str(user))
        if member is None:
            raise ApiError("user_not_found")
        return member

    def _profile(self, member: Member) -> Json:
        return {
            "id": member.account.user,
            "team_id": self.team,
            "real_name": member.name,
            **self._time_zone(member),
            "is_bot": False,
            "is_email_confirmed": member.email_confirmed,
            "profile": {"real_name": member.name, "email": member.email},
        }

    def _time_zone(self, member: Member) -> Json:
        local = self.clock().astimezone(ZoneInfo(member.time_zone))
        offset = local.utcoffset() or timedelta()
        return {"tz": member.time_zone, "tz_label": local.tzname(), "tz_offset": int(offset.total_seconds())}

    def _ts(self) -> str:
        return f"{int(self.clock().timestamp())}.{next(self._numbers):06d}"
