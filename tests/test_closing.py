"""The close of a wave: one release, whatever happens on the way, and nothing left behind."""

from random import Random
from typing import Any

import pytest
import structlog
from sqlalchemy import func, select

from bot import closing as closing_module
from bot.closing import AFTER_A_FAULT, Closing
from bot.reading import about
from bot.surveys.auditing import AuditFailed, Question, Verdict
from bot.surveys.release import Release, from_ledger
from bot.surveys.sealing import SCORES, WORDS, tag
from storage.models import outbox, prompt, sealed_answer, wave_member
from storage.records import Wave
from storage.waves import message_key
from tests import waves
from tests.contract.test_crashes import Killed, Reaper
from tests.world import World


class Audit:
    """Answers in place of the audit, whose child process is slow to start. ``verdicts``: in turn, the last for good."""

    def __init__(self, *verdicts: Verdict | Exception) -> None:
        self.verdicts = list(verdicts)
        self.questions: list[Question] = []

    async def __call__(self, question: Question) -> Verdict:
        self.questions.append(question)
        verdict = self.verdicts.pop(0) if len(self.verdicts) > 1 else self.verdicts[0]
        if isinstance(verdict, Exception):
            raise verdict
        return verdict


PASSED = Verdict(passed=True)


def closing_of(world: World, seed: int = 3, audit: Audit | None = None) -> Closing:
    return Closing(world.database, clock=lambda: world.now, random=Random(seed), audit=audit or Audit(PASSED))


@pytest.fixture
def closing(world: World) -> Closing:
    return closing_of(world)


def answered_wave(world: World, mentors: int = 12, mentees: int = 9) -> Wave:
    """A wave that everybody answered: mentors all agree, every third mentee does not."""
    ids = waves.enrol(world, mentors, mentees)
    wave = waves.open_wave(world)
    for person_id in ids["mentor"]:
        waves.answer(world, wave, person_id, (5, 4, 4), words=f"From {person_id}.", show=person_id % 2 == 0)
    for number, person_id in enumerate(ids["mentee"]):
        waves.answer(world, wave, person_id, (2 if number % 3 == 0 else 4, 3, 0))
    return wave


def released(world: World, wave: Wave) -> Release:
    with world.uow() as uow:
        entry = uow.ledger.of_wave(wave.id)
    assert entry is not None
    return from_ledger(entry.body)


def count(world: World, table: Any) -> int:
    with world.database.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def state(world: World, wave: Wave) -> str:
    with world.uow() as uow:
        return uow.waves.get(wave.id).state


async def test_a_close_tells_steps_for_each_role_through_the_real_audit(world: World) -> None:
    wave = answered_wave(world)
    await waves.close(world, wave, Closing(world.database, clock=lambda: world.now, random=Random(3)))
    release = released(world, wave)
    mentors, mentees = release.rows
    assert (mentors.roles, mentors.invited, mentors.n) == (("mentor",), 12, 12)
    assert [(r.split, r.low, r.high) for r in mentors.results] == [("time", 10, 12), ("trust", 10, 12), ("use", 10, 12)]
    assert (mentees.roles, mentees.invited, mentees.n) == (("mentee",), 9, 9)
    assert [(r.split, r.low, r.high) for r in mentees.results] == [("time", 4, 6), ("trust", 0, 3), ("use", 0, 3)]
    assert release.refused == ""
    assert (release.opened_on, release.closed_on) == (world.now.date(), wave.closes_at.date())


async def test_only_words_that_their_authors_let_be_shown_come_out(world: World, closing: Closing) -> None:
    wave = answered_wave(world)
    await waves.close(world, wave, closing)
    comments = released(world, wave).comments
    assert len(comments) == 6
    assert all(int(text.removeprefix("From ").rstrip(".")) % 2 == 0 for text in comments)
    assert list(comments) != sorted(comments, key=lambda text: int(text[5:-1]))


async def test_nothing_is_left_of_answers_of_who_was_asked_and_of_keys(world: World, closing: Closing) -> None:
    wave = answered_wave(world)
    with world.uow() as uow:
        members = uow.waves.members(wave.id)
        for person_id, _role in members[:5]:
            uow.outbox.add(to=f"dm:{person_id}", key=message_key(wave.id, "reminder"), message=waves.NOTE)
            uow.due.add("wave_ask", about(wave.id, person_id), wave.closes_at)
        uow.outbox.add(to=f"dm:{members[0][0]}", key="something:else", message=waves.NOTE)
    await waves.close(world, wave, closing)
    assert state(world, wave) == "destroyed"
    assert count(world, sealed_answer) == count(world, wave_member) == 0
    assert [row.key for row in world.queued()] == ["something:else"]
    assert world.due() == []
    with world.uow() as uow:
        assert uow.keys.names() == set()


