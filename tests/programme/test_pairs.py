"""Who can meet in a group chat."""

import pytest

from bot.programme.pairs import Home, can_group

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
