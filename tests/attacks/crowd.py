"""The example's 62 people and the real bot, between stand-ins of both platforms: what attacks on screens, commands and
logs are made on. Answers are typed into people's apps and go through HTTP; the clock is moved by hand, also back."""

import json
import re
import shutil
from collections.abc import AsyncIterator, Collection
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from unittest.mock import patch

from aiohttp import ClientSession
from sqlalchemy import select, update

from bot import app as application
from bot import ui
from bot.clock import Clock
from bot.config import read
from bot.handlers import leads
from bot.handlers.questions import AS_IT_IS, NAMES
from bot.playground import example, teams_keys
from bot.playground.client import Answer, Client, Member, Shown, ShownButton, ShownForm
from bot.playground.example import ExamplePerson
from bot.playground.slack import SlackStandIn
from bot.playground.slack_workspace import APP
from bot.playground.teams import TeamsStandIn
from bot.playground.teams_keys import SigningKey
from bot.reading import about
from bot.ui import Values
from storage.files import PATH
from storage.models import due, metadata, outbox, participant, person
from storage.records import Wave
from storage.unit_of_work import Database, UnitOfWork
from tests import waves
from tests.contract.stage import Rows
from tests.databases import keys_of

BEFORE = datetime(2026, 11, 2, 7, tzinfo=UTC)
"""Early on the day on which the first check-in opens."""
OPENS = datetime(2026, 11, 2, 10, tzinfo=UTC)
FIRST_ID = 700_000
"""Ids of people are above it, so that they are told from other numbers."""
SOON = timedelta(seconds=60)
"""For how long ``settle`` lets the platforms' pace hold back what is due."""
GOOD: Values = {"item_useful": "4", "item_open": "5", "item_time": "2"}

_RANDOM_KEYS = re.compile(r"\b((?:answer|lead_change):)[^\"\\ ]*")
_RANDOM_WORDS = re.compile(r"\b[CDGRV]0\d{8}\b|\b[0-9a-f]{8}\b")
_RANDOM_ADDRESSES = re.compile(rf"({PATH})[\w-]+")


class Seen(NamedTuple):
    """A message as somebody sees it: when it came, the conversation's kind of it, and every byte but random ids."""

    at: datetime
    key: str
    lines: tuple[str, ...]
    buttons: tuple[ShownButton, ...]
    raw: str


@lru_cache(maxsize=1)
def signing_key() -> SigningKey:
    """Made once: making one takes longer than anything else here."""
    return SigningKey()


@lru_cache(maxsize=1)
def _template() -> tuple[Path, TemporaryDirectory[str]]:
    """A database in which everybody has joined and all pairs have been introduced, on the morning of the first
    check-in; and the directory that is tidied up at the end of the process."""
    directory = TemporaryDirectory(prefix="peermentor-crowd-")
    path = Path(directory.name) / "template.sqlite3"
    database = Database(f"sqlite:///{path}", ui.dump, keys=keys_of(f"sqlite:///{path}"))
    database.do_not_wait_for_the_disk()
    database.upgrade()
    _fill(database)
    database.close()
    return path, directory


def _fill(database: Database) -> None:
    with database.engine.begin() as connection:
        nobody = {"name": "Nobody", "email": "nobody@westmarch.example", "time_zone": "Europe/London", "region": "ENG"}
        connection.execute(person.insert().values(id=FIRST_ID, **nobody))
    slack = _slack(lambda: example.STARTS)
    with database.begin(example.STARTS) as uow:
        everybody = example.people()
        programme_id = example.load(uow, everybody, _channel(slack))
        for part in uow.people.participants(programme_id):
            uow.people.set_state(part.person.id, "joined")
            uow.due.drop("welcome", about(programme_id, part.person.id))
        for fact in uow.pairs.facts(programme_id):
            uow.pairs.introduce(fact.pair.id)
    with database.engine.begin() as connection:
        connection.execute(
            due.delete().where((due.c.due_at < BEFORE) | due.c.rule.in_(("wave_open", "questionnaire_open")))
        )
        connection.execute(outbox.delete())
    with database.begin(BEFORE) as uow:
        leads.move(uow.programmes.get(programme_id), uow)


def _slack(clock: Clock) -> SlackStandIn:
    return SlackStandIn(_members("slack"), clock, team=example.SLACK_TEAM)


def _members(platform: str) -> list[Member]:
    return [somebody.member for somebody in example.people() if somebody.account.platform == platform]


def _channel(slack: SlackStandIn) -> str:
    return slack.add_channel("peer-mentoring-leads", [lead.account for lead in example.people() if lead.part == "lead"])


