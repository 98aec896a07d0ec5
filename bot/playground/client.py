"""One person's app, the same for both stand-ins: what is on the screen, and what can be done there.

Every action is sent to the bot over HTTP as the real platform would send it (signed), and returns what the person would
then see.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from aiohttp import web

from bot.ui import Values
from storage.records import Account

UNTIL_IT_HANGS_UP = 0.01
"""Seconds between two looks at whether the bot still waits."""


async def pause(seconds: float) -> None:
    """Let wire time pass."""
    await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class ShownButton:
    """A button on the screen."""

    label: str
    action: str
    subject: str
    version: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as the person sees it now (edits applied).

    ``key``: the bot's own key for the message, where the platform carries it. ``lines``: every text on it, top to
    bottom, unescaped. ``at``: programme time of the post (an edit does not change it). ``raw``: what the bot sent.
    ``ephemeral``: only this person sees it and it cannot be edited by its id. ``by``: the name of who typed it; empty
    for a message of the bot's.
    """

    id: str
    conversation: str
    key: str
    at: datetime
    lines: tuple[str, ...]
    buttons: tuple[ShownButton, ...]
    raw: dict[str, Any]
    ephemeral: bool = False
    edited: bool = False
    by: str = ""

    @property
    def text(self) -> str:
        """All that can be read on it."""
        return "\n".join(self.lines)

    def button(self, action: str) -> ShownButton:
        """The first button with this action. Raises LookupError where there is none."""
        for button in self.buttons:
            if button.action == action:
                return button
        raise LookupError(f"no button {action!r} on {self.key or self.id}: {[b.action for b in self.buttons]}")


@dataclass(frozen=True, slots=True)
class Room:
    """A conversation in somebody's app. ``kind``: ``dm``, ``group`` or ``channel``. ``members``: names of the people in
    it, themselves included. ``messages``: ids of what they can see there, oldest first: of the bot and of people."""

    id: str
    kind: str
    name: str
    members: tuple[str, ...]
    messages: Sequence[str]


@dataclass(frozen=True, slots=True)
class ShownForm:
    """A form on the screen: its texts, its field names with what they hold (a tuple where several can be chosen), the
    errors beside them, and the values that a field lets one choose from."""

    name: str
    subject: str
    version: int
    title: str
    lines: tuple[str, ...]
    values: Values
    errors: dict[str, str]
    raw: dict[str, Any]
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person sees in answer to an action. ``status``: the bot's HTTP status. ``form``: the form that is open
    now (with errors, where the bot found some), ``message``: a private message or a changed card in the answer itself;
    messages that arrive in conversations are on the screen instead."""

    status: int
    form: ShownForm | None = None
    message: Shown | None = None
    errors: dict[str, str] = field(default_factory=dict)


class Client(Protocol):
    """One person's app."""

    account: Account

    def screen(self) -> list[Shown]:
        """Every message that this person can see, oldest first, in all conversations they are in."""
        ...

    def shown(self, message_id: str) -> Shown | None:
        """The message with this id as it is on the screen now; None where this person can see none."""
        ...

    def rooms(self) -> list[Room]:
        """The conversations that this person is in."""
        ...

    def write(self, words: str) -> Shown:
        """Put words on the screen of everybody in the conversation, without the bot; ``say`` and ``command`` send."""
        ...

    async def command(self, words: str) -> Answer:
        """``/words`` on Slack, ``words`` typed to the bot on Teams, such as ``logmeeting`` or ``leads here``."""
        ...

    async def say(self, words: str) -> Answer:
        """Type plain words to the bot in the personal chat."""
        ...

    async def tap(self, message: Shown, button: ShownButton) -> Answer:
        """Tap a button of a message."""
        ...

    async def submit(self, form: ShownForm, values: Values) -> Answer:
        """Fill in an open form and send it; fields that are not given keep what they hold."""
        ...

    async def get_help(self, form: ShownForm) -> tuple[str, ...]:
        """Tap *Get help* on an open form, which stays open: what can be read then. Raises LookupError where there is
        no such button."""
        ...

    def close(self, form: ShownForm) -> None:
        """Close an open form without sending it."""
        ...

    def home(self) -> Shown | None:
        """The bot's home as it is on the screen, where the platform has such a place."""
        ...

    async def open_home(self) -> Shown | None:
        """Open the bot's home: the App Home on Slack, the word ``home`` on Teams; the home as it is shown then, where
        the answer carries it (on Teams it arrives in the conversation)."""
        ...

    async def install(self) -> Answer:
        """Install the bot for oneself (Teams), or start using it again after ``remove``."""
        ...

    async def remove(self) -> Answer:
        """Block or remove the bot: from now on the platform refuses to deliver to this person."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody whom a stand-in knows. Slack: one workspace member, who has confirmed the address or not; Teams: one
    user of the tenant. ``time_zone``: as set in the person's app."""

    account: Account
    name: str
    email: str
    email_confirmed: bool = True
    time_zone: str = "Europe/London"


