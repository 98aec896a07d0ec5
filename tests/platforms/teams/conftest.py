"""A bot that is only the Teams adapter with a recording dispatch, and the stand-in that it talks to."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from bot import config, ui
from bot.flow import Done, Event, Outcome
from bot.platforms import Platform
from bot.platforms.teams.adapter import build
from bot.playground.client import Member
from bot.playground.teams import TeamsClient, TeamsStandIn
from storage.records import Account
from tests.fake_gallery import FakeGallery

TENANT = "7d0f7c34-5b1e-4f3c-8b8a-1c0b4e0c9a11"


@dataclass
class MovingClock:
    """Programme time that a test moves on by hand."""

    now: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class RecordingDispatch:
    """Answers every event with ``outcome`` (or raises it, if it is a fault) and remembers the events."""

    outcome: Outcome | OSError = field(default_factory=Done)
    events: list[Event] = field(default_factory=list)

    async def __call__(self, event: Event) -> Outcome:
        self.events.append(event)
        if isinstance(self.outcome, OSError):
            raise self.outcome
        return self.outcome


def person(number: int, name: str) -> Member:
    user = f"{number:08d}-1111-4222-8333-444455556666"
    email = f"{name.split(maxsplit=1)[0].lower()}@example.nhs.uk"
    return Member(Account("teams", TENANT, user), name, email)


PRIYA = person(1, "Priya Raman")
TOMASZ = person(2, "Tomasz Wilk")
ADWOA = person(3, "Adwoa Mensah")


def message(*blocks: ui.Block, summary: str = "How are you getting on?") -> ui.Message:
    return ui.Message(summary, blocks or (ui.Text("Hello."),), "Only you can see this.")


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def dispatch() -> RecordingDispatch:
    return RecordingDispatch()


@pytest.fixture
async def teams(clock: MovingClock) -> AsyncIterator[TeamsStandIn]:
    stand_in = TeamsStandIn([PRIYA, TOMASZ, ADWOA], clock, tenant=TENANT)
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


@pytest.fixture
async def bot(teams: TeamsStandIn, dispatch: RecordingDispatch, clock: MovingClock) -> AsyncIterator[Platform]:
    settings = config.read(teams.settings()).teams
    assert settings is not None
    platform = build(settings, dispatch, clock, gallery=FakeGallery())
    app = web.Application()
    app.add_routes(platform.routes)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    teams.point_at(f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield platform
    await platform.chat.close()
    await runner.cleanup()


@pytest.fixture
def priya(teams: TeamsStandIn) -> TeamsClient:
    return teams.client(PRIYA.account)
