"""Waves: when a check-in opens, reminds and closes. Pure rules of days and quiet times; all moments are in UTC.

A working day is one of the programme's own: no weekend, no bank holiday of its region.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.programme.cadence import morning
from bot.programme.quiet import Quiet, next_allowed

SHORTEST = timedelta(days=14)
LONGEST = timedelta(days=28)
"""A wave is open at least and at most so long, however long somebody is away."""
APART = timedelta(days=28)
"""Two waves open at least so far apart, whatever a lead changes: a release after each change of the members would tell
who has changed."""
ALLOWED_DAYS = 5
"""Whole days on which everybody may be written to, between the opening and the close."""
AFTER_THE_REMINDER = 2
"""Whole working days that are left between the reminder and the close."""
CLOSES = time(12)

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the programme says of waves. ``every``: days between one and the next, counted from its first day."""

    starts_on: date
    ends_on: date
    zone: ZoneInfo
    region: str
    every: int

    @property
    def quiet(self) -> Quiet:
        """When nothing is done in the programme."""
        return Quiet(self.zone, self.region)


def next_opening(plan: Plan, now: datetime, last: datetime | None) -> datetime | None:
    """When the next wave opens after ``now``: on a working day in the morning. ``last``: when one last opened. None
    where even the shortest wave would no longer close within the programme."""
    last_day = plan.starts_on if last is None else last.astimezone(plan.zone).date()
    turn = max((last_day - plan.starts_on).days // plan.every + 1, 1)
    while True:
        day = plan.starts_on + turn * timedelta(plan.every)
        if last is not None:
            day = max(day, last_day + APART)
        while not _is_working(plan, day):
            day += _DAY
        opens_at = morning(day, plan.zone)
        if opens_at > now:
            return opens_at if closes_at(plan, opens_at, ()) else None
        turn += 1


def closes_at(plan: Plan, opens_at: datetime, quiets: Iterable[Quiet]) -> datetime | None:
    """When a wave closes: at noon of the first working day by which it has been open long enough for everybody, and at
    the latest on the last working day of the longest time or of the programme. ``quiets``: when the members are left
    in peace; leave that lies ahead included. None where the shortest time goes beyond the programme's end."""
    ready = [(quiet.zone, _ready(opens_at, quiet)) for quiet in quiets]
    found = None
    for noon in _noons(plan, opens_at):
        if noon.astimezone(plan.zone).date() > plan.ends_on:
            break
        found = noon
        if all(day < noon.astimezone(zone).date() for zone, day in ready):
            break
    return found


def reminder_at(plan: Plan, opens_at: datetime, closes_at: datetime) -> datetime:
    """When who has not answered is reminded: in the morning of a working day, about two thirds through and early enough
    before the close."""
    closing_day = closes_at.astimezone(plan.zone).date()
    day = (opens_at + (closes_at - opens_at) * 2 / 3).astimezone(plan.zone).date()
    while not (_is_working(plan, day) and _working_between(plan, day, closing_day) >= AFTER_THE_REMINDER):
        day -= _DAY
    return morning(day, plan.zone)


def _noons(plan: Plan, opens_at: datetime) -> Iterator[datetime]:
    """The moments at which a wave may close."""
    day = opens_at.astimezone(plan.zone).date()
    while (noon := datetime.combine(day, CLOSES, plan.zone).astimezone(UTC)) <= opens_at + LONGEST:
        if noon >= opens_at + SHORTEST and _is_working(plan, day):
            yield noon
        day += _DAY


def _ready(opens_at: datetime, quiet: Quiet) -> date:
    """The last of the whole days that a member is to have, on their own wall; or one after the longest time."""
    day = opens_at.astimezone(quiet.zone).date()
    last = day + LONGEST
    for _ in range(ALLOWED_DAYS):
        at = next_allowed([quiet], _midnight(day + _DAY, quiet.zone))
        day = at.astimezone(quiet.zone).date()
        if day > last:
            break
    return day


def _working_between(plan: Plan, after: date, before: date) -> int:
    return sum(_is_working(plan, after + timedelta(n)) for n in range(1, (before - after).days))


def _is_working(plan: Plan, day: date) -> bool:
    at = morning(day, plan.zone)
    return next_allowed([plan.quiet], at) == at


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
