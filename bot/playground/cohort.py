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
CHANGES_OF_SESSIONS = ({"time": "16:30", "place": "Library, Larkhill General"}, {"state": "cancelled"})
"""What two facilitators do with the next session of their sets, in the course of the year."""
HOW = ("in_person", "in_person", "video", "video", "phone")
GO_ON_LEAVE = {"Bethan Rees": (2, 4), "Ifeoma Uche": (70, 90), "Meera Iyer": (200, 220)}
"""Who enters leave, and in which days of the year they do so: one before the introduction to her mentee, in Wales."""
BACK_EARLY = {"Ifeoma Uche"}
COMMENTS = (
    "The agenda helped us to begin.",
    "Finding a date is the hard part, the rest is easy.",
    "We talk about things that I would not bring up on the ward.",
    "An hour is too short, but I would not know where to find a longer one.",
    "It was good to hear that others find the same things hard.",
    "Could there be a list of rooms that are quiet after five?",
)
AGREE_MOSTLY = ("4",) * 6 + ("5",) * 5 + ("3", "3", "2", "none")
AGREE_LESS = ("2", "3", "4", "4", "1", "none")
"""Answers to the questions of a check-in, from people whose pair goes well, and from others."""
HELLOS = ("hello", "what can you do?", "when is my next meeting", "thanks")

Act = Callable[[], Awaitable[object]]


