"""The figures of the example's year are honest about promises that were not kept."""

from datetime import UTC, date, datetime

import pytest

from bot.playground.figures import BUDGET, Figures, is_quiet


@pytest.mark.parametrize("name", ["duplicates", "quiet_time_violations"])
def test_a_figure_that_is_not_0_is_a_broken_promise(name: str) -> None:
    assert Figures().wrong() == []
    figures = Figures()
    setattr(figures, name, 3)
    assert figures.wrong() == [f"{name} is 3, not 0"]


@pytest.mark.parametrize("role", sorted(BUDGET))
def test_more_messages_than_the_budget_are_a_broken_promise(role: str) -> None:
    assert Figures(max_messages={role: BUDGET[role]}).wrong() == []
    (line,) = Figures(max_messages={role: BUDGET[role] + 1}).wrong()
    assert line == f"a {role} was sent {BUDGET[role] + 1} messages, more than {BUDGET[role]}"


@pytest.mark.parametrize(
    ("moment", "region", "quiet"),
    [
        ((2026, 9, 1, 6, 59), "ENG", True),
        ((2026, 9, 1, 7, 0), "ENG", False),  # 08:00 in British summer time
        ((2026, 9, 1, 18, 59), "ENG", False),
        ((2026, 9, 1, 19, 0), "ENG", True),
        ((2026, 12, 1, 7, 59), "ENG", True),
        ((2026, 12, 1, 8, 0), "ENG", False),
        ((2026, 9, 5, 12, 0), "ENG", True),  # a Saturday
        ((2026, 12, 25, 12, 0), "ENG", True),
        ((2026, 11, 30, 12, 0), "SCT", True),  # St Andrew's Day
        ((2026, 11, 30, 12, 0), "ENG", False),
    ],
)
def test_quiet_time_is_nights_weekends_and_bank_holidays(
    moment: tuple[int, int, int, int, int], region: str, quiet: bool
) -> None:
    assert is_quiet(datetime(*moment, tzinfo=UTC), region, ()) == quiet


def test_quiet_time_is_leave_from_its_first_day_to_its_last() -> None:
    leave = [(date(2026, 9, 8), date(2026, 9, 9))]
    quiet = [is_quiet(datetime(2026, 9, day, 12, 0, tzinfo=UTC), "ENG", leave) for day in (7, 8, 9, 10)]
    assert quiet == [False, True, True, False]
