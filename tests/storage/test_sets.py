"""Action Learning Sets in the database."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from storage.records import NotThere
from storage.sets import AnotherSet
from storage.unit_of_work import UnitOfWork
from tests.handlers.sets import WEDNESDAY, make_set
from tests.storage.test_postgres import wait_until_it_waits_or_is_done
from tests.world import World


def test_a_change_raises_the_sequence_and_another_time_forgets_the_answers(world: World) -> None:
    made = make_set(world)
    amara = world.people["Amara"].id
    with world.uow() as uow:
        session = uow.sets.add_session(made.id, WEDNESDAY, 120)
        uow.sets.answer(session.id, amara, "yes")
        elsewhere = uow.sets.change_session(session.id, WEDNESDAY, 90, "Library")
        assert (elsewhere.sequence, elsewhere.version, elsewhere.uid) == (1, 1, session.uid)
        assert uow.sets.answer_of(elsewhere, world.people["Amara"]) == "yes"
        later = uow.sets.change_session(session.id, WEDNESDAY + timedelta(hours=1), 90, "Library")
        assert (later.sequence, later.version, later.uid) == (2, 2, session.uid)
        assert uow.sets.answer_of(later, world.people["Amara"]) == ""
        cancelled = uow.sets.cancel_session(session.id)
        assert (cancelled.state, cancelled.sequence) == ("cancelled", 3)
        assert uow.sets.cancel_session(session.id) == cancelled, "cancelled twice"
        assert uow.sets.sessions(made.id) == []


def test_attendance_counts_who_came_of_those_in_the_register(world: World) -> None:
    made = make_set(world)
    with world.uow() as uow:
        session = uow.sets.add_session(made.id, world.now, 120)
        unheld = uow.sets.add_session(made.id, world.now - timedelta(days=3), 120)
        uow.sets.fill_register(session, {world.people["Amara"].id})
        (held,) = uow.sets.attendance(world.programme.id, since=world.now - timedelta(days=30))
        assert (held.session.id, held.came, held.members) == (session.id, 1, 2)
        assert uow.sets.attendance(world.programme.id, since=world.now + timedelta(days=1)) == []
        history = uow.sets.came(made.id, world.people["Tomasz"].id)
    assert [(one.id, there) for one, there in history] == [(unheld.id, None), (session.id, False)]


def test_a_person_is_in_one_set_and_a_facilitator_may_have_several(world: World) -> None:
    northern = make_set(world)
    southern = make_set(world, "Southern set", "Niamh")
    with world.uow() as uow:
        with pytest.raises(AnotherSet):
            uow.sets.add_member(southern.id, world.people["Amara"].id)
        assert [s.name for s in uow.sets.facilitated_by(world.people["Brigid"].id)] == ["Northern set", "Southern set"]
        assert [s.id for s in uow.sets.of_member(world.people["Amara"].id)] == [northern.id]
        renamed = uow.sets.change(northern.id, name="Upland set", facilitator_id=world.people["Gwen"].id)
        assert (renamed.name, renamed.facilitator) == ("Upland set", world.people["Gwen"])
        with pytest.raises(NotThere):
            uow.sets.get(999)


def test_everybody_s_set_is_known_whether_or_not_they_have_said_yes(world: World) -> None:
    northern = make_set(world)
    with world.uow() as uow:
        uow.people.set_state(world.people["Tomasz"].id, "invited")
        assert uow.sets.belonging(world.programme.id) == {
            world.people["Amara"].id: northern,
            world.people["Tomasz"].id: northern,
        }


def test_who_leaves_a_set_has_answered_nothing_to_come_and_stays_in_past_registers(world: World) -> None:
    made = make_set(world)
    amara = world.people["Amara"]
    with world.uow() as uow:
        held = uow.sets.add_session(made.id, world.now - timedelta(days=9), 120)
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


@pytest.mark.postgresql_only
def test_two_leads_do_not_put_one_person_into_two_sets_at_once(world: World) -> None:
    northern, southern = make_set(world), make_set(world, "Southern set", "Niamh")
    leila = world.people["Leila"].id
    with pytest.raises(AnotherSet):
        together(
            world,
            lambda uow: uow.sets.add_member(northern.id, leila),
            lambda uow: uow.sets.add_member(southern.id, leila),
        )
    with world.uow() as uow:
        assert uow.sets.belonging(world.programme.id)[leila] == northern


@pytest.mark.postgresql_only
def test_who_changes_a_set_sees_what_another_lead_has_just_changed(world: World) -> None:
    made = make_set(world)
    brigid = world.people["Brigid"].id

    def rename(uow: UnitOfWork) -> None:
        uow.sets.hold(made.id)
        uow.sets.change(made.id, name="Upland set", facilitator_id=brigid)

    found = together(world, rename, lambda uow: uow.sets.hold(made.id).name)
    assert found == "Upland set"
