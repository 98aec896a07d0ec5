"""Sessions at another time or place, cancelled or added, and the view that leads have of sets."""

from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from bot import ui
from bot.flow import FormErrors, Outcome, UserError
from bot.handlers import als, als_change, als_overview
from storage.records import LearningSet, NotThere, Session
from storage.sets import AnotherSet
from tests.handlers.acts import actions, button, deliver, form_of, said, tap, words
from tests.handlers.sets import WEDNESDAY, add_session, answer_button, answers, booked, live_until, make_set, now
from tests.world import World

WEEK_BEFORE = WEDNESDAY - timedelta(days=7, hours=4)


@pytest.fixture
def northern(world: World) -> LearningSet:
    return make_set(world)


@pytest.fixture
def session(world: World, northern: LearningSet) -> Session:
    """A session in a week; the invitations have arrived."""
    made = add_session(world, northern)
    live_until(world, WEEK_BEFORE)
    deliver(world)
    return made


def as_lead(world: World) -> frozenset[object]:
    return frozenset({world.accounts["Gwen"]})


def open_form(world: World, who: str, subject: int, action: str = "als_change") -> ui.Form:
    event = world.event(who, "button", action, subject=str(subject), leads_present=as_lead(world))
    return form_of(world.do(als_change.flow, event))


def send_form(world: World, who: str, form: ui.Form, **values: str) -> Outcome:
    held: ui.Values = {field.name: field.value for field in form.fields}
    event = world.event(
        who,
        "form",
        form.name,
        subject=form.subject,
        version=form.version,
        values=held | values,
        leads_present=as_lead(world),
    )
    return world.do(als_change.flow, event)


def change(world: World, session: Session, who: str = "Brigid", **values: str) -> ui.Message:
    return said(send_form(world, who, open_form(world, who, session.id), **values))


def errors(world: World, session: Session, **values: str) -> dict[str, str]:
    with pytest.raises(FormErrors) as found:
        change(world, session, **values)
    assert now(world, session) == session, "nothing has changed"
    return found.value.errors


def answer(world: World, who: str, session: Session, value: str) -> None:
    tap(world, als.flow, who, answer_button(session, value))


def event_behind(world: World, link: ui.Link) -> tuple[str, str, str]:
    """Method, UID and sequence of a calendar file."""
    with world.uow() as uow:
        calendar = Calendar.from_ical(uow.files.fetch(link.url.rpartition("/")[2]).content)
    (event,) = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), str(event["UID"]), str(event["SEQUENCE"])


# Another time


def test_another_time_is_told_to_everybody_and_asked_anew(world: World, session: Session) -> None:
    answer(world, "Amara", session, "yes")
    deliver(world)
    change(world, session, day="2026-03-05", time="16:30")
    moved = now(world, session)
    assert (moved.starts_at, moved.uid, moved.sequence) == (datetime(2026, 3, 5, 16, 30, tzinfo=UTC), session.uid, 1)
    assert answers(world, session) == {"Amara": "", "Tomasz": ""}
    for who in ("Amara", "Tomasz"):
        news = [q.message for q in world.queued(who) if "instead of" in words(q.message)]
        (message,) = news
        assert "now on Thursday 5 March at 16:30, instead of Wednesday 4 March at 14:00" in words(message)
        assert {"als_yes", "als_no", "als_maybe"} <= actions(message)
    assert any("has moved to" in words(q.message) for q in world.queued("Amara")), "on the card of before"


def test_a_tap_on_a_card_of_before_is_no_answer_to_the_new_time(world: World, session: Session) -> None:
    change(world, session, day="2026-03-05", time="16:30")
    message = said(tap(world, als.flow, "Amara", answer_button(session, "yes")))
    assert "Thursday 5 March at 16:30" in words(message)
    assert answers(world, session)["Amara"] == ""
    answer(world, "Amara", now(world, session), "yes")
    assert answers(world, session)["Amara"] == "yes"


def test_what_was_booked_for_the_old_time_is_not_sent(world: World, session: Session) -> None:
    change(world, session, day="2026-03-12", time="14:00")
    deliver(world)
    live_until(world, WEDNESDAY)
    assert {name for name, card in booked(world, "Amara").items()} == {"reminder", "invitation"}
    assert all(card.due_at >= datetime(2026, 3, 5, 10, tzinfo=UTC) for card in booked(world, "Amara").values())


def test_news_of_another_time_within_the_week_is_the_invitation(world: World, session: Session) -> None:
    change(world, session, time="16:30")
    deliver(world)
    live_until(world, WEDNESDAY)
    assert booked(world, "Amara").keys() == {"reminder"}


