"""Finding a time on both platforms: the form, the card, the calendar file, moving and cancelling."""

from datetime import UTC, datetime

import pytest

from bot.playground.client import Shown
from tests.calendars import CalendarProgram, broken_rules
from tests.contract.stage import Cast, Stage

TIMES = {"day_1": "2026-02-10", "time_1": "17:30", "day_2": "2026-02-12", "time_2": "08:15"}


def calendar_files(stage: Stage) -> list[bytes]:
    with stage.world.uow() as uow:
        return [file.content for file in uow.files.kept()]


async def proposed(paired: Stage, cast: Cast, **values: str) -> Shown:
    """The mentor proposes times by typing; the card that the mentee gets."""
    answer = await paired.send(cast.mentor, await paired.form(cast.mentor, "schedule"), **{**TIMES, **values})
    assert answer.errors == {}
    return paired.newest(cast.mentee, "pick_time")


async def test_one_proposes_the_other_picks_and_both_have_it(paired: Stage, cast: Cast) -> None:
    card = await proposed(paired, cast, minutes="45", place="Café & library, level 2")
    labels = [button.label for button in card.buttons if button.action == "pick_time"]
    assert labels == ["Tuesday 10 February at 17:30", "Thursday 12 February at 08:15"]
    assert "Where: Café & library, level 2" in card.text
    settled = await paired.tap(cast.mentee, "pick_time", card)
    for who, shown in ((cast.mentee, settled), (cast.mentor, paired.newest(cast.mentor, "cancel_meeting"))):
        assert "meet on Tuesday 10 February at 17:30" in shown.text, who
    assert paired.newest(cast.mentee).id == card.id, "the card that asked is the answer now"


@pytest.mark.transport
async def test_two_answers_at_once_arrange_one_meeting(paired: Stage, cast: Cast) -> None:
    card = await proposed(paired, cast)
    first, second = (button for button in card.buttons if button.action == "pick_time")
    client = paired.client(cast.mentee)
    await client.tap(card, first)
    assert (await paired.forged_tap(cast.mentee, "pick_time", second.subject))[0] == 200
    await paired.settle()
    with paired.world.uow() as uow:
        (meeting,) = [m for pair in uow.pairs.of(paired.world.people[cast.mentee].id)
                      for m in uow.meetings.of_pair(pair.id, "arranged")]  # fmt: skip
    assert meeting.starts_at == datetime(2026, 2, 10, 17, 30, tzinfo=UTC)


async def test_a_proposal_that_was_taken_back_cannot_be_picked_from(paired: Stage, cast: Cast) -> None:
    card = await proposed(paired, cast)
    subject = card.button("pick_time").subject
    await paired.tap(cast.mentor, "withdraw_times")
    (changed,) = [shown for shown in paired.screen(cast.mentee) if shown.id == card.id]
    assert "took these times back" in changed.text
    assert (await paired.forged_tap(cast.mentee, "pick_time", subject))[0] == 200
    await paired.settle()
    assert calendar_files(paired) == []
    assert "cancel_meeting" not in {button.action for button in (await paired.ask(cast.mentee, "mentoring")).buttons}


@pytest.mark.parametrize(
    ("values", "field", "word"),
    [
        ({"day_1": "2026-02-01"}, "day_1", "past"),
        ({"day_1": "2026-03-29", "time_1": "01:30"}, "time_1", "does not exist"),
        ({"day_1": "2026-10-25", "time_1": "01:30"}, "time_1", "comes twice"),
        ({"minutes": "1"}, "minutes", "from 5 to 480"),
    ],
)
async def test_what_cannot_be_is_said_beside_the_field_and_nothing_is_lost(
    paired: Stage, cast: Cast, values: dict[str, str], field: str, word: str
) -> None:
    form = await paired.form(cast.mentor, "schedule")
    answer = await paired.send(cast.mentor, form, **{**TIMES, "place": "Room 4", **values})
    assert word in answer.errors[field]
    assert answer.form is not None
    assert answer.form.values["place"] == "Room 4"
    corrected = await paired.send(cast.mentor, answer.form, **TIMES, minutes="30")
    assert corrected.errors == {}
    assert paired.newest(cast.mentee, "pick_time")


async def test_a_change_and_a_cancellation_reach_both_calendars(paired: Stage, cast: Cast) -> None:
    await paired.tap(cast.mentee, "pick_time", await proposed(paired, cast))
    form = await paired.open(cast.mentee, "schedule", paired.newest(cast.mentee, "cancel_meeting"))
    assert (form.title, form.values["minutes"]) == ("Move the meeting", "60")
    await paired.advance(days=1)
    await paired.send(cast.mentee, form, day_1="2026-02-13", time_1="12:00", agreed=("yes",))
    await paired.until_idle()
    told = paired.newest(cast.mentor, "cancel_meeting")
    assert "now meet on Friday 13 February at 12:00, instead of Tuesday 10 February at 17:30" in told.text
    assert "is cancelled" in (await paired.tap(cast.mentor, "cancel_meeting", told)).text
    await paired.until_idle()
    assert "cancelled your meeting of Friday 13 February" in paired.newest(cast.mentee, "schedule").text
    files = calendar_files(paired)
    assert len(files) == 6
    assert [broken_rules(content, organiser="gwen@example.org") for content in files] == [[]] * 6
    calendar = CalendarProgram()
    for content in files:
        calendar.open(content)
    ((_uid, gone),) = calendar.gone.items()
    assert (calendar.events, gone.sequence) == ({}, 2)
