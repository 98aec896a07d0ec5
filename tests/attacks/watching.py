"""Attacks that name who did not answer, from everything that others can see: two programmes that differ in nothing but
who it was, and in who was reminded for it, watched side by side with the same clock."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from bot.handlers.open_waves import who_finished
from bot.playground import example
from bot.playground.client import Answer
from bot.playground.slack_workspace import ApiError
from bot.surveys.sealing import WaveKeys
from bot.ui import Message, Text, Values
from storage import places
from storage.records import Wave
from tests.attacks.crowd import Crowd, Seen, crowd, seen
from tests.attacks.table import Effort, Finding, attack

MANY = 4
"""Pairs of programmes of each kind."""
LIMIT = 0.05

Act = Callable[[Crowd, Wave, "Twins"], Awaitable[None]]
Views = dict[str, list[Any]]
"""By name: what somebody has seen, and been answered, in the course of the wave."""


@dataclass(frozen=True, slots=True)
class Twins:
    """``either``: the two of whom one did not answer in one programme, and the other one in the other. ``others``:
    further people who did not answer, in both."""

    either: tuple[str, str]
    others: tuple[str, ...]


# What happens, beside the wave


async def nothing(_crowd: Crowd, _wave: Wave, _twins: Twins) -> None:
    """Nothing else."""


async def out_of_reach(crowd: Crowd, _wave: Wave, twins: Twins) -> None:
    """Since the invitation the first of the two has blocked the bot, which Slack says only when they are written to;
    and Slack refuses whatever is for the second."""
    first, second = (crowd.everybody[name] for name in twins.either)
    await crowd.client(first).remove()
    workspace = crowd.slack.workspace
    conversation = workspace.dm(second.account.user).id
    post = workspace.methods["chat.postMessage"]

    def refuse(given: Mapping[str, Any]) -> dict[str, Any]:
        if given.get("channel") == conversation:
            raise ApiError("msg_blocks_too_long")
        return post(given)

    workspace.methods["chat.postMessage"] = refuse


async def paired_anew(crowd: Crowd, _wave: Wave, twins: Twins) -> None:
    """The leads pair the first of the two, a mentor, with two further mentees, one a day: each introduction is a
    message that counts in the budget of both."""
    lead = crowd.part("lead")[0]
    mentor = crowd.id_of(crowd.everybody[twins.either[0]])
    for mentee in [who for who in crowd.part("mentee") if who.account.platform == "slack"][-2:]:
        form = (await crowd.walk(lead, "leads", "leads_change", "pair_people")).form
        assert form is not None
        values: Values = {"mentor": str(mentor), "mentee": str(crowd.id_of(mentee)), "all_the_same": ("yes",)}
        await crowd.client(lead).submit(form, values)
        await crowd.settle(crowd.clock + timedelta(days=1))


async def hospitals_counted(crowd: Crowd, wave: Wave, _twins: Twins) -> None:
    """A naive bot tells the leads how many of each hospital have not answered yet."""
    hospitals = {crowd.id_of(who): who.organisation for who in crowd.asked()}
    with crowd.uow() as uow:
        keys = WaveKeys.unpacked(uow.keys.get(wave.key_id))
        missing = hospitals.keys() - who_finished(wave, keys, uow.waves.members(wave.id), uow)
        counts = sorted(Counter(hospitals[person_id] for person_id in missing).items())
        message = Message("No answer yet", (Text(str(counts)),), "Everybody in this channel can see this.")
        uow.outbox.add(to=places.leads(uow.programmes.get(wave.programme_id)), key="naive", message=message)
    await crowd.settle()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of programme. ``roles``: who is asked. ``role``: of the two. ``missing``: how many others have not
    answered, in both twins. ``before`` and ``after``: what happens before the reminder, and after it."""

    name: str
    roles: tuple[str, ...] = ("mentor", "mentee")
    role: str = "mentor"
    missing: int = 6
    before: Act = nothing
    after: Act = nothing


