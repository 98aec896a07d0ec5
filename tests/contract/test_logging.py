"""A meeting is logged by one of a pair, seen and corrected by the other; what cannot be taken stays in the form."""

from datetime import date

import pytest

from bot.handlers import logmeeting
from bot.handlers.help import not_yours
from bot.texts import said_day
from bot.ui import Message, Values
from storage.records import Meeting
from tests.contract.stage import Cast, Stage, changed, reads

GOOD: Values = {"day": "2026-02-02", "minutes": "60", "how": "video", "topics": ("exams",), "next_day": ""}
"""What the form takes on the Monday on which the pair was introduced."""


def meetings(paired: Stage, state: str = "logged") -> list[Meeting]:
    with paired.world.uow() as uow:
        pairs = uow.pairs.facts(paired.world.programme.id)
        return [meeting for fact in pairs for meeting in uow.meetings.of_pair(fact.pair.id, state)]


def as_logged(stage: Stage, who: str) -> Message:
    """The only meeting that is logged, as this person is to read it."""
    (meeting,) = meetings(stage)
    reader = stage.world.people[who]
    with stage.world.uow() as uow:
        pair = uow.pairs.get(meeting.pair_id)
    return logmeeting.logged(meeting, pair, reader, None)


def pair_of(paired: Stage, cast: Cast) -> str:
    with paired.world.uow() as uow:
        (pair,) = uow.pairs.of(paired.world.people[cast.mentee].id)
    return str(pair.id)


@pytest.mark.transport
async def test_either_logs_and_the_other_sees_it(paired: Stage, cast: Cast) -> None:
    form = await paired.form(cast.mentee, "logmeeting")
    assert form.values["day"] == "2026-02-02"
    answer = await paired.send(cast.mentee, form, **GOOD)
    assert (answer.status, answer.errors, answer.form) == (200, {}, None)
    (meeting,) = meetings(paired)
    assert (meeting.day, meeting.minutes, meeting.how, meeting.topics) == (date(2026, 2, 2), 60, "video", ("exams",))
    await paired.until_idle()
    for who in (cast.mentor, cast.mentee):
        shown = paired.newest(who, "correct_meeting")
        assert reads(shown, as_logged(paired, who))
        text = shown.text
        assert "60 minutes" in text
        assert "By video" in text
        assert "Exams" in text


async def test_the_other_corrects_it_and_the_first_is_told(paired: Stage, cast: Cast) -> None:
    await paired.send(cast.mentee, await paired.form(cast.mentee, "logmeeting"), **GOOD)
    await paired.until_idle()
    form = await paired.open(cast.mentor, "correct_meeting")
    assert (form.values["minutes"], form.values["how"], form.values["topics"]) == ("60", "video", ("exams",))
    await paired.send(cast.mentor, form, minutes="45", topics=("exams", "performance"))
    await paired.until_idle()
    (meeting,) = meetings(paired)
    assert (meeting.minutes, meeting.topics) == (45, ("exams", "performance"))
    told = paired.newest(cast.mentee, "correct_meeting").text
    assert "45 minutes" in told
    assert "Exams, Performance" in told


async def test_two_logs_of_one_day_are_one_meeting_and_the_later_wins(paired: Stage, cast: Cast) -> None:
    forms = [await paired.form(who, "logmeeting") for who in (cast.mentor, cast.mentee)]
    await paired.send(cast.mentor, forms[0], **GOOD)
    await paired.send(cast.mentee, forms[1], **GOOD | {"minutes": "30", "how": "phone"})
    (meeting,) = meetings(paired)
    assert (meeting.minutes, meeting.how) == (30, "phone")
    await paired.until_idle()
    assert "30 minutes" in paired.newest(cast.mentor, "correct_meeting").text


async def test_the_same_log_from_both_is_no_news(paired: Stage, cast: Cast) -> None:
    forms = [await paired.form(who, "logmeeting") for who in (cast.mentor, cast.mentee)]
    for who, form in zip((cast.mentor, cast.mentee), forms, strict=True):
        await paired.send(who, form, **GOOD)
    await paired.until_idle()
    assert [len(paired.by_key(who, "meeting:")) for who in (cast.mentor, cast.mentee)] == [0, 1]


