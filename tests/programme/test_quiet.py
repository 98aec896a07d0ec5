"""Quiet time: the hours, the days and the holidays, also when clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.programme.quiet import HORIZON, NATIONS, Leave, Quiet, is_quiet, last_allowed, next_allowed, share_a_moment

LONDON = ZoneInfo("Europe/London")
ENGLAND = Quiet(LONDON, "ENG")
MINUTE = timedelta(minutes=1)

zones = st.sampled_from(
    [
        "Europe/London",
        "UTC",
        "Asia/Kathmandu",  # a quarter to
        "Australia/Lord_Howe",  # clocks change by half an hour
        "America/St_Johns",
        "Pacific/Auckland",
        "Africa/Cairo",  # clocks change at midnight, back to the day before
        "America/Havana",  # midnight twice, and a day without one
    ]
).map(ZoneInfo)
hours = st.integers(0, 23)
some_days = st.frozensets(st.integers(0, 6), max_size=5)
first_days = st.dates(date(2025, 12, 1), date(2028, 2, 1))
leaves = st.builds(lambda first, length: (first, first + timedelta(length)), first_days, st.integers(0, 60))
some_leave = st.lists(leaves, max_size=3).map(tuple)
quiets = st.builds(Quiet, zones, st.sampled_from(sorted(NATIONS)), hours, hours, some_days, some_leave)
moments = st.datetimes(datetime(2025, 12, 1), datetime(2028, 3, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds

searches = settings(deadline=None, max_examples=60)  # the tests look at every hour of the months that a search passes


def london(*when: int) -> datetime:
    """A moment on London's wall clocks."""
    return datetime(*when, tzinfo=LONDON)  # type: ignore[misc,arg-type]  # year, month, day, hour, minute


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (london(2026, 3, 3, 7, 59), True),
        (london(2026, 3, 3, 8, 0), False),
        (london(2026, 3, 3, 19, 59), False),
        (london(2026, 3, 3, 20, 0), True),
        (london(2026, 3, 7, 12, 0), True),  # a Saturday
        (london(2026, 3, 8, 12, 0), True),  # a Sunday
        (london(2026, 4, 6, 12, 0), True),  # Easter Monday
        (london(2026, 12, 28, 12, 0), True),  # Boxing Day falls on a Saturday
    ],
)
def test_evenings_weekends_and_bank_holidays_are_quiet(moment: datetime, expected: bool) -> None:
    assert is_quiet(ENGLAND, moment) is expected


def test_each_nation_has_its_own_bank_holidays() -> None:
    days = {
        "St Patrick's Day": london(2026, 3, 17, 12),
        "Easter Monday": london(2026, 4, 6, 12),
        "12 July, on the Monday after": london(2026, 7, 13, 12),
        "Scotland's summer": london(2026, 8, 3, 12),
        "summer elsewhere": london(2026, 8, 31, 12),
        "St Andrew's Day": london(2026, 11, 30, 12),
    }
    kept = {nation: {d for d, at in days.items() if is_quiet(Quiet(LONDON, nation), at)} for nation in NATIONS}
    assert kept == {
        "ENG": {"Easter Monday", "summer elsewhere"},
        "WLS": {"Easter Monday", "summer elsewhere"},
        "SCT": {"Scotland's summer", "St Andrew's Day"},
        "NIR": {"St Patrick's Day", "Easter Monday", "12 July, on the Monday after", "summer elsewhere"},
    }


def test_hours_may_lie_within_a_day() -> None:
    afternoon = Quiet(LONDON, "ENG", from_hour=13, until_hour=17)
    assert [hour for hour in range(24) if is_quiet(afternoon, london(2026, 3, 3, hour))] == [13, 14, 15, 16]


def test_two_equal_hours_mean_no_quiet_hours() -> None:
    always = Quiet(LONDON, "ENG", from_hour=9, until_hour=9, no_send_days=frozenset())
    assert not any(is_quiet(always, london(2026, 3, 3, hour)) for hour in range(24))


def test_friday_night_waits_for_monday_morning() -> None:
    assert next_allowed([ENGLAND], london(2026, 3, 6, 20, 0)) == london(2026, 3, 9, 8, 0)


