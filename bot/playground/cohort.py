"""Simulated people: they read what arrives, tap, type and forget, plausibly and the same way for the same seed.

They know only what is on their screen. Each has a random source of their own, so that the order in which messages
happen to arrive within one moment changes nothing.
"""

import heapq
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

from bot.playground.client import Answer, Client, Post, Shown
from bot.playground.example import ExamplePerson
from bot.ui import Values
from storage.records import Account

ZONE = ZoneInfo("Europe/London")
WAKES, SLEEPS = 7, 23
LENGTHS = (30, 45, 45, 60, 60, 60, 75, 90)
HOW = ("in_person", "in_person", "video", "video", "phone")
HELLOS = ("hello", "what can you do?", "when is my next meeting", "thanks")

Act = Callable[[], Awaitable[object]]


@dataclass
class Figure:
    """A simulated person and what they remember."""

    person: ExamplePerson
    client: Client
    random: Random
    taps: set[tuple[str, str]] = field(default_factory=set)
    other: "Figure | None" = None
    introduced: bool = False
    keen: bool = True


class Cohort:
    """Everybody in the example. ``clock``: programme time. ``starts``: when it all begins."""

    def __init__(
        self,
        everybody: list[ExamplePerson],
        client_of: Callable[[Account], Client],
        clock: Callable[[], datetime],
        seed: int,
    ) -> None:
        self._clock = clock
        self._agenda: list[tuple[datetime, int, Act]] = []
        self._order = count()
        self.figures = {
            person.account: Figure(person, client_of(person.account), Random(f"{seed}:{person.email}"))
            for person in everybody
        }
        mentors, mentees = (
            [figure for figure in self.figures.values() if figure.person.part == part] for part in ("mentor", "mentee")
        )
        for mentor, mentee in zip(mentors, mentees, strict=True):
            mentor.other, mentee.other = mentee, mentor
        self._one_pair_never_meets(mentees, Random(seed))

    def next_at(self) -> datetime | None:
        """When somebody does something next."""
        return self._agenda[0][0] if self._agenda else None

    async def act(self) -> None:
        """Let everybody do what they meant to do by now."""
        while self._agenda and self._agenda[0][0] <= self._clock():
            await heapq.heappop(self._agenda)[2]()

    def read(self, post: Post) -> None:
        """Let the readers of a message notice it."""
        for reader in sorted(post.readers & self.figures.keys(), key=str):
            figure = self.figures[reader]
            shown = next((s for s in figure.client.screen() if s.id == post.id), None)
            if shown is not None:
                self._notice(figure, shown)

    def start(self, lead_channel: Client) -> None:
        """What does not wait for a message: a lead who asks now and then, and people who look around."""
        for weeks in (5, 13, 26, 40):
            self._plan(self._clock() + timedelta(weeks=weeks, hours=6), lambda: lead_channel.command("leads"))
        for figure in self.figures.values():
            if figure.random.random() < 0.2:
                self._later(figure, 20, 200, figure.client.open_home)
            if figure.random.random() < 0.1:
                words = figure.random.choice(HELLOS)
                self._later(figure, 20, 300, partial(figure.client.say, words))
        control = next(figure for figure in self.figures.values() if figure.person.part == "control")
        self._later(control, 90, 120, lambda: self._ask_for_support(control))

    # Noticing

    def _notice(self, figure: Figure, shown: Shown) -> None:
        actions = {button.action for button in shown.buttons}
        if "join" in actions:
            self._tap_later(figure, shown, "join", *self._join_after(figure))
        if "we_met" in actions and figure.keen:
            action = "we_met" if figure.random.random() < 0.85 else "not_met"
            self._tap_later(figure, shown, action, 0, 2)
            if action == "not_met" or figure.random.random() < 0.3:
                self._plan_a_meeting(figure, 7, 30)
        if "been_in_touch" in actions:
            self._tap_later(figure, shown, "been_in_touch", 0, 2)
        if shown.key.startswith("introduction") and not figure.introduced:
            figure.introduced = True
            if figure.person.part == "mentor":
                self._plan_a_meeting(figure, 7, 40)
        elif "not_now" in actions and "we_met" not in actions and "join" not in actions:
            if not figure.keen:
                return
            if figure.random.random() < 0.5:
                self._plan_a_meeting(figure, 5, 20)
            else:
                self._tap_later(figure, shown, "not_now", 0, 1)

    def _join_after(self, figure: Figure) -> tuple[float, float]:
        """Days: most say yes within the week, a few only after the reminder."""
        return (8, 12) if figure.random.random() < 0.1 else (0, 6)

    def _tap_later(self, figure: Figure, shown: Shown, action: str, first: float, last: float) -> None:
        if (shown.id, action) in figure.taps:
            return
        figure.taps.add((shown.id, action))
        self._later(figure, first, last, lambda: self._tap(figure, shown.id, action))

    # Doing

    async def _tap(self, figure: Figure, message_id: str, action: str) -> Answer | None:
        shown = next((s for s in figure.client.screen() if s.id == message_id), None)
        if shown is None or action not in {button.action for button in shown.buttons}:
            return None  # somebody else was faster, and the card has changed
        return await figure.client.tap(shown, shown.button(action))

    async def _log(self, figure: Figure, day: date, *, twice: bool) -> None:
        """Log a meeting by the form, most with a next date; sometimes the other logs it too."""
        answer: Answer | None = await figure.client.command("logmeeting")
        if answer is not None and answer.form is None:
            answer = await self._open_from_card(figure)
        if answer is None or answer.form is None:
            return
        values: Values = {
            "day": day.isoformat(),
            "minutes": str(figure.random.choice(LENGTHS)),
            "how": figure.random.choice(HOW),
            "topics": tuple(sorted(figure.random.sample(TOPICS, figure.random.randint(1, 4)))),
        }
        has_next = figure.random.random() < 0.75
        if has_next:
            values["next_day"] = (day + timedelta(days=figure.random.randint(25, 55))).isoformat()
        await figure.client.submit(answer.form, values)
        if not has_next:
            self._plan_a_meeting(figure, 30, 70)
        if twice and figure.other is not None:
            other = figure.other
            self._later(other, 0, 2, lambda: self._log(other, day, twice=False))

    async def _open_from_card(self, figure: Figure) -> Answer | None:
        """Where typed words cannot open a form, the answer is a card with a button that does."""
        await self.settle()
        for shown in reversed(figure.client.screen()):
            for button in shown.buttons:
                if button.action == "log_meeting":
                    return await figure.client.tap(shown, button)
        return None

    async def _ask_for_support(self, figure: Figure) -> None:
        answer = await figure.client.command("support")
        await self.settle()
        shown = answer.message or figure.client.screen()[-1]
        await figure.client.tap(shown, shown.button("ask_senior"))

    # Planning

    settle: Act
    """Lets the bot's answers arrive; set by whoever runs the year."""

    def _plan_a_meeting(self, figure: Figure, first: float, last: float) -> None:
        """Meet in some days' time and log it within two days."""
        if not figure.keen or (figure.other is not None and not figure.other.keen):
            return
        met = (self._clock() + timedelta(days=figure.random.uniform(first, last))).astimezone(ZONE).date()
        logged = datetime(met.year, met.month, met.day, figure.random.randint(17, 21), tzinfo=ZONE)
        logged += timedelta(days=figure.random.choice((0, 0, 0, 1, 2)))
        twice = figure.random.random() < 0.1
        self._plan(logged, lambda: self._log(figure, met, twice=twice))

    def _later(self, figure: Figure, first: float, last: float, act: Act) -> None:
        """Do something after some days, while awake."""
        at = (self._clock() + timedelta(days=figure.random.uniform(first, last))).astimezone(ZONE)
        if not WAKES <= at.hour < SLEEPS:
            at = at.replace(hour=figure.random.randint(WAKES + 1, SLEEPS - 1))
        self._plan(max(at, self._clock() + timedelta(minutes=1)), act)

    def _plan(self, at: datetime, act: Act) -> None:
        heapq.heappush(self._agenda, (at, next(self._order), act))

    @staticmethod
    def _one_pair_never_meets(mentees: list[Figure], random: Random) -> None:
        """As in every real programme: somebody who never answers."""
        random.choice(mentees).keen = False


TOPICS = ("professional_development", "learning_opportunities", "work_life_balance", "exams", "career_planning")