@dataclass(frozen=True, slots=True)
class Post:
    """A message that a stand-in accepted from the bot for a conversation (no edits, ephemerals or homes).

    ``at``: programme time. ``readers``: everybody in the conversation but the bot, when it was posted.
    """

    at: datetime
    conversation: str
    kind: str
    readers: frozenset[Account]
    key: str
    id: str
    lines: tuple[str, ...]


@dataclass(slots=True)
class Fault:
    """Something that goes wrong with the next ``times`` calls whose method contains ``method``.

    ``kind``: ``status`` (answer with this status and nothing happens), ``slack_error`` (answer ``ok: false`` with this
    ``error``), ``reply_lost`` (the call is carried out, the connection closes without an answer), ``reply_late`` (the
    call is carried out, and the answer would come after the bot has given up waiting), ``delay`` (the call is carried
    out, and its answer comes after so many ``seconds`` of wire time).
    """

    method: str
    kind: str
    times: int = 1
    status: int = 500
    error: str = ""
    retry_after: int | None = None
    seconds: float = 1.0

    async def answer(self, request: web.Request) -> None:
        """Do to the answer of a call that was carried out what this fault does."""
        if self.kind == "delay":
            await pause(self.seconds)
            return
        while self.kind == "reply_late" and request.transport is not None:  # noqa: ASYNC110 - see below
            await asyncio.sleep(UNTIL_IT_HANGS_UP)  # aiohttp says in no other way that the connection is gone
        if request.transport is not None:
            request.transport.abort()


class StandIn(Protocol):
    """A local platform: its server, and the apps of its people. ``changed``: ids of messages that have come or changed
    on anybody's screen, in this order; whoever reads them may take them away."""

    platform: str
    posts: list[Post]
    changed: deque[str]
    edits: int
    faults: list[Fault]
    last_action: dict[Account, datetime]

    async def start(self) -> None:
        """Serve the platform's own API on a free loopback port."""
        ...

    async def stop(self) -> None:
        """Close the server and the apps."""
        ...

    def settings(self) -> dict[str, str]:
        """The environment that makes the bot talk to this stand-in (``SLACK_API_URL`` and the like)."""
        ...

    def point_at(self, bot_url: str) -> None:
        """Where the bot listens: ``http://127.0.0.1:PORT``."""
        ...

    def add_channel(self, name: str, members: list[Account]) -> str:
        """A private channel (Slack) or a standard channel of a private team (Teams) that the bot is in; its id."""
        ...

    def client(self, account: Account, channel: str | None = None) -> Client:
        """This person's app; with ``channel``, what is typed goes there (mentioning the bot, where that is needed)."""
        ...

    def seen_twice(self) -> list[tuple[Account, str]]:
        """Every (reader, key) for which a reader was posted the same key more than once."""
        ...
