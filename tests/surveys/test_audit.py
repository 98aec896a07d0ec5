"""The audit: what rows give away, found by the integer programme, and checked by going through everything."""

import subprocess
import sys
from itertools import product

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.surveys import rules
from bot.surveys.audit import audit
from bot.surveys.auditing import AuditFailed, Forced, Group, Question, Told, Verdict, asked, audited
from bot.surveys.release import Result, Row

MENTORS, BOTH, ALL = ("mentor",), ("mentor", "mentee"), ("mentor", "mentee", "control")
PEOPLE = {"mentor": 18, "mentee": 18, "control": 26}


def told(roles: tuple[str, ...], n: int, low: int, high: int, *, split: str = "useful", wave: str = "this") -> Told:
    return Told(wave, roles, split, n, low, high)


def group(role: str, people: int, *waves: str) -> Group:
    return Group(role, waves or ("this",), people)


def questionnaire(items: int) -> Question:
    """The programme of the paper's size, at the standard level."""
    rows = [
        Row((role,), n, n, tuple(Result(f"item{k}", "", "", *rules.steps(k % (n + 1), n, 3)) for k in range(items)))
        for role, n in PEOPLE.items()
    ]
    return asked(rows, PEOPLE)


def test_steps_leave_everything_possible() -> None:
    assert audit(questionnaire(20)) == Verdict(passed=True)


def test_an_exact_row_gives_away_everybody_when_all_or_none_said_yes() -> None:
    verdict = audit(Question((told(MENTORS, 9, 9, 9),), (group("mentor", 9),)))
    assert verdict == Verdict(
        passed=False, forced=(Forced("useful", "mentor", ("this",), answer=True, insiders=0, alone=True),)
    )
    verdict = audit(Question((told(MENTORS, 9, 0, 0),), (group("mentor", 9),)))
    assert verdict == Verdict(
        passed=False, forced=(Forced("useful", "mentor", ("this",), answer=False, insiders=0, alone=True),)
    )


def test_an_exact_row_that_shows_one_no_gives_everybody_else_away_to_that_one() -> None:
    verdict = audit(Question((told(MENTORS, 9, 8, 8),), (group("mentor", 9),)))
    assert verdict.forced == (Forced("useful", "mentor", ("this",), answer=True, insiders=1, alone=True),)


def test_a_step_of_two_gives_everybody_away_to_one_insider_and_a_step_of_three_does_not() -> None:
    assert not audit(Question((told(MENTORS, 9, 8, 9),), (group("mentor", 9),))).passed
    assert audit(Question((told(MENTORS, 9, 7, 9),), (group("mentor", 9),))).passed


def test_a_pooled_row_in_steps_of_three_gives_way_to_an_insider_of_each_role_and_in_four_it_does_not() -> None:
    groups = (group("mentor", 4), group("mentee", 8))
    verdict = audit(Question((told(BOTH, 12, 10, 12),), groups))
    assert {(found.role, found.insiders) for found in verdict.forced} == {("mentor", 2), ("mentee", 2)}
    assert audit(Question((told(BOTH, 12, 9, 12),), groups)).passed


@pytest.mark.parametrize(("of_all", "answer"), [(4, False), (5, True)])
def test_exact_rows_by_role_and_over_the_roles_give_the_rest_away(of_all: int, answer: bool) -> None:
    rows = (told(MENTORS, 9, 4, 4), told(BOTH, 10, of_all, of_all))
    verdict = audit(Question(rows, (group("mentor", 9), group("mentee", 1)), agreed=True))
    assert verdict == Verdict(
        passed=False, forced=(Forced("useful", "mentee", ("this",), answer, insiders=0, alone=False),)
    )


def test_two_rows_in_steps_can_give_away_together_what_neither_does() -> None:
    rows = (told(MENTORS, 9, 4, 6), told(BOTH, 10, 7, 10))
    assert all(audit(Question((row,), (group("mentor", 9), group("mentee", 1)))).passed for row in rows)
    rows = (told(MENTORS, 9, 0, 6), told(BOTH, 11, 8, 11))
    verdict = audit(Question(rows, (group("mentor", 9), group("mentee", 2))))
    assert Forced("useful", "mentee", ("this",), answer=True, insiders=0, alone=False) in verdict.forced


def test_who_agreed_to_exact_counts_agreed_to_what_a_row_shows_by_itself() -> None:
    rows = [Row((role,), n, n, (Result("useful", "", "", n, n),)) for role, n in PEOPLE.items()]
    whole = [*rows, Row(ALL, 62, 62, (Result("useful", "", "", 62, 62),))]
    assert audit(asked(whole, PEOPLE, agreed=True)).passed
    assert not audit(asked(whole, PEOPLE)).passed


def test_rows_of_different_waves_concern_different_answers() -> None:
    rows = (told(MENTORS, 9, 7, 9, wave="May"), told(MENTORS, 8, 0, 5, wave="July"))
    assert audit(Question(rows, (group("mentor", 8, "May", "July"), group("mentor", 1, "May")))).passed