@dataclass
class Figure:
    """A simulated person and what they remember. ``leave``: first and last days of the leave that they entered."""

    person: ExamplePerson
    client: Client
    random: Random
    taps: set[tuple[str, str]] = field(default_factory=set)
    other: "Figure | None" = None
    introduced: bool = False
    keen: bool = True
    leave: list[tuple[date, date]] = field(default_factory=list)


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

    async def act(self) -> bool:
        """Let everybody do what they meant to do by now; whether anybody did anything."""
        acted = False
        while self._agenda and self._agenda[0][0] <= self._clock():
            await heapq.heappop(self._agenda)[2]()
            acted = True
        return acted

    def read(self, post: Post) -> None:
        """Let the readers of a message notice it."""
        for reader in sorted(post.readers & self.figures.keys(), key=str):
            figure = self.figures[reader]
            shown = figure.client.shown(post.id)
            if shown is not None and shown.key.startswith("als"):
                self._notice_set(figure, shown)
            elif shown is not None and shown.key.startswith("wave:"):
                self._notice_check_in(figure, shown)
            elif shown is not None:
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
            if span := GO_ON_LEAVE.get(figure.person.name):
                self._later(figure, *span, partial(self._go_on_leave, figure))
        facilitators = [figure for figure in self.figures.values() if figure.person.part == "facilitator"]
        for figure, weeks, values in zip(facilitators, (20, 28), CHANGES_OF_SESSIONS, strict=False):
            self._plan(self._clock() + timedelta(weeks=weeks, hours=6), partial(self._change_session, figure, **values))
        control = next(figure for figure in self.figures.values() if figure.person.part == "control")
        self._later(control, 90, 120, lambda: self._ask_for_support(control))

    # Noticing

    def _notice(self, figure: Figure, shown: Shown) -> None:
        actions = {button.action for button in shown.buttons}
        if "join" in actions:
            self._tap_later(figure, shown, "join", *self._join_after(figure))
        self._notice_meeting(figure, shown, actions)
        if "been_in_touch" in actions:
            self._tap_later(figure, shown, "been_in_touch", 0, 2)
        if shown.key.startswith("introduction") and not figure.introduced:
            figure.introduced = True
            if figure.person.part == "mentor":
                self._plan_a_meeting(figure, 7, 40)
        elif "not_now" in actions and not actions & {"we_met", "join", "pick_time"}:
            if not figure.keen:
                return
            if figure.random.random() < 0.5:
                self._plan_a_meeting(figure, 5, 20)
            else:
                self._tap_later(figure, shown, "not_now", 0, 1)

    def _notice_meeting(self, figure: Figure, shown: Shown, actions: set[str]) -> None:
        if "we_met" in actions and figure.keen:
            action = figure.random.choices(("we_met", "not_met", "called_off"), (85, 10, 5))[0]
            self._tap_later(figure, shown, action, 0, 2)
            if action != "we_met" or figure.random.random() < 0.3:
                self._plan_a_meeting(figure, 7, 30)
        if "pick_time" in actions and figure.keen:
            self._answer_proposal(figure, shown)
        if "cancel_meeting" in actions:
            self._think_better_of_it(figure, shown)

    def _notice_set(self, figure: Figure, shown: Shown) -> None:
        """Most say whether they come, some only when they are reminded; facilitators fill in the register."""
        actions = {button.action for button in shown.buttons}
        if "als_yes" in actions and figure.keen and figure.random.random() < 0.9:
            answers = ("als_yes",) * 7 + ("als_maybe", "als_no", "als_not_now")
            self._tap_later(figure, shown, figure.random.choice([a for a in answers if a in actions]), 0, 2)
        if "als_register" in actions:
            self._later(figure, 0, 2, lambda: self._fill_register(figure, shown.id))

    def _notice_check_in(self, figure: Figure, shown: Shown) -> None:
        """Most answer within days, some when they are reminded, some never; a few think better of it."""
        match figure.random.choices(("answer", "later", "nothing"), (70, 5, 25) if figure.keen else (20, 5, 75))[0]:
            case "answer":
                self._later(figure, 0, 4, lambda: self._check_in(figure, shown.id))
                if figure.random.random() < 0.04:
                    self._later(figure, 4, 6, lambda: self._take_back(figure))
            case "later":
                self._tap_later(figure, shown, "not_now", 0, 2)

    def _answer_proposal(self, figure: Figure, shown: Shown) -> None:
        """Most pick a time, some propose others, a few put it off."""
        match figure.random.choices(("pick", "others", "later"), (80, 14, 6))[0]:
            case "pick":
                self._later(figure, 0, 2, lambda: self._pick_a_time(figure, shown.id))
            case "others":
                self._later(figure, 0, 2, lambda: self._arrange(figure, 4, 25, agreed=False))
            case _:
                self._tap_later(figure, shown, "not_now", 0, 1)

    def _think_better_of_it(self, figure: Figure, shown: Shown) -> None:
        """What was settled is moved or cancelled now and then."""
        match figure.random.choices(("keep", "move", "cancel"), (80, 13, 7))[0]:
            case "move":
                agreed = figure.random.random() < 0.5
                self._later(figure, 0, 3, lambda: self._arrange(figure, 4, 25, agreed=agreed))
            case "cancel":
                self._tap_later(figure, shown, "cancel_meeting", 0, 3)
                self._plan_a_meeting(figure, 10, 30)

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
        shown = figure.client.shown(message_id)
        if shown is None or action not in {button.action for button in shown.buttons}:
            return None  # somebody else was faster, and the card has changed
        return await figure.client.tap(shown, shown.button(action))

    async def _log(self, figure: Figure, day: date, *, twice: bool) -> None:
        """Log a meeting by the form, most with a next date; sometimes the other logs it too."""
        answer = await self._form(figure, "logmeeting", "log_meeting")
        if answer is None or answer.form is None:
            return
        values: Values = {
            "day": day.isoformat(),
            "minutes": str(figure.random.choice(LENGTHS)),
            "how": figure.random.choice(HOW),
            "topics": tuple(sorted(figure.random.sample(TOPICS, figure.random.randint(1, 4)))),
        }
        has_next = figure.random.random() < 0.4
        if has_next:
            values["next_day"] = (day + timedelta(days=figure.random.randint(25, 55))).isoformat()
        answer = await figure.client.submit(answer.form, values)
        if answer.form is not None:  # they have arranged a time already, which a log does not change
            await figure.client.submit(answer.form, {"next_day": ""})
        if not has_next:
            self._plan_a_meeting(figure, 25, 55)
        if twice and figure.other is not None:
            other = figure.other
            self._later(other, 0, 2, lambda: self._log(other, day, twice=False))

    async def _fill_register(self, figure: Figure, message_id: str) -> None:
        """Those who said that they would come are ticked already; now and then somebody was held up."""
        answer = await self._tap(figure, message_id, "als_register")
        if answer is None or answer.form is None:
            return
        expected = answer.form.values["present"]
        present = tuple(value for value in expected if figure.random.random() < 0.93)
        if present:
            await figure.client.submit(answer.form, {"present": present})
        else:
            await self._tap(figure, message_id, "als_not_held")

    async def _check_in(self, figure: Figure, message_id: str) -> None:
        """Answer all questions, some with a comment; one that names somebody is sent as it is, or without the name."""
        answer = await self._tap(figure, message_id, "checkin")
        if answer is None or answer.form is None:
            return
        goes_well = figure.keen and (figure.other is None or figure.other.keen)
        choices = AGREE_MOSTLY if goes_well else AGREE_LESS
        questions = [name for name in answer.form.values if name not in {"item_comment", "permission"}]
        values: Values = {name: figure.random.choice(choices) for name in questions}
        if figure.random.random() < 0.3:
            values["item_comment"] = figure.random.choice(COMMENTS)
            if figure.other is not None and figure.random.random() < 0.2:
                values["item_comment"] = f"{figure.other.person.name} is a great help."
            values["permission"] = figure.random.choice(("show", "show", "hide"))
        answer = await figure.client.submit(answer.form, values)
        if answer.form is not None and "names" in answer.form.values:
            if figure.random.random() < 0.5:
                values = {"names": "as_it_is"}
            else:
                values = {"names": "taken_out", "item_comment": COMMENTS[0]}
            await figure.client.submit(answer.form, values)

    async def _take_back(self, figure: Figure) -> None:
        answer = await self._form(figure, "withdraw", "withdraw")
        if answer is not None and answer.form is not None:
            await figure.client.submit(answer.form, {})

    async def _change_session(self, figure: Figure, **values: str) -> None:
        """Change the next session of one's set by the form."""
        answer = await self._tap_answer(figure, await figure.client.command("als"), "als_change")
        if answer.form is not None:
            await figure.client.submit(answer.form, {**answer.form.values, **values})

    async def _arrange(self, figure: Figure, first: int, last: int, *, agreed: bool) -> None:
        """Propose one to three times some days ahead by the form, or enter the one that the two have agreed."""
        answer = await self._form(figure, "schedule", "schedule")
        if answer is None or answer.form is None:
            return
        today = self._clock().astimezone(ZONE).date()
        days = figure.random.sample(range(first, last), 1 if agreed else figure.random.randint(1, 3))
        values: Values = {
            "minutes": str(figure.random.choice(LENGTHS)),
            "place": figure.random.choice(PLACES),
            "agreed": ("yes",) if agreed else (),
        }
        for number, ahead in enumerate(days, start=1):
            values[f"day_{number}"] = (today + timedelta(days=ahead)).isoformat()
            values[f"time_{number}"] = figure.random.choice(TIMES)
        await figure.client.submit(answer.form, values)

    async def _pick_a_time(self, figure: Figure, message_id: str) -> None:
        shown = figure.client.shown(message_id)
        times = [button for button in shown.buttons if button.action == "pick_time"] if shown else []
        if shown and times:
            await figure.client.tap(shown, figure.random.choice(times))

    async def _form(self, figure: Figure, words: str, action: str) -> Answer | None:
        """Type a command that opens a form. Where typed words cannot, the answer is a card with a button that does."""
        answer = await figure.client.command(words)
        if answer.form is not None:
            return answer
        await self.settle()
        for shown in reversed(figure.client.screen()):
            for button in shown.buttons:
                if button.action == action:
                    return await figure.client.tap(shown, button)
        return None

    async def _go_on_leave(self, figure: Figure) -> None:
        """Enter about three weeks of leave by the form, from tomorrow on; one is back early and says so."""
        answer = await self._tap_answer(figure, await figure.client.command("pause"), "pause_form")
        if answer.form is None:
            raise LookupError("no form for leave was opened")
        first = self._clock().astimezone(ZONE).date() + timedelta(days=1)
        last = first + timedelta(days=figure.random.randint(16, 25))
        await figure.client.submit(answer.form, {"leave_from": first.isoformat(), "leave_until": last.isoformat()})
        figure.leave.append((first, last))
        if figure.person.name in BACK_EARLY:
            self._later(figure, 8, 12, partial(self._come_back, figure))

    async def _come_back(self, figure: Figure) -> None:
        await self._tap_answer(figure, await figure.client.command("pause"), "pause_end")
        figure.leave.pop()

    async def _tap_answer(self, figure: Figure, answer: Answer, action: str) -> Answer:
        """Tap a button of the card with which a command was answered."""
        await self.settle()
        shown = answer.message or figure.client.screen()[-1]
        return await figure.client.tap(shown, shown.button(action))

    async def _ask_for_support(self, figure: Figure) -> None:
        await self._tap_answer(figure, await figure.client.command("support"), "ask_senior")

    # Planning

    settle: Act
    """Lets the bot's answers arrive; set by whoever runs the year."""

    def _plan_a_meeting(self, figure: Figure, first: int, last: int) -> None:
        """Meet in some days' time. Most propose times, some enter what they have agreed; some just meet and log it
        within two days."""
        if not figure.keen or (figure.other is not None and not figure.other.keen):
            return
        how = figure.random.choices(("propose", "agreed", "just meet"), (60, 15, 25))[0]
        if how != "just meet":
            self._later(figure, 0, 2, lambda: self._arrange(figure, first, last, agreed=how == "agreed"))
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


TIMES = ("07:30", "12:30", "13:00", "17:15", "17:30", "18:00", "19:00", "20:30")
PLACES = ("", "", "Café by the main entrance", "Library, level 2", "https://video.example/westmarch/4711")
TOPICS = ("professional_development", "learning_opportunities", "work_life_balance", "exams", "career_planning")
