"""How the pairs of a scenario fare, where that is not left to luck."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ending:
    """A pair that a lead ends. ``mentor``: their e-mail address. ``day``: of the year, from 0. ``reason``: as the lead
    chooses it."""

    mentor: str
    day: int
    reason: str


@dataclass(frozen=True, slots=True)
class Course:
    """By the mentor's e-mail address: how many meetings a pair logs, and what is talked about at each that one of the
    two logs in the form. ``endings``: which pairs end early. ``by_day``: on which day of the year, from 0, pairs log
    what they have left out; it comes before the last questionnaire. Everybody agrees to everything that they are asked
    beyond taking part."""

    meetings: Mapping[str, int]
    topics: Mapping[str, tuple[str, ...]]
    endings: tuple[Ending, ...]
    by_day: int
