"""A whole year of releases, put together: people miss waves, come late and leave early, so that every wave is cut into
other steps, and each tells a little more of answers that mostly stay the same."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.attacks.inference import Floats, advantage, binomial, moves
from tests.attacks.releases import NAIVE, POOLED, STANDARD, STRICT, Way, codes, difference
from tests.attacks.table import FULL, Effort, Finding, attack

WAVES = 6
"""Check-ins every other month."""
KEEP = 0.95
ANSWERS = 0.95
"""How likely somebody answers in a wave."""
COMES_LATE = 0.05
LEAVES = 0.02
"""How likely in each wave."""
CHANCES = (0.3, 0.5, 0.7, 0.85)
"""Of a yes."""
LIMIT = 0.46
WORKERS = 2
FIRST_LOOK = 40
"""A first look at each setting takes one of so many programmes."""
TARGETS = {
    "there all year": (True,) * WAVES,
    "misses the third wave": (True, True, False, True, True, True),
    "leaves after the third wave": (True, True, True, False, False, False),
    "misses every other wave": (False, True, False, True, False, True),
}
BLOCK = 100
"""Programmes that one process makes at a time."""
ASKED = 1
"""The wave, from 0, of which the target's answer is wanted."""


@dataclass(frozen=True, slots=True)
class Year:
    """``people``: how many, with the target. ``target``: in which waves the target answers."""

    way: Way
    people: int
    target: str
    p: float


@attack
def whole_year(effort: Effort) -> Iterator[Finding]:
    """Everything that is released in a year, and who answered when. The attacker computes the exact likelihood of it
    all, in the setting that looks best for them at first."""
    with _workers(effort) as spread:
        for way in (STANDARD, POOLED, STRICT, NAIVE):
            sizes = (18,) if way.is_naive else (max(way.fewest + 1, 9), 12, 18)
            years = [Year(way, people, target, p) for people, target, p in product(sizes, TARGETS, CHANCES)]
            years = years[:: effort.every]
            looks = spread(first_look, years, [effort.years // FIRST_LOOK + 1] * len(years))
            year = max(zip(looks, years, strict=True), key=lambda pair: pair[0])[1]
            seeds = range(1, effort.years // BLOCK + 1)
            made = [pair for pairs in spread(block, [year] * len(seeds), seeds) for pair in pairs]
            counts = advantage([ratio for ratio, _ in made], np.array([said_no for _, said_no in made]))
            where = f"{year.people} people, p {year.p:g}, target {year.target}"
            yield difference("whole year", way, where, counts, LIMIT)


@contextmanager
def _workers(effort: Effort) -> Iterator[Callable[..., Iterable[Any]]]:
    """A ``map`` that spreads work over processes if there is much of it."""
    if effort.years < FULL.years:
        yield map
        return
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        yield pool.map


def first_look(year: Year, programmes: int) -> float:
    """What the best attacker reaches, estimated from programmes of its own: the mean of how far the odds move."""
    ratios = np.array([ratio for ratio, _ in block(year, 0, programmes)])
    odds = np.exp(np.clip(ratios, -50, 50))
    return float((np.abs(odds - 1) / ((1 - year.p) * odds + year.p)).mean() / 2)


def block(year: Year, seed: int, programmes: int = BLOCK) -> list[tuple[float, bool]]:
    """Some simulated years, see ``programme``."""
    return [programme(year, np.random.default_rng([seed, number])) for number in range(programmes)]


def programme(year: Year, random: np.random.Generator) -> tuple[float, bool]:
    """One simulated year: how suspicious the target looks, and whether they really said no."""
    there = random.random((year.people, WAVES)) < ANSWERS
    late = np.where(random.random(year.people) < COMES_LATE, random.integers(1, WAVES, year.people), 0)
    left = random.geometric(LEAVES, year.people)
    waves = np.arange(WAVES)
    there &= (waves >= late[:, None]) & (waves <= left[:, None])
    there[0] = TARGETS[year.target]
    answers = random.random(year.people) < year.p
    seen, said_no = [], False
    for wave in range(WAVES):
        if wave:
            anew = random.random(year.people) < year.p
            answers = np.where(random.random(year.people) < KEEP, answers, anew)
        if wave == ASKED:
            said_no = not answers[0]
        seen.append(int(codes(year.way, int(there[:, wave].sum()))[int(answers[there[:, wave]].sum())]))
    no, yes = likelihood(year, there, seen)
    return float(np.log(max(no, 1e-300)) - np.log(max(yes, 1e-300))), said_no


def likelihood(year: Year, there: NDArray[np.bool_], seen: list[int]) -> tuple[float, float]:
    """How likely this year's releases are if the target said no in the wave asked for, and if they said yes. People who
    answered in the same waves are counted together; with that it is exact."""
    groups = Counter(tuple(bool(is_in) for is_in in row) for row in there[1:])
    groups.pop((False,) * WAVES, None)
    sizes = [*groups.values(), 1]
    present = [*groups, tuple(bool(is_in) for is_in in there[0])]
    # One axis for the yeses of each group, the target's last; before them one for the target's answer asked for.
    state: Floats = np.ones(1)
    for size in sizes:
        state = np.multiply.outer(state, binomial(size, year.p))
    for wave in range(WAVES):
        if wave:
            for axis, size in enumerate(sizes, 1):
                state = np.moveaxis(np.tensordot(state, moves(size, year.p, KEEP), (axis, 0)), -1, axis)
        if wave == ASKED:
            state = np.concatenate([state * [1, 0], state * [0, 1]])
        counts = np.zeros((1,) * state.ndim, dtype=np.int64)
        for axis, (size, waves) in enumerate(zip(sizes, present, strict=True), 1):
            if waves[wave]:
                counts = counts + np.arange(size + 1).reshape(
                    [-1 if place == axis else 1 for place in range(state.ndim)]
                )
        shown = codes(year.way, int(there[:, wave].sum()))
        state = state * (shown[counts] == seen[wave])
    no, yes = state.reshape(2, -1).sum(axis=1) / [1 - year.p, year.p]
    return float(no), float(yes)
