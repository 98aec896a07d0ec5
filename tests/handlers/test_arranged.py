"""A meeting with a time: in both calendars, moved there and called off."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update

from bot import ui
from bot.flow import FormErrors
from bot.handlers import arranged, dates, logmeeting, schedule
from bot.programme.calendar import CANCELLATION, INVITATION
from storage.models import file, person
from storage.records import File, Meeting, NotThere, Pair
from storage.unit_of_work import Database
from tests.calendars import CalendarProgram, broken_rules, read
from tests.handlers.acts import actions, button, deliver, form_of, said, send, tap, words
from tests.world import World

PUBLIC = "https://mentoring.example.org"
TUESDAY, THURSDAY = date(2026, 2, 10), date(2026, 2, 12)
TEN_PAST_FIVE = datetime(2026, 2, 10, 17, 10, tzinfo=UTC)


@pytest.fixture
def pair(world: World) -> Pair:
    """Amara and Niamh take part and have been introduced; people can reach the bot's files."""
    url = world.database.engine.url
    world.database.close()
    world.database = Database(str(url), ui.dump, public_url=PUBLIC)
    world.join("Amara", "Niamh", "Tomasz", "Haruki")
    return world.introduce("Amara")


def settle(world: World, who: str, day: date, at: str, **more: str) -> ui.Message:
    """Arrange what the two have agreed; the words for the one who did."""
    form = form_of(world.do(schedule.flow, world.event(who, "button", "schedule")))
    values = {"day_1": str(day), "time_1": at, **more}
    return said(send(world, schedule.flow, who, form, **values, agreed=("yes",)))


def meetings(world: World, pair: Pair, state: str) -> list[Meeting]:
    with world.uow() as uow:
        return uow.meetings.of_pair(pair.id, state)


def newest(world: World, who: str) -> ui.Message:
    return world.queued(who)[-1].message


def link_on(message: ui.Message) -> ui.Link:
    (link,) = [block for block in message.blocks if isinstance(block, ui.Link)]
    return link


def fetch(world: World, message: ui.Message) -> File:
    """Follow the calendar link of a message."""
    url = link_on(message).url
    assert url.startswith(f"{PUBLIC}/files/")
    with world.uow() as uow:
        return uow.files.fetch(url.rpartition("/")[2])


# Calendars


def test_both_get_the_same_event_each_by_a_link_of_their_own(world: World, pair: Pair) -> None:
    mine = settle(world, "Niamh", TUESDAY, "17:10", minutes="45", place="Café, level 2")
    theirs = newest(world, "Amara")
    assert link_on(mine).url != link_on(theirs).url
    entries = [read(fetch(world, message).content) for message in (mine, theirs)]
    assert [entry.summary for entry in entries] == ["Mentoring with Amara Okonjo", "Mentoring with Niamh Gallagher"]
    (meeting,) = meetings(world, pair, "arranged")
    for entry in entries:
        assert (entry.uid, entry.sequence, entry.method) == (meeting.uid, 0, "PUBLISH")
        assert (entry.starts_at, entry.ends_at - entry.starts_at) == (TEN_PAST_FIVE, timedelta(minutes=45))
        assert entry.place == "Café, level 2"
    assert "Westmarch peer mentoring" in entries[0].description


def test_a_change_and_a_cancellation_are_followed_by_a_calendar_program(world: World, pair: Pair) -> None:
    calendar = CalendarProgram()
    shown = settle(world, "Niamh", TUESDAY, "17:10")
    files = [fetch(world, shown)]
    calendar.open(files[-1].content)
    files.append(fetch(world, settle(world, "Niamh", THURSDAY, "08:00", minutes="30")))
    calendar.open(files[-1].content)
    ((uid, moved),) = calendar.events.items()
    assert (moved.starts_at, moved.sequence) == (datetime(2026, 2, 12, 8, tzinfo=UTC), 1)
    (meeting,) = meetings(world, pair, "arranged")
    off = ui.Button("Cancel it", "cancel_meeting", str(meeting.id), meeting.version)
    files.append(fetch(world, said(tap(world, arranged.flow, "Niamh", off))))
    calendar.open(files[-1].content)
    assert (calendar.events, calendar.gone[uid].sequence) == ({}, 2)
    assert [f.media_type for f in files] == [INVITATION, INVITATION, CANCELLATION]
    again = fetch(world, settle(world, "Niamh", THURSDAY, "08:00"))
    calendar.open(again.content)
    assert (len(calendar.events), uid in calendar.events) == (1, False), "what is arranged anew is an event of its own"