async def test_the_budget_counts_the_same_for_everybody_whoever_was_reminded(world: World, closing: Closing) -> None:
    ids = waves.enrol(world, 4, 4)
    wave = waves.open_wave(world)
    for what, reached in (("invite", [*ids["mentor"], *ids["mentee"]]), ("reminder", ids["mentee"][:2])):
        for person_id in reached:
            waves.send(world, person_id, message_key(wave.id, what))
    await waves.close(world, wave, closing)
    with world.database.engine.connect() as connection:
        rows = connection.execute(select(prompt.c.person_id, prompt.c.outbox_id, prompt.c.sent_at)).all()
    by_person = {
        person_id: {(o, at) for p, o, at in rows if p == person_id} for person_id in ids["mentor"] + ids["mentee"]
    }
    assert len(rows) == 2 * 8
    assert len(set(map(frozenset, by_person.values()))) == 1
    assert count(world, outbox) == 0


@pytest.mark.parametrize("answers", [0, 7])
async def test_too_few_answers_release_nothing_and_say_only_that(answers: int, world: World, closing: Closing) -> None:
    ids = waves.enrol(world, 5, 5)
    wave = waves.open_wave(world)
    for person_id in [*ids["mentor"], *ids["mentee"]][:answers]:
        waves.answer(world, wave, person_id, words="A canary sang", show=True)
    await waves.close(world, wave, closing)
    release = released(world, wave)
    assert (release.rows, release.comments, release.refused) == ((), (), "few")


async def test_a_role_that_is_too_small_is_pooled(world: World, closing: Closing) -> None:
    wave = answered_wave(world, mentors=7, mentees=9)
    await waves.close(world, wave, closing)
    (row,) = released(world, wave).rows
    assert (row.roles, row.n, row.invited) == (("mentor", "mentee"), 16, 16)


async def test_a_second_answer_replaces_the_first_and_one_taken_back_is_gone(world: World, closing: Closing) -> None:
    ids = waves.enrol(world, 9, 0)
    wave = waves.open_wave(world)
    for person_id in ids["mentor"]:
        waves.answer(world, wave, person_id, (1, 1, 1), words="First")
        waves.answer(world, wave, person_id, (5, 5, 5), words="")
    keys = waves.keys_of_wave(world, wave)
    with world.uow() as uow:
        tags = [tag(keys.secret, ids["mentor"][0], 1, kind) for kind in (SCORES, WORDS)]
        assert uow.waves.known(wave.id, tags) == set(tags)
        assert uow.waves.take_back(wave.id, tags)
        assert not uow.waves.take_back(wave.id, tags)
    await waves.close(world, wave, closing)
    (row,) = released(world, wave).rows
    assert (row.n, row.invited) == (8, 9)
    assert [(r.low, r.high) for r in row.results] == [(6, 8)] * 3


async def test_an_answer_of_who_has_left_still_counts_and_who_joins_later_is_not_asked(
    world: World, closing: Closing
) -> None:
    ids = waves.enrol(world, 9, 0)
    wave = waves.open_wave(world)
    for person_id in ids["mentor"]:
        waves.answer(world, wave, person_id)
    with world.uow() as uow:
        uow.people.set_state(ids["mentor"][0], "left")
    late = waves.enrol(world, 1, 0, prefix="late")["mentor"][0]
    with world.uow() as uow:
        assert uow.waves.role_in(wave.id, late) is None
        assert uow.waves.open_for(late) == []
        assert uow.waves.open_for(ids["mentor"][0])[0][1] == "mentor"
    await waves.close(world, wave, closing)
    (row,) = released(world, wave).rows
    assert (row.n, row.invited) == (9, 9)


async def test_keys_that_are_lost_give_no_result_loudly_and_break_nothing_else(world: World, closing: Closing) -> None:
    wave = answered_wave(world)
    with world.uow() as uow:
        uow.keys.destroy(wave.key_id)
    with structlog.testing.capture_logs() as logs:
        await waves.close(world, wave, closing)
    release = released(world, wave)
    assert (release.rows, release.comments, release.refused) == ((), (), "not_computed")
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("wave.not_computed", "error")]
    assert state(world, wave) == "destroyed"
    assert count(world, sealed_answer) == 0


