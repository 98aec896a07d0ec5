"""Leads see facts that they may know, in their private channel; a lead is who is listed and in that channel now."""

from datetime import date

import pytest

from bot.handlers import leads, reach
from bot.playground.client import Fault, Shown
from bot.ui import Values
from tests.contract.stage import CASTS, EVERYBODY, Cast, Stage, lines_of, reads


async def bound(stage: Stage, cast: Cast, *others: str) -> str:
    """The leads channel of a cast, bound by its lead."""
    channel = stage.channel(cast.lead, *others)
    await stage.client(cast.lead, channel).command("leads here")
    await stage.settle()
    return channel


def is_refusal(shown: Shown, stage: Stage) -> bool:
    """Whether somebody is told that leads alone see this."""
    return reads(shown, leads.for_leads_only(stage.world.programme))


def leave(stage: Stage, who: str, channel: str) -> None:
    """Somebody leaves a channel."""
    user = EVERYBODY[who].user
    if EVERYBODY[who].platform == "slack":
        stage.slack.workspace.channels[channel].people.discard(user)
    else:
        stage.teams.place(channel).users.remove(user)


async def test_a_listed_lead_binds_the_channel_and_all_its_members_are_told(paired: Stage, cast: Cast) -> None:
    await bound(paired, cast, cast.mentor)
    for who in (cast.lead, cast.mentor):
        assert reads(paired.newest(who), leads.bound(paired.world.programme))


@pytest.mark.parametrize("part", ["mentor", "mentee", "control", "outsider"])
async def test_nobody_else_can_bind_one(paired: Stage, cast: Cast, part: str) -> None:
    who = str(getattr(cast, part))
    channel = paired.channel(who, cast.lead)
    await paired.client(who, channel).command("leads here")
    await paired.settle()
    assert paired.screen(cast.lead) == []
    assert not [row for row in paired.rows()["place"] if row[0].startswith("leads:")]


async def test_a_lead_who_asks_is_answered_in_private(paired: Stage, cast: Cast) -> None:
    await bound(paired, cast, cast.mentor)
    before = paired.screen(cast.mentor)
    answer = await paired.ask(cast.lead, "leads")
    assert "3 of 3" in answer.text
    assert paired.screen(cast.mentor) == before


async def test_everybody_else_is_refused_with_the_same_words(paired: Stage, cast: Cast) -> None:
    """Who is no lead; who is one, but not in the channel; who was in the channel and has left."""
    channel = await bound(paired, cast, cast.mentor)
    refused = [await paired.ask(who, "leads") for who in (cast.mentor, cast.mentee, cast.control)]
    refused.append(await paired.ask("Rhodri" if cast.lead == "Gwen" else "Gwen", "leads"))
    leave(paired, cast.lead, channel)
    refused.append(await paired.ask(cast.lead, "leads"))
    assert all(is_refusal(shown, paired) for shown in refused)
    assert len({shown.lines for shown in refused}) == 1


async def test_nobody_is_a_lead_while_the_members_cannot_be_seen(paired: Stage, cast: Cast) -> None:
    await bound(paired, cast)
    method = "conversations.members" if cast.platform == "slack" else "getConversationPagedMembers"
    paired.stand_in(cast.lead).faults.append(Fault(method, "status", times=1, status=403))
    assert is_refusal(await paired.ask(cast.lead, "leads"), paired)
    assert not is_refusal(await paired.ask(cast.lead, "leads"), paired)


async def test_before_a_channel_is_bound_a_lead_is_told_how(paired: Stage, cast: Cast) -> None:
    for words in ("leads", "leads here"):
        assert reads(await paired.ask(cast.lead, words), leads.type_it_there())


async def test_the_digest_comes_every_month_in_the_channel_alone(paired: Stage, cast: Cast) -> None:
    channel = await bound(paired, cast)
    await paired.advance(days=95)
    digests = [post for post in paired.stand_in(cast.lead).posts if post.key.startswith("digest")]
    days = [(3, 2, 9), (4, 1, 8), (5, 1, 8)]  # at nine, which is eight in UTC once it is summer
    assert [(post.at.month, post.at.day, post.at.hour) for post in digests] == days
    assert {post.conversation for post in digests} == {channel}


async def test_a_digest_from_before_the_channel_is_posted_when_it_is_bound(paired: Stage, cast: Cast) -> None:
    await paired.advance(days=40)
    await bound(paired, cast)
    await paired.until_idle()
    keys = [post.key for post in paired.stand_in(cast.lead).posts]
    assert [key for key in keys if key.startswith("digest")] == ["digest:1:2026-03"]


