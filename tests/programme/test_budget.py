"""The message budget: never more than it allows, and never later than needed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.programme.budget import Limits, budget_of, next_within_budget

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)

spans = st.integers(1, 100).map(lambda hours: hours * HOUR)
some_limits = st.lists(st.tuples(st.integers(1, 4), spans), max_size=3).map(tuple)
gaps = st.lists(st.integers(0, 60).map(lambda hours: hours * HOUR), max_size=25)


def keeps(sent: Sequence[datetime], limits: Limits) -> bool:
    """Whether no span that begins with a message holds too many (others hold no more)."""
    return all(sum(start <= at < start + span for at in sent) <= most for start in sent for most, span in limits)


def test_nothing_sent_yet_means_now() -> None:
    assert next_within_budget([], MONDAY, budget_of("mentee")) == MONDAY


def test_the_third_in_a_week_waits_until_the_first_is_a_week_old() -> None:
    sent = [MONDAY - timedelta(days=2), MONDAY - timedelta(days=6)]
    assert next_within_budget(sent, MONDAY, budget_of("mentor")) == MONDAY + timedelta(days=1)


def test_what_went_out_exactly_a_week_ago_does_not_count() -> None:
    sent = [MONDAY - timedelta(days=7), MONDAY - timedelta(days=1)]
    assert next_within_budget(sent, MONDAY, budget_of("mentor")) == MONDAY


@pytest.mark.parametrize(("role", "a_year"), [("mentor", 70), ("mentee", 45), ("control", 8)])
def test_nobody_gets_more_than_their_role_allows_in_a_year(role: str, a_year: int) -> None:
    sent: list[datetime] = []
    now = MONDAY
    while now < MONDAY + timedelta(days=365):
        sent.append(now)
        now = next_within_budget(sent, now, budget_of(role))
    assert len(sent) == a_year


def test_people_with_other_duties_get_seven_in_a_week() -> None:
    assert next_within_budget([MONDAY] * 6, MONDAY, budget_of(None)) == MONDAY
    assert next_within_budget([MONDAY] * 7, MONDAY, budget_of(None)) == MONDAY + timedelta(days=7)


@given(some_limits, gaps)
def test_sending_when_told_keeps_every_limit(limits: Limits, waits: list[timedelta]) -> None:
    sent: list[datetime] = []
    now = MONDAY
    for wait in waits:
        now = next_within_budget(sent, now + wait, limits)
        sent.append(now)
    assert keeps(sent, limits)


@given(some_limits, gaps, st.randoms())
def test_one_moment_earlier_would_break_a_limit(limits: Limits, waits: list[timedelta], random: Random) -> None:
    sent: list[datetime] = []
    now = MONDAY
    for wait in waits:
        now = next_within_budget(sent, now + wait, limits)
        sent.append(now)
    random.shuffle(sent)
    found = next_within_budget(sent, now, limits)
    assert keeps([*sent, found], limits)
    assert found == now or not keeps([*sent, found - MICROSECOND], limits)


def test_room_is_left_for_what_is_bound_to_its_time() -> None:
    last_week, reminder = MONDAY - timedelta(days=2), MONDAY + timedelta(days=3)
    assert next_within_budget([last_week, reminder], MONDAY, budget_of("mentor")) == last_week + timedelta(days=7)
    assert next_within_budget([reminder], MONDAY, budget_of("mentor")) == MONDAY


def test_what_is_more_than_a_week_away_from_either_is_no_matter_between_them() -> None:
    around = [MONDAY - timedelta(days=4), MONDAY + timedelta(days=4)]
    assert next_within_budget(around, MONDAY, budget_of("mentor")) == MONDAY


@given(some_limits, gaps, gaps, st.integers(0, 60))
def test_nothing_is_sent_that_would_take_the_room_of_what_comes_later(
    limits: Limits, past: list[timedelta], future: list[timedelta], wait: int
) -> None:
    moments: list[datetime] = []
    at = MONDAY
    for gap in (*past, *future):
        at = next_within_budget(moments, at + gap, limits)
        moments.append(at)
    now = MONDAY + wait * HOUR
    found = next_within_budget(moments, now, limits)
    assert keeps([*moments, found], limits)
    assert found == now or not keeps([*moments, found - MICROSECOND], limits)