async def test_the_next_date_is_told_to_the_other_and_asked_about_the_day_after(paired: Stage, cast: Cast) -> None:
    form = await paired.form(cast.mentee, "logmeeting")
    await paired.send(cast.mentee, form, **GOOD | {"next_day": "2026-02-10"})
    await paired.until_idle()
    assert said_day(date(2026, 2, 10)) in paired.newest(cast.mentor, "correct_meeting").text
    await paired.until(paired.now().replace(day=11, hour=12))
    for who in (cast.mentor, cast.mentee):
        assert said_day(date(2026, 2, 10)) in paired.newest(who, "we_met").lines[0]


async def planned(paired: Stage, cast: Cast) -> None:
    """The day after a meeting that was planned, when both have been asked."""
    await paired.ask(cast.mentor, "mentoring")
    form = await paired.open(cast.mentor, "schedule")
    await paired.send(cast.mentor, form, day_1="2026-02-10", time_1="18:00", agreed=("yes",))
    await paired.until(paired.now().replace(day=11, hour=12))


async def test_one_tap_logs_a_planned_meeting_and_changes_the_cards_of_both(paired: Stage, cast: Cast) -> None:
    await planned(paired, cast)
    asked = paired.newest(cast.mentor, "we_met")
    shown = await paired.tap(cast.mentor, "we_met")
    assert shown.id == asked.id
    assert reads(shown, as_logged(paired, cast.mentor))
    (meeting,) = meetings(paired)
    assert (meeting.day, meeting.minutes, meeting.topics) == (date(2026, 2, 10), None, ())
    await paired.until_idle()
    (theirs,) = paired.by_key(cast.mentee, "met:")
    assert reads(theirs, as_logged(paired, cast.mentee))
    assert "we_met" not in {button.action for button in theirs.buttons}


async def test_both_tap_we_met_and_it_is_one_meeting(paired: Stage, cast: Cast) -> None:
    await planned(paired, cast)
    cards = {who: paired.newest(who, "we_met") for who in (cast.mentor, cast.mentee)}
    for who, card in cards.items():
        await paired.client(who).tap(card, card.button("we_met"))
    await paired.until_idle()
    (meeting,) = meetings(paired)
    assert meeting.version == 2, "arranged, then logged once"
    for who in cards:
        assert reads(paired.by_key(who, "met:")[-1], as_logged(paired, who))
    assert paired.slack.seen_twice() == paired.teams.seen_twice() == []


async def test_one_says_it_did_not_happen_and_the_other_that_it_did(paired: Stage, cast: Cast) -> None:
    await planned(paired, cast)
    cards = {who: paired.newest(who, "we_met") for who in (cast.mentor, cast.mentee)}
    await paired.client(cast.mentor).tap(cards[cast.mentor], cards[cast.mentor].button("not_met"))
    await paired.client(cast.mentee).tap(cards[cast.mentee], cards[cast.mentee].button("we_met"))
    await paired.until_idle()
    assert len(meetings(paired)) == 1, "nobody need argue with a log"
    assert reads(paired.by_key(cast.mentor, "me")[-1], as_logged(paired, cast.mentor))


