"""Has each release painted once, between its entry in the ledger and its being told: made of the ledger alone, outside
any transaction. Killed anywhere, it begins again; a release that cannot be drawn is told in words.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

import structlog

from bot.clock import Clock
from bot.log import frames
from bot.surveys.chart import Chart
from bot.surveys.charts import alt_text, charts_of
from bot.surveys.drawing import NotDrawn, drawn
from bot.surveys.release import from_ledger
from storage.unit_of_work import Database, UnitOfWork

log = structlog.get_logger()

T = TypeVar("T")


Draw = Callable[[Sequence[Chart]], Awaitable[list[bytes]]]
"""Makes a picture of each chart, as ``drawn`` does. Raises NotDrawn."""


class Painting:
    """Paints releases. ``draw``: draws charts."""

    def __init__(self, database: Database, *, clock: Clock, draw: Draw = drawn) -> None:
        self._database = database
        self._clock = clock
        self._draw = draw

    async def advance(self) -> int:
        """Paint every release that has not been painted, and have it told; how many there were. Raises DatabaseGone."""
        waves = await self._run(lambda uow: uow.pictures.to_paint())
        return sum([await self._paint(wave_id) for wave_id in waves])

    async def _paint(self, wave_id: int) -> bool:
        entry = await self._run(lambda uow: uow.ledger.of_wave(wave_id))
        pictures = await self._pictures(wave_id, entry.body) if entry else []
        return await self._run(partial(_hang, wave_id, pictures))

    async def _pictures(self, wave_id: int, ledger_entry: str) -> list[tuple[str, bytes]]:
        try:
            charts = charts_of(from_ledger(ledger_entry))
            pictures = await self._draw(charts) if charts else []
            return [(alt_text(chart), picture) for chart, picture in zip(charts, pictures, strict=True)]
        except NotDrawn as why:
            log.error("release.not_drawn", wave=wave_id, why=str(why))
        except Exception as error:  # noqa: BLE001 - whatever it is, the words are told
            log.error("release.not_drawn", wave=wave_id, error=type(error).__name__, where=frames(error))
        return []

    async def _run(self, work: Callable[[UnitOfWork], T]) -> T:
        return await self._database.run(work, self._clock())


def _hang(wave_id: int, pictures: Sequence[tuple[str, bytes]], uow: UnitOfWork) -> bool:
    """The one place from which a release goes on to be told: once, whoever has painted it too."""
    if not uow.pictures.hang(wave_id, pictures):
        return False
    uow.due.add("release_post", str(wave_id), uow.now)
    return True
