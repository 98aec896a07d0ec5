"""Attacks on one person's answer by comparing releases: a single wave, somebody who leaves or joins, somebody who is
known not to have answered, a role against the pooled row.

Each goes through all sizes and chances, takes the setting in which the best attacker does best, and is measured there
on simulated programmes of single people. Figure: true positive rate minus false positive rate, with Newcombe's
interval.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from bot.surveys import rules
from tests.attacks.inference import Floats, Setting, advantage, binomial, distance, likelihoods, log_ratio, moves
from tests.attacks.releases import NAIVE, POOLED, STANDARD, STRICT, Ints, Way, difference, seen
from tests.attacks.table import Effort, Finding, attack

CHANCES = [round(0.05 * step, 2) for step in range(2, 20)]
"""Of a yes: 0.10 to 0.95."""
KEEPS = (0.8, 0.85, 0.9, 0.95, 0.99)
USUAL_KEEP = 0.95
BATCH = 500_000

LEAVER = ((True, False), 0)
JOINER = ((False, True), 1)
AWAY_ONCE = (((True, False, True), 0), ((False, True, False), 1))
"""Away between two waves, or there for one wave only."""


@attack
def single_wave(effort: Effort) -> Iterator[Finding]:
    """One release, and nothing else."""
    for way in (STANDARD, POOLED, STRICT, NAIVE):
        yield _worst(
            "single wave", way, [((True,), 0)], range(max(way.fewest, 8), 27), (USUAL_KEEP,), limit=0.34, effort=effort
        )


@attack
def leaver_or_joiner(effort: Effort) -> Iterator[Finding]:
    """Two waves that differ by one person, who left after the first or came before the second."""
    yield _worst("leaver or joiner", STANDARD, (LEAVER, JOINER), range(9, 27), KEEPS, limit=0.36, effort=effort)
    yield _worst("leaver or joiner", POOLED, (LEAVER, JOINER), range(9, 27), (USUAL_KEEP,), limit=0.30, effort=effort)
    yield _worst("leaver or joiner", STRICT, (LEAVER, JOINER), range(11, 27), (USUAL_KEEP,), limit=0.30, effort=effort)
    yield _worst("leaver or joiner", NAIVE, (LEAVER, JOINER), (18,), KEEPS, limit=0.80, effort=effort)


@attack
def known_non_responder(effort: Effort) -> Iterator[Finding]:
    """Three waves: somebody is known to have answered in the first and the third but not in the second, or in the
    second only."""
    for way in (STANDARD, POOLED, STRICT):
        sizes = range(max(way.fewest + 1, 9), 27)
        yield _worst("known non-responder", way, AWAY_ONCE, sizes, (0.8, USUAL_KEEP, 0.99), limit=0.38, effort=effort)
    yield _worst("known non-responder", NAIVE, AWAY_ONCE, (18,), (0.8, USUAL_KEEP), limit=0.50, effort=effort)


@attack
def leaver_who_makes_it_pooled(effort: Effort) -> Iterator[Finding]:
    """Two waves: rows for each role, then a mentor leaves, the others are too few to stand alone, and one row for both
    roles follows."""
    way = STANDARD
    mentors = way.fewest
    settings = list(product(range(way.fewest, 15), CHANCES, KEEPS))
    tables = {setting: _switching(way, mentors, *setting) for setting in settings}
    mentees, p, keep = max(settings, key=lambda setting: distance(tables[setting][2]))
    before, after, likelihood = tables[mentees, p, keep]
    random = np.random.default_rng(mentees)
    size = effort.programmes
    first = random.random((size, mentors + mentees)) < p
    second = np.where(random.random(first.shape) < keep, first, random.random(first.shape) < p)
    seen_first = before[first[:, :mentors].sum(axis=1), first[:, mentors:].sum(axis=1)]
    seen_second = after[second[:, 1:mentors].sum(axis=1), second[:, mentors:].sum(axis=1)]
    counts = advantage(log_ratio(likelihood)[seen_first, seen_second], ~first[:, 0])
    where = f"{mentors} mentors, then {mentors - 1}, {mentees} mentees, p {p:g}, keep {keep:g}"
    yield difference("leaver, roles then pooled", way, where, counts, 0.36)


@attack
def role_against_pooled(effort: Effort) -> Iterator[Finding]:
    """The target's role is too few to be shown, the other is not: were both the other role's row and the pooled row
    shown, one could be subtracted from the other.

    Between the chances that are gone through it is a little more: 0.2816 at p 0.625.
    """
    for way in (POOLED, NAIVE):
        few, many = way.fewest - 1, range(rules.STANDARD.minimum, 20)
        settings = list(product(range(1, few + 1), many, CHANCES))
        tables = {setting: _pooled_table(way, *setting) for setting in settings}
        small, big, p = max(settings, key=lambda setting: distance(tables[setting][1]))
        # Four million: the figure lies so close to its limit that fewer would leave it to chance.
        programmes = effort.programmes * 100
        shown, likelihood = tables[small, big, p]
        suspicions = log_ratio(likelihood)
        random = np.random.default_rng([small, big, round(100 * p)])
        values, said_no = [], []
        for size in _batches(programmes):
            mentors, mentees = random.random((size, small)) < p, random.random((size, big)) < p
            codes = shown[mentors.sum(axis=1), mentees.sum(axis=1)]
            values.append(suspicions[codes])
            said_no.append(~mentors[:, 0])
        counts = advantage(np.concatenate(values), np.concatenate(said_no))
        where = f"{small} mentors, {big} mentees, p {p:g}"
        yield difference("role against pooled", way, where, counts, 0.28)


def _worst(
    name: str,
    way: Way,
    kinds: Iterable[tuple[tuple[bool, ...], int]],
    sizes: Iterable[int],
    keeps: Sequence[float],
    *,
    limit: float,
    effort: Effort,
) -> Finding:
    """Measured where the best attacker does best."""
    settings = [
        Setting(way, n - 1, target, asked, p, keep)
        for (target, asked), n, p, keep in product(kinds, sizes, CHANCES, keeps)
    ]
    setting = max(settings[:: effort.every], key=lambda setting: distance(likelihoods(setting)))
    histories, said_no = simulated(setting, effort.programmes)
    counts = advantage(log_ratio(likelihoods(setting))[tuple(histories.T)], said_no)
    waves = "".join("x" if there else "-" for there in setting.target)
    where = f"n {setting.others + 1}, p {setting.p:g}, keep {setting.keep:g}, target in waves {waves}"
    return difference(name, way, where, counts, limit)


def simulated(setting: Setting, programmes: int) -> tuple[Ints, NDArray[np.bool_]]:
    """Programmes of single people, one wave after the other: what is seen in each (a row per programme, a column per
    wave), and whether the target said no."""
    random = np.random.default_rng([setting.others, round(100 * setting.p), round(100 * setting.keep)])
    answers = random.random((programmes, setting.others + 1)) < setting.p
    seen_in_waves, said_no = [], np.zeros(programmes, dtype=np.bool_)
    for wave, (there, shown) in enumerate(zip(setting.target, setting.codes(), strict=True)):
        if wave:
            anew = random.random(answers.shape) < setting.p
            answers = np.where(random.random(answers.shape) < setting.keep, answers, anew)
        if wave == setting.asked:
            said_no = ~answers[:, 0]
        seen_in_waves.append(shown[answers[:, (0 if there else 1) :].sum(axis=1)])
    return np.stack(seen_in_waves, axis=1), said_no


def _shown(way: Way, mentors: int, mentees: int) -> Ints:
    """What is seen, by yeses among mentors and among mentees: equal numbers cannot be told apart."""
    known: dict[object, int] = {}
    return np.array(
        [
            [
                known.setdefault(seen(way, (("mentor", mentors, x), ("mentee", mentees, y))), len(known))
                for y in range(mentees + 1)
            ]
            for x in range(mentors + 1)
        ]
    )


def _pooled_table(way: Way, mentors: int, mentees: int, p: float) -> tuple[Ints, Floats]:
    """What is seen; and how likely each thing is if the target, a mentor, said no (first row) or yes."""
    shown = _shown(way, mentors, mentees)
    chance = np.outer(binomial(mentors - 1, p), binomial(mentees, p)).ravel()
    places = shown.max() + 1
    return shown, np.array(
        [np.bincount(shown[yes : mentors + yes].ravel(), chance, minlength=places) for yes in (0, 1)]
    )


def _switching(way: Way, mentors: int, mentees: int, p: float, keep: float) -> tuple[Ints, Ints, Floats]:
    """What is seen before and after a mentor, the target, left; and how likely each pair of things is if they had said
    no (first) or yes."""
    before, after = _shown(way, mentors, mentees), _shown(way, mentors - 1, mentees)
    chance = np.outer(binomial(mentors - 1, p), binomial(mentees, p)).ravel()
    stay = np.kron(moves(mentors - 1, p, keep), moves(mentees, p, keep))
    ends = np.eye(after.max() + 1)[after.ravel()]
    likelihood = [
        np.eye(before.max() + 1)[before[yes : mentors + yes].ravel()].T @ (chance[:, None] * (stay @ ends))
        for yes in (0, 1)
    ]
    return before, after, np.array(likelihood)


def _batches(programmes: int) -> Iterator[int]:
    while programmes > 0:
        yield min(programmes, BATCH)
        programmes -= BATCH