def test_the_facilitator_hears_who_comes_at_the_new_time(world: World, session: Session) -> None:
    change(world, session, day="2026-03-05")
    live_until(world, datetime(2026, 3, 4, 16, 0, tzinfo=UTC))
    (card,) = world.queued("Brigid")
    assert "Thursday 5 March" in words(card.message)


def test_calendars_follow_a_change_and_a_cancellation(world: World, session: Session) -> None:
    world.database._public_url = "https://mentoring.example"
    change(world, session, time="16:30")
    (link,) = [b for q in world.queued("Amara") for b in q.message.blocks if isinstance(b, ui.Link)]
    assert link.label == "Update your calendar"
    assert event_behind(world, link) == ("PUBLISH", session.uid, "1")
    deliver(world)
    change(world, session, state="cancelled")
    (link,) = [
        block
        for q in world.queued("Amara")
        if q.key.endswith("changed:2")
        for block in q.message.blocks
        if isinstance(block, ui.Link)
    ]
    assert event_behind(world, link) == ("CANCEL", session.uid, "2")


# Another place


def test_another_place_is_told_and_answers_stay(world: World, session: Session) -> None:
    answer(world, "Amara", session, "yes")
    deliver(world)
    change(world, session, place="Library")
    assert answers(world, session) == {"Amara": "yes", "Tomasz": ""}
    (news,) = [q for q in world.queued("Amara") if "has changed" in words(q.message)]
    assert "Library" in words(news.message)
    assert "You said yes" in words(news.message)
    assert "Library" in words(booked(world, "Amara")["reminder"].message)


def test_who_has_not_been_asked_yet_hears_of_the_place_with_the_invitation(world: World, northern: LearningSet) -> None:
    session = add_session(world, northern)
    live_until(world, WEDNESDAY - timedelta(days=10))
    change(world, session, place="Library")
    assert booked(world, "Amara").keys() == {"invitation", "reminder"}
    assert all("Library" in words(card.message) for card in booked(world, "Amara").values())


def test_the_same_again_tells_nobody(world: World, session: Session) -> None:
    before = world.queued()
    message = change(world, session)
    assert "Nothing has changed" in words(message)
    assert world.queued() == before
    assert now(world, session) == session


# Cancelling


def test_a_cancelled_session_is_told_to_members_and_nobody_is_asked_any_more(world: World, session: Session) -> None:
    message = change(world, session, state="cancelled")
    assert "is cancelled" in words(message)
    assert {q.place for q in world.queued() if "is cancelled" in words(q.message)} == {
        f"dm:{world.people[who].id}" for who in ("Amara", "Tomasz")
    }
    deliver(world)
    live_until(world, WEDNESDAY + timedelta(days=2))
    assert world.queued() == []
    tapped = said(tap(world, als.flow, "Amara", answer_button(session, "yes")))
    assert "is cancelled" in words(tapped)
    assert answers(world, session)["Amara"] == ""


def test_a_cancelled_session_cannot_be_changed_any_more(world: World, session: Session) -> None:
    form = open_form(world, "Brigid", session.id)
    change(world, session, state="cancelled")
    with pytest.raises(UserError) as told:
        send_form(world, "Brigid", form, time="16:30")
    assert "cancelled already" in words(told.value.message)


def test_a_session_that_has_begun_cannot_be_changed(world: World, session: Session) -> None:
    world.now = session.starts_at
    with pytest.raises(UserError) as told:
        open_form(world, "Brigid", session.id)
    assert "has begun or is over" in words(told.value.message)


# Who may


@pytest.mark.parametrize("who", ["Amara", "Niamh", "Leila", "Oluwaseun"])
def test_members_and_strangers_change_nothing(world: World, session: Session, who: str) -> None:
    for action, subject in (("als_change", session.id), ("als_add", session.learning_set.id)):
        with pytest.raises(NotThere):
            open_form(world, who, subject, action)
        form = open_form(world, "Brigid", subject, action)
        with pytest.raises(NotThere):
            send_form(world, who, form, day="2026-03-05", time="09:00")
    assert now(world, session) == session


def test_a_lead_may_and_the_facilitator_is_told(world: World, session: Session) -> None:
    change(world, session, "Gwen", time="16:30")
    (news,) = world.queued("Brigid")
    assert "A lead has changed the session" in words(news.message)
    deliver(world)
    change(world, session, "Gwen", state="cancelled")
    (news,) = world.queued("Brigid")
    assert "is cancelled" in words(news.message)


def test_a_listed_lead_outside_the_leads_channel_may_not(world: World, session: Session) -> None:
    event = world.event("Gwen", "button", "als_change", subject=str(session.id))
    with pytest.raises(NotThere):
        world.do(als_change.flow, event)


