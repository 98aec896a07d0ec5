"""The real bot between stand-ins of both platforms, simulated people, and a clock that moves from one thing that is
due to the next. The year in the terminal and the page in the browser are two ways to look at it."""

import asyncio
import contextlib
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from bot import app as application
from bot.config import read
from bot.playground import example
from bot.playground.client import Member, Post, StandIn
from bot.playground.clock import MovableClock
from bot.playground.cohort import Cohort
from bot.playground.scenarios import Scenario
from bot.playground.slack import SlackStandIn
from bot.playground.teams import TeamsStandIn
from bot.surveys.instrument import as_declared
from storage import places
from storage.demos import may_be_replaced
from storage.records import Account, Conversation, PairFacts
from storage.unit_of_work import UnitOfWork

PUBLIC_URL = "https://mentoring.westmarch.example"
LEADS_CHANNEL = "peer-mentoring-leads"
SOON = timedelta(seconds=10)
"""What is held back by the platforms' pace alone follows within this time."""

Listener = Callable[[Post, StandIn], None]


def keys_beside(database: Path) -> Path:
    """Where a demo keeps the keys of its waves: beside its database, which is refused for a real one."""
    return Path(f"{database}-keys")


class NotADemos(Exception):
    """The file is no demo's database: it is left as it is."""


def begin_anew(database: Path) -> None:
    """Remove a demo's database with its keys, so that the next one is new. Raises NotADemos for any other file."""
    if not may_be_replaced(database):
        raise NotADemos(f"{database} is not a demo's database: give another")
    for part in ("", "-wal", "-shm"):
        Path(f"{database}{part}").unlink(missing_ok=True)
    shutil.rmtree(keys_beside(database), ignore_errors=True)


