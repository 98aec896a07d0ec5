"""Finding a time: one proposes, the other picks or proposes others."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update

from bot import ui
from bot.flow import FormErrors, Outcome, Update, UserError
from bot.handlers import dates, not_now, schedule
from storage.models import person
from storage.records import Meeting, NotThere, Pair, Proposal
from tests.handlers.acts import actions, button, deliver, form_of, said, send, tap, words
from tests.handlers.sets import add_session, make_set
from tests.world import World

TUESDAY, THURSDAY, SATURDAY = date(2026, 2, 10), date(2026, 2, 12), date(2026, 2, 14)


@pytest.fixture
def pair(world: World) -> Pair:
    """Amara and Niamh take part and have been introduced; so have Tomasz and Haruki."""
    world.join("Amara", "Niamh", "Tomasz", "Haruki", "Leila")
    world.introduce("Tomasz")
    return world.introduce("Amara")


def open_form(world: World, who: str, subject: str = "") -> ui.Form:
    return form_of(world.do(schedule.flow, world.event(who, "button", "schedule", subject=subject)))


def propose(world: World, who: str, *times: tuple[date | str, str], subject: str = "", **more: str) -> Outcome:
    """Propose these days and times; ``more``: other fields of the form."""
    values: dict[str, str] = {}
    for number, (day, at) in enumerate(times, start=1):
        values |= {f"day_{number}": str(day), f"time_{number}": at}
    return send(world, schedule.flow, who, open_form(world, who, subject), **values | more)


def refused(world: World, who: str, *times: tuple[date | str, str], **more: str) -> dict[str, str]:
    with pytest.raises(FormErrors) as errors:
        propose(world, who, *times, **more)
    return errors.value.errors


def lives_in(world: World, who: str, zone: str) -> None:
    with world.database.engine.begin() as connection:
        connection.execute(update(person).where(person.c.id == world.people[who].id).values(time_zone=zone))
    with world.uow() as uow:
        world.people[who] = uow.people.get(world.people[who].id)


def planned(world: World, pair: Pair) -> list[Meeting]:
    with world.uow() as uow:
        return uow.meetings.of_pair(pair.id, "arranged")


def open_proposal(world: World, pair: Pair) -> Proposal | None:
    with world.uow() as uow:
        return uow.proposals.open_of(pair.id)


def card_of(world: World, who: str) -> ui.Message:
    return world.queued(who)[-1].message


def times_on(message: ui.Message) -> list[ui.Button]:
    return [b for b in ui.buttons_of(message) if b.action == "pick_time"]


# Proposing


def test_the_form_asks_for_one_to_three_times_in_the_persons_own_zone(world: World, pair: Pair) -> None:
    lives_in(world, "Niamh", "Europe/Lisbon")
    form = open_form(world, "Niamh")
    fields = {field.name: field for field in form.fields}
    assert list(fields) == [
        "day_1", "time_1", "day_2", "time_2", "day_3", "time_3", "minutes", "place", "agreed"
    ]  # fmt: skip
    assert [name for name, field in fields.items() if not field.optional] == ["day_1", "time_1", "minutes"]
    assert "Europe/Lisbon" in fields["time_1"].help
    assert form.subject == str(pair.id)


def test_the_other_is_asked_with_a_button_for_each_time(world: World, pair: Pair) -> None:
    answer = propose(
        world, "Amara", (TUESDAY, "17:30"), ("12/02/2026", "9:15"), minutes="45", place="Café,  level 2\x00"
    )
    (asked,) = world.queued()
    assert (asked.place, asked.prompt) == (f"dm:{pair.mentee.id}", True)
    assert [b.label for b in times_on(asked.message)] == [
        "Tuesday 10 February at 17:30",
        "Thursday 12 February at 09:15",
    ]
    assert {"pick_time", "schedule", "not_now", "not_now_until"} == actions(asked.message)
    for message in (asked.message, said(answer)):
        assert "Length: 45 minutes" in words(message)
        assert "Where: Café, level 2\n" in words(message) + "\n"
    assert {"schedule", "withdraw_times"} == actions(said(answer))
    assert planned(world, pair) == []


def test_each_reads_the_times_in_their_own_zone(world: World, pair: Pair) -> None:
    lives_in(world, "Niamh", "Europe/Dublin")
    lives_in(world, "Amara", "Asia/Kolkata")
    propose(world, "Amara", (date(2026, 3, 30), "17:00"), subject=str(pair.id))
    assert [b.label for b in times_on(card_of(world, "Niamh"))] == ["Monday 30 March at 12:30"]


def test_a_time_is_the_same_wall_clock_on_either_side_of_a_clock_change(world: World, pair: Pair) -> None:
    propose(world, "Amara", (date(2026, 3, 27), "09:00"), (date(2026, 3, 30), "09:00"), subject=str(pair.id))
    proposal = open_proposal(world, pair)
    assert proposal is not None
    assert [at.hour for at in proposal.times] == [9, 8], "in UTC"
    assert [b.label[-5:] for b in times_on(card_of(world, "Niamh"))] == ["09:00", "09:00"]


def test_proposing_ends_the_question_for_a_date_that_still_waits(world: World, pair: Pair) -> None:
    world.work(dates.flow, "find_a_date", f"{pair.id}-{pair.mentee.id}")
    propose(world, "Niamh", (TUESDAY, "17:30"))
    assert world.queued("Niamh") == []


def test_a_video_link_can_be_opened_and_anything_else_is_text(world: World, pair: Pair) -> None:
    propose(world, "Amara", (TUESDAY, "17:30"), subject=str(pair.id), place="https://video.example/a?b=1&c=%20")
    links = [block for block in card_of(world, "Niamh").blocks if isinstance(block, ui.Link)]
    assert [link.url for link in links] == ["https://video.example/a?b=1&c=%20"]
    for typed in ("javascript:alert(1)", "https://", "https://a b", "http://x.example", "https://x|<b>", "https://[x"):
        propose(world, "Amara", (TUESDAY, "17:30"), subject=str(pair.id), place=typed)
        assert not [block for block in card_of(world, "Niamh").blocks if isinstance(block, ui.Link)]


@pytest.mark.parametrize(
    ("times", "field", "word"),
    [
        ([("", "")], "day_1", "give a day"),
        ([("soon", "17:30")], "day_1", "give a day"),
        ([("2026-13-01", "17:30")], "day_1", "give a day"),
        ([("9" * 5000, "17:30")], "day_1", "give a day"),
        ([(TUESDAY, "")], "time_1", "17:30"),
        ([(TUESDAY, "half past five")], "time_1", "17:30"),
        ([(TUESDAY, "24:00")], "time_1", "17:30"),
        ([("2026-02-01", "17:30")], "day_1", "past"),
        ([("2026-02-02", "09:59")], "time_1", "past"),
        ([("2026-02-02", "10:00")], "time_1", "past"),
        ([("2027-02-03", "10:00")], "day_1", "within the next year"),
        ([(TUESDAY, "17:30"), (TUESDAY, "")], "time_2", "17:30"),
        ([(TUESDAY, "17:30"), ("", "17:30")], "day_2", "give a day"),
        ([(TUESDAY, "17:30"), (TUESDAY, "17.30")], "time_2", "already"),
        ([(date(2026, 3, 29), "01:30")], "time_1", "does not exist"),
        ([(date(2026, 10, 25), "01:30")], "time_1", "comes twice"),
    ],
)
def test_a_time_that_cannot_be_is_refused_beside_its_field(
    world: World, pair: Pair, times: list[tuple[date | str, str]], field: str, word: str
) -> None:
    errors = refused(world, "Niamh", *times)
    assert word in errors[field]
    assert open_proposal(world, pair) is None
    assert world.queued() == []


def test_at_a_clock_change_the_nearest_times_that_are_clear_are_offered(world: World, pair: Pair) -> None:
    assert pair.state == "introduced"
    (error,) = refused(world, "Niamh", (date(2026, 3, 29), "01:30")).values()
    assert "before 01:00, or 02:00 or later" in error
    propose(world, "Niamh", (date(2026, 3, 29), "00:59"), (date(2026, 3, 29), "02:00"))


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("minutes", "", "from 5 to 480"),
        ("minutes", "an hour", "from 5 to 480"),
        ("minutes", "4", "from 5 to 480"),
        ("minutes", "481", "from 5 to 480"),
        ("place", "x" * 201, "200 characters"),
    ],
)
@pytest.mark.usefixtures("pair")
def test_a_length_or_place_that_cannot_be_is_refused(world: World, field: str, value: str, word: str) -> None:
    assert word in refused(world, "Niamh", (TUESDAY, "17:30"), **{field: value})[field]


def test_who_has_several_mentees_says_with_whom(world: World, pair: Pair) -> None:
    with world.uow() as uow:
        uow.pairs.add(world.programme.id, pair.mentor.id, world.people["Haruki"].id)
    world.introduce("Amara")
    form = open_form(world, "Amara")
    assert isinstance(form.fields[0], ui.PickOne)
    assert "say with whom" in refused(world, "Amara", (TUESDAY, "17:30"))["pair"]
    propose(world, "Amara", (TUESDAY, "17:30"), pair=str(pair.id))
    assert open_proposal(world, pair) is not None


def test_nobody_proposes_for_another_pair(world: World, pair: Pair) -> None:
    with pytest.raises(NotThere):
        open_form(world, "Haruki", str(pair.id))
    form = schedule.schedule_form([pair], str(pair.id), pair.mentee, None)
    with pytest.raises(NotThere):
        send(world, schedule.flow, "Haruki", form, day_1=str(TUESDAY), time_1="17:30")


def test_who_has_not_been_introduced_is_told_so(world: World) -> None:
    world.join("Tomasz")
    with pytest.raises(UserError) as told:
        world.do(schedule.flow, world.event("Tomasz", "command", "schedule"))
    assert "not been introduced" in told.value.message.summary


# What is agreed already


def test_a_time_that_is_agreed_elsewhere_is_arranged_at_once_and_the_other_told(world: World, pair: Pair) -> None:
    form = open_form(world, "Niamh")
    values = {"day_1": str(TUESDAY), "time_1": "17:30"}
    answer = said(send(world, schedule.flow, "Niamh", form, **values, agreed=("yes",)))
    assert "you and Amara Okonjo meet on Tuesday 10 February at 17:30" in answer.summary
    (told,) = world.queued()
    assert told.place == f"dm:{pair.mentor.id}"
    assert "you and Niamh Gallagher meet on Tuesday 10 February at 17:30" in told.message.summary
    (meeting,) = planned(world, pair)
    assert (meeting.day, meeting.starts_at) == (TUESDAY, datetime(2026, 2, 10, 17, 30, tzinfo=UTC))
    assert open_proposal(world, pair) is None


@pytest.mark.usefixtures("pair")
def test_only_one_time_can_be_agreed(world: World) -> None:
    form = open_form(world, "Niamh")
    two = {"day_1": str(TUESDAY), "time_1": "17:30", "day_2": str(THURSDAY), "time_2": "17:30"}
    with pytest.raises(FormErrors) as refusal:
        send(world, schedule.flow, "Niamh", form, **two, agreed=("yes",))
    assert list(refusal.value.errors) == ["agreed"]


# Picking


def test_picking_arranges_the_meeting_and_tells_both(world: World, pair: Pair) -> None:
    propose(world, "Amara", (TUESDAY, "17:30"), (THURSDAY, "09:15"), subject=str(pair.id), minutes="45")
    card = card_of(world, "Niamh")
    deliver(world)
    answer = tap(world, schedule.flow, "Niamh", times_on(card)[1])
    assert isinstance(answer, Update)
    (told,) = world.queued("Amara")
    for message in (answer.message, told.message):
        assert "Thursday 12 February at 09:15" in message.summary
        assert {"schedule", "cancel_meeting", "agenda"} == actions(message)
    (meeting,) = planned(world, pair)
    assert (meeting.starts_at, meeting.minutes) == (datetime(2026, 2, 12, 9, 15, tzinfo=UTC), 45)
    assert (len(meeting.uid) > 20, meeting.sequence) == (True, 0)
    assert open_proposal(world, pair) is None
    assert {(d.rule, d.due_at) for d in world.due()} == {("did_you_meet", datetime(2026, 2, 13, 10, tzinfo=UTC))}


def test_picking_twice_is_picking_once(world: World, pair: Pair) -> None:
    propose(world, "Amara", (TUESDAY, "17:30"), (THURSDAY, "09:15"), subject=str(pair.id))
    card = card_of(world, "Niamh")
    deliver(world)
    first = tap(world, schedule.flow, "Niamh", times_on(card)[0])
    known = planned(world, pair)
    deliver(world)
    assert tap(world, schedule.flow, "Niamh", times_on(card)[0]) == first
    assert tap(world, schedule.flow, "Niamh", times_on(card)[1]) == first, "the other time is not to be had any more"
    assert planned(world, pair) == known
    assert world.queued() == []


def test_a_time_that_has_passed_cannot_be_picked(world: World, pair: Pair) -> None:
    propose(world, "Amara", (TUESDAY, "17:30"), (THURSDAY, "09:15"), subject=str(pair.id))
    card = card_of(world, "Niamh")
    world.now = datetime(2026, 2, 10, 17, 30, tzinfo=UTC)
    with pytest.raises(UserError) as told:
        tap(world, schedule.flow, "Niamh", times_on(card)[0])
    assert "is past" in told.value.message.summary
    assert planned(world, pair) == []
    tap(world, schedule.flow, "Niamh", times_on(card)[1])
    assert len(planned(world, pair)) == 1


def test_nobody_picks_from_their_own_proposal_or_from_another_pairs(world: World, pair: Pair) -> None:
    propose(world, "Amara", (TUESDAY, "17:30"), subject=str(pair.id))
    (pick,) = times_on(card_of(world, "Niamh"))
    with pytest.raises(UserError) as told:
        tap(world, schedule.flow, "Amara", pick)
    assert "Niamh Gallagher picks one" in told.value.message.summary
    with pytest.raises(NotThere):
        tap(world, schedule.flow, "Haruki", pick)
    assert planned(world, pair) == []


@pytest.mark.parametrize("subject", ["", "1", "1-4", "1-0", "999-1", "x-y", "1-1-1", "-1"])
def test_a_made_up_button_picks_nothing(world: World, pair: Pair, subject: str) -> None:
    propose(world, "Amara", (TUESDAY, "17:30"), subject=str(pair.id))
    with pytest.raises(NotThere):
        tap(world, schedule.flow, "Niamh", ui.Button("x", "pick_time", subject))
    assert planned(world, pair) == []


def test_a_day_on_which_they_have_met_meanwhile_cannot_be_picked(world: World, pair: Pair) -> None:
    propose(world, "Amara", ("2026-02-02", "17:30"), subject=str(pair.id))
    (pick,) = times_on(card_of(world, "Niamh"))
    with world.uow() as uow:
        uow.meetings.log(pair.id, date(2026, 2, 2), by=pair.mentor.id)
    with pytest.raises(UserError) as told:
        tap(world, schedule.flow, "Niamh", pick)
    assert "another meeting" in told.value.message.summary
    assert "meeting on that day already" in refused(world, "Amara", ("2026-02-02", "18:30"))["day_1"]


def test_a_pair_that_has_ended_arranges_nothing(world: World, pair: Pair) -> None:
    propose(world, "Amara", (TUESDAY, "17:30"), subject=str(pair.id))
    (pick,) = times_on(card_of(world, "Niamh"))
    with world.uow() as uow:
        uow.pairs.set_state(pair.id, "ended")
    with pytest.raises(NotThere):
        tap(world, schedule.flow, "Niamh", pick)
    assert planned(world, pair) == []


# Other times, and none


def test_proposing_others_takes_the_place_of_what_was_proposed(world: World, pair: Pair) -> None:
    propose(world, "Amara", (TUESDAY, "17:30"), subject=str(pair.id))
    card = card_of(world, "Niamh")
    deliver(world)
    propose(world, "Niamh", (THURSDAY, "09:15"), subject=button(card, "schedule").subject)
    (asked,) = world.queued("Amara")
    assert [b.label for b in times_on(asked.message)] == ["Thursday 12 February at 09:15"]
    (edit,) = world.queued("Niamh")
    assert "Other times were proposed" in edit.message.summary
    stale = said(tap(world, schedule.flow, "Niamh", times_on(card)[0]))
    assert "Other times were proposed" in stale.summary
    assert planned(world, pair) == []


def test_a_proposal_that_has_not_arrived_makes_way_for_the_next(world: World, pair: Pair) -> None:
    propose(world, "Amara", (TUESDAY, "17:30"), subject=str(pair.id))
    propose(world, "Amara", (THURSDAY, "17:30"), subject=str(pair.id))
    (asked,) = world.queued("Niamh")
    assert [b.label for b in times_on(asked.message)] == ["Thursday 12 February at 17:30"]


def test_both_propose_at_once_and_the_later_proposal_holds(world: World, pair: Pair) -> None:
    propose(world, "Amara", (TUESDAY, "17:30"), subject=str(pair.id))
    propose(world, "Niamh", (THURSDAY, "17:30"))
    assert world.queued("Niamh") == []
    (asked,) = world.queued("Amara")
    tap(world, schedule.flow, "Amara", times_on(asked.message)[0])
    assert [m.day for m in planned(world, pair)] == [THURSDAY]


def test_a_proposal_can_be_taken_back(world: World, pair: Pair) -> None:
    answer = said(propose(world, "Amara", (TUESDAY, "17:30"), subject=str(pair.id)))
    card = card_of(world, "Niamh")
    deliver(world)
    first = tap(world, schedule.flow, "Amara", button(answer, "withdraw_times"))
    assert "You took these times back" in said(first).summary
    (edit,) = world.queued("Niamh")
    assert "Amara Okonjo took these times back" in edit.message.summary
    late = tap(world, schedule.flow, "Niamh", times_on(card)[0])
    assert "Nothing has changed" in said(late).summary
    assert tap(world, schedule.flow, "Amara", button(answer, "withdraw_times")) == first
    assert planned(world, pair) == []


def test_what_was_taken_back_before_it_arrived_never_arrives(world: World, pair: Pair) -> None:
    answer = said(propose(world, "Amara", (TUESDAY, "17:30"), subject=str(pair.id)))
    tap(world, schedule.flow, "Amara", button(answer, "withdraw_times"))
    assert world.queued() == []


def test_what_was_picked_cannot_be_taken_back(world: World, pair: Pair) -> None:
    answer = said(propose(world, "Amara", (TUESDAY, "17:30"), subject=str(pair.id)))
    tap(world, schedule.flow, "Niamh", times_on(card_of(world, "Niamh"))[0])
    late = said(tap(world, schedule.flow, "Amara", button(answer, "withdraw_times")))
    assert "Tuesday 10 February at 17:30" in late.summary
    assert len(planned(world, pair)) == 1


def test_only_the_one_who_proposed_takes_it_back(world: World, pair: Pair) -> None:
    answer = said(propose(world, "Amara", (TUESDAY, "17:30"), subject=str(pair.id)))
    for who in ("Niamh", "Haruki"):
        with pytest.raises(NotThere):
            tap(world, schedule.flow, who, button(answer, "withdraw_times"))
    assert open_proposal(world, pair) is not None


# Putting it off


def put_off(world: World, card: ui.Message) -> None:
    """Niamh puts it off by three days, which pass."""
    deliver(world)
    tap(world, not_now.flow, "Niamh", button(card, "not_now"))
    (due,) = world.due()
    world.now = due.due_at
    world.work(schedule.flow, due.rule, due.subject)


def test_putting_it_off_has_it_asked_again_with_the_times_that_are_left(world: World, pair: Pair) -> None:
    propose(world, "Amara", ("2026-02-03", "17:30"), (THURSDAY, "09:15"), subject=str(pair.id))
    put_off(world, card_of(world, "Niamh"))
    assert [b.label for b in times_on(card_of(world, "Niamh"))] == ["Thursday 12 February at 09:15"]
    tap(world, schedule.flow, "Niamh", times_on(card_of(world, "Niamh"))[0])
    assert [m.day for m in planned(world, pair)] == [THURSDAY]


def test_it_is_not_asked_again_once_no_time_is_left(world: World, pair: Pair) -> None:
    propose(world, "Amara", ("2026-02-03", "17:30"), subject=str(pair.id))
    put_off(world, card_of(world, "Niamh"))
    assert world.queued() == []


def test_it_is_not_asked_again_once_it_was_taken_back(world: World, pair: Pair) -> None:
    answer = said(propose(world, "Amara", (TUESDAY, "17:30"), subject=str(pair.id)))
    card = card_of(world, "Niamh")
    deliver(world)
    tap(world, not_now.flow, "Niamh", button(card, "not_now"))
    tap(world, schedule.flow, "Amara", button(answer, "withdraw_times"))
    assert world.due() == []
    proposal_id = button(answer, "withdraw_times").subject
    deliver(world)
    for who in ("Niamh", "Amara", "Haruki"):
        world.work(schedule.flow, "pick_a_time", f"{proposal_id}-{world.people[who].id}")
    assert world.queued() == []


# What one should know of a time


def test_a_time_in_quiet_time_is_allowed_and_said_to_each(world: World, pair: Pair) -> None:
    answer = said(propose(world, "Amara", (SATURDAY, "10:00"), (TUESDAY, "21:00"), subject=str(pair.id)))
    card = card_of(world, "Niamh")
    for message in (answer, card):
        assert "Saturday 14 February at 10:00 is in your quiet time" in words(message)
        assert "Tuesday 10 February at 21:00 is in your quiet time" in words(message)
    picked = said(tap(world, schedule.flow, "Niamh", times_on(card)[0]))
    assert "Saturday 14 February at 10:00 is in your quiet time" in words(picked)
    assert len(planned(world, pair)) == 1


def test_a_time_in_ordinary_hours_needs_no_remark(world: World, pair: Pair) -> None:
    propose(world, "Amara", (TUESDAY, "17:30"), subject=str(pair.id))
    assert "quiet time" not in words(card_of(world, "Niamh"))


@pytest.mark.parametrize(("at", "clashes"), [("16:30", False), ("16:31", True), ("18:29", True), ("18:30", False)])
def test_double_booking_is_pointed_out_to_whom_it_concerns_and_allowed(
    world: World, pair: Pair, at: str, clashes: bool
) -> None:
    with world.uow() as uow:
        uow.pairs.add(world.programme.id, pair.mentor.id, world.people["Haruki"].id)
    other = world.introduce("Amara")
    send(
        world, schedule.flow, "Haruki", open_form(world, "Haruki", str(other.id)),
        day_1=str(TUESDAY), time_1="17:30", agreed=("yes",),
    )  # fmt: skip
    answer = said(propose(world, "Amara", (TUESDAY, at), subject=str(pair.id)))
    assert ("you have a meeting with Haruki Sato" in words(answer)) == clashes
    card = card_of(world, "Niamh")
    assert "Haruki" not in words(card), "whom somebody else meets is nobody's business"
    tap(world, schedule.flow, "Niamh", times_on(card)[0])
    assert len(planned(world, pair)) == 1
    assert ("Haruki Sato" in words(card_of(world, "Amara"))) == clashes


def test_a_session_of_one_s_own_set_is_pointed_out_too(world: World, pair: Pair) -> None:
    add_session(world, make_set(world), datetime(2026, 2, 10, 16, 0, tzinfo=UTC))
    answer = said(propose(world, "Amara", (TUESDAY, "17:30"), subject=str(pair.id)))
    assert "you have a session of Northern set" in words(answer)
    assert "Northern set" not in words(card_of(world, "Niamh"))


def test_leads_do_not_learn_of_times(world: World, pair: Pair) -> None:
    propose(world, "Amara", (TUESDAY, "17:30"), subject=str(pair.id))
    tap(world, schedule.flow, "Niamh", times_on(card_of(world, "Niamh"))[0])
    assert {q.place for q in world.queued()} <= {f"dm:{p.id}" for p in pair.people}


def test_a_proposal_is_of_no_use_after_its_last_time(world: World, pair: Pair) -> None:
    propose(world, "Amara", (TUESDAY, "17:30"), (THURSDAY, "09:15"), subject=str(pair.id))
    with world.uow() as uow:
        (waiting,) = uow.outbox.heads(10)
    assert waiting.useful_until == datetime(2026, 2, 12, 9, 15, tzinfo=UTC)
    assert waiting.useful_until - world.now > timedelta(days=9)
