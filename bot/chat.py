"""What a platform must be able to do, in the words of neither: the Chat protocol and its errors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.ui import Message
from storage.records import Account, Conversation

GROUP_CHATS = frozenset({"slack"})
"""Platforms on which a bot may start a group chat (a Teams bot cannot)."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A pace to keep: one message each ``seconds``, after a first ``burst``."""

    seconds: float
    burst: int = 1


class ChatError(Exception):
    """A platform did not do what it was asked. The text names a method and an error code, never a message's words."""


class RateLimited(ChatError):
    """Too fast; nothing was sent. Try again after ``retry_after`` seconds.

    ``everywhere``: the whole installation is limited, not this conversation alone.
    """

    def __init__(self, reason: str, retry_after: float, *, everywhere: bool) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.everywhere = everywhere


class Unavailable(ChatError):
    """A passing fault; the platform said that nothing was sent, or was never reached."""


class Ambiguous(ChatError):
    """The request went out and no clear answer came back: it may have been carried out."""


class Unreachable(ChatError):
    """The person has blocked or removed the bot, or the account is gone. Trying again does not help."""


class NotEditable(ChatError):
    """The message cannot be changed (any more)."""


class Unauthorised(ChatError):
    """The installation's token or secret is not accepted: nothing will work there until somebody mends it."""


class Refused(ChatError):
    """The platform will never accept this request as it is."""


class Gallery(Protocol):
    """The pictures that are stored, for chats, which show them by name. Every method raises ``Unavailable`` and nothing
    else where they cannot be reached; a name that there is not has nothing."""

    async def content(self, name: str) -> bytes:
        """A picture as PNG; empty where there is none."""
        ...

    async def address(self, name: str) -> str:
        """Where a picture can be fetched; empty where nobody could fetch it."""
        ...

    async def copy_of(self, name: str, tenant: str) -> str:
        """What a workspace calls its copy of a picture; empty where it has none."""
        ...

    async def note_copy(self, name: str, tenant: str, reference: str) -> None:
        """A workspace has a copy now."""
        ...

    async def forget_copy(self, name: str, tenant: str, reference: str) -> None:
        """A workspace knows this copy no more."""
        ...


class Chat(Protocol):
    """One platform. Every method raises a ``ChatError`` and nothing else when the platform does not do it."""

    platform: str
    per_conversation: Limit
    per_installation: Limit
    at_once: int
    """How many messages one process may have on their way at the same time: of so many at most is it unknown whether
    they have arrived when the process is killed."""
    refused: str
    """Why the platform does not let the bot in, in plain words without a secret, as its last call found; empty while
    it does."""

    async def open(self, accounts: Sequence[Account]) -> Conversation:
        """The conversation with one person, or with several where ``GROUP_CHATS`` has the platform."""
        ...

    async def send(self, to: Conversation, message: Message, key: str) -> str:
        """Post a message and return its id. ``key`` travels with it, so that ``find`` can see it."""
        ...

    async def edit(self, at: Conversation, message_id: str, message: Message, key: str) -> None:
        """Replace a message that was sent before. Raises ``NotEditable`` where that cannot be done."""
        ...

    async def find(self, at: Conversation, key: str) -> str | None:
        """The id of a message that was sent with this key, where the platform lets the bot look; else None."""
        ...

    async def members(self, at: Conversation) -> frozenset[str]:
        """The user ids (``Account.user``) of all people in a conversation now."""
        ...

    async def email_of(self, account: Account, here: Conversation | None) -> str | None:
        """The e-mail address of an account as far as the platform vouches for it; None where it knows none, or none
        that it has verified. ``here``: where the person wrote."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