async def test_a_damaged_box_gives_no_result(world: World, closing: Closing) -> None:
    wave = answered_wave(world)
    keys = waves.keys_of_wave(world, wave)
    with world.uow() as uow:
        person_id, _role = next(m for m in uow.waves.members(wave.id) if m[1] == "mentor")
        uow.waves.put(wave.id, [(tag(keys.secret, person_id, 1, SCORES), b"x" * 80)])
    await waves.close(world, wave, closing)
    assert released(world, wave).refused == "not_computed"


async def test_a_release_that_the_audit_refuses_is_withheld_and_the_operator_told(world: World) -> None:
    audit = Audit(Verdict(passed=False))
    wave = answered_wave(world)
    with structlog.testing.capture_logs() as logs:
        await waves.close(world, wave, closing_of(world, audit=audit))
    assert released(world, wave).refused == "not_computed"
    assert released(world, wave).rows == ()
    assert [entry["event"] for entry in logs] == ["wave.withheld"]
    assert {(told.roles, told.n) for told in audit.questions[0].told} == {(("mentor",), 12), (("mentee",), 9)}


async def test_an_audit_that_cannot_be_made_is_made_later_and_nothing_is_told_before(world: World) -> None:
    audit = Audit(AuditFailed("no memory"), PASSED)
    closing = closing_of(world, audit=audit)
    wave = answered_wave(world)
    waves.begin_to_close(world, wave)
    assert await closing.advance() == 0
    assert await closing.advance() == 0
    assert (state(world, wave), len(audit.questions)) == ("closing", 1)
    world.now += AFTER_A_FAULT
    assert await closing.advance() == 1
    assert released(world, wave).refused == ""


async def test_a_wave_is_released_once_whatever_the_clock_and_whoever_closes_it(world: World, closing: Closing) -> None:
    wave = answered_wave(world)
    await waves.close(world, wave, closing)
    before = released(world, wave)
    world.pass_time(days=-30)
    assert await closing_of(world, seed=4).advance() == 0
    with world.uow() as uow:
        assert not uow.waves.advance(wave.id, "open", "closing")
        assert not uow.ledger.add(wave.id, "another")
        assert not uow.waves.takes_answers(uow.waves.get(wave.id))
    assert released(world, wave) == before


async def test_two_processes_that_close_at_once_release_once(world: World) -> None:
    wave = answered_wave(world)
    waves.begin_to_close(world, wave)
    first, second = closing_of(world, seed=1), closing_of(world, seed=2)
    mine = await first._counting.count(wave)
    theirs = await second._counting.count(wave)
    assert mine.release.comments != theirs.release.comments
    with world.uow() as uow:
        closing_module._enter(wave, theirs, uow)
    with world.uow() as uow:
        closing_module._enter(wave, mine, uow)
    assert await first.advance() == 1
    assert released(world, wave) == theirs.release


async def test_a_close_that_is_killed_anywhere_gives_one_release_and_leaves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave = answered_wave(world, mentors=10, mentees=8)
    waves.begin_to_close(world, wave)
    saved = waves.Saved(world)
    reaper = Reaper(monkeypatch)
    reaper.arm(None)
    await closing_of(world).advance()
    last = reaper.steps
    assert last > 20
    entries = []
    for at in range(last):
        saved.restore()
        reaper.arm(at)
        with pytest.raises(Killed):
            await closing_of(world).advance()
        reaper.disarm()
        killed_in = state(world, wave)
        with world.uow() as uow:
            entry = uow.ledger.of_wave(wave.id)
        assert (entry is None) == (killed_in == "closing")
        await closing_of(world).advance()
        after = released(world, wave)
        assert entry is None or from_ledger(entry.body) == after
        assert state(world, wave) == "destroyed"
        assert count(world, sealed_answer) == count(world, wave_member) == 0
        with world.uow() as uow:
            assert uow.keys.names() == set()
        assert world.due() == []
        entries.append(killed_in)
    saved.forget()
    assert set(entries) == {"closing", "released", "scrubbed", "destroyed"}


@pytest.mark.sqlite_only
async def test_a_reader_that_holds_up_the_scrubbing_is_waited_for(world: World, closing: Closing) -> None:
    wave = answered_wave(world)
    waves.begin_to_close(world, wave)
    with world.database.engine.connect() as reader:
        driver: Any = reader.connection.driver_connection
        driver.execute("PRAGMA busy_timeout=0")
        driver.execute("BEGIN")
        driver.execute("SELECT count(*) FROM sealed_answer").fetchone()
        assert await closing.advance() == 0
        assert state(world, wave) == "released"
        with world.uow() as uow:
            assert uow.keys.names() == {wave.key_id}
        driver.execute("ROLLBACK")
    assert await closing.advance() == 1
    assert state(world, wave) == "destroyed"