class Simulation:
    """One run of a scenario; ``async with`` starts and stops it.

    ``database``: where the bot keeps its data, a file that is not there yet. ``seed``: the luck of the people and of
    the bot. ``level``: the programme's level of disclosure, where it is not to be the scenario's own.
    ``listeners``: hear of each message that reached somebody, once it has. ``turn``: held by whoever does something,
    so that the clock does not move meanwhile.
    """

    def __init__(self, scenario: Scenario, *, database: Path, seed: int, level: str = "") -> None:
        self.scenario = scenario
        self.database = database
        self.seed = seed
        self.level = level
        self.clock = MovableClock(scenario.starts)
        self.people = {person.account: person for person in scenario.people}
        self.listeners: list[Listener] = []
        self.turn = asyncio.Lock()
        self.slack = SlackStandIn(self._members("slack"), self.clock, team=example.SLACK_TEAM)
        self.teams = TeamsStandIn(self._members("teams"), self.clock, tenant=example.TEAMS_TENANT)
        self.stand_ins: tuple[StandIn, ...] = (self.slack, self.teams)
        self.app: application.App
        self.cohort: Cohort
        self.address = ""
        self.programme_id = 0
        self.leads_channel = ""
        self._read: dict[str, int] = {}
        self._instruments: dict[int, str] = {}
        self._pairs: dict[str, int] = {}

    def _members(self, platform: str) -> list[Member]:
        return [person.member for person in self.scenario.people if person.account.platform == platform]

    # Starting and stopping

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as started:
            for stand_in in self.stand_ins:
                started.push_async_callback(stand_in.stop)
                await stand_in.start()
            settings = read(
                {
                    "DATABASE_URL": f"sqlite:///{self.database}",
                    "KEY_DIR": str(keys_beside(self.database)),
                    "PORT": "0",
                    "PUBLIC_URL": PUBLIC_URL,
                    **self.slack.settings(),
                    **self.teams.settings(),
                },
                is_demo=True,
            )
            self.app = application.build(settings, clock=self.clock, random=Random(self.seed))
            started.push_async_callback(self.app.close)
            self.app.database.do_not_wait_for_the_disk()
            await self._fill()
            self.address = await started.enter_async_context(
                application.listening(self.app, settings.host, settings.port)
            )
            for stand_in in self.stand_ins:
                stand_in.point_at(self.address)
            self._started = started.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._started.__aexit__(kind, error, trace)

    async def _fill(self) -> None:
        """Enter the scenario, bind the leads' channel as if a lead had typed ``leads here``, and have people look at
        their screens."""
        self.programme_id = await self.scenario.load(self.app.database)
        leads = self._leads_of_one_platform()
        if leads:
            self.leads_channel = self.stand_in(leads[0]).add_channel(LEADS_CHANNEL, leads)
        await self.app.database.run(lambda uow: self._settle_programme(leads, uow), self.clock())
        self.cohort = Cohort(self.scenario, lambda who: self.stand_in(who).client(who), self.clock, self.seed)
        self.cohort.settle = self.settle
        self.cohort.settle_soon = self.settle_soon
        self.cohort.instrument_of = self._instrument_of
        self.cohort.facts_of = self._facts_of
        self.cohort.start(self.stand_in(leads[0]).client(leads[0], self.leads_channel) if leads else None)

    def _settle_programme(self, leads: list[Account], uow: UnitOfWork) -> None:
        programme = uow.programmes.get(self.programme_id)
        if leads:
            service = self.teams.service_url if leads[0].platform == "teams" else ""
            channel = Conversation(leads[0].platform, leads[0].tenant, self.leads_channel, "channel", service)
            uow.places.bind(places.leads(programme), channel)
        if self.level:
            uow.programmes.change(programme.id, disclosure=self.level)

    def _leads_of_one_platform(self) -> list[Account]:
        """Those who can be in one channel: as many as there are on either platform."""
        accounts = [lead.account for lead in self.scenario.having("lead")]
        platforms = Counter(account.platform for account in accounts)
        return [who for who in accounts if who.platform == platforms.most_common(1)[0][0]]

    # People

    def stand_in(self, account: Account) -> StandIn:
        """The platform of somebody."""
        return next(stand_in for stand_in in self.stand_ins if stand_in.platform == account.platform)

    def _instrument_of(self, wave_id: int) -> str:
        if wave_id not in self._instruments:
            with self.app.database.begin(self.clock()) as uow:
                self._instruments[wave_id] = as_declared(uow.waves.get(wave_id).instrument).id
        return self._instruments[wave_id]

    def _facts_of(self, mentor: str) -> PairFacts:
        with self.app.database.begin(self.clock()) as uow:
            if mentor not in self._pairs:
                self._pairs = {fact.pair.mentor.email: fact.pair.id for fact in uow.pairs.facts(self.programme_id)}
            pair = uow.pairs.get(self._pairs[mentor])
            logged = uow.meetings.of_pair(pair.id, "logged")
        return PairFacts(pair, len(logged), logged[-1].day if logged else None)

    # Time

    async def play(self, until: datetime, after_each_step: Callable[[], bool] = lambda: True) -> None:
        """Let time pass until a moment, from one thing that is due to the next; what is due at that moment is left.
        ``after_each_step``: told whenever all that was due at one moment is done; False ends it there."""
        while self.clock() < until:
            async with self.turn:
                await self.do_what_is_due()
                if not after_each_step():
                    return
                following = min(await self.next_at() or until, until)
                self.clock.move_to(max(following, self.clock()))

    async def do_what_is_due(self) -> None:
        """What the bot and the people have to do now."""
        await self.app.jobs.tick()
        await self.app.jobs.reported()
        await self.settle()
        if await self.cohort.act():
            await self.settle()

    async def next_at(self) -> datetime | None:
        """When there is something to do next, for the bot or for simulated people; None for never."""
        coming = (await self.app.jobs.next_at(), await self.app.delivery.next_at(), self.cohort.next_at())
        return min((moment for moment in coming if moment is not None), default=None)

    async def settle(self) -> None:
        """Deliver what may go now, and let people notice it."""
        await self.app.delivery.deliver_due()
        for stand_in in self.stand_ins:
            fresh = stand_in.posts[self._read.get(stand_in.platform, 0) :]
            self._read[stand_in.platform] = len(stand_in.posts)
            for post in sorted(fresh, key=lambda p: (p.key, p.conversation)):
                for listener in self.listeners:
                    listener(post, stand_in)
                self.cohort.read(post)

    async def settle_soon(self) -> None:
        """As ``settle``, with what is due, and with what only the platforms' pace holds back for a few seconds."""
        until = self.clock() + SOON
        while True:
            await self.app.jobs.tick()
            await self.app.jobs.reported()
            await self.settle()
            coming = (await self.app.jobs.next_at(), await self.app.delivery.next_at())
            following = min((moment for moment in coming if moment is not None), default=None)
            if following is None or following > until:
                return
            self.clock.move_to(max(following, self.clock()))
