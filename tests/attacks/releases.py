"""What is attacked: ways to release answers, each as a function from who answered what to what everybody sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bot.surveys import rules
from bot.surveys.instrument import Answer, Instrument, Item
from bot.surveys.release import Row
from tests.attacks import naive
from tests.attacks.table import Finding, newcombe

Rows = tuple[Row, ...]
Ints = NDArray[np.int64]

LIKERT = ("Strongly disagree", "Disagree", "Neither", "Agree", "Strongly agree")
NO, YES = Answer({"useful": (2,)}), Answer({"useful": (5,)})


def questionnaire(*roles: str) -> Instrument:
    """One item, asked of these roles."""
    item = Item("useful", "likert", dict.fromkeys(roles, "Useful?"), "Useful", "use", "ours", LIKERT, (4, 5), "agree")
    return Instrument("simulated", "questionnaire", roles, dict.fromkeys(roles, "Simulated"), "standard", (item,))


@dataclass(frozen=True, slots=True)
class Way:
    """A way to release answers. ``level``: by the real rules; None: the naive release. ``fewest``: who has to answer
    for anything to be shown. ``pooled``: mentors and mentees are asked, and the mentors are too few to stand alone;
    otherwise mentors only."""

    name: str
    level: rules.Level | None
    fewest: int
    pooled: bool = False

    @property
    def is_naive(self) -> bool:
        """Whether attacks have to succeed."""
        return self.level is None

    def rows(self, asked: Instrument, invited: Mapping[str, int], answers: Sequence[tuple[str, Answer]]) -> Rows:
        """What is let out."""
        if self.level is None:
            return naive.rows(asked, invited, answers)
        return rules.rows(asked, self.level, invited, answers)

    def split_up(self, n: int) -> dict[str, int]:
        """How many of each role are among ``n`` who answer."""
        if not self.pooled:
            return {"mentor": n}
        mentors = min(n // 2, rules.STANDARD.minimum - 1)
        return {"mentor": mentors, "mentee": n - mentors}


STANDARD = Way("standard", rules.STANDARD, rules.STANDARD.minimum)
POOLED = Way("standard, pooled", rules.STANDARD, rules.STANDARD.minimum, pooled=True)
STRICT = Way("strict", rules.STRICT, rules.STRICT.minimum)
NAIVE = Way("naive, must fail", None, naive.THRESHOLD)


@cache
def seen(way: Way, yes: tuple[tuple[str, int, int], ...]) -> tuple[tuple[tuple[str, ...], int, int, int], ...]:
    """What everybody sees of one item: roles, n, low and high of each row. ``yes``: role, how many of it answered, and
    how many of these said yes."""
    answers = [(role, YES if person < x else NO) for role, n, x in yes for person in range(n)]
    released = way.rows(questionnaire(*(role for role, _, _ in yes)), {role: n for role, n, _ in yes}, answers)
    return tuple((row.roles, row.n, result.low, result.high) for row in released for result in row.results)


@cache
def codes(way: Way, n: int) -> Ints:
    """For each number of yeses among ``n``, from 0: a number that stands for what everybody sees. Where two are equal,
    nobody can tell them apart. When two roles are asked, it is the mentees who say yes first."""
    known: dict[object, int] = {}
    made = []
    for x in range(n + 1):
        left, parts = x, []
        for role, people in reversed(way.split_up(n).items()):
            parts.append((role, people, min(left, people)))
            left -= parts[-1][2]
        made.append(known.setdefault(seen(way, tuple(reversed(parts))), len(known)))
    return np.array(made)


def difference(name: str, way: Way, where: str, counts: tuple[int, int, int, int], limit: float) -> Finding:
    """A finding on true positives less false positives, with Newcombe's interval. ``counts``: true positives, of how
    many, false positives, of how many."""
    hits, of, false_hits, of_others = counts
    low, high = newcombe(hits, of, false_hits, of_others)
    figure = hits / of - false_hits / of_others
    return Finding(name, way.name, where, figure, low, high, limit, must_fail=way.is_naive)
