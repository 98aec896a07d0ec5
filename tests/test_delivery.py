"""Delivery on its own: what happens when a platform refuses, is slow, loses an answer, or the process dies."""

import asyncio
import contextlib
import shutil
import tempfile
from collections import Counter, deque
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.event import listen

from bot.chat import (
    Ambiguous,
    NotEditable,
    RateLimited,
    Refused,
    Unauthorised,
    Unavailable,
    Unreachable,
)
from bot.delivery import LEASE, NOTED_AFTER, Delivery
from bot.flow import Done, Event, Flow, Flows, Outcome
from bot.ui import Message, Text
from storage import places
from storage.keys import KeysGone
from storage.outbox import Outbox
from storage.records import Conversation, Waiting
from storage.unit_of_work import Database, DatabaseGone, UnitOfWork
from storage.waves import message_key
from tests import databases
from tests.fake_chat import FakeChat, Killed
from tests.world import World, open_at

FRIDAY_NIGHT = datetime(2026, 2, 6, 22, 0, tzinfo=UTC)
MONDAY_MORNING = datetime(2026, 2, 9, 8, 0, tzinfo=UTC)


def note(words: str = "hello") -> Message:
    return Message(summary=words, blocks=(Text(words),), seen_by="Only you can see this.")


def reach_flow() -> Flow:
    flow = Flow("reach")

    @flow.on("removed")
    def removed(event: Event, uow: UnitOfWork) -> Outcome:
        uow.people.mark_unreachable(event.account)
        return Done()

    return flow


class Post:
    """A delivery that tests drive: messages in, time passes, what arrived."""

    def __init__(self, world: World, chat: FakeChat, owner: str = "one") -> None:
        self.world = world
        self.chat = chat
        chats = {"slack": chat, "teams": FakeChat(platform="teams", can_find=False)}
        self.delivery = Delivery(
            world.database,
            Flows([reach_flow()]),
            chats,
            clock=lambda: self.world.now,
            owner=owner,
            random=Random(1),
        )

    def add(self, who: str, key: str, *, answer: bool = True, message: Message | None = None) -> None:
        with self.world.uow() as uow:
            uow.outbox.add(
                to=places.dm(self.world.people[who]),
                key=key,
                message=message or note(),
                answers_at=self.world.now if answer else None,
            )

    def deliver(self) -> None:
        asyncio.run(self.delivery.deliver_due())

    def deliver_until_killed(self) -> None:
        with pytest.raises(BaseExceptionGroup) as caught:
            self.deliver()
        assert caught.group_contains(Killed)

    def next_at(self) -> datetime | None:
        return asyncio.run(self.delivery.next_at())

    def deliver_all(self) -> None:
        """Move from one moment at which something may go to the next, until nothing waits."""
        for _ in range(200):
            self.deliver()
            following = self.next_at()
            if following is None:
                return
            self.world.now = max(self.world.now, following)
        raise AssertionError("the outbox does not empty")

    def counts(self) -> dict[str, int]:
        with self.world.uow() as uow:
            return uow.outbox.counts()


@pytest.fixture
def post(world: World) -> Post:
    return Post(world, FakeChat())


def test_an_answer_is_sent_at_once_even_at_night(post: Post) -> None:
    post.world.now = FRIDAY_NIGHT
    post.add("Niamh", "a")
    post.deliver()
    assert post.chat.keys() == ["a"]


def test_a_prompt_waits_for_the_morning_of_the_next_working_day(post: Post) -> None:
    post.world.now = FRIDAY_NIGHT
    post.add("Niamh", "a", answer=False)
    post.deliver()
    assert post.chat.keys() == []
    assert post.next_at() == MONDAY_MORNING
    post.deliver_all()
    assert post.world.now == MONDAY_MORNING
    assert post.chat.keys() == ["a"]


