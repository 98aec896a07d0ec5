"""One folder a platform: the adapter (verify, normalise, answer, deliver) and the renderer."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from bot.chat import Chat
from bot.flow import Event, Outcome

Dispatch = Callable[[Event], Awaitable[Outcome]]
"""Handles an event and returns once its effects are committed. Never raises: a fault becomes a message."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What an adapter brings: the way out (``chat``) and the way in (``routes``)."""

    chat: Chat
    routes: Sequence[web.RouteDef]
