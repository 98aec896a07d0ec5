"""Attacks that make certain of an answer: rows that leave but one possible. Everything is gone through, nothing is left
to chance. Figure: how many answers are forced."""

from collections.abc import Iterator

from bot.surveys.audit import audit
from bot.surveys.auditing import Group, Question, Told
from tests.attacks.releases import NAIVE, POOLED, STANDARD, STRICT, Way, seen
from tests.attacks.table import Effort, Finding, attack

SIZES = range(8, 63)
INSIDERS = ((STANDARD, 1), (POOLED, 2), (STRICT, 3), (NAIVE, 0))
"""How many people who put their own answers together must learn nothing for certain about anybody else."""


@attack
def forced_answers(effort: Effort) -> Iterator[Finding]:
    """Every number of yeses in every size of a row, and whatever the insiders themselves have answered."""
    for way, insiders in INSIDERS:
        figure = sum(
            _forced(low, high, x, n, some)
            for n in SIZES[:: effort.every]
            if n >= way.fewest
            for x in range(n + 1)
            for low, high in [_interval(way, n, x)]
            for some in range(insiders + 1)
        )
        yield _finding("forced answers", way, f"n 8 to 62, {insiders} insiders", figure)


@attack
def forced_answers_by_audit(effort: Effort) -> Iterator[Finding]:
    """The same, found by the audit's integer programme, with one insider in each of as many roles."""
    for way, insiders in INSIDERS:
        roles = ("mentor", "mentee", "control")[: max(insiders, 1)]
        figure = 0
        for n in SIZES[:: 3 * effort.every - 2]:  # the audit takes its time
            if n < way.fewest:
                continue
            told = tuple(
                Told("this", roles, str(interval), n, *interval)
                for interval in sorted({_interval(way, n, x) for x in range(n + 1)})
            )
            people = [n - 2 * (len(roles) - 1), *[2] * (len(roles) - 1)]
            groups = tuple(Group(role, ("this",), some) for role, some in zip(roles, people, strict=True))
            figure += len(audit(Question(told, groups)).forced)
        yield _finding("forced answers, by the audit", way, f"n 8 to 62, {insiders} insiders", figure)


def _interval(way: Way, n: int, x: int) -> tuple[int, int]:
    if not way.pooled:
        ((_, _, low, high),) = seen(way, (("mentor", n, x),))
        return low, high
    few = way.split_up(n)["mentor"]
    # The yeses go to the mentees first: the pooled row must not tell.
    mentees = min(x, n - few)
    ((_, _, low, high),) = seen(way, (("mentor", few, x - mentees), ("mentee", n - few, mentees)))
    return low, high


def _forced(low: int, high: int, x: int, n: int, insiders: int) -> int:
    """How many answers of others are certain when ``x`` of ``n`` said yes, over all that the insiders can have said."""
    forced = 0
    others = n - insiders
    for own in range(max(0, x - others), min(insiders, x) + 1):
        fewest, most = max(low - own, 0), min(high - own, others)
        if fewest == others or most == 0:
            forced += others
    return forced


def _finding(name: str, way: Way, where: str, figure: int) -> Finding:
    return Finding(name, way.name, where, figure, figure, figure, 0, must_fail=way.is_naive)