def test_an_answer_that_is_a_minute_late_is_a_prompt(post: Post) -> None:
    post.world.now = FRIDAY_NIGHT
    post.add("Niamh", "a")
    post.chat.faults.append(Unavailable("down"))
    post.deliver()
    post.world.pass_time(minutes=2)
    post.deliver()
    assert post.chat.keys() == []
    post.deliver_all()
    assert (post.chat.keys(), post.world.now) == (["a"], MONDAY_MORNING)


def test_a_third_prompt_in_seven_days_waits_for_the_eighth(post: Post) -> None:
    started = post.world.now
    for key in "abc":
        post.add("Niamh", key, answer=False)
    post.deliver_all()
    assert post.chat.keys() == ["a", "b", "c"]
    assert post.world.now >= started + timedelta(days=7)


def test_answers_do_not_count_in_the_message_budget(post: Post) -> None:
    started = post.world.now
    for key in "abcdef":
        post.add("Niamh", key)
        post.deliver()
        post.world.pass_time(seconds=2)
    assert post.chat.keys() == list("abcdef")
    assert post.world.now - started < timedelta(minutes=1)


def test_an_answer_that_comes_too_late_neither_counts_in_the_budget_nor_waits_for_it(post: Post) -> None:
    for key in ("prompt 1", "prompt 2"):
        post.add("Niamh", key, answer=False)
    post.deliver_all()
    post.world.pass_time(seconds=2)
    post.add("Niamh", "answer")
    post.chat.faults.append(RateLimited("slow down", 300, everywhere=False))
    post.deliver()
    post.world.pass_time(minutes=5)
    post.deliver()
    assert post.chat.keys() == ["prompt 1", "prompt 2", "answer"]


def test_a_prompt_that_waits_does_not_hold_up_an_answer(post: Post) -> None:
    post.world.now = FRIDAY_NIGHT
    post.add("Niamh", "prompt", answer=False)
    post.deliver()
    post.add("Niamh", "answer")
    post.deliver()
    assert post.chat.keys() == ["answer"]


def test_a_message_that_is_tried_again_holds_up_what_is_behind_it(post: Post) -> None:
    post.add("Niamh", "first")
    post.chat.faults.append(Unavailable("down"))
    post.deliver()
    post.add("Niamh", "second")
    post.deliver()
    assert post.chat.keys() == []
    post.deliver_all()
    assert post.chat.keys() == ["first", "second"]


def test_one_conversation_gets_one_message_a_second(post: Post) -> None:
    post.add("Niamh", "a")
    post.add("Niamh", "b")
    post.deliver()
    assert post.chat.keys() == ["a"]
    assert post.next_at() == post.world.now + timedelta(seconds=1)


def test_an_installation_gets_a_burst_and_then_an_even_pace(post: Post) -> None:
    started = post.world.now
    with post.world.uow() as uow:
        for n in range(15):
            here = uow.places.here(Conversation("slack", "T1", f"D{n}", "dm"))
            uow.outbox.add(to=here, key=f"k{n}", message=note(), answers_at=started)
    post.deliver()
    assert len(post.chat.posts) == 10
    post.deliver_all()
    assert len(post.chat.posts) == 15
    assert post.world.now - started == timedelta(seconds=1)


def test_retry_after_is_kept_and_costs_no_attempt(post: Post) -> None:
    post.add("Niamh", "a")
    post.chat.faults.append(RateLimited("slow down", 30, everywhere=False))
    post.deliver()
    assert post.next_at() == post.world.now + timedelta(seconds=30)
    post.deliver()
    assert post.chat.calls == 1
    post.deliver_all()
    assert post.chat.keys() == ["a"]


def test_retry_after_for_the_installation_stops_all_its_conversations(post: Post) -> None:
    post.add("Niamh", "a")
    post.chat.faults.append(RateLimited("slow down", 30, everywhere=True))
    post.deliver()
    post.add("Amara", "b")
    post.deliver()
    assert post.chat.calls == 1
    post.world.pass_time(seconds=30)
    post.deliver_all()
    assert sorted(post.chat.keys()) == ["a", "b"]


