"""The process dies, a platform stumbles, the database is gone: nothing is lost, and nothing that a person would notice
happens twice."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError

from bot.delivery import LEASE
from bot.playground.client import Fault
from storage.outbox import Outbox
from storage.unit_of_work import Database, DatabaseGone, UnitOfWork
from tests.contract.conftest import on_stage
from tests.contract.stage import Cast, Stage
from tests.world import MONDAY


class Killed(BaseException):
    """The process was killed here."""


class Reaper:
    """Kills the process before or after the nth transaction from now on. A dead process does nothing any more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._run = Database.run
        self._patch = monkeypatch
        self.steps = 0
        self.at: int | None = None

    def arm(self, at: int | None) -> None:
        """``at``: 0 is before the first transaction, 1 after it, 2 before the second; None counts and never kills."""
        self.at, self.steps = at, 0
        reaper = self

        async def run(database: Database, work: Callable[[UnitOfWork], Any], now: Any) -> Any:
            reaper.step()
            result = await reaper._run(database, work, now)
            reaper.step()
            return result

        self._patch.setattr(Database, "run", run)

    def step(self) -> None:
        """One more step; the last one, if it is the time."""
        if self.at is not None and self.steps >= self.at:
            raise Killed
        self.steps += 1

    def disarm(self) -> None:
        """Let a new process live."""
        self._patch.setattr(Database, "run", self._run)


async def story(stage: Stage, cast: Cast) -> None:
    """The second yes of a pair: a card that changes, an introduction, work for later; and a question meanwhile."""
    await tap_join(stage, cast)
    await stage.client(cast.mentee).say("help")
    await stage.app.jobs.tick()
    await stage.app.delivery.deliver_due()
    stage.world.pass_time(seconds=3)  # what one conversation gets at once is little
    await stage.app.delivery.deliver_due()


async def tap_join(stage: Stage, cast: Cast) -> None:
    """Say yes on the card, if it still asks."""
    (card,) = stage.by_key(cast.mentee, "welcome")
    if "join" in {button.action for button in card.buttons}:
        await stage.client(cast.mentee).tap(card, card.button("join"))


async def prepared(stage: Stage, cast: Cast) -> None:
    """All but the mentee have joined, and the mentee has been asked."""
    with stage.world.uow() as uow:
        for part in uow.people.participants(stage.world.programme.id):
            if part.person.id != stage.world.people[cast.mentee].id:
                uow.people.set_state(part.person.id, "joined")
    await stage.advance(minutes=1)


def read_by(stage: Stage, cast: Cast) -> dict[str, set[tuple[str, tuple[str, ...]]]]:
    """What the two have been told of this in the end: keys and words."""
    return {
        who: {(shown.key, shown.lines) for shown in stage.screen(who) if shown.key.startswith(("welcome", "intro"))}
        for who in (cast.mentor, cast.mentee)
    }


