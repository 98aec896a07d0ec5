"""Topics of meetings: steps of four pairs, at milestones, with nobody's topic given away by two of them together."""

from collections.abc import Iterator, Sequence
from itertools import product
from operator import sub

import pytest

from bot.surveys import rules
from bot.surveys.audit import audit
from bot.surveys.auditing import asked
from bot.surveys.release import PAIRS, Row
from bot.surveys.topics import topics_row

ABOUT = {"exams": "Exams"}


def row_of(
    x: int,
    n: int,
    *,
    milestone: str = "midpoint",
    level: rules.Level = rules.STANDARD,
    agreed: bool = False,
    earlier: Row | None = None,
) -> Row | None:
    """What is told if so many of the pairs ticked."""
    pairs = [{"exams"} if number < x else {"other"} for number in range(n)]
    return topics_row(milestone, pairs, n + 2, ABOUT, "talked about it", level=level, agreed=agreed, earlier=earlier)


def told(x: int, n: int, *, milestone: str = "midpoint", agreed: bool = False, earlier: Row | None = None) -> Row:
    """The same, where something is told."""
    row = row_of(x, n, milestone=milestone, agreed=agreed, earlier=earlier)
    assert row is not None
    return row


def interval(row: Row) -> tuple[int, int]:
    (result,) = row.results
    return result.low, result.high


def test_pairs_that_have_logged_a_meeting_are_counted_in_steps_of_four() -> None:
    row = told(17, 18)
    assert (row.roles, row.invited, row.n) == (PAIRS, 20, 18)
    assert [(each.split, each.about, each.favourable_words) for each in row.results] == [
        ("topics/exams", "Exams", "talked about it")
    ]
    assert sorted({interval(told(x, 18)) for x in range(19)}) == [(0, 6), (7, 10), (11, 14), (15, 18)]


def test_nothing_is_told_of_fewer_than_eight_pairs() -> None:
    assert row_of(7, 7, milestone="end", agreed=True) is None


def test_a_strict_level_holds_for_topics_too() -> None:
    assert row_of(9, 9, level=rules.STRICT) is None
    ranges = {interval(row) for x in range(19) if (row := row_of(x, 18, level=rules.STRICT))}
    assert sorted(ranges) == [(0, 8), (9, 13), (14, 18)]


def test_where_all_agreed_counts_are_exact_and_told_once_at_the_end() -> None:
    assert row_of(9, 9, agreed=True) is None
    assert interval(told(17, 18, milestone="end", agreed=True)) == (17, 17)


def test_exact_counts_are_not_told_beside_a_range_from_before() -> None:
    """Somebody who had not agreed has left the count; what was told of them stays."""
    assert interval(told(15, 16, milestone="end", agreed=True, earlier=told(14, 16))) == (13, 16)


@pytest.mark.parametrize("n", range(8, 31))
def test_the_audit_finds_nobody_whose_topics_one_milestone_gives_away(n: int) -> None:
    for x in range(n + 1):
        assert audit(asked([told(x, n)], {"pair": n})).passed


NOBODY = (0, 0, 0, 0, 0)
World = tuple[int, int, int]
"""How many of the pairs from before had ticked by the first milestone, how many since, and how many new pairs did."""


def agreeing(first: tuple[int, int], second: tuple[int, int], n: int, new: int) -> Iterator[World]:
    """All that can have happened, if both ranges are known: who has ticked once has ticked for good."""
    for ticked in range(first[0], first[1] + 1):
        for since, of_new in product(range(n - ticked + 1), range(new + 1)):
            if second[0] <= ticked + since + of_new <= second[1]:
                yield ticked, since, of_new


@pytest.mark.parametrize("new", [0, 1, 2, 3, 4, 5, 9])
@pytest.mark.parametrize("n", [8, 9, 10, 11, 17])
def test_two_milestones_together_leave_both_answers_possible_for_every_pair(n: int, new: int) -> None:
    """Also for somebody who knows what another pair has ticked, and when."""
    for first, second in told_of_both(n, new):
        worlds = list(agreeing(first, second, n, new))
        assert worlds
        for known in (NOBODY, *(tuple(int(i == k) for i in range(5)) for k in range(5))):
            _leave_both(worlds, n, new, known)


def told_of_both(n: int, new: int) -> set[tuple[tuple[int, int], tuple[int, int]]]:
    """Every pair of ranges that can be told of one topic, one after the other."""
    return {
        (interval(told(x, n)), interval(told(later, n + new, milestone="end", earlier=told(x, n))))
        for x in range(n + 1)
        for later in range(x, n + new + 1)
    }


def _leave_both(worlds: list[World], n: int, new: int, known: Sequence[int]) -> None:
    """``known``: of those who had ticked before, did since and never did, and of the new who did and did not, how many
    are known."""
    counted = [(ticked, since, n - ticked - since, of_new, new - of_new) for ticked, since, of_new in worlds]
    others = [tuple(map(sub, each, known)) for each in counted]
    left = [each for each in others if min(each) >= 0]
    if not left:
        return
    before, since, never, new_yes, new_no = map(max, zip(*left, strict=True))
    assert before, "yes at the first"
    assert since or never, "no at the first"
    assert before or since, "yes at the second"
    assert never, "no at the second"
    if new > known[3] + known[4]:
        assert new_yes, "a new pair yes"
        assert new_no, "a new pair no"
