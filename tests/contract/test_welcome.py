"""Nobody takes part without a yes; the second yes of a pair has the two introduced, once."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.handlers import not_now, welcome
from bot.ui import Message
from storage.models import person
from storage.records import Participant
from tests.contract.stage import Cast, Rows, Stage, changed, reads

FIRST_DAY = datetime(2026, 2, 2, 10, 0, tzinfo=UTC)
SUNDAY = datetime(2026, 2, 8, 9, 0, tzinfo=UTC)


def part_of(stage: Stage, who: str) -> Participant:
    with stage.world.uow() as uow:
        part = uow.people.participant(stage.world.people[who].id)
    assert part is not None
    return part


def thanks(stage: Stage, who: str) -> Message:
    return welcome.thanks(part_of(stage, who), stage.world.programme)


async def test_the_welcome_arrives_on_the_first_morning_and_once(stage: Stage, cast: Cast) -> None:
    await stage.settle()
    (card,) = stage.screen(cast.mentee)
    assert card.at == FIRST_DAY
    assert reads(card, welcome.join_card(part_of(stage, cast.mentee), stage.world.programme))
    assert "Gwen Pritchard" in card.text, "a named contact"
    await stage.settle()
    assert [shown.key for shown in stage.screen(cast.mentee)] == [card.key]


async def test_everybody_is_told_what_their_own_part_is(stage: Stage, cast: Cast) -> None:
    await stage.settle()
    for who in (cast.mentor, cast.mentee, cast.control):
        assert reads(stage.newest(who), welcome.join_card(part_of(stage, who), stage.world.programme))
    assert len({stage.newest(who).lines[0] for who in (cast.mentor, cast.mentee, cast.control)}) == 3
    assert stage.screen(cast.lead) == []


@pytest.mark.transport
async def test_one_tap_joins_and_the_card_changes(stage: Stage, cast: Cast) -> None:
    await stage.settle()
    card = stage.newest(cast.mentee)
    shown = await stage.tap(cast.mentee, "join")
    assert shown.id == card.id
    assert reads(shown, thanks(stage, cast.mentee))
    assert "join" not in {button.action for button in shown.buttons}
    assert part_of(stage, cast.mentee).state == "joined"


async def test_nobody_takes_part_without_it(stage: Stage, cast: Cast) -> None:
    await stage.join(cast.mentor)
    answer = await stage.ask(cast.mentee, "logmeeting")
    assert {"join", "decline"} <= {button.action for button in answer.buttons}
    assert part_of(stage, cast.mentee).state == "invited"
    await stage.advance(days=7)
    assert stage.by_key(cast.mentor, "introduction") == []


async def test_who_declined_is_not_asked_again_and_may_change_their_mind(stage: Stage, cast: Cast) -> None:
    await stage.settle()
    shown = await stage.tap(cast.mentee, "decline")
    assert reads(shown, welcome.declined(part_of(stage, cast.mentee), stage.world.programme))
    await stage.advance(days=30)
    assert [m.key for m in stage.screen(cast.mentee)] == [shown.key]
    shown = await stage.tap(cast.mentee, "join")
    assert reads(shown, thanks(stage, cast.mentee))
    assert part_of(stage, cast.mentee).state == "joined"


async def test_who_does_not_answer_is_reminded_once(stage: Stage, cast: Cast) -> None:
    await stage.advance(days=40)
    asked = [m for m in stage.screen(cast.mentee) if "join" in {b.action for b in m.buttons}]
    assert [m.at - FIRST_DAY for m in asked] == [timedelta(0), timedelta(days=7)]


async def test_a_reminder_can_be_put_off(stage: Stage, cast: Cast) -> None:
    await stage.advance(days=8)
    shown = await stage.tap(cast.mentee, "not_now")
    assert reads(shown, not_now.put_off_until_day(date(2026, 2, 13)))
    await stage.advance(days=7)
    assert stage.newest(cast.mentee, "join").at == datetime(2026, 2, 13, 10, 0, tzinfo=UTC)


async def test_tapping_a_card_twice_changes_nothing(stage: Stage, cast: Cast) -> None:
    await stage.settle()
    card = stage.newest(cast.mentee)
    await stage.tap(cast.mentee, "join", card)
    once, seen = stage.rows(), [m.id for m in stage.screen(cast.mentee)]
    button = card.button("join")
    for _ in range(2):
        assert (await stage.forged_tap(cast.mentee, "join", button.subject, button.version))[0] == 200
        await stage.settle()
    assert changed(once, stage.rows()).keys() <= {"seen", "outbox", "pace"}
    assert part_of(stage, cast.mentee).state == "joined"
    again = [m for m in stage.screen(cast.mentee) if m.id not in seen]
    assert all(reads(m, thanks(stage, cast.mentee)) for m in again), "they are told how things stand"


@pytest.mark.transport
async def test_the_same_event_delivered_twice_changes_nothing(
    stage: Stage, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both platforms send again what they believe was not heard."""
    await stage.settle()
    stand_in, name = (stage.slack, "send_form") if cast.platform == "slack" else (stage.teams, "deliver")
    send = getattr(stand_in, name)
    stored: list[Rows] = []

    async def twice(sent: object) -> object:
        answers = []
        for _ in range(2):
            answers.append(await send(sent))
            stored.append(stage.rows())
        assert answers[0] == answers[1]
        return answers[1]

    monkeypatch.setattr(stand_in, name, twice)
    card = stage.newest(cast.mentee)
    await stage.client(cast.mentee).tap(card, card.button("join"))
    assert changed(*stored).keys() <= {"seen", "outbox"}
    await stage.settle()
    assert [shown.id for shown in stage.screen(cast.mentee)] == [card.id]
    assert reads(stage.newest(cast.mentee), thanks(stage, cast.mentee))


