"""Attacks on comments: words that were not to be released, looked for in everything that the bot has sent and stored;
and names that an author was warned of."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from unittest.mock import patch

from bot.handlers.questions import AS_IT_IS, HIDE, NAMES, PERMISSION, SHOW, TAKEN_OUT
from bot.playground.client import Answer, ShownForm
from bot.playground.example import ExamplePerson
from bot.surveys import rules
from bot.surveys.instrument import Comment, Instrument
from bot.surveys.names import named_in
from bot.surveys.release import from_ledger
from storage.records import Wave
from tests.attacks.crowd import GOOD, Crowd, crowd
from tests.attacks.table import Effort, Finding, attack

ENOUGH, TOO_FEW = 12, 9
"""People who simply write something; words come out with the answers of ten."""
NAMED = "Farah"


@dataclass
class Found:
    """``unreleased``: words found where they were not to be. ``named``: comments that were released with a name, of
    which the author was warned and did not insist. ``missing``: words that were to be told and were not. ``naive``:
    as ``unreleased``, of a bot that releases all it is sent."""

    unreleased: int = 0
    named: int = 0
    missing: int = 0
    naive: int = 0


@attack
def comments_and_messages(effort: Effort) -> Iterator[Finding]:
    """Three waves, in the first of which too few answer: every author writes a word of their own, some let it be
    shown. What can be read of the bot is looked through all the time. Figure: words that are found and were not to be;
    comments with a name of which the author was warned without insisting; words that were to be told and were not."""
    del effort  # one programme is enough: nothing is left to chance
    found = asyncio.run(_played())
    yield _finding("unreleased words", found.unreleased)
    yield _finding("names without the author's will", found.named)
    yield _finding("words that were to be told and were not", found.missing)
    yield _finding("unreleased words", found.naive, must_fail=True)


def _finding(name: str, count: int, *, must_fail: bool = False) -> Finding:
    level, where = ("naive", "all that was written is told") if must_fail else ("standard", "two waves")
    return Finding(f"comments: {name}", level, where, count, count, count, 0, must_fail)


class Authors:
    """Who writes what. ``written``: each word and its author. ``open``: words that are to be released. ``insisted``: a
    word that stands beside a name."""

    def __init__(self, made: Crowd) -> None:
        self.made = made
        self.written: dict[str, ExamplePerson] = {}
        self.open: set[str] = set()
        self.insisted: set[str] = set()
        self._random = Random(3)

    def word(self, who: ExamplePerson) -> str:
        """A word that nobody has used."""
        word = f"canary{self._random.getrandbits(48):012x}"
        self.written[word] = who
        return word

    async def write(self, who: ExamplePerson, *, permission: str, named: bool = False) -> tuple[str, Answer]:
        """Send a comment; the word in it, and the answer."""
        word = self.word(who)
        said = f"{NAMED} says {word}." if named else f"It is {word}."
        form = await self.made.form(who, "checkin")
        values = GOOD | {"item_comment": said, PERMISSION: permission}
        return word, await self.made.client(who).submit(form, values)

    def found(self, allowed: set[str]) -> int:
        """How many words can be read that are not allowed: in messages, homes and tables, and on the forms of others
        than their author."""
        slack, teams = self.made.slack.workspace, self.made.teams
        seen = [
            *(sent.raw for sent in slack.messages),
            *(home.raw for home in slack.homes.values()),
            *((sent.activity, sent.own_cards) for sent in teams.messages),
            *self.made.rows().values(),
        ]
        everything = str(seen)
        forms = {user: str([m.raw for m in slack.modals.values() if m.user == user]) for user in slack.people}
        return sum(
            word in everything or any(word in form for user, form in forms.items() if user != author.account.user)
            for word, author in self.written.items()
            if word not in allowed
        )


async def _played() -> Found:
    found = Found()
    async with crowd("mentor") as made:
        authors = Authors(made)
        wave = await made.open_wave()
        for who in made.asked()[::2]:
            await authors.write(who, permission=SHOW)
        found.unreleased += await _closed(made, authors, wave)
        made.clock += timedelta(days=8)
        wave = await made.open_wave()
        await _write_all_ways(made, authors)
        found.unreleased += await _closed(made, authors, wave)
        comments = _released(made, wave)
        found.missing = sum(not any(word in comment for comment in comments) for word in authors.open)
        with made.uow() as uow:
            names = uow.roll.names(wave.programme_id)
        insisted = [comment for comment in comments if any(word in comment for word in authors.insisted)]
        found.named = sum(bool(named_in(comment, names)) for comment in comments if comment not in insisted)
        assert insisted
        made.clock += timedelta(days=8)
        with patch.object(rules, "comments", _all_that_was_written):
            wave = await made.open_wave()
            for who in made.asked()[:TOO_FEW]:
                await authors.write(who, permission=HIDE)
            found.naive = await _closed(made, authors, wave)
    return found


async def _write_all_ways(made: Crowd, authors: Authors) -> None:
    """Words that are shown, hidden, replaced, taken back; names that are kept and names that are not."""
    people = iter(made.asked())
    for number in range(ENOUGH):
        word, _answer = await authors.write(next(people), permission=(SHOW, HIDE)[number % 2])
        if number % 2 == 0:
            authors.open.add(word)
    who = next(people)
    await authors.write(who, permission=SHOW)
    word, _answer = await authors.write(who, permission=SHOW)
    authors.open.add(word)
    who = next(people)
    await authors.write(who, permission=SHOW)
    await made.client(who).submit(await made.form(who, "withdraw"), {})
    await authors.write(next(people), permission=SHOW, named=True)  # who is warned, and leaves it at that
    for permission in (SHOW, HIDE):
        who = next(people)
        word, warned = await authors.write(who, permission=permission, named=True)
        await made.client(who).submit(_form(warned), {NAMES: AS_IT_IS})
        if permission == SHOW:
            authors.insisted.add(word)
            authors.open.add(word)
    who = next(people)
    _word, warned = await authors.write(who, permission=SHOW, named=True)
    word = authors.word(who)
    authors.open.add(word)
    await made.client(who).submit(_form(warned), {NAMES: TAKEN_OUT, "item_comment": f"It is {word}."})


def _form(answer: Answer) -> ShownForm:
    assert answer.form is not None
    assert NAMES in answer.form.values, "nobody is warned"
    return answer.form


async def _closed(made: Crowd, authors: Authors, wave: Wave) -> int:
    """Let a wave close; how many words could be read on the way that were not to be."""
    with made.uow() as uow:
        before = {word for entry in uow.ledger.all(wave.programme_id) for word in authors.open if word in entry.body}
    found = authors.found(before)
    await made.settle(wave.closes_at - timedelta(minutes=1))
    found += authors.found(before)
    made.clock = wave.closes_at
    await made.app.jobs.tick()  # messages are written, and wait
    found += authors.found(authors.open)
    await made.settle()
    return found + authors.found(authors.open)


def _released(made: Crowd, wave: Wave) -> Sequence[str]:
    with made.uow() as uow:
        entry = uow.ledger.of_wave(wave.id)
    assert entry is not None
    return from_ledger(entry.body).comments


def _all_that_was_written(
    _instrument: Instrument, written: Sequence[Comment], *_rules: object
) -> tuple[tuple[str, str], ...]:
    return tuple((item, text) for comment in written for item, text in comment.texts.items())