def test_a_revoked_token_makes_no_storm(post: Post) -> None:
    post.chat.faults.extend([Unauthorised("token_revoked")])
    for name in ("Niamh", "Amara", "Leila"):
        post.add(name, f"to-{name}")
        post.deliver()
    assert post.chat.calls == 1
    post.deliver_all()
    assert len(post.chat.keys()) == 3


def test_an_installation_that_is_paused_is_not_in_the_way_of_another(post: Post) -> None:
    with post.world.uow() as uow:
        uow.outbox.keep_busy("slack:T1", post.world.now + timedelta(hours=1))
        for n in range(40):
            here = uow.places.here(Conversation("slack", "T1", f"D{n}", "dm"))
            uow.outbox.add(to=here, key=f"k{n}", message=note(), answers_at=post.world.now)
        elsewhere = uow.places.here(Conversation("slack", "T2", "D-other", "dm"))
        uow.outbox.add(to=elsewhere, key="other", message=note(), answers_at=post.world.now)
    post.deliver()
    assert post.chat.keys() == ["other"]


def test_backoff_grows_and_gives_up_after_three_days(post: Post) -> None:
    post.chat.faults.extend([Unavailable("down")] * 1000)
    post.add("Niamh", "a")
    started = post.world.now
    pauses = []
    while (following := post.next_at()) is not None:
        pauses.append(following - post.world.now)
        post.world.now = max(post.world.now, following)
        post.deliver()
    assert post.counts() == {"delivered": 0, "pending": 0, "dead": 1}
    assert post.world.now - started > timedelta(days=3)
    assert post.chat.calls < 500


def test_an_answer_that_was_lost_is_looked_up_before_it_is_sent_again(post: Post) -> None:
    post.add("Niamh", "a")
    post.chat.faults.append(Ambiguous("timeout"))
    post.deliver_all()
    assert post.chat.keys() == ["a"]
    assert post.counts()["delivered"] == 1


def test_a_message_that_never_arrived_is_sent_again(post: Post) -> None:
    post.chat.lost = True
    post.add("Niamh", "a")
    post.chat.faults.append(Ambiguous("timeout"))
    post.deliver_all()
    assert post.chat.keys() == ["a"]


def test_a_process_killed_after_sending_sends_nothing_twice(post: Post) -> None:
    post.add("Niamh", "a")
    post.chat.faults.append(Killed())
    post.deliver_until_killed()
    successor = Post(post.world, post.chat, owner="two")
    successor.deliver()
    assert successor.chat.calls == 1, "the lease still holds"
    post.world.pass_time(seconds=91)
    successor.deliver()
    assert post.chat.keys() == ["a"]
    assert successor.counts() == {"delivered": 1, "pending": 0, "dead": 0}


def test_a_refused_message_is_given_up_and_its_words_are_dropped(post: Post) -> None:
    post.add("Niamh", "a")
    post.chat.faults.append(Refused("invalid_blocks"))
    post.deliver()
    assert post.counts() == {"delivered": 0, "pending": 0, "dead": 1}
    assert post.world.queued() == []


def test_a_person_who_blocked_the_bot_is_noted_and_not_tried_again(post: Post) -> None:
    for key in "abc":
        post.add("Niamh", key)
    post.chat.faults.append(Unreachable("blocked"))
    post.deliver_all()
    assert post.chat.calls == 1
    assert post.counts() == {"delivered": 0, "pending": 0, "dead": 3}
    with post.world.uow() as uow:
        assert [p.name for p in uow.people.unreachable(post.world.programme.id)] == ["Niamh Gallagher"]


@pytest.mark.parametrize(("what", "told"), [("invite", True), ("remind", False), ("ask:1", False)])
def test_who_cannot_be_reached_is_not_found_out_by_a_message_that_only_some_get(
    post: Post, what: str, told: bool
) -> None:
    post.add("Niamh", message_key(3, what))
    post.chat.faults.append(Unreachable("blocked"))
    post.deliver_all()
    assert post.counts() == {"delivered": 0, "pending": 0, "dead": 1}
    with post.world.uow() as uow:
        assert bool(uow.people.unreachable(post.world.programme.id)) == told
    post.add("Niamh", "digest")
    post.chat.faults.append(Unreachable("blocked"))
    post.deliver_all()
    with post.world.uow() as uow:
        assert [p.name for p in uow.people.unreachable(post.world.programme.id)] == ["Niamh Gallagher"]


