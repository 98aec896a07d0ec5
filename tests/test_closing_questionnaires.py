"""The close of questionnaires and reflections: two waves side by side, rows over several roles, facts that are asked
once, topics of meetings, and words by question."""

from collections.abc import Iterable
from datetime import date
from itertools import chain
from random import Random

import msgspec
import pytest
import structlog

from bot.closing import Closing
from bot.surveys.audit import audit
from bot.surveys.auditing import Question, Verdict
from bot.surveys.loading import all_instruments
from bot.surveys.release import PAIRS, Release, Row, from_ledger
from storage.consents import EXACT_COUNTS
from storage.records import Wave
from tests import waves
from tests.world import World

BASELINE = all_instruments()["baseline"]


async def checked(question: Question) -> Verdict:
    """The real audit, without a process of its own."""
    return audit(question)


def closing_of(world: World) -> Closing:
    return Closing(world.database, clock=lambda: world.now, random=Random(3), audit=checked)


def have_opened(world: World, name: str) -> list[Wave]:
    """Let a questionnaire open; its waves, exact ones first."""
    with world.uow() as uow:
        waves.have_opened(uow, name)
        found = [wave for wave in uow.waves.are_under_way(world.programme.id) if wave.name == name]
    return sorted(found, key=lambda wave: wave.level)


async def close_all(world: World) -> dict[str, Release]:
    """Close what is open; the newest release of each level."""
    with world.uow() as uow:
        for wave in uow.waves.are_under_way(world.programme.id):
            assert uow.waves.advance(wave.id, "open", "closing")
    await closing_of(world).advance()
    with world.uow() as uow:
        releases = [from_ledger(entry.body) for entry in uow.ledger.all(world.programme.id)]
    return {release.level: release for release in releases}


def research(world: World, *agreed: Iterable[int]) -> None:
    with world.uow() as uow:
        uow.programmes.change(world.programme.id, disclosure="research")
        for person_id in chain(*agreed):
            uow.consents.give(world.programme.id, person_id, EXACT_COUNTS)


def counts(release: Release, split: str) -> dict[tuple[str, ...], tuple[int, int, int]]:
    """By roles: low and high of n."""
    return {
        row.roles: (result.low, result.high, row.n)
        for row in release.rows
        for result in row.results
        if result.split == split
    }


# Two waves side by side


async def test_those_who_agreed_are_told_exactly_with_a_row_over_all_and_the_others_in_steps(world: World) -> None:
    ids = waves.enrol(world, 18 + 9, 18, controls=26)
    mentors, others = ids["mentor"][:18], ids["mentor"][18:]
    research(world, mentors, ids["mentee"], ids["control"])
    exact, rest = have_opened(world, "baseline")
    for number, person_id in enumerate([*mentors, *ids["mentee"], *ids["control"]]):
        waves.answer_parts(world, exact, person_id, {"experience": (1,) if number % 16 == 0 else (2,)})
    for person_id in others:
        waves.answer_parts(world, rest, person_id, {"experience": (1,)})
    released = await close_all(world)
    assert counts(released["research"], "experience") == {
        ("mentor",): (2, 2, 18),
        ("mentee",): (1, 1, 18),
        ("control",): (1, 1, 26),
        ("mentor", "mentee", "control"): (4, 4, 62),
    }
    assert counts(released["standard"], "experience") == {("mentor",): (7, 9, 9)}
    assert {release.kind for release in released.values()} == {"questionnaire"}


async def test_nothing_is_declared_over_several_roles_where_counts_are_told_in_steps(world: World) -> None:
    ids = waves.enrol(world, 9, 9, controls=9)
    (wave,) = have_opened(world, "baseline")
    for person_id in (each for people in ids.values() for each in people):
        waves.answer_parts(world, wave, person_id, {"experience": (1,)})
    released = await close_all(world)
    assert counts(released["standard"], "experience").keys() == {("mentor",), ("mentee",), ("control",)}


async def test_an_exact_result_is_not_compared_with_that_of_the_others(world: World) -> None:
    ids = waves.enrol(world, 18, 0)["mentor"]
    research(world, ids[:9])
    for wave in have_opened(world, "baseline"):
        with world.uow() as uow:
            members = uow.waves.members(wave.id)
        for person_id, _role in members:
            waves.answer_parts(world, wave, person_id, {"experience": (1,)})
    await close_all(world)
    with world.uow() as uow:
        assert [uow.ledger.before(entry) for entry in uow.ledger.all(world.programme.id)] == [[], []]


