"""What can be computed from releases by somebody who knows how likely a yes is, who answered in which wave, and how
often people stay with their answer: exactly, so that no attacker with this knowledge does better.

People: each says yes with chance ``p``, by themselves. From one wave to the next each keeps the answer with chance
``keep``, and otherwise makes up their mind anew. One of them is the target.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import comb

import numpy as np
from numpy.typing import NDArray

from tests.attacks.releases import Ints, Way, codes

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Setting:
    """``others``: people who answer in every wave. ``target``: in which waves the target does. ``asked``: the wave,
    from 0, of which the target's answer is wanted."""

    way: Way
    others: int
    target: tuple[bool, ...]
    asked: int
    p: float
    keep: float

    def codes(self) -> list[Ints]:
        """What everybody sees, by wave and number of yeses."""
        return [codes(self.way, self.others + there) for there in self.target]


def binomial(n: int, p: float) -> Floats:
    """The chance of each number of yeses among ``n``, from 0."""
    return np.array([comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)])


@cache
def moves(n: int, p: float, keep: float) -> Floats:
    """The chance of each number of yeses among ``n`` in the next wave (column), by that in this one (row)."""
    stay, turn = keep + (1 - keep) * p, (1 - keep) * p
    return np.array([np.convolve(binomial(yes, stay), binomial(n - yes, turn)) for yes in range(n + 1)])


def likelihoods(setting: Setting) -> Floats:
    """How likely each history of releases is: first axis, if the target said no and if they said yes; then one axis for
    each wave, with as many places as there are things to be seen."""
    shown = setting.codes()
    chance = np.outer(binomial(setting.others, setting.p), binomial(1, setting.p))
    # Axes: histories, yeses of the others, the target's answer now, the target's answer that is wanted.
    state = chance[None, :, :, None]
    for wave, there in enumerate(setting.target):
        if wave:
            state = np.einsum("hyab,yz->hzab", state, moves(setting.others, setting.p, setting.keep))
            state = np.einsum("hzab,ac->hzcb", state, moves(1, setting.p, setting.keep))
        if wave == setting.asked:
            state = state * np.eye(2)
        counts = np.arange(setting.others + 1)[:, None] + np.arange(2)[None, :] * there
        agrees = shown[wave][counts] == np.arange(shown[wave].max() + 1)[:, None, None]
        state = (state[:, None] * agrees[None, ..., None]).reshape(-1, *state.shape[1:])
    joint: Floats = state.sum(axis=(1, 2)).T / binomial(1, setting.p)[:, None]
    places = [int(values.max()) + 1 for values in shown]
    return joint.reshape(2, *places)


def distance(likelihood: Floats) -> float:
    """What the best attacker reaches in the long run: half the sum of the differences of the two likelihoods."""
    return float(np.abs(likelihood[0] - likelihood[1]).sum() / 2)


def log_ratio(likelihood: Floats) -> Floats:
    """For each history: how much more likely it is if the target said no; logarithm of the ratio. No attacker does
    better than by the order that it makes (Neyman and Pearson)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: Floats = np.log(likelihood[0]) - np.log(likelihood[1])
    return np.nan_to_num(ratio, nan=0.0, posinf=1e9, neginf=-1e9)


def advantage(suspicions: Sequence[float] | Floats, said_no: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """True and false positives of "the target did not say yes" when everything above a threshold is taken for it. The
    threshold is the best for the first half of the programmes, the counts are those of the second half: true positives,
    of how many, false positives, of how many."""
    values = np.asarray(suspicions)
    half = len(values) // 2
    tuned, truth = values[:half], said_no[:half]
    tried = np.unique(tuned)
    no, yes = np.sort(tuned[truth]), np.sort(tuned[~truth])
    caught = 1 - np.searchsorted(no, tried, side="left") / max(len(no), 1)
    wrong = 1 - np.searchsorted(yes, tried, side="left") / max(len(yes), 1)
    threshold = tried[np.argmax(caught - wrong)]
    flagged, truth = values[half:] >= threshold, said_no[half:]
    return int(flagged[truth].sum()), int(truth.sum()), int(flagged[~truth].sum()), int((~truth).sum())
