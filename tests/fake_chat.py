"""A platform in memory, for tests of delivery: it accepts, refuses, loses answers and dies as it is told."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.chat import Ambiguous, ChatError, Limit
from bot.ui import Message
from storage.records import Account, Conversation


class Killed(BaseException):
    """The process was killed at this point."""


@dataclass
class FakeChat:
    """``faults``: what goes wrong with the next calls, in order; None lets one pass.

    A ChatError is raised before anything happens; ``Killed`` and ``Ambiguous`` after the message was taken, unless
    ``lost`` says that it never arrived.
    """

    platform: str = "slack"
    per_conversation: Limit = field(default_factory=lambda: Limit(1.0))
    per_installation: Limit = field(default_factory=lambda: Limit(0.2, burst=10))
    at_once: int = 20
    can_find: bool = True
    faults: deque[BaseException | None] = field(default_factory=deque)
    lost: bool = False
    posts: list[tuple[str, str, Message]] = field(default_factory=list)
    edits: list[tuple[str, str, Message]] = field(default_factory=list)
    emails: dict[Account, str] = field(default_factory=dict)
    calls: int = 0
    refused: str = ""

    def keys(self, conversation: str | None = None) -> list[str]:
        """The keys of all posts, in the order in which they arrived."""
        return [key for where, key, _ in self.posts if conversation in (None, where)]

    async def open(self, accounts: Sequence[Account]) -> Conversation:
        """A conversation named after its people."""
        first = accounts[0]
        name = "+".join(account.user for account in accounts)
        kind = "dm" if len(accounts) == 1 else "group"
        return Conversation(first.platform, first.tenant, f"C-{name}", kind)

    async def send(self, to: Conversation, message: Message, key: str) -> str:
        """Take a message, or do what the next fault says."""
        self.calls += 1
        fault = self.faults.popleft() if self.faults else None
        after = isinstance(fault, Ambiguous | Killed)
        if fault is not None and (not after or self.lost):
            raise fault
        self.posts.append((to.id, key, message))
        if fault is not None:
            raise fault
        return f"m{len(self.posts)}"

    async def edit(self, _at: Conversation, message_id: str, message: Message, key: str) -> None:
        """Take an edit, or do what the next fault says."""
        self.calls += 1
        fault = self.faults.popleft() if self.faults else None
        if isinstance(fault, ChatError):
            raise fault
        self.edits.append((message_id, key, message))

    async def find(self, at: Conversation, key: str) -> str | None:
        """The message with this key, where this platform can look."""
        if not self.can_find:
            return None
        return next(
            (f"m{n}" for n, (where, k, _) in enumerate(self.posts, start=1) if (where, k) == (at.id, key)), None
        )

    async def members(self, _at: Conversation) -> frozenset[str]:
        """Nobody."""
        return frozenset()

    async def email_of(self, account: Account, _here: Conversation | None) -> str | None:
        """The address that this platform has for an account, or what the next fault says."""
        self.calls += 1
        fault = self.faults.popleft() if self.faults else None
        if fault is not None:
            raise fault
        return self.emails.get(account)

    async def close(self) -> None:
        """Nothing to let go of."""
