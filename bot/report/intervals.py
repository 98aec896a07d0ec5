"""Intervals for proportions and for their differences, and percentages. Pure.

Both intervals are built on Wilson's score, which keeps its promise in small groups and at 0 and 100%, where the usual
formula says that there is no doubt at all.
"""

from math import sqrt
from statistics import NormalDist

from bot.surveys import rules
from bot.surveys.release import Result

CONFIDENCE = 0.95
Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


def wilson(x: int, n: int) -> tuple[float, float]:
    """The 95% interval for a proportion, x of n, from 0 to 1: Wilson, 1927, J Am Stat Assoc 22; without correction for
    continuity. Raises ValueError unless 0 <= x <= n and n > 0."""
    if not 0 <= x <= n or n == 0:
        raise ValueError(f"{x} of {n} is no proportion")
    centre = (2 * x + Z**2) / (2 * (n + Z**2))
    half = Z * sqrt(Z**2 + 4 * x * (n - x) / n) / (2 * (n + Z**2))
    return (0.0 if x == 0 else centre - half), (1.0 if x == n else centre + half)


def newcombe(x: int, n: int, y: int, m: int) -> tuple[float, float]:
    """The 95% interval for the difference x/n - y/m of two groups, from -1 to 1: the hybrid score interval, method 10
    of Newcombe, 1998, Stat Med 17(8). Raises ValueError as ``wilson`` does."""
    (low, high), (other_low, other_high) = wilson(x, n), wilson(y, m)
    p, q = x / n, y / m
    difference = p - q
    return difference - sqrt((p - low) ** 2 + (other_high - q) ** 2), difference + sqrt(
        (high - p) ** 2 + (q - other_low) ** 2
    )


def percent(x: int, n: int) -> int:
    """The percentage of an exact count, as results have it."""
    return rules.percent(Result("", "", "", x, x), n)[0]


def points(share: float) -> int:
    """A share or a difference of shares in whole percentage points, halves away from 0."""
    size = int(abs(share) * 100 + 0.5)
    return size if share >= 0 else -size
