"""After which rounds of the learning sets mentors are asked to look back."""

import pytest

from bot.programme.rounds import round_to_look_back_on

SIX = 6


def sets(*over: int, of: int = SIX) -> list[list[bool]]:
    """A set for each number: so many of its sessions are over."""
    return [[number < each for number in range(of)] for each in over]


def asked_after(when: str, of: int = SIX) -> list[int]:
    """The rounds after which mentors are asked, if three sets meet in turn through a whole programme."""
    asked: list[int] = []
    for through in range(of + 1):
        found = round_to_look_back_on(
            when, sets(through, through, through, of=of), looked_back=len(asked), second_half=through > of // 2
        )
        if found is not None and found not in asked:
            asked.append(found)
    return asked


@pytest.mark.parametrize(
    ("when", "rounds"),
    [("twice", [3, 6]), ("once", [6]), ("always", [1, 2, 3, 4, 5, 6]), ("never", [])],
)
def test_mentors_are_asked_after_the_rounds_that_the_programme_wants(when: str, rounds: list[int]) -> None:
    assert asked_after(when) == rounds


def test_of_five_rounds_the_third_is_half_way_and_of_one_it_is_the_last() -> None:
    assert asked_after("twice", of=5) == [3, 5]
    assert asked_after("twice", of=1) == [1]


def test_a_round_is_waited_for_until_the_last_set_is_through() -> None:
    assert round_to_look_back_on("twice", sets(6, 2, 4), looked_back=0, second_half=False) is None
    assert round_to_look_back_on("twice", sets(6, 3, 4), looked_back=0, second_half=False) == 3


def test_a_set_that_has_no_sessions_is_not_waited_for() -> None:
    assert round_to_look_back_on("twice", [*sets(3), []], looked_back=0, second_half=False) == 3
    assert round_to_look_back_on("twice", [[], []], looked_back=0, second_half=True) is None


def test_sets_of_different_length_have_as_many_rounds_as_the_shortest() -> None:
    uneven = [[True] * 4, [True] * 4 + [False] * 2]
    assert round_to_look_back_on("once", uneven, looked_back=0, second_half=True) == 4


def test_sets_that_plan_one_session_after_the_other_ask_no_more_than_twice() -> None:
    asked = 0
    for through in range(1, 13):
        if round_to_look_back_on("twice", [[True] * through], looked_back=asked, second_half=through > 6):
            asked += 1
    assert asked == 2