async def test_who_sent_only_some_parts_counts_and_has_said_yes_to_nothing_else(world: World) -> None:
    ids = waves.enrol(world, 9, 0)["mentor"]
    (wave,) = have_opened(world, "end")
    everything = {item.id: (5,) for item in all_instruments()["end"].items if item.kind == "likert"}
    for number, person_id in enumerate(ids):
        waves.answer_parts(world, wave, person_id, everything, parts=(1, 2, 3) if number > 3 else (1,))
    (row,) = (await close_all(world))["standard"].rows
    assert row.n == 9
    first, last = (next(r for r in row.results if r.split == split) for split in ("useful", "coaching"))
    assert (first.low, first.high) == (7, 9)
    assert (last.low, last.high) == (4, 6)


# Facts that cannot change


@pytest.mark.parametrize(("level", "refused"), [("standard", "not_computed"), ("research", "")])
async def test_a_fact_that_the_same_people_are_asked_twice_is_not_told_again(
    world: World, level: str, refused: str
) -> None:
    """Those who are told exactly and the others are never the same: what one of the two was asked is new to the
    other."""
    ids = waves.enrol(world, 9, 0)["mentor"]
    for name, yes in (("baseline", 4), ("again", 8)):  # some remember it differently
        instrument = msgspec.structs.replace(BASELINE, id=name)
        wave = waves.open_wave(world, instrument, level=level if name == "again" else "standard")
        for number, person_id in enumerate(ids):
            waves.answer_parts(world, wave, person_id, {"experience": (1,) if number < yes else (2,)})
        with structlog.testing.capture_logs() as logs:
            released = await close_all(world)
    assert released[level].refused == refused
    assert [entry["event"] for entry in logs] == (["wave.withheld"] if refused else [])


async def test_a_questionnaire_that_is_stricter_by_itself_asks_the_same_people_as_the_exact_ones(world: World) -> None:
    """Also in a programme that tells exact counts it is one wave, with those in it who are told exactly elsewhere."""
    ids = waves.enrol(world, 9, 0)["mentor"]
    for name, level, yes in (("baseline", "research", 4), ("wellbeing", "standard", 8)):
        instrument = msgspec.structs.replace(BASELINE, id=name, level=level)
        wave = waves.open_wave(world, instrument, level=level)
        for number, person_id in enumerate(ids):
            waves.answer_parts(world, wave, person_id, {"experience": (1,) if number < yes else (2,)})
        released = await close_all(world)
    assert released["research"].refused == ""
    assert released["standard"].refused == "not_computed"


# Topics of meetings


def meet(world: World, pairs: int, *, exams: int) -> dict[str, list[int]]:
    """So many pairs that have met once, and of which so many talked about exams; the people of all of them."""
    ids = waves.enrol(world, pairs, pairs)
    with world.uow() as uow:
        for number, both in enumerate(zip(ids["mentor"], ids["mentee"], strict=True)):
            pair_id = uow.pairs.add(world.programme.id, *both)
            uow.pairs.introduce(pair_id)
            topics = ["exams", "performance"] if number < exams else []
            uow.meetings.log(pair_id, date(2026, 3, 2), by=both[0], topics=topics)
            uow.meetings.log(pair_id, date(2026, 4, 2), by=both[0], topics=["exams"] if number < exams else [])
    return ids


def answered(world: World, name: str) -> None:
    """Let a questionnaire open, and everybody send the first part."""
    for wave in have_opened(world, name):
        with world.uow() as uow:
            members = uow.waves.members(wave.id)
        for person_id, _role in members:
            waves.answer_parts(world, wave, person_id, {"useful": (5,)}, parts=(1,))


def topics_in(release: Release) -> Row | None:
    rows = [row for row in release.rows if row.roles == PAIRS]
    return rows[0] if rows else None


async def test_topics_are_told_of_pairs_in_steps_at_half_way(world: World) -> None:
    meet(world, 18, exams=17)
    world.introduce("Amara")  # and never met
    answered(world, "midpoint")
    row = topics_in((await close_all(world))["standard"])
    assert row is not None
    assert (row.invited, row.n) == (19, 18)
    told = {result.split: (result.about, result.low, result.high) for result in row.results}
    assert told["topics/exams"] == ("Exams", 15, 18)
    assert told["topics/career_planning"] == ("Career planning", 0, 6)
    assert len(told) == 9


