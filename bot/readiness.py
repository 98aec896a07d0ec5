"""Whether the bot can do its work now: for monitoring, and for who sends requests to one of several replicas.

No platform is asked for this: a chat knows from its own last call whether it is let in.
"""

import asyncio
from collections.abc import Callable, Mapping

from aiohttp import web

from bot.chat import Chat
from bot.clock import Clock
from storage.unit_of_work import Database, DatabaseGone, UnitOfWork

SECONDS = 5.0
"""For the database to answer."""


class Readiness:
    """What stands in the way. ``chats``: all platforms that are served. Nothing that it says names a person or holds a
    secret."""

    def __init__(
        self, database: Database, chats: Mapping[str, Chat], *, clock: Clock, seconds: float = SECONDS
    ) -> None:
        self._database = database
        self._chats = chats
        self._clock = clock
        self._seconds = seconds

    async def serve(self, _request: web.Request) -> web.Response:
        """200, or 503 with the reasons."""
        reasons = await self.reasons()
        if reasons:
            return web.json_response({"status": "not ready", "reasons": reasons}, status=503)
        return web.json_response({"status": "ready"})

    async def reasons(self) -> list[str]:
        """What stands in the way, in plain words; empty where nothing does."""
        reasons = []
        if not await self._answers(lambda uow: uow.programmes.current()):
            reasons.append("the database does not answer: see DATABASE_URL, and whether its server runs")
        elif not await self._answers(lambda uow: uow.keys.names()):
            reasons.append("the keys of check-ins cannot be read: see KEY_DIR or KEY_DATABASE_URL")
        return [*reasons, *(chat.refused for chat in self._chats.values() if chat.refused)]

    async def _answers(self, work: Callable[[UnitOfWork], object]) -> bool:
        try:
            async with asyncio.timeout(self._seconds):
                await self._database.run(work, self._clock())
        except (DatabaseGone, TimeoutError):
            return False
        return True
