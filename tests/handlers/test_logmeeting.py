"""Meetings are logged, corrected and told."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bot import ui
from bot.flow import FormErrors, Outcome, Private, Update, UserError
from bot.handlers import dates, logmeeting
from storage.records import Meeting, NotThere, Pair
from tests.handlers.acts import actions, button, deliver, form_of, said, send, tap, words
from tests.world import World

TODAY = date(2026, 3, 2)
YESTERDAY = date(2026, 3, 1)
NEXT = date(2026, 4, 7)


@pytest.fixture
def pair(world: World) -> Pair:
    """Amara and Niamh were introduced four weeks ago."""
    world.join("Amara", "Niamh", "Tomasz", "Haruki", "Leila")
    introduced = world.introduce("Amara")
    world.pass_time(weeks=4)
    return introduced


def open_form(world: World, who: str) -> ui.Form:
    return form_of(world.do(logmeeting.flow, world.event(who, "command", "logmeeting")))


def log(world: World, who: str, **values: str | tuple[str, ...]) -> Outcome:
    given: ui.Values = {"day": TODAY.isoformat(), "minutes": "60", "how": "video"}
    return send(world, logmeeting.flow, who, open_form(world, who), **(given | values))


def refused(world: World, who: str, **values: str | tuple[str, ...]) -> dict[str, str]:
    with pytest.raises(FormErrors) as errors:
        log(world, who, **values)
    return errors.value.errors


def correct(world: World, who: str, meeting: Meeting, **values: str | tuple[str, ...]) -> Outcome:
    event = world.event(who, "button", "correct_meeting", subject=str(meeting.id))
    return send(world, logmeeting.flow, who, form_of(world.do(logmeeting.flow, event)), **values)


def logged(world: World, pair: Pair) -> list[Meeting]:
    with world.uow() as uow:
        return uow.meetings.of_pair(pair.id, "logged")


def asked(world: World, pair: Pair, day: date) -> tuple[Meeting, ui.Message, ui.Message]:
    """A meeting was arranged for this day; the day after both have been asked whether they met."""
    with world.uow() as uow:
        meeting = uow.meetings.arrange(pair.id, day)
    world.now = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC).replace(hour=10)
    for person in pair.people:
        world.work(dates.flow, "did_you_meet", f"{meeting.id}-{person.id}")
    mentor, mentee = (world.queued(who)[-1].message for who in ("Amara", "Niamh"))
    deliver(world)
    return meeting, mentor, mentee


# The form


def test_the_form_starts_with_today_and_says_that_content_is_not_asked_for(world: World, pair: Pair) -> None:
    form = open_form(world, "Niamh")
    fields = {field.name: field for field in form.fields}
    assert list(fields) == ["day", "minutes", "how", "topics", "next_day"]
    assert fields["day"].value == "2026-03-02"
    assert form.subject == str(pair.id)
    assert "I never ask what was said" in form.intro
    assert "never topics or length" in form.seen_by


def test_opening_the_form_changes_nothing(world: World, pair: Pair) -> None:
    open_form(world, "Niamh")
    assert logged(world, pair) == []
    assert world.queued() == []


@pytest.mark.parametrize("who", ["Amara", "Niamh"])
def test_either_of_the_two_can_log_and_the_other_is_told(world: World, pair: Pair, who: str) -> None:
    other = {"Amara": "Niamh", "Niamh": "Amara"}[who]
    answer = log(world, who, topics=("exams", "work_life_balance"), next_day="07/04/2026")
    assert isinstance(answer, Private)
    (meeting,) = logged(world, pair)
    assert (meeting.day, meeting.minutes, meeting.how) == (TODAY, 60, "video")
    assert meeting.topics == ("exams", "work_life_balance")
    (told,) = world.queued()
    assert (told.place, told.prompt) == (f"dm:{world.people[other].id}", True)
    text = words(told.message)
    for known in ("Monday 2 March", "60 minutes", "By video", "Exams, Work-life balance", "Tuesday 7 April"):
        assert known in text
    assert button(told.message, "correct_meeting").subject == str(meeting.id)


def test_the_next_date_has_both_asked_the_day_after(world: World, pair: Pair) -> None:
    log(world, "Niamh", next_day=NEXT.isoformat())
    with world.uow() as uow:
        (planned,) = uow.meetings.of_pair(pair.id, "arranged")
    assert planned.day == NEXT
    assert {(d.rule, d.subject) for d in world.due()} == {("did_you_meet", f"{planned.id}-{p.id}") for p in pair.people}
    assert {d.due_at for d in world.due()} == {datetime(2026, 4, 8, 9, tzinfo=UTC)}


def test_another_next_date_takes_the_place_of_the_one_before(world: World, pair: Pair) -> None:
    log(world, "Niamh", next_day=NEXT.isoformat())
    log(world, "Amara", next_day="2026-04-14")
    with world.uow() as uow:
        assert [m.day for m in uow.meetings.of_pair(pair.id, "arranged")] == [date(2026, 4, 14)]
    assert {d.due_at.day for d in world.due()} == {15}
    assert "14 April" in words(world.queued("Niamh")[-1].message)


@pytest.mark.usefixtures("pair")
def test_no_next_date_leaves_the_one_that_is_known(world: World) -> None:
    log(world, "Niamh", next_day=NEXT.isoformat())
    answer = log(world, "Amara", minutes="45")
    assert "7 April" in words(said(answer))
    assert len(world.due()) == 2


@pytest.mark.parametrize(
    ("day", "word"),
    [
        ("", "give the day"),
        ("yesterday", "give the day"),
        ("32/01/2026", "give the day"),
        ("\U0001f389" * 1000, "give the day"),
        ("x" * 10_000, "give the day"),
        ("2026-03-03", "still to come"),
        ("2062-03-01", "still to come"),
        ("2026-02-01", "introduced on Monday 2 February"),
        ("01/01/1900", "introduced on"),
    ],
)
def test_a_day_that_cannot_be_is_refused_beside_the_field(world: World, pair: Pair, day: str, word: str) -> None:
    errors = refused(world, "Niamh", day=day)
    assert list(errors) == ["day"]
    assert word in errors["day"]
    assert logged(world, pair) == []


def test_a_day_longer_than_a_year_ago_is_refused(world: World, pair: Pair) -> None:
    world.pass_time(days=366)
    assert "last year" in refused(world, "Niamh", day="2026-03-01")["day"]
    log(world, "Niamh", day="2026-03-03")
    assert len(logged(world, pair)) == 1


def test_the_day_is_the_reader_s_own(world: World, pair: Pair) -> None:
    world.now = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)
    log(world, "Niamh", day="2026-06-02")
    assert [m.day for m in logged(world, pair)] == [date(2026, 6, 2)], "it is past midnight in London"


@pytest.mark.parametrize(
    ("minutes", "word"),
    [
        ("", "whole minutes"),
        ("an hour", "whole minutes"),
        ("1,5", "whole minutes"),
        ("\U0001f389", "whole minutes"),
        ("x" * 10_000, "whole minutes"),
        ("0", "from 5 to 480"),
        ("-60", "from 5 to 480"),
        ("4", "from 5 to 480"),
        ("481", "from 5 to 480"),
        ("1000", "from 5 to 480"),
    ],
)
def test_a_length_that_cannot_be_is_refused_beside_the_field(world: World, pair: Pair, minutes: str, word: str) -> None:
    errors = refused(world, "Niamh", minutes=minutes)
    assert list(errors) == ["minutes"]
    assert word in errors["minutes"]
    assert logged(world, pair) == []


@pytest.mark.parametrize("minutes", ["5", " 480 "])
def test_the_shortest_and_the_longest_meeting_are_taken(world: World, pair: Pair, minutes: str) -> None:
    log(world, "Niamh", minutes=minutes)
    assert [m.minutes for m in logged(world, pair)] == [int(minutes)]


@pytest.mark.parametrize(
    ("day", "word"), [("soon", "give a day"), ("2026-03-02", "from tomorrow"), ("2027-03-03", "within the next year")]
)
def test_a_next_date_that_cannot_be_is_refused_beside_the_field(world: World, pair: Pair, day: str, word: str) -> None:
    errors = refused(world, "Niamh", next_day=day)
    assert list(errors) == ["next_day"]
    assert word in errors["next_day"]
    assert logged(world, pair) == []


def test_all_mistakes_are_told_at_once_and_the_form_comes_back_as_it_was(world: World, pair: Pair) -> None:
    form = open_form(world, "Niamh")
    made_up: ui.Values = {
        "day": "", "minutes": "", "how": "telepathy", "topics": ("gossip",), "next_day": "?"
    }  # fmt: skip
    with pytest.raises(FormErrors) as errors:
        send(world, logmeeting.flow, "Niamh", form, **made_up)
    assert errors.value.errors.keys() == made_up.keys()
    assert errors.value.form == form
    assert logged(world, pair) == []


# Several pairs, and none


def test_who_has_several_mentees_says_with_whom(world: World, pair: Pair) -> None:
    amara, haruki = world.people["Amara"], world.people["Haruki"]
    with world.uow() as uow:
        second = uow.pairs.add(world.programme.id, amara.id, haruki.id)
        uow.pairs.introduce(second)
    form = open_form(world, "Amara")
    (with_whom,) = (field for field in form.fields if field.name == "pair")
    assert isinstance(with_whom, ui.PickOne)
    assert [option.label for option in with_whom.options] == ["Niamh Gallagher", "Haruki Sato"]
    assert list(refused(world, "Amara")) == ["pair"]
    log(world, "Amara", pair=str(second))
    assert logged(world, pair) == []
    with world.uow() as uow:
        assert len(uow.meetings.of_pair(second, "logged")) == 1


def test_nobody_logs_for_another_pair(world: World, pair: Pair) -> None:
    form = open_form(world, "Niamh")
    world.introduce("Tomasz")
    with pytest.raises(NotThere):
        send(world, logmeeting.flow, "Haruki", form, minutes="60", how="phone")
    with pytest.raises(NotThere):
        world.do(logmeeting.flow, world.event("Haruki", "button", "log_meeting", subject=str(pair.id)))
    assert logged(world, pair) == []


@pytest.mark.parametrize("who", ["Tomasz", "Leila"])
def test_who_is_in_no_introduced_pair_is_told_so(world: World, pair: Pair, who: str) -> None:
    assert pair.introduced_at
    with pytest.raises(UserError) as told:
        open_form(world, who)
    assert "not been introduced" in told.value.message.summary


def test_a_lead_has_nothing_to_log(world: World) -> None:
    with pytest.raises(UserError) as told:
        open_form(world, "Gwen")
    assert "another role" in told.value.message.summary


# The same meeting twice


def test_two_logs_of_one_day_are_one_meeting_and_the_later_one_holds(world: World, pair: Pair) -> None:
    log(world, "Niamh", minutes="60", topics=("exams",))
    deliver(world)
    log(world, "Amara", minutes="45", topics=("performance",))
    (meeting,) = logged(world, pair)
    assert (meeting.minutes, meeting.topics, meeting.logged_by) == (45, ("performance",), pair.mentor.id)
    (told,) = world.queued()
    assert told.place == f"dm:{pair.mentee.id}"
    assert told.message.summary == "Amara Okonjo corrected your meeting of Monday 2 March."


def test_the_same_log_twice_is_told_once(world: World, pair: Pair) -> None:
    log(world, "Niamh", topics=("exams", "other"))
    first = log(world, "Niamh", topics=("other", "exams"))
    log(world, "Amara", topics=("exams", "other"))
    assert len(logged(world, pair)) == 1
    assert len(world.queued()) == 1
    assert "60 minutes" in words(said(first))


def test_each_correction_is_a_message_of_its_own(world: World, pair: Pair) -> None:
    for minutes in ("30", "40", "50"):
        log(world, "Niamh", minutes=minutes)
        deliver(world)
    with world.database.engine.connect() as connection:
        keys = connection.exec_driver_sql("SELECT key FROM outbox").scalars().all()
    (meeting,) = logged(world, pair)
    assert sorted(keys) == [f"meeting:{meeting.id}:v{version}" for version in (1, 2, 3)]


def test_what_was_corrected_before_it_was_delivered_is_told_once(world: World, pair: Pair) -> None:
    log(world, "Niamh", minutes="30")
    log(world, "Niamh", minutes="40")
    log(world, "Amara", minutes="50")
    (told,) = world.queued()
    assert told.place == f"dm:{pair.mentee.id}"
    assert "50 minutes" in words(told.message)


# Correcting


def test_the_other_can_correct_what_was_logged(world: World, pair: Pair) -> None:
    log(world, "Niamh", topics=("exams",))
    deliver(world)
    (meeting,) = logged(world, pair)
    event = world.event("Amara", "button", "correct_meeting", subject=str(meeting.id), version=1)
    form = form_of(world.do(logmeeting.flow, event))
    held = {field.name: field.value for field in form.fields}
    assert held == {"day": "2026-03-02", "minutes": "60", "how": "video", "topics": ("exams",), "next_day": ""}
    send(world, logmeeting.flow, "Amara", form, day=YESTERDAY.isoformat(), how="phone")
    (corrected,) = logged(world, pair)
    assert (corrected.id, corrected.day, corrected.how, corrected.topics) == (
        meeting.id, YESTERDAY, "phone", ("exams",)
    )  # fmt: skip
    (told,) = world.queued()
    assert "corrected your meeting of Monday 2 March" in told.message.summary
    assert "Day: Sunday 1 March" in words(told.message)


def test_a_correction_that_changes_nothing_is_not_told(world: World, pair: Pair) -> None:
    log(world, "Niamh")
    deliver(world)
    (meeting,) = logged(world, pair)
    correct(world, "Amara", meeting)
    assert world.queued() == []
    assert logged(world, pair) == [meeting]


def test_a_correction_of_the_next_date_alone_is_told(world: World, pair: Pair) -> None:
    log(world, "Niamh")
    deliver(world)
    (meeting,) = logged(world, pair)
    correct(world, "Niamh", meeting, next_day=NEXT.isoformat())
    (told,) = world.queued("Amara")
    assert "7 April" in words(told.message)


@pytest.mark.parametrize("state", ["logged", "arranged"])
def test_a_meeting_cannot_be_moved_to_the_day_of_another(world: World, pair: Pair, state: str) -> None:
    log(world, "Niamh")
    with world.uow() as uow:
        if state == "logged":
            uow.meetings.log(pair.id, YESTERDAY, by=pair.mentor.id)
        else:
            uow.meetings.arrange(pair.id, YESTERDAY)
    meeting = logged(world, pair)[-1]
    with pytest.raises(FormErrors) as errors:
        correct(world, "Amara", meeting, day=YESTERDAY.isoformat())
    assert "on that day already" in errors.value.errors["day"]
    assert meeting in logged(world, pair)


def test_a_meeting_that_was_given_up_makes_way(world: World, pair: Pair) -> None:
    with world.uow() as uow:
        given_up = uow.meetings.arrange(pair.id, YESTERDAY)
        uow.meetings.cancel(given_up.id)
    log(world, "Niamh")
    (meeting,) = logged(world, pair)
    correct(world, "Amara", meeting, day=YESTERDAY.isoformat())
    assert [(m.id, m.day) for m in logged(world, pair)] == [(meeting.id, YESTERDAY)]


def test_nobody_corrects_the_meeting_of_another_pair(world: World, pair: Pair) -> None:
    log(world, "Niamh")
    (meeting,) = logged(world, pair)
    world.introduce("Tomasz")
    with pytest.raises(NotThere):
        correct(world, "Tomasz", meeting)
    with pytest.raises(NotThere):
        send(world, logmeeting.flow, "Tomasz", logmeeting.correction_form(meeting), minutes="30")
    assert logged(world, pair) == [meeting]


# One tap


def test_one_tap_logs_an_arranged_meeting_and_answers_on_both_cards(world: World, pair: Pair) -> None:
    meeting, _mentor, card = asked(world, pair, TODAY)
    outcome = tap(world, logmeeting.flow, "Niamh", button(card, "we_met"))
    assert isinstance(outcome, Update)
    assert button(said(outcome), "correct_meeting").label == "Add topics"
    (now,) = logged(world, pair)
    assert (now.id, now.minutes, now.how, now.topics) == (meeting.id, None, "", ())
    edits = {q.place: q for q in world.queued()}
    assert edits.keys() == {f"dm:{p.id}" for p in pair.people}
    assert {q.key for q in edits.values()} == {f"met:{meeting.id}:2026-03-03"}
    assert "Niamh Gallagher logged" in edits[f"dm:{pair.mentor.id}"].message.summary
    assert "we_met" not in actions(edits[f"dm:{pair.mentor.id}"].message)


def test_the_other_is_told_where_their_card_is_not_there_yet(world: World, pair: Pair) -> None:
    with world.uow() as uow:
        meeting = uow.meetings.arrange(pair.id, YESTERDAY)
        uow.due.add("did_you_meet", f"{meeting.id}-{pair.mentor.id}", world.now)
    world.work(dates.flow, "did_you_meet", f"{meeting.id}-{pair.mentee.id}")
    card = world.queued("Niamh")[0].message
    deliver(world)
    tap(world, logmeeting.flow, "Niamh", button(card, "we_met"))
    assert [q.key for q in world.queued("Amara")] == [f"meeting:{meeting.id}:v2"]
    assert world.due() == []


def test_a_card_that_was_not_sent_yet_is_not_sent_besides(world: World, pair: Pair) -> None:
    with world.uow() as uow:
        meeting = uow.meetings.arrange(pair.id, YESTERDAY)
    for person in pair.people:
        world.work(dates.flow, "did_you_meet", f"{meeting.id}-{person.id}")
    card = world.queued("Niamh")[0].message
    tap(world, logmeeting.flow, "Niamh", button(card, "we_met"))
    (told,) = world.queued("Amara")
    assert "logged that you two met" in told.message.summary
    assert world.queued("Niamh") == []


def test_both_tapping_at_once_is_one_meeting_and_nothing_more_to_tell(world: World, pair: Pair) -> None:
    _meeting, mentor, mentee = asked(world, pair, TODAY)
    tap(world, logmeeting.flow, "Niamh", button(mentee, "we_met"))
    deliver(world)
    second = tap(world, logmeeting.flow, "Amara", button(mentor, "we_met"))
    assert "Niamh Gallagher logged" in said(second).summary
    assert len(logged(world, pair)) == 1
    assert world.queued() == []


def test_a_tap_a_year_later_changes_nothing(world: World, pair: Pair) -> None:
    _meeting, _mentor, card = asked(world, pair, TODAY)
    tap(world, logmeeting.flow, "Niamh", button(card, "we_met"))
    (before,) = logged(world, pair)
    correct(world, "Amara", before, minutes="50", how="video")
    deliver(world)
    world.pass_time(days=365)
    again = tap(world, logmeeting.flow, "Niamh", button(card, "we_met"))
    assert "50 minutes" in words(said(again))
    assert world.queued() == []


def test_topics_can_be_added_without_a_length(world: World, pair: Pair) -> None:
    meeting, _mentor, card = asked(world, pair, TODAY)
    tap(world, logmeeting.flow, "Niamh", button(card, "we_met"))
    correct(world, "Niamh", meeting, topics=("exams",))
    (now,) = logged(world, pair)
    assert (now.minutes, now.topics) == (None, ("exams",))


def test_a_log_by_the_form_answers_the_question_too(world: World, pair: Pair) -> None:
    meeting, _mentor, _mentee = asked(world, pair, TODAY)
    log(world, "Niamh", day=TODAY.isoformat(), topics=("exams",))
    assert [m.id for m in logged(world, pair)] == [meeting.id]
    for who in ("Amara", "Niamh"):
        (edit,) = world.queued(who)
        assert "Exams" in words(edit.message)


def test_details_can_say_that_it_was_another_day(world: World, pair: Pair) -> None:
    meeting, _mentor, _mentee = asked(world, pair, TODAY)
    correct(world, "Niamh", meeting, day=YESTERDAY.isoformat())
    assert [(m.id, m.day) for m in logged(world, pair)] == [(meeting.id, YESTERDAY)]


def test_we_met_after_the_other_said_no_is_logged_and_told(world: World, pair: Pair) -> None:
    meeting, mentor, mentee = asked(world, pair, TODAY)
    tap(world, dates.flow, "Amara", button(mentor, "not_met"))
    deliver(world)
    tap(world, logmeeting.flow, "Niamh", button(mentee, "we_met"))
    assert [m.id for m in logged(world, pair)] == [meeting.id]
    assert [q.key for q in world.queued("Amara")] == [f"meeting:{meeting.id}:v3"]


def test_nobody_meets_in_the_future(world: World, pair: Pair) -> None:
    with world.uow() as uow:
        meeting = uow.meetings.arrange(pair.id, NEXT)
    with pytest.raises(UserError) as told:
        world.do(logmeeting.flow, world.event("Niamh", "button", "we_met", subject=str(meeting.id), version=1))
    assert "7 April" in told.value.message.summary
    assert logged(world, pair) == []


@pytest.mark.parametrize("who", ["Tomasz", "Haruki"])
def test_nobody_taps_for_another_pair(world: World, pair: Pair, who: str) -> None:
    _meeting, _mentor, card = asked(world, pair, TODAY)
    with pytest.raises(NotThere):
        tap(world, logmeeting.flow, who, button(card, "we_met"))
    assert logged(world, pair) == []


def test_a_repeated_tap_is_answered_from_what_is_known(world: World, pair: Pair) -> None:
    meeting, _mentor, card = asked(world, pair, TODAY)
    again = logmeeting.flow.routes["button", "we_met"].again
    assert again is not None
    event = world.event("Niamh", "button", "we_met", subject=str(meeting.id))
    tap(world, dates.flow, "Niamh", button(card, "not_met"))
    with world.uow() as uow:
        assert "not taken place yet" in said(again(event, uow)).summary
    tap(world, logmeeting.flow, "Niamh", button(card, "we_met"))
    with world.uow() as uow:
        assert "Noted" in said(again(event, uow)).summary


def test_leads_are_told_nothing_of_a_meeting(world: World, pair: Pair) -> None:
    log(world, "Niamh", topics=("personal",))
    assert {q.place for q in world.queued()} == {f"dm:{pair.mentor.id}"}