async def test_topics_are_told_with_the_milestones_and_with_nothing_else(world: World) -> None:
    meet(world, 18, exams=17)
    for name in ("baseline", "follow_up"):
        answered(world, name)
        assert topics_in((await close_all(world))["standard"]) is None, name
        world.pass_time(days=30)


async def test_topics_of_fewer_than_eight_pairs_are_not_told(world: World) -> None:
    meet(world, 7, exams=4)
    waves.enrol(world, 9, 9, prefix="more")
    answered(world, "midpoint")
    release = (await close_all(world))["standard"]
    assert not release.refused
    assert topics_in(release) is None


async def test_where_too_few_answer_no_topics_are_told_either(world: World) -> None:
    meet(world, 18, exams=17)
    have_opened(world, "midpoint")
    release = (await close_all(world))["standard"]
    assert (release.refused, release.rows) == ("few", ())


async def test_of_two_waves_that_close_together_one_tells_topics(world: World) -> None:
    ids = meet(world, 18, exams=17)
    research(world, ids["mentor"][:9], ids["mentee"][:9])
    answered(world, "midpoint")
    released = await close_all(world)
    told = [row for row in map(topics_in, released.values()) if row is not None]
    assert [(row.n, row.results[2].low, row.results[2].high) for row in told] == [(18, 15, 18)]


async def test_where_both_of_every_pair_agreed_topics_are_exact_at_the_end_and_silent_before(world: World) -> None:
    ids = meet(world, 18, exams=17)
    research(world, *ids.values())
    answered(world, "midpoint")
    assert topics_in((await close_all(world))["research"]) is None
    world.pass_time(days=150)
    answered(world, "end")
    row = topics_in((await close_all(world))["research"])
    assert row is not None
    assert {result.split: (result.low, result.high) for result in row.results}["topics/exams"] == (17, 17)


async def test_one_who_did_not_agree_is_enough_for_steps_to_the_end(world: World) -> None:
    ids = meet(world, 18, exams=17)
    research(world, ids["mentor"], ids["mentee"][1:])
    answered(world, "midpoint")
    before = topics_in((await close_all(world))["research"])
    meet_more = waves.enrol(world, 1, 1, prefix="late")
    with world.uow() as uow:
        pair_id = uow.pairs.add(world.programme.id, meet_more["mentor"][0], meet_more["mentee"][0])
        uow.pairs.introduce(pair_id)
        uow.meetings.log(pair_id, date(2026, 6, 2), by=meet_more["mentor"][0], topics=["exams"])
    world.pass_time(days=150)
    answered(world, "end")
    row = topics_in((await close_all(world))["research"])
    assert before is not None
    assert row is not None
    assert [(each.low, each.high) for each in (before.results[2], row.results[2])] == [(15, 18), (15, 19)]


async def test_topics_that_the_audit_refuses_are_left_out_and_the_operator_told(world: World) -> None:
    meet(world, 18, exams=17)
    answered(world, "midpoint")

    async def refuses(question: Question) -> Verdict:
        return Verdict(passed=question.told[0].roles != PAIRS)

    with world.uow() as uow:
        (wave,) = uow.waves.are_under_way(world.programme.id)
    waves.begin_to_close(world, wave)
    with structlog.testing.capture_logs() as logs:
        await Closing(world.database, clock=lambda: world.now, random=Random(1), audit=refuses).advance()
    with world.uow() as uow:
        entry = uow.ledger.of_wave(wave.id)
    assert entry is not None
    assert [row.roles for row in from_ledger(entry.body).rows] == [("mentor",), ("mentee",)]
    assert [entry["event"] for entry in logs] == ["wave.topics_withheld"]


# Words


async def test_what_mentors_bring_from_their_sets_is_told_question_by_question(world: World) -> None:
    mentors = waves.enrol(world, 12, 0)["mentor"]
    (wave,) = have_opened(world, "reflection")
    for number, person_id in enumerate(mentors):
        words = {"good": f"Good {number}.", "hard": f"Hard {number}."}
        waves.answer_parts(world, wave, person_id, {"als": (5,)}, words=words if number % 2 else {"good": "Good."})
    release = (await close_all(world))["standard"]
    assert release.kind == "reflection"
    assert release.questions == ("What has gone well",) * 12 + ("What has been hard, and what helped",) * 6
    assert all(text.startswith("Good") for text in release.comments[:12])
    assert all(text.startswith("Hard") for text in release.comments[12:])
    assert counts(release, "als") == {("mentor",): (10, 12, 12)}
