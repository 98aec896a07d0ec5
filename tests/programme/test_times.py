"""A time on the wall means one moment, and where it does not, that is said."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.programme.times import ClockChange, on_the_wall

LONDON = ZoneInfo("Europe/London")
ZONES = st.sampled_from(
    ["Europe/London", "Europe/Dublin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca"]
).map(ZoneInfo)
DAYS = st.one_of(
    st.dates(date(2026, 1, 1), date(2030, 12, 31)),
    st.sampled_from([date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1), date(2026, 4, 5), date(2026, 10, 4)]),
)
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@settings(deadline=None, max_examples=300)
@given(DAYS, TIMES, ZONES)
def test_the_moment_shows_that_time_on_the_wall_or_there_is_not_exactly_one(
    day: date, at: time, zone: ZoneInfo
) -> None:
    shown = datetime.combine(day, at)
    found = on_the_wall(day, at, zone)
    anywhere = datetime.combine(day, at, UTC)
    minutes = (anywhere + timedelta(minutes=by) for by in range(-15 * 60, 15 * 60))
    moments = [moment for moment in minutes if moment.astimezone(zone).replace(tzinfo=None) == shown]
    if isinstance(found, ClockChange):
        assert len(moments) == (2 if found.comes_twice else 0)
        assert found.begins <= shown < found.ends
        for clear in (found.begins - timedelta(minutes=1), found.ends):
            assert isinstance(on_the_wall(clear.date(), clear.time(), zone), datetime)
    else:
        assert moments == [found]


@pytest.mark.parametrize(
    ("day", "begins", "ends", "comes_twice"),
    [(date(2026, 3, 29), "01:00", "02:00", False), (date(2026, 10, 25), "01:00", "02:00", True)],
)
def test_the_hour_of_the_change_is_known(day: date, begins: str, ends: str, *, comes_twice: bool) -> None:
    found = on_the_wall(day, time(1, 30), LONDON)
    assert isinstance(found, ClockChange)
    assert (f"{found.begins:%H:%M}", f"{found.ends:%H:%M}", found.comes_twice) == (begins, ends, comes_twice)


def test_a_day_that_a_zone_left_out_does_not_exist() -> None:
    found = on_the_wall(date(2011, 12, 30), time(9), ZoneInfo("Pacific/Apia"))
    assert found == ClockChange(comes_twice=False, begins=datetime(2011, 12, 30), ends=datetime(2011, 12, 31))  # noqa: DTZ001 - times on a wall
