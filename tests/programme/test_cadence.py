"""When things are due."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.programme import cadence

LONDON = ZoneInfo("Europe/London")
AUCKLAND = ZoneInfo("Pacific/Auckland")


def test_morning_is_ten_by_the_wall_clock_in_winter_and_in_summer() -> None:
    assert cadence.morning(date(2026, 2, 2), LONDON) == datetime(2026, 2, 2, 10, tzinfo=UTC)
    assert cadence.morning(date(2026, 7, 1), LONDON) == datetime(2026, 7, 1, 9, tzinfo=UTC)


def test_days_are_counted_in_the_zone_of_the_programme() -> None:
    late_on_monday_in_utc = datetime(2026, 2, 2, 22, tzinfo=UTC)
    at = cadence.morning_later(late_on_monday_in_utc, 1, AUCKLAND)
    assert at.astimezone(AUCKLAND).date() == date(2026, 2, 4)


def test_the_reminder_of_the_welcome_comes_a_week_later() -> None:
    assert cadence.welcome_reminder(datetime(2026, 2, 2, 15, 30, tzinfo=UTC), LONDON) == datetime(
        2026, 2, 9, 10, tzinfo=UTC
    )


def test_the_first_look_for_a_date_comes_three_weeks_after_the_introduction() -> None:
    at = cadence.first_look_for_a_date(datetime(2026, 3, 20, 12, tzinfo=UTC), LONDON)
    assert at == datetime(2026, 4, 10, 9, tzinfo=UTC), "10:00, though the clocks went forward meanwhile"


def test_looks_for_a_date_stop_with_the_programme() -> None:
    looked = datetime(2026, 2, 2, 10, tzinfo=UTC)
    last = date(2026, 3, 16)
    assert cadence.next_look_for_a_date(looked, last, LONDON) == datetime(2026, 3, 16, 10, tzinfo=UTC)
    assert cadence.next_look_for_a_date(looked, last - timedelta(days=1), LONDON) is None


@pytest.mark.parametrize(
    ("in_days", "wanted"),
    [([], True), ([-41], False), ([-42], True), ([-200, -41], False), ([0], False), ([30], False), ([-50, -43], True)],
)
def test_a_date_is_wanted_unless_a_meeting_lies_ahead_or_in_the_last_six_weeks(
    in_days: list[int], *, wanted: bool
) -> None:
    today = date(2026, 6, 1)
    assert cadence.wants_a_date(today, [today + timedelta(days=days) for days in in_days]) is wanted


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.sampled_from([LONDON, AUCKLAND]))
def test_did_you_meet_is_asked_at_ten_on_the_day_after(day: date, zone: ZoneInfo) -> None:
    local = cadence.did_you_meet(day, zone).astimezone(zone)
    assert (local.date(), local.hour, local.minute) == (day + timedelta(days=1), 10, 0)
