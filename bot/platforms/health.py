"""What is looked at so that the bot runs well on a platform, and what is said of it. No platform is named here."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from bot.chat import Chat

Level = Literal["ok", "look at this", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``to_do``: what to do about it, in plain words; may be empty where it is well."""

    level: Level
    text: str
    to_do: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a platform does not let the bot in. ``reason``: a clause in plain words. ``to_do``: what mends it."""

    reason: str
    to_do: str


Check = Callable[[], Awaitable[list[Finding]]]
"""Looks at one thing, and changes nothing. One that fails unexpectedly raises whatever it was."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A request that anybody may send to the bot, and the status with which it is answered where the platform's
    requests arrive."""

    path: str
    status: int


class Health(Protocol):
    """One platform's installation, as the doctor asks it. ``probes``: what ``PUBLIC_URL`` has to answer for it.
    ``not_in_channel``: what to do where the bot cannot see who is in the leads channel."""

    name: str
    probes: Sequence[Probe]
    not_in_channel: str

    @property
    def chat(self) -> Chat:
        """The way out, to ask who is in a channel."""
        ...

    def checks(self) -> Sequence[Check]:
        """What there is to look at."""
        ...


def fine(text: str, to_do: str = "") -> Finding:
    """It is as it should be."""
    return Finding("ok", text, to_do)


def look(text: str, to_do: str) -> Finding:
    """It may be meant, or will be wrong one day."""
    return Finding("look at this", text, to_do)


def wrong(text: str, to_do: str) -> Finding:
    """Something does not work because of it."""
    return Finding("wrong", text, to_do)
