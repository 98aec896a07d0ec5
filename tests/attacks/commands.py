"""Leads who try everything: random commands, taps and forms, on programmes that differ in one answer."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import cycle, zip_longest
from random import Random
from unittest.mock import patch

from sqlalchemy import select

from bot import app as application
from bot import handlers
from bot.closing import Closing
from bot.flow import Flows
from bot.handlers.questions import PERMISSION, SHOW
from bot.handlers.release_message import Told, release_messages
from bot.playground import slack_blocks
from bot.playground.client import Answer, Shown, ShownForm
from bot.playground.example import ExamplePerson
from bot.report.build import as_json
from bot.report.facts import Facts
from bot.report.writing import Made
from bot.reporting import Reporting
from bot.surveys import rules
from bot.surveys.auditing import Question, Verdict
from bot.surveys.release import from_ledger
from bot.ui import Picture, Values
from storage.models import file
from storage.records import Wave
from tests.attacks.crowd import GOOD, Crowd, crowd, seen
from tests.attacks.table import Effort, Finding, attack
from tests.contract.stage import lines_of

MANY, FEW = 1_000, 60
"""Commands, taps and forms: half of them before the close, half after it."""
PAUSE = timedelta(seconds=5)
"""After each of them: otherwise the platform would soon refuse to say who is in the leads channel, and nobody were a
lead any more."""
YES: Values = {"item_useful": "4"}
NO: Values = {"item_useful": "2"}
SAY_NO = 2
"""Of the eighteen people: 16 say yes, the lowest of the step of 16 to 18."""
WALKS = (
    ("results",),
    ("results", "result"),
    ("report",),
    ("leads_change", "change_questionnaires"),
    ("leads_change", "change_recruitment"),
    ("leads_change", "change_disclosure"),
    ("leads_change", "change_research"),
)
"""Buttons one after the other, from the digest on, as a lead goes who knows where they want to go."""
MUST_REACH = {"results", "report", *(actions[-1] for actions in WALKS if actions[0] == "leads_change")}
"""What the leads come to before the close and after it; then also to a result."""

FLOWS = Flows(handlers.FLOWS)
BUTTONS = sorted(name for flow in handlers.FLOWS for kind, name in flow.routes if kind == "button")
FORMS = sorted(name for flow in handlers.FLOWS for kind, name in flow.routes if kind == "form")
NONSENSE = (
    "",
    "0",
    "1",
    "2",
    "1-1",
    "1-2",
    "-1",
    "999",
    "results",
    "1 OR 1=1",
    "all answers",
    "\N{ZERO WIDTH SPACE}",
    "9" * 40,
)
RESULT = re.compile(r"\d+ of \d+ (people )?(answered|agree)|% to |^\N{BULLET} \N{LEFT DOUBLE QUOTATION MARK}")
"""What only a release says."""

Heard = list[tuple[str, ...]]
"""For each thing that was tried: what was tried, and each line of what was answered or is on the leads' screens."""


@dataclass
class Tried:
    """``before`` and ``after`` the close: what was heard, and every file of a report that lies there. ``scheduled``:
    each line in which the release may be told. ``pictures``: of the release."""

    before: Heard = field(default_factory=list)
    after: Heard = field(default_factory=list)
    files_before: list[bytes] = field(default_factory=list)
    files_after: list[bytes] = field(default_factory=list)
    scheduled: list[str] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)


@attack
def fuzzed_lead_commands(effort: Effort) -> Iterator[Finding]:
    """The same commands on three programmes: in one of the others somebody more says yes, which lies in the same step,
    in the other somebody fewer, which does not. Figure: replies that differ where none may, or in more than the lines
    of the release; and lines about results that are in no release."""
    count = MANY if effort.every == 1 else FEW
    one, same, other = (asyncio.run(_played(no, count)) for no in (SAY_NO, SAY_NO - 1, SAY_NO + 1))
    yield _finding("the same step", f"{count} commands", _different(one.before + one.after, same.before + same.after))
    yield _finding("another step, before the close", f"{count // 2} commands", _different(one.before, other.before))
    told = dict(zip(one.scheduled, other.scheduled, strict=True))
    expected = [tuple(told.get(line, line) for line in lines) for lines in one.after]
    if expected == one.after:
        raise AssertionError("nobody asked for the result")
    yield _finding("another step, but for the value", f"{count // 2} commands", _different(expected, other.after))
    files = f"{len(one.files_before)} and {len(one.files_after)} reports, {len(one.pictures)} pictures"
    yield _finding("reports and pictures", files, _other_files(one, same, other))
    unknown = sum(map(_unknown, (one, same, other)))
    yield _finding("a result that is in no release", f"{3 * count} commands", unknown)
    if effort.every == 1:
        with exact_counts():
            exact, exact_too = (asyncio.run(_played(no, FEW)) for no in (SAY_NO, SAY_NO - 1))
        naive = _different(exact.after, exact_too.after)
        yield _finding("the same step", "exact counts", naive, must_fail=True)


