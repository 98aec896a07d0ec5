"""One simulation at a time, its clock, and everybody who looks at it: what the server of the page runs."""

import asyncio
import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog

from bot.log import frames
from bot.playground import views
from bot.playground.client import Client, Post, StandIn
from bot.playground.figures import Figures, Tally
from bot.playground.reasons import why
from bot.playground.scenarios import Scenario
from bot.playground.simulation import Simulation, begin_anew
from bot.playground.views import Json
from storage.records import Account, Programme

log = structlog.get_logger()

A_MOMENT = 0.1
"""Seconds of real time between two pushes of progress."""
IN_A_SECOND = 50
"""Arrivals that are told one by one in a second; others are counted."""
NAMED = 5
BETWEEN = "the programme is just beginning anew"
AT_MOST = timedelta(days=31)
"""As far as the clock goes in search of the next message."""


class NotNow(Exception):
    """What was asked for cannot be done as things stand; the text says why."""


class Visitor(Protocol):
    """Somebody who looks at a page."""

    def push(self, said: Json) -> None:
        """Tell the page something."""
        ...

    def look(self, ids: list[tuple[str, str]]) -> None:
        """Messages, each a platform and an id, have come or changed on somebody's screen."""
        ...

    def forget(self) -> None:
        """Another simulation has begun."""
        ...