BAD: list[tuple[str, Values, str]] = [
    ("a future day", {"day": "2026-02-03"}, "day"),
    ("a day before they were introduced", {"day": "2026-02-01"}, "day"),
    ("a day that there is not", {"day": "2026-02-30"}, "day"),
    ("a year of five digits", {"day": "12026-02-02"}, "day"),
    ("no day", {"day": ""}, "day"),
    ("words for a day", {"day": "yesterday"}, "day"),
    ("no minutes at all", {"minutes": "0"}, "minutes"),
    ("1,000 minutes", {"minutes": "1000"}, "minutes"),
    ("minutes below nothing", {"minutes": "-60"}, "minutes"),
    ("half a minute", {"minutes": "60.5"}, "minutes"),
    ("a number that no computer counts", {"minutes": "9" * 400}, "minutes"),
    ("words for minutes", {"minutes": "an hour"}, "minutes"),
    ("10,000 characters", {"minutes": "x" * 10_000}, "minutes"),
    ("an emoji flood", {"minutes": "\N{PARTY POPPER}" * 2_000}, "minutes"),
    ("10,000 characters for a day", {"day": "y" * 10_000}, "day"),
    ("digits of another script", {"minutes": "٦٠"}, "minutes"),
    ("a way that is not on the list", {"how": "telepathy"}, "how"),
    ("no way", {"how": ""}, "how"),
    ("a topic that is not on the list", {"topics": ("exams", "salaries")}, "topics"),
    ("a topic that is markup", {"topics": ("<!channel>",)}, "topics"),
    ("a next day that has passed", {"next_day": "2026-02-01"}, "next_day"),
    ("a next day in ten years", {"next_day": "2036-02-01"}, "next_day"),
    ("words for the next day", {"next_day": "soon"}, "next_day"),
]


async def test_what_cannot_be_taken_gets_an_error_beside_its_field(
    paired: Stage, cast: Cast, subtests: pytest.Subtests
) -> None:
    before = paired.rows()
    for name, values, field in BAD:
        with subtests.test(name):
            answer = await paired.forged_form(cast.mentee, "log_meeting", pair_of(paired, cast), 0, GOOD | values)
            assert answer.status == 200
            assert answer.errors.keys() == {field}
            if answer.form is not None:  # Slack keeps what was typed by itself
                assert answer.form.values == GOOD | values
            assert changed(before, paired.rows()) == {}


@pytest.mark.transport
async def test_what_was_typed_stays_in_the_form_until_it_is_right(paired: Stage, cast: Cast) -> None:
    form = await paired.form(cast.mentee, "logmeeting")
    answer = await paired.send(cast.mentee, form, **GOOD | {"minutes": "1000", "topics": ("exams", "personal")})
    assert answer.form is not None
    assert "480" in answer.errors["minutes"]
    assert (answer.form.values["minutes"], answer.form.values["topics"]) == ("1000", ("exams", "personal"))
    answer = await paired.send(cast.mentee, answer.form, minutes="100")
    assert (answer.form, answer.errors) == (None, {})
    (meeting,) = meetings(paired)
    assert (meeting.minutes, set(meeting.topics)) == (100, {"exams", "personal"})


@pytest.mark.parametrize("subject", ["99999", "2-2", "", "1 OR 1=1", "-1", "9" * 40])
async def test_a_pair_that_there_is_not_cannot_be_logged_for(paired: Stage, cast: Cast, subject: str) -> None:
    if subject == "":
        subject = pair_of(paired, cast) + "0"
    before = paired.rows()
    answer = await paired.forged_form(cast.mentee, "log_meeting", subject, 0, GOOD)
    await paired.settle()
    assert (answer.status, answer.errors) == (200, {})
    assert "meeting" not in changed(before, paired.rows())
    assert reads(paired.newest(cast.mentee), not_yours(paired.world.programme))


async def test_the_pair_of_others_cannot_be_logged_for(paired: Stage, cast: Cast) -> None:
    with paired.world.uow() as uow:
        (other,) = uow.pairs.of(paired.world.people[cast.other_pair[0]].id)
    before, screens = paired.rows(), [paired.screen(who) for who in cast.other_pair]
    answer = await paired.forged_form(cast.mentee, "log_meeting", str(other.id), 0, GOOD)
    await paired.settle()
    assert answer.status == 200
    assert "meeting" not in changed(before, paired.rows())
    assert [paired.screen(who) for who in cast.other_pair] == screens


@pytest.mark.transport
async def test_a_form_that_is_sent_twice_logs_once_and_tells_once(paired: Stage, cast: Cast) -> None:
    for _ in range(2):
        answer = await paired.forged_form(cast.mentee, "log_meeting", pair_of(paired, cast), 0, GOOD)
        assert answer.status == 200
    await paired.until_idle()
    assert [meeting.version for meeting in meetings(paired)] == [1]
    assert len(paired.by_key(cast.mentor, "meeting:")) == 1
