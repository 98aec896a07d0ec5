"""Leads: facts that leads may know, for leads only, once a month and on demand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.examples import LEARNING_SET, PAIR, PROGRAMME, SESSION
from bot.flow import Outcome, Private, Reply
from bot.handlers import leads
from bot.platforms.slack import render as slack
from bot.platforms.teams import render as teams
from bot.ui import Bullets, Facts, Heading, Message
from storage.places import leads as leads_place
from storage.records import Account, Attendance, Conversation, PairFacts
from tests.world import World

CHANNEL = Conversation("slack", "T1", "C-LEADS", "channel")


def said(outcome: Outcome) -> Message:
    assert isinstance(outcome, Private)
    return outcome.message


def here(world: World, who: str, channel: Conversation = CHANNEL) -> Outcome:
    return world.do(leads.flow, world.event(who, "command", "leads", text="here", here=channel))


def digest_for(world: World, who: str, kind: str = "command") -> Outcome:
    """What ``leads`` answers while Gwen is in the leads channel."""
    present = frozenset({world.accounts["Gwen"]})
    return world.do(leads.flow, world.event(who, kind, "leads", leads_present=present))


def rows(message: Message) -> dict[str, str]:
    return {label: value for block in message.blocks if isinstance(block, Facts) for label, value in block.rows}


def lists(message: Message) -> dict[str, tuple[str, ...]]:
    """Each list of a digest under its heading."""
    found = {}
    for before, block in zip(message.blocks, message.blocks[1:], strict=False):
        if isinstance(before, Heading) and isinstance(block, Bullets):
            found[before.text] = block.items
    return found


def log_meetings(world: World, mentor: str, *days: date) -> None:
    with world.uow() as uow:
        (pair,) = uow.pairs.of(world.people[mentor].id)
        for day in days:
            uow.meetings.log(
                pair.id, day, by=pair.mentee.id, minutes=77, how="on the phone", topics=["exams", "career planning"]
            )


def posted(world: World) -> list[str]:
    return [q.key for q in world.queued() if q.place == leads_place(world.programme)]


# Who is answered


def test_a_listed_lead_binds_the_channel_and_what_waits_for_it_goes_out_at_once(world: World) -> None:
    place = leads_place(world.programme)
    with world.uow() as uow:
        later = world.now + timedelta(hours=1)
        uow.outbox.add(to=place, key="waiting", message=leads.for_leads_only(None), due_at=later)
    outcome = here(world, "Gwen")
    assert isinstance(outcome, Reply)
    assert "leads channel of Westmarch" in outcome.message.summary
    with world.uow() as uow:
        assert uow.places.find(place) == CHANNEL
    assert [q.due_at for q in world.queued() if q.key == "waiting"] == [world.now]


@pytest.mark.parametrize("text", ["here", " Here ", "HERE"])
def test_here_is_understood_as_people_type_it(world: World, text: str) -> None:
    event = world.event("Gwen", "command", "leads", text=text, here=CHANNEL)
    assert isinstance(world.do(leads.flow, event), Reply)


@pytest.mark.parametrize("who", ["Amara", "Haruki", "Leila", "Brigid"])
def test_nobody_else_can_bind_a_channel_or_learns_anything(world: World, who: str) -> None:
    refused = here(world, who)
    with world.uow() as uow:
        assert uow.places.find(leads_place(world.programme)) is None
    here(world, "Gwen")
    assert here(world, who) == digest_for(world, who) == refused == Private(leads.for_leads_only(world.programme))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("public", leads.not_in_public()), ("dm", leads.type_it_there()), ("group", leads.type_it_there())],
)
def test_only_a_private_channel_becomes_the_leads_channel(world: World, kind: str, expected: Message) -> None:
    assert said(here(world, "Gwen", replace(CHANNEL, kind=kind))) == expected
    with world.uow() as uow:
        assert uow.places.find(leads_place(world.programme)) is None


def test_a_listed_lead_is_told_how_to_begin(world: World) -> None:
    assert said(digest_for(world, "Gwen")) == leads.type_it_there()


def test_a_lead_in_the_channel_gets_the_digest_for_their_eyes_only(world: World) -> None:
    here(world, "Gwen")
    message = said(digest_for(world, "Gwen"))
    assert rows(message)["Pairs introduced"] == "0 of 2"
    assert message.seen_by.startswith("Only you")
    assert digest_for(world, "Gwen", "button") == Private(message)


def test_who_is_in_the_channel_is_looked_up_for_every_way_to_ask() -> None:
    assert all(leads.flow.routes[kind, "leads"].leads for kind in ("command", "button"))


def test_a_listed_lead_who_is_not_in_the_channel_now_is_refused(world: World) -> None:
    here(world, "Gwen")
    event = world.event("Gwen", "command", "leads", leads_present=frozenset({world.accounts["Amara"]}))
    assert said(world.do(leads.flow, event)) == leads.for_leads_only(world.programme)


def test_a_lead_is_known_in_the_channel_by_any_of_their_accounts(world: World) -> None:
    here(world, "Gwen")
    with world.uow() as uow:
        second = Account("slack", "T1", "U-second")
        person_id = uow.people.add(
            name="Dominic Hale",
            email="dominic@example.org",
            accounts=[Account("teams", "tenant-1", "U-first"), second],
            time_zone="Europe/London",
            region="ENG",
        )
        uow.people.give_duty(world.programme.id, person_id, "lead")
        dominic = uow.people.get(person_id)
    account = Account("teams", "tenant-1", "U-first")
    event = world.event("Gwen", "command", "leads", leads_present=frozenset({second}))
    message = said(world.do(leads.flow, replace(event, account=account, person=dominic)))
    assert "Pairs introduced" in rows(message)


# What the digest says


def test_the_digest_counts_pairs_and_meetings(world: World) -> None:
    here(world, "Gwen")
    world.introduce("Amara")
    log_meetings(world, "Amara", date(2026, 2, 3), date(2026, 4, 7), date(2026, 4, 20))
    world.now = datetime(2026, 4, 22, 10, 0, tzinfo=UTC)
    facts = rows(said(digest_for(world, "Gwen")))
    assert facts == {
        "Pairs introduced": "1 of 2",
        "Pairs waiting until both say yes": "1",
        "Meetings logged so far": "3",
        "Of these, in the last 30 days": "2",
        "0 meetings": "0 pairs",
        "1 meeting": "0 pairs",
        "2-3 meetings": "1 pair",
        "4-5 meetings": "0 pairs",
        "6 meetings or more": "0 pairs",
    }


def test_pairs_without_a_log_are_named_kindly(world: World) -> None:
    here(world, "Gwen")
    world.introduce("Amara")
    world.introduce("Tomasz")
    log_meetings(world, "Tomasz", date(2026, 2, 5))
    world.now = datetime(2026, 4, 3, 10, 0, tzinfo=UTC)
    message = said(digest_for(world, "Gwen"))
    assert lists(message) == {
        "No meeting logged so far": ("Amara Okonjo and Niamh Gallagher",),
        "No meeting logged for eight weeks": ("Tomasz Wilk and Haruki Sato, last on 5 February 2026",),
    }
    assert "not met" not in str(message)
    assert "kindly and once" in str(message)


@pytest.mark.parametrize(("days", "named"), [(27, False), (28, True)])
def test_a_pair_has_four_weeks_before_it_is_named(world: World, days: int, named: bool) -> None:
    here(world, "Gwen")
    world.introduce("Amara")
    world.pass_time(days=days)
    message = said(digest_for(world, "Gwen"))
    assert rows(message)["0 meetings"] == "1 pair"
    assert ("No meeting logged so far" in lists(message)) is named


def test_paused_and_ended_pairs_are_counted_but_nobody_is_sent_after_them(world: World) -> None:
    here(world, "Gwen")
    paused, ended = world.introduce("Amara"), world.introduce("Tomasz")
    with world.uow() as uow:
        uow.pairs.set_state(paused.id, "paused")
        uow.pairs.set_state(ended.id, "ended")
    message = said(digest_for(world, "Gwen"))
    assert rows(message)["Pairs introduced"] == "2 of 2"
    assert lists(message) == {}


def test_people_who_cannot_be_reached_are_named(world: World) -> None:
    here(world, "Gwen")
    with world.uow() as uow:
        uow.people.mark_unreachable(world.accounts["Leila"])
    assert lists(said(digest_for(world, "Gwen"))) == {"Cannot be reached": ("Leila Haddad",)}


def test_topics_lengths_ways_and_requests_for_support_never_reach_the_digest(world: World) -> None:
    here(world, "Gwen")
    world.introduce("Amara")
    before = digest_for(world, "Gwen")
    with world.uow() as uow:
        request = uow.support.ask(world.people["Niamh"].id, world.people["Brigid"].id)
        uow.support.answer(request.id)
    assert digest_for(world, "Gwen") == before
    log_meetings(world, "Amara", date(2026, 2, 1))
    shown = str(digest_for(world, "Gwen"))
    for secret in ("77", "phone", "exams", "career", "Brigid", "01"):
        assert secret not in shown


names = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["C"]), min_size=1, max_size=50)


@settings(deadline=None, max_examples=5)  # each renders 2,000 pairs twice
@given(names.filter(str.strip), names.filter(str.strip))
@example("Ł" * 50, "가" * 50)
def test_a_digest_of_two_thousand_pairs_fits_both_platforms(mentor: str, mentee: str) -> None:
    pair = replace(PAIR, mentor=replace(PAIR.mentor, name=mentor), mentee=replace(PAIR.mentee, name=mentee))
    logged = [PairFacts(replace(pair, id=n), n % 3, date(2026, 9, 1) if n % 3 else None) for n in range(2000)]
    message = leads.digest(
        PROGRAMME,
        logged,
        today=date(2027, 1, 4),
        lately=0,
        unreachable=[pair.mentee] * 500,
        attendance=[Attendance(replace(SESSION, learning_set=replace(LEARNING_SET, name=mentor)), 5, 6)] * 200,
        seen_by="x",
    )
    slack.message(message)
    teams.card(message)
    assert lists(message)["No meeting logged so far"][-1] == "and 658 more"
    assert lists(message)["Cannot be reached"][-1] == "and 491 more"


# When it is posted


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 3, 2), datetime(2026, 3, 2, 9, 0, tzinfo=UTC)),  # a Monday after a Sunday
        (date(2026, 3, 3), datetime(2026, 4, 1, 8, 0, tzinfo=UTC)),  # summer time
        (date(2026, 4, 2), datetime(2026, 5, 1, 8, 0, tzinfo=UTC)),
        (date(2026, 12, 31), datetime(2027, 1, 4, 9, 0, tzinfo=UTC)),  # a bank holiday and a weekend
    ],
)
def test_the_digest_is_due_at_nine_on_the_first_working_day_of_a_month(day: date, expected: datetime) -> None:
    assert leads.next_digest(PROGRAMME, day) == expected


@given(st.dates(date(2026, 1, 1), date(2035, 1, 1)))
def test_the_next_digest_is_never_in_the_past_and_never_far_away(day: date) -> None:
    at = leads.next_digest(PROGRAMME, day).date()
    assert day <= at <= day + timedelta(days=37)
    assert at.day <= 7


def test_the_first_digest_comes_a_month_after_the_start(world: World) -> None:
    with world.uow() as uow:
        leads.begin(world.programme, uow)
        leads.begin(world.programme, uow)
    (first,) = world.due()
    assert (first.rule, first.subject) == ("digest", str(world.programme.id))
    assert first.due_at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_digests_follow_each_month_until_one_month_after_the_end(world: World) -> None:
    here(world, "Gwen")
    with world.uow() as uow:
        leads.begin(world.programme, uow)
    months = []
    while world.due():
        world.now = world.due()[0].due_at
        with world.uow() as uow:
            work = uow.due.take()
            assert work is not None
            leads.flow.jobs["digest"](work, uow)
        months.append(f"{world.now:%Y-%m}")
    assert months == [f"2026-{month:02}" for month in range(3, 13)] + ["2027-01", "2027-02", "2027-03"]


def test_a_digest_that_still_waits_for_a_channel_makes_room_for_the_next(world: World) -> None:
    world.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    world.work(leads.flow, "digest", str(world.programme.id))
    assert posted(world) == [f"digest:{world.programme.id}:2026-03"]
    world.now = datetime(2026, 4, 1, 8, 0, tzinfo=UTC)
    world.work(leads.flow, "digest", str(world.programme.id))
    assert posted(world) == [f"digest:{world.programme.id}:2026-04"]


def test_the_same_month_is_posted_once(world: World) -> None:
    world.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    for _attempt in range(2):
        world.work(leads.flow, "digest", str(world.programme.id))
    assert len(posted(world)) == 1
    (queued,) = world.queued()
    assert queued.prompt
    assert "leads channel" in queued.message.seen_by
    assert len(world.due()) == 1
