"""Socket Mode: connections end in every way that there is, and no event is lost."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot import config
from bot.flow import Event, FormErrors, Outcome, Private, ShowForm
from bot.platforms import Platform
from bot.platforms.slack import socket
from bot.platforms.slack.adapter import build
from bot.playground import slack_sockets
from bot.playground.client import Fault
from bot.playground.slack import APP_TOKEN, TOKEN, SlackStandIn
from bot.playground.slack_client import SlackClient
from bot.playground.slack_scopes import OPEN_SOCKET
from bot.playground.slack_sockets import Connection
from tests.platforms.slack.conftest import AMARA, MEMBERS, NIAMH, TEAM, Dispatch, form, said

NOW = datetime(2026, 2, 2, 10, 0, tzinfo=UTC)
SOON = 0.3
"""Seconds to wait for an acknowledgement that is not to come."""


class Tally:
    """Counts something, and lets a test wait until there is enough of it."""

    def __init__(self) -> None:
        self._number = 0
        self._changed = asyncio.Condition()

    async def add(self) -> None:
        async with self._changed:
            self._number += 1
            self._changed.notify_all()

    async def reaches(self, number: int) -> None:
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: self._number >= number)


@dataclass
class Slow(Dispatch):
    """Begins with every event, and goes on when the test says so."""

    begun: Tally = field(default_factory=Tally)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, event: Event) -> Outcome:
        outcome = await super().__call__(event)
        await self.begun.add()
        await self.go_on.wait()
        return outcome


@dataclass
class Rig:
    """A bot and a Slack. ``waits``: the seconds between the bot's tries to connect; ``waited`` counts them."""

    stand_in: SlackStandIn
    dispatch: Dispatch
    platform: Platform
    waits: list[float]
    waited: Tally

    @property
    def amara(self) -> SlackClient:
        return self.stand_in.client(AMARA)

    @property
    def connections(self) -> list[Connection]:
        """Those that are open, oldest first."""
        return self.stand_in.sockets.connections

    async def replaced(self, *old: Connection) -> None:
        """Until these are closed and others are there in their place."""
        sockets = self.stand_in.sockets
        await sockets.until(lambda: len(sockets.connections) == 2 and not set(old) & set(sockets.connections))


@asynccontextmanager
async def made(dispatch: Dispatch | None = None, *faults: Fault) -> AsyncIterator[Rig]:
    """A rig; connected, where Slack has no faults."""
    stand_in = SlackStandIn(MEMBERS, lambda: NOW, team=TEAM, over_sockets=True)
    stand_in.faults += faults
    await stand_in.start()
    settings = config.read(stand_in.settings()).slack
    assert settings is not None
    waits: list[float] = []
    waited = Tally()

    async def wait(seconds: float) -> None:
        waits.append(seconds)
        await waited.add()

    dispatch = dispatch or Dispatch()
    rig = Rig(stand_in, dispatch, build(settings, dispatch, lambda: NOW, wait=wait), waits, waited)
    try:
        async with rig.platform.listening():
            if not faults:
                await stand_in.sockets.until_connected()
            yield rig
    finally:
        await rig.platform.chat.close()
        await stand_in.stop()
    assert stand_in.sockets.mistakes == []