def test_christmas_and_the_weekend_behind_it_are_waited_for_together() -> None:
    assert next_allowed([ENGLAND], london(2026, 12, 24, 21, 30)) == london(2026, 12, 29, 8, 0)
    assert last_allowed([ENGLAND], london(2026, 12, 28, 12, 0)) == london(2026, 12, 24, 19, 59)


def test_the_morning_after_the_clocks_change_begins_at_eight_on_the_wall() -> None:
    assert next_allowed([ENGLAND], london(2026, 3, 28, 12)) == datetime(2026, 3, 30, 7, 0, tzinfo=UTC)
    assert next_allowed([ENGLAND], london(2026, 10, 24, 12)) == datetime(2026, 10, 26, 8, 0, tzinfo=UTC)


def test_a_group_waits_until_it_is_quiet_for_nobody() -> None:
    late_riser = Quiet(LONDON, "SCT", from_hour=18, until_hour=11)
    assert next_allowed([ENGLAND, late_riser], london(2026, 3, 3, 6)) == london(2026, 3, 3, 11)
    assert next_allowed([ENGLAND, late_riser], london(2026, 4, 2, 19)) == london(
        2026, 4, 7, 11
    )  # Good Friday to Monday
    assert last_allowed([ENGLAND, late_riser], london(2026, 3, 4, 9)) == london(2026, 3, 3, 17, 59)


def test_the_search_ends_after_a_month_where_people_have_no_hour_in_common() -> None:
    morning, evening = Quiet(LONDON, "ENG", 9, 8), Quiet(LONDON, "ENG", 19, 18)
    noon = datetime(2026, 3, 3, 12, tzinfo=UTC)
    assert next_allowed([morning, evening], noon) == noon + HORIZON
    assert last_allowed([morning, evening], noon) == noon - HORIZON


def test_leave_is_quiet_from_its_first_to_its_last_day_wherever_somebody_is() -> None:
    away = Quiet(ZoneInfo("Pacific/Auckland"), "ENG", 0, 0, leave=((date(2026, 3, 3), date(2026, 3, 5)),))
    begins, ends = datetime(2026, 3, 2, 11, tzinfo=UTC), datetime(2026, 3, 5, 11, tzinfo=UTC)
    assert [is_quiet(away, at) for at in (begins - MINUTE, begins, ends - MINUTE, ends)] == [False, True, True, False]


def test_after_leave_it_goes_on_the_next_working_day_and_a_reminder_comes_before() -> None:
    leave = ((date(2026, 3, 16), date(2026, 3, 27)), (date(2026, 3, 30), date(2026, 4, 2)))
    away = Quiet(LONDON, "ENG", leave=leave)
    assert next_allowed([away], london(2026, 3, 17, 10)) == london(2026, 4, 7, 8), "Easter follows"
    assert last_allowed([away], london(2026, 4, 6, 10)) == london(2026, 3, 13, 19, 59)


def test_leave_of_a_year_is_waited_for_to_its_end() -> None:
    away = Quiet(LONDON, "ENG", leave=((date(2026, 3, 3), date(2027, 3, 3)),))
    assert next_allowed([away], london(2026, 3, 3, 9)) == london(2027, 3, 4, 8)
    assert last_allowed([away], london(2027, 3, 3, 9)) == london(2026, 3, 2, 19, 59)


def test_a_group_waits_for_everybody_s_leave() -> None:
    one = Quiet(LONDON, "ENG", leave=((date(2026, 3, 2), date(2026, 3, 6)),))
    other = Quiet(LONDON, "ENG", leave=((date(2026, 3, 9), date(2026, 5, 15)),))
    assert next_allowed([one, other], london(2026, 3, 3, 9)) == london(2026, 5, 18, 8)
    assert next_allowed([one], london(2026, 3, 3, 9)) == london(2026, 3, 9, 8)