def test_of_two_who_change_it_at_once_the_second_is_told(world: World, session: Session) -> None:
    form = open_form(world, "Brigid", session.id)
    change(world, session, "Gwen", time="16:30")
    with pytest.raises(UserError) as told:
        send_form(world, "Brigid", form, time="15:00")
    assert "Somebody else has just changed" in words(told.value.message)
    assert now(world, session).starts_at.hour == 16


# What cannot be


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("day", ""),
        ("day", "2026-13-01"),
        ("day", "2026-02-24"),
        ("day", "2027-09-01"),
        ("time", ""),
        ("time", "25:00"),
        ("minutes", "5"),
        ("minutes", "481"),
        ("minutes", "two hours"),
        ("place", "x" * 201),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(world: World, session: Session, field: str, value: str) -> None:
    assert list(errors(world, session, **{field: value})) == [field]


def test_a_time_of_today_that_is_past_is_refused(world: World, session: Session) -> None:
    assert "past" in errors(world, session, day="2026-02-25", time="09:59")["time"]


def test_an_hour_that_does_not_exist_and_one_that_comes_twice_are_refused(world: World, session: Session) -> None:
    assert "does not exist" in errors(world, session, day="2026-03-29", time="01:30")["time"]
    assert "comes twice" in errors(world, session, day="2026-10-25", time="01:30")["time"]


def test_nobody_can_be_in_two_sessions_at_once(world: World, session: Session) -> None:
    southern = make_set(world, "Southern set", "Niamh")
    add_session(world, southern, datetime(2026, 3, 5, 15, 0, tzinfo=UTC))
    found = errors(world, session, day="2026-03-05", time="14:00")
    assert "Brigid Murphy" in found["time"]
    change(world, session, day="2026-03-05", time="13:00")
    assert now(world, session).ends_at == datetime(2026, 3, 5, 15, 0, tzinfo=UTC), "one after the other is fine"


def test_nobody_is_in_two_sets(world: World, northern: LearningSet) -> None:
    southern = make_set(world, "Southern set", "Niamh")
    with world.uow() as uow, pytest.raises(AnotherSet):
        uow.sets.add_member(southern.id, world.people["Amara"].id)
    with world.uow() as uow:
        assert not uow.sets.add_member(northern.id, world.people["Amara"].id), "she is in this one already"
        uow.sets.remove_member(northern.id, world.people["Amara"].id)
        assert uow.sets.add_member(southern.id, world.people["Amara"].id)


# Adding


def test_a_session_can_be_added(world: World, northern: LearningSet) -> None:
    form = open_form(world, "Brigid", northern.id, "als_add")
    message = said(send_form(world, "Brigid", form, day="2026-03-04", time="14:00", place="https://meet.example/als"))
    assert "Wednesday 4 March at 14:00" in words(message)
    live_until(world, WEEK_BEFORE)
    invitation = booked(world, "Amara")["invitation"].message
    assert ui.Link("https://meet.example/als", "https://meet.example/als") in invitation.blocks


@pytest.mark.parametrize("place", ["https://", "https://[", 'https://a.example/"x', "javascript:alert(1)"])
def test_a_place_that_is_no_address_is_shown_as_words(world: World, session: Session, place: str) -> None:
    message = change(world, session, place=place)
    assert not any(isinstance(block, ui.Link) for block in message.blocks)
    assert place in words(message)


# What leads see


def sets_for(world: World, who: str, *, present: bool = True) -> ui.Message:
    leads_present = as_lead(world) if present else frozenset()
    return said(world.do(als_overview.flow, world.event(who, "button", "als_sets", leads_present=leads_present)))


def test_leads_see_when_each_set_meets_next(world: World, session: Session) -> None:
    make_set(world, "Southern set", "Niamh")
    message = sets_for(world, "Gwen")
    text = words(message)
    assert text.index("Southern set") < text.index("Northern set"), "what has no session comes first"
    assert "Next session: Wednesday 4 March at 14:00" in text
    assert button(message, "als_change").subject == str(session.id)
    assert "Amara" not in text


@pytest.mark.parametrize("who", ["Brigid", "Amara", "Leila"])
def test_others_do_not_see_all_sets(world: World, session: Session, who: str) -> None:
    with pytest.raises(UserError) as told:
        sets_for(world, who)
    assert session.learning_set.name not in words(told.value.message)


def test_a_lead_outside_the_channel_does_not_see_them_either(world: World, session: Session) -> None:
    with pytest.raises(UserError) as told:
        sets_for(world, "Gwen", present=False)
    assert session.learning_set.name not in words(told.value.message)


def test_of_many_sets_some_are_shown_and_the_others_counted(world: World) -> None:
    with world.uow() as uow:
        for number in range(20):
            uow.sets.add(world.programme.id, f"Set {number:02}", world.people["Brigid"].id)
    assert "and 12 more sets" in words(sets_for(world, "Gwen"))
