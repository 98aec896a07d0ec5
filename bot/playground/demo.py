"""The example programme's year, played against local stand-ins of both platforms: the real bot, the real platform SDKs,
signed requests over loopback HTTP, simulated people, and a clock that moves from one thing to the next."""

import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import holidays

from bot import app as application
from bot.config import read
from bot.playground import example
from bot.playground.client import Member, Post, StandIn
from bot.playground.clock import MovableClock
from bot.playground.cohort import Cohort
from bot.playground.slack import SlackStandIn
from bot.playground.teams import TeamsStandIn
from bot.surveys.release import from_ledger
from storage.records import Account

LONDON = ZoneInfo("Europe/London")
YEAR = 365
PUBLIC_URL = "https://mentoring.westmarch.example"
ANSWERED_WITHIN = timedelta(seconds=60)
BUDGET = {"mentor": 70, "mentee": 45, "control": 8}


def keys_beside(database: Path) -> Path:
    """Where a demo keeps the keys of its waves: beside its database, which is refused for a real one."""
    return Path(f"{database}-keys")


@dataclass(slots=True)
class Figures:
    """What the year came to. ``response_rate``: of everybody who was asked in the waves that closed, who answered; as
    far as that was released. ``releases``: entries of the ledger, one for each wave."""

    participants: int = 0
    pairs_introduced: int = 0
    meetings_logged: int = 0
    digests_posted: int = 0
    meetings_arranged: int = 0
    invitations_sent: int = 0
    invitations_updated: int = 0
    als_sessions: int = 0
    als_reminders: int = 0
    waves_closed: int = 0
    response_rate: float = 0.0
    releases: int = 0
    messages_delivered: int = 0
    messages_dead: int = 0
    duplicates: int = 0
    quiet_time_violations: int = 0
    max_messages: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def wrong(self) -> list[str]:
        """The promises that were not kept: a line each."""
        lines = [f"{name} is {getattr(self, name)}, not 0" for name in ("duplicates", "quiet_time_violations")
                 if getattr(self, name)]  # fmt: skip
        lines += [
            f"a {role} was sent {self.max_messages.get(role, 0)} messages, more than {limit}"
            for role, limit in BUDGET.items()
            if self.max_messages.get(role, 0) > limit
        ]
        if self.releases != self.waves_closed:
            lines.append(f"{self.waves_closed} waves have closed, with {self.releases} releases")
        return lines

    def as_json(self) -> dict[str, object]:
        """All figures by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that reached somebody: what the terminal shows as the clock moves."""

    at: datetime
    reader: example.ExamplePerson
    post: Post
    is_prompt: bool


@dataclass(frozen=True, slots=True)
class Month:
    """A row of the table of the year."""

    name: str
    messages: int
    prompts: int
    meetings: int


