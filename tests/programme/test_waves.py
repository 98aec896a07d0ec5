"""When waves open, remind and close."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.programme import waves
from bot.programme.quiet import Quiet, is_bank_holiday, is_quiet
from bot.programme.waves import Plan

LONDON = ZoneInfo("Europe/London")
PLAN = Plan(date(2026, 2, 2), date(2027, 2, 1), LONDON, "ENG", 61)
DAY = timedelta(days=1)
OPENS = datetime(2026, 6, 4, 9, 0, tzinfo=UTC)
"""A Thursday at ten, in a month without bank holidays."""


def local(moment: datetime) -> datetime:
    return moment.astimezone(LONDON)


def is_working(day: date, region: str = "ENG") -> bool:
    return day.weekday() < 5 and not is_bank_holiday(day, region)


def days_between(first: date, last: date) -> list[date]:
    """Those after the one and before the other."""
    return [first + n * DAY for n in range(1, (last - first).days)]


def openings(plan: Plan, now: datetime) -> list[datetime]:
    """All waves of a programme, if each job is done at once."""
    found: list[datetime] = []
    while opens_at := waves.next_opening(plan, now, found[-1] if found else None):
        found.append(opens_at)
        now = opens_at
    return found


# Opening


def test_a_wave_opens_every_other_month_in_the_morning_of_a_working_day() -> None:
    found = [local(at) for at in openings(PLAN, datetime(2026, 2, 2, 9, 0, tzinfo=UTC))]
    days = ["2026-04-07", "2026-06-04", "2026-08-04", "2026-10-05", "2026-12-04"]  # after Easter; after a Sunday
    assert [str(at.date()) for at in found] == days
    assert {at.time() for at in found} == {time(10)}


def test_no_wave_opens_that_would_close_after_the_end() -> None:
    start = datetime(2026, 2, 2, 9, 0, tzinfo=UTC)
    closes = waves.closes_at(PLAN, OPENS, ())
    assert closes is not None
    assert openings(replace(PLAN, ends_on=closes.date()), start)[-1] == OPENS
    assert openings(replace(PLAN, ends_on=closes.date() - DAY), start)[-1] < OPENS


def test_a_wave_that_was_missed_is_not_made_up_for() -> None:
    found = waves.next_opening(PLAN, datetime(2026, 7, 1, 9, 0, tzinfo=UTC), None)
    assert found is not None
    assert found.date() == date(2026, 8, 4)


@given(
    st.integers(28, 365),
    st.integers(0, 364),
    st.integers(-400, 400),
    st.integers(0, 300),
    st.sampled_from(["ENG", "SCT"]),
)
def test_whatever_a_lead_changes_two_waves_open_four_weeks_apart(
    every: int, last: int, moved: int, later: int, region: str
) -> None:
    opened = datetime(2026, 2, 2, 10, 0, tzinfo=UTC) + last * DAY
    plan = replace(PLAN, starts_on=PLAN.starts_on + moved * DAY, ends_on=date(2029, 1, 1), every=every, region=region)
    now = opened + later * DAY
    found = waves.next_opening(plan, now, opened)
    assert found is not None
    assert found > now
    assert local(found).date() - local(opened).date() >= timedelta(days=28)
    assert local(found).time() == time(10)
    assert is_working(local(found).date(), region)


@given(st.dates(date(2026, 1, 1), date(2028, 1, 1)), st.integers(28, 365), st.integers(30, 800))
def test_all_waves_of_a_programme_close_within_it_and_never_two_are_open(start: date, every: int, length: int) -> None:
    plan = replace(PLAN, starts_on=start, ends_on=start + length * DAY, every=every)
    found = openings(plan, datetime.combine(start, time(9), LONDON))
    for at, following in zip(found, [*found[1:], None], strict=False):
        closes = waves.closes_at(plan, at, ())
        assert closes is not None
        assert local(closes).date() <= plan.ends_on
        assert following is None or closes < following
        assert local(at).date() >= start + every * DAY


# Closing


def quiets() -> st.SearchStrategy[Quiet]:
    leave = st.tuples(st.dates(date(2026, 5, 1), date(2027, 3, 1)), st.integers(0, 60)).map(
        lambda each: (each[0], each[0] + each[1] * DAY)
    )
    return st.builds(
        Quiet,
        zone=st.sampled_from([LONDON, ZoneInfo("Pacific/Auckland"), ZoneInfo("America/New_York")]),
        region=st.sampled_from(["ENG", "SCT", "NIR", "WLS"]),
        no_send_days=st.sets(st.integers(0, 6), max_size=6).map(frozenset),
        leave=st.lists(leave, max_size=2).map(tuple),
    )


def allowed_days(quiet: Quiet, opens_at: datetime, closes_at: datetime) -> int:
    """Whole days of a person between opening and close on which they may be written to at some hour; counted by
    looking at every hour."""
    days = days_between(opens_at.astimezone(quiet.zone).date(), closes_at.astimezone(quiet.zone).date())
    return sum(
        any(not is_quiet(quiet, datetime.combine(day, time(hour), quiet.zone)) for hour in range(24)) for day in days
    )


@settings(deadline=None)
@given(st.lists(quiets(), max_size=4), st.dates(date(2026, 3, 1), date(2026, 12, 31)).filter(is_working))
def test_a_wave_is_open_for_two_to_four_weeks_and_until_everybody_had_five_days(
    members: list[Quiet], day: date
) -> None:
    opens_at = datetime.combine(day, time(10), LONDON).astimezone(UTC)
    plan = replace(PLAN, ends_on=date(2028, 1, 1))
    closes = waves.closes_at(plan, opens_at, members)
    assert closes is not None
    assert timedelta(days=14) <= closes - opens_at <= timedelta(days=28)
    assert local(closes).time() == time(12)
    assert is_working(local(closes).date())
    later = [noon for noon in waves._noons(plan, opens_at) if noon > closes]
    assert all(allowed_days(each, opens_at, closes) >= 5 for each in members) or not later
    shortest = waves.closes_at(plan, opens_at, ())
    if closes != shortest:
        earlier = max(noon for noon in waves._noons(plan, opens_at) if noon < closes)
        assert any(allowed_days(each, opens_at, earlier) < 5 for each in members), "no longer than is needed"


@pytest.mark.parametrize(
    ("leave_ends", "closes"),
    [
        (None, date(2026, 6, 18)),  # two weeks
        (date(2026, 6, 12), date(2026, 6, 22)),  # back on Monday the 15th: five days are over on Friday
        (date(2026, 6, 19), date(2026, 6, 29)),
        (date(2026, 9, 30), date(2026, 7, 1)),  # parental leave keeps a wave open for no more than four weeks
    ],
)
def test_leave_keeps_a_wave_open_for_longer(leave_ends: date | None, closes: date) -> None:
    leave = () if leave_ends is None else ((date(2026, 6, 1), leave_ends),)
    members = [Quiet(LONDON, "ENG"), Quiet(LONDON, "ENG", leave=leave)]
    found = waves.closes_at(PLAN, OPENS, members)
    assert found is not None
    assert local(found).date() == closes


def test_leave_draws_no_wave_out_beyond_the_end_of_the_programme() -> None:
    away = Quiet(LONDON, "ENG", leave=((date(2026, 6, 1), date(2026, 6, 19)),))
    plan = replace(PLAN, ends_on=date(2026, 6, 20))
    found = waves.closes_at(plan, OPENS, [away])
    assert found is not None
    assert local(found).date() == date(2026, 6, 19)


# Reminding


@given(st.dates(date(2026, 1, 5), date(2028, 1, 1)).filter(is_working), st.integers(0, 9))
def test_the_reminder_leaves_two_whole_working_days(day: date, which: int) -> None:
    plan = replace(PLAN, ends_on=date(2029, 1, 1))
    opens_at = datetime.combine(day, time(10), LONDON).astimezone(UTC)
    noons = list(waves._noons(plan, opens_at))
    closes = noons[which % len(noons)]
    found = waves.reminder_at(plan, opens_at, closes)
    assert local(found).time() == time(10)
    assert is_working(local(found).date())
    assert sum(map(is_working, days_between(local(found).date(), local(closes).date()))) >= 2
    assert found - opens_at >= timedelta(days=5)
    assert (found - opens_at) / (closes - opens_at) <= 0.75


def test_the_reminder_comes_about_two_thirds_through() -> None:
    closes = waves.closes_at(PLAN, OPENS, ())
    assert closes is not None
    assert local(waves.reminder_at(PLAN, OPENS, closes)) == datetime(2026, 6, 12, 10, 0, tzinfo=LONDON)
