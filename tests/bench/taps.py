"""Members of Action Learning Sets on one platform, and their taps on its stand-in, to be posted by whoever measures."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import insert, select

from bot.chat import Chat
from bot.config import read
from bot.handlers import als
from bot.platforms.slack.adapter import PATH
from bot.platforms.slack.chat import SlackChat
from bot.platforms.teams.chat import TeamsChat
from bot.playground.client import Member, Shown
from bot.playground.clock import MovableClock
from bot.playground.slack import SlackStandIn
from bot.playground.teams import TeamsStandIn
from storage.models import als_reply, outbox
from storage.places import dm
from storage.records import Account, Conversation, Newcomer, Person, Session
from tests import databases
from tests.bench.servers import Request
from tests.databases import keys_of
from tests.world import World, build

TENANTS = {"slack": "T1", "teams": "tenant-1"}
IN_A_SET = 6
ANSWERS = ("yes", "maybe", "no")


class SlackRecorder(SlackStandIn):
    """What people do here is written down instead of sent."""

    def __init__(self, *what: Any, **more: Any) -> None:
        super().__init__(*what, **more)
        self.recorded: list[bytes] = []

    async def send_form(self, fields: Mapping[str, str]) -> tuple[int, str]:
        """Write down."""
        self.recorded.append(urlencode(fields).encode())
        return 200, ""

    def request(self, body: bytes) -> Request:
        """Signed now."""
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return Request(PATH, body, form | self.signed(body.decode()))


class TeamsRecorder(TeamsStandIn):
    """What people do here is written down instead of sent."""

    def __init__(self, *what: Any, **more: Any) -> None:
        super().__init__(*what, **more)
        self.recorded: list[bytes] = []
        self._bearer = ""

    async def deliver(self, activity: dict[str, Any]) -> tuple[int, Any]:
        """Write down; 0: there is no answer."""
        self.recorded.append(json.dumps(activity).encode())
        return 0, None

    def request(self, body: bytes) -> Request:
        """Signed; a token holds for an hour."""
        self._bearer = self._bearer or self.issuer.token(self.service_url)
        headers = {"Content-Type": "application/json; charset=utf-8", "Authorization": f"Bearer {self._bearer}"}
        return Request("/api/messages", body, headers)


@dataclass(frozen=True, slots=True)
class Tap:
    """A member's answer to a session, as the platform sends it."""

    session_id: int
    person_id: int
    answer: str
    body: bytes


