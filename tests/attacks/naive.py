"""A release as it is usual, and naive: exact counts, whenever somebody asks, of every group of five.

It stands here for one purpose: attacks that do not break it prove nothing about the release that is used.
"""

from collections.abc import Mapping, Sequence
from math import sqrt

from bot.surveys.instrument import Answer, Instrument
from bot.surveys.release import Result, Row

THRESHOLD = 5


def rows(instrument: Instrument, invited: Mapping[str, int], answers: Sequence[tuple[str, Answer]]) -> tuple[Row, ...]:
    """Each role by itself, and all of them together."""
    groups: list[tuple[str, ...]] = [(role,) for role in instrument.audience]
    if len(groups) > 1:
        groups.append(tuple(instrument.audience))
    made = []
    for roles in groups:
        given = [answer for role, answer in answers if role in roles]
        if len(given) >= THRESHOLD:
            results = []
            for split in instrument.splits(roles):
                yes = sum(not split.favourable.isdisjoint(answer.marks.get(split.item, ())) for answer in given)
                results.append(Result(split.id, split.about, split.favourable_words, yes, yes))
            made.append(Row(roles, sum(invited.get(role, 0) for role in roles), len(given), tuple(results)))
    return tuple(made)


def mean_and_deviation(histogram: Sequence[int]) -> tuple[float, float] | None:
    """Of an item, from how many chose each option; to two decimals, as they are printed."""
    n = sum(histogram)
    if n < THRESHOLD:
        return None
    mean = sum(place * people for place, people in enumerate(histogram, 1)) / n
    variance = sum(people * (place - mean) ** 2 for place, people in enumerate(histogram, 1)) / (n - 1)
    return round(mean, 2), round(sqrt(variance), 2)