def test_every_file_keeps_the_rules_and_names_nobody_but_the_contact_by_address(world: World, pair: Pair) -> None:
    settle(world, "Niamh", TUESDAY, "17:10", place="ask @niamh; or,\\ level 2")
    settle(world, "Amara", THURSDAY, "08:00")
    (meeting,) = meetings(world, pair, "arranged")
    tap(world, arranged.flow, "Amara", ui.Button("x", "cancel_meeting", str(meeting.id), meeting.version))
    with world.uow() as uow:
        kept = uow.files.kept()
    assert len(kept) == 6
    for published in kept:
        assert broken_rules(published.content, organiser="gwen@example.org") == []


def test_a_link_says_what_it_does(world: World, pair: Pair) -> None:
    assert link_on(settle(world, "Niamh", TUESDAY, "17:10")).label == "Add it to your calendar"
    moved = settle(world, "Niamh", THURSDAY, "08:00")
    assert link_on(moved).label == "Update your calendar"
    off = said(tap(world, arranged.flow, "Niamh", button(moved, "cancel_meeting")))
    assert link_on(off).label == "Take it out of your calendar"
    assert meetings(world, pair, "arranged") == []


def test_a_link_expires_with_the_meeting(world: World, pair: Pair) -> None:
    shown = settle(world, "Niamh", TUESDAY, "17:10", minutes="60")
    assert meetings(world, pair, "arranged")
    world.now = TEN_PAST_FIVE + timedelta(minutes=59)
    fetch(world, shown)
    world.now += timedelta(minutes=1)
    with pytest.raises(NotThere):
        fetch(world, shown)
    with world.uow() as uow:
        uow.files.drop_expired()
        assert uow.files.kept() == []


def test_links_cannot_be_read_out_of_the_database(world: World, pair: Pair) -> None:
    token = link_on(settle(world, "Niamh", TUESDAY, "17:10")).url.rpartition("/")[2]
    assert meetings(world, pair, "arranged")
    assert len(token) >= 22, "128 bits or more"
    with world.database.engine.connect() as connection:
        rows = connection.execute(file.select()).all()
    assert rows
    assert not any(token in str(row) for row in rows)


def test_without_a_public_address_the_time_is_said_and_there_is_no_link(world: World, pair: Pair) -> None:
    url = world.database.engine.url
    world.database.close()
    world.database = Database(str(url), ui.dump)
    shown = settle(world, "Niamh", TUESDAY, "17:10")
    assert meetings(world, pair, "arranged")
    assert "Tuesday 10 February at 17:10" in shown.summary
    assert "Please note it down" in words(shown)
    assert not [block for block in shown.blocks if isinstance(block, ui.Link)]


def test_each_reads_the_time_in_their_own_zone(world: World, pair: Pair) -> None:
    with world.database.engine.begin() as connection:
        connection.execute(update(person).where(person.c.id == pair.mentor.id).values(time_zone="Asia/Kolkata"))
    settle(world, "Niamh", TUESDAY, "17:10")
    assert "Tuesday 10 February at 22:40" in newest(world, "Amara").summary


# Moving


def test_a_meeting_stays_until_a_new_time_is_picked(world: World, pair: Pair) -> None:
    shown = settle(world, "Niamh", TUESDAY, "17:10", minutes="45", place="Library")
    move = button(shown, "schedule")
    form = form_of(world.do(schedule.flow, world.event("Niamh", "button", "schedule", subject=move.subject)))
    assert form.title == "Move the meeting"
    assert {f.name: f.value for f in form.fields if f.name in ("minutes", "place")} == {
        "minutes": "45",
        "place": "Library",
    }
    deliver(world)
    send(world, schedule.flow, "Niamh", form, day_1=str(THURSDAY), time_1="08:00")
    (before,) = meetings(world, pair, "arranged")
    assert before.day == TUESDAY
    picked = said(tap(world, schedule.flow, "Amara", button(newest(world, "Amara"), "pick_time")))
    assert "now meet on Thursday 12 February at 08:00, instead of Tuesday 10 February at 17:10" in picked.summary
    (after,) = meetings(world, pair, "arranged")
    assert (after.uid, after.sequence, after.id, after.day) == (before.uid, before.sequence + 1, before.id, THURSDAY)
    assert {d.due_at for d in world.due()} == {datetime(2026, 2, 13, 10, tzinfo=UTC)}


def test_a_meeting_can_be_moved_within_its_day(world: World, pair: Pair) -> None:
    settle(world, "Niamh", TUESDAY, "17:10")
    settle(world, "Amara", TUESDAY, "18:00")
    (meeting,) = meetings(world, pair, "arranged")
    assert (meeting.starts_at, meeting.sequence) == (datetime(2026, 2, 10, 18, tzinfo=UTC), 1)


