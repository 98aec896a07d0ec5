"""Times on a wall clock, and the hours at which clocks change. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ClockChange:
    """A time on the wall that stands for no moment, or for two. ``begins``: the first such time of that night;
    ``ends``: the first after it that means one moment again. Both without a zone."""

    comes_twice: bool
    begins: datetime
    ends: datetime


def on_the_wall(day: date, at: time, zone: ZoneInfo) -> datetime | ClockChange:
    """The moment, in UTC, at which a clock in this zone shows this time; where there is not exactly one, why."""
    shown = datetime.combine(day, at)
    shift = _shift(shown, zone)
    if not shift:
        return shown.replace(tzinfo=zone).astimezone(UTC)
    begins = ends = shown
    while _shift(begins - _MINUTE, zone):
        begins -= _MINUTE
    while _shift(ends, zone):
        ends += _MINUTE
    return ClockChange(shift < timedelta(0), begins, ends)


def _shift(shown: datetime, zone: ZoneInfo) -> timedelta:
    """How far the clocks go forward at this time on the wall: zero at almost all times, negative when they go back."""
    offsets = [shown.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)]
    before, after = (offset or timedelta(0) for offset in offsets)
    return after - before
