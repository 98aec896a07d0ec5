"""The whole bot between the two stand-ins: what the contract suite plays on.

Both platforms speak to the real app over loopback HTTP; the programme's clock is moved by hand.
"""

import json
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot import app as application
from bot import handlers, ui
from bot.config import read
from bot.playground.client import Answer, Client, Member, Shown, ShownForm
from bot.playground.slack import SlackStandIn
from bot.playground.teams import TeamsStandIn
from bot.programme import cadence
from bot.reading import about
from storage.models import metadata
from storage.records import Account
from tests.databases import keys_of
from tests.world import ACCOUNTS, World

Row = tuple[Any, ...]
Rows = dict[str, frozenset[Row]]

SOON = timedelta(seconds=10)
"""How long ``settle`` waits, by the programme's clock, for what is held back by the platforms' pace alone."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays which part in a test that is played on one platform. ``other_pair`` is on the other one.
    ``over_sockets``: Slack speaks to the bot through the connections that the bot has opened."""

    platform: str
    mentor: str
    mentee: str
    control: str
    lead: str
    outsider: str
    other_pair: tuple[str, str]
    over_sockets: bool = False

    @property
    def again(self) -> int:
        """The status of an action that the bot could not handle: over HTTP it says so, through a socket it does not
        acknowledge."""
        return 504 if self.over_sockets else 503


CASTS = {
    "slack": Cast("slack", "Amara", "Niamh", "Leila", "Gwen", "Viktor", ("Tomasz", "Haruki")),
    "teams": Cast("teams", "Tomasz", "Haruki", "Priya", "Rhodri", "Ines", ("Amara", "Niamh")),
}
OVER_SOCKETS = replace(CASTS["slack"], over_sockets=True)

EXTRA = (
    ("Priya", "Priya Venkatesan", "teams", "control"),
    ("Rhodri", "Rhodri Pugh", "teams", "lead"),
    ("Farah", "Farah Rahmani", "slack", "mentor"),
    ("Chidi", "Chidi Eze", "teams", "mentee"),
    ("Marguerite", "Marguerite Sands", "slack", "facilitator"),
)
"""People who are in the contract suite's programme beside those of ``tests.world``; Farah and Chidi are a pair."""

OUTSIDERS = {"Viktor": Account("slack", "T1", "U901"), "Ines": Account("teams", "tenant-1", "U902")}
"""People of the same workspace and tenant whom the programme does not know."""

EVERYBODY = {
    **ACCOUNTS,
    **{first: Account(platform, "T1" if platform == "slack" else "tenant-1", f"U8{number:02}")
       for number, (first, _name, platform, _part) in enumerate(EXTRA)},
    **OUTSIDERS,
}  # fmt: skip


def begin(world: World) -> World:
    """Enter the people of ``EXTRA`` into a world, and start the programme."""
    ids: dict[str, int] = {}
    with world.uow() as uow:
        for first, name, _platform, part in EXTRA:
            ids[first] = uow.people.add(
                name=name,
                email=f"{first.lower()}@example.org",
                accounts=[EVERYBODY[first]],
                time_zone="Europe/London",
                region="ENG",
                profile=f"{first} likes allotments and neonates.",
                grade="ST4 paediatrics",
                organisation_name="Larkhill General",
                since=date(2025, 9, 1),
            )
            if part in ("mentor", "mentee", "control"):
                uow.people.enrol(world.programme.id, ids[first], part)
            else:
                uow.people.give_duty(world.programme.id, ids[first], part)
        uow.pairs.add(world.programme.id, ids["Farah"], ids["Chidi"])
        handlers.begin(world.programme, uow)
    return world


def introduce(world: World) -> World:
    """Let everybody have joined and all pairs have been introduced, without a message."""
    with world.uow() as uow:
        for part in uow.people.participants(world.programme.id):
            uow.people.set_state(part.person.id, "joined")
            uow.due.drop("welcome", about(world.programme.id, part.person.id))
        for fact in uow.pairs.facts(world.programme.id):
            uow.pairs.introduce(fact.pair.id)
            for person in fact.pair.people:
                first_look = cadence.first_look_for_a_date(uow.now, ZoneInfo("Europe/London"))
                uow.due.add("find_a_date", about(fact.pair.id, person.id), first_look)
    return world


