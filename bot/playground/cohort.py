"""Simulated people: they read what arrives, tap, type and forget, plausibly and the same way for the same seed.

They know only what is on their screen. Each has a random source of their own, so that the order in which messages
happen to arrive within one moment changes nothing.
"""

import heapq
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

from bot.playground.client import Answer, Client, Post, Shown, ShownForm
from bot.playground.example import ExamplePerson
from bot.playground.luck import COMMENTS, TOPICS, by_luck, everything_said
from bot.playground.scenarios import Scenario
from bot.ui import Values
from storage.records import Account, PairFacts

ZONE = ZoneInfo("Europe/London")
WAKES, SLEEPS = 7, 23
LENGTHS = (30, 45, 45, 60, 60, 60, 75, 90)
CHANGES_OF_SESSIONS = ({"time": "16:30", "place": "Library, Larkhill General"}, {"state": "cancelled"})
"""What two facilitators do with the next session of their sets, in the course of the year."""
HOW = ("in_person", "in_person", "video", "video", "phone")
GO_ON_LEAVE = {"Bethan Rees": (2, 4), "Ifeoma Uche": (70, 90), "Meera Iyer": (200, 220)}
"""Who enters leave where not all is left to luck, and in which days of the year they do so: one before the
introduction to her mentee, in Wales."""
TAKE_LEAVE, LEAVE_BEGINS = 0.15, (20, 300)
"""Elsewhere: how many mentors and mentees enter leave, and in which days."""
DROP_OUT = (150, 220)
"""In which days somebody who never answers removes the bot."""
BACK_EARLY = {"Ifeoma Uche"}
LOOKS_AGAIN = timedelta(hours=1)
"""After which somebody who has joined looks at what came back."""
PARTS = 10
"""Of the time for meetings: after each, those that were left out are logged, so that there are never many at once."""
DAYS_APART, MOST_DAYS = 3, 60
"""Between two meetings that are logged after the event, and since the first of them."""
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
    """Everybody in a scenario. ``client_of``: somebody's app, as ``StandIn.client`` gives it. ``clock``: programme
    time.

    While ``is_on`` is false nobody does anything; what has come meanwhile is noticed when it is true again. Who is
    acted for by somebody else is in ``by_hand``, and does nothing of their own accord.
    """

    def __init__(
        self,
        scenario: Scenario,
        client_of: Callable[[Account], Client],
        clock: Callable[[], datetime],
        seed: int,
    ) -> None:
        self._clock = clock
        self._scenario = scenario
        self._seed = seed
        self._agenda: list[tuple[datetime, int, Figure, Act]] = []
        self._order = count()
        self._unread: list[Post] = []
        self.by_hand: set[Account] = set()
        self.is_on = True
        self.figures = {who.account: Figure(who, client_of(who.account), Random()) for who in scenario.people}
        self.reseed(seed)
        for mentor, mentee in self._pairs():
            mentor.other, mentee.other = mentee, mentor
        if scenario.course is None:
            self._one_pair_never_meets(self._having("mentee"), Random(seed))

    def reseed(self, seed: int) -> None:
        """Other luck for everybody from now on."""
        for figure in self.figures.values():
            figure.random.seed(f"{seed}:{figure.person.email}")

    def switch(self, *, on: bool) -> None:
        """Let people act from now on, or not. What they missed they notice now."""
        self.is_on = on
        while on and self._unread:
            self.read(self._unread.pop(0))

    def next_at(self) -> datetime | None:
        """When somebody does something next."""
        return self._agenda[0][0] if self._agenda and self.is_on else None

    async def act(self) -> bool:
        """Let everybody do what they meant to do by now; whether anybody did anything."""
        acted = False
        while self.is_on and self._agenda and self._agenda[0][0] <= self._clock():
            _at, _order, figure, act = heapq.heappop(self._agenda)
            if figure.person.account not in self.by_hand:
                await self._do(act)
                acted = True
        return acted

    async def _do(self, act: Act) -> None:
        try:
            await act()
        except LookupError:
            if not self.by_hand:
                raise
            # Somebody whose hand is not guided from here has been there before, and the screen is another.

    def read(self, post: Post) -> None:
        """Let the readers of a message notice it."""
        if not self.is_on:
            self._unread.append(post)
            return
        for reader in sorted((post.readers & self.figures.keys()) - self.by_hand, key=str):
            figure = self.figures[reader]
            shown = figure.client.shown(post.id)
            if shown is not None and shown.key.startswith("als"):
                self._notice_set(figure, shown)
            elif shown is not None and shown.key.startswith("wave:"):
                self._notice_wave(figure, shown)
            elif shown is not None:
                self._notice(figure, shown)

    def start(self, lead_channel: Client | None) -> None:
        """What does not wait for a message: a lead who asks now and then, and people who look around.
        ``lead_channel``: a lead's app in the leads' channel, where there is one."""
        if lead_channel:
            ask = partial(lead_channel.command, "leads")
            for weeks in (5, 13, 26, 40):
                at = self._clock() + timedelta(weeks=weeks, hours=6)
                self._plan(at, self.figures[lead_channel.account], ask)
        for figure in self.figures.values():
            if figure.random.random() < 0.2:
                self._later(figure, 20, 200, figure.client.open_home)
            if figure.random.random() < 0.1:
                words = figure.random.choice(HELLOS)
                self._later(figure, 20, 300, partial(figure.client.say, words))
            if not figure.keen:  # and in the end they drop out
                self._later(figure, *DROP_OUT, figure.client.remove)
            if days := self._takes_leave(figure):
                self._later(figure, *days, partial(self._go_on_leave, figure))
        facilitators = self._having("facilitator")
        for figure, weeks, values in zip(facilitators, (20, 28), CHANGES_OF_SESSIONS, strict=False):
            change = partial(self._change_session, figure, **values)
            self._plan(self._clock() + timedelta(weeks=weeks, hours=6), figure, change)
        for control in self._having("control")[:1]:
            self._later(control, 90, 120, partial(self._ask_for_support, control))
        self._follow_course()

    def _takes_leave(self, figure: Figure) -> tuple[int, int] | None:
        """In which days of the year somebody enters leave; None for most people."""
        if self._scenario.course is not None:
            return GO_ON_LEAVE.get(figure.person.name)
        luck = Random(f"{self._seed}:leave:{figure.person.email}")
        takes = figure.person.part in {"mentor", "mentee"} and figure.keen and luck.random() < TAKE_LEAVE
        return LEAVE_BEGINS if takes else None

    def _follow_course(self) -> None:
        """What a scenario does not leave to luck: how often pairs meet in all, and which a lead ends."""
        course = self._scenario.course
        if course is None:
            return
        ends = {ending.mentor: ending.day for ending in course.endings}
        for mentor in self._having("mentor"):
            by_day = min(course.by_day, ends.get(mentor.person.email, course.by_day) - 1)
            for part in range(1, PARTS + 1):
                at = self._clock() + timedelta(days=by_day * part // PARTS, hours=12)
                self._plan(at, mentor, partial(self._catch_up, mentor, part))
        for ending in course.endings:
            lead = self._having("lead")[0]
            act = partial(self._end_pair, lead, ending.mentor, ending.reason)
            self._plan(self._clock() + timedelta(days=ending.day, hours=6), lead, act)

    # Noticing

    def _notice(self, figure: Figure, shown: Shown) -> None:
        actions = {button.action for button in shown.buttons}
        if "join" in actions:
            self._tap_later(figure, shown, "join", *self._join_after(figure))
        if "consents" in actions:
            self._later(figure, 0, 1, partial(self._choose, figure, shown.id))
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

    def _notice_wave(self, figure: Figure, shown: Shown) -> None:
        """Most answer within days, some when they are reminded, some never; a few think better of it."""
        wave = shown.key.split(":")[1]
        instrument = self.instrument_of(int(wave))
        how = figure.random.choices(("answer", "later", "nothing"), (70, 5, 25) if figure.keen else (20, 5, 75))[0]
        if instrument in self._scenario.sure_to_answer:
            self._later(figure, 0, 4, partial(self._answer, figure, shown.id, instrument))
        elif how == "answer":
            self._later(figure, 0, 4, partial(self._answer, figure, shown.id, instrument))
            if figure.random.random() < 0.04:
                self._later(figure, 4, 6, partial(self._take_back, figure, wave))
        elif how == "later":
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
        if action == "we_met" and self._met_enough(figure):
            action = "not_met"
        answer = await figure.client.tap(shown, shown.button(action))
        if action == "join":  # the card becomes the thanks for joining, which may ask for more
            self._plan(self._clock() + LOOKS_AGAIN, figure, partial(self._choose, figure, message_id))
        return answer

    async def _choose(self, figure: Figure, message_id: str) -> None:
        """Say what one agrees to beyond taking part, where that is asked."""
        answer = await self._tap(figure, message_id, "consents")
        if answer is not None and answer.form is not None:
            agrees = self._scenario.course is not None or figure.random.random() < 0.8
            await figure.client.submit(answer.form, dict.fromkeys(answer.form.options, "yes" if agrees else "no"))

    async def _log(self, figure: Figure, day: date, *, twice: bool) -> None:
        """Log a meeting by the form, most with a next date; sometimes the other logs it too."""
        if self._met_enough(figure):
            return
        answer = await self._form(figure, "logmeeting", "log_meeting")
        if answer is None or answer.form is None:
            return
        values: Values = {
            "day": day.isoformat(),
            "minutes": str(figure.random.choice(LENGTHS)),
            "how": figure.random.choice(HOW),
            "topics": self._topics(figure),
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

    def _topics(self, figure: Figure) -> tuple[str, ...]:
        by_luck = tuple(sorted(figure.random.sample(TOPICS, figure.random.randint(1, 4))))
        course = self._scenario.course
        return course.topics.get(self._mentor_of(figure), by_luck) if course else by_luck

    async def _catch_up(self, figure: Figure, parts: int) -> None:
        """Log the meetings that the two have had without saying so. ``parts``: of the time, how much has passed."""
        today = self._clock().astimezone(ZONE).date()
        is_introduced = self.facts_of(self._mentor_of(figure)).pair.introduced_at is not None
        for days in range(DAYS_APART, MOST_DAYS, DAYS_APART) if is_introduced else ():
            if self._met_enough(figure, parts):
                return
            await self._log(figure, today - timedelta(days=days), twice=False)

    async def _end_pair(self, lead: Figure, mentor: str, reason: str) -> None:
        """End a pair as a lead, from the card of what can be changed."""
        card = await self._tap_answer(lead, await lead.client.command("leads"), "leads_change")
        asked = await self._tap_answer(lead, card, "find_pair")
        if asked.form is None:
            raise LookupError("no form for the end of a pair was opened")
        chosen: Values = {"pair": str(self.facts_of(mentor).pair.id), "reason": reason}
        await self._tap_answer(lead, await lead.client.submit(asked.form, chosen), "end_pair")

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

    async def _answer(self, figure: Figure, message_id: str, instrument: str) -> None:
        """Answer all questions, part after part. Few stop in between, and go on when they are reminded. Who has
        answered all of them is asked which part they would like to send again, and leaves it at that."""
        answer = await self._tap(figure, message_id, "checkin")
        while answer is not None and answer.form is not None and answer.form.name == "checkin":
            if answer.errors:
                raise LookupError(f"{figure.person.name} cannot answer {instrument}: {answer.errors}")
            answer = await self._answer_part(figure, answer.form, instrument)
            stops_at_times = answer.form is not None and instrument not in self._scenario.sure_to_answer
            if stops_at_times and figure.random.random() < 0.02:
                return

    async def _answer_part(self, figure: Figure, form: ShownForm, instrument: str) -> Answer:
        """Fill in one form and send it; a comment that names somebody goes as it is, or without the name."""
        if names := next((name for name in form.values if name.partition("_")[0] == "names"), ""):
            if figure.random.random() < 0.5:
                return await figure.client.submit(form, {names: "as_it_is"})
            written = {name: COMMENTS[0] for name, held in form.values.items() if name not in form.options and held}
            return await figure.client.submit(form, {names: "taken_out", **written})
        values = self._scenario.answers(figure.person, instrument, form) if self._scenario.answers else None
        if values is None:
            goes_well = figure.keen and (figure.other is None or figure.other.keen)
            other = figure.other.person.name if figure.other else ""
            values = by_luck(form, figure.random, goes_well=goes_well, other=other)
        answer = await figure.client.submit(form, values)
        if answer.errors and answer.form is not None:
            answer = await figure.client.submit(answer.form, everything_said(form, values))
        return answer

    async def _take_back(self, figure: Figure, wave: str) -> None:
        """Take back what was sent to a wave; of several that are open, the first is offered."""
        answer = await self._form(figure, "withdraw", "withdraw")
        if answer is not None and answer.form is not None and answer.form.subject == wave:
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
        if action not in {button.action for button in shown.buttons}:
            await self.settle_soon()  # many are written to in this moment, and the answer has to wait its turn
            shown = figure.client.screen()[-1]
        return await figure.client.tap(shown, shown.button(action))

    async def _ask_for_support(self, figure: Figure) -> None:
        await self._tap_answer(figure, await figure.client.command("support"), "ask_senior")

    # Planning

    settle: Act
    """Lets the bot's answers arrive; set by whoever runs the year."""
    settle_soon: Act
    """The same, with what the platforms' pace holds back; set as well."""
    instrument_of: Callable[[int], str]
    """The id of the instrument of a wave; set as well."""
    facts_of: Callable[[str], PairFacts]
    """What leads know of the pair of a mentor, by their address; set as well."""

    def _plan_a_meeting(self, figure: Figure, first: int, last: int) -> None:
        """Meet in some days' time. Most propose times, some enter what they have agreed; some just meet and log it
        within two days."""
        if not figure.keen or (figure.other is not None and not figure.other.keen) or self._met_enough(figure):
            return
        how = figure.random.choices(("propose", "agreed", "just meet"), (60, 15, 25))[0]
        if self._scenario.course and not self.facts_of(self._mentor_of(figure)).meetings:
            how = "just meet"  # and say what they talked about
        if how != "just meet":
            self._later(figure, 0, 2, lambda: self._arrange(figure, first, last, agreed=how == "agreed"))
            return
        met = (self._clock() + timedelta(days=figure.random.uniform(first, last))).astimezone(ZONE).date()
        logged = datetime(met.year, met.month, met.day, figure.random.randint(17, 21), tzinfo=ZONE)
        logged += timedelta(days=figure.random.choice((0, 0, 0, 1, 2)))
        twice = figure.random.random() < 0.1
        self._plan(logged, figure, lambda: self._log(figure, met, twice=twice))

    def _met_enough(self, figure: Figure, parts: int = PARTS) -> bool:
        """Whether the two of a pair have met as often as the scenario has it, in these parts of the time."""
        mentor, course = self._mentor_of(figure), self._scenario.course
        return course is not None and self.facts_of(mentor).meetings >= course.meetings[mentor] * parts // PARTS

    @staticmethod
    def _mentor_of(figure: Figure) -> str:
        """The address of the mentor of this person's pair."""
        return (
            figure.person.email if figure.person.part == "mentor" or figure.other is None else figure.other.person.email
        )

    def _later(self, figure: Figure, first: float, last: float, act: Act) -> None:
        """Do something after some days, while awake."""
        at = (self._clock() + timedelta(days=figure.random.uniform(first, last))).astimezone(ZONE)
        if not WAKES <= at.hour < SLEEPS:
            at = at.replace(hour=figure.random.randint(WAKES + 1, SLEEPS - 1))
        self._plan(max(at, self._clock() + timedelta(minutes=1)), figure, act)

    def _plan(self, at: datetime, figure: Figure, act: Act) -> None:
        heapq.heappush(self._agenda, (at, next(self._order), figure, act))

    def _pairs(self) -> Iterable[tuple[Figure, Figure]]:
        if self._scenario.pairs is None:
            return zip(self._having("mentor"), self._having("mentee"), strict=True)
        by_email = {figure.person.email: figure for figure in self.figures.values()}
        return [(by_email[mentor], by_email[mentee]) for mentor, mentee in self._scenario.pairs]

    def _having(self, part: str) -> list[Figure]:
        return [figure for figure in self.figures.values() if figure.person.part == part]

    @staticmethod
    def _one_pair_never_meets(mentees: list[Figure], random: Random) -> None:
        """As in every real programme: somebody who never answers."""
        if mentees:
            random.choice(mentees).keen = False


TIMES = ("07:30", "12:30", "13:00", "17:15", "17:30", "18:00", "19:00", "20:30")
PLACES = ("", "", "Café by the main entrance", "Library, level 2", "https://video.example/westmarch/4711")
