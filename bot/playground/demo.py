"""A scenario's year, played without anybody looking at a page: what ``peermentor demo --headless`` shows."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from bot.playground.client import Post
from bot.playground.figures import Arrived, Figures, Month, Tally
from bot.playground.scenarios import Scenario, paper
from bot.playground.simulation import Simulation
from bot.report_files import write_report

YEAR = 365


class Year:
    """One run of a scenario. ``tell`` hears of each message; ``progress`` of the days that have passed. ``report``: the
    folder for the end report, where one is wanted. The other arguments are those of ``Simulation``."""

    def __init__(
        self,
        *,
        database: Path,
        months: int,
        seed: int,
        tell: Callable[[Arrived], None],
        progress: Callable[[int], None],
        scenario: Scenario | None = None,
        level: str = "",
        report: Path | None = None,
    ) -> None:
        self.days = YEAR * months // 12
        self._progress = progress
        self._report = report
        self._simulation = Simulation(scenario or paper(), database=database, seed=seed, level=level)
        self._tally = Tally(self._simulation, tell)

    async def play(self) -> tuple[Figures, list[Month]]:
        """Play it to the end; the figures and a row for each month. Raises NoReport where the report cannot be
        made."""
        started = time.monotonic()
        simulation = self._simulation
        starts = simulation.scenario.starts

        def note_progress() -> bool:
            self._progress((simulation.clock() - starts).days)
            return True

        async with simulation:
            await simulation.play(starts + timedelta(days=self.days), note_progress)
            self._progress(self.days)
            figures, months = self._tally.figures()
            if self._report is not None:
                await self._write_report(self._report)
        figures.seconds = round(time.monotonic() - started, 2)
        return figures, months

    async def _write_report(self, folder: Path) -> None:
        simulation = self._simulation
        database, now = simulation.app.database, simulation.clock
        programme = await database.run(lambda uow: uow.programmes.get(simulation.programme_id), now())
        await write_report(programme.name, database, folder, tell=lambda _: None, clock=now)

    def channel(self) -> list[Post]:
        """Everything that was posted to the leads' channel, in order."""
        return [post for stand_in in self._simulation.stand_ins for post in stand_in.posts if post.kind == "channel"]