class Crowd:
    """The app, both stand-ins and everybody's apps. ``everybody``: by name. ``channel``: the leads' own.
    ``timer_stands``: nothing that is due is done, messages are delivered all the same."""

    def __init__(self, roles: Collection[str]) -> None:
        self.clock = BEFORE
        self.roles = roles
        self.everybody = {somebody.name: somebody for somebody in example.people()}
        self.slack = _slack(self.now)
        with patch.object(teams_keys, "SigningKey", signing_key):
            self.teams = TeamsStandIn(_members("teams"), self.now, tenant=example.TEAMS_TENANT)
        self.channel = _channel(self.slack)
        self.timer_stands = False
        self.app: application.App
        self.address: str

    def now(self) -> datetime:
        """The programme's clock."""
        return self.clock

    # Who there is

    def part(self, *parts: str) -> list[ExamplePerson]:
        """Those with one of these parts, in the order of the example."""
        return [somebody for somebody in self.everybody.values() if somebody.part in parts]

    def asked(self) -> list[ExamplePerson]:
        """Those who take part, and are asked in check-ins."""
        return self.part(*self.roles)

    def client(self, who: ExamplePerson, channel: str | None = None) -> Client:
        """Somebody's app."""
        stand_in = self.slack if who.account.platform == "slack" else self.teams
        return stand_in.client(who.account, channel)

    def id_of(self, who: ExamplePerson) -> int:
        """The person's id."""
        with self.uow() as uow:
            found = uow.people.by_account(who.account)
        assert found is not None
        return found.person.id

    # Time

    async def settle(self, until: datetime | None = None) -> None:
        """Do what is due and deliver what may go, until nothing more comes within a minute, or by a moment."""
        end = until or self.clock + SOON
        while True:
            if not self.timer_stands:
                await self.app.jobs.tick()
                await self.app.jobs.reported()
            await self.app.delivery.deliver_due()
            coming = [await self.app.delivery.next_at(), None if self.timer_stands else await self.app.jobs.next_at()]
            following = min((at for at in coming if at is not None), default=None)
            if following is None or following > end:
                break
            self.clock = max(following, self.clock)
        if until is not None:
            self.clock = max(until, self.clock)

    # Waves

    async def open_wave(self, name: str = "pulse") -> Wave:
        """Let the first check-in open, or another one or a questionnaire now; and everybody have been invited."""
        await self.settle(max(self.clock, OPENS))
        with self.uow() as uow:
            programme = uow.programmes.current()
            assert programme is not None
            waves.have_opened(uow, name)
        await self.settle()
        with self.uow() as uow:
            (wave,) = uow.waves.are_under_way(programme.id)
        return wave

    async def form_of(self, who: ExamplePerson) -> ShownForm:
        """Tap the button of the invitation, or of the newest message that has one."""
        client = self.client(who)
        shown = next(each for each in reversed(client.screen()) if "checkin" in {b.action for b in each.buttons})
        answer = await client.tap(shown, shown.button("checkin"))
        assert answer.form is not None, answer
        return answer.form

    async def form(self, who: ExamplePerson, words: str) -> ShownForm:
        """Type a command that leads to a form."""
        answer = await self.walk(who, words)
        if answer.form is None:
            assert answer.message is not None
            answer = await self.client(who).tap(answer.message, answer.message.buttons[0])
        assert answer.form is not None, answer
        return answer.form

    async def answer(self, who: ExamplePerson, values: Values = GOOD, *, insist: bool = True) -> Answer:
        """Check in; with ``insist``, also where a name is pointed out. The person's app shows the answer."""
        client = self.client(who)
        answer = await client.submit(await self.form_of(who), values)
        if insist and answer.form is not None and NAMES in answer.form.values:
            answer = await client.submit(answer.form, {NAMES: AS_IT_IS})
        return answer

    async def walk(self, who: ExamplePerson, words: str, *actions: str) -> Answer:
        """Type a command, and tap one button after the other, each on the answer to what was before."""
        answer = await self.complete(who, await self.client(who).command(words))
        for action in actions:
            answer = await self.walk_on(who, answer, action)
        return answer

    async def walk_on(self, who: ExamplePerson, answer: Answer, action: str) -> Answer:
        """Tap a button of an answer."""
        assert answer.message is not None, answer
        return await self.complete(who, await self.client(who).tap(answer.message, answer.message.button(action)))

    async def complete(self, who: ExamplePerson, answer: Answer) -> Answer:
        """The answer, also where it arrives in the chat."""
        if answer.form is not None or (answer.message is not None and answer.message.lines):
            return answer
        await self.settle()
        return replace(answer, message=self.client(who).screen()[-1])

    async def forged_tap(self, who: ExamplePerson, action: str, subject: str, version: int) -> Answer:
        """Tap, on Slack, a button that is on no screen."""
        user, workspace = who.account.user, self.slack.workspace
        conversation = workspace.dm(user)
        before = len(workspace.messages)
        payload = self._by(who, "block_actions") | {
            "container": {"type": "message", "message_ts": "1.0", "is_ephemeral": False},
            "channel": {"id": conversation.id, "name": "directmessage"},
            "actions": [
                {
                    "type": "button",
                    "action_id": f"{action}#0",
                    "block_id": "b",
                    "value": f"{subject}:{version}",
                    "action_ts": workspace.new_id(""),
                }
            ],
        }
        status, _body = await self.slack.send_form({"payload": json.dumps(payload)})
        mine = [sent for sent in workspace.messages[before:] if sent.only == user]
        return Answer(status, message=workspace.show(mine[-1]) if mine else None)

    async def forged_form(self, who: ExamplePerson, name: str, subject: str, version: int, values: Values) -> Answer:
        """Send, on Slack, a form that is not open; the errors that come back."""
        view = {
            "id": self.slack.workspace.new_id("V"),
            "type": "modal",
            "callback_id": name,
            "private_metadata": json.dumps({"subject": subject, "version": version}),
            "hash": "h",
            "state": {"values": {field: {"input": _state(value)} for field, value in values.items()}},
        }
        payload = self._by(who, "view_submission") | {"view": view}
        status, body = await self.slack.send_form({"payload": json.dumps(payload)})
        return Answer(status, errors={"": _plain(body)} if body else {})

    def _by(self, who: ExamplePerson, kind: str) -> dict[str, Any]:
        return {
            "type": kind,
            "team": {"id": self.slack.workspace.team, "domain": "peermentor"},
            "user": {"id": who.account.user, "username": "somebody", "team_id": self.slack.workspace.team},
            "api_app_id": APP,
            "trigger_id": self.slack.workspace.trigger(who.account.user),
            "enterprise": None,
            "is_enterprise_install": False,
        }

    async def close(self, wave: Wave) -> None:
        """Let time pass to the close, and the results be told."""
        await self.settle(wave.closes_at)
        await self.settle()

    # What there is to see

    def uow(self) -> AbstractContextManager[UnitOfWork]:
        """A unit of work at the current time."""
        return self.app.database.begin(self.clock)

    def view(self, who: ExamplePerson) -> list[Seen]:
        """All that is on somebody's screen, but for random ids; earliest first."""
        return sorted(map(seen, self.client(who).screen()))

    def rows(self, *names: str) -> Rows:
        """Everything in these tables, or in all."""
        with self.app.database.engine.connect() as connection:
            return {
                name: frozenset(tuple(row) for row in connection.execute(select(metadata.tables[name])))
                for name in names or metadata.tables
            }

    async def healthz(self) -> str:
        """What the bot says of itself."""
        async with ClientSession() as http, http.get(f"{self.address}/healthz") as answer:
            return f"{answer.status} {await answer.text()}"


