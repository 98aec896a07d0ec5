"""The table of all attacks: what a finding is, and how attacks add themselves."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import tests.attacks

SURE = 0.95
"""Of the intervals."""
Z = NormalDist().inv_cdf(0.5 + SURE / 2)


@dataclass(frozen=True, slots=True)
class Effort:
    """How many simulated programmes an attack is made with. ``programmes``: for each setting of an attack that is
    quickly computed. ``years``: for whole years. ``every``: of things to be gone through exhaustively, each so-many-th.
    """

    programmes: int
    years: int
    every: int = 1


FULL = Effort(programmes=40_000, years=10_000)
QUICK = Effort(programmes=6_000, years=500, every=9)


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one attack on one level of disclosure.

    ``setting``: on what kind of programme, where the attack does best. ``figure``: as the attack defines it; ``low``
    and ``high``: where it lies with 95% certainty, both equal to it where nothing is left to chance. ``limit``: what it
    may be at most. ``must_fail``: this is a naive release, there to show that the attack works.
    """

    attack: str
    level: str
    setting: str
    figure: float
    low: float
    high: float
    limit: float
    must_fail: bool = False

    @property
    def ok(self) -> bool:
        """Whether the limit is kept, or a naive release breaks it."""
        return self.figure > self.limit if self.must_fail else self.figure <= self.limit

    @property
    def may_be_ok(self) -> bool:
        """The same with the benefit of the doubt: for few programmes."""
        return self.high > self.limit if self.must_fail else self.low <= self.limit


Attack = Callable[[Effort], Iterator[Finding]]

_attacks: dict[str, Attack] = {}


def attack(function: Attack) -> Attack:
    """Puts an attack into the table, under the name of its function."""
    _attacks[function.__name__] = function
    return function


def all_attacks() -> dict[str, Attack]:
    """Every attack of every module in this package, by name."""
    for module in pkgutil.iter_modules(tests.attacks.__path__):
        if not module.name.startswith(("test_", "__")):
            importlib.import_module(f"{tests.attacks.__name__}.{module.name}")
    return dict(sorted(_attacks.items()))


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Wilson's interval of a proportion."""
    share = hits / of
    middle = share + Z**2 / (2 * of)
    half = Z * sqrt(share * (1 - share) / of + Z**2 / (4 * of**2))
    return max((middle - half) / (1 + Z**2 / of), 0.0), min((middle + half) / (1 + Z**2 / of), 1.0)


def newcombe(hits: int, of: int, false_hits: int, of_others: int) -> tuple[float, float]:
    """Newcombe's interval of the difference of two proportions, made of Wilson's two."""
    one, other = hits / of, false_hits / of_others
    low, high = wilson(hits, of)
    low_other, high_other = wilson(false_hits, of_others)
    difference = one - other
    return (
        difference - sqrt((one - low) ** 2 + (high_other - other) ** 2),
        difference + sqrt((high - one) ** 2 + (other - low_other) ** 2),
    )