def test_people_whose_hours_never_meet_share_no_moment_but_people_on_leave_do() -> None:
    morning, evening = Quiet(LONDON, "ENG", 9, 8), Quiet(LONDON, "ENG", 19, 18)
    away = Quiet(LONDON, "ENG", leave=((date(2026, 3, 2), date(2026, 12, 24)),))
    now = london(2026, 3, 3, 12)
    assert not share_a_moment([morning, evening], now)
    assert share_a_moment([ENGLAND, away], now)


@pytest.mark.parametrize(
    "mistake",
    [{"region": "GB"}, {"from_hour": 24}, {"until_hour": -1}, {"leave": ((date(2026, 3, 2), date(2026, 3, 1)),)}],
)
def test_a_quiet_time_that_cannot_be_is_refused(mistake: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"none of|from 0 to 23|before it begins"):
        Quiet(**{"zone": LONDON, "region": "ENG", **mistake})  # type: ignore[arg-type]  # the mistake is the point


@given(quiets, moments)
def test_an_allowed_moment_stays_as_it_is(quiet: Quiet, moment: datetime) -> None:
    assume(not is_quiet(quiet, moment))
    assert next_allowed([quiet], moment) == moment == last_allowed([quiet], moment)


@searches
@given(st.lists(quiets, max_size=3), moments)
def test_the_next_allowed_moment_is_the_first_one(group: list[Quiet], moment: datetime) -> None:
    found = next_allowed(group, moment)
    assert moment <= found <= max([moment, *(last for _first, last in bounds(group))]) + HORIZON
    assert all(any(is_quiet(quiet, at) for quiet in group) for at in minutes(moment, found))
    if any(is_quiet(quiet, found) for quiet in group):
        assert found >= moment + HORIZON, "given up only after a month"


@searches
@given(st.lists(quiets, max_size=3), moments)
def test_the_last_allowed_moment_is_the_last_one(group: list[Quiet], moment: datetime) -> None:
    found = last_allowed(group, moment)
    assert min([moment, *(first for first, _last in bounds(group))]) - HORIZON <= found <= moment
    assert all(any(is_quiet(quiet, at) for quiet in group) for at in minutes(found + MINUTE, moment))
    if any(is_quiet(quiet, found) for quiet in group):
        assert found <= moment - HORIZON, "given up only before a month"


@given(quiets, moments)
def test_nothing_is_lost_for_somebody_who_has_an_hour_and_a_day_left(quiet: Quiet, moment: datetime) -> None:
    assert not is_quiet(quiet, next_allowed([quiet], moment))
    assert not is_quiet(quiet, last_allowed([quiet], moment))


@given(quiets, st.sampled_from([london(2026, 3, 29), london(2026, 10, 25)]), st.integers(-48 * 60, 48 * 60))
def test_the_hour_that_does_not_exist_and_the_one_that_exists_twice_are_no_exception(
    quiet: Quiet, change: datetime, minutes_from_it: int
) -> None:
    moment = change.astimezone(UTC) + minutes_from_it * MINUTE
    later, earlier = next_allowed([quiet], moment), last_allowed([quiet], moment)
    assert not is_quiet(quiet, later)
    assert later == moment or is_quiet(quiet, later - MINUTE)
    assert not is_quiet(quiet, earlier)
    assert earlier == moment or is_quiet(quiet, earlier + MINUTE)


def bounds(group: list[Quiet]) -> list[tuple[datetime, datetime]]:
    """The leave of all these people, as moments: a day more on both sides, wherever they are."""
    days: list[Leave] = [leave for quiet in group for leave in quiet.leave]
    midnight = datetime.min.time()
    return [
        (datetime.combine(first, midnight, UTC) - 1440 * MINUTE, datetime.combine(last, midnight, UTC) + 2880 * MINUTE)
        for first, last in days
    ]


def minutes(first: datetime, end: datetime) -> list[datetime]:
    """Every 43rd minute from the first one until before the end, the last one, and all of the last two hours."""
    if end <= first:
        return []
    count = int((end - first) / (43 * MINUTE))
    near = range(1, min(int((end - first) / MINUTE), 120) + 1)
    return [*(first + 43 * MINUTE * n for n in range(count)), *(end - n * MINUTE for n in near)]