def seen(shown: Shown) -> Seen:
    """A message without random ids."""
    raw = shown.raw.get("blocks") or shown.raw.get("attachments") or shown.raw
    return Seen(shown.at, _RANDOM_KEYS.sub(r"\1", shown.key), shown.lines, shown.buttons, _plain(raw))


def _state(value: str | tuple[str, ...]) -> dict[str, Any]:
    if isinstance(value, tuple):
        return {"type": "checkboxes", "selected_options": [{"value": each} for each in value]}
    return {"type": "radio_buttons", "selected_option": {"value": value} if value else None}


def _plain(raw: object) -> str:
    known = _RANDOM_ADDRESSES.sub(r"\1", _RANDOM_KEYS.sub(r"\1", json.dumps(raw, sort_keys=True)))
    return _RANDOM_WORDS.sub("", known)


@asynccontextmanager
async def crowd(*roles: str) -> AsyncIterator[Crowd]:
    """The bot and everybody, joined and introduced, early in the morning on which the first check-in opens. With
    ``roles``, of mentors and mentees only those take part; the fewer there are, the quicker it goes."""
    with TemporaryDirectory(prefix="peermentor-crowd-") as directory:
        path = Path(directory) / "crowd.sqlite3"
        shutil.copy(_template()[0], path)
        made = Crowd(roles or ("mentor", "mentee"))
        for stand_in in (made.slack, made.teams):
            await stand_in.start()
        settings = read(
            {
                "DATABASE_URL": f"sqlite:///{path}",
                "KEY_DIR": str(keys_of(f"sqlite:///{path}").path),
                "PORT": "0",
                "PUBLIC_URL": "https://mentoring.westmarch.example",
                **made.slack.settings(),
                **made.teams.settings(),
            },
            is_demo=True,
        )
        made.app = application.build(settings, clock=made.now, random=Random(1))
        made.app.database.do_not_wait_for_the_disk()
        others = participant.c.role.not_in((*made.roles, "control"))
        with made.app.database.engine.begin() as connection:
            connection.execute(update(participant).where(others).values(state="invited"))
        try:
            async with application.listening(made.app, settings.host, settings.port) as made.address:
                for stand_in in (made.slack, made.teams):
                    stand_in.point_at(made.address)
                yield made
        finally:
            await made.app.close()
            for stand_in in (made.slack, made.teams):
                await stand_in.stop()