KINDS = (
    Kind("many are reminded, one has blocked the bot, one is refused", role="mentee", missing=24, before=out_of_reach),
    Kind("leads pair one anew", after=paired_anew),
)
NAIVE = Kind("hospitals are counted", roles=("mentor",), missing=3, before=hospitals_counted)


# Watching


@attack
def naming_who_is_missing(effort: Effort) -> Iterator[Finding]:
    """Each kind of programme some times. Figure: the share of pairs of twins that somebody can tell apart, by the words
    or by the times of what they see; with both alike, nothing is left but to guess."""
    in_full = effort.every == 1
    for kind in (*KINDS, NAIVE) if in_full else KINDS:
        programmes = MANY if in_full and kind is not NAIVE else 1
        found = [asyncio.run(differences(kind, Random(f"{kind.name} {number}"))) for number in range(programmes)]
        for what in ("words", "times"):
            told_apart = [each[what][0] for each in found if each[what]]
            yield _finding(f"{kind.name}, by {what}", told_apart, programmes, must_fail=kind is NAIVE)


async def differences(kind: Kind, random: Random) -> dict[str, list[str]]:
    """Who sees other words, and who sees the same words at other times."""
    twins = drawn(kind, random)
    first, second = [await watched(kind, twins, who) for who in twins.either]
    return {
        "words": [who for who in first if _words(first[who]) != _words(second[who])],
        "times": [who for who in first if first[who] != second[who]],
    }


def drawn(kind: Kind, random: Random) -> Twins:
    """Two of one role on Slack, as far apart on the list as can be, so that many stand between them; and others of all
    roles on both platforms."""
    asked = [who for who in example.people() if who.part in kind.roles]
    first, *_between, last = [who for who in asked if who.part == kind.role and who.account.platform == "slack"]
    rest = [who.name for who in asked if who not in (first, last)]
    return Twins((first.name, last.name), tuple(random.sample(rest, kind.missing)))


async def watched(kind: Kind, twins: Twins, missing: str) -> Views:
    """One programme from the opening to the results: what everybody sees but the two, who know it of themselves."""
    async with crowd(*kind.roles) as made:
        watchers = [who for who in made.everybody.values() if who.name not in twins.either]
        answers: Views = {who.name: [] for who in watchers}
        wave = await made.open_wave()
        for who in made.asked():
            if who.name not in (missing, *twins.others):
                await made.answer(who)
        await kind.before(made, wave, twins)
        await made.settle(wave.opens_at + timedelta(days=9, hours=2))
        await _look(made, answers)
        await kind.after(made, wave, twins)
        await made.close(wave)
        await _look(made, answers)
        return {who.name: [*answers[who.name], *made.view(who)] for who in watchers}


async def _look(made: Crowd, answers: Views) -> None:
    """Leads ask for all that there is, some others for their home and for the check-in."""
    lead = made.part("lead")[0]
    for actions in (("results",), ("leads_change", "find_pair")):
        answers[lead.name] += _of(await made.walk(lead, "leads", *actions))
    for who in [who for who in made.part("mentor", "mentee", "facilitator") if who.name in answers][::9]:
        for words in ("mentoring", "checkin"):
            answers[who.name] += _of(await made.walk(who, words))


def _of(answer: Answer) -> list[Any]:
    form = answer.form
    return [
        *([seen(answer.message)] if answer.message else []),
        *([(form.name, form.lines, sorted(form.values.items()), form.version)] if form else []),
    ]


def _words(views: list[Any]) -> list[Any]:
    return sorted(str(each[1:] if isinstance(each, Seen) else each) for each in views)


def _finding(setting: str, told_apart: list[str], pairs: int, *, must_fail: bool = False) -> Finding:
    share = len(told_apart) / pairs
    if told_apart:
        setting = f"{setting}: {told_apart[0]}"
    name = "naming who is missing, by what all see"
    return Finding(name, "naive" if must_fail else "all", setting, share, share, share, LIMIT, must_fail)
