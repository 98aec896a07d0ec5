"""Who can meet in a group chat, and which pairs complete a programme."""

from datetime import date

import pytest

from bot.programme.pairs import Home, can_group, is_complete

SLACK = ("slack", "T1")
OTHER_SLACK = ("slack", "T2")
TEAMS = ("teams", "tenant-1")


@pytest.mark.parametrize(
    ("one", "other", "can"),
    [
        ([SLACK], [SLACK], True),
        ([SLACK], [OTHER_SLACK], False),
        ([SLACK], [TEAMS], False),
        ([TEAMS], [TEAMS], False),
        ([TEAMS, OTHER_SLACK], [SLACK, OTHER_SLACK], True),
        ([("teams", "T1")], [SLACK], False),
        ([], [SLACK], False),
    ],
)
def test_two_people_can_meet_where_both_live_on_a_platform_with_group_chats(
    one: list[Home], other: list[Home], *, can: bool
) -> None:
    assert can_group(one, other, {"slack"}) is can
    assert can_group(other, one, {"slack"}) is can


@pytest.mark.parametrize(
    ("ended_on", "complete"),
    [(None, True), (date(2027, 8, 30), False), (date(2027, 8, 31), False), (date(2027, 9, 1), True)],
)
def test_a_pair_that_has_not_ended_when_the_programme_does_has_completed_it(
    ended_on: date | None, *, complete: bool
) -> None:
    assert is_complete(ended_on, date(2027, 8, 31)) is complete
