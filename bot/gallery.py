"""The pictures in the database, as chats ask for them."""

from collections.abc import Callable
from typing import TypeVar

from bot.chat import Unavailable
from bot.clock import Clock
from storage.records import NotThere
from storage.unit_of_work import Database, DatabaseGone, UnitOfWork

T = TypeVar("T")


class StoredPictures:
    """A ``Gallery``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def content(self, name: str) -> bytes:
        """A picture as PNG; empty where there is none."""
        try:
            return await self._run(lambda uow: uow.pictures.content(name))
        except NotThere:
            return b""

    async def address(self, name: str) -> str:
        """Where a picture can be fetched; empty where nobody could fetch it."""
        return await self._run(lambda uow: uow.pictures.address(name))

    async def copy_of(self, name: str, tenant: str) -> str:
        """What a workspace calls its copy of a picture; empty where it has none."""
        return await self._run(lambda uow: uow.pictures.copy_of(name, tenant))

    async def note_copy(self, name: str, tenant: str, reference: str) -> None:
        """A workspace has a copy now."""
        await self._run(lambda uow: uow.pictures.note_copy(name, tenant, reference))

    async def forget_copy(self, name: str, tenant: str, reference: str) -> None:
        """A workspace knows this copy no more."""
        await self._run(lambda uow: uow.pictures.forget_copy(name, tenant, reference))

    async def _run(self, work: Callable[[UnitOfWork], T]) -> T:
        try:
            return await self._database.run(work, self._clock())
        except DatabaseGone as gone:
            raise Unavailable("pictures: the database does not answer") from gone
