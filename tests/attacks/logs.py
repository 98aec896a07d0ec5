"""Attacks on what the bot says of itself: an answer, or words of a comment, in a log, an error or the health check."""

import asyncio
import io
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

import structlog
from sqlalchemy.exc import OperationalError, ProgrammingError

from bot import app as application
from bot import painting
from bot.handlers import checkin_form, released
from bot.handlers.questions import HIDE, PERMISSION, SHOW
from bot.playground.client import Fault
from bot.report.facts import Facts
from bot.report.writing import Made
from bot.reporting import Reporting
from bot.surveys import rules
from bot.ui import Values
from storage.keys import KeyDirectory, KeysGone
from storage.waves import Waves
from tests.attacks.crowd import FIRST_ID, GOOD, Crowd, crowd
from tests.attacks.table import Effort, Finding, attack

CANARY = "kingfisher-7d1c"
"""In every comment, and in everything that is no answer but is sent as one."""
MANY, FEW = 18, 12
"""People who answer."""
ANSWER = re.compile(r"item_(useful|open|time)|\bmarks\b|" + re.escape(CANARY))
"""What tells of an answer: a field or its value, or the canary."""
PERSON = re.compile(rf"\b{FIRST_ID // 1_000}\d{{3}}\b|\bU0\d{{3}}WM\b|00000000-0000-4000-8000-\d{{12}}|@westmarch")
"""An id, an account or an address of somebody."""


class Log(io.StringIO):
    """All that was written."""

    def answers(self) -> list[str]:
        """Lines that tell of an answer."""
        return [line for line in self.getvalue().splitlines() if ANSWER.search(line)]

    def people_beside_a_wave(self) -> list[str]:
        """Lines that name a person and a wave."""
        return [
            line for line in self.getvalue().splitlines() if PERSON.search(line) and re.search("wave|checkin", line)
        ]


@contextmanager
def heard() -> Iterator[Log]:
    """Everything that is logged from DEBUG on, with the words of exceptions, warned of or printed. But for the rows
    that SQLAlchemy quotes at DEBUG: they are the database itself."""
    log = Log()
    root, handler = logging.getLogger(), logging.StreamHandler(log)
    before = structlog.get_config()
    loggers = {root: logging.DEBUG, logging.getLogger("sqlalchemy"): logging.INFO}
    levels = {logger: logger.level for logger in loggers}
    root.addHandler(handler)
    for logger, level in loggers.items():
        logger.setLevel(level)
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=repr),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=structlog.PrintLoggerFactory(log),
    )
    try:
        with redirect_stdout(log), redirect_stderr(log), warnings.catch_warnings():
            warnings.simplefilter("always")
            yield log
    finally:
        structlog.configure(**before)
        logging.captureWarnings(capture=False)
        root.removeHandler(handler)
        for logger, level in levels.items():
            logger.setLevel(level)


@attack
def canaries(effort: Effort) -> Iterator[Finding]:
    """A wave in which everything goes wrong that can, while every log is read. Figure: lines that tell of an answer,
    and lines in which a person stands beside a wave."""
    people = MANY if effort.every == 1 else FEW
    with heard() as log:
        asyncio.run(_everything_goes_wrong(people))
    faults = log.getvalue().count('"level": "error"')
    if faults < 2 * len(FAULTS):
        raise AssertionError(f"only {faults} faults were logged at all, on two platforms")
    if missed := [event for event in MUST_FAIL if event not in log.getvalue()]:
        raise AssertionError(f"these went well: {missed}")
    with heard() as naive, _answers_logged():
        asyncio.run(_nothing_goes_wrong())
    where = f"{len(log.getvalue().splitlines())} lines, {faults} errors"
    yield _lines("an answer in a log", where, log.answers())
    yield _lines("a person beside a wave in a log", where, log.people_beside_a_wave())
    yield _lines("an answer in a log", "one line that logs what was sent", naive.answers(), must_fail=True)


def _lines(name: str, where: str, found: list[str], *, must_fail: bool = False) -> Finding:
    if found and not must_fail:
        where = f"{where}: {found[0][:80]}"
    count = len(found)
    return Finding(name, "naive" if must_fail else "all", where, count, count, count, 0, must_fail)


# What can go wrong. Each fault quotes what it was given, as faults do.


def _raises(kind: Callable[..., Exception]) -> Callable[..., Any]:
    def fail(*given: object, **more: object) -> None:
        raise kind(f"no luck with {given} and {more}: {CANARY}")

    return fail


def _gone(words: str) -> Exception:
    return OperationalError(words, {"box": words}, Exception(words))


def _wrong_sql(words: str) -> Exception:
    return ProgrammingError(words, {"box": words}, Exception(words))


