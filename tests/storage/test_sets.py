"""Action Learning Sets in the database, on SQLite and, where a server answers, on PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from storage.records import NotThere
from storage.sets import AnotherSet
from storage.unit_of_work import UnitOfWork
from tests.handlers import test_als, test_als_change, test_als_register
from tests.handlers.acts import deliver
from tests.handlers.sets import WEDNESDAY, add_session, live_until, make_set
from tests.storage.test_postgres import wait_until_it_waits_or_is_done
from tests.world import World


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest) -> World:
    world: World = request.getfixturevalue("world" if request.param == "sqlite" else "postgres_world")
    return world


def test_a_change_raises_the_sequence_and_another_time_forgets_the_answers(either: World) -> None:
    made = make_set(either)
    amara = either.people["Amara"].id
    with either.uow() as uow:
        session = uow.sets.add_session(made.id, WEDNESDAY, 120)
        uow.sets.answer(session.id, amara, "yes")
        elsewhere = uow.sets.change_session(session.id, WEDNESDAY, 90, "Library")
        assert (elsewhere.sequence, elsewhere.version, elsewhere.uid) == (1, 1, session.uid)
        assert uow.sets.answer_of(elsewhere, either.people["Amara"]) == "yes"
        later = uow.sets.change_session(session.id, WEDNESDAY + timedelta(hours=1), 90, "Library")
        assert (later.sequence, later.version, later.uid) == (2, 2, session.uid)
        assert uow.sets.answer_of(later, either.people["Amara"]) == ""
        cancelled = uow.sets.cancel_session(session.id)
        assert (cancelled.state, cancelled.sequence) == ("cancelled", 3)
        assert uow.sets.cancel_session(session.id) == cancelled, "cancelled twice"
        assert uow.sets.sessions(made.id) == []


def test_attendance_counts_who_came_of_those_in_the_register(either: World) -> None:
    made = make_set(either)
    with either.uow() as uow:
        session = uow.sets.add_session(made.id, either.now, 120)
        unheld = uow.sets.add_session(made.id, either.now - timedelta(days=3), 120)
        uow.sets.fill_register(session, {either.people["Amara"].id})
        (held,) = uow.sets.attendance(either.programme.id, since=either.now - timedelta(days=30))
        assert (held.session.id, held.came, held.members) == (session.id, 1, 2)
        assert uow.sets.attendance(either.programme.id, since=either.now + timedelta(days=1)) == []
        history = uow.sets.came(made.id, either.people["Tomasz"].id)
    assert [(one.id, there) for one, there in history] == [(unheld.id, None), (session.id, False)]


def test_a_person_is_in_one_set_and_a_facilitator_may_have_several(either: World) -> None:
    northern = make_set(either)
    southern = make_set(either, "Southern set", "Niamh")
    with either.uow() as uow:
        with pytest.raises(AnotherSet):
            uow.sets.add_member(southern.id, either.people["Amara"].id)
        assert [s.name for s in uow.sets.facilitated_by(either.people["Brigid"].id)] == ["Northern set", "Southern set"]
        assert [s.id for s in uow.sets.of_member(either.people["Amara"].id)] == [northern.id]
        renamed = uow.sets.change(northern.id, name="Upland set", facilitator_id=either.people["Gwen"].id)
        assert (renamed.name, renamed.facilitator) == ("Upland set", either.people["Gwen"])
        with pytest.raises(NotThere):
            uow.sets.get(999)


def test_everybody_s_set_is_known_whether_or_not_they_have_said_yes(either: World) -> None:
    northern = make_set(either)
    with either.uow() as uow:
        uow.people.set_state(either.people["Tomasz"].id, "invited")
        assert uow.sets.belonging(either.programme.id) == {
            either.people["Amara"].id: northern,
            either.people["Tomasz"].id: northern,
        }


def test_who_leaves_a_set_has_answered_nothing_to_come_and_stays_in_past_registers(either: World) -> None:
    made = make_set(either)
    amara = either.people["Amara"]
    with either.uow() as uow:
        held = uow.sets.add_session(made.id, either.now - timedelta(days=9), 120)
        coming = uow.sets.add_session(made.id, WEDNESDAY, 120)
        for session in (held, coming):
            uow.sets.answer(session.id, amara.id, "yes")
        uow.sets.fill_register(held, {amara.id})
        uow.sets.remove_member(made.id, amara.id)
        assert [uow.sets.answer_of(session, amara) for session in (held, coming)] == ["yes", ""]
        assert (amara, True) in uow.sets.register(held)
        uow.sets.add_member(made.id, amara.id)
        uow.sets.answer(coming.id, amara.id, "maybe")
        uow.sets.leave_all(amara.id)
        assert uow.sets.answer_of(coming, amara) == ""


def together(world: World, first: Callable[[UnitOfWork], object], second: Callable[[UnitOfWork], object]) -> object:
    """What the second of two says that are done at the same moment; the first commits before it."""

    def in_another_transaction() -> object:
        with world.uow() as uow:
            return second(uow)

    with ThreadPoolExecutor(1) as thread:
        with world.uow() as uow:
            first(uow)
            waiting = thread.submit(in_another_transaction)
            wait_until_it_waits_or_is_done(world, waiting.done)
        return waiting.result(timeout=20)


def test_two_leads_do_not_put_one_person_into_two_sets_at_once(postgres_world: World) -> None:
    northern, southern = make_set(postgres_world), make_set(postgres_world, "Southern set", "Niamh")
    leila = postgres_world.people["Leila"].id
    with pytest.raises(AnotherSet):
        together(
            postgres_world,
            lambda uow: uow.sets.add_member(northern.id, leila),
            lambda uow: uow.sets.add_member(southern.id, leila),
        )
    with postgres_world.uow() as uow:
        assert uow.sets.belonging(postgres_world.programme.id)[leila] == northern


def test_who_changes_a_set_sees_what_another_lead_has_just_changed(postgres_world: World) -> None:
    made = make_set(postgres_world)
    brigid = postgres_world.people["Brigid"].id

    def rename(uow: UnitOfWork) -> None:
        uow.sets.hold(made.id)
        uow.sets.change(made.id, name="Upland set", facilitator_id=brigid)

    found = together(postgres_world, rename, lambda uow: uow.sets.hold(made.id).name)
    assert found == "Upland set"


def test_whole_stories_go_on_postgresql_as_they_do_on_sqlite(postgres_world: World) -> None:
    world = postgres_world
    session = add_session(world, make_set(world))
    live_until(world, test_als.WEEK_BEFORE)
    deliver(world)
    test_als.test_one_tap_answers_and_every_card_shows_it(world, session, "yes")
    test_als_change.test_a_lead_may_and_the_facilitator_is_told(world, session)
    another = add_session(world, session.learning_set, WEDNESDAY + timedelta(weeks=8))
    live_until(world, another.ends_at)
    test_als_register.test_one_form_notes_who_came_and_the_card_shows_it(world, another)
