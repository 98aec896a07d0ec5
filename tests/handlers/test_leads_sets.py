"""Sets that leads make and change in the chat, and what follows for facilitators and members."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot import ui
from bot.flow import Event, Flows, FormErrors, Outcome, UserError
from bot.handlers import FLOWS, als, leads_change
from bot.handlers.leads_change import MOST_LISTED
from bot.platforms.slack import render as slack
from bot.platforms.teams import render as teams
from storage.places import leads as leads_place
from storage.records import LearningSet, NotThere, Session
from tests.calendars import CalendarProgram
from tests.handlers.acts import actions, button, deliver, form_of, said, words
from tests.handlers.sets import WEDNESDAY, add_session, answers, booked, live_until, make_set, now
from tests.world import Queued, World

WEEK_BEFORE = WEDNESDAY - timedelta(days=7, hours=4)
EVENING = datetime(2026, 2, 2, 20, 30, tzinfo=UTC)


@pytest.fixture
def mentors(world: World) -> World:
    """The small programme with two more mentors, who take part, and with Brigid as a facilitator."""
    with world.uow() as uow:
        for first, name in (("Farah", "Farah Rahmani"), ("Imran", "Imran Qureshi")):
            person_id = uow.people.add(
                name=name,
                email=f"{first.lower()}@example.org",
                accounts=(),
                time_zone="Europe/London",
                region="ENG",
                since=date(2025, 9, 1),
            )
            uow.people.enrol(world.programme.id, person_id, "mentor")
            world.people[first] = uow.people.get(person_id)
        uow.people.give_duty(world.programme.id, world.people["Brigid"].id, "facilitator")
        uow.people.give_duty(world.programme.id, world.people["Oluwaseun"].id, "facilitator")
    world.join("Farah", "Imran")
    return world


@pytest.fixture
def northern(mentors: World) -> LearningSet:
    """A set of Amara and Tomasz, which Brigid facilitates."""
    return make_set(mentors)


@pytest.fixture
def session(mentors: World, northern: LearningSet) -> Session:
    """A session in a week; the invitations have arrived."""
    made = add_session(mentors, northern)
    live_until(mentors, WEEK_BEFORE)
    deliver(mentors)
    return made


def do(world: World, event: Event) -> Outcome:
    route = Flows(FLOWS).find(event.kind, event.name)
    assert route is not None
    with world.uow() as uow:
        return route.handler(event, uow)


def as_lead(world: World, kind: str, name: str, **more: Any) -> Outcome:
    present = frozenset({world.accounts["Gwen"]})
    return do(world, world.event("Gwen", kind, name, leads_present=present, **more))


def open_form(world: World, learning_set: LearningSet | None = None) -> ui.Form:
    if learning_set is None:
        return form_of(as_lead(world, "button", "add_set"))
    return form_of(as_lead(world, "button", "change_set", subject=str(learning_set.id)))


def send(world: World, form: ui.Form, **values: str | tuple[str, ...]) -> ui.Message:
    held: ui.Values = {field.name: field.value for field in form.fields}
    return said(as_lead(world, "form", form.name, subject=form.subject, version=form.version, values=held | values))


def change(world: World, learning_set: LearningSet, **values: str | tuple[str, ...]) -> ui.Message:
    return send(world, open_form(world, learning_set), **values)


def errors_of(world: World, form: ui.Form, **values: str | tuple[str, ...]) -> dict[str, str]:
    with pytest.raises(FormErrors) as caught:
        send(world, form, **values)
    return caught.value.errors


def refusal(world: World, form: ui.Form, **values: str | tuple[str, ...]) -> ui.Message:
    with pytest.raises(UserError) as caught:
        send(world, form, **values)
    return caught.value.message


def ids(world: World, *names: str) -> tuple[str, ...]:
    return tuple(str(world.people[name].id) for name in names)


def filled(world: World, **values: str | tuple[str, ...]) -> dict[str, str | tuple[str, ...]]:
    """A form for a new set as it should be, but for these values."""
    good: dict[str, str | tuple[str, ...]] = {
        "name": "Valley set",
        "facilitator": ids(world, "Brigid")[0],
        "members": ids(world, "Farah", "Imran"),
    }
    return good | values


def members_of(world: World, learning_set: LearningSet) -> set[str]:
    with world.uow() as uow:
        found = uow.sets.member_ids(learning_set.id)
    return {name for name, person in world.people.items() if person.id in found}


def news(world: World, who: str) -> list[Queued]:
    """What waits for somebody and is not to arrive later, but for edits of what has arrived."""
    return [q for q in world.queued(who) if q.due_at <= world.now]


def links(message: ui.Message) -> list[ui.Link]:
    return [block for block in message.blocks if isinstance(block, ui.Link)]


# A new set


def test_a_lead_makes_a_set_and_everybody_whom_it_concerns_is_told_once(mentors: World) -> None:
    message = send(mentors, open_form(mentors), **filled(mentors))
    assert "Valley set is a new Action Learning Set with 2 members; Brigid Murphy facilitates it." in words(message)
    with mentors.uow() as uow:
        (made,) = uow.sets.all(mentors.programme.id)
    assert (made.name, made.facilitator) == ("Valley set", mentors.people["Brigid"])
    assert members_of(mentors, made) == {"Farah", "Imran"}
    assert button(message, "als_add").subject == str(made.id), "a session is what comes next"
    (to_brigid,) = mentors.queued("Brigid")
    assert "You now facilitate Valley set" in words(to_brigid.message)
    assert "Members: 2: Farah Rahmani, Imran Qureshi" in words(to_brigid.message)
    for who in ("Farah", "Imran"):
        (told,) = mentors.queued(who)
        assert told.prompt
        assert "You are now in Valley set, an Action Learning Set with Brigid Murphy." in words(told.message)
        assert "No session is planned yet." in words(told.message)
    (line,) = [q.message.summary for q in mentors.queued() if q.place == leads_place(mentors.programme)]
    assert line.startswith("Gwen Pritchard changed Westmarch peer mentoring: Valley set is a new")


def test_a_set_that_was_made_in_the_chat_is_asked_to_its_sessions(mentors: World) -> None:
    send(mentors, open_form(mentors), **filled(mentors))
    with mentors.uow() as uow:
        (made,) = uow.sets.all(mentors.programme.id)
    deliver(mentors)
    session = add_session(mentors, made)
    live_until(mentors, WEEK_BEFORE)
    assert booked(mentors, "Farah").keys() == {"invitation", "reminder"}
    assert answers(mentors, session) == {"Farah": "", "Imran": ""}


def test_who_has_not_said_yes_is_told_nothing_and_is_asked_to_sessions_once_they_have(mentors: World) -> None:
    send(mentors, open_form(mentors), **filled(mentors, members=ids(mentors, "Farah", "Amara")))
    assert mentors.queued("Amara") == []
    with mentors.uow() as uow:
        (made,) = uow.sets.all(mentors.programme.id)
    assert members_of(mentors, made) == {"Farah", "Amara"}
    add_session(mentors, made)
    mentors.join("Amara")
    live_until(mentors, WEEK_BEFORE)
    assert booked(mentors, "Amara").keys() == {"invitation", "reminder"}


@pytest.mark.parametrize("state", ["invited", "joined", "declined"])
def test_leads_cannot_tell_from_the_form_what_a_mentor_answered_to_the_welcome(mentors: World, state: str) -> None:
    before = open_form(mentors)
    with mentors.uow() as uow:
        uow.people.set_state(mentors.people["Farah"].id, state)
    assert open_form(mentors) == before


def test_only_mentors_can_be_chosen_and_those_without_a_set_come_first(mentors: World, northern: LearningSet) -> None:
    members = open_form(mentors).fields[2]
    assert isinstance(members, ui.PickMany)
    assert [option.label for option in members.options] == [
        "Farah Rahmani",
        "Imran Qureshi",
        f"Amara Okonjo (in {northern.name})",
        f"Tomasz Wilk (in {northern.name})",
    ]


def test_without_a_facilitator_the_lead_reads_what_to_do(world: World) -> None:
    world.join("Amara", "Tomasz")
    with pytest.raises(UserError) as told:
        open_form(world)
    assert "nobody has that duty yet" in words(told.value.message)
    assert {"add_person", "find_person"} <= actions(told.value.message)


def test_with_one_mentor_there_is_no_set_to_make(mentors: World) -> None:
    with mentors.uow() as uow:
        for name in ("Amara", "Tomasz", "Farah"):
            uow.people.set_state(mentors.people[name].id, "left")
    with pytest.raises(UserError) as told:
        open_form(mentors)
    assert "at least 2 mentors" in words(told.value.message)


# What cannot be


def test_all_mistakes_are_told_at_once_beside_their_fields_and_nothing_is_stored(mentors: World) -> None:
    errors = errors_of(mentors, open_form(mentors), name=" ", facilitator="", members=ids(mentors, "Farah"))
    assert errors.keys() == {"name", "facilitator", "members"}
    with mentors.uow() as uow:
        assert uow.sets.all(mentors.programme.id) == []
    assert mentors.queued() == []


def test_two_sets_cannot_have_one_name(mentors: World, northern: LearningSet) -> None:
    form = open_form(mentors)
    assert errors_of(mentors, form, **filled(mentors, name=f" {northern.name.upper()} ")).keys() == {"name"}
    valley = make_set(mentors, "Valley set", "Farah", "Imran")
    assert errors_of(mentors, open_form(mentors, valley), name=northern.name).keys() == {"name"}


@pytest.mark.parametrize("count", [0, 1, 13])
def test_a_set_has_two_to_twelve_members(mentors: World, count: int) -> None:
    many = crowd(mentors, count)
    errors = errors_of(mentors, open_form(mentors), **filled(mentors, members=many))
    assert f"from 2 to 12 members; these are {count}" in errors["members"]


def test_twelve_members_are_a_set(mentors: World) -> None:
    assert "12 members" in words(send(mentors, open_form(mentors), **filled(mentors, members=crowd(mentors, 12))))


def test_somebody_of_another_set_is_an_error_that_names_the_set(mentors: World, northern: LearningSet) -> None:
    errors = errors_of(mentors, open_form(mentors), **filled(mentors, members=ids(mentors, "Amara", "Farah")))
    assert errors.keys() == {"members"}
    assert f"Amara Okonjo is in {northern.name}." in errors["members"]
    assert members_of(mentors, northern) == {"Amara", "Tomasz"}


def test_somebody_is_moved_by_taking_them_out_there_and_putting_them_in_here(
    mentors: World, northern: LearningSet
) -> None:
    change(mentors, northern, members=ids(mentors, "Tomasz", "Imran"))
    send(mentors, open_form(mentors), **filled(mentors, members=ids(mentors, "Amara", "Farah")))
    summaries = [q.message.summary for q in mentors.queued("Amara")]
    assert summaries == [
        "You are no longer in Northern set, so I ask you to its sessions no more.",
        "You are now in Valley set, an Action Learning Set with Brigid Murphy.",
    ]


def test_the_facilitator_is_no_member(mentors: World) -> None:
    with mentors.uow() as uow:
        uow.people.give_duty(mentors.programme.id, mentors.people["Farah"].id, "facilitator")
    errors = errors_of(mentors, open_form(mentors), **filled(mentors, facilitator=ids(mentors, "Farah")[0]))
    assert errors.keys() == {"members"}


@pytest.mark.parametrize("who", ["Niamh", "Leila", "Gwen"])
def test_a_form_that_was_made_up_puts_nobody_else_in(mentors: World, who: str) -> None:
    form = open_form(mentors)
    assert errors_of(mentors, form, **filled(mentors, members=ids(mentors, "Farah", who))).keys() == {"members"}
    assert errors_of(mentors, form, **filled(mentors, facilitator=ids(mentors, who)[0])).keys() == {"facilitator"}


def test_nobody_new_would_have_to_be_in_two_sessions_at_once(mentors: World, session: Session) -> None:
    valley = make_set(mentors, "Valley set", "Farah", "Imran", facilitator="Oluwaseun")
    add_session(mentors, valley, WEDNESDAY + timedelta(hours=1))
    form = open_form(mentors, valley)
    assert (
        "Wednesday 4 March at 15:00" in errors_of(mentors, form, facilitator=ids(mentors, "Brigid")[0])["facilitator"]
    )
    change(mentors, session.learning_set, facilitator=ids(mentors, "Brigid")[0], name="Upland set")


# Two leads at once


def test_a_name_that_another_lead_has_just_given_is_taken(mentors: World) -> None:
    first, second = open_form(mentors), open_form(mentors)
    send(mentors, first, **filled(mentors))
    assert errors_of(mentors, second, **filled(mentors)).keys() == {"name", "members"}
    with mentors.uow() as uow:
        assert len(uow.sets.all(mentors.programme.id)) == 1


def test_a_form_from_before_another_change_changes_nothing(mentors: World, northern: LearningSet) -> None:
    old = open_form(mentors, northern)
    change(mentors, northern, members=ids(mentors, "Amara", "Tomasz", "Farah"))
    deliver(mentors)
    message = refusal(mentors, old, name="Upland set")
    assert message == leads_change.changed_meanwhile()
    assert members_of(mentors, northern) == {"Amara", "Tomasz", "Farah"}
    assert mentors.queued() == []


def test_a_member_who_has_left_the_programme_meanwhile_is_not_put_back(mentors: World, northern: LearningSet) -> None:
    old = open_form(mentors, northern)
    with mentors.uow() as uow:
        als.forget(mentors.people["Amara"], uow)
        uow.people.set_state(mentors.people["Amara"].id, "left")
    assert refusal(mentors, old, name="Upland set") == leads_change.changed_meanwhile()


def test_a_mentor_who_has_left_the_programme_meanwhile_is_an_error(mentors: World) -> None:
    form = open_form(mentors)
    with mentors.uow() as uow:
        uow.people.set_state(mentors.people["Farah"].id, "left")
    assert "no mentor here any more" in errors_of(mentors, form, **filled(mentors))["members"]


def test_a_facilitator_who_has_lost_the_duty_meanwhile_is_an_error(mentors: World) -> None:
    form = open_form(mentors)
    with mentors.uow() as uow:
        uow.people.set_duties(mentors.programme.id, mentors.people["Brigid"].id, ())
    assert errors_of(mentors, form, **filled(mentors)).keys() == {"facilitator"}


def test_a_form_that_was_sent_as_it_was_changes_nothing(mentors: World, northern: LearningSet) -> None:
    assert change(mentors, northern) == leads_change.nothing_changed()
    assert mentors.queued() == []


def test_a_set_that_is_not_there_cannot_be_changed(mentors: World) -> None:
    for subject in ("999", "x", ""):
        with pytest.raises(NotThere):
            as_lead(mentors, "button", "change_set", subject=subject)


# Another name or facilitator


def test_another_name_is_on_every_card_and_no_message_of_its_own(mentors: World, session: Session) -> None:
    message = change(mentors, session.learning_set, name="Upland set")
    assert "Name: Northern set → Upland set" in words(message)
    assert news(mentors, "Brigid") == []
    cards = mentors.queued("Amara")
    assert {q.key.rpartition(":")[2] for q in cards} == {"invitation", "reminder"}, "edits, and what waits"
    assert all("Upland set" in words(q.message) for q in cards)


def test_a_new_facilitator_takes_over_and_each_of_the_two_is_told_once(mentors: World, session: Session) -> None:
    deliver(mentors)
    change(mentors, session.learning_set, facilitator=ids(mentors, "Oluwaseun")[0])
    (to_new,) = mentors.queued("Oluwaseun")
    assert "You now facilitate Northern set" in words(to_new.message)
    assert "Next session: Wednesday 4 March at 14:00" in words(to_new.message)
    (to_old,) = mentors.queued("Brigid")
    assert "You no longer facilitate Northern set; Oluwaseun Bello does from now on." in words(to_old.message)
    assert [due for due in mentors.due() if due.subject.endswith(f"-{mentors.people['Brigid'].id}")] == []
    deliver(mentors)
    live_until(mentors, session.ends_at)
    assert mentors.queued("Brigid") == []
    keys = {q.key.partition(":")[0] for q in mentors.queued("Oluwaseun")}
    assert keys == {"als_who_comes", "als_register"}


def test_members_read_on_their_cards_who_sees_their_answer_now(mentors: World, session: Session) -> None:
    do(mentors, mentors.event("Amara", "button", "als_yes", subject=str(session.id), version=1))
    change(mentors, session.learning_set, facilitator=ids(mentors, "Oluwaseun")[0])
    cards = mentors.queued("Amara")
    assert {q.key.rpartition(":")[2] for q in cards} == {"invitation", "reminder"}
    assert all("Oluwaseun Bello sees your answer" in words(q.message) for q in cards)
    assert all("You said yes" in words(q.message) for q in cards)


def test_cards_of_the_former_facilitator_lead_nowhere(mentors: World, session: Session) -> None:
    live_until(mentors, WEDNESDAY - timedelta(hours=22))
    deliver(mentors)
    change(mentors, session.learning_set, facilitator=ids(mentors, "Oluwaseun")[0])
    edit = next(q for q in mentors.queued("Brigid") if q.key.startswith("als_who_comes"))
    assert "Oluwaseun Bello facilitates Northern set now" in words(edit.message)
    assert actions(edit.message) == set()


def test_who_came_is_for_the_new_facilitator_to_say_from_one_message(mentors: World, session: Session) -> None:
    live_until(mentors, session.ends_at)
    deliver(mentors)
    change(mentors, session.learning_set, facilitator=ids(mentors, "Oluwaseun")[0])
    (to_new,) = mentors.queued("Oluwaseun")
    assert button(to_new.message, "als_register").label == "Register of Wednesday 4 March"
    asked = next(q for q in mentors.queued("Brigid") if q.key.startswith("als_register"))
    assert "nothing to do here" in words(asked.message)
    live_until(mentors, session.ends_at + timedelta(days=20))
    assert len(mentors.queued("Oluwaseun")) == 1, "asked once"


def test_in_the_middle_of_a_session_the_new_facilitator_is_asked_when_it_is_over(
    mentors: World, session: Session
) -> None:
    live_until(mentors, session.starts_at + timedelta(minutes=30))
    deliver(mentors)
    change(mentors, session.learning_set, facilitator=ids(mentors, "Oluwaseun")[0])
    live_until(mentors, session.ends_at)
    assert [q.key.partition(":")[0] for q in mentors.queued("Oluwaseun")] == ["als_people", "als_register"]
    assert not [q for q in mentors.queued("Brigid") if q.key.startswith("als_register")]


def test_a_question_who_came_that_was_put_off_stays_when_members_change(mentors: World, session: Session) -> None:
    live_until(mentors, session.ends_at)
    subject = f"als_register:{session.id}-{mentors.people['Brigid'].id}:3"
    do(mentors, mentors.event("Brigid", "button", "not_now", subject=subject))
    deliver(mentors)
    change(mentors, session.learning_set, members=ids(mentors, "Amara", "Tomasz", "Farah"))
    live_until(mentors, session.ends_at + timedelta(days=4))
    assert [q.key.partition(":")[0] for q in mentors.queued("Brigid")] == ["als_register"]


def test_a_lead_who_takes_a_set_over_themself_gets_no_message_about_it(mentors: World, session: Session) -> None:
    with mentors.uow() as uow:
        uow.people.give_duty(mentors.programme.id, mentors.people["Gwen"].id, "facilitator")
    change(mentors, session.learning_set, facilitator=ids(mentors, "Gwen")[0])
    assert mentors.queued("Gwen") == []
    assert len(news(mentors, "Brigid")) == 1
    assert now(mentors, session).learning_set.facilitator == mentors.people["Gwen"]


# Other members


def test_a_new_member_gets_one_message_with_the_next_session(mentors: World, northern: LearningSet) -> None:
    add_session(mentors, northern)
    change(mentors, northern, members=ids(mentors, "Amara", "Tomasz", "Farah"))
    live_until(mentors, mentors.now)
    (told,) = mentors.queued("Farah")
    assert "Next session: Wednesday 4 March at 14:00" in words(told.message)
    assert mentors.queued("Amara") == mentors.queued("Brigid") == []
    deliver(mentors)
    live_until(mentors, WEEK_BEFORE)
    assert booked(mentors, "Farah").keys() == {"invitation", "reminder"}


def test_within_a_week_of_a_session_the_news_is_the_invitation(mentors: World, session: Session) -> None:
    change(mentors, session.learning_set, members=ids(mentors, "Amara", "Tomasz", "Farah"))
    live_until(mentors, mentors.now)
    (told,) = news(mentors, "Farah")
    assert "You are now in Northern set" in words(told.message)
    assert {"als_yes", "als_no", "als_maybe", "als_not_now"} <= actions(told.message)
    assert booked(mentors, "Farah").keys() == {"invitation", "reminder"}


def test_news_that_would_come_after_the_next_session_tells_of_the_one_after(
    mentors: World, northern: LearningSet
) -> None:
    mentors.now = EVENING
    add_session(mentors, northern, EVENING + timedelta(hours=1))
    add_session(mentors, northern)
    change(mentors, northern, members=ids(mentors, "Amara", "Tomasz", "Farah"))
    (told,) = [q for q in mentors.queued("Farah") if q.key.startswith("als_people")]
    assert "Next session: Wednesday 4 March at 14:00" in words(told.message)


def test_a_removed_member_is_told_once_and_can_take_it_out_of_the_calendar(mentors: World, session: Session) -> None:
    mentors.database._public_url = "https://mentoring.example"
    do(mentors, mentors.event("Amara", "button", "als_yes", subject=str(session.id), version=1))
    deliver(mentors)
    change(mentors, session.learning_set, members=ids(mentors, "Tomasz", "Farah"))
    (told,) = [q for q in mentors.queued("Amara") if q.key.startswith("als_people")]
    assert "You are no longer in Northern set" in words(told.message)
    assert "Session on Wednesday 4 March at 14:00" in words(told.message)
    (link,) = links(told.message)
    calendar = CalendarProgram()
    for each in (invited_file(mentors, session), file_behind(mentors, link)):
        calendar.open(each)
    assert (calendar.events, list(calendar.gone)) == ({}, [session.uid])
    cards = [q for q in mentors.queued("Amara") if q is not told and q.key.startswith("als:")]
    assert all("You are no longer in Northern set" in words(q.message) for q in cards)
    assert answers(mentors, session).keys() == {"Tomasz", "Farah"}
    deliver(mentors)
    live_until(mentors, session.ends_at)
    assert mentors.queued("Amara") == []


def test_who_comes_back_is_asked_again_and_the_session_comes_back_into_the_calendar(
    mentors: World, session: Session
) -> None:
    mentors.database._public_url = "https://mentoring.example"
    do(mentors, mentors.event("Amara", "button", "als_yes", subject=str(session.id), version=1))
    calendar = CalendarProgram()
    calendar.open(invited_file(mentors, session))
    change(mentors, session.learning_set, members=ids(mentors, "Tomasz", "Farah"))
    (told,) = [q for q in mentors.queued("Amara") if q.key.startswith("als_people")]
    mentors.pass_time(minutes=5)
    deliver(mentors)
    mentors.pass_time(hours=1)
    calendar.open(file_behind(mentors, links(told.message)[0]))
    change(mentors, session.learning_set, members=ids(mentors, "Tomasz", "Farah", "Amara"))
    assert answers(mentors, session)["Amara"] == "", "what was answered before is forgotten"
    (told,) = [q for q in mentors.queued("Amara") if q.key.startswith("als_people")]
    assert "als_yes" in actions(told.message)
    calendar.open(file_behind(mentors, links(told.message)[0]))
    assert list(calendar.events) == [session.uid]
    do(mentors, mentors.event("Amara", "button", "als_yes", subject=str(session.id), version=1))
    assert answers(mentors, session)["Amara"] == "yes"


def test_the_facilitator_s_card_follows_who_is_in_the_set(mentors: World, session: Session) -> None:
    live_until(mentors, WEDNESDAY - timedelta(hours=22))
    deliver(mentors)
    change(mentors, session.learning_set, members=ids(mentors, "Amara", "Tomasz", "Farah"))
    (edit,) = mentors.queued("Brigid")
    assert "0 of 3" in words(edit.message)
    deliver(mentors)
    change(mentors, session.learning_set, members=ids(mentors, "Tomasz", "Farah"))
    (edit,) = mentors.queued("Brigid")
    assert "0 of 2" in words(edit.message)
    assert "Amara" not in words(edit.message)


def test_what_is_taken_back_before_it_went_out_is_told_to_nobody(mentors: World, northern: LearningSet) -> None:
    mentors.now = EVENING
    change(mentors, northern, facilitator=ids(mentors, "Oluwaseun")[0], members=ids(mentors, "Tomasz", "Farah"))
    change(mentors, northern, facilitator=ids(mentors, "Brigid")[0], members=ids(mentors, "Tomasz", "Amara"))
    for who in ("Brigid", "Oluwaseun", "Amara", "Farah", "Tomasz"):
        assert mentors.queued(who) == [], who


def test_whatever_a_lead_changes_nobody_gets_more_than_one_message(mentors: World, session: Session) -> None:
    before = {who: {q.key for q in mentors.queued(who)} for who in mentors.people}
    change(
        mentors,
        session.learning_set,
        name="Upland set",
        facilitator=ids(mentors, "Oluwaseun")[0],
        members=ids(mentors, "Tomasz", "Farah", "Imran"),
    )
    live_until(mentors, mentors.now)
    new = {who: [q for q in news(mentors, who) if q.key not in before[who]] for who in mentors.people}
    messages = {who: [q for q in found if not is_edit(q)] for who, found in new.items()}
    assert {who: len(found) for who, found in messages.items() if found} == {
        **dict.fromkeys(("Brigid", "Oluwaseun", "Amara", "Farah", "Imran"), 1)
    }


def is_edit(queued: Queued) -> bool:
    """Whether it changes an invitation that has arrived: those of Amara and Tomasz have."""
    return queued.key.endswith("invitation") and "You are now in" not in words(queued.message)


# Leaving the programme, or the duty


@pytest.mark.usefixtures("session")
def test_the_card_of_who_left_the_programme_says_so_and_leads_out_of_the_calendar(mentors: World) -> None:
    mentors.database._public_url = "https://mentoring.example"
    with mentors.uow() as uow:
        als.forget(mentors.people["Amara"], uow)
    (card,) = mentors.queued("Amara")
    assert card.key.endswith("invitation")
    assert "You are no longer in Northern set" in words(card.message)
    assert len(links(card.message)) == 1


def test_a_facilitator_is_not_removed_before_the_set_has_another(mentors: World, northern: LearningSet) -> None:
    with pytest.raises(UserError) as told:
        as_lead(mentors, "button", "remove_person", subject=ids(mentors, "Brigid")[0])
    assert "Brigid Murphy facilitates Northern set" in words(told.value.message)
    form = form_of(as_lead(mentors, "button", "change_set", subject=button(told.value.message, "change_set").subject))
    send(mentors, form, facilitator=ids(mentors, "Oluwaseun")[0])
    assert said(as_lead(mentors, "button", "remove_person", subject=ids(mentors, "Brigid")[0]))
    assert northern.facilitator == mentors.people["Brigid"]


def test_a_facilitator_does_not_lose_the_duty_before_the_set_has_another(mentors: World, northern: LearningSet) -> None:
    brigid = ids(mentors, "Brigid")[0]
    form = form_of(as_lead(mentors, "button", "change_person", subject=brigid))
    errors = errors_of(mentors, form, duties=("senior support",))
    assert errors.keys() == {"duties"}
    assert "Brigid Murphy facilitates Northern set" in errors["duties"]
    change(mentors, northern, facilitator=ids(mentors, "Oluwaseun")[0])
    assert "has changed: duties" in words(send(mentors, form, duties=("senior support",)))


# Very many


def crowd(world: World, number: int) -> tuple[str, ...]:
    """Enter more mentors; their ids."""
    with world.uow() as uow:
        made = [
            uow.people.add(
                name=f"Ines Duarte {n:03}",
                email=f"ines{n}@example.org",
                accounts=(),
                time_zone="Europe/London",
                region="ENG",
            )
            for n in range(number)
        ]
        for person_id in made:
            uow.people.enrol(world.programme.id, person_id, "mentor")
    return tuple(map(str, made))


def test_of_very_many_mentors_members_are_named_by_e_mail_address(mentors: World, northern: LearningSet) -> None:
    crowd(mentors, MOST_LISTED)
    form = open_form(mentors, northern)
    field = form.fields[2]
    assert isinstance(field, ui.TextField)
    assert field.value == "amara@example.org\ntomasz@example.org"
    errors = errors_of(mentors, form, members="amara@example.org nobody@example.org, niamh@example.org")
    assert "nobody@example.org, niamh@example.org" in errors["members"]
    send(mentors, form, members="Amara@example.org;\n ines7@example.org, <ines8@example.org>")
    with mentors.uow() as uow:
        assert len(uow.sets.member_ids(northern.id)) == 3
    assert "Amara" in members_of(mentors, northern)
    assert "Tomasz" not in members_of(mentors, northern)


@pytest.mark.parametrize("number", [0, MOST_LISTED - 4, MOST_LISTED])
def test_the_forms_fit_both_platforms_however_many_there_are(
    mentors: World, northern: LearningSet, number: int
) -> None:
    crowd(mentors, number)
    for form in (open_form(mentors), open_form(mentors, northern)):
        assert slack.modal(form)
        assert teams.dialog(form, "dialog-1")


@pytest.mark.parametrize("number", [12, MOST_LISTED + 1])
def test_of_many_sets_each_one_is_found(mentors: World, number: int) -> None:
    with mentors.uow() as uow:
        made = [uow.sets.add(mentors.programme.id, f"Set {n:03}", mentors.people["Brigid"].id) for n in range(number)]
    card = said(as_lead(mentors, "button", "als_sets"))
    form = form_of(as_lead(mentors, "button", button(card, "find_set").action))
    assert slack.modal(form)
    assert teams.dialog(form, "dialog-1")
    chosen = made[-1].name if number > MOST_LISTED else str(made[-1].id)
    assert button(send(mentors, form, set=chosen), "change_set").subject == str(made[-1].id)
    assert errors_of(mentors, form, set="Set of nobody").keys() == {"set"}


def test_long_names_fit_every_message_on_both_platforms(mentors: World, session: Session) -> None:
    mentors.database._public_url = "https://mentoring.example"
    with mentors.uow() as uow:
        for name in ("Brigid", "Oluwaseun", "Amara"):
            uow.people.change(mentors.people[name].id, name=f"{name} {'Ò' * 90}")
        learning_set = uow.sets.get(session.learning_set.id)
        for number in range(8):
            made = uow.sets.add(mentors.programme.id, f"{number} {'Œ' * 98}", mentors.people["Brigid"].id)
            uow.sets.add_session(made.id, WEDNESDAY, 120)
    new = (*ids(mentors, "Tomasz", "Farah"), *crowd(mentors, 10))
    change(mentors, learning_set, name="Ñ" * 100, facilitator=ids(mentors, "Oluwaseun")[0], members=new)
    shown = [q.message for q in mentors.queued()]
    shown.append(said(as_lead(mentors, "button", "als_sets")))
    shown += [said(do(mentors, mentors.event(who, "command", "als"))) for who in ("Tomasz", "Brigid", "Oluwaseun")]
    for message in shown:
        assert slack.message(message)
        assert teams.card(message)


def file_behind(world: World, link: ui.Link) -> bytes:
    with world.uow() as uow:
        return uow.files.fetch(link.url.rpartition("/")[2]).content


def invited_file(world: World, session: Session) -> bytes:
    """The calendar file of a session, as a member fetches it."""
    outcome = do(world, world.event("Tomasz", "button", "als_calendar", subject=str(session.id)))
    return file_behind(world, links(said(outcome))[0])
