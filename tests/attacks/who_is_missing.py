"""Attacks that name who did not answer, from what is posted."""

from collections.abc import Iterator

import numpy as np

from tests.attacks.inference import Floats
from tests.attacks.releases import STANDARD, STRICT, Way, codes
from tests.attacks.table import Effort, Finding, attack, wilson

PEOPLE = 18
ITEMS = 3
LEANINGS = (2.0, 1.0)
"""People differ in how likely they are to say yes: a beta distribution of these parameters."""
LIMIT = 0.05
BATCH = 2_000


@attack
def missing_from_counts(effort: Effort) -> Iterator[Finding]:
    """One of eighteen did not answer a pulse of three items; "17 of 18" is posted. The attacker even knows how likely
    each single person is to say yes to each item, and names whoever makes the results most likely. Figure: how often
    that is right, beyond chance.

    Whoever knows p alone is left with chance, because all are alike to them. With everybody's leaning on every item of
    a questionnaire of twenty the figure is 0.085 (strict 0.072): more than the limit, and more than anybody knows. No
    step mends it (exact counts: 0.099): it is not in the ranges, but in that n is exact, as is promised.
    """
    for way in (STANDARD, STRICT):
        random = np.random.default_rng(18)
        right = 0
        for _ in range(max(effort.programmes // BATCH, 1)):
            right += int(_named(way, random).sum())
        programmes = max(effort.programmes // BATCH, 1) * BATCH
        low, high = wilson(right, programmes)
        chance = 1 / PEOPLE
        figure = right / programmes - chance
        where = f"17 of {PEOPLE}, {ITEMS} items, everybody's leaning known"
        yield Finding("naming who is missing", way.name, where, figure, low - chance, high - chance, LIMIT)


def _named(way: Way, random: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """For each of a batch of programmes: whether the right person is named."""
    shown = codes(way, PEOPLE - 1)
    missing = random.integers(0, PEOPLE, BATCH)
    there = np.arange(PEOPLE)[None, :] != missing[:, None]
    suspicion = np.zeros((BATCH, PEOPLE))
    for _ in range(ITEMS):
        leaning = random.beta(*LEANINGS, (BATCH, PEOPLE))
        yes = ((random.random((BATCH, PEOPLE)) < leaning) & there).sum(axis=1)
        seen = shown[yes]
        for who in range(PEOPLE):
            chance = _yeses(np.delete(leaning, who, axis=1))
            suspicion[:, who] += np.log(np.where(shown[None, :] == seen[:, None], chance, 0).sum(axis=1) + 1e-300)
    named: np.ndarray[tuple[int], np.dtype[np.bool_]] = suspicion.argmax(axis=1) == missing
    return named


def _yeses(leaning: Floats) -> Floats:
    """The chance of each number of yeses among people who differ; a row for each programme."""
    chance = np.zeros((len(leaning), leaning.shape[1] + 1))
    chance[:, 0] = 1
    for person in range(leaning.shape[1]):
        p = leaning[:, person, None]
        chance[:, 1:] = chance[:, 1:] * (1 - p) + chance[:, :-1] * p
        chance[:, 0] *= 1 - p[:, 0]
    return chance