# Introductions


async def meet(stage: Stage, mentor: str, mentee: str) -> None:
    """Let both say yes, and let everything arrive."""
    await stage.join(mentor, mentee)
    await stage.until_idle()


async def test_a_pair_in_one_slack_workspace_meets_in_a_group_chat(stage: Stage) -> None:
    await meet(stage, "Amara", "Niamh")
    (mentors,), (mentees,) = (stage.by_key(who, "introduction") for who in ("Amara", "Niamh"))
    assert mentors.id == mentees.id
    (post,) = [post for post in stage.slack.posts if post.id == mentors.id]
    assert post.kind == "group"
    assert {account.user for account in post.readers} == {stage.world.accounts[w].user for w in ("Amara", "Niamh")}
    for fact in ("Amara Okonjo", "amara@example.org", "Niamh Gallagher", "Niamh likes allotments"):
        assert fact in mentors.text


@pytest.mark.parametrize(("mentor", "mentee"), [("Tomasz", "Haruki"), ("Farah", "Chidi")])
async def test_any_other_pair_gets_a_personal_message_each(stage: Stage, mentor: str, mentee: str) -> None:
    await meet(stage, mentor, mentee)
    for reader, other in ((mentor, mentee), (mentee, mentor)):
        (shown,) = stage.by_key(reader, "introduction")
        assert f"{other} likes allotments and neonates." in shown.lines
        assert f"{other.lower()}@example.org" in shown.lines
        assert f"{reader} likes allotments and neonates." not in shown.text
    kinds = {post.kind for stand_in in stage.stand_ins for post in stand_in.posts if "introduction" in post.key}
    assert kinds == {"dm"}


async def test_two_on_teams_get_a_link_that_opens_their_chat(stage: Stage) -> None:
    await meet(stage, "Tomasz", "Haruki")
    (shown,) = stage.by_key("Haruki", "introduction")
    assert "https://teams.microsoft.com/l/chat/0/0?users=tomasz@example.org" in str(shown.raw)


async def test_a_pair_is_introduced_once_whoever_taps_how_often(stage: Stage, cast: Cast) -> None:
    await meet(stage, cast.mentor, cast.mentee)
    for who in (cast.mentor, cast.mentee):
        for action in ("join", "decline"):
            assert (await stage.forged_tap(who, action, f"1-{stage.world.people[who].id}", 1))[0] == 200
    await stage.advance(days=2)
    for who in (cast.mentor, cast.mentee):
        assert len(stage.by_key(who, "introduction")) == 1
    assert stage.slack.seen_twice() == stage.teams.seen_twice() == []


async def test_two_who_say_yes_on_a_sunday_are_introduced_when_both_may_be_written_to(stage: Stage, cast: Cast) -> None:
    await stage.until(SUNDAY)
    await stage.join(cast.mentor, cast.mentee)
    assert stage.by_key(cast.mentee, "introduction") == []
    await stage.until_idle()
    for who in (cast.mentor, cast.mentee):
        (shown,) = stage.by_key(who, "introduction")
        assert shown.at >= datetime(2026, 2, 9, 8, 0, tzinfo=UTC)


# What people typed about themselves

NASTY = (
    "<!channel> *bold* [x](http://evil.example) <http://evil.example|x> @everyone <@U001> "
    "{{DATE(2026-01-01T00:00:00Z, SHORT)}} ${secret} :tada: `code` <at>peermentor</at>"
)


@pytest.mark.parametrize(("mentor", "mentee"), [("Amara", "Niamh"), ("Tomasz", "Haruki"), ("Farah", "Chidi")])
async def test_markup_in_a_name_or_a_profile_does_nothing(stage: Stage, mentor: str, mentee: str) -> None:
    with stage.world.database.engine.begin() as connection:
        known = (stage.world.people[mentor].id, stage.world.people[mentee].id)
        connection.execute(update(person).where(person.c.id.in_(known)).values(name=NASTY, profile=NASTY))
    await meet(stage, mentor, mentee)
    for who in (mentor, mentee):
        (shown,) = stage.by_key(who, "introduction")
        assert shown.lines.count(NASTY) >= 2, "it reads as it was typed"
        for seen in stage.screen(who):
            assert_inert(seen.raw)
        await stage.ask(who, "mentoring")
        assert_inert(stage.newest(who).raw)


def assert_inert(raw: object) -> None:
    """Nothing that a platform reads as markup holds what was typed."""
    for part in parts_of(raw):
        text = part.get("text")
        match part.get("type"):
            case "mrkdwn" | "TextBlock":
                raise AssertionError(f"read as markup: {text}")
            case "plain_text":
                assert part["emoji"] is False
            case "TextRun":
                assert "{{" not in str(text)
                assert "${" not in str(text)
            case "text" | "link":
                pass  # of Slack's rich text, which has elements for everything that is more than text
            case _ if isinstance(text, str):
                assert not set(re.findall("<[!@h]", text))
        assert "evil" not in str(part.get("url", ""))


def parts_of(raw: object) -> Iterator[dict[str, Any]]:
    """Every object in a payload."""
    if isinstance(raw, dict):
        yield raw
    if isinstance(raw, dict | list):
        for inner in raw.values() if isinstance(raw, dict) else raw:
            yield from parts_of(inner)