def test_a_fact_that_cannot_change_is_found_when_two_waves_have_it() -> None:
    rows = tuple(
        msgspec.structs.replace(row, once=True)
        for row in (told(MENTORS, 9, 7, 9, wave="May"), told(MENTORS, 8, 0, 6, wave="July"))
    )
    verdict = audit(Question(rows, (group("mentor", 8, "May", "July"), group("mentor", 1, "May"))))
    assert verdict.repeated == ("useful",)
    assert Forced("useful", "mentor", ("May",), answer=True, insiders=0, alone=False) in verdict.forced
    others = audit(Question(rows, (group("mentor", 9, "May"), group("mentor", 8, "July"))))
    assert others == Verdict(passed=True), "other people, other facts"


def test_who_may_not_have_answered_is_not_given_away() -> None:
    """Eighteen were invited and nine answered, all with yes: of those who answered it is certain, and said so."""
    verdict = audit(Question((told(MENTORS, 9, 9, 9),), (group("mentor", 18),)))
    assert [(found.answer, found.insiders) for found in verdict.forced] == [(True, 0)]


def test_rows_that_contradict_one_another_are_no_question() -> None:
    with pytest.raises(ValueError, match="agree"):
        audit(Question((told(MENTORS, 9, 1, 3), told(BOTH, 9, 4, 7)), (group("mentor", 9),)))
    with pytest.raises(ValueError, match="agree"):
        audit(Question((told(MENTORS, 9, 1, 3),), (group("mentor", 8),)))


def forced_by_hand(low: dict[tuple[str, ...], tuple[int, int]], people: list[str]) -> set[tuple[str, bool, int]]:
    """Whose answer is forced, by going through every answer of every single person."""
    tables = [
        table
        for table in product((False, True), repeat=len(people))
        if all(
            least <= sum(yes for yes, role in zip(table, people, strict=True) if role in roles) <= most
            for roles, (least, most) in low.items()
        )
    ]
    found: dict[tuple[str, bool], int] = {}
    for target, role in enumerate(people):
        others = [[None, *(i for i, r in enumerate(people) if r == name and i != target)] for name in set(people)]
        for chosen in product(*others):
            insiders = [i for i in chosen if i is not None]
            for known in product((False, True), repeat=len(insiders)):
                left = {
                    table[target]
                    for table in tables
                    if all(table[i] is value for i, value in zip(insiders, known, strict=True))
                }
                if len(left) == 1:
                    key = (role, left.pop())
                    found[key] = min(found.get(key, len(people)), len(insiders))
    return {(role, answer, insiders) for (role, answer), insiders in found.items()}


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 4), st.integers(0, 3), st.data())
def test_the_audit_finds_what_going_through_every_single_answer_finds(
    mentors: int, mentees: int, data: st.DataObject
) -> None:
    people = ["mentor"] * mentors + ["mentee"] * mentees
    truth = [data.draw(st.booleans()) for _ in people]
    shown: dict[tuple[str, ...], tuple[int, int]] = {}
    for roles in [MENTORS, BOTH] if mentees else [MENTORS]:
        x = sum(yes for yes, role in zip(truth, people, strict=True) if role in roles)
        n = sum(role in roles for role in people)
        shown[roles] = (max(x - data.draw(st.integers(0, 3)), 0), min(x + data.draw(st.integers(0, 3)), n))
    rows = tuple(told(roles, sum(role in roles for role in people), *span) for roles, span in shown.items())
    verdict = audit(Question(rows, (group("mentor", mentors), group("mentee", mentees))))
    assert {(found.role, found.answer, found.insiders) for found in verdict.forced} == forced_by_hand(shown, people)


# In a child process


async def test_it_runs_in_a_child_process() -> None:
    assert await audited(questionnaire(3)) == Verdict(passed=True)
    verdict = await audited(Question((told(MENTORS, 9, 9, 9),), (group("mentor", 9),)))
    assert not verdict.passed
    assert verdict.forced[0].role == "mentor"


async def test_a_child_that_dies_is_no_verdict() -> None:
    contradiction = Question((told(MENTORS, 9, 1, 3),), (group("mentor", 8),))
    with pytest.raises(AuditFailed, match="status 1"):
        await audited(contradiction)


async def test_a_child_that_takes_too_long_is_ended_and_is_no_verdict() -> None:
    with pytest.raises(AuditFailed, match="longer"):
        await audited(questionnaire(1), limit=0.01)


def test_nothing_but_the_audit_itself_loads_the_solver() -> None:
    everything = "import sys, bot.surveys.auditing, bot.surveys.rules, bot.__main__; sys.exit('scipy' in sys.modules)"
    subprocess.run([sys.executable, "-c", everything], check=True)  # noqa: S603 - our own words
