"""Quiet time: when nothing that the bot starts by itself may reach a person. Pure rules of a moment.

Whether it is quiet changes only at whole hours of somebody's wall clock. The searches therefore go from one such hour
to the next that matters, reckoned on the wall, which stays right when clocks go forward or back.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays.countries  # noqa: F401 - otherwise loaded at the first question, within a transaction
from holidays import country_holidays

NATIONS = frozenset({"ENG", "WLS", "SCT", "NIR"})
"""The parts of the United Kingdom, which have bank holidays of their own."""

QUIET_FROM, QUIET_UNTIL = 20, 8
"""The quiet hours of who has not chosen others."""

Leave = tuple[date, date]
"""The first and the last day on which somebody is away."""

HORIZON = timedelta(days=31)
"""How far a search goes beyond everybody's leave: two people may have hours that never meet."""

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Quiet:
    """When one person is left in peace.

    ``zone`` and ``region`` (a nation): whose clock and bank holidays. ``from_hour`` and ``until_hour``: 0 to 23, quiet
    from the one until the other, past midnight or within a day; two equal hours mean none. ``no_send_days``: weekdays
    on which it is quiet all day, Monday is 0. ``leave``: in any order.
    """

    zone: ZoneInfo
    region: str
    from_hour: int = QUIET_FROM
    until_hour: int = QUIET_UNTIL
    no_send_days: frozenset[int] = frozenset({5, 6})
    leave: tuple[Leave, ...] = ()

    def __post_init__(self) -> None:
        if self.region not in NATIONS:
            raise ValueError(f"{self.region!r} is none of {', '.join(sorted(NATIONS))}")
        if self.from_hour not in range(24) or self.until_hour not in range(24):
            raise ValueError("quiet hours are whole hours from 0 to 23")
        if any(last < first for first, last in self.leave):
            raise ValueError("leave ends before it begins")


def is_quiet(quiet: Quiet, moment: datetime) -> bool:
    """Whether this person is to be left in peace at this moment."""
    local = moment.astimezone(quiet.zone)
    return _is_free(quiet, local.date()) or _is_quiet_hour(quiet, local.hour)


def next_allowed(quiets: Collection[Quiet], moment: datetime) -> datetime:
    """The first moment, this one or later, at which it is quiet for none of these people; in UTC.

    Where a month (counted from the end of the last leave) has none, the end of that month: the time to look again. It
    never comes to that for one person alone who has an hour and a weekday left.
    """
    at = moment.astimezone(UTC)
    back = (_on_the_wall(quiet.zone, last + _DAY, 0) for quiet in quiets for _first, last in quiet.leave)
    end = max([at, *back]) + HORIZON
    while at < end:
        later = max((_end_of_quiet(quiet, at) for quiet in quiets), default=at)
        if later == at:
            return at
        at = later
    return end


def last_allowed(quiets: Collection[Quiet], moment: datetime) -> datetime:
    """This moment, or the last whole minute before it at which it is quiet for none of these people; in UTC.

    Where a month (counted back from the beginning of the first leave) has none, the beginning of that month.
    """
    at = moment.astimezone(UTC)
    gone = (_on_the_wall(quiet.zone, first, 0) for quiet in quiets for first, _last in quiet.leave)
    end = min([at, *gone]) - HORIZON
    while at > end:
        earlier = min((_before_quiet(quiet, at) for quiet in quiets), default=at)
        if earlier == at:
            return at
        at = earlier
    return end


def share_a_moment(quiets: Collection[Quiet], moment: datetime) -> bool:
    """Whether there is a time, from this moment on, at which it is quiet for none of these people."""
    found = next_allowed(quiets, moment)
    return not any(is_quiet(quiet, found) for quiet in quiets)


def _is_free(quiet: Quiet, day: date) -> bool:
    """Whether it is quiet all day."""
    return (
        day.weekday() in quiet.no_send_days
        or is_bank_holiday(day, quiet.region)
        or any(first <= day <= last for first, last in quiet.leave)
    )


def _is_quiet_hour(quiet: Quiet, hour: int) -> bool:
    if quiet.from_hour <= quiet.until_hour:
        return quiet.from_hour <= hour < quiet.until_hour
    return hour >= quiet.from_hour or hour < quiet.until_hour


def _end_of_quiet(quiet: Quiet, at: datetime) -> datetime:
    """The next moment at which it may be quiet no longer: this moment itself, where it is not quiet."""
    local = at.astimezone(quiet.zone)
    day = local.date()
    if _is_free(quiet, day):
        last = max((last for first, last in quiet.leave if first <= day <= last), default=day)
        end = _on_the_wall(quiet.zone, last + _DAY, 0)
    elif not _is_quiet_hour(quiet, local.hour):
        return at
    elif local.hour < quiet.until_hour:
        end = _on_the_wall(quiet.zone, day, quiet.until_hour)
    else:
        end = _on_the_wall(quiet.zone, day + _DAY, 0)
    return max(end, at + _MINUTE)  # a zone could set its clocks back to the day before; the search goes on all the same


def _before_quiet(quiet: Quiet, at: datetime) -> datetime:
    """The last minute at which it may not have been quiet yet: this moment itself, where it is not quiet."""
    local = at.astimezone(quiet.zone)
    day = local.date()
    if _is_free(quiet, day):
        first = min((first for first, last in quiet.leave if first <= day <= last), default=day)
        start = _on_the_wall(quiet.zone, first, 0)
    elif not _is_quiet_hour(quiet, local.hour):
        return at
    elif local.hour >= quiet.from_hour:
        start = _on_the_wall(quiet.zone, day, quiet.from_hour)
    else:
        start = _on_the_wall(quiet.zone, day, 0)
    return min(start, at) - _MINUTE


def _on_the_wall(zone: ZoneInfo, day: date, hour: int) -> datetime:
    """When a clock on the wall first shows this hour or, where it is skipped, the one after it; in UTC."""
    return datetime.combine(day, time(hour), zone).astimezone(UTC)


def is_bank_holiday(day: date, region: str) -> bool:
    """Whether a day is a bank holiday in a nation."""
    return day in _bank_holidays(region, day.year)


@lru_cache
def _bank_holidays(region: str, year: int) -> frozenset[date]:
    return frozenset(country_holidays("GB", subdiv=region, years=year))