class Stage:
    """The app and both stand-ins; ``async with`` starts and stops them. ``over_sockets``: in Slack's Socket Mode."""

    def __init__(self, database_url: str, world: World, *, over_sockets: bool = False) -> None:
        self.world = world
        self.database_url = database_url
        self.key_dir = keys_of(database_url).path
        members = [Member(account, first, f"{first.lower()}@example.org") for first, account in EVERYBODY.items()]
        on_slack = [m for m in members if m.account.platform == "slack"]
        self.slack = SlackStandIn(on_slack, self.now, team="T1", over_sockets=over_sockets)
        self.teams = TeamsStandIn([m for m in members if m.account.platform == "teams"], self.now, tenant="tenant-1")
        self.stand_ins = (self.slack, self.teams)
        self.app: application.App
        world.accounts = dict(EVERYBODY)
        with world.uow() as uow:
            known = {first: uow.people.by_account(account) for first, account in EVERYBODY.items()}
        world.people = {first: found.person for first, found in known.items() if found}

    # Starting and stopping

    async def __aenter__(self) -> Self:
        for stand_in in self.stand_ins:
            await stand_in.start()
        await self.start_bot()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop_bot()
        for stand_in in self.stand_ins:
            await stand_in.stop()
        assert self.slack.sockets.mistakes == []

    async def start_bot(self) -> None:
        """A new process of the bot on the same database."""
        settings = read(
            {
                "DATABASE_URL": self.database_url,
                "KEY_DIR": str(self.key_dir),
                "PORT": "0",
                "PUBLIC_URL": "https://mentoring.example.org",
                **self.slack.settings(),
                **self.teams.settings(),
            },
            is_demo=True,
        )
        self.app = application.build(settings, clock=self.now, random=Random(1))
        self._listening = application.listening(self.app, settings.host, settings.port)
        self.address = await self._listening.__aenter__()
        for stand_in in self.stand_ins:
            stand_in.point_at(self.address)
        if self.slack.over_sockets:
            await self.slack.sockets.until_connected()

    async def stop_bot(self) -> None:
        """End the process; nothing is tidied up that a killed one would leave."""
        await self._listening.__aexit__(None, None, None)
        await self.app.close()

    async def restart(self) -> None:
        """Stop the bot wherever it is, and start it again."""
        await self.stop_bot()
        await self.start_bot()

    # Time

    def now(self) -> datetime:
        """The programme's clock."""
        return self.world.now

    async def settle(self) -> None:
        """Do what is due and deliver what may go, until all is quiet; a few seconds may pass."""
        until = self.now() + SOON
        while True:
            await self.app.jobs.tick()
            await self.app.jobs.reported()
            await self.app.delivery.deliver_due()
            following = await self._next_at()
            if following is None or following > until:
                return
            self.world.now = max(following, self.now())

    async def until(self, moment: datetime) -> None:
        """Let time pass, from one thing that is due to the next."""
        while True:
            await self.settle()
            following = await self._next_at()
            if following is None or following > moment:
                break
            self.world.now = max(following, self.now())
        self.world.now = max(moment, self.now())

    async def advance(self, **spans: float) -> None:
        """Let time pass, in the words of timedelta."""
        await self.until(self.now() + timedelta(**spans))

    async def until_idle(self, *, within: timedelta = timedelta(days=30)) -> None:
        """Let time pass until no message waits."""
        end = self.now() + within
        await self.settle()
        while (following := await self.app.delivery.next_at()) is not None:
            assert following <= end, "a message waits for too long"
            await self.until(max(following, self.now()))

    async def _next_at(self) -> datetime | None:
        coming = (await self.app.jobs.next_at(), await self.app.delivery.next_at())
        return min((moment for moment in coming if moment is not None), default=None)

    # People

    def stand_in(self, who: str) -> SlackStandIn | TeamsStandIn:
        """The platform of a person."""
        return self.slack if EVERYBODY[who].platform == "slack" else self.teams

    def client(self, who: str, channel: str | None = None) -> Client:
        """A person's app."""
        return self.stand_in(who).client(EVERYBODY[who], channel)

    def channel(self, *members: str) -> str:
        """A channel of people of one platform, which the bot is in; its id."""
        return self.stand_in(members[0]).add_channel("north-wing", [EVERYBODY[member] for member in members])

    def screen(self, who: str) -> list[Shown]:
        """What a person sees now, in all conversations."""
        return self.client(who).screen()

    def screens(self) -> dict[str, list[Shown]]:
        """What everybody sees now."""
        return {who: self.screen(who) for who in EVERYBODY}

    def newest(self, who: str, action: str = "") -> Shown:
        """The last message on a person's screen; with ``action``, the last with such a button."""
        for shown in reversed(self.screen(who)):
            if not action or action in {button.action for button in shown.buttons}:
                return shown
        raise LookupError(f"{who} sees no message with {action!r}")

    def by_key(self, who: str, beginning: str) -> list[Shown]:
        """The messages on a person's screen whose key begins like this."""
        return [shown for shown in self.screen(who) if shown.key.startswith(beginning)]

    async def ask(self, who: str, words: str, channel: str | None = None) -> Shown:
        """Type a command; the answer as the person sees it."""
        return await self._answered(who, await self.client(who, channel).command(words))

    async def say(self, who: str, words: str) -> Shown:
        """Type words that may be no command; the answer as the person sees it."""
        return await self._answered(who, await self.client(who).say(words))

    async def tap(self, who: str, action: str, on: Shown | None = None) -> Shown:
        """Tap the first such button of a message, or of the last message that has one; what the person sees then."""
        shown = on or self.newest(who, action)
        before = {message.id for message in self.screen(who)}
        answer = await self.client(who).tap(shown, shown.button(action))
        assert answer.status == 200
        await self.settle()
        fresh = [message for message in self.screen(who) if message.id not in before]
        if fresh:
            return fresh[-1]
        return next((message for message in self.screen(who) if message.id == shown.id), shown)

    async def form(self, who: str, words: str) -> ShownForm:
        """Type a command that leads to a form, by a card with a button where typed words can open none."""
        answer = await self.client(who).command(words)
        if answer.form is None:
            await self.settle()
            card = self.newest(who)
            answer = await self.client(who).tap(card, card.buttons[0])
        assert answer.form is not None, answer
        return answer.form

    async def open(self, who: str, action: str, on: Shown | None = None) -> ShownForm:
        """Tap a button that opens a form."""
        shown = on or self.newest(who, action)
        answer = await self.client(who).tap(shown, shown.button(action))
        assert answer.form is not None, answer
        return answer.form

    async def send(self, who: str, form: ShownForm, **values: str | tuple[str, ...]) -> Answer:
        """Fill in a form and send it."""
        answer = await self.client(who).submit(form, values)
        await self.settle()
        return answer

    async def join(self, *names: str) -> None:
        """Let people say yes, in their own words: the card that they are shown before anything else."""
        for who in names:
            await self.ask(who, "mentoring")
            await self.tap(who, "join")

    async def _answered(self, who: str, answer: Answer) -> Shown:
        assert answer.status == 200
        await self.settle()
        if answer.message is not None:
            return answer.message
        return self.newest(who)

    # Forgery: requests that carry a real signature and anything else

    async def forged_tap(self, who: str, action: str, subject: str = "", version: int = 0) -> tuple[int, str]:
        """Tap a button that is on no screen; the status, and whatever came back with it."""
        account = EVERYBODY[who]
        if account.platform == "teams":
            value = {"action": {"data": {"action": action, "subject": subject, "version": version}}}
            activity = self.teams.client(account).activity("invoke", name="adaptiveCard/action", value=value)
            status, answered = await self.teams.deliver(activity)
            return status, json.dumps(answered)
        payload = self._slack(account, "block_actions") | {
            "container": {"type": "message", "message_ts": "1.0", "is_ephemeral": False},
            "channel": {"id": self.slack.workspace.dm(account.user).id, "name": "directmessage"},
            "actions": [
                {
                    "type": "button",
                    "action_id": f"{action}#0",
                    "block_id": "b",
                    "value": f"{subject}:{version}",
                    "action_ts": self.slack.workspace.new_id(""),
                }
            ],
        }
        return await self.slack.send_form({"payload": json.dumps(payload)})

    async def forged_form(self, who: str, name: str, subject: str, version: int, values: ui.Values) -> Answer:
        """Send a form with whatever values; the status, the errors and what the form holds then."""
        account = EVERYBODY[who]
        if account.platform == "teams":
            return await self._forged_on_teams(account, name, subject, version, values)
        states = {field: {"input": _slack_state(field, value)} for field, value in values.items()}
        view = {
            "id": self.slack.workspace.new_id("V"),
            "type": "modal",
            "callback_id": name,
            "private_metadata": json.dumps({"subject": subject, "version": version}),
            "hash": "h",
            "state": {"values": states},
        }
        payload = self._slack(account, "view_submission") | {"view": view}
        status, body = await self.slack.send_form({"payload": json.dumps(payload)})
        answered = json.loads(body) if body else {}
        return Answer(status, errors=answered.get("errors", {}))

    async def _forged_on_teams(
        self, account: Account, name: str, subject: str, version: int, values: ui.Values
    ) -> Answer:
        data: dict[str, Any] = {"form": name, "subject": subject, "version": version, "dialog": self.teams.new_id()}
        for field, value in values.items():
            data |= {f"one:{field}": value} if isinstance(value, str) else {f"many:{field}": ",".join(value)}
        client = self.teams.client(account)
        place = self.teams.personal(account.user).id
        activity = client.activity("invoke", name="task/submit", value={"data": data}, replyToId="1")
        return await client._task(activity | {"conversation": activity["conversation"] | {"id": place}})

    def _slack(self, account: Account, kind: str) -> dict[str, Any]:
        return {
            "type": kind,
            "team": {"id": "T1", "domain": "peermentor"},
            "user": {"id": account.user, "username": account.user.lower(), "team_id": "T1"},
            "api_app_id": "A0PEERMENTOR",
            "trigger_id": self.slack.workspace.trigger(account.user),
            "enterprise": None,
            "is_enterprise_install": False,
        }

    # What is stored

    def rows(self) -> Rows:
        """Everything in the database."""
        with self.world.database.engine.connect() as connection:
            return {
                table.name: frozenset(tuple(row) for row in connection.execute(select(table)))
                for table in metadata.sorted_tables
            }