@pytest.mark.transport
async def test_a_process_that_is_killed_between_any_two_steps_loses_and_repeats_nothing(
    programme_template: str,
    tmp_path: Path,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reaper = Reaper(monkeypatch)

    async def play(at: int | None) -> tuple[dict[str, Any], int]:
        """The story with the process killed at a step; what the pair reads in the end, and the steps that it took."""
        folder = tmp_path / str(at)
        folder.mkdir()
        async with on_stage(programme_template, folder, over_sockets=cast.over_sockets) as stage:
            stage.slack.sockets.seconds_to_answer = 0.3
            await prepared(stage, cast)
            reaper.arm(at)
            assert await dies_in(story(stage, cast)) == (at is not None)
            reaper.disarm()
            await stage.restart()
            await tap_join(stage, cast)  # who got no answer tries again
            await stage.advance(seconds=LEASE.total_seconds() * 2)
            twice = {key for stand_in in stage.stand_ins for _reader, key in stand_in.seen_twice()}
            assert twice <= cannot_be_looked_up(stage), at
            return read_by(stage, cast), reaper.steps

    wanted, total = await play(None)
    assert any(key.startswith("introduction") for key, _words in wanted[cast.mentee])
    assert total >= 12
    for at in range(total):
        got, _steps = await play(at)
        assert got == wanted, at


def cannot_be_looked_up(stage: Stage) -> set[str]:
    """The keys of messages that a new process cannot ask about: those in Teams, and in the chats of others."""
    return {post.key for post in stage.teams.posts} | {post.key for post in stage.slack.posts if post.kind != "dm"}


async def dies_in(work: Any) -> bool:
    """Whether the process was killed meanwhile."""
    try:
        await work
    except (Killed, BaseExceptionGroup, ClientError):
        return True
    return False


@pytest.mark.transport
async def test_an_action_that_was_committed_and_never_answered_is_answered_by_the_next_process(
    paired: Stage, cast: Cast
) -> None:
    await paired.client(cast.mentee).say("home")  # committed; nothing has been delivered
    await paired.restart()
    await paired.settle()
    assert paired.newest(cast.mentee).button("log_meeting")
    assert len(paired.screen(cast.mentee)) == 1


async def test_a_job_that_dies_halfway_is_done_by_the_next_process(
    paired: Stage, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first of the pair has been asked about a date, the process dies while the second is."""
    await paired.until(paired.now().replace(day=23, hour=9))
    add, added = Outbox.add, count()

    def dies(outbox: Outbox, **message: Any) -> bool:
        new = add(outbox, **message)
        if next(added) == 1:
            raise Killed
        return new

    monkeypatch.setattr(Outbox, "add", dies)
    paired.world.pass_time(hours=2)
    assert await dies_in(paired.app.jobs.tick())
    monkeypatch.undo()
    await paired.restart()
    await paired.advance(hours=1)
    for who in (cast.mentor, cast.mentee):
        assert len(paired.by_key(who, "date:")) == 1


# Platforms that stumble


FAULTS: dict[str, Callable[[], list[Fault]]] = {
    "too fast": lambda: [Fault("", "status", times=3, status=429, retry_after=7)],
    "faults of its own": lambda: [Fault("", "status", times=5, status=500)],
    "a proxy in between": lambda: [Fault("", "status", times=4, status=502)],
    "out for maintenance": lambda: [Fault("", "status", times=20, status=503)],
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
async def test_a_platform_that_stumbles_delays_and_loses_nothing(stage: Stage, cast: Cast, fault: str) -> None:
    stand_in = stage.stand_in(cast.mentee)
    stand_in.faults += FAULTS[fault]()
    await stage.until_idle()
    await stage.advance(hours=8)
    assert all(fault.times == 0 for fault in stand_in.faults)
    for who in (cast.mentor, cast.mentee, cast.control):
        assert len(stage.by_key(who, "welcome:")) == 1
    assert stage.slack.seen_twice() == stage.teams.seen_twice() == []
    with stage.world.uow() as uow:
        assert uow.outbox.counts()["dead"] == 0


async def test_retry_after_is_kept_to_the_second(stage: Stage, cast: Cast) -> None:
    stand_in = stage.stand_in(cast.mentee)
    method = "postMessage" if cast.platform == "slack" else "sendToConversation"
    stand_in.faults.append(Fault(method, "status", times=1, status=429, retry_after=30))
    await stage.settle()
    invited = {"slack": ("Amara", "Niamh", "Leila", "Farah"), "teams": ("Tomasz", "Haruki", "Priya", "Chidi")}
    (limited,) = [who for who in invited[cast.platform] if not stage.screen(who)]
    await stage.advance(seconds=31)
    (shown,) = stage.screen(limited)
    assert shown.at == MONDAY + timedelta(seconds=30)


async def test_an_answer_of_slack_that_is_lost_is_looked_up_and_nothing_comes_twice(stage: Stage) -> None:
    stage.slack.faults.append(Fault("chat.postMessage", "reply_lost", times=4))
    await stage.until_idle()
    for who in ("Amara", "Niamh", "Leila", "Farah"):
        assert len(stage.by_key(who, "welcome:")) == 1
    assert stage.slack.seen_twice() == []


async def test_an_answer_of_teams_that_is_lost_costs_at_most_a_repeat_and_no_message(stage: Stage) -> None:
    """Nobody can ask Teams what has arrived: rather twice than never."""
    stage.teams.faults.append(Fault("sendToConversation", "reply_lost", times=2))
    await stage.until_idle()
    arrived = {who: len(stage.by_key(who, "welcome:")) for who in ("Tomasz", "Haruki", "Priya", "Chidi")}
    assert sorted(arrived.values()) == [1, 1, 2, 2]


async def test_an_edit_whose_answer_is_lost_is_made_again_in_its_place(paired: Stage, cast: Cast) -> None:
    shown = await paired.ask(cast.mentee, "mentoring")
    assert shown
    await paired.ask(cast.mentee, "support")
    method = "chat.update" if cast.platform == "slack" else "updateActivity"
    paired.stand_in(cast.mentee).faults.append(Fault(method, "reply_lost", times=2))
    await paired.advance(days=22)
    before = len(paired.screen(cast.mentee))
    shown = await paired.tap(cast.mentee, "not_now")
    await paired.until_idle()
    assert len(paired.screen(cast.mentee)) == before
    assert "not_now" not in {b.action for m in paired.by_key(cast.mentee, "date:") for b in m.buttons}


async def test_a_token_that_is_refused_makes_no_storm_and_everything_goes_on_when_it_holds_again(
    stage: Stage, cast: Cast
) -> None:
    stand_in = stage.stand_in(cast.mentee)
    if cast.platform == "slack":
        stand_in.faults.append(Fault("", "slack_error", times=6, error="token_revoked"))
    else:
        stand_in.faults.append(Fault("token", "status", times=6, status=401))
    before = sum(stage.slack.calls.values()) + stage.teams.grants.asked
    await stage.advance(minutes=4)
    calls = sum(stage.slack.calls.values()) + stage.teams.grants.asked - before
    assert calls < 40, "the other platform's and a few tries"
    await stage.advance(hours=2)
    for who in (cast.mentor, cast.mentee, cast.control):
        assert len(stage.by_key(who, "welcome:")) == 1


# The database is gone


@pytest.mark.transport
async def test_while_the_database_is_gone_events_are_asked_for_again(
    paired: Stage, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_given: object) -> object:
        raise DatabaseGone("OperationalError")

    before = paired.rows()
    monkeypatch.setattr(paired.slack.sockets, "seconds_to_answer", 0.3)
    monkeypatch.setattr(Database, "run", gone)
    assert (await paired.client(cast.mentee).say("home")).status == cast.again
    assert (await paired.client(cast.mentee).command("mentoring")).status == cast.again
    assert (await paired.forged_tap(cast.mentee, "support"))[0] == cast.again
    filled_in = await paired.forged_form(cast.mentee, "log_meeting", "1", 0, {"day": "2026-02-02"})
    assert filled_in.status == cast.again
    monkeypatch.undo()
    assert paired.rows() == before
    assert paired.screen(cast.mentee) == []
    assert (await paired.say(cast.mentee, "home")).button("log_meeting")


@pytest.mark.transport
async def test_a_database_that_is_back_before_the_platform_gives_up_answers_once(
    paired: Stage, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both platforms send what was not taken again."""
    run, attempts = Database.run, count()
    paired.slack.sockets.seconds_to_answer = 0.5

    async def back_soon(database: Database, work: Any, now: Any) -> Any:
        if next(attempts) < 2:
            raise DatabaseGone("OperationalError")
        return await run(database, work, now)

    monkeypatch.setattr(Database, "run", back_soon)
    assert (await paired.client(cast.mentee).say("support")).status == 200
    await paired.settle()
    (shown,) = paired.screen(cast.mentee)
    assert shown.button("ask_senior")


async def test_jobs_and_delivery_go_on_when_the_database_is_back(
    stage: Stage, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_given: object) -> object:
        raise DatabaseGone("OperationalError")

    with monkeypatch.context() as patch:
        patch.setattr(Database, "run", gone)
        await stage.app.jobs._look()
        for work in (stage.app.jobs.tick, stage.app.delivery.deliver_due):
            with pytest.raises(DatabaseGone):
                await work()
    await stage.settle()
    assert len(stage.by_key(cast.mentee, "welcome:")) == 1