class Year:
    """One run of the example. ``tell`` hears of each message; ``progress`` of the days that have passed."""

    def __init__(
        self,
        *,
        database: Path,
        months: int,
        seed: int,
        tell: Callable[[Arrived], None],
        progress: Callable[[int], None],
    ) -> None:
        self._database = database
        self._seed = seed
        self._tell = tell
        self._progress = progress
        self.days = YEAR * months // 12
        self._ends = example.STARTS + timedelta(days=self.days)
        self._clock = MovableClock(example.STARTS)
        self._everybody = {person.account: person for person in example.people()}
        self._prompts: Counter[Account] = Counter()
        self._messages_in: Counter[str] = Counter()
        self._prompts_in: Counter[str] = Counter()
        self._meetings_in: Counter[str] = Counter()
        self._read: dict[str, int] = {}
        self._figures = Figures()

    async def play(self) -> tuple[Figures, list[Month]]:
        """Play it to the end; the figures and a row for each month."""
        started = time.monotonic()
        slack, teams = self._stand_ins()
        self._platforms: tuple[StandIn, ...] = (slack, teams)
        for stand_in in self._platforms:
            await stand_in.start()
        settings = read(
            {
                "DATABASE_URL": f"sqlite:///{self._database}",
                "KEY_DIR": str(keys_beside(self._database)),
                "PORT": "0",
                "PUBLIC_URL": PUBLIC_URL,
                **slack.settings(),
                **teams.settings(),
            },
            is_demo=True,
        )
        self._app = application.build(settings, clock=self._clock, random=Random(self._seed))
        leads = [person for person in self._everybody.values() if person.part == "lead"]
        channel = slack.add_channel("peer-mentoring-leads", [lead.account for lead in leads])
        with self._app.database.begin(self._clock()) as uow:
            self._programme_id = example.load(uow, list(self._everybody.values()), channel)
        self._cohort = Cohort(
            list(self._everybody.values()), lambda a: self._stand_in(a).client(a), self._clock, self._seed
        )
        self._cohort.settle = self._settle
        self._cohort.start(slack.client(leads[0].account, channel))
        try:
            async with application.listening(self._app, settings.host, settings.port) as address:
                for stand_in in self._platforms:
                    stand_in.point_at(address)
                await self._pass_the_time()
        finally:
            await self._app.close()
            for stand_in in self._platforms:
                await stand_in.stop()
        self._figures.seconds = round(time.monotonic() - started, 2)
        return self._figures, self._months()

    def _stand_ins(self) -> tuple[SlackStandIn, TeamsStandIn]:
        members: dict[str, list[Member]] = {"slack": [], "teams": []}
        for person in self._everybody.values():
            members[person.account.platform].append(person.member)
        return (
            SlackStandIn(members["slack"], self._clock, team=example.SLACK_TEAM),
            TeamsStandIn(members["teams"], self._clock, tenant=example.TEAMS_TENANT),
        )

    def _stand_in(self, account: Account) -> StandIn:
        return next(stand_in for stand_in in self._platforms if stand_in.platform == account.platform)

    async def _pass_the_time(self) -> None:
        while True:
            await self._app.jobs.tick()
            await self._settle()
            if await self._cohort.act():
                await self._settle()
            coming = [
                await self._app.jobs.next_at(),
                await self._app.delivery.next_at(),
                self._cohort.next_at(),
                self._ends,
            ]
            following = min(moment for moment in coming if moment is not None)
            self._clock.move_to(max(following, self._clock()))
            self._progress((self._clock() - example.STARTS).days)
            if self._clock() >= self._ends:
                break
        self._count()

    async def _settle(self) -> None:
        """Deliver what may go now, and let people notice it."""
        await self._app.delivery.deliver_due()
        for stand_in in self._platforms:
            fresh = stand_in.posts[self._read.get(stand_in.platform, 0) :]
            self._read[stand_in.platform] = len(stand_in.posts)
            for post in sorted(fresh, key=lambda p: (p.key, p.conversation)):
                self._note(post, stand_in)
                self._cohort.read(post)

    def _note(self, post: Post, stand_in: StandIn) -> None:
        month = f"{post.at:%Y-%m}"
        self._messages_in[month] += 1
        prompted = False
        for reader in sorted(post.readers, key=str):
            person = self._everybody[reader]
            acted = stand_in.last_action.get(reader)
            is_prompt = acted is None or post.at - acted > ANSWERED_WITHIN
            if is_prompt:
                prompted = True
                leave = self._cohort.figures[reader].leave
                self._figures.quiet_time_violations += is_quiet(post.at, person.region, leave)
                if post.kind != "channel":
                    self._prompts[reader] += 1
            self._tell(Arrived(post.at, person, post, is_prompt))
        self._prompts_in[month] += prompted

    def _count(self) -> None:
        figures = self._figures
        with self._app.database.begin(self._clock()) as uow:
            facts = uow.pairs.facts(self._programme_id)
            figures.participants = len(uow.people.participants(self._programme_id))
            for fact in facts:
                figures.meetings_logged += fact.meetings
                for meeting in uow.meetings.of_pair(fact.pair.id, "logged"):
                    self._meetings_in[f"{meeting.day:%Y-%m}"] += 1
                for state in ("arranged", "logged", "cancelled"):
                    figures.meetings_arranged += sum(bool(m.uid) for m in uow.meetings.of_pair(fact.pair.id, state))
            figures.als_sessions = len(uow.sets.attendance(self._programme_id, since=example.STARTS))
            for file in uow.files.kept():
                is_first = b"\r\nSEQUENCE:0\r\n" in file.content
                figures.invitations_sent += is_first
                figures.invitations_updated += not is_first
            counts = uow.outbox.counts()
            figures.waves_closed = len(uow.waves.closed(self._programme_id))
            released = [from_ledger(entry.body) for entry in uow.ledger.all(self._programme_id)]
        figures.releases = len(released)
        asked = sum(row.invited for release in released for row in release.rows)
        answered = sum(row.n for release in released for row in release.rows)
        figures.response_rate = round(answered / asked, 3) if asked else 0.0
        figures.pairs_introduced = sum(fact.pair.introduced_at is not None for fact in facts)
        figures.messages_delivered = counts["delivered"]
        figures.messages_dead = counts["dead"]
        posts = [post for stand_in in self._platforms for post in stand_in.posts]
        figures.digests_posted = sum(post.kind == "channel" and post.key.startswith("digest") for post in posts)
        figures.als_reminders = sum(post.key.startswith("als:") and post.key.endswith("reminder") for post in posts)
        figures.duplicates = sum(len(stand_in.seen_twice()) for stand_in in self._platforms)
        figures.max_messages = {
            role: max(self._prompts[p.account] for p in self._everybody.values() if p.part == role) for role in BUDGET
        }

    def channel(self) -> list[Post]:
        """Everything that was posted to the leads' channel, in order."""
        return [post for stand_in in self._platforms for post in stand_in.posts if post.kind == "channel"]

    def _months(self) -> list[Month]:
        names = sorted(self._messages_in.keys() | self._meetings_in.keys())
        return [Month(name, self._messages_in[name], self._prompts_in[name], self._meetings_in[name]) for name in names]


def is_quiet(moment: datetime, region: str, leave: Collection[tuple[date, date]]) -> bool:
    """Whether somebody in this region, with this leave, is to be left in peace: reckoned here anew, so that it can
    disagree with the rule that the bot keeps."""
    local = moment.astimezone(LONDON)
    free = _bank_holidays(region, local.year)
    is_away = any(first <= local.date() <= last for first, last in leave)
    return not 8 <= local.hour < 20 or local.weekday() >= 5 or local.date() in free or is_away


@lru_cache
def _bank_holidays(region: str, year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("GB", subdiv=region, years=year)
