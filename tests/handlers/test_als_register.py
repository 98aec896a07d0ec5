"""The register of an Action Learning Set, and the question to who has missed two sessions."""

from datetime import UTC, datetime, timedelta

import pytest

from bot import ui
from bot.flow import FormErrors, UserError
from bot.handlers import als, als_register, leads, not_now
from storage.records import LearningSet, NotThere, Session
from tests.handlers.acts import actions, button, deliver, form_of, said, send, tap, words
from tests.handlers.sets import WEDNESDAY, add_session, answer_button, live_until, make_set, now
from tests.world import World

EIGHT_WEEKS = timedelta(weeks=8)


@pytest.fixture
def northern(world: World) -> LearningSet:
    return make_set(world)


@pytest.fixture
def session(world: World, northern: LearningSet) -> Session:
    """A session that has just ended."""
    made = add_session(world, northern)
    live_until(world, made.ends_at)
    return made


def open_register(world: World, session: Session, who: str = "Brigid") -> ui.Form:
    return form_of(tap(world, als_register.flow, who, ui.Button("", "als_register", str(session.id))))


def fill(world: World, session: Session, *present: str) -> ui.Message:
    ids = tuple(str(world.people[who].id) for who in present)
    return said(send(world, als_register.flow, "Brigid", open_register(world, session), present=ids))


def came(world: World, session: Session) -> dict[str, bool | None]:
    with world.uow() as uow:
        register = uow.sets.register(uow.sets.session(session.id))
    return {person.name.split()[0]: there for person, there in register}


def hold(world: World, learning_set: LearningSet, starts_at: datetime, *present: str) -> Session:
    """A session with its register filled in as soon as it ended."""
    session = add_session(world, learning_set, starts_at)
    live_until(world, session.ends_at)
    fill(world, session, *present)
    return session


def questions(world: World, who: str) -> list[ui.Message]:
    return [q.message for q in world.queued(who) if q.key.startswith("als_missed")]


# The register


def test_the_facilitator_is_asked_when_the_session_is_over(world: World, session: Session) -> None:
    (card,) = [q for q in world.queued("Brigid") if q.key.startswith("als_register")]
    assert "Who came to the session of Northern set on Wednesday 4 March?" in words(card.message)
    assert {"als_register", "als_not_held", "not_now", "not_now_until"} == actions(card.message)
    form = open_register(world, session)
    assert "never what was said" in form.intro


def test_who_said_yes_is_ticked_beforehand(world: World, northern: LearningSet) -> None:
    session = add_session(world, northern)
    tap(world, als.flow, "Amara", answer_button(session, "yes"))
    live_until(world, session.ends_at)
    (field,) = open_register(world, session).fields
    assert isinstance(field, ui.PickMany)
    assert [option.label for option in field.options] == ["Amara Okonjo", "Tomasz Wilk"]
    assert field.value == (str(world.people["Amara"].id),)


def test_one_form_notes_who_came_and_the_card_shows_it(world: World, session: Session) -> None:
    deliver(world)
    message = fill(world, session, "Amara")
    assert "1 of 2 came" in words(message)
    assert came(world, session) == {"Amara": True, "Tomasz": False}
    (card,) = [q for q in world.queued("Brigid") if q.key.startswith("als_register")]
    assert card.message == message
    assert now(world, session).state == "held"


def test_the_register_can_be_corrected(world: World, session: Session) -> None:
    fill(world, session, "Amara")
    (field,) = open_register(world, session).fields
    assert isinstance(field, ui.PickMany)
    assert field.value == (str(world.people["Amara"].id),), "what was said, not what was expected"
    fill(world, session, "Amara", "Tomasz")
    assert came(world, session) == {"Amara": True, "Tomasz": True}


def test_filling_it_in_twice_alike_is_the_same_register(world: World, session: Session) -> None:
    assert fill(world, session, "Amara") == fill(world, session, "Amara")