def errors_in(logs: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """What was logged as an error."""
    return [(entry["event"], entry["error"]) for entry in logs if entry["log_level"] == "error"]


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    """A bot and a Slack, connected."""
    async with made() as rig:
        yield rig


# What goes through


async def test_without_a_signing_secret_nothing_is_served_and_with_one_both_ways_are_open() -> None:
    async with made() as rig:
        assert rig.platform.routes == []
        both = config.Slack("xoxb-made-up", "whisper", "xapp-made-up")
        assert len(build(both, rig.dispatch, lambda: NOW).routes) == 2


async def test_each_event_comes_through_one_of_two_connections(rig: Rig) -> None:
    assert rig.stand_in.calls[OPEN_SOCKET] == 2
    for number in range(4):
        assert (await rig.amara.say(f"word {number}")).status == 200
    assert [event.text for event in rig.dispatch.events] == [f"word {number}" for number in range(4)]
    assert [len(connection.carried) for connection in rig.connections] == [2, 2]


async def test_an_answer_that_only_this_person_sees_travels_in_the_acknowledgement(rig: Rig) -> None:
    rig.dispatch.outcome = Private(said("Your mentor is Tomasz."))
    answer = await rig.amara.command("mentoring")
    assert answer.message is not None
    assert "Your mentor is Tomasz." in answer.message.lines
    assert rig.stand_in.posts == []


async def test_the_errors_of_a_form_travel_in_the_acknowledgement(rig: Rig) -> None:
    rig.dispatch.answers = [ShowForm(form(), "log"), FormErrors({"minutes": "How long was it?"}, form())]
    opened = (await rig.amara.command("log")).form
    assert opened is not None
    answer = await rig.amara.submit(opened, {"how": "video"})
    assert answer.errors == {"minutes": "How long was it?"}


# What is acknowledged


async def test_an_event_is_acknowledged_only_once_it_has_been_handled() -> None:
    async with made(Slow()) as rig:
        assert isinstance(rig.dispatch, Slow)
        sent = asyncio.create_task(rig.amara.say("home"))
        await rig.dispatch.begun.reaches(1)
        assert not sent.done()
        rig.dispatch.go_on.set()
        assert (await sent).status == 200
        assert len(rig.dispatch.events) == 1


async def test_what_could_not_be_handled_is_sent_again_through_the_other_connection_until_it_is(rig: Rig) -> None:
    rig.stand_in.sockets.seconds_to_answer = SOON
    rig.dispatch.error = RuntimeError("whisper")
    with capture_logs() as logs:
        assert (await rig.amara.say("home")).status == 504
    retries = [(e["retry_attempt"], e["retry_reason"]) for c in rig.connections for e in c.carried]
    assert sorted(retries) == [(0, ""), (1, "timeout"), (2, "timeout"), (3, "timeout")]
    assert [len(connection.carried) for connection in rig.connections] == [2, 2]
    assert errors_in(logs) == [("slack.not_handled", "RuntimeError")] * 4
    assert len({event.key for event in rig.dispatch.events}) == 1, "by which dispatch knows it again"
    rig.dispatch.error = None
    assert (await rig.amara.say("home")).status == 200


async def test_an_action_that_could_not_be_handled_gets_no_acknowledgement(rig: Rig) -> None:
    rig.stand_in.sockets.seconds_to_answer = SOON
    rig.dispatch.error = RuntimeError("whisper")
    assert (await rig.amara.command("mentoring")).status == 504
    assert len(rig.dispatch.events) == 1


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"team_id": "T2"}, id="of another workspace"),
        pytest.param({"event": {"type": "message", "channel_type": "im"}}, id="of nobody"),
        pytest.param({"event": 5}, id="that is a number"),
        pytest.param({"event": None, "type": "app_rate_limited"}, id="that is no event"),
    ],
)
async def test_an_event_that_can_never_be_handled_is_not_asked_for_again(rig: Rig, change: dict[str, Any]) -> None:
    inner = {"type": "message", "channel_type": "im", "channel": "D1", "user": "U1", "text": "home", "ts": "1.0"}
    payload = {"type": "event_callback", "team_id": TEAM, "event_id": "Ev1", "event": inner} | change
    assert await rig.stand_in.sockets.send_event(payload)
    assert sum(len(connection.carried) for connection in rig.connections) == 1
    assert rig.dispatch.events == []


async def test_an_action_that_is_not_understood_is_not_acknowledged_so_that_nobody_takes_it_for_done(rig: Rig) -> None:
    rig.stand_in.sockets.seconds_to_answer = SOON
    payload = {"type": "view_submission", "team": {"id": TEAM}, "user": {"id": "U1"}, "view": {}}
    assert await rig.stand_in.sockets.send_action(payload) is None


async def test_an_event_that_is_handled_too_slowly_comes_twice_and_both_are_acknowledged() -> None:
    async with made(Slow()) as rig:
        assert isinstance(rig.dispatch, Slow)
        rig.stand_in.sockets.seconds_to_answer = SOON
        sent = asyncio.create_task(rig.amara.say("home"))
        await rig.dispatch.begun.reaches(2)
        rig.dispatch.go_on.set()
        assert (await sent).status == 200
        assert rig.dispatch.events[0].key == rig.dispatch.events[1].key


async def test_events_overtake_each_other() -> None:
    """One that takes long holds up no other, not even through the same connection."""
    async with made(Slow()) as rig:
        assert isinstance(rig.dispatch, Slow)
        first = asyncio.create_task(rig.amara.say("first"))
        await rig.dispatch.begun.reaches(1)
        others = [asyncio.create_task(rig.stand_in.client(NIAMH).say(f"other {number}")) for number in range(3)]
        await rig.dispatch.begun.reaches(4)
        rig.dispatch.go_on.set()
        assert [answer.status for answer in await asyncio.gather(first, *others)] == [200] * 4