FAULTS: tuple[tuple[object, str, Callable[..., Exception]], ...] = (
    (checkin_form, "seal", RuntimeError),
    (checkin_form, "_read_answer", KeyError),
    (checkin_form, "named_in", ValueError),
    (checkin_form, "thanks", LookupError),
    (Waves, "put", _wrong_sql),
    (Waves, "put", AssertionError),
    (Waves, "lock", RuntimeError),
)
"""What fails while an answer is sent, and with what: each is logged as an error."""
MUST_FAIL = ("report.failed", "release.not_drawn", "wave.close_failed", "job.failed")
"""What fails later, as the log calls it."""
SILENT: tuple[tuple[object, str, Callable[..., Exception]], ...] = (
    (Waves, "put", _gone),
    (KeyDirectory, "get", KeysGone),
)
"""The same, where the platform is told to send it again."""

MALFORMED: tuple[Values, ...] = (
    {"item_useful": CANARY},
    {"item_useful": (CANARY, "4")},
    {"item_comment": CANARY * 40, PERMISSION: SHOW},
    {"item_comment": CANARY},
    {"item_comment": CANARY, PERMISSION: CANARY},
    {CANARY: CANARY},
)


async def _everything_goes_wrong(people: int) -> None:
    with patch.object(application, "Reporting", partial(Reporting, make=_no_report)):
        async with crowd("mentor") as made:
            await _wrong_from_beginning_to_end(made, people)


async def _no_report(facts: Facts) -> Made:
    raise RuntimeError(f"no luck with {facts}: {CANARY}")


async def _wrong_from_beginning_to_end(made: Crowd, people: int) -> None:
    wave = await made.open_wave()
    slack, teams = ([who for who in made.asked() if who.account.platform == on] for on in ("slack", "teams"))
    both = (slack[0], teams[0])
    for number, who in enumerate([*teams, *slack][:people]):
        words = f"{CANARY} Farah" if number % 3 else f"{CANARY}, {who.name}"
        await made.answer(who, GOOD | {"item_comment": words, PERMISSION: (SHOW, HIDE)[number % 2]})
    for values in MALFORMED:
        await made.forged_form(slack[0], "checkin", str(wave.id), 0, GOOD | values)
    for subject in (CANARY, f"{wave.id}; {CANARY}", "-1"):
        await made.forged_form(slack[0], "checkin", subject, 0, GOOD | {"item_comment": CANARY})
        await made.forged_tap(slack[0], "checkin", subject, 0)
    for place, name, kind in (*FAULTS, *SILENT):
        for who in both:
            form = await made.form_of(who)
            with patch.object(place, name, _raises(kind)):
                await made.client(who).submit(form, GOOD | {"item_comment": CANARY, PERMISSION: SHOW})
    for who in both:
        await made.client(who).say(f"my answer is {CANARY}")
        await made.client(who).command(f"checkin {CANARY}")
    await _broken_requests(made)
    await made.walk(made.part("lead")[0], "leads", "report")
    assert CANARY not in await made.healthz()
    for stand_in in (made.slack, made.teams):
        stand_in.faults += [Fault("", "status", times=5, status=500), Fault("", "reply_lost", times=3)]
    await made.settle(wave.closes_at - timedelta(minutes=1))
    with patch.object(rules, "rows", _raises(RuntimeError)):
        await made.settle(wave.closes_at)
        await made.settle()
    no_words = patch.object(released, "release_messages", _raises(RuntimeError))
    with no_words, patch.object(painting, "charts_of", _raises(RuntimeError)):
        await made.settle(made.clock + timedelta(minutes=6))
        await made.settle()
    for stand_in in (made.slack, made.teams):
        stand_in.faults += [Fault("", "status", times=8, status=500), Fault("", "reply_lost", times=3)]
    await made.settle(made.clock + timedelta(hours=1))
    with made.uow() as uow:
        entry = uow.ledger.of_wave(wave.id)
    assert entry is not None
    assert CANARY in entry.body, "some let their words be shown"
    assert CANARY not in await made.healthz()


async def _broken_requests(made: Crowd) -> None:
    """Signed, and nothing that the bot can read."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (f"payload={CANARY}", f'payload={{"type": "view_submission", "view": "{CANARY}"}}', f"{CANARY}=1&&&"):
        await made.slack.send_raw(body, form | made.slack.signed(body))
        await made.slack.send_raw(body, form)
    bearer = {"Authorization": f"Bearer {made.teams.issuer.token(made.teams.service_url)}"}
    for text in (f'{{"type": "invoke", "value": "{CANARY}"}}', CANARY, f'["{CANARY}"]'):
        for headers in (bearer, {"Authorization": f"Bearer {CANARY}"}, {}):
            await made.teams.send(text.encode(), headers)


async def _nothing_goes_wrong() -> None:
    async with crowd("mentor") as made:
        await made.open_wave()
        await made.answer(made.asked()[0], GOOD | {"item_comment": CANARY, PERMISSION: HIDE})


@contextmanager
def _answers_logged() -> Iterator[None]:
    """A naive bot that logs what it was sent, as an event."""
    send = checkin_form._read_answer

    def logged(event: Any, *more: Any) -> Any:
        structlog.get_logger().info("event.form", name=event.name, values=event.values)
        return send(event, *more)

    with patch.object(checkin_form, "_read_answer", logged):
        yield
