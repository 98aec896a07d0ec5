"""The whole bot in Slack's Socket Mode, while connections and events go astray. What else holds there is played by the
tests that are marked ``transport``."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.dispatch import Dispatch
from bot.flow import Event, Outcome
from bot.platforms.slack import socket
from bot.playground.slack_workspace import APP
from storage.unit_of_work import Database, DatabaseGone
from tests.contract.conftest import on_stage
from tests.contract.stage import EVERYBODY, Stage, changed

NIAMH = EVERYBODY["Niamh"].user


@pytest.fixture
async def paired(paired_template: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """Everybody has joined and been introduced, and the bot has opened its connections."""
    async with on_stage(paired_template, tmp_path, over_sockets=True) as made:
        yield made


def typed(stage: Stage, words: str, event_id: str) -> dict[str, Any]:
    """What Slack sends when Niamh types words to the bot."""
    said = {"type": "message", "channel_type": "im", "user": NIAMH, "text": words, "ts": "1.1"}
    said["channel"] = stage.slack.workspace.dm(NIAMH).id
    return {"type": "event_callback", "team_id": "T1", "api_app_id": APP, "event_id": event_id, "event": said}


async def test_an_event_that_comes_through_both_connections_at_once_is_answered_once(paired: Stage) -> None:
    event = typed(paired, "home", "Ev1")
    assert await asyncio.gather(*(paired.slack.sockets.send_event(event) for _ in range(2))) == [True, True]
    assert [len(connection.carried) for connection in paired.slack.sockets.connections] == [1, 1]
    await paired.settle()
    assert len(paired.screen("Niamh")) == 1


async def test_an_event_that_slack_sends_again_hours_later_is_answered_once(paired: Stage) -> None:
    for words, event_id in [("support", "Ev2"), ("home", "Ev1"), ("support", "Ev2")]:
        assert await paired.slack.sockets.send_event(typed(paired, words, event_id))
        await paired.advance(hours=1)
    assert len(paired.screen("Niamh")) == 2


async def test_nothing_is_lost_while_connections_are_replaced(paired: Stage) -> None:
    sockets = paired.slack.sockets
    old = list(sockets.connections)
    asked = [paired.client("Niamh").say("support"), paired.client("Amara").say("home")]
    await old[0].ask_to_leave()
    asked += [paired.client("Leila").say("support"), paired.client("Farah").say("home")]
    await old[1].ask_to_leave("warning")
    assert [answer.status for answer in await asyncio.gather(*asked)] == [200] * 4
    await sockets.until(lambda: len(sockets.connections) == 2 and not set(old) & set(sockets.connections))
    assert (await paired.say("Gwen", "help")).lines
    await paired.settle()
    assert [len(paired.screen(who)) for who in ("Niamh", "Amara", "Leila", "Farah", "Gwen")] == [1] * 5


async def test_a_form_that_was_sent_into_dead_connections_stays_open_and_can_be_sent_again(
    paired: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "PING_SECONDS", 0.5)
    await paired.restart()
    form = await paired.form("Niamh", "logmeeting")
    sockets, before = paired.slack.sockets, paired.rows()
    dead = list(sockets.connections)
    for connection in dead:
        connection.die()
    with monkeypatch.context() as patch:
        patch.setattr(sockets, "seconds_to_answer", 0.3)
        lost = await paired.client("Niamh").submit(form, {"minutes": "45", "how": "video", "topics": ("exams",)})
    assert (lost.status, paired.rows()) == (504, before)
    assert lost.form is not None
    await sockets.until(lambda: len(sockets.connections) == 2 and not set(dead) & set(sockets.connections))
    assert (await paired.send("Niamh", lost.form)).status == 200
    assert changed(before, paired.rows())["meeting"]


async def test_events_wait_out_a_database_that_is_gone_and_none_is_lost(
    paired: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, attempts = Database.run, count()

    async def back_soon(database: Database, work: Any, now: Any) -> Any:
        if next(attempts) < 6:
            raise DatabaseGone("OperationalError")
        return await run(database, work, now)

    paired.slack.sockets.seconds_to_answer = 0.5
    monkeypatch.setattr(Database, "run", back_soon)
    people = ("Niamh", "Amara", "Leila")
    answers = await asyncio.gather(*(paired.client(who).say("support") for who in people))
    assert [answer.status for answer in answers] == [200] * 3
    await paired.settle()
    for who in people:
        (shown,) = paired.screen(who)
        assert shown.button("ask_senior")


async def test_an_action_in_progress_is_finished_and_answered_before_the_bot_stops(
    paired: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle, begun, go_on = Dispatch.__call__, asyncio.Event(), asyncio.Event()

    async def slowly(self: Dispatch, event: Event) -> Outcome:
        begun.set()
        await go_on.wait()
        return await handle(self, event)

    monkeypatch.setattr(Dispatch, "__call__", slowly)
    asked = asyncio.create_task(paired.client("Niamh").command("support"))
    await begun.wait()
    stopping = asyncio.create_task(paired.stop_bot())
    waiting = await asyncio.wait([stopping], timeout=0.05)
    assert stopping in waiting[1], "it waits for what has begun"
    go_on.set()
    answer = await asked
    assert answer.status == 200
    assert answer.message is not None
    await stopping
    assert paired.slack.sockets.connections == []
    await paired.start_bot()
    monkeypatch.undo()
    assert (await paired.ask("Niamh", "mentoring")).lines