@pytest.mark.parametrize("who", ["Amara", "Niamh", "Gwen", "Oluwaseun"])
def test_nobody_but_the_facilitator_sees_or_fills_the_register(world: World, session: Session, who: str) -> None:
    with pytest.raises(NotThere):
        open_register(world, session, who)
    form = als_register.register_form(session, (), set())
    with pytest.raises(NotThere):
        send(world, als_register.flow, who, form, present=(str(world.people["Amara"].id),))
    with pytest.raises(NotThere):
        tap(world, als_register.flow, who, ui.Button("", "als_not_held", str(session.id)))
    assert came(world, session) == {"Amara": None, "Tomasz": None}


def test_a_session_to_come_has_no_register_yet(world: World, northern: LearningSet) -> None:
    session = add_session(world, northern)
    with pytest.raises(UserError) as told:
        open_register(world, session)
    assert "Wednesday 4 March at 14:00" in words(told.value.message)


def test_nobody_ticked_is_pointed_to_the_other_button(world: World, session: Session) -> None:
    with pytest.raises(FormErrors) as found:
        fill(world, session)
    assert "did not take place" in found.value.errors["present"]


def test_who_is_not_listed_cannot_be_ticked(world: World, session: Session) -> None:
    with pytest.raises(FormErrors):
        fill(world, session, "Niamh")
    with pytest.raises(FormErrors):
        send(world, als_register.flow, "Brigid", open_register(world, session), present=("x",))
    assert came(world, session) == {"Amara": None, "Tomasz": None}


def test_a_set_without_members_has_no_register(world: World, session: Session) -> None:
    with world.uow() as uow:
        for who in ("Amara", "Tomasz"):
            uow.sets.remove_member(session.learning_set.id, world.people[who].id)
    with pytest.raises(UserError):
        open_register(world, session)


def test_who_has_left_the_set_stays_in_the_registers_of_the_past(world: World, session: Session) -> None:
    fill(world, session, "Amara")
    with world.uow() as uow:
        uow.sets.remove_member(session.learning_set.id, world.people["Tomasz"].id)
    assert came(world, session) == {"Amara": True, "Tomasz": False}


def test_what_did_not_take_place_counts_for_nobody(world: World, session: Session) -> None:
    deliver(world)
    tapped = ui.Button("", "als_not_held", str(session.id))
    message = said(tap(world, als_register.flow, "Brigid", tapped))
    assert "counts for nobody as missed" in words(message)
    assert now(world, session).state == "cancelled"
    assert said(tap(world, als_register.flow, "Brigid", tapped)) == message, "tapped twice"
    fill(world, session, "Amara")
    assert now(world, session).state == "held", "it did take place after all"
    assert "1 of 2 came" in words(said(tap(world, als_register.flow, "Brigid", tapped))), "an old button"


def test_the_register_can_be_put_off_and_is_not_asked_for_once_it_is_filled_in(world: World, session: Session) -> None:
    deliver(world)
    (later,) = [ui.Button("", "not_now", f"als_register:{session.id}-{world.people['Brigid'].id}:3")]
    tap(world, not_now.flow, "Brigid", later)
    fill(world, session, "Amara")
    deliver(world)
    live_until(world, world.now + timedelta(days=5))
    assert world.queued("Brigid") == []


def test_what_was_put_off_is_asked_again(world: World, session: Session) -> None:
    deliver(world)
    tap(
        world,
        not_now.flow,
        "Brigid",
        ui.Button("", "not_now", f"als_register:{session.id}-{world.people['Brigid'].id}:3"),
    )
    live_until(world, world.now + timedelta(days=5))
    (card,) = world.queued("Brigid")
    assert "als_register" in actions(card.message)


def test_leads_see_how_many_came_and_no_names(world: World, session: Session) -> None:
    fill(world, session, "Amara")
    with world.uow() as uow:
        text = words(leads._digest(world.programme, world.now.date(), uow, "x"))
    assert "Northern set, 4 March 2026: 1 of 2 came" in text
    assert "Amara" not in text


# Two missed


