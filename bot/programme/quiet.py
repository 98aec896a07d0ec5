"""Quiet time: when nothing that the bot starts by itself may reach a person. Pure rules of a moment.

Whether it is quiet changes only at whole hours of somebody's wall clock, and every zone's whole hours fall on a quarter
of an hour in UTC. The rules therefore look at one quarter at a time, which stays right when clocks go forward or back.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from holidays import country_holidays

NATIONS = frozenset({"ENG", "WLS", "SCT", "NIR"})
"""The parts of the United Kingdom, which have bank holidays of their own."""

QUARTER = timedelta(minutes=15)
HORIZON = timedelta(days=31)
"""How far the search goes: two people may have hours that never meet."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """When one person is left in peace.

    ``zone`` and ``region`` (a nation): whose clock and bank holidays. ``from_hour`` and ``until_hour``: 0 to 23, quiet
    from the one until the other, past midnight or within a day; two equal hours mean none. ``no_send_days``: weekdays
    on which it is quiet all day, Monday is 0.
    """

    zone: ZoneInfo
    region: str
    from_hour: int = 20
    until_hour: int = 8
    no_send_days: frozenset[int] = frozenset({5, 6})

    def __post_init__(self) -> None:
        if self.region not in NATIONS:
            raise ValueError(f"{self.region!r} is none of {', '.join(sorted(NATIONS))}")
        if self.from_hour not in range(24) or self.until_hour not in range(24):
            raise ValueError("quiet hours are whole hours from 0 to 23")


def is_quiet(quiet: Quiet, moment: datetime) -> bool:
    """Whether this person is to be left in peace at this moment."""
    local = moment.astimezone(quiet.zone)
    if local.weekday() in quiet.no_send_days or local.date() in _bank_holidays(quiet.region, local.year):
        return True
    if quiet.from_hour <= quiet.until_hour:
        return quiet.from_hour <= local.hour < quiet.until_hour
    return local.hour >= quiet.from_hour or local.hour < quiet.until_hour


def next_allowed(quiets: Collection[Quiet], moment: datetime) -> datetime:
    """The first moment, this one or later, at which it is quiet for none of these people; in UTC.

    Where a month has none, the end of that month: the time to look again.
    """
    at = moment.astimezone(UTC)
    end = at + HORIZON
    while at < end and any(is_quiet(quiet, at) for quiet in quiets):
        at = _quarter(at) + QUARTER
    return min(at, end)


def last_allowed(quiets: Collection[Quiet], moment: datetime) -> datetime:
    """This moment, or the last whole minute before it at which it is quiet for none of these people; in UTC.

    Where a month has none, the beginning of that month.
    """
    at = moment.astimezone(UTC)
    end = at - HORIZON
    while at > end and any(is_quiet(quiet, at) for quiet in quiets):
        at = _quarter(at) - timedelta(minutes=1)
    return max(at, end)


def _quarter(at: datetime) -> datetime:
    """The beginning of the quarter of an hour in which a moment lies."""
    return at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0)


@lru_cache
def _bank_holidays(region: str, year: int) -> frozenset[date]:
    return frozenset(country_holidays("GB", subdiv=region, years=year))
