"""The rules of release: steps, rows, comments, comparisons, percentages."""

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.surveys import rules
from bot.surveys.instrument import Answer, Comment, Instrument, Item
from bot.surveys.release import Result, Row
from bot.surveys.rules import RESEARCH, STANDARD, STRICT, Level, NotForPulses, steps

SCALE = ("Strongly disagree", "Disagree", "Neither", "Agree", "Strongly agree")
ALL = ("mentor", "mentee", "control")

levels = st.sampled_from([STANDARD, STRICT])
widths = st.sampled_from([3, 4, 5])
counts = st.fixed_dictionaries(dict.fromkeys(ALL, st.integers(0, 20)))


def item(name: str, *roles: str, kind: str = "likert", favourable: tuple[int, ...] = (4, 5)) -> Item:
    words = dict.fromkeys(roles, "What do you think?")
    return Item(name, kind, words, f"About {name}", "use", "ours", SCALE, favourable, "agree")


def instrument(*items: Item, audience: tuple[str, ...] = ALL, kind: str = "questionnaire") -> Instrument:
    return Instrument("midway", kind, audience, dict.fromkeys(audience, "Midway"), "standard", items)


USEFUL = instrument(item("useful", *ALL))


def said(role: str, n: int, yes: int) -> list[tuple[str, Answer]]:
    """``n`` people of a role, so many of whom agree; the others prefer not to say, or disagree."""
    others = [Answer({}) if person % 2 else Answer({"useful": (1,)}) for person in range(n - yes)]
    return [(role, answer) for answer in [*(Answer({"useful": (5,)}) for _ in range(yes)), *others]]


def released(
    level: Level, answered: Mapping[str, tuple[int, int]], declared: Sequence[tuple[str, ...]] = ()
) -> tuple[Row, ...]:
    answers = [one for role, (n, yes) in answered.items() for one in said(role, n, yes)]
    return rules.rows(USEFUL, level, dict.fromkeys(ALL, 20), answers, declared=declared)


def table(n: int, s: int) -> list[tuple[int, int]]:
    return sorted({steps(x, n, s) for x in range(n + 1)}, reverse=True)


# Steps


def test_the_steps_of_eighteen_and_of_nine() -> None:
    assert table(18, 3) == [(16, 18), (13, 15), (10, 12), (7, 9), (4, 6), (0, 3)]
    assert table(9, 3) == [(7, 9), (4, 6), (0, 3)]


def test_exact_counts_are_steps_of_one() -> None:
    assert [steps(x, 8, 1) for x in range(9)] == [(x, x) for x in range(9)]


@given(st.integers(8, 500), widths, st.data())
def test_a_count_lies_in_its_step(n: int, s: int, data: st.DataObject) -> None:
    x = data.draw(st.integers(0, n))
    low, high = steps(x, n, s)
    assert low <= x <= high


@given(st.integers(8, 200), widths)
def test_steps_follow_one_another_from_none_to_all_and_are_wide_enough(n: int, s: int) -> None:
    told = sorted(table(n, s))
    assert [x for low, high in told for x in range(low, high + 1)] == list(range(n + 1))
    assert all(s <= high - low + 1 < 2 * s for low, high in told)


@pytest.mark.parametrize(("s", "insiders", "least"), [(3, 1, 8), (4, 2, 8), (5, 3, 10)])
def test_insiders_who_put_their_answers_together_are_certain_of_nobody_else(s: int, insiders: int, least: int) -> None:
    for n in range(least, 63):
        for low, high in table(n, s):
            for own in range(insiders + 1):
                others = n - insiders
                possible = {x - own for x in range(low, high + 1) if own <= x <= others + own}
                assert possible not in ({0}, {others}), (n, low, high, own)


@pytest.mark.parametrize(("x", "n", "s"), [(-1, 9, 3), (10, 9, 3), (0, 1, 3)])
def test_what_cannot_be_told_in_steps_is_refused(x: int, n: int, s: int) -> None:
    with pytest.raises(ValueError, match="steps"):
        steps(x, n, s)


# Levels


def test_the_stricter_of_two_levels_holds() -> None:
    assert rules.stricter(STANDARD, STRICT) is rules.stricter(STRICT, STANDARD) is STRICT
    assert rules.stricter(RESEARCH, STANDARD) is rules.stricter(STANDARD, RESEARCH) is STANDARD
    assert rules.level_for(USEFUL, STRICT) is STRICT
    assert rules.level_for(USEFUL, RESEARCH) is STANDARD