def _other_files(one: Tried, same: Tried, other: Tried) -> int:
    """How many reports differ before the close, in any of the programmes, and how many reports and pictures after it,
    with the same step. With another step they must differ then: otherwise nothing of the result is in them."""
    if other.files_after == one.files_after or other.pictures == one.pictures:
        raise AssertionError("nothing of the result is in the reports or in the pictures")
    twins = [
        (one.files_before, same.files_before),
        (one.files_before, other.files_before),
        (one.files_after, same.files_after),
        (one.pictures, same.pictures),
    ]
    return sum(mine != theirs for some, others in twins for mine, theirs in zip_longest(some, others))


def _unknown(tried: Tried) -> int:
    """Lines about results before the close, and others than those of the release after it."""
    told = [line for lines in tried.before for line in lines]
    told += [line for lines in tried.after for line in lines if line not in tried.scheduled]
    return sum(bool(RESULT.search(line)) for line in told)


def _finding(what: str, where: str, figure: int, *, must_fail: bool = False) -> Finding:
    name = f"leads' commands: {what}"
    return Finding(name, "naive" if must_fail else "standard", where, figure, figure, figure, 0, must_fail)


def _different(some: Heard, others: Heard) -> int:
    return sum(one != other for one, other in zip(some, others, strict=True))


class Fuzzer:
    """A random lead. What is tried depends on the seed and on what is on the screen, and on nothing else."""

    def __init__(self, made: Crowd, random: Random) -> None:
        self._made = made
        self._random = random
        self._leads = made.part("lead")
        self._message: dict[str, Shown] = {}
        self._form: dict[str, ShownForm] = {}
        self._ids = [str(made.id_of(who)) for who in made.asked()[::7]]
        self._walks = cycle(random.sample(WALKS, len(WALKS)))
        self.reached: set[str] = set()

    async def try_something(self) -> tuple[str, ...]:
        """One thing; what it was, and all that was answered."""
        random = self._random
        who = random.choice(self._leads)
        ways = (self._command, self._walk, self._tap, self._forge_tap, self._fill_in, self._forge_form, self._say)
        way = random.choices(ways, (10, 30, 20, 10, 15, 8, 7))[0]
        tried, answer = await way(who)
        if answer is None:
            return (tried,)
        if answer.message is not None:
            self._message[who.name] = answer.message
        if answer.form is not None:
            self._form[who.name] = answer.form
        else:
            self._form.pop(who.name, None)
        return (tried, str(answer.status), *_lines(answer))

    async def _command(self, who: ExamplePerson) -> tuple[str, Answer]:
        name = self._random.choice((*sorted(FLOWS.commands), "leads", "leads", "leads"))
        words = f"{name} {self._random.choice(NONSENSE)}".strip() if self._random.random() < 0.3 else name
        channel = self._random.choice((None, self._made.channel))
        return words, await self._made.client(who, channel).command(words)

    async def _walk(self, who: ExamplePerson) -> tuple[str, Answer]:
        actions = next(self._walks)
        answer = await self._made.walk(who, "leads")
        for action in actions:
            if answer.message is None or action not in {button.action for button in answer.message.buttons}:
                break
            answer = await self._made.walk_on(who, answer, action)
            self.reached.add(action)
        return f"go {actions}", answer

    async def _tap(self, who: ExamplePerson) -> tuple[str, Answer | None]:
        client = self._made.client(who)
        shown = self._message.get(who.name)
        if shown is None or not shown.buttons or self._random.random() < 0.3:
            on_screen = [shown for shown in client.screen() if shown.buttons]
            if not on_screen:
                return "nothing to tap", None
            shown = self._random.choice(on_screen[-12:])
        button = self._random.choice(shown.buttons)
        return f"tap {button.action} {button.subject}", await client.tap(shown, button)

    async def _forge_tap(self, who: ExamplePerson) -> tuple[str, Answer]:
        action, subject = self._random.choice(BUTTONS), self._random.choice((*NONSENSE, *self._ids))
        return f"forge {action} {subject}", await self._made.forged_tap(who, action, subject, self._random.randrange(3))

    async def _fill_in(self, who: ExamplePerson) -> tuple[str, Answer | None]:
        form = self._form.get(who.name)
        if form is None:
            return await self._tap(who)
        view = self._made.slack.workspace.modals[form.raw["id"]].view
        values = {name: self._value(block.element) for name, block in slack_blocks.inputs(view).items()}
        chosen = {name: value for name, value in values.items() if value is not None}
        return f"send {form.name}", await self._made.client(who).submit(form, chosen)

    def _value(self, element: object) -> str | tuple[str, ...] | None:
        """Something that can be entered; None to keep what is there."""
        random = self._random
        match element:
            case slack_blocks.RadioButtons(options=options) | slack_blocks.StaticSelect(options=options):
                return random.choice([option.value for option in options])
            case slack_blocks.Checkboxes(options=options) | slack_blocks.MultiStaticSelect(options=options):
                return tuple(option.value for option in options if random.random() < 0.5)
            case slack_blocks.TextInput(max_length=longest) if random.random() < 0.3:
                return random.choice(NONSENSE)[:longest]
            case _:
                return None

    async def _forge_form(self, who: ExamplePerson) -> tuple[str, Answer]:
        name, subject = self._random.choice(FORMS), self._random.choice((*NONSENSE, *self._ids))
        values: Values = {"person": self._random.choice(self._ids), "pair": "1", "item_useful": "4", "show": ("yes",)}
        answer = await self._made.forged_form(who, name, subject, self._random.randrange(3), values)
        return f"forge form {name} {subject}", answer

    async def _say(self, who: ExamplePerson) -> tuple[str, Answer]:
        words = self._random.choice((*NONSENSE, "who answered", "show me the answers of wave 1", "results 1"))
        return f"say {words}", await self._made.client(who).say(words or "hello")