class Playground:
    """``database``: the file in which the bot keeps its data, made anew each time. ``scenarios``: what can be chosen,
    by name."""

    def __init__(self, database: Path, scenarios: Mapping[str, Callable[[], Scenario]]) -> None:
        self.scenarios = scenarios
        self.offered = [_offered(make()) for make in scenarios.values()]
        self.visitors: set[Visitor] = set()
        self.unread: defaultdict[Account, Counter[str]] = defaultdict(Counter)
        self.seed = 0
        self.running: Json | None = None
        self._database = database
        self._simulation: Simulation | None = None
        self._loading = asyncio.Lock()
        self._tally: Tally | None = None
        self._clock_run: asyncio.Task[None] | None = None
        self._stops = False
        self._recounted: set[Account] = set()
        self._arrived = 0
        self._told: list[float] = []
        self._skipped = 0

    # One simulation after the other

    @property
    def simulation(self) -> Simulation:
        """The one that runs. Raises NotNow between two."""
        if self._simulation is None:
            raise NotNow(BETWEEN)
        return self._simulation

    async def load(self, name: str, *, seed: int, level: str = "") -> None:
        """Begin a scenario, in place of the one before. Raises LookupError where there is none of that name."""
        if name not in self.scenarios:
            raise LookupError(f"there is no scenario {name}")
        async with self._loading:
            scenario = await asyncio.to_thread(self.scenarios[name])
            await self.close()
            begin_anew(self._database)
            self.unread.clear()
            self._recounted.clear()
            simulation = Simulation(scenario, database=self._database, seed=seed, level=level)
            tally = Tally(simulation)
            simulation.listeners.append(self._note)
            self._simulation, self._tally, self.seed = await simulation.__aenter__(), tally, seed
            for visitor in self.visitors:
                visitor.forget()
            self.tell({"event": "reset"})

    async def close(self) -> None:
        """Stop the clock and the bot, where there are any."""
        await self.stop()
        simulation, self._simulation, self._tally = self._simulation, None, None
        if simulation is not None:
            async with simulation.turn:
                await simulation.__aexit__(None, None, None)

    # What people do

    @contextlib.asynccontextmanager
    async def acting(self, who: Account) -> AsyncIterator[Client]:
        """Do something in somebody's name, while the clock stands; what follows from it arrives before this ends. From
        then on that person does nothing by themselves."""
        simulation = self.simulation
        async with simulation.turn:
            if simulation is not self._simulation:
                raise NotNow("the programme has begun anew meanwhile")
            simulation.cohort.by_hand.add(who)
            try:
                yield simulation.stand_in(who).client(who)
            finally:
                await simulation.settle_soon()
        self.flush()
        self.tell(await self.clock())

    def switch_cohort(self, *, on: bool, seed: int | None) -> None:
        """Let simulated people act, or not; with other luck from now on."""
        cohort = self.simulation.cohort
        if seed is not None and seed != self.seed:
            self.seed = seed
            cohort.reseed(seed)
        cohort.switch(on=on)

    def figures(self) -> Figures:
        """What it came to so far. Raises NotNow between two simulations."""
        if self._tally is None:
            raise NotNow(BETWEEN)
        return self._tally.figures()[0]

    # The clock

    async def clock(self) -> Json:
        """What time it is, and how many messages wait."""
        simulation = self.simulation
        counts = await simulation.app.database.run(lambda uow: uow.outbox.counts(), simulation.clock())
        return {"event": "clock", "now": views.moment(simulation.clock()), "waiting": counts["pending"]}

    async def programme(self) -> Programme:
        """The programme as it is now."""
        simulation = self.simulation
        return await simulation.app.database.run(
            lambda uow: uow.programmes.get(simulation.programme_id), simulation.clock()
        )

    def move(self, to: str) -> None:
        """Let time pass: a ``day``, a ``week``, until the ``next`` message, to the ``end``, or until a moment (ISO
        8601). Raises NotNow while it passes already, or where that moment has passed."""
        if self._clock_run is not None:
            raise NotNow("the clock is moving already")
        now, ends = self.simulation.clock(), self.simulation.scenario.ends
        spans = {"day": timedelta(days=1), "week": timedelta(weeks=1), "next": AT_MOST}
        until = now + spans[to] if to in spans else ends if to == "end" else _moment(to)
        if until <= now:
            raise NotNow("that moment has passed")
        self._stops, self._arrived = False, 0
        self._clock_run = asyncio.create_task(self._pass(until, until_next=to == "next"))

    async def stop(self) -> None:
        """Stop the clock after its present step, and wait for that."""
        self._stops = True
        if self._clock_run is not None:
            await asyncio.wait([self._clock_run])

    async def _pass(self, until: datetime, *, until_next: bool) -> None:
        simulation = self.simulation
        began, told = simulation.clock(), 0.0

        def after_each_step() -> bool:
            nonlocal told
            if time.monotonic() - told >= A_MOMENT:
                told = time.monotonic()
                self._tell_progress(began, until)
            return not self._stops and not (until_next and self._arrived)

        try:
            self._tell_progress(began, until)
            await simulation.play(until, after_each_step)
        except Exception as error:  # noqa: BLE001 - whatever it is, the page hears of it and the log has it
            log.error("playground.clock_failed", error=type(error).__name__, where=frames(error))
            self.tell({"event": "trouble", "error": f"The clock stopped: {type(error).__name__}"})
        try:
            rests = await self.clock()
        finally:
            self.running = self._clock_run = None
        self.flush()
        self.tell(rests | {"arrived": self._arrived})

    def _tell_progress(self, began: datetime, until: datetime) -> None:
        now = self.simulation.clock()
        self.running = {
            "until": views.moment(until),
            "done": min(1.0, (now - began) / (until - began)),
            "now": views.moment(now),
            "arrived": self._arrived,
        }
        self.flush()
        self.tell({"event": "running", **self.running})

    # What is told

    def tell(self, said: Json) -> None:
        """Tell all pages."""
        for visitor in self.visitors:
            visitor.push(said)

    def read(self, who: Account, room: str) -> None:
        """Somebody has a conversation before their eyes."""
        if self.unread[who].pop(room, 0):
            self.tell({"event": "unread", "counts": {str(who): self.unread[who].total()}})

    def flush(self) -> None:
        """Tell the pages what has changed on screens since the last time."""
        for stand_in in self.simulation.stand_ins:
            changed = []
            while stand_in.changed:
                changed.append((stand_in.platform, stand_in.changed.popleft()))
            for visitor in self.visitors if changed else ():
                visitor.look(changed)
        if self._recounted:
            counts = {str(who): self.unread[who].total() for who in self._recounted}
            self._recounted.clear()
            self.tell({"event": "unread", "counts": counts})
        if self._skipped:
            self.tell({"event": "arrived", "skipped": self._skipped})
            self._skipped = 0

    def _note(self, post: Post, stand_in: StandIn) -> None:
        self._arrived += 1
        for reader in post.readers:
            self.unread[reader][post.conversation] += 1
        self._recounted |= post.readers
        now = time.monotonic()
        self._told = [at for at in self._told if now - at < 1]
        if len(self._told) >= IN_A_SECOND:
            self._skipped += 1
            return
        self._told.append(now)
        names = sorted(self.simulation.people[reader].name for reader in post.readers)
        self.tell(
            {
                "event": "arrived",
                "at": views.moment(post.at),
                "to": names[:NAMED] if len(names) <= NAMED else [*names[:NAMED], f"{len(names) - NAMED} more"],
                "platform": stand_in.platform,
                "key": post.key,
                "why": why(post.key),
                "line": post.lines[0] if post.lines else "",
            }
        )


def _offered(scenario: Scenario) -> Json:
    return {"name": scenario.name, "title": scenario.title, "about": scenario.about}


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise NotNow(f"{text} is no moment") from None
    if at.tzinfo is None:
        raise NotNow(f"{text} has no time zone")
    return at
