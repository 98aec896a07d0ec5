"""Rules of Action Learning Sets."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.programme import sets
from bot.programme.cadence import MORNING
from bot.programme.quiet import Quiet, is_quiet

LONDON = ZoneInfo("Europe/London")
AUCKLAND = ZoneInfo("Pacific/Auckland")
USUAL = Quiet(LONDON, "ENG")
WEDNESDAY = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)

zones = st.sampled_from([LONDON, AUCKLAND, ZoneInfo("America/St_Johns"), ZoneInfo("Asia/Kathmandu")])
starts = st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


@st.composite
def quiets(draw: st.DrawFn) -> Quiet:
    first = draw(st.dates(date(2025, 1, 1), date(2030, 1, 1)))
    return Quiet(
        draw(zones),
        draw(st.sampled_from(["ENG", "WLS", "SCT", "NIR"])),
        from_hour=draw(st.integers(18, 23)),
        until_hour=draw(st.integers(0, 10)),
        leave=((first, first + timedelta(days=draw(st.integers(0, 30)))),),
    )


def test_members_are_asked_a_week_before_and_reminded_the_day_before_at_ten() -> None:
    assert sets.invited_at(WEDNESDAY, USUAL) == datetime(2026, 2, 25, 10, 0, tzinfo=UTC)
    assert sets.reminded_at(WEDNESDAY, USUAL) == datetime(2026, 3, 3, 10, 0, tzinfo=UTC)


def test_ten_is_ten_on_the_wall_on_both_sides_of_a_clock_change() -> None:
    monday_after = datetime(2026, 3, 30, 13, 0, tzinfo=UTC)
    assert sets.invited_at(monday_after, USUAL) == datetime(2026, 3, 23, 10, 0, tzinfo=UTC), "before the change"
    tuesday_after = datetime(2026, 3, 31, 13, 0, tzinfo=UTC)
    assert sets.reminded_at(tuesday_after, USUAL) == datetime(2026, 3, 30, 9, 0, tzinfo=UTC), "after it"


def test_each_is_reminded_on_the_day_before_by_their_own_calendar() -> None:
    # 21:00 in London is already Thursday morning in Auckland.
    evening = datetime(2026, 3, 4, 21, 0, tzinfo=UTC)
    reminded = sets.reminded_at(evening, Quiet(AUCKLAND, "ENG")).astimezone(AUCKLAND)
    assert (reminded.date(), reminded.hour) == (date(2026, 3, 4), 10)


def test_the_reminder_of_a_monday_comes_at_the_end_of_friday() -> None:
    monday = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
    assert sets.reminded_at(monday, USUAL) == datetime(2026, 3, 6, 19, 59, tzinfo=UTC)
    assert sets.counted_at(monday, USUAL) == datetime(2026, 3, 6, 19, 59, tzinfo=UTC)


def test_the_invitation_of_a_bank_holiday_comes_the_day_after() -> None:
    easter_monday = datetime(2026, 4, 6, 13, 0, tzinfo=UTC)
    asked = sets.invited_at(easter_monday + timedelta(days=7), USUAL)
    assert asked == datetime(2026, 4, 7, 7, 0, tzinfo=UTC)


def test_who_is_away_until_the_session_is_asked_before_they_go() -> None:
    away = Quiet(LONDON, "ENG", leave=((date(2026, 2, 23), date(2026, 3, 3)),))
    assert sets.invited_at(WEDNESDAY, away) == datetime(2026, 2, 20, 19, 59, tzinfo=UTC)


def test_who_is_back_in_good_time_is_asked_then() -> None:
    away = Quiet(LONDON, "ENG", leave=((date(2026, 2, 23), date(2026, 2, 27)),))
    assert sets.invited_at(WEDNESDAY, away) == datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def test_the_facilitator_hears_in_the_afternoon_of_the_day_before_who_comes() -> None:
    assert sets.counted_at(WEDNESDAY, USUAL) == datetime(2026, 3, 3, 16, 0, tzinfo=UTC)


@given(starts, quiets())
def test_nobody_is_asked_or_reminded_in_quiet_time_nor_after_the_session_has_begun(
    start: datetime, quiet: Quiet
) -> None:
    for at in (sets.invited_at(start, quiet), sets.reminded_at(start, quiet), sets.counted_at(start, quiet)):
        assert not is_quiet(quiet, at)
        assert at < start


@given(starts, quiets())
def test_a_reminder_is_never_earlier_than_it_has_to_be(start: datetime, quiet: Quiet) -> None:
    at = sets.reminded_at(start, quiet)
    day_before = start.astimezone(quiet.zone).date() - timedelta(days=1)
    ideal = datetime.combine(day_before, MORNING, quiet.zone).astimezone(UTC)
    later = at + timedelta(minutes=1)
    while later <= ideal and later < at + timedelta(days=2):
        assert is_quiet(quiet, later)
        later += timedelta(minutes=20)


def test_a_reminder_makes_no_sense_within_a_day_of_the_invitation() -> None:
    assert sets.wants_a_reminder(WEDNESDAY - timedelta(days=2), WEDNESDAY - timedelta(days=1))
    assert not sets.wants_a_reminder(WEDNESDAY - timedelta(days=2), WEDNESDAY - timedelta(days=1, minutes=1))
    assert not sets.wants_a_reminder(WEDNESDAY, WEDNESDAY - timedelta(days=1))


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("begins", "ends", "clashes"),
    [(-2, 0, False), (-1, 1, True), (0, 2, True), (1, 2, True), (1, 5, True), (-1, 5, True), (2, 3, False)],
)
def test_two_sessions_clash_where_they_overlap_and_not_where_they_touch(
    begins: int, ends: int, *, clashes: bool
) -> None:
    one = (WEDNESDAY, WEDNESDAY + 2 * HOUR)
    other = (WEDNESDAY + begins * HOUR, WEDNESDAY + ends * HOUR)
    assert sets.clash(one, [other]) is clashes
    assert sets.clash(other, [one]) is clashes


def test_no_other_session_is_no_clash() -> None:
    assert not sets.clash((WEDNESDAY, WEDNESDAY + HOUR), [])


@pytest.mark.parametrize(
    ("came", "missed"),
    [
        ([], []),
        ([True], []),
        ([False], [0]),
        ([False, False], [0, 1]),
        ([True, False, False], [1, 2]),
        ([False, False, True], []),
        ([False, False, True, False], [3]),
        ([False, None, False], [2]),
        ([False, False, None], [0, 1]),
        ([None, None], []),
    ],
)
def test_what_no_register_says_is_never_counted_as_missed(came: list[bool | None], missed: list[int]) -> None:
    assert list(sets.missed_lately(came)) == missed