def _lines(answer: Answer) -> tuple[str, ...]:
    form = answer.form
    return (
        *(seen(answer.message)[2] if answer.message else ()),
        *((form.name, form.title, *form.lines, *map(str, sorted(form.values.items()))) if form else ()),
        *map(str, sorted(answer.errors.items())),
    )


async def _played(no: int, count: int) -> Tried:
    """A programme in which so many say no, the first of them always the same people."""
    tried = Tried()
    with patch.object(application, "Reporting", partial(Reporting, make=_numbers)):
        async with crowd("mentor") as made:
            wave = await made.open_wave()
            for number, who in enumerate(made.asked()):
                comment: Values = {"item_comment": "A quiet hour helps.", PERMISSION: SHOW} if number % 6 == 0 else {}
                await made.answer(who, GOOD | comment | (NO if number < no else YES))
            fuzzer = Fuzzer(made, Random(count))
            tried.before = await _phase(made, fuzzer, count // 2, MUST_REACH)
            tried.files_before = _reports(made)
            await made.close(wave)
            tried.after = await _phase(made, fuzzer, count - count // 2, {*MUST_REACH, "result"})
            tried.files_after = _reports(made)[len(tried.files_before) :]
            tried.scheduled, tried.pictures = _scheduled(made, wave)
    return tried


async def _numbers(facts: Facts) -> Made:
    """The one file of a report that holds all numbers, and is quickly made; ``reports`` attacks all of them."""
    return Made(html=b"", pdf=b"", xlsx=b"", json=as_json(facts))


def _reports(made: Crowd) -> list[bytes]:
    """Every report that lies there, the first one first."""
    with made.app.database.engine.connect() as connection:
        query = select(file.c.content).where(file.c.name.startswith("mentoring-report"))
        return [bytes(content) for content in connection.scalars(query.order_by(file.c.expires_at, file.c.content))]


async def _phase(made: Crowd, fuzzer: Fuzzer, count: int, must_reach: set[str]) -> Heard:
    heard = []
    fuzzer.reached.clear()
    for number in range(count):
        heard.append(await fuzzer.try_something())
        made.clock += PAUSE
        if number % 10 == 9:
            await made.settle()
    await made.settle()
    if missed := must_reach - fuzzer.reached:
        raise AssertionError(f"nobody came to {', '.join(sorted(missed))}")
    on_screen = [shown for lead in made.part("lead") for shown in made.view(lead)]
    return heard + [(str(shown.at), shown.key, *shown.lines) for shown in on_screen]


def _scheduled(made: Crowd, wave: Wave) -> tuple[list[str], list[bytes]]:
    """All lines in which the ledger may be told to leads, in order; and the pictures."""
    with made.uow() as uow:
        entry = uow.ledger.of_wave(wave.id)
        hanging = uow.pictures.of(wave.id)
        contents = [uow.pictures.content(each.name) for each in hanging]
    assert entry is not None
    assert contents, "there is no picture"
    told = Told(wave.id, from_ledger(entry.body), pictures=[Picture(each.name, each.alt) for each in hanging])
    return [line for message in release_messages(told, "") for line in lines_of(message)], contents


async def passed(_question: Question) -> Verdict:
    """An audit that lets everything out."""
    return Verdict(passed=True)


@contextmanager
def exact_steps() -> Iterator[None]:
    """A naive release, in which every step is of one person."""

    def exact(x: int, _n: int, _s: int) -> tuple[int, int]:
        return x, x

    with patch.object(rules, "steps", exact):
        yield


@contextmanager
def exact_counts() -> Iterator[None]:
    """The same in an app, where no audit would let it out."""
    with exact_steps(), patch.object(application, "Closing", partial(Closing, audit=passed)):
        yield
