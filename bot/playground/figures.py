"""What a run of the playground came to: counted from what people were sent and from what leads may know, and the
promises that were not kept. Reckoned here anew, so that it can disagree with the rules that the bot keeps."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from bot.playground.client import Post, StandIn
from bot.playground.example import ExamplePerson
from bot.playground.simulation import Simulation
from bot.surveys.release import from_ledger
from storage.records import Account
from storage.unit_of_work import UnitOfWork

LONDON = ZoneInfo("Europe/London")
ANSWERED_WITHIN = timedelta(seconds=60)
BUDGET = {"mentor": 70, "mentee": 45, "control": 8}


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
    reader: ExamplePerson
    post: Post
    is_prompt: bool


@dataclass(frozen=True, slots=True)
class Month:
    """A row of the table of the year."""

    name: str
    messages: int
    prompts: int
    meetings: int


class Tally:
    """Counts what happens in a simulation from its beginning on. ``tell`` hears of each message for each reader."""

    def __init__(self, simulation: Simulation, tell: Callable[[Arrived], None] = lambda _: None) -> None:
        self._simulation = simulation
        self._tell = tell
        self._prompts: Counter[Account] = Counter()
        self._messages_in: Counter[str] = Counter()
        self._prompts_in: Counter[str] = Counter()
        self._meetings_in: Counter[str] = Counter()
        self._quiet_time_violations = 0
        simulation.listeners.append(self._note)

    def _note(self, post: Post, stand_in: StandIn) -> None:
        month = f"{post.at:%Y-%m}"
        self._messages_in[month] += 1
        prompted = False
        for reader in sorted(post.readers, key=str):
            person = self._simulation.people[reader]
            acted = stand_in.last_action.get(reader)
            is_prompt = acted is None or post.at - acted > ANSWERED_WITHIN
            if is_prompt:
                prompted = True
                leave = self._simulation.cohort.figures[reader].leave
                self._quiet_time_violations += is_quiet(post.at, person.region, leave)
                if post.kind != "channel":
                    self._prompts[reader] += 1
            self._tell(Arrived(post.at, person, post, is_prompt))
        self._prompts_in[month] += prompted

    def figures(self) -> tuple[Figures, list[Month]]:
        """What it came to so far, and a row for each month. ``seconds`` is left to whoever has watched the time."""
        figures = Figures()
        simulation = self._simulation
        with simulation.app.database.begin(simulation.clock()) as uow:
            self._count_what_is_stored(figures, uow)
        posts = [post for stand_in in simulation.stand_ins for post in stand_in.posts]
        figures.digests_posted = sum(post.kind == "channel" and post.key.startswith("digest") for post in posts)
        figures.als_reminders = sum(post.key.startswith("als:") and post.key.endswith("reminder") for post in posts)
        figures.duplicates = sum(len(stand_in.seen_twice()) for stand_in in simulation.stand_ins)
        figures.quiet_time_violations = self._quiet_time_violations
        figures.max_messages = {
            role: max((self._prompts[person.account] for person in simulation.scenario.having(role)), default=0)
            for role in BUDGET
        }
        return figures, self._months()

    def _count_what_is_stored(self, figures: Figures, uow: UnitOfWork) -> None:
        programme_id = self._simulation.programme_id
        figures.participants = len(uow.people.participants(programme_id))
        self._meetings_in.clear()
        for fact in uow.pairs.facts(programme_id):
            figures.pairs_introduced += fact.pair.introduced_at is not None
            figures.meetings_logged += fact.meetings
            for meeting in uow.meetings.of_pair(fact.pair.id, "logged"):
                self._meetings_in[f"{meeting.day:%Y-%m}"] += 1
            for state in ("arranged", "logged", "cancelled"):
                figures.meetings_arranged += sum(bool(m.uid) for m in uow.meetings.of_pair(fact.pair.id, state))
        figures.als_sessions = len(uow.sets.attendance(programme_id, since=self._simulation.scenario.starts))
        for file in uow.files.kept():
            is_first = b"\r\nSEQUENCE:0\r\n" in file.content
            figures.invitations_sent += is_first
            figures.invitations_updated += not is_first
        counts = uow.outbox.counts()
        figures.messages_delivered, figures.messages_dead = counts["delivered"], counts["dead"]
        figures.waves_closed = len(uow.waves.closed(programme_id))
        released = [from_ledger(entry.body) for entry in uow.ledger.all(programme_id)]
        figures.releases = len(released)
        asked = sum(row.invited for release in released for row in release.rows)
        answered = sum(row.n for release in released for row in release.rows)
        figures.response_rate = round(answered / asked, 3) if asked else 0.0

    def _months(self) -> list[Month]:
        names = sorted(self._messages_in.keys() | self._meetings_in.keys())
        return [Month(name, self._messages_in[name], self._prompts_in[name], self._meetings_in[name]) for name in names]


def is_quiet(moment: datetime, region: str, leave: Collection[tuple[date, date]]) -> bool:
    """Whether somebody in this region, with this leave, is to be left in peace."""
    local = moment.astimezone(LONDON)
    free = _bank_holidays(region, local.year)
    is_away = any(first <= local.date() <= last for first, last in leave)
    return not 8 <= local.hour < 20 or local.weekday() >= 5 or local.date() in free or is_away


@lru_cache
def _bank_holidays(region: str, year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("GB", subdiv=region, years=year)
