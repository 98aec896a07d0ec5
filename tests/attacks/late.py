"""Attacks on the close: what comes too late, twice, or by a clock that was set back. Over HTTP and by due work."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from bot.handlers import checkin_form, open_waves, withdrawal
from bot.playground.client import Answer, ShownForm
from bot.playground.example import ExamplePerson
from bot.reading import about
from storage.records import Wave
from tests import waves
from tests.attacks.crowd import GOOD, Crowd, crowd
from tests.attacks.table import Effort, Finding, attack
from tests.contract.stage import Rows, changed, lines_of

FORMS_EACH = 7
"""Forms that are opened in time, and sent one after the other when it is too late."""


OF_THE_WAVE = ("ledger", "sealed_answer", "wave", "wave_member", "prompt")

TOO_LATE = (
    open_waves.closed(),
    checkin_form.nothing_open(None, began_before=False, has_results=False),
    withdrawal.nothing_to_withdraw_from(),
)


@dataclass
class Came:
    """What came of being late. ``tries``: so many. ``ledger``: rows of the ledger that are new or changed, ``other``:
    rows about the wave in other tables, and messages posted again; ``unclear``: answers that do not say that it is too
    late."""

    tries: int = 0
    ledger: int = 0
    other: int = 0
    unclear: list[str] = field(default_factory=list)


@attack
def late_or_again(effort: Effort) -> Iterator[Finding]:
    """Answers and withdrawals after the close, from forms that were opened before it or asked for then; the close and
    all other work on the wave once more; all this again with the clock set back to before the close."""
    came, in_time = asyncio.run(_tried(each=1 if effort.every == 1 else 3))
    where = f"{came.tries} times"
    yield _none("ledger, late or again", where, came.ledger)
    yield _none("anything else stored, late or again", where, came.other)
    where += f": {came.unclear[0]}" if came.unclear else ""
    yield _none("late, and not told so", where, len(came.unclear))
    name, stored = "anything else stored, late or again", in_time.other
    yield Finding(name, "naive", "forms sent before the close", stored, stored, stored, 0, must_fail=True)


def _none(name: str, where: str, count: int) -> Finding:
    return Finding(name, "all", where, count, count, count, 0)


async def _tried(each: int) -> tuple[Came, Came]:
    late, in_time = Came(), Came()
    async with crowd("mentor") as made:
        wave = await made.open_wave()
        # On both platforms somebody who has answered, and somebody who has not.
        those = [who for on in ("slack", "teams") for who in made.asked() if who.account.platform == on][5:15:3][::each]
        for who in made.asked():
            if who not in those[::2]:
                await made.answer(who)
        forms = {who.name: await _forms(made, who) for who in those}
        for who in those:
            await _send(made, who, forms[who.name].pop(), in_time)
        made.timer_stands = True
        made.clock = wave.closes_at  # to the second, and nothing has been done about it
        await _all_by_http(made, those, forms, late)
        with made.uow() as uow:
            assert uow.waves.advance(wave.id, "open", "closing")
        await _all_by_http(made, those, forms, late)
        made.clock = wave.closes_at - timedelta(hours=3)
        await _all_by_http(made, those, forms, late)
        made.timer_stands = False
        await made.close(wave)
        await made.settle(made.clock + timedelta(hours=1))
        with made.uow() as uow:
            assert uow.ledger.of_wave(wave.id)
            assert uow.waves.get(wave.id).state == "destroyed"
        for clock in (made.clock, wave.closes_at - timedelta(days=3), wave.opens_at + timedelta(minutes=1)):
            made.clock = clock
            await _all_by_http(made, those, forms, late)
            await _again_by_due_work(made, wave, those, late)
    return late, in_time


async def _forms(made: Crowd, who: ExamplePerson) -> list[ShownForm]:
    """Forms to answer and to take back, by turns, all opened now."""
    opened = []
    for _ in range(FORMS_EACH):
        opened += [await made.form(who, "withdraw"), await made.form_of(who)]
    return opened


async def _all_by_http(made: Crowd, those: list[ExamplePerson], forms: dict[str, list[ShownForm]], came: Came) -> None:
    """Everybody sends a form of either kind that they have open, types both commands and taps the invitation."""
    for who in those:
        for _ in range(2):
            await _send(made, who, forms[who.name].pop(), came)
        for words in ("checkin", "withdraw"):
            before = made.rows(*OF_THE_WAVE)
            _note(made, before, came, await made.walk(who, words))
        client = made.client(who)
        invited = next(shown for shown in client.screen() if shown.key.startswith("wave:"))
        before = made.rows(*OF_THE_WAVE)
        answer = await client.tap(invited, invited.button("checkin"))
        _note(made, before, came, await made.complete(who, answer))


async def _send(made: Crowd, who: ExamplePerson, form: ShownForm, came: Came) -> None:
    before = made.rows(*OF_THE_WAVE)
    answer = await made.client(who).submit(form, GOOD if form.name == "checkin" else {})
    _note(made, before, came, await made.complete(who, answer))


async def _again_by_due_work(made: Crowd, wave: Wave, those: list[ExamplePerson], came: Came) -> None:
    """All work on the wave comes due once more; twice, in case the first time only prepares the second."""
    ids = [made.id_of(who) for who in those]
    for _ in range(2):
        before, posts = made.rows(*OF_THE_WAVE), _posts(made)
        with made.uow() as uow:
            for rule in ("wave_close", "release_post"):
                uow.due.add(rule, str(wave.id), uow.now)
            for rule in ("wave_invite", "wave_remind", "release_tell"):
                uow.due.add(rule, f"{wave.id}:0", uow.now)
            for person_id in ids:
                uow.due.add("wave_ask", about(wave.id, person_id), uow.now)
            if uow.now.date() == wave.opens_at.date():
                waves.have_opened(uow)
        await made.settle()
        assert not [row for row in made.rows("due")["due"] if row[3] is None and row[2] <= made.now()]
        _note(made, before, came)
        came.other += _posts(made) - posts
        made.clock += timedelta(seconds=1)


def _posts(made: Crowd) -> int:
    """Messages that answer nobody's tap."""
    return sum(not post.key.startswith("answer:") for on in (made.slack, made.teams) for post in on.posts)


def _note(made: Crowd, before: Rows, came: Came, answer: Answer | None = None) -> None:
    differences = changed(before, made.rows(*OF_THE_WAVE))
    came.tries += 1
    came.ledger += len(differences.pop("ledger", ()))
    came.other += sum(map(len, differences.values()))
    if answer is not None:
        shown = answer.form or answer.message
        lines = set(shown.lines) if shown else set()
        if not any(lines_of(message)[0] in lines for message in TOO_LATE):
            came.unclear.append(" ".join(sorted(lines))[:60])