async def test_the_digest_holds_facts_that_leads_may_know_and_no_others(paired: Stage, cast: Cast) -> None:
    """State of pairs, numbers and dates of meetings, who cannot be reached; never length, way, topics or support."""
    log: Values = {
        "day": "2026-02-02",
        "minutes": "237",
        "how": "phone",
        "topics": ("exams",),
        "next_day": "2026-02-17",
    }
    await paired.forged_form(cast.mentee, "log_meeting", pair_id(paired, cast), 0, log)
    await paired.forged_tap(cast.control, "ask_senior", str(paired.world.people["Oluwaseun"].id))
    await bound(paired, cast)
    answer = await paired.ask(cast.lead, "leads")
    with paired.world.uow() as uow:
        facts = uow.pairs.facts(paired.world.programme.id)
    allowed = leads.digest(
        paired.world.programme,
        facts,
        today=date(2026, 2, 2),
        lately=1,
        unreachable=(),
        attendance=None,
        seen_by=answer.lines[-1],
    )
    assert list(answer.lines) == lines_of(allowed)
    await paired.advance(days=60)
    digest = [post for post in paired.stand_in(cast.lead).posts if post.key.startswith("digest")][-1]
    for secret in ("237", "phone", "Exams", "Personal", "17 February", "support", "Oluwaseun", "Leila", "Priya"):
        assert secret not in "\n".join(digest.lines)


def pair_id(stage: Stage, cast: Cast) -> str:
    with stage.world.uow() as uow:
        return str(uow.pairs.of(stage.world.people[cast.mentee].id)[0].id)


# People who cannot be reached


def vanish(stage: Stage, who: str) -> None:
    """Block or remove the bot, so that it is found out with the next message."""
    user = EVERYBODY[who].user
    if EVERYBODY[who].platform == "slack":
        stage.slack.workspace.blocked.add(user)
    else:
        stage.teams.installed.discard(user)


async def test_who_cannot_be_reached_is_noted_and_the_leads_are_told_once(paired: Stage, cast: Cast) -> None:
    await bound(paired, cast)
    vanish(paired, cast.mentee)
    await paired.advance(days=60)
    await they_are_told_once(paired, cast)


async def test_who_removes_the_bot_is_noted_at_once(paired: Stage) -> None:
    """Slack says nothing when that happens."""
    cast = CASTS["teams"]
    await bound(paired, cast)
    await paired.client(cast.mentee).remove()
    await paired.until_idle()
    await they_are_told_once(paired, cast)


async def they_are_told_once(paired: Stage, cast: Cast) -> None:
    gone = paired.world.people[cast.mentee]
    (told,) = [post for post in paired.stand_in(cast.lead).posts if post.key.startswith("unreachable")]
    assert set(lines_of(reach.cannot_be_reached(gone))) <= set(told.lines)
    assert f"\N{BULLET} {gone.name}" in (await paired.ask(cast.lead, "leads")).lines


async def test_who_cannot_be_reached_makes_no_retry_storm(paired: Stage, cast: Cast) -> None:
    await bound(paired, cast)
    vanish(paired, cast.mentee)
    calls = count_calls(paired, cast)
    await paired.advance(days=120)
    assert 1 <= len(calls) <= 3, "one try to open the chat or to post there finds out"


def count_calls(stage: Stage, cast: Cast) -> list[str]:
    """Every refused call to the platform from now on."""
    refused: list[str] = []
    chat = next(p.chat for p in stage.app.platforms if p.chat.platform == cast.platform)
    for name in ("open", "send"):
        original = getattr(chat, name)

        async def counted(*given: object, name: str = name, original: object = original) -> object:
            try:
                return await original(*given)  # type: ignore[operator]  # one of the chat's methods
            except Exception:
                refused.append(name)
                raise

        setattr(chat, name, counted)
    return refused


async def test_who_writes_again_can_be_reached_again_and_misses_nothing_new(paired: Stage, cast: Cast) -> None:
    await bound(paired, cast)
    await paired.client(cast.mentee).remove()
    await paired.advance(days=30)
    await paired.client(cast.mentee).install()
    answer = await paired.say(cast.mentee, "home")
    assert answer.button("log_meeting")
    with paired.world.uow() as uow:
        assert uow.people.unreachable(paired.world.programme.id) == []
    before = len(paired.screen(cast.mentee))
    await paired.advance(days=60)
    assert len(paired.screen(cast.mentee)) > before


@pytest.mark.parametrize("platform", sorted(CASTS))
async def test_a_lead_may_ask_from_the_other_platform(paired: Stage, platform: str) -> None:
    """Who is in the channel is known by account, so a lead without one there is refused."""
    cast = CASTS[platform]
    await bound(paired, cast)
    other = CASTS["teams" if platform == "slack" else "slack"].lead
    assert is_refusal(await paired.ask(other, "leads"), paired)
    assert paired.now().date() == date(2026, 2, 2)
