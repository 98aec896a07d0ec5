"""Rules of Action Learning Sets: when members are asked and reminded, who would have to be in two places at once, and
who has missed two sessions in a row. Pure; all moments come back in UTC."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta

from bot.programme.cadence import MORNING
from bot.programme.quiet import Quiet, last_allowed, next_allowed

ANSWERS = ("yes", "no", "maybe")
"""Whether somebody means to come."""

SHORTEST = 15
LONGEST = 480
"""Minutes of a session."""

FEWEST_MEMBERS = 2
MOST_MEMBERS = 12

PREPARED_BEFORE = timedelta(days=14)
"""How long before a session everybody's own times are reckoned: leave of the week before it is known by then."""

INVITED_BEFORE = timedelta(days=7)
REMINDED_BEFORE = timedelta(days=1)
COUNTED_AT = time(16)
"""When, the day before, the facilitator hears who comes: after those who answer their reminder at once."""

MISSED_IN_A_ROW = 2
"""After so many sessions a member is asked whether something would make it easier to come."""


def invited_at(starts_at: datetime, quiet: Quiet) -> datetime:
    """When a member is asked to a session: a week before it at ten on their own wall, or as soon afterwards as they
    may be written to. Who is away until the day before it is asked before they go."""
    ideal = _days_before(starts_at, INVITED_BEFORE, MORNING, quiet)
    at = next_allowed([quiet], ideal)
    return at if at < starts_at - REMINDED_BEFORE else last_allowed([quiet], ideal)


def reminded_at(starts_at: datetime, quiet: Quiet) -> datetime:
    """When a member is reminded: the day before at ten, or the last minute before then at which they may be written
    to."""
    return last_allowed([quiet], _days_before(starts_at, REMINDED_BEFORE, MORNING, quiet))


def wants_a_reminder(invited: datetime, reminded: datetime) -> bool:
    """Whether a reminder at this time makes sense after an invitation at that time: one that comes less than a day
    later would only say it twice."""
    return reminded >= invited + timedelta(days=1)


def counted_at(starts_at: datetime, quiet: Quiet) -> datetime:
    """When the facilitator hears who comes: the day before in the afternoon, or the last minute before then at which
    they may be written to."""
    return last_allowed([quiet], _days_before(starts_at, REMINDED_BEFORE, COUNTED_AT, quiet))


def _days_before(starts_at: datetime, span: timedelta, at: time, quiet: Quiet) -> datetime:
    """An hour on a person's own wall, some days before the day that they have when a session begins."""
    day = starts_at.astimezone(quiet.zone).date() - span
    return datetime.combine(day, at, quiet.zone).astimezone(UTC)


Span = tuple[datetime, datetime]
"""From when until when, with zones."""


def clash(one: Span, others: Iterable[Span]) -> bool:
    """Whether somebody would have to be in two places at once. What ends when the other begins is no clash."""
    return any(one[0] < other[1] and other[0] < one[1] for other in others)


def missed_lately(came: Sequence[bool | None]) -> range:
    """Which sessions somebody has missed in a row, up to the last register. ``came``: for each session so far, earliest
    first; None where no register says, which never counts as missed."""
    end = max((i + 1 for i, known in enumerate(came) if known is not None), default=0)
    start = max((i + 1 for i, there in enumerate(came[:end]) if there is not False), default=0)
    return range(start, end)