# Connections that end


@pytest.mark.parametrize("reason", ["refresh_requested", "warning"])
async def test_a_connection_that_slack_closes_is_replaced_first(rig: Rig, reason: str) -> None:
    old, other = rig.connections
    await old.ask_to_leave(reason)
    await rig.stand_in.sockets.until(lambda: rig.stand_in.sockets.opened == 3)
    assert other in rig.connections
    await rig.replaced(old)
    for number in range(4):
        assert (await rig.amara.say(f"word {number}")).status == 200
    assert len(rig.dispatch.events) == 4


async def test_what_comes_through_a_leaving_connection_is_handled_and_acknowledged_there() -> None:
    async with made(Slow()) as rig:
        assert isinstance(rig.dispatch, Slow)
        old, other = rig.connections
        other.die()
        await old.ask_to_leave()
        sent = asyncio.create_task(rig.amara.command("mentoring"))
        await rig.dispatch.begun.reaches(1)
        await rig.stand_in.sockets.until(lambda: rig.stand_in.sockets.opened >= 3)
        assert old in rig.connections, "it is needed for the acknowledgement"
        rig.dispatch.go_on.set()
        assert (await sent).status == 200
        await rig.stand_in.sockets.until(lambda: old not in rig.connections)


async def test_a_connection_that_dies_without_a_word_loses_no_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "PING_SECONDS", 0.5)
    async with made() as rig:
        rig.stand_in.sockets.seconds_to_answer = SOON
        dead, _other = rig.connections
        dead.die()
        for number in range(2):
            assert (await rig.amara.say(f"word {number}")).status == 200
        assert [event.text for event in rig.dispatch.events] == ["word 0", "word 1"]
        await rig.replaced(dead)


async def test_both_connections_are_cut_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "PING_SECONDS", 0.5)
    async with made() as rig:
        old = list(rig.connections)
        for connection in old:
            connection.cut()
        await rig.replaced(*old)
        assert (await rig.amara.command("mentoring")).status == 200


