"""When waves open, remind and close."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.programme import waves
from bot.programme.cadence import morning
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


# Questionnaires


def whole_calendar(plan: Plan) -> tuple[dict[str, date], list[datetime]]:
    """The days of the questionnaires and the openings of the check-ins, as they are planned on the first day."""
    days = waves.questionnaires(plan, datetime.combine(plan.starts_on, time(9), LONDON), {})
    pulses: list[datetime] = []
    now = datetime.combine(plan.starts_on, time(9), LONDON)
    while opens_at := waves.next_opening(plan, now, pulses[-1] if pulses else None, days.values()):
        pulses.append(opens_at)
        now = opens_at
    return days, pulses


def test_questionnaires_open_after_two_weeks_half_way_before_the_end_and_a_year_after_it() -> None:
    days, pulses = whole_calendar(PLAN)
    assert {name: str(day) for name, day in days.items()} == {
        "baseline": "2026-02-16",
        "midpoint": "2026-08-03",
        "end": "2026-12-29",  # the day after Boxing Day is kept on the 28th
        "follow_up": "2028-02-01",
    }
    assert [str(local(at).date()) for at in pulses] == ["2026-04-07", "2026-06-04", "2026-10-05"]


plans = st.builds(
    lambda start, length, every, chosen: replace(
        PLAN,
        starts_on=start,
        ends_on=start + length * DAY,
        every=every,
        days={name: start + part * length // 100 * DAY for name, part in chosen.items()},
    ),
    st.dates(date(2026, 1, 1), date(2028, 1, 1)),
    st.integers(30, 800),
    st.integers(28, 200),
    st.dictionaries(st.sampled_from(["baseline", "midpoint", "end"]), st.integers(0, 95), max_size=3),
)


@given(plans)
def test_questionnaires_are_in_order_four_weeks_apart_and_close_in_time(plan: Plan) -> None:
    days, _pulses = whole_calendar(plan)
    assert list(days) == [name for name in waves.QUESTIONNAIRES if name in days]
    assert all(later - sooner >= 28 * DAY for sooner, later in pairwise(days.values()))
    for name, day in days.items():
        assert is_working(day)
        closes = waves.closes_at(plan, morning(day, LONDON), (), waves.may_last(plan, name))
        assert closes is not None
        assert name == "follow_up" or local(closes).date() <= plan.ends_on - DAY * (name == "end")
    assert days["follow_up"] > plan.ends_on


@given(plans)
def test_no_check_in_is_open_in_the_month_of_a_questionnaire_however_long_it_lasts(plan: Plan) -> None:
    days, pulses = whole_calendar(plan)
    away = Quiet(LONDON, "ENG", leave=((plan.starts_on, plan.ends_on),))
    months = {(day.year, day.month) for day in days.values()}
    for opens_at in pulses:
        until = waves.pulse_may_last(plan, opens_at, days.values())
        assert until is not None
        closes = waves.closes_at(plan, opens_at, [away], until)
        assert closes is not None
        assert not {(at.year, at.month) for at in (local(opens_at), local(closes))} & months


@given(plans, st.integers(0, 800), st.integers(1, 28))
def test_a_questionnaire_keeps_out_of_the_months_of_a_check_in_where_it_still_can(
    plan: Plan, after: int, length: int
) -> None:
    until = datetime.combine(plan.starts_on + after * DAY, time(12), LONDON).astimezone(UTC)
    now = until - length * DAY
    for name, day in waves.questionnaires(plan, now, {}, until).items():
        if (day.year, day.month) <= (local(until).year, local(until).month):
            later = (local(until).replace(day=1) + 31 * DAY).date().replace(day=1)
            assert name != "follow_up"
            assert waves._opens(plan, name, later) is None, "there is no room for it any more"


def test_a_questionnaire_that_was_missed_is_made_up_for_while_the_next_is_far_away() -> None:
    days = waves.questionnaires(PLAN, datetime(2026, 5, 5, 9, 30, tzinfo=UTC), {})
    assert days["baseline"] == date(2026, 5, 6)
    days = waves.questionnaires(PLAN, datetime(2026, 7, 14, 9, 30, tzinfo=UTC), {})
    assert list(days) == ["midpoint", "end", "follow_up"]


def test_in_a_short_programme_the_end_and_the_beginning_go_before_the_middle() -> None:
    days, _pulses = whole_calendar(replace(PLAN, ends_on=PLAN.starts_on + 90 * DAY))
    assert list(days) == ["baseline", "end", "follow_up"]


def test_one_that_has_opened_stays_where_it_was_whatever_days_the_programme_has_now() -> None:
    plan = replace(PLAN, days={"baseline": date(2026, 6, 1)})
    days = waves.questionnaires(plan, datetime(2026, 3, 5, 9, 30, tzinfo=UTC), {"baseline": date(2026, 2, 16)})
    assert days["baseline"] == date(2026, 2, 16)


def test_a_programme_that_ends_on_a_leap_day_is_followed_up_a_year_later() -> None:
    assert waves.usual_day(date(2027, 3, 1), date(2028, 2, 29), "follow_up") == date(2029, 2, 28)


@pytest.mark.parametrize(
    ("days", "wrong"),
    [
        ({}, []),
        ({"baseline": date(2026, 2, 2), "midpoint": date(2026, 3, 2), "end": date(2026, 3, 30)}, []),
        ({"baseline": date(2026, 2, 1)}, ["baseline"]),
        ({"baseline": date(2026, 7, 7)}, ["baseline"]),
        ({"midpoint": date(2026, 3, 15)}, ["midpoint"]),
        ({"baseline": date(2026, 3, 2), "midpoint": date(2026, 3, 15)}, ["midpoint"]),
        ({"end": date(2026, 8, 30)}, ["end"]),
        ({"follow_up": date(2027, 2, 1)}, ["follow_up"]),
        ({"follow_up": date(2027, 2, 2)}, []),
    ],
)
def test_days_that_come_too_early_are_told(days: dict[str, date], wrong: list[str]) -> None:
    assert waves.too_early(replace(PLAN, days=days)) == wrong


@pytest.mark.parametrize(("day", "too_late"), [(date(2027, 1, 15), False), (date(2027, 1, 18), True)])
def test_the_last_questionnaire_closes_before_the_last_day(day: date, *, too_late: bool) -> None:
    assert waves.ends_too_late(replace(PLAN, days={"end": day})) is too_late


QUESTIONNAIRE = date(2026, 8, 3)


@pytest.mark.parametrize(
    ("day", "moved"),
    [
        (date(2026, 7, 20), date(2026, 7, 20)),
        (date(2026, 7, 21), date(2026, 8, 17)),
        (date(2026, 8, 3), date(2026, 8, 17)),
        (date(2026, 8, 16), date(2026, 8, 17)),
        (date(2026, 8, 17), date(2026, 8, 17)),
    ],
)
def test_something_else_opens_two_weeks_before_a_questionnaire_or_after_it(day: date, moved: date) -> None:
    assert waves.clear_of(PLAN, day, [QUESTIONNAIRE]) == moved


def test_what_is_moved_out_of_the_way_of_one_questionnaire_is_not_in_that_of_the_next() -> None:
    assert waves.clear_of(PLAN, date(2026, 8, 1), [QUESTIONNAIRE, date(2026, 8, 24)]) == date(2026, 9, 7)


def test_what_could_not_close_in_the_programme_any_more_is_not_moved() -> None:
    last = date(2027, 1, 14)
    assert waves.clear_of(PLAN, last, [date(2027, 1, 13)]) == last


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
