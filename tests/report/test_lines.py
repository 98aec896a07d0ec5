"""Every number of the report says how exact it is, and none is more exact than what was released."""

import json
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from bot.report.build import as_json
from bot.report.comparison import comparisons
from bot.report.facts import Asked, Facts, Pairs
from bot.report.lines import Line, lines
from bot.surveys import rules
from bot.surveys.release import PAIRS
from tests.report.sample import COUNTS, INSTRUMENT, INVITED, facts, full, released, wave

LEVELS = [rules.STANDARD, rules.STRICT]


def line(found: tuple[Line, ...], item: str, group: str) -> Line:
    (one,) = [each for each in found if (each.item, each.group) == (item, group)]
    return one


def row(report: Facts, item: str, group: str) -> dict[str, Any]:
    """A row of report.json."""
    (one,) = [each for each in json.loads(as_json(report))["rows"] if (each["item"], each["group"]) == (item, group)]
    return {key: one[key] for key in ("n", "N", "percent", "low", "high", "shown")}


def exact(n: int, of: int | None, percent: int | None, shown: str) -> dict[str, Any]:
    return {"n": n, "N": of, "percent": percent, "low": n, "high": n, "shown": shown}


# Facts


@pytest.mark.parametrize(
    ("item", "group", "n", "of", "percent"),
    [
        ("recruitment.eligible", "mentees", 84, None, None),
        ("recruitment.applied", "mentees", 76, 84, 90),
        ("recruitment.selected", "mentees", 18, 76, 24),
        ("recruitment.applied", "mentors", 52, None, None),
        ("recruitment.selected", "mentors", 18, 52, 35),
        ("recruitment.volunteered", "controls", 26, 58, 45),
        ("recruitment.joined", "mentees", 18, 18, 100),
        ("pairs.introduced", "pairs", 18, None, None),
        ("pairs.completed", "pairs", 16, 18, 89),
        ("pairs.ended.leave", "pairs", 1, 18, 6),
        ("meetings.logged", "pairs", 72, None, None),
        ("meetings.logged.3", "pairs", 4, 18, 22),
        ("meetings.at_least.4", "pairs", 9, 18, 50),
        ("als.attendance.2", "mentors", 15, 18, 83),
        ("als.attendance", "mentors", 41, 48, 85),
    ],
)
def test_facts_are_exact(item: str, group: str, n: int, of: int | None, percent: int | None) -> None:
    assert row(facts(), item, group) == exact(n, of, percent, "fact")


def test_what_no_lead_has_entered_is_no_line() -> None:
    assert "mentors" not in {each.group for each in lines(facts()) if each.item == "recruitment.eligible"}


def test_a_pair_that_ended_without_a_reason_is_counted_as_such() -> None:
    report = replace(facts(), pairs=Pairs((1, 2, 3), {"": 2}))
    assert line(lines(report), "pairs.ended.not_said", "pairs").n == 2
    assert line(lines(report), "pairs.completed", "pairs").n == 1


def test_a_programme_without_pairs_divides_by_nothing() -> None:
    report = replace(facts(), pairs=Pairs((), {}), parts=(), sessions=())
    assert line(lines(report), "pairs.completed", "pairs").percent is None


# Exact counts


@pytest.mark.parametrize(
    ("item", "group", "n", "of", "percent"),
    [
        ("end.useful", "mentors", 18, 18, 100),
        ("end.useful", "mentees", 17, 18, 94),
        ("end.friends", "controls", 24, 26, 92),
        ("end.wish", "controls", 21, 26, 81),
        ("end.time", "mentors+mentees", 14, 36, 39),
        ("end.peers", "all", 55, 62, 89),
    ],
)
def test_at_the_research_level_counts_come_back_exactly(item: str, group: str, n: int, of: int, percent: int) -> None:
    assert row(facts(released()), item, group) == exact(n, of, percent, "exact")