async def test_an_acknowledgement_that_is_lost_brings_the_event_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line breaks while the event is handled: it is handled twice, under one key."""
    monkeypatch.setattr(socket, "PING_SECONDS", 0.5)
    async with made(Slow()) as rig:
        assert isinstance(rig.dispatch, Slow)
        rig.stand_in.sockets.seconds_to_answer = SOON
        sent = asyncio.create_task(rig.amara.say("home"))
        await rig.dispatch.begun.reaches(1)
        (carrier,) = [connection for connection in rig.connections if connection.carried]
        carrier.cut()
        rig.dispatch.go_on.set()
        assert (await sent).status == 200
        assert len(rig.dispatch.events) == 2
        assert len({event.key for event in rig.dispatch.events}) == 1


async def test_connections_that_end_at_once_are_opened_again_more_and_more_slowly(rig: Rig) -> None:
    for _ in range(6):
        newest = rig.connections[-1]
        await newest.ask_to_leave("link_disabled")
        await rig.replaced(newest)
    assert len(rig.waits) == 6
    assert all(2.0 ** (n - 1) <= wait <= 2.0**n for n, wait in enumerate(rig.waits))


async def test_too_many_connections_make_no_storm(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack_sockets, "MOST", 1)
    await rig.connections[0].ask_to_leave()
    await rig.waited.reaches(9)
    assert rig.waits[7] >= 30
    assert max(rig.waits) <= socket.LONGEST_PAUSE
    monkeypatch.undo()
    await rig.stand_in.sockets.until_connected()


# Slack does not let the bot connect


async def test_tries_to_connect_become_rarer_and_go_on() -> None:
    async with made(None, Fault(OPEN_SOCKET, "status", times=4, status=503)) as rig:
        await rig.stand_in.sockets.until_connected()
        assert len(rig.waits) == 4
        assert all(2.0 ** (n - 1) <= wait <= 2.0**n for n, wait in enumerate(rig.waits))
        assert (await rig.amara.say("home")).status == 200


async def test_retry_after_is_kept() -> None:
    async with made(None, Fault(OPEN_SOCKET, "status", times=2, status=429, retry_after=7)) as rig:
        await rig.stand_in.sockets.until_connected()
        assert [7 <= wait <= 8 for wait in rig.waits] == [True, True]


@pytest.mark.parametrize("error", ["token_revoked", "invalid_auth", "not_allowed_token_type", "missing_scope"])
async def test_a_token_that_is_refused_is_told_once_and_tried_again_slowly(error: str) -> None:
    with capture_logs() as logs:
        async with made(None, Fault(OPEN_SOCKET, "slack_error", times=5, error=error)) as rig:
            await rig.stand_in.sockets.until_connected()
            assert len(rig.waits) == 5
            assert all(300 <= wait <= 600 for wait in rig.waits)
            assert (await rig.amara.say("home")).status == 200
    assert errors_in(logs) == [("slack.sockets_refused", f"apps.connections.open: {error}")]


async def test_a_bot_that_is_not_let_in_says_so_until_it_is_though_it_can_still_send() -> None:
    async with made(None, Fault(OPEN_SOCKET, "slack_error", times=10_000, error="token_revoked")) as rig:
        await rig.waited.reaches(1)
        for _ in range(2):
            assert "SLACK_APP_TOKEN (token_revoked)" in rig.platform.chat.refused
            await rig.platform.chat.open([AMARA])
        rig.stand_in.faults.clear()
        await rig.stand_in.sockets.until_connected()
        assert rig.platform.chat.refused == ""


async def test_the_bots_own_token_opens_no_connection() -> None:
    async with made() as rig:
        settings = config.Slack(TOKEN, "", TOKEN, rig.stand_in.settings()["SLACK_API_URL"])
        platform = build(settings, rig.dispatch, lambda: NOW, wait=lambda _seconds: rig.waited.add())
        with capture_logs() as logs:
            async with platform.listening():
                await rig.waited.reaches(1)
        await platform.chat.close()
        assert errors_in(logs) == [("slack.sockets_refused", "apps.connections.open: not_allowed_token_type")]


async def test_a_bot_that_cannot_connect_can_be_stopped() -> None:
    async with made(None, Fault(OPEN_SOCKET, "status", times=10_000, status=500)) as rig:
        await rig.waited.reaches(4)
    assert rig.connections == []


# The end


async def test_at_the_end_what_was_taken_is_finished_and_nothing_more_is_taken() -> None:
    dispatch = Slow()
    begun: list[asyncio.Task[Any]] = []
    async with made(dispatch) as rig:
        begun.append(asyncio.create_task(rig.amara.command("mentoring")))
        await dispatch.begun.reaches(1)
        rig.stand_in.sockets.seconds_to_answer = SOON
        begun.append(asyncio.create_task(released_after_another(rig, dispatch)))
    answer, too_late = [await task for task in begun]
    assert too_late == 504
    assert len(dispatch.events) == 1
    assert answer.status == 200


async def released_after_another(rig: Rig, dispatch: Slow) -> int:
    """Type something while the bot stops, through the connection that it still needs, and let it go on with what it has
    begun; the status."""
    await rig.stand_in.sockets.until(lambda: len(rig.connections) == 1)
    answer = await rig.stand_in.client(NIAMH).command("mentoring")
    dispatch.go_on.set()
    return answer.status


async def test_nothing_is_left_running() -> None:
    before = asyncio.all_tasks()
    async with made() as rig:
        await rig.connections[0].ask_to_leave()
        await rig.amara.say("home")
    if left := asyncio.all_tasks() - before:
        _done, running = await asyncio.wait(left, timeout=5)
        assert running == set()


async def test_no_log_has_words_tokens_or_addresses(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG, logger="slack_bolt")
    caplog.set_level(logging.DEBUG, logger="slack_sdk")
    monkeypatch.setattr(socket, "PING_SECONDS", 0.5)
    with capture_logs() as logs:
        async with made() as rig:
            rig.stand_in.sockets.seconds_to_answer = SOON
            rig.dispatch.error = RuntimeError("whispered words")
            await rig.amara.say("whispered words")
            await rig.connections[0].socket.send_str('{"type": "whispered words')
            await rig.connections[0].socket.send_str(
                '{"type": "x", "envelope_id": "1", "payload": ["whispered words"]}'
            )
            rig.stand_in.sockets.stale = 1
            rig.stand_in.faults.append(Fault(OPEN_SOCKET, "slack_error", times=1, error="token_revoked"))
            old = list(rig.connections)
            for connection in old:
                connection.cut()
            await rig.replaced(*old)
    told = json.dumps(logs) + caplog.text
    assert "slack.not_handled" in told
    assert "WSServerHandshakeError" in told
    assert [record for record in caplog.records if record.name.startswith("peermentor.slack")] == []
    for secret in ("whispered", APP_TOKEN, TOKEN, "ticket", "ws://", AMARA.user):
        assert secret not in told
