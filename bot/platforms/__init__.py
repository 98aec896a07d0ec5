"""One folder a platform: the adapter (verify, normalise, answer, deliver) and the renderer."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass

from aiohttp import web

from bot.chat import Chat
from bot.flow import Event, Outcome

Dispatch = Callable[[Event], Awaitable[Outcome]]
"""Handles an event and returns once its effects are committed. Never raises: a fault becomes a message."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What an adapter brings: the way out (``chat``) and the ways in. ``routes``: what the web server is to serve;
    ``listening``: within it, connections of the platform's own are kept open through which events come."""

    chat: Chat
    routes: Sequence[web.RouteDef]
    listening: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