def test_a_message_for_leads_waits_until_their_channel_is_bound(post: Post) -> None:
    place = places.leads(post.world.programme)
    with post.world.uow() as uow:
        uow.outbox.add(to=place, key="digest", message=note())
    post.deliver()
    assert post.chat.calls == 0
    with post.world.uow() as uow:
        uow.places.bind(place, Conversation("slack", "T1", "G-leads", "channel"))
        uow.outbox.hurry(place)
    post.deliver()
    assert post.chat.posts[0][:2] == ("G-leads", "digest")


def test_a_replaced_message_that_was_sent_is_edited(post: Post) -> None:
    post.add("Niamh", "a")
    post.deliver()
    with post.world.uow() as uow:
        uow.outbox.replace("a", note("changed"))
    post.deliver_all()
    assert post.chat.keys() == ["a"]
    assert [(i, k, m.summary) for i, k, m in post.chat.edits] == [("m1", "a", "changed")]


def test_a_replaced_message_that_waits_is_overwritten(post: Post) -> None:
    post.add("Niamh", "a")
    with post.world.uow() as uow:
        uow.outbox.replace("a", note("changed"))
    post.deliver()
    assert [m.summary for _, _, m in post.chat.posts] == ["changed"]
    assert post.chat.edits == []


def test_a_message_that_cannot_be_edited_is_sent_anew(post: Post) -> None:
    post.add("Niamh", "a")
    post.deliver()
    with post.world.uow() as uow:
        uow.outbox.replace("a", note("changed"))
    post.chat.faults.append(NotEditable("gone"))
    post.deliver_all()
    assert [m.summary for _, _, m in post.chat.posts] == ["hello", "changed"]


def test_a_message_to_a_group_keeps_the_quiet_time_of_both(post: Post) -> None:
    pair = post.world.introduce("Amara")
    post.world.now = FRIDAY_NIGHT
    with post.world.uow() as uow:
        uow.outbox.add(to=places.group(pair), key="intro", message=note())
    post.deliver_all()
    assert post.world.now == MONDAY_MORNING
    assert post.chat.posts[0][0] == "C-U001+U003"


def go_on_leave(world: World, who: str, first: date, last: date) -> None:
    with world.uow() as uow:
        uow.leave.add(world.people[who].id, first, last, today=world.now.date())


def test_a_prompt_waits_for_the_end_of_leave_and_an_answer_does_not(post: Post) -> None:
    go_on_leave(post.world, "Niamh", date(2026, 2, 1), date(2026, 4, 3))
    post.add("Niamh", "prompt", answer=False)
    post.add("Niamh", "answer")
    post.deliver()
    assert post.chat.keys() == ["answer"]
    post.deliver_all()
    assert post.chat.keys() == ["answer", "prompt"]
    assert post.world.now == datetime(2026, 4, 7, 7, tzinfo=UTC), "after Easter Monday, in summer time"


def test_leave_that_was_entered_while_a_prompt_waited_is_kept(post: Post) -> None:
    post.world.now = FRIDAY_NIGHT
    post.add("Niamh", "a", answer=False)
    post.deliver()
    post.world.pass_time(days=1)
    go_on_leave(post.world, "Niamh", date(2026, 2, 9), date(2026, 2, 11))
    post.deliver_all()
    assert post.world.now == datetime(2026, 2, 12, 8, tzinfo=UTC)


def test_what_waits_goes_as_soon_as_leave_has_ended_early(post: Post) -> None:
    go_on_leave(post.world, "Niamh", date(2026, 2, 2), date(2026, 2, 27))
    post.add("Niamh", "a", answer=False)
    post.deliver()
    post.world.pass_time(days=2)
    with post.world.uow() as uow:
        uow.leave.cancel(post.world.people["Niamh"].id, date(2026, 2, 2), today=post.world.now.date())
        uow.outbox.hurry(places.dm(post.world.people["Niamh"]))
    post.deliver()
    assert post.chat.keys() == ["a"]