def test_exact_counts_of_a_pulse_are_refused() -> None:
    pulse = Instrument("pulse", "pulse", ALL, {}, "research", ())
    assert rules.level_for(pulse, STANDARD) is STANDARD
    with pytest.raises(NotForPulses):
        rules.level_for(pulse, RESEARCH)
    with pytest.raises(NotForPulses):
        rules.rows(pulse, RESEARCH, {}, [])


# Rows


def test_both_roles_are_enough_and_have_a_row_each() -> None:
    mentors, mentees = released(STANDARD, {"mentor": (8, 8), "mentee": (18, 17)})
    assert (mentors.roles, mentors.invited, mentors.n) == (("mentor",), 20, 8)
    assert mentors.results == (Result("useful", "About useful", "agree", 6, 8),)
    assert (mentees.roles, mentees.n, mentees.results[0].low, mentees.results[0].high) == (("mentee",), 18, 16, 18)


def test_one_role_is_too_few_and_both_are_counted_as_one_in_wider_steps() -> None:
    (row,) = released(STANDARD, {"mentor": (7, 7), "mentee": (18, 10)})
    assert (row.roles, row.invited, row.n) == (("mentor", "mentee"), 40, 25)
    assert (row.results[0].low, row.results[0].high) == steps(17, 25, 4)


def test_too_few_together_are_not_shown_and_neither_is_anything_else_of_them() -> None:
    assert released(STANDARD, {"mentor": (3, 1), "mentee": (4, 1)}) == ()


def test_controls_stand_alone_or_not_at_all() -> None:
    assert [row.roles for row in released(STANDARD, {"mentor": (3, 1), "control": (8, 2)})] == [("control",)]
    assert [row.roles for row in released(STANDARD, {"mentor": (8, 1), "mentee": (8, 1), "control": (7, 2)})] == [
        ("mentor",),
        ("mentee",),
    ]
    assert [row.roles for row in released(STANDARD, {"mentor": (7, 1), "mentee": (9, 1), "control": (9, 2)})] == [
        ("mentor", "mentee"),
        ("control",),
    ]


def test_a_wave_without_any_mentees_is_not_pooled_with_nobody() -> None:
    rows = rules.rows(USEFUL, STANDARD, {"mentor": 9, "mentee": 0}, said("mentor", 9, 9))
    assert [(row.roles, row.results[0].low) for row in rows] == [(("mentor",), 7)]


@pytest.mark.parametrize(("n", "shown"), [(7, 0), (8, 1)])
def test_an_audience_of_one_role_is_shown_or_not(n: int, shown: int) -> None:
    only = instrument(item("useful", "mentor"), audience=("mentor",))
    assert len(rules.rows(only, STANDARD, {"mentor": 20}, said("mentor", n, 3))) == shown


def test_strict_wants_ten_in_every_row_and_tells_in_fives() -> None:
    assert [row.roles for row in released(STRICT, {"mentor": (9, 1), "mentee": (10, 1)})] == [("mentor", "mentee")]
    mentors, _ = released(STRICT, {"mentor": (10, 10), "mentee": (10, 0)})
    assert (mentors.results[0].low, mentors.results[0].high) == (6, 10)


def test_who_prefers_not_to_say_counts_and_is_no_yes() -> None:
    only = instrument(item("useful", "mentor"), audience=("mentor",))
    yes, silent = ("mentor", Answer({"useful": (4,)})), ("mentor", Answer({}))
    (row,) = rules.rows(only, RESEARCH, {"mentor": 9}, [yes] * 5 + [silent] * 4)
    assert (row.n, row.results[0].low, row.results[0].high) == (9, 5, 5)


def test_each_option_of_a_tick_all_item_is_counted_by_itself() -> None:
    only = instrument(item("topics", "mentor", kind="many"), audience=("mentor",))
    answers = [("mentor", Answer({"topics": (1, 5)}))] * 8 + [("mentor", Answer({"topics": (5,)}))] * 2
    (row,) = rules.rows(only, RESEARCH, {"mentor": 10}, answers)
    assert [(result.split, result.high) for result in row.results] == [
        ("topics/1", 8),
        ("topics/2", 0),
        ("topics/3", 0),
        ("topics/4", 0),
        ("topics/5", 10),
    ]