def test_who_answered_is_told_exactly_by_role_and_of_all() -> None:
    found = facts(released())
    assert row(found, "end.answered", "controls") == exact(26, 26, 100, "fact")
    assert row(found, "end.answered", "all") == exact(62, 62, 100, "fact")
    assert {each.group for each in lines(found) if each.item == "end.answered"} == {
        "mentors", "mentees", "controls", "all"
    }  # fmt: skip


def test_nothing_is_withheld_of_a_wave_that_is_told_completely() -> None:
    assert {each.shown for each in lines(facts(released()))} == {"fact", "exact"}


# Steps


@pytest.mark.parametrize("level", LEVELS)
def test_steps_have_no_count_and_are_the_steps_of_the_release(level: rules.Level) -> None:
    told = released(level)
    found = lines(facts(told, level=level.name))
    shown = [each for each in found if each.shown != "fact"]
    assert {each.shown for each in shown} == {"steps"}
    assert all(each.n is None and isinstance(each.percent, tuple) for each in shown)
    of_people = [each for each in shown if each.group != "pairs"]
    assert all(each.high - each.low >= level.role_step - 1 for each in of_people if each.high and each.low is not None)
    one = line(found, "end.useful", "mentees")
    low, high = rules.steps(17, 18, level.role_step)
    assert (one.low, one.high, one.of) == (low, high, 18)