@dataclass
class Members:
    """People on one platform, known to the database of a world and to the stand-in; ``people`` with their accounts."""

    world: World
    stand_in: SlackRecorder | TeamsRecorder
    chat: Chat
    clock: MovableClock
    people: dict[Person, Account]
    conversations: dict[Person, Conversation] = field(default_factory=dict)
    _cards: list[tuple[Session, Person, Shown]] = field(default_factory=list)
    _answers: dict[tuple[int, int], str] = field(default_factory=dict)
    _taps: int = 0

    @property
    def settings(self) -> dict[str, str]:
        """The environment in which the bot, or a bare one, serves them."""
        return {
            "DATABASE_URL": self.world.url,
            "KEY_DIR": str(keys_of(self.world.url).path),
            "PORT": "0",
            "BENCH_NOW": self.world.now.isoformat(),
            **self.stand_in.settings(),
        }

    async def open_chats(self) -> None:
        """Let everybody have their chat with the bot."""
        for person, account in self.people.items():
            self._pass_a_minute()
            self.conversations[person] = await self.chat.open([account])
        with self.world.uow() as uow:
            for person, conversation in self.conversations.items():
                uow.places.bind(dm(person), conversation)

    async def invite(self, sessions: int) -> None:
        """Ask the first few to so many sessions in six days. They have the cards, and the reminders wait."""
        members = list(self.people)[:IN_A_SET]
        self._cards = [await self._ask(*each) for each in product(self._plan(sessions, members), members)]
        with self.world.database.engine.begin() as connection:
            connection.execute(insert(outbox), [self._sent(*card) for card in self._cards])
        with self.world.uow() as uow:
            for session, member, _shown in self._cards:
                als.book(session, member, "", als.cards_there(session, member, uow), uow)

    def _plan(self, sessions: int, members: Sequence[Person]) -> list[Session]:
        facilitator = self.world.people["Brigid"]
        with self.world.uow() as uow:
            made = uow.sets.add(self.world.programme.id, "Northern set", facilitator.id)
            for member in members:
                uow.sets.add_member(made.id, member.id)
            starts_at = self.world.now + timedelta(days=6)
            return [uow.sets.add_session(made.id, starts_at, 120, "Room 2") for _ in range(sessions)]

    async def _ask(self, session: Session, member: Person) -> tuple[Session, Person, Shown]:
        self._pass_a_minute()
        message, key = als.invitation(session, member, ""), als.invitation_key(session, member)
        shown = self.stand_in.client(self.people[member]).shown(
            await self.chat.send(self.conversations[member], message, key)
        )
        assert shown is not None
        return session, member, shown

    def _sent(self, session: Session, member: Person, shown: Shown) -> dict[str, object]:
        return {
            "place": dm(member),
            "key": als.invitation_key(session, member),
            "queued_at": self.world.now,
            "due_at": self.world.now,
            "useful_until": session.starts_at,
            "conversation": shown.conversation,
            "remote_id": shown.id,
            "sent_at": self.world.now,
        }

    def _pass_a_minute(self) -> None:
        """The stand-ins take so much and no more."""
        self.clock.move_to(self.clock() + timedelta(minutes=1))

    async def taps(self, count: int) -> list[Tap]:
        """The next so many taps: everybody answers every session yes, then maybe, then no, and from the beginning. On
        Teams a button that is tapped a second time is a tap that was sent twice, so there must be enough sessions."""
        order = [(*card, answer) for answer in ANSWERS for card in self._cards]
        first, self._taps = self._taps, self._taps + count
        if self.stand_in.platform == "teams" and self._taps > len(order):
            raise ValueError("there are too few sessions")
        made = []
        for number in range(first, self._taps):
            session, member, shown, answer = order[number % len(order)]
            await self.stand_in.client(self.people[member]).tap(shown, shown.button(f"als_{answer}"))
            made.append(Tap(session.id, member.id, answer, self.stand_in.recorded.pop()))
        return made

    def requests(self, taps: Sequence[Tap]) -> list[Request]:
        """Taps as they are posted now."""
        return [self.stand_in.request(tap.body) for tap in taps]

    def check(self, taps: Sequence[Tap]) -> None:
        """Raises RuntimeError where these taps, the latest, have not changed what is stored."""
        self._answers |= {(tap.session_id, tap.person_id): tap.answer for tap in taps}
        with self.world.database.engine.connect() as connection:
            stored = connection.execute(select(als_reply.c.session_id, als_reply.c.person_id, als_reply.c.answer))
            found = {(row.session_id, row.person_id): row.answer for row in stored}
        if found != self._answers:
            raise RuntimeError("the taps have not changed what they should change")


@asynccontextmanager
async def members(url: str, platform: str, count: int = IN_A_SET) -> AsyncIterator[Members]:
    """So many people on one platform, in a new database at this address; all take part and have their chats."""
    world = build(url)
    clock = MovableClock(world.now)
    accounts = [Account(platform, TENANTS[platform], f"UX{number:04}") for number in range(count)]
    known = [Member(account, f"{account.user} Ashworth", f"{account.user}@example.org") for account in accounts]
    stand_in: SlackRecorder | TeamsRecorder
    if platform == "slack":
        stand_in = SlackRecorder(known, clock, team=TENANTS[platform])
    else:
        stand_in = TeamsRecorder(known, clock, tenant=TENANTS[platform])
    await stand_in.start()
    settings = read({"DATABASE_URL": url, **stand_in.settings()}, is_demo=True)
    chat: Chat
    if settings.slack:
        chat = SlackChat(settings.slack)
    else:
        assert settings.teams
        chat = TeamsChat(settings.teams)
    made = Members(world, stand_in, chat, clock, dict(zip(_enrolled(world, known), accounts, strict=True)))
    try:
        await made.open_chats()
        yield made
    finally:
        await chat.close()
        await stand_in.stop()
        world.database.close()
        databases.drop(url)


def _enrolled(world: World, known: Sequence[Member]) -> list[Person]:
    newcomers = [
        Newcomer(
            name=member.name,
            email=member.email,
            accounts=(member.account,),
            time_zone="Europe/London",
            region="ENG",
            profile="",
            grade="",
            organisation="",
            since=date(2025, 9, 1),
        )
        for member in known
    ]
    with world.uow() as uow:
        ids = uow.people.add_all(newcomers)
        uow.people.enrol_all(world.programme.id, dict.fromkeys(ids, "mentee"))
        for person_id in ids:
            uow.people.set_state(person_id, "joined")
        return [uow.people.get(person_id) for person_id in ids]