def test_who_comes_back_from_leave_gets_two_prompts_in_seven_days(post: Post) -> None:
    go_on_leave(post.world, "Niamh", date(2026, 2, 2), date(2026, 2, 22))
    for key in "abcde":
        post.add("Niamh", key, answer=False)
        post.deliver()
        post.world.pass_time(days=3)
    arrived: list[tuple[str, date]] = []
    while (following := post.next_at()) is not None:
        post.world.now = max(post.world.now, following)
        post.deliver()
        arrived += [(key, post.world.now.date()) for key in post.chat.keys()[len(arrived) :]]
    first, second, third = (date(2026, 2, 23) + timedelta(weeks=n) for n in range(3))
    assert arrived == [("a", first), ("b", first), ("c", second), ("d", second), ("e", third)]


def book(post: Post, who: str, key: str, at: datetime, until: datetime) -> None:
    with post.world.uow() as uow:
        to = places.dm(post.world.people[who])
        uow.outbox.add(to=to, key=key, message=note(), not_before=at, useful_until=until)


def test_the_budget_leaves_room_for_what_is_bound_to_its_time(post: Post) -> None:
    thursday = post.world.now + timedelta(days=3)
    book(post, "Niamh", "reminder", thursday, thursday + timedelta(days=1))
    for key in "abc":
        post.add("Niamh", key, answer=False)
    post.deliver()
    assert post.chat.keys() == ["a"]
    post.world.now = thursday
    post.deliver()
    assert post.chat.keys() == ["a", "reminder"]
    post.deliver_all()
    assert post.chat.keys() == ["a", "reminder", "b", "c"]


def test_the_budget_leaves_no_room_for_a_reminder_of_a_wave_and_lets_it_lapse(post: Post) -> None:
    """Who reminds most has the least to say: an invitation to a session comes before it."""
    thursday = post.world.now + timedelta(days=3)
    post.add("Niamh", "a", answer=False)
    post.deliver()
    book(post, "Niamh", "als:1-2:v1:invitation", thursday, thursday + timedelta(days=6))
    book(post, "Niamh", "wave:1:remind", thursday, thursday + timedelta(days=2))
    post.world.now = thursday
    post.deliver()
    assert post.chat.keys() == ["a", "als:1-2:v1:invitation"]
    post.deliver_all()
    assert post.chat.keys() == ["a", "als:1-2:v1:invitation"]
    assert post.world.queued("Niamh") == []


def test_an_invitation_to_a_wave_comes_though_the_budget_is_used_up(post: Post) -> None:
    for key in "ab":
        post.add("Niamh", key, answer=False)
        post.deliver()
        post.world.pass_time(minutes=1)
    book(post, "Niamh", "wave:1:invite", post.world.now, post.world.now + timedelta(days=2))
    post.deliver()
    assert post.chat.keys() == ["a", "b", "wave:1:invite"]


def test_what_is_bound_to_a_time_far_ahead_holds_up_nothing(post: Post) -> None:
    later = post.world.now + timedelta(days=7)
    book(post, "Niamh", "reminder", later, later + timedelta(days=1))
    for key in "ab":
        post.add("Niamh", key, answer=False)
        post.deliver()
        post.world.pass_time(minutes=1)
    assert post.chat.keys() == ["a", "b"]
    post.world.now = later
    post.deliver()
    assert post.chat.keys() == ["a", "b", "reminder"]


def test_nothing_hurries_what_has_its_own_time(post: Post) -> None:
    thursday = post.world.now + timedelta(days=3)
    book(post, "Niamh", "reminder", thursday, thursday + timedelta(days=1))
    with post.world.uow() as uow:
        uow.outbox.hurry(places.dm(post.world.people["Niamh"]))
    post.deliver()
    assert post.chat.keys() == []
    post.world.now = thursday
    post.deliver()
    assert post.chat.keys() == ["reminder"]