def test_news_that_has_not_arrived_makes_way_for_what_is_newer(world: World, pair: Pair) -> None:
    settle(world, "Niamh", TUESDAY, "17:10")
    settle(world, "Niamh", THURSDAY, "08:00")
    (told,) = world.queued("Amara")
    assert "Thursday 12 February at 08:00" in told.message.summary
    assert meetings(world, pair, "cancelled") == []


def test_a_day_that_was_noted_gets_its_time_and_stays_the_same_meeting(world: World, pair: Pair) -> None:
    with world.uow() as uow:
        noted = dates.arrange(pair, TUESDAY, world.event("Niamh", "form", "log_meeting"), uow)
    assert noted is not None
    settle(world, "Niamh", THURSDAY, "08:00")
    (meeting,) = meetings(world, pair, "arranged")
    assert (meeting.id, meeting.day, meeting.sequence) == (noted.id, THURSDAY, 0)


def test_a_meeting_that_has_begun_is_not_moved_and_another_can_be_arranged(world: World, pair: Pair) -> None:
    settle(world, "Niamh", TUESDAY, "17:10")
    world.now = TEN_PAST_FIVE
    settle(world, "Niamh", THURSDAY, "08:00")
    first, second = meetings(world, pair, "arranged")
    assert (first.day, second.day) == (TUESDAY, THURSDAY)
    assert first.uid != second.uid
    form = form_of(world.do(schedule.flow, world.event("Niamh", "button", "schedule")))
    with pytest.raises(FormErrors) as refused:
        send(world, schedule.flow, "Niamh", form, day_1=str(TUESDAY), time_1="21:00", agreed=("yes",))
    assert "meeting on that day already" in refused.value.errors["day_1"]


def test_a_cancelled_meeting_of_the_new_day_makes_way(world: World, pair: Pair) -> None:
    off = button(settle(world, "Niamh", THURSDAY, "08:00"), "cancel_meeting")
    tap(world, arranged.flow, "Niamh", off)
    settle(world, "Niamh", TUESDAY, "17:10")
    settle(world, "Niamh", THURSDAY, "09:00")
    (meeting,) = meetings(world, pair, "arranged")
    assert (meeting.day, meeting.sequence) == (THURSDAY, 1)
    assert meetings(world, pair, "cancelled") == []


# Cancelling


def test_cancelling_tells_the_other_and_nobody_is_asked_about_it(world: World, pair: Pair) -> None:
    shown = settle(world, "Niamh", TUESDAY, "17:10")
    deliver(world)
    answer = said(tap(world, arranged.flow, "Niamh", button(shown, "cancel_meeting")))
    assert "is cancelled" in answer.summary
    (told,) = world.queued("Amara")
    assert "Niamh Gallagher cancelled your meeting of Tuesday 10 February at 17:10" in told.message.summary
    assert read(fetch(world, told.message).content).method == "CANCEL"
    assert {"schedule"} == actions(told.message) == actions(answer)
    assert (meetings(world, pair, "arranged"), world.due()) == ([], [])


def test_both_cancel_at_once_and_it_is_cancelled_once(world: World, pair: Pair) -> None:
    mine = settle(world, "Niamh", TUESDAY, "17:10")
    theirs = newest(world, "Amara")
    deliver(world)
    tap(world, arranged.flow, "Niamh", button(mine, "cancel_meeting"))
    late = said(tap(world, arranged.flow, "Amara", button(theirs, "cancel_meeting")))
    assert "is cancelled" in late.summary
    assert [q.key.partition(":")[0] for q in world.queued()] == ["arranged"]
    (meeting,) = meetings(world, pair, "cancelled")
    assert meeting.sequence == 1


def test_an_old_card_does_not_cancel_what_was_moved_since(world: World, pair: Pair) -> None:
    old = settle(world, "Niamh", TUESDAY, "17:10")
    settle(world, "Amara", THURSDAY, "08:00")
    shown = said(tap(world, arranged.flow, "Niamh", button(old, "cancel_meeting")))
    assert "Thursday 12 February at 08:00" in shown.summary
    assert len(meetings(world, pair, "arranged")) == 1
    tap(world, arranged.flow, "Niamh", button(shown, "cancel_meeting"))
    assert meetings(world, pair, "arranged") == []