def test_a_pooled_row_has_only_what_both_roles_were_asked() -> None:
    asked = instrument(item("useful", *ALL), item("sets", "mentor"))
    (row,) = rules.rows(asked, STANDARD, {}, [*said("mentor", 7, 1), *said("mentee", 7, 1)])
    assert [result.split for result in row.results] == ["useful"]


def test_a_role_that_is_not_asked_cannot_answer() -> None:
    only = instrument(item("useful", "mentor"), audience=("mentor",))
    with pytest.raises(ValueError, match="control"):
        rules.rows(only, STANDARD, {}, said("control", 1, 1))


def test_at_the_research_level_a_declared_row_adds_up_rows_that_are_shown() -> None:
    full = {"mentor": (18, 2), "mentee": (18, 1), "control": (26, 1)}
    rows = released(RESEARCH, full, declared=[ALL, ("mentor", "mentee")])
    assert [(row.roles, row.n, row.results[0].low, row.results[0].high) for row in rows[3:]] == [
        (ALL, 62, 4, 4),
        (("mentor", "mentee"), 36, 3, 3),
    ]


@given(counts, st.permutations(ALL))
def test_a_declared_row_never_gives_away_a_role_that_is_too_few(n: dict[str, int], roles: list[str]) -> None:
    answered = {role: (people, people // 2) for role, people in n.items()}
    shown = released(RESEARCH, answered)
    more = released(RESEARCH, answered, declared=[ALL, tuple(roles[:2])])
    assert more[: len(shown)] == shown
    for row in more[len(shown) :]:
        parts = [other for other in shown if set(other.roles) <= set(row.roles)]
        assert row.n == sum(part.n for part in parts)


def test_declared_rows_are_for_the_research_level_only() -> None:
    with pytest.raises(ValueError, match="research"):
        released(STANDARD, {}, declared=[ALL])


@given(levels, counts)
def test_role_rows_and_pooled_rows_never_stand_together_and_none_is_too_small(level: Level, n: dict[str, int]) -> None:
    rows = released(level, {role: (people, people // 2) for role, people in n.items()})
    counted = Counter(role for row in rows for role in row.roles)
    assert max(counted.values(), default=1) == 1
    assert all(row.n == sum(n[role] for role in row.roles) >= level.minimum for row in rows)


@given(levels, counts, st.data())
def test_what_is_refused_and_how_it_is_cut_depends_on_counts_alone(
    level: Level, n: dict[str, int], data: st.DataObject
) -> None:
    def frame(yes: Mapping[str, int]) -> list[tuple[tuple[str, ...], int, int]]:
        rows = released(level, {role: (n[role], yes[role]) for role in ALL})
        return [(row.roles, row.n, len(row.results)) for row in rows]

    one, other = ({role: data.draw(st.integers(0, people), label=role) for role, people in n.items()} for _ in range(2))
    assert frame(one) == frame(other)


@given(levels, st.integers(8, 30), st.integers(0, 8))
def test_the_possible_intervals_of_a_row_depend_on_its_size_alone(level: Level, n: int, few: int) -> None:
    """A pooled row is cut in the same steps whoever is in it."""
    mentors = min(few, level.minimum - 1, n)
    if n < level.minimum or mentors == 0:
        return
    for x in range(n + 1):
        mentors_first = {"mentor": (mentors, min(x, mentors)), "mentee": (n - mentors, max(x - mentors, 0))}
        yes = min(x, n - mentors)
        mentees_first = {"mentor": (mentors, x - yes), "mentee": (n - mentors, yes)}
        (one,), (other,) = released(level, mentors_first), released(level, mentees_first)
        assert one == other
        assert (one.results[0].low, one.results[0].high) == steps(x, n, level.pooled_step)


@given(levels, counts, st.randoms(use_true_random=False))
def test_in_which_order_people_answered_changes_nothing(level: Level, n: dict[str, int], random: Random) -> None:
    answers = [one for role, people in n.items() for one in said(role, people, people // 3)]
    mixed = list(answers)
    random.shuffle(mixed)
    assert rules.rows(USEFUL, level, n, mixed) == rules.rows(USEFUL, level, n, answers)


# Comments


OPEN = instrument(item("text0", *ALL, kind="text"), item("useful", *ALL), item("text1", *ALL, kind="text"))


def wrote(*texts: str, show: bool = True) -> Comment:
    return Comment({f"text{place}": text for place, text in enumerate(texts)}, show)


def told(written: Sequence[Comment], n: int = 18, seed: int = 1) -> tuple[tuple[str, str], ...]:
    return rules.comments(OPEN, written, n, STANDARD, Random(seed))


def test_words_come_out_when_ten_have_answered() -> None:
    written = [wrote("Time is short.")]
    assert told(written, 9) == ()
    assert told(written, 10) == (("About text0", "Time is short."),)


def test_words_come_out_only_where_their_author_lets_them() -> None:
    written = [wrote("Keep this."), wrote("Not this.", show=False), wrote("  ", "")]
    assert told(written) == (("About text0", "Keep this."),)


def test_words_are_mixed_for_each_question_anew_so_that_nothing_ties_two_texts_of_one_person() -> None:
    written = [wrote(f"{who}", f"{who}") for who in range(10)]
    assert len({told(written, seed=seed) for seed in range(20)}) == 20
    abouts, texts = zip(*told(written, seed=3), strict=True)
    assert abouts == ("About text0",) * 10 + ("About text1",) * 10
    assert sorted(texts[:10]) == sorted(texts[10:]) == sorted(str(who) for who in range(10))
    assert texts[:10] != texts[10:]
    assert list(texts[:10]) != sorted(texts[:10])


# Comparisons and percentages


def row(n: int, low: int, high: int, *, roles: tuple[str, ...] = ("mentor",), split: str = "useful") -> Row:
    return Row(roles, n, n, (Result(split, "About", "agree", low, high),))


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (row(18, 16, 18), row(18, 13, 15), "higher"),
        (row(18, 13, 15), row(18, 16, 18), "lower"),
        (row(18, 16, 18), row(18, 16, 18), "same"),
        (row(9, 7, 9), row(18, 13, 15), "same"),  # 77% to 100%, 72% to 84%
        (row(200, 103, 105), row(200, 100, 102), "same"),  # 51% to 53%, 50% to 51%: as printed, they touch
        (row(18, 16, 18), row(18, 13, 15, roles=("mentee",)), None),
        (row(18, 16, 18), row(18, 13, 15, roles=("mentor", "mentee")), None),
        (row(18, 16, 18), row(18, 13, 15, split="enjoyed"), None),
        (row(18, 16, 18, split="enjoyed"), row(18, 13, 15), None),
    ],
)
def test_results_differ_only_if_their_percentages_do_not_overlap(now: Row, before: Row, expected: str | None) -> None:
    assert rules.compare(now, before, "useful") == expected


@given(st.integers(8, 60), st.integers(8, 60), widths, st.data())
def test_higher_is_said_only_of_what_is_higher(n: int, before: int, s: int, data: st.DataObject) -> None:
    x, y = data.draw(st.integers(0, n)), data.draw(st.integers(0, before))
    direction = rules.compare(row(n, *steps(x, n, s)), row(before, *steps(y, before, s)), "useful")
    if direction == "higher":
        assert x / n > y / before
    if direction == "lower":
        assert x / n < y / before


@pytest.mark.parametrize(
    ("low", "high", "n", "expected"),
    [
        (16, 18, 18, (88, 100)),
        (0, 3, 18, (0, 17)),
        (13, 15, 18, (72, 84)),
        (4, 4, 62, (6, 6)),
        (14, 14, 36, (39, 39)),
        (24, 24, 26, (92, 92)),
        (17, 17, 18, (94, 94)),
        (1, 1, 8, (13, 13)),  # 12.5
        (999, 999, 1000, (99, 99)),
        (1, 1, 1000, (1, 1)),
        (0, 0, 9, (0, 0)),
        (9, 9, 9, (100, 100)),
    ],
)
def test_percentages_are_rounded_outwards_and_exact_counts_to_the_nearest(
    low: int, high: int, n: int, expected: tuple[int, int]
) -> None:
    assert rules.percent(Result("useful", "About", "agree", low, high), n) == expected


@given(st.integers(8, 500), widths, st.data())
def test_printed_percentages_rule_out_nothing_that_the_counts_leave_possible(
    n: int, s: int, data: st.DataObject
) -> None:
    low, high = steps(data.draw(st.integers(0, n)), n, s)
    least, most = rules.percent(Result("useful", "About", "agree", low, high), n)
    assert all(least <= 100 * x / n <= most for x in range(low, high + 1))