@pytest.mark.parametrize("names", [("Amara", "Niamh"), ("Niamh", "Amara")])
def test_a_message_to_a_group_keeps_the_leave_of_both(post: Post, names: tuple[str, str]) -> None:
    pair = post.world.introduce("Amara")
    go_on_leave(post.world, names[0], date(2026, 2, 2), date(2026, 2, 4))
    go_on_leave(post.world, names[1], date(2026, 2, 5), date(2026, 2, 12))
    with post.world.uow() as uow:
        uow.outbox.add(to=places.group(pair), key="intro", message=note())
    post.deliver_all()
    assert post.world.now == datetime(2026, 2, 13, 8, tzinfo=UTC)
    assert post.chat.keys() == ["intro"]


def test_everybody_s_own_hours_and_days_are_kept(post: Post) -> None:
    with post.world.uow() as uow:
        niamh = post.world.people["Niamh"].id
        uow.people.set_quiet_time(niamh, quiet_from=16, quiet_until=13, no_send_days="0256", region="ENG")
    post.add("Niamh", "a", answer=False)
    post.deliver_all()
    assert post.world.now == datetime(2026, 2, 3, 13, tzinfo=UTC)


def test_who_has_no_leave_costs_no_look_at_the_leaves(post: Post) -> None:
    looks: list[str] = []

    def watch(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if "FROM leave" in statement:
            looks.append(statement)

    go_on_leave(post.world, "Amara", date(2026, 2, 3), date(2026, 2, 3))
    listen(post.world.database.engine, "before_cursor_execute", watch)
    post.add("Niamh", "a", answer=False)
    post.deliver()
    assert (post.chat.keys(), looks) == (["a"], [])
    post.add("Amara", "b", answer=False)
    post.deliver()
    assert (post.chat.keys(), len(looks)) == (["a", "b"], 1)


def test_a_prompt_that_can_wait_lets_one_go_first_that_cannot(post: Post) -> None:
    """Also where it has waited for longer."""
    with post.world.uow() as uow:
        to = places.dm(post.world.people["Niamh"])
        for key in "ab":
            uow.outbox.add(to=to, key=key, message=note())
    post.deliver_all()
    post.world.pass_time(days=1)
    post.add("Niamh", "can wait", answer=False)
    post.deliver()
    post.world.pass_time(days=1)
    post.add("Niamh", "sent meanwhile", answer=False)
    with post.world.uow() as uow:
        uow.outbox.add(to=to, key="invitation", message=note(), useful_until=post.world.now + timedelta(days=14))
    post.deliver_all()
    assert post.chat.keys() == ["a", "b", "invitation", "can wait", "sent meanwhile"]


def test_a_prompt_that_would_come_too_late_to_be_of_use_does_not_come(post: Post) -> None:
    session = datetime(2026, 2, 10, 9, tzinfo=UTC)
    go_on_leave(post.world, "Niamh", date(2026, 2, 2), date(2026, 2, 13))
    with post.world.uow() as uow:
        for who in ("Niamh", "Amara"):
            to = places.dm(post.world.people[who])
            uow.outbox.add(to=to, key=f"remind {who}", message=note(), useful_until=session)
    post.deliver_all()
    assert post.chat.keys() == ["remind Amara"]
    assert post.counts() == {"delivered": 1, "pending": 0, "dead": 0}


def test_a_prompt_that_cannot_wait_for_room_in_the_budget_does_not_wait(post: Post) -> None:
    started = post.world.now
    for key in "ab":
        post.add("Niamh", key, answer=False)
    post.deliver_all()
    with post.world.uow() as uow:
        to = places.dm(post.world.people["Niamh"])
        uow.outbox.add(to=to, key="off", message=note(), useful_until=started + timedelta(days=2))
    post.deliver_all()
    assert post.chat.keys() == ["a", "b", "off"]
    assert post.world.now - started < timedelta(minutes=1)


def test_what_was_sent_is_still_changed_after_its_use(post: Post) -> None:
    with post.world.uow() as uow:
        to = places.dm(post.world.people["Niamh"])
        uow.outbox.add(to=to, key="a", message=note(), useful_until=MONDAY_MORNING)
    post.deliver()
    post.world.pass_time(days=10)
    with post.world.uow() as uow:
        uow.outbox.replace("a", note("changed"))
    post.deliver_all()
    assert [message.summary for _, _, message in post.chat.edits] == ["changed"]


def test_words_are_dropped_once_they_are_delivered(post: Post) -> None:
    post.add("Niamh", "a", message=note("something private"))
    post.deliver()
    assert post.world.queued() == []


class Slow(FakeChat):
    """Takes its time by the programme's clock, and counts what is on its way at once."""

    def __init__(self, post: Post, *, at_once: int, seconds: float = 0) -> None:
        super().__init__(at_once=at_once)
        self.post, self.seconds = post, seconds
        self.on_their_way = self.most = 0

    async def send(self, to: Conversation, message: Message, key: str) -> str:
        self.on_their_way += 1
        self.most = max(self.most, self.on_their_way)
        await asyncio.sleep(0)
        self.post.world.pass_time(seconds=self.seconds)
        sent = await super().send(to, message, key)
        self.on_their_way -= 1
        return sent


def queue_to_all(post: Post) -> None:
    """A message to each of five, with whom the bot has a conversation already."""
    for who in ("Amara", "Niamh", "Leila", "Gwen", "Brigid"):
        with post.world.uow() as uow:
            uow.places.bind(places.dm(post.world.people[who]), Conversation("slack", "T1", f"D-{who}", "dm"))
        post.add(who, who)


@pytest.mark.parametrize("at_once", [1, 3])
def test_no_more_messages_are_on_their_way_than_the_platform_says(post: Post, at_once: int) -> None:
    slow = Slow(post, at_once=at_once)
    post = Post(post.world, slow)
    queue_to_all(post)
    post.deliver()
    assert (len(slow.posts), slow.most) == (5, at_once)


def test_what_a_slow_platform_does_not_take_in_time_is_given_back_before_its_lease_ends(post: Post) -> None:
    slow = Slow(post, at_once=1, seconds=6)
    post = Post(post.world, slow)
    queue_to_all(post)
    with post.world.uow() as uow:
        claimed, _moved = post.delivery._claim(uow, Counter())

    async def send_them() -> None:
        turns = asyncio.Semaphore(slow.at_once)
        await asyncio.gather(*(post.delivery._in_turn(turns, one) for one in claimed))

    asyncio.run(send_them())
    assert len(slow.posts) == 2
    with post.world.uow() as uow:
        assert [waiting.leased_by for waiting in uow.outbox.heads(9)] == [None, None, None]
    post.deliver_all()
    assert sorted(slow.keys()) == ["Amara", "Brigid", "Gwen", "Leila", "Niamh"]


def test_what_was_sent_while_the_database_went_away_is_noted_when_it_is_back(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Teams, where nothing can be looked up, it would come twice otherwise."""
    pauses: list[float] = []
    run, down = Database.run, [False]

    async def gone_or_not(database: Database, work: Callable[[UnitOfWork], Any], now: datetime) -> Any:
        if down[0] and len(pauses) < 3:
            raise DatabaseGone("OperationalError")
        return await run(database, work, now)

    class ThenGone(FakeChat):
        async def send(self, to: Conversation, message: Message, key: str) -> str:
            down[0] = True
            return await super().send(to, message, key)

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    chat = ThenGone(platform="teams", can_find=False)
    chats, clock = {"teams": chat}, lambda: post.world.now
    post.delivery = Delivery(
        post.world.database, Flows([]), chats, clock=clock, owner="one", random=Random(1), pause=pause
    )
    post.add("Haruki", "a")
    monkeypatch.setattr(Database, "run", gone_or_not)
    post.deliver()
    assert (chat.keys(), pauses) == (["a"], [NOTED_AFTER] * 3)
    assert post.counts() == {"delivered": 1, "pending": 0, "dead": 0}


def test_one_message_that_cannot_be_noted_breaks_off_no_other(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = Outbox.mark_sent

    def gone_for_one(outbox: Outbox, waiting: Waiting, *given: Any, **more: Any) -> None:
        if waiting.key == "Amara":
            raise KeysGone("of the same kind")
        mark(outbox, waiting, *given, **more)

    async def at_once(_seconds: float) -> None:
        """No time passes."""

    monkeypatch.setattr(Outbox, "mark_sent", gone_for_one)
    post.delivery._pause_for = at_once
    queue_to_all(post)
    post.deliver()
    assert post.counts() == {"delivered": 4, "pending": 1, "dead": 0}
    monkeypatch.undo()
    post.world.now += LEASE
    post.deliver_all()
    assert sorted(post.chat.keys()) == ["Amara", "Brigid", "Gwen", "Leila", "Niamh"]


class OutboxMachine(RuleBasedStateMachine):
    """Whatever the platform does and whenever the process dies: what was added arrives once, in order, with the latest
    words, and nothing is left."""

    template: str

    @initialize()
    def start(self) -> None:
        self.directory = tempfile.mkdtemp()
        self.lent = databases.lent(self.template, Path(self.directory), "machine")
        self.world = open_at(self.lent.__enter__())
        self.post = Post(self.world, FakeChat())
        self.added: list[str] = []
        self.latest: dict[str, str] = {}
        self.lives = 1

    @rule()
    def add(self) -> None:
        key = f"k{len(self.added)}"
        self.post.add("Niamh", key, message=note(key))
        self.added.append(key)
        self.latest[key] = key

    @precondition(lambda self: self.added)
    @rule(data=st.data())
    def replace(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(self.added))
        self.latest[key] = f"{key} changed {len(self.latest)}"
        with self.world.uow() as uow:
            uow.outbox.replace(key, note(self.latest[key]))

    @rule(
        fault=st.sampled_from(
            [
                Unavailable("down"),
                Ambiguous("timeout"),
                RateLimited("slow", 3, everywhere=False),
                RateLimited("slow", 3, everywhere=True),
                Unauthorised("revoked"),
            ]
        )
    )
    def fail_next(self, fault: Exception) -> None:
        self.post.chat.faults.append(fault)

    @rule()
    def deliver(self) -> None:
        self.post.deliver()

    @precondition(lambda self: self.added)
    @rule()
    def die_while_sending(self) -> None:
        self.post.chat.faults.appendleft(Killed())
        with contextlib.suppress(BaseExceptionGroup):
            self.post.deliver()
        self.lives += 1
        faults = [fault for fault in self.post.chat.faults if not isinstance(fault, Killed)]
        self.post.chat.faults = deque(faults)
        self.post = Post(self.world, self.post.chat, owner=f"life {self.lives}")

    @rule(seconds=st.sampled_from([1, 5, 30, 120]))
    def wait(self, seconds: int) -> None:
        self.world.pass_time(seconds=seconds)

    @invariant()
    def nothing_arrives_twice(self) -> None:
        if hasattr(self, "post"):
            keys = self.post.chat.keys()
            assert len(keys) == len(set(keys))

    def teardown(self) -> None:
        if not hasattr(self, "post"):
            return
        self.post.chat.faults.clear()
        self.post.deliver_all()
        shown = {key: message.summary for _, key, message in self.post.chat.posts}
        for _, key, message in self.post.chat.edits:
            shown[key] = message.summary
        assert shown == self.latest
        assert sorted(self.post.chat.keys()) == sorted(self.added)
        self.world.database.close()
        self.lent.__exit__(None, None, None)
        shutil.rmtree(self.directory)


def test_the_outbox_survives_whatever_happens(template: str) -> None:
    OutboxMachine.template = template

    run_state_machine_as_test(
        OutboxMachine,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