def test_a_meeting_that_has_begun_or_is_logged_is_not_cancelled(world: World, pair: Pair) -> None:
    off = button(settle(world, "Niamh", TUESDAY, "17:10"), "cancel_meeting")
    world.now = TEN_PAST_FIVE
    assert "cannot be cancelled any more" in said(tap(world, arranged.flow, "Niamh", off)).summary
    assert len(meetings(world, pair, "arranged")) == 1
    with world.uow() as uow:
        uow.meetings.log(pair.id, TUESDAY, by=pair.mentor.id)
    assert "cannot be cancelled any more" in said(tap(world, arranged.flow, "Niamh", off)).summary


@pytest.mark.parametrize("subject", ["", "999", "x", "1-1"])
def test_nobody_cancels_for_another_pair_or_by_a_made_up_button(world: World, pair: Pair, subject: str) -> None:
    off = button(settle(world, "Niamh", TUESDAY, "17:10"), "cancel_meeting")
    with pytest.raises(NotThere):
        tap(world, arranged.flow, "Haruki", off)
    with pytest.raises(NotThere):
        tap(world, arranged.flow, "Niamh", ui.Button("x", "cancel_meeting", subject, 1))
    assert len(meetings(world, pair, "arranged")) == 1


def test_a_repeated_tap_is_answered_from_what_is_known(world: World, pair: Pair) -> None:
    off = button(settle(world, "Niamh", TUESDAY, "17:10"), "cancel_meeting")
    again = arranged.flow.routes["button", "cancel_meeting"].again
    assert again is not None
    with world.uow() as uow:
        standing = said(again(world.event("Niamh", "button", "cancel_meeting", subject=off.subject), uow))
    assert "you and Amara Okonjo meet" in standing.summary
    assert len(meetings(world, pair, "arranged")) == 1


# Logging


def test_after_the_meeting_one_tap_logs_it_without_the_planned_length(world: World, pair: Pair) -> None:
    settle(world, "Niamh", TUESDAY, "17:10", minutes="45")
    (meeting,) = meetings(world, pair, "arranged")
    world.now = datetime(2026, 2, 11, 10, tzinfo=UTC)
    world.work(dates.flow, "did_you_meet", f"{meeting.id}-{pair.mentee.id}")
    card = newest(world, "Niamh")
    assert {"we_met", "not_met", "called_off", "correct_meeting", "not_now", "not_now_until"} == actions(card)
    details = world.event("Niamh", "button", "correct_meeting", subject=str(meeting.id), version=meeting.version)
    form = form_of(world.do(logmeeting.flow, details))
    held = {field.name: (field.value, field.optional) for field in form.fields}
    assert (held["minutes"], held["how"]) == (("45", True), ("", True))
    tap(world, logmeeting.flow, "Niamh", button(card, "we_met"))
    (logged,) = meetings(world, pair, "logged")
    assert (logged.minutes, logged.day) == (None, TUESDAY)


def test_a_log_does_not_move_a_meeting_that_has_a_time(world: World, pair: Pair) -> None:
    settle(world, "Niamh", TUESDAY, "17:10")
    form = form_of(world.do(logmeeting.flow, world.event("Amara", "button", "log_meeting")))
    entered = {"minutes": "60", "how": "video"}
    with pytest.raises(FormErrors) as refused:
        send(world, logmeeting.flow, "Amara", form, **entered, next_day=str(THURSDAY))
    assert "Tuesday 10 February at 17:10 already" in refused.value.errors["next_day"]
    answer = said(send(world, logmeeting.flow, "Amara", form, **entered, next_day=str(TUESDAY)))
    assert "Next date: Tuesday 10 February at 17:10" in words(answer)
    (meeting,) = meetings(world, pair, "arranged")
    assert meeting.starts_at == TEN_PAST_FIVE


def test_who_met_before_the_time_of_the_day_logs_it_and_a_next_date(world: World, pair: Pair) -> None:
    settle(world, "Niamh", TUESDAY, "17:10")
    world.now = TEN_PAST_FIVE - timedelta(hours=2)
    form = form_of(world.do(logmeeting.flow, world.event("Amara", "button", "log_meeting")))
    send(world, logmeeting.flow, "Amara", form, minutes="60", how="phone", next_day="2026-03-10")
    assert [m.day for m in meetings(world, pair, "logged")] == [TUESDAY]
    assert [m.day for m in meetings(world, pair, "arranged")] == [date(2026, 3, 10)]


def test_no_reminder_is_due_before_the_meeting_because_calendars_bring_one(world: World, pair: Pair) -> None:
    settle(world, "Niamh", TUESDAY, "17:10")
    (meeting,) = meetings(world, pair, "arranged")
    assert meeting.starts_at == TEN_PAST_FIVE
    assert {due.rule for due in world.due()} == {"did_you_meet"}
    assert all(due.due_at > TEN_PAST_FIVE for due in world.due())
