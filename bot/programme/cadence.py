"""The cadence: when things are due. Pure rules of days and zones; all moments are in UTC."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MORNING = time(10)
"""When the bot does what is due on a day."""

REMINDER_OF_WELCOME = 7
FIRST_LOOK_FOR_A_DATE = 21
NEXT_LOOK_FOR_A_DATE = 42
"""The usual days after which the bot comes back to something; a programme may have others. The last is the time between
one look and the next, and how long a meeting keeps the bot from asking for another."""
CHECK_IN = 61
"""The usual days between one check-in and the next: every other month."""
SETTLED_AFTER_LEAVE = 7
"""Days that people have to themselves after leave, before the bot looks whether they have a date."""


def morning(day: date, zone: ZoneInfo) -> datetime:
    """10:00 on a day in a zone."""
    return datetime.combine(day, MORNING, zone).astimezone(UTC)


def morning_later(now: datetime, days: int, zone: ZoneInfo) -> datetime:
    """10:00, so many days after the day that it is now in a zone."""
    return morning(now.astimezone(zone).date() + timedelta(days=days), zone)


def welcome_reminder(welcomed_at: datetime, zone: ZoneInfo, days: int = REMINDER_OF_WELCOME) -> datetime:
    """When somebody who has not answered the welcome is asked once more."""
    return morning_later(welcomed_at, days, zone)


def first_look_for_a_date(introduced_at: datetime, zone: ZoneInfo, days: int = FIRST_LOOK_FOR_A_DATE) -> datetime:
    """When the bot first looks whether a new pair has a date."""
    return morning_later(introduced_at, days, zone)


def next_look_for_a_date(
    looked_at: datetime, ends_on: date, zone: ZoneInfo, days: int = NEXT_LOOK_FOR_A_DATE
) -> datetime | None:
    """When the bot looks again whether a pair has a date; None once the programme is over by then."""
    at = morning_later(looked_at, days, zone)
    return at if at.astimezone(zone).date() <= ends_on else None


def look_for_a_date_after_leave(last_day: date, zone: ZoneInfo) -> datetime:
    """When the bot looks whether a pair has a date, if one of them is on leave until this day."""
    return morning(last_day + timedelta(days=SETTLED_AFTER_LEAVE), zone)


def wants_a_date(today: date, meetings: Iterable[date], days: int = NEXT_LOOK_FOR_A_DATE) -> bool:
    """Whether a pair may be asked to find a date: no meeting, logged or arranged, lies ahead or in the last ``days``.

    Whether an arranged one took place is a question of its own, which need not come together with this one.
    """
    lately = today - timedelta(days=days)
    return all(day <= lately for day in meetings)


def did_you_meet(day: date, zone: ZoneInfo) -> datetime:
    """When the two are asked whether an arranged meeting took place."""
    return morning(day + timedelta(days=1), zone)
