"""The real adapter behind the real slack-bolt, served over HTTP, against the stand-in; only dispatch is made up."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from bot import config, ui
from bot.flow import Done, Event, Outcome
from bot.platforms.slack.adapter import build
from bot.platforms.slack.chat import SlackChat
from bot.playground.client import Member
from bot.playground.slack import SlackStandIn
from storage.records import Account, Conversation
from tests.fake_gallery import FakeGallery

TEAM = "T1"
AMARA = Account("slack", TEAM, "U1")
NIAMH = Account("slack", TEAM, "U2")
GWEN = Account("slack", TEAM, "U3")

MEMBERS = [
    Member(AMARA, "Amara Okonjo", "amara@example.org"),
    Member(NIAMH, "Niamh Gallagher", "niamh@example.org"),
    Member(GWEN, "Gwen Pritchard", "gwen@example.org"),
]


@dataclass
class Dispatch:
    """Notes every event and answers with what the test has laid out: ``answers`` in turn, then ``outcome``."""

    outcome: Outcome = field(default_factory=Done)
    answers: list[Outcome] = field(default_factory=list)
    error: Exception | None = None
    events: list[Event] = field(default_factory=list)

    async def __call__(self, event: Event) -> Outcome:
        self.events.append(event)
        if self.error is not None:
            raise self.error
        return self.answers.pop(0) if self.answers else self.outcome

    @property
    def event(self) -> Event:
        """The only event so far."""
        (event,) = self.events
        return event


@dataclass
class Rig:
    """A bot and a Slack that talk to each other. ``gallery``: its stored pictures. ``now``: programme time."""

    stand_in: SlackStandIn
    settings: config.Slack
    chat: SlackChat
    dispatch: Dispatch
    gallery: FakeGallery
    now: datetime = datetime(2026, 2, 2, 10, 0, tzinfo=UTC)

    def pass_time(self, seconds: float) -> None:
        """Move programme time."""
        self.now += timedelta(seconds=seconds)

    async def dm(self, account: Account = AMARA) -> Conversation:
        """Somebody's direct message with the bot."""
        return await self.chat.open([account])


def said(text: str = "Your mentor is Tomasz.", *buttons: ui.Button) -> ui.Message:
    """A short message."""
    row = (ui.Buttons(buttons),) if buttons else ()
    return ui.Message(text, (ui.Text(text), *row), "Only you can see this.")


def form(name: str = "meeting") -> ui.Form:
    """A form with a field of every kind."""
    return ui.Form(
        name=name,
        title="Log a meeting",
        submit="Save",
        fields=(
            ui.PickOne("how", "How did you meet?", options=(ui.Option("video", "By video"), ui.Option("cafe", "Café"))),
            ui.PickMany("topics", "What about?", optional=True, options=(ui.Option("exam", "Exams"),)),
            ui.DateField("day", "Which day?", value="2026-02-01"),
            ui.NumberField("minutes", "How many minutes?", help="Roughly", optional=True),
            ui.TimeField("time", "At what time?", value="09:30"),
            ui.TextField("place", "Where?", optional=True, max_length=80),
            ui.TextField("note", "Anything else?", optional=True, multiline=True),
        ),
        seen_by="You and your mentee can see this.",
        subject="pair:17",
        intro="One minute.",
    )


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A bot and a Slack, started."""
    made: Rig

    def clock() -> datetime:
        return made.now

    stand_in = SlackStandIn(MEMBERS, clock, team=TEAM)
    await stand_in.start()
    settings = config.read(stand_in.settings()).slack
    assert settings is not None
    dispatch, gallery = Dispatch(), FakeGallery()
    platform = build(settings, dispatch, clock, gallery=gallery)
    assert isinstance(platform.chat, SlackChat)
    made = Rig(stand_in, settings, platform.chat, dispatch, gallery)
    app = web.Application()
    app.add_routes(platform.routes)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stand_in.point_at(f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield made
    await platform.chat.close()
    await runner.cleanup()
    await stand_in.stop()
