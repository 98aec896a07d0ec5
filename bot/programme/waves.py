"""Waves: when questionnaires and check-ins open, remind and close. Pure rules of days and quiet times; all moments are
in UTC.

A working day is one of the programme's own: no weekend, no bank holiday of its region.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.programme.cadence import morning
from bot.programme.quiet import Quiet, next_allowed

SHORTEST = timedelta(days=14)
LONGEST = timedelta(days=28)
"""A wave is open at least and at most so long, however long somebody is away."""
APART = timedelta(days=28)
"""Two waves of one instrument open at least so far apart, whatever a lead changes: a release after each change of the
members would tell who has changed. So do two questionnaires, which people are not to get one upon the other."""
ALLOWED_DAYS = 5
"""Whole days on which everybody may be written to, between the opening and the close."""
AFTER_THE_REMINDER = 2
"""Whole working days that are left between the reminder and the close."""
CLOSES = time(12)

QUESTIONNAIRES = ("baseline", "midpoint", "end", "follow_up")
"""In the order in which they open; each opens once."""
BASELINE_AFTER = timedelta(days=14)
"""From the first day on: most have had the time to join."""
END_BEFORE = timedelta(days=35)
"""Before the last day: as long as a wave can take, with a week for Christmas or Easter to be in the way."""

_DAY = timedelta(days=1)
_BY_WEIGHT = ("end", "baseline", "midpoint", "follow_up")
"""In a short programme the first of these keep their place."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the programme says of waves. ``every``: days between one check-in and the next, counted from its first day.
    ``days``: of the questionnaires for which it has chosen one, from which day on they open."""

    starts_on: date
    ends_on: date
    zone: ZoneInfo
    region: str
    every: int
    days: Mapping[str, date] = field(default_factory=dict)

    @property
    def quiet(self) -> Quiet:
        """When nothing is done in the programme."""
        return Quiet(self.zone, self.region)

    def day_of(self, name: str) -> date:
        """From which day on a questionnaire opens: the one that was chosen, or the usual one."""
        return self.days.get(name) or usual_day(self.starts_on, self.ends_on, name)


def usual_day(starts_on: date, ends_on: date, name: str) -> date:
    """From which day on a questionnaire opens in a programme that does not choose."""
    match name:
        case "baseline":
            return starts_on + BASELINE_AFTER
        case "midpoint":
            return starts_on + (ends_on - starts_on) // 2
        case "end":
            return ends_on - END_BEFORE
        case _:
            leap_day = (ends_on.month, ends_on.day) == (2, 29)
            return ends_on.replace(year=ends_on.year + 1, day=28 if leap_day else ends_on.day)


def too_early(plan: Plan) -> list[str]:
    """The questionnaires for which a day was chosen that comes too early after the one before, or after the first day
    of the programme; or too soon before the usual day of the next. The follow-up comes after the last day."""
    wrong = []
    for place, name in enumerate(QUESTIONNAIRES):
        before, after = QUESTIONNAIRES[:place][-1:], QUESTIONNAIRES[place + 1 :][:1]
        earliest = plan.ends_on + _DAY if name == "follow_up" else plan.starts_on
        earliest = max([earliest, *(plan.day_of(each) + APART for each in before)])
        others = [each for each in after if each not in plan.days]
        crowded = any(plan.day_of(name) + APART > plan.day_of(each) for each in others)
        if name in plan.days and (plan.days[name] < earliest or crowded):
            wrong.append(name)
    return wrong


def ends_too_late(plan: Plan) -> bool:
    """Whether the day chosen for the last questionnaire leaves it no time within the programme."""
    return "end" in plan.days and _opens(plan, "end", plan.days["end"]) is None


# Opening


def questionnaires(
    plan: Plan, now: datetime, opened: Mapping[str, date], pulse_until: datetime | None = None
) -> dict[str, date]:
    """The days on which the questionnaires open: those that ``opened`` already, and those that still can after ``now``.
    One that was missed is made up for while the next is far enough away. ``pulse_until``: when the last check-in
    closes, or closed; a questionnaire keeps out of its months."""
    first = now.astimezone(plan.zone).date()
    first += _DAY if now >= morning(first, plan.zone) else timedelta()
    found = dict(opened)
    for name in _BY_WEIGHT:
        if name in found or _is_missed(plan, name, first):
            continue
        clear = max(plan.day_of(name), first, _month_after(pulse_until, plan.zone))
        day = _opens(plan, name, clear) or _opens(plan, name, max(plan.day_of(name), first))
        if day is not None and _is_apart(name, day, found):
            found[name] = day
    return {name: found[name] for name in QUESTIONNAIRES if name in found}


def next_opening(plan: Plan, now: datetime, last: datetime | None, asked: Iterable[date] = ()) -> datetime | None:
    """When the next check-in opens after ``now``: on a working day in the morning. ``last``: when one last opened.
    ``asked``: the days on which questionnaires open; a month with one of them has no check-in. None where even the
    shortest wave would no longer close within the programme."""
    last_day = plan.starts_on if last is None else last.astimezone(plan.zone).date()
    turn = max((last_day - plan.starts_on).days // plan.every + 1, 1)
    asked = tuple(asked)
    while (day := plan.starts_on + turn * timedelta(plan.every)) <= plan.ends_on:
        if last is not None:
            day = max(day, last_day + APART)
        opens_at = morning(_working_from(plan, day), plan.zone)
        until = pulse_may_last(plan, opens_at, asked)
        if opens_at > now and until is not None and closes_at(plan, opens_at, (), until):
            return opens_at
        turn += 1
    return None


def pulse_may_last(plan: Plan, opens_at: datetime, asked: Iterable[date]) -> date | None:
    """The last day of a check-in that opens now, so that it keeps out of each month in which a questionnaire opens;
    None in such a month."""
    day = opens_at.astimezone(plan.zone).date()
    months = [each.replace(day=1) for each in asked]
    if day.replace(day=1) in months:
        return None
    return min([plan.ends_on, *(month - _DAY for month in months if month > day)])


def clear_of(plan: Plan, day: date, asked: Iterable[date]) -> date:
    """This day for something else to open, or a later one: not so close to the opening of a questionnaire (``asked``)
    that both are open at a time. Two invitations on top of each other fill the message budget, and one would come just
    before its close. Where it could then not close within the programme, the day stays."""
    clear = day
    for each in sorted(asked):
        if each - SHORTEST < clear < each + SHORTEST:
            clear = each + SHORTEST
    return clear if closes_at(plan, working_morning(plan, clear), ()) else day


def may_last(plan: Plan, name: str) -> date:
    """The last day on which a wave of an instrument may close: the last questionnaire before the programme's last day,
    so that everybody hears what came out."""
    match name:
        case "follow_up":
            return date.max
        case "end":
            return plan.ends_on - _DAY
        case _:
            return plan.ends_on


def working_morning(plan: Plan, day: date) -> datetime:
    """10:00 on a day, or on the first working day after it."""
    return morning(_working_from(plan, day), plan.zone)


def _opens(plan: Plan, name: str, day: date) -> date | None:
    """The working day, from this one on, on which a questionnaire opens; None where it could not close in time."""
    day = _working_from(plan, day)
    return day if closes_at(plan, morning(day, plan.zone), (), may_last(plan, name)) else None


def _is_missed(plan: Plan, name: str, first: date) -> bool:
    """Whether it is too late for a questionnaire: the next one is too near."""
    following = QUESTIONNAIRES[QUESTIONNAIRES.index(name) + 1 :]
    return bool(following) and first > plan.day_of(name) and first + APART > plan.day_of(following[0])


def _is_apart(name: str, day: date, found: Mapping[str, date]) -> bool:
    place = QUESTIONNAIRES.index(name)
    return all(
        day + APART <= other if place < QUESTIONNAIRES.index(another) else other + APART <= day
        for another, other in found.items()
    )


def _month_after(moment: datetime | None, zone: ZoneInfo) -> date:
    """The first day of the month after a moment; long ago where there is none."""
    if moment is None:
        return date.min
    first = moment.astimezone(zone).date().replace(day=1)
    return (first + timedelta(days=31)).replace(day=1)


# Closing


def closes_at(plan: Plan, opens_at: datetime, quiets: Iterable[Quiet], until: date | None = None) -> datetime | None:
    """When a wave closes: at noon of the first working day by which it has been open long enough for everybody, and at
    the latest on the last working day of the longest time or of the time that it has. ``quiets``: when the members are
    left in peace; leave that lies ahead included. ``until``: its last day; None for that of the programme. None where
    the shortest time goes beyond that."""
    last_day = plan.ends_on if until is None else until
    ready = [(quiet.zone, _ready(opens_at, quiet)) for quiet in quiets]
    found = None
    for noon in _noons(plan, opens_at):
        if noon.astimezone(plan.zone).date() > last_day:
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


def _working_from(plan: Plan, day: date) -> date:
    while not _is_working(plan, day):
        day += _DAY
    return day


def _is_working(plan: Plan, day: date) -> bool:
    at = morning(day, plan.zone)
    return next_allowed([plan.quiet], at) == at


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