def test_two_missed_in_a_row_lead_to_one_kind_question_the_day_after(world: World, northern: LearningSet) -> None:
    hold(world, northern, WEDNESDAY, "Amara")
    live_until(world, world.now + timedelta(days=2))
    assert questions(world, "Tomasz") == []
    hold(world, northern, WEDNESDAY + EIGHT_WEEKS, "Amara")
    assert questions(world, "Tomasz") == []
    live_until(world, datetime(2026, 4, 30, 9, 0, tzinfo=UTC))
    (question,) = questions(world, "Tomasz")
    assert questions(world, "Amara") == []
    text = words(question)
    assert "did not work out for you" in text
    assert "leads are not told" in text
    assert not any(word in text.lower() for word in ("missed", "absent", "fail"))
    assert {"als", "support", "not_now", "not_now_until"} == actions(question)
    assert all(not q.key.startswith("als_missed") for q in world.queued() if not q.place.startswith("dm:"))


def test_a_third_missed_session_brings_no_second_question(world: World, northern: LearningSet) -> None:
    for n in range(3):
        hold(world, northern, WEDNESDAY + n * EIGHT_WEEKS, "Amara")
        live_until(world, world.now + timedelta(days=2))
    assert len(questions(world, "Tomasz")) == 1


def test_a_new_run_of_misses_is_asked_about_anew(world: World, northern: LearningSet) -> None:
    for n, present in enumerate((["Amara"], ["Amara"], ["Amara", "Tomasz"], ["Amara"], ["Amara"])):
        hold(world, northern, WEDNESDAY + n * EIGHT_WEEKS, *present)
        live_until(world, world.now + timedelta(days=2))
    assert len(questions(world, "Tomasz")) == 2


def test_a_register_that_is_corrected_by_then_leaves_them_in_peace(world: World, northern: LearningSet) -> None:
    hold(world, northern, WEDNESDAY, "Amara")
    second = hold(world, northern, WEDNESDAY + EIGHT_WEEKS, "Amara")
    fill(world, second, "Amara", "Tomasz")
    live_until(world, world.now + timedelta(days=2))
    assert questions(world, "Tomasz") == []


def test_a_session_without_a_register_in_between_is_not_held_against_them(world: World, northern: LearningSet) -> None:
    hold(world, northern, WEDNESDAY, "Amara")
    add_session(world, northern, WEDNESDAY + EIGHT_WEEKS)
    hold(world, northern, WEDNESDAY + 2 * EIGHT_WEEKS, "Amara")
    live_until(world, world.now + timedelta(days=2))
    assert questions(world, "Tomasz") == []


def test_the_question_can_be_put_off_and_comes_again(world: World, northern: LearningSet) -> None:
    hold(world, northern, WEDNESDAY, "Amara")
    hold(world, northern, WEDNESDAY + EIGHT_WEEKS, "Amara")
    live_until(world, world.now + timedelta(days=2))
    (question,) = questions(world, "Tomasz")
    tap(world, not_now.flow, "Tomasz", button(question, "not_now"))
    live_until(world, world.now + timedelta(days=4))
    assert len(questions(world, "Tomasz")) == 2


def test_who_has_left_the_set_is_not_asked(world: World, northern: LearningSet) -> None:
    hold(world, northern, WEDNESDAY, "Amara")
    hold(world, northern, WEDNESDAY + EIGHT_WEEKS, "Amara")
    with world.uow() as uow:
        uow.sets.remove_member(northern.id, world.people["Tomasz"].id)
    live_until(world, world.now + timedelta(days=2))
    assert questions(world, "Tomasz") == []


def test_a_made_up_question_comes_to_nothing(world: World, session: Session) -> None:
    world.work(als_register.flow, "als_missed", f"{session.id}-{world.people['Niamh'].id}")
    world.work(als_register.flow, "als_missed", f"999-{world.people['Amara'].id}")
    world.work(als_register.flow, "als_missed", f"{session.id}-{world.people['Amara'].id}")
    assert [q for q in world.queued() if q.key.startswith("als_missed")] == []
