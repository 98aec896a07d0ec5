"""The report comes from the ledger and from facts that leads may know: nothing else of the database can change it."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from bot.report.build import as_json
from bot.report.contents import contents
from bot.report.facts import Attendance, Facts
from bot.report.gathering import facts_of
from bot.report.page import page
from bot.surveys import rules
from bot.surveys.release import Release, published
from storage.records import Wave
from tests import databases, waves
from tests.report import sample
from tests.world import World, open_at


def gathered(world: World) -> Facts:
    with world.uow() as uow:
        return facts_of(world.programme, uow)


def let_out(world: World, release: Release) -> Wave:
    """A wave that is over, with this in the ledger."""
    wave = waves.open_wave(world)
    with world.uow() as uow:
        for before, after in (("open", "closing"), ("closing", "released"), ("released", "scrubbed")):
            uow.waves.advance(wave.id, before, after)
        uow.ledger.add(wave.id, published(release))
    return wave


def a_release() -> Release:
    asked = sample.released(rules.STANDARD)
    assert asked.release
    return asked.release


def test_pairs_are_counted_by_their_meetings_and_by_how_they_ended(world: World) -> None:
    first, second = world.introduce("Amara"), world.introduce("Tomasz")
    world.pass_time(days=10)
    with world.uow() as uow:
        for day in (1, 2, 3):
            uow.meetings.log(first.id, (world.now + timedelta(days=day)).date(), by=first.mentor.id)
        uow.meetings.arrange(second.id, world.now.date())
        uow.pairs.end(second.id, "leave")
    pairs = gathered(world).pairs
    assert (pairs.meetings, pairs.ended, pairs.completed) == ((0, 3), {"leave": 1}, 1)


def test_a_pair_that_is_ended_after_the_programme_has_completed_it(world: World) -> None:
    pair = world.introduce("Amara")
    world.pass_time(days=400)
    with world.uow() as uow:
        uow.pairs.end(pair.id, "moved")
    assert gathered(world).pairs.completed == 1


def test_pairs_that_were_never_introduced_are_not_counted(world: World) -> None:
    assert gathered(world).pairs.introduced == 0


def test_parts_say_who_joined_and_who_left_again(world: World) -> None:
    world.join("Amara", "Niamh")
    with world.uow() as uow:
        uow.people.set_state(world.people["Amara"].id, "left")
        uow.people.set_state(world.people["Tomasz"].id, "left")
    parts = {part.role: (part.listed, part.joined, part.left) for part in gathered(world).parts}
    assert parts == {"mentor": (2, 1, 1), "mentee": (2, 1, 0), "control": (1, 0, 0)}


def test_sessions_are_numbered_within_their_sets(world: World) -> None:
    world.join("Amara", "Tomasz")
    with world.uow() as uow:
        for name, member in (("Northern set", "Amara"), ("Southern set", "Tomasz")):
            learning_set = uow.sets.add(world.programme.id, name, world.people["Brigid"].id)
            uow.sets.add_member(learning_set.id, world.people[member].id)
            for week in range(3 if member == "Amara" else 1):
                session = uow.sets.add_session(learning_set.id, world.now + timedelta(weeks=week), 120)
                if week < 2:
                    uow.sets.fill_register(session, [world.people[member].id] if week == 0 else [])
    assert gathered(world).sessions == (Attendance(1, 2, 2, 2), Attendance(2, 1, 0, 1))


def test_a_wave_comes_with_what_was_declared_and_what_was_let_out(world: World) -> None:
    world.join("Amara", "Niamh")
    release = a_release()
    let_out(world, release)
    world.pass_time(days=30)
    waves.open_wave(world)
    closed, still_open = gathered(world).waves
    assert (closed.key, closed.release, closed.instrument) == ("pulse-2026-02-02", release, waves.PULSE)
    assert (still_open.key, still_open.release) == ("pulse-2026-03-04", None)


def test_what_has_not_been_asked_yet_is_named(world: World) -> None:
    assert "Final questionnaire" in " ".join(gathered(world).to_come)


def test_recruitment_is_what_leads_have_entered(world: World) -> None:
    with world.uow() as uow:
        uow.programmes.change(world.programme.id, mentees_eligible=84, mentees_applied=76, controls_volunteered=26)
        world.programme = uow.programmes.get(world.programme.id)
    said = gathered(world).recruitment
    assert (said.mentees_eligible, said.mentees_applied, said.controls_volunteered) == (84, 76, 26)
    assert said.mentors_applied is None


# What must not reach it

SECRET = "Zanzibar"


def unreleased(world: World) -> None:
    """Everything about people that is stored and that leads may not know, or the report need not."""
    pair = world.introduce("Amara")
    with world.uow() as uow:
        uow.meetings.log(
            pair.id, world.now.date(), by=pair.mentee.id, minutes=5, how="phone", topics=("exams", "personal")
        )
        uow.support.ask(world.people["Niamh"].id, world.people["Brigid"].id)
        uow.outbox.add(to="dm:1", key="note", message=waves.NOTE)
    with world.database.engine.begin() as connection:
        connection.execute(text("UPDATE person SET profile = :it, grade = :it"), {"it": SECRET})


def plain(world: World) -> None:
    """The same, as far as leads may know it."""
    pair = world.introduce("Amara")
    with world.uow() as uow:
        uow.meetings.log(pair.id, world.now.date(), by=pair.mentor.id, minutes=480, how="video", topics=("other",))


def test_a_questionnaire_whose_day_has_passed_is_not_said_to_come(world: World) -> None:
    with world.uow() as uow:
        uow.programmes.change(world.programme.id, ends_on=world.now.date() + timedelta(days=60))
        world.programme = uow.programmes.get(world.programme.id)
    let_out(world, a_release())
    world.pass_time(days=61)
    facts = gathered(world)
    assert facts.to_come == ("One year on",)
    assert "Final questionnaire" in facts.left_out
    told = page(contents(facts))
    assert "was not asked" in told
    assert "not asked yet" in told


def test_programmes_that_differ_in_what_is_not_released_have_the_same_report(
    world: World, template: str, tmp_path: Path
) -> None:
    """Names, topics, lengths, requests for support, and the answers of an open wave among it."""
    with databases.lent(template, tmp_path, "twin") as url:
        twin = open_at(url)
        for each, agreed, words in ((world, 5, SECRET), (twin, 1, "nothing")):
            each.join("Amara", "Niamh", "Tomasz", "Haruki")
            let_out(each, a_release())
            each.pass_time(days=40)
            wave = waves.open_wave(each)
            for first in ("Amara", "Niamh") if agreed == 5 else ("Tomasz",):
                waves.answer(each, wave, each.people[first].id, (agreed, agreed, agreed), words=words)
        unreleased(world)
        plain(twin)
        one, other = gathered(world), gathered(twin)
        twin.database.close()
    assert one == other
    assert as_json(one) == as_json(other)
    for content in (as_json(one).decode(), page(contents(one))):
        assert not [word for word in (SECRET, "Amara", "Niamh", "Okonjo", "Fenmoor") if word in content]


def test_what_is_released_does_change_it(world: World) -> None:
    """So that the test above can fail."""
    before = as_json(gathered(world))
    let_out(world, a_release())
    assert as_json(gathered(world)) != before