def changed(before: Rows, after: Rows) -> dict[str, frozenset[Row]]:
    """The rows that are new, gone or different, by table; without the tables in which nothing is."""
    return {name: before[name] ^ after[name] for name in before if before[name] != after[name]}


def reads(shown: Shown, message: ui.Message) -> bool:
    """Whether a message on the screen has all the words of this one. Links to chats may be there as well."""
    return set(lines_of(message)) <= set(shown.lines)


def lines_of(message: ui.Message) -> list[str]:
    """Everything that can be read on a message, as both platforms show it."""
    lines: list[str] = []
    for block in message.blocks:
        match block:
            case ui.Heading(text=text) | ui.Text(text=text) | ui.Link(label=text):
                lines.append(text)
            case ui.Bullets(items=items):
                lines += [f"\N{BULLET} {item}" for item in items]
            case ui.Facts(rows=rows):
                lines += [f"{label}: {value}" for label, value in rows]
            case ui.Contact(name=name, email=email):
                lines += [name, email]
            case ui.Picture(alt=alt):
                lines.append(alt)
            case ui.Buttons(buttons=buttons):
                lines += [button.label for button in buttons]
    return [*lines, message.seen_by]


def _slack_state(field: str, value: str | tuple[str, ...]) -> dict[str, Any]:
    if isinstance(value, tuple):
        return {"type": "checkboxes", "selected_options": [{"value": each} for each in value]}
    if field in {"day", "next_day"}:
        return {"type": "datepicker", "selected_date": value}
    if field == "minutes":
        return {"type": "number_input", "value": value}
    return {"type": "radio_buttons", "selected_option": {"value": value} if value else None}