@pytest.mark.parametrize("level", LEVELS)
def test_in_the_json_a_range_has_two_percentages_and_n_is_null(level: rules.Level) -> None:
    told = row(facts(released(level), level=level.name), "end.friends", "controls")
    low, high = rules.steps(24, 26, level.role_step)
    assert told["n"] is None
    assert (told["low"], told["high"], told["N"], told["shown"]) == (low, high, 26, "steps")
    assert told["percent"] == [100 * low // 26, -(-100 * high // 26)]


@pytest.mark.parametrize("level", [rules.STANDARD, rules.STRICT, rules.RESEARCH])
def test_no_line_is_more_exact_than_the_ledger(level: rules.Level) -> None:
    report = full(level)
    known = {
        (wave.key, f"{wave.instrument.id}.{result.split}", row.n, result.low, result.high)
        for wave in report.waves
        if wave.release
        for row in wave.release.rows
        for result in row.results
    }
    told = [each for each in lines(report) if each.shown in {"exact", "steps"}]
    assert {(each.wave, each.item, each.of, each.low, each.high) for each in told} == known
    assert len(told) > 100


def test_pulses_stay_in_steps_where_questionnaires_are_exact() -> None:
    found = [each for each in lines(full(rules.RESEARCH)) if each.item.startswith("pulse.") and each.shown != "fact"]
    assert {each.shown for each in found} == {"steps"}


# Withheld


def test_a_pooled_wave_withholds_each_of_the_two_and_says_why() -> None:
    told = released(rules.STANDARD, answered={"mentor": 7, "mentee": 18, "control": 26})
    found = lines(facts(told, level="standard"))
    assert line(found, "end.useful", "mentors+mentees").shown == "steps"
    for group in ("mentors", "mentees"):
        one = line(found, "end.useful", group)
        assert (one.shown, one.why, one.n, one.of, one.low, one.high, one.percent) == (
            "withheld", "pooled", None, None, None, None, None
        )  # fmt: skip
    assert line(found, "end.wish", "controls").shown == "steps"
    assert line(found, "end.answered", "mentors+mentees").n == 25


def test_too_few_controls_are_withheld_with_their_number() -> None:
    told = released(rules.STANDARD, answered={"mentor": 18, "mentee": 18, "control": 7})
    found = lines(facts(told, level="standard"))
    assert (line(found, "end.wish", "controls").shown, line(found, "end.wish", "controls").why) == ("withheld", "few")
    assert {each.group for each in found if each.item == "end.answered"} == {"mentors", "mentees"}


@pytest.mark.parametrize("why", ["few", "not_computed"])
def test_a_refused_wave_withholds_everything(why: str) -> None:
    found = lines(facts(wave(INSTRUMENT, rules.STANDARD, (), refused=why)))
    of_wave = [each for each in found if each.wave]
    assert {(each.shown, each.why) for each in of_wave} == {("withheld", why)}
    assert len(of_wave) == sum(len(counts) for counts in COUNTS.values()) + len(["topics"])


def test_a_wave_that_is_open_tells_nothing_but_that_it_is() -> None:
    asked = replace(released(), release=None)
    found = lines(facts(asked))
    assert {(each.shown, each.why) for each in found if each.wave} == {("withheld", "open")}
    (told,) = json.loads(as_json(facts(asked)))["waves"]
    assert told["refused"] == "open"


# Topics


@pytest.mark.parametrize(("level", "shown", "low"), [(rules.STANDARD, "steps", 14), (rules.RESEARCH, "exact", 17)])
def test_topics_are_of_pairs_and_do_not_mix_with_people(level: rules.Level, shown: str, low: int) -> None:
    found = lines(facts(released(level)))
    one = line(found, "end.topic/1", "pairs")
    assert (one.shown, one.low, one.high, one.of) == (shown, low, 17, 17)
    assert line(found, "end.had_met", "pairs").n == 17
    assert line(found, "end.answered", "all").of == sum(INVITED.values())


def without_topics(asked: Asked) -> Asked:
    assert asked.release
    rows = tuple(row for row in asked.release.rows if row.roles != PAIRS)
    return replace(asked, release=replace(asked.release, rows=rows))


def test_topics_that_are_not_told_are_withheld_once() -> None:
    agreed, others = without_topics(released()), replace(without_topics(released(rules.STANDARD)), key="others")
    (one,) = [each for each in lines(facts(agreed, others)) if each.shown == "withheld"]
    assert (one.item, one.group, one.why, one.wave) == ("end.topics", "pairs", "topics", agreed.key)


def test_topics_that_another_wave_of_the_questionnaire_tells_are_not_missing() -> None:
    others = replace(released(rules.STANDARD), key="others")
    assert not [each for each in lines(facts(without_topics(released()), others)) if each.shown == "withheld"]


# Mentees beside the comparison group


def test_exact_counts_are_compared_with_intervals() -> None:
    (one,) = [each for each in comparisons(lines(facts(released()))) if each.item == "end.friends"]
    assert (one.mentees_interval, one.controls_interval) == ((67, 97), (76, 98))
    assert one.points == -3
    assert one.difference[0] < 0 < one.difference[1]


def test_only_what_both_were_asked_is_compared() -> None:
    assert {one.item for one in comparisons(lines(facts(released())))} == {"end.peers", "end.friends"}


@pytest.mark.parametrize("level", LEVELS)
def test_ranges_are_compared_as_the_range_of_what_is_possible(level: rules.Level) -> None:
    found = lines(facts(released(level), level=level.name))
    (one,) = [each for each in comparisons(found) if each.item == "end.friends"]
    assert one.points is None
    assert one.mentees_interval is None
    (low, high), (other_low, other_high) = rules.steps(16, 18, level.role_step), rules.steps(24, 26, level.role_step)
    assert one.difference[0] <= 100 * (low / 18 - other_high / 26)
    assert one.difference[1] >= 100 * (high / 18 - other_low / 26)


def test_two_waves_of_one_instrument_are_compared_each_by_itself() -> None:
    agreed, others = released(), replace(released(rules.STANDARD), key="end-others")
    found = list(comparisons(lines(facts(agreed, others))))
    assert {(one.wave, one.shown) for one in found} == {("end-2027-07-19", "exact"), ("end-others", "steps")}


# The file


def test_the_same_facts_are_the_same_bytes_through_a_child_process_too() -> None:
    report = full(rules.RESEARCH)
    copied = msgspec.msgpack.decode(msgspec.msgpack.encode(report), type=Facts)
    assert as_json(report) == as_json(copied)


def test_every_row_has_every_key() -> None:
    told = json.loads(as_json(full(rules.STANDARD)))
    assert {frozenset(each) for each in told["rows"]} == {
        frozenset({"item", "group", "n", "N", "percent", "low", "high", "shown", "why", "wave", "about", "what"})
    }
    assert (told["programme"], told["made_on"], told["level"]) == ("Westmarch peer mentoring", "2027-09-02", "standard")
