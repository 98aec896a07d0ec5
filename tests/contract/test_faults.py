"""What a year of running brings: a database that is gone for a minute, storms of refusals, answers that never come,
events that come twice, late or in another order. Nothing is lost, and nothing is done twice."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from bot import ui
from bot.platforms.slack import chat as slack_chat
from bot.platforms.teams import chat as teams_chat
from bot.playground.client import Fault
from storage.unit_of_work import Database, DatabaseGone
from tests import databases
from tests.contract.stage import Cast, Stage
from tests.contract.test_readiness import INVITED, readyz

CALLS = {"slack": "", "teams": "Conversation"}
"""What is in the names of all methods that deliver."""

Sent = tuple[bytes | str, dict[str, str]]
"""A request of a platform: its body, and the headers that do not depend on time."""


class Wire:
    """Between a platform and the bot: notes what the platform sends, and can send it again, signed anew as platforms
    do. ``holds``: nothing arrives, though the platform believes so."""

    def __init__(self, stage: Stage, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[Sent] = []
        self.holds = False
        self._stage = stage
        self._is_slack = cast.platform == "slack"
        self._post: Callable[..., Awaitable[Any]]
        if self._is_slack:
            self._post = stage.slack.send_raw
            monkeypatch.setattr(stage.slack, "send_raw", self._note)
        else:
            self._post = stage.teams.send
            monkeypatch.setattr(stage.teams, "send", self._note)

    async def again(self, sent: Sent) -> int:
        """Send a request again; the status."""
        body, headers = sent
        if self._is_slack:
            fresh = self._stage.slack.signed(str(body))
        else:
            fresh = {"Authorization": f"Bearer {self._stage.teams.issuer.token(self._stage.teams.service_url)}"}
        status: int = (await self._post(body, headers | fresh))[0]
        return status

    async def _note(self, body: bytes | str, headers: dict[str, str]) -> Any:
        lasting = {name: value for name, value in headers.items() if name == "Content-Type"}
        self.sent.append((body, lasting))
        if self.holds:
            return (200, "", {}) if self._is_slack else (200, None)
        return await self._post(body, headers)


@pytest.fixture
def wire(paired: Stage, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Wire:
    """The wire between the bot and the platform that is played on."""
    return Wire(paired, cast, monkeypatch)


# The database is gone for a minute


async def test_what_comes_while_the_database_is_gone_for_a_minute_is_sent_again_and_done_once(
    paired: Stage, cast: Cast, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_given: object) -> object:
        raise DatabaseGone("OperationalError")

    shown = await paired.ask(cast.mentee, "home")
    wire.sent.clear()
    with monkeypatch.context() as patch:
        patch.setattr(Database, "run", gone)
        assert (await paired.client(cast.mentee).say("support")).status == 503
        assert (await paired.client(cast.mentor).say("help")).status == 503
        assert (await readyz(paired))[0] == 503
    paired.world.pass_time(minutes=1)
    refused = list({str(body): (body, headers) for body, headers in wire.sent}.values())
    assert len(refused) == 2
    for sent in refused:
        assert await wire.again(sent) == 200
        assert await wire.again(sent) == 200  # the answer to the first did not arrive
    await paired.settle()
    assert len([m for m in paired.screen(cast.mentee) if m.id != shown.id]) == 1
    assert paired.newest(cast.mentee, "ask_senior")
    assert len(paired.screen(cast.mentor)) == 1
    assert await readyz(paired) == (200, [])


# Events twice, late, in another order


async def test_an_event_that_comes_twice_is_answered_once(paired: Stage, cast: Cast, wire: Wire) -> None:
    await paired.say(cast.mentee, "support")
    (sent,) = wire.sent
    before = paired.rows()
    assert await wire.again(sent) == 200
    assert paired.rows() == before
    await paired.settle()
    assert len(paired.screen(cast.mentee)) == 1


async def test_a_repeat_that_comes_hours_later_changes_nothing(paired: Stage, cast: Cast, wire: Wire) -> None:
    await paired.say(cast.mentee, "support")
    (sent,) = wire.sent
    await paired.advance(hours=7)
    before = len(paired.screen(cast.mentee))
    assert await wire.again(sent) == 200
    await paired.settle()
    assert len(paired.screen(cast.mentee)) == before


async def test_events_that_arrive_in_another_order_are_all_answered(paired: Stage, cast: Cast, wire: Wire) -> None:
    wire.holds = True
    for words in ("home", "support", "help"):
        await paired.client(cast.mentee).say(words)
    assert paired.screen(cast.mentee) == []
    for sent in reversed(wire.sent):
        assert await wire.again(sent) == 200
    await paired.until_idle()
    assert len(paired.screen(cast.mentee)) == 3
    assert paired.newest(cast.mentee, "ask_senior")
    assert paired.newest(cast.mentee, "log_meeting")


async def test_a_tap_that_comes_twice_is_done_once(paired: Stage, cast: Cast, wire: Wire) -> None:
    await paired.advance(days=22)
    card = paired.newest(cast.mentee, "not_now")
    await paired.tap(cast.mentee, "not_now", card)
    before, screen = paired.rows()["due"], paired.screen(cast.mentee)
    assert await wire.again(wire.sent[-1]) == 200
    await paired.settle()
    assert paired.rows()["due"] == before
    assert [shown.lines for shown in paired.screen(cast.mentee)] == [shown.lines for shown in screen]


# Platforms that stumble for long


async def test_a_storm_of_too_many_requests_on_every_method_is_waited_out(stage: Stage, cast: Cast) -> None:
    stand_in = stage.stand_in(cast.mentee)
    storm = Fault(CALLS[cast.platform], "status", times=60, status=429, retry_after=20)
    stand_in.faults.append(storm)
    await stage.advance(seconds=15)
    asked_at_once = 60 - storm.times
    assert asked_at_once <= 12, "nobody asks again before the time that was said"
    await stage.advance(hours=6)
    assert storm.times == 0
    for who in INVITED[cast.platform]:
        assert len(stage.by_key(who, "welcome:")) == 1
    assert stage.slack.seen_twice() == stage.teams.seen_twice() == []


async def test_what_people_ask_in_a_storm_is_answered_once_when_it_is_over(paired: Stage, cast: Cast) -> None:
    stand_in = paired.stand_in(cast.mentee)
    posts = "chat." if cast.platform == "slack" else "sendToConversation"
    storm = Fault(posts, "status", times=25, status=429, retry_after=30)
    stand_in.faults.append(storm)
    for words in ("home", "support", "help"):
        assert (await paired.client(cast.mentee).say(words)).status == 200
    await paired.settle()
    assert paired.screen(cast.mentee) == []
    assert storm.times < 25
    await paired.advance(hours=6)
    assert storm.times == 0
    assert len(paired.screen(cast.mentee)) == 3
    assert paired.newest(cast.mentee, "ask_senior")
    with paired.world.uow() as uow:
        assert uow.outbox.counts()["dead"] == 0


async def test_an_edit_in_a_storm_is_made_when_it_is_over(paired: Stage, cast: Cast) -> None:
    await paired.advance(days=22)
    card = paired.newest(cast.mentee, "not_now")
    edited = paired.stand_in(cast.mentee).edits
    method = "chat.update" if cast.platform == "slack" else "updateActivity"
    storm = Fault(method, "status", times=12, status=429, retry_after=30)
    paired.stand_in(cast.mentee).faults.append(storm)
    with paired.world.uow() as uow:
        uow.outbox.replace(card.key, ui.Message("Changed", (ui.Text("Changed"),), "Only you can see this."))
    await paired.advance(hours=2)
    assert (storm.times, paired.stand_in(cast.mentee).edits) == (0, edited + 1)
    assert [shown.lines[0] for shown in paired.screen(cast.mentee) if shown.id == card.id] == ["Changed"]


async def test_a_day_of_server_errors_loses_nothing_and_makes_no_storm(stage: Stage, cast: Cast) -> None:
    stand_in = stage.stand_in(cast.mentee)
    storm = Fault("", "status", times=10**6, status=500)
    stand_in.faults.append(storm)
    await stage.advance(hours=9)
    tries = 10**6 - storm.times
    assert tries < 600, "each message is tried at growing distances"
    stand_in.faults.clear()
    await stage.until_idle()
    for who in INVITED[cast.platform]:
        assert len(stage.by_key(who, "welcome:")) == 1
    with stage.world.uow() as uow:
        assert uow.outbox.counts()["dead"] == 0


async def test_replies_that_are_lost_in_a_row_lose_no_message(stage: Stage, cast: Cast) -> None:
    method = "chat.postMessage" if cast.platform == "slack" else "sendToConversation"
    lost = Fault(method, "reply_lost", times=4)
    stage.stand_in(cast.mentee).faults.append(lost)
    await stage.until_idle()
    assert lost.times == 0
    arrived = [len(stage.by_key(who, "welcome:")) for who in INVITED[cast.platform]]
    if cast.platform == "slack":  # where the bot can look whether a message has arrived
        assert arrived == [1] * len(arrived)
    else:
        assert sum(arrived) == len(arrived) + 4
        assert min(arrived) >= 1


async def test_a_platform_that_takes_its_time_is_waited_for_and_nothing_is_sent_twice(stage: Stage, cast: Cast) -> None:
    slow = Fault(CALLS[cast.platform], "delay", times=10, seconds=0.05)
    stage.stand_in(cast.mentee).faults.append(slow)
    await stage.until_idle()
    assert slow.times < 10
    assert [len(stage.by_key(who, "welcome:")) for who in INVITED[cast.platform]] == [1] * len(INVITED[cast.platform])


async def test_an_answer_that_comes_after_the_bot_has_hung_up_is_like_one_that_was_lost(
    stage: Stage, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_chat, "TIMEOUT", aiohttp.ClientTimeout(total=0.3))
    monkeypatch.setattr(teams_chat, "TIMEOUT", (1, 0.3))
    method = "chat.postMessage" if cast.platform == "slack" else "sendToConversation"
    stage.stand_in(cast.mentee).faults.append(Fault(method, "reply_late", times=2))
    await stage.until_idle()
    arrived = sorted(len(stage.by_key(who, "welcome:")) for who in INVITED[cast.platform])
    can_look_up = cast.platform == "slack"
    assert arrived == ([1, 1, 1, 1] if can_look_up else [1, 1, 2, 2])


@pytest.mark.postgresql_only
async def test_a_server_that_throws_everybody_out_is_met_again_without_a_restart(
    paired: Stage, cast: Cast, wire: Wire
) -> None:
    for words in ("home", "support", "help"):
        databases._say(databases._at(paired.database_url), databases.THROW_OUT)
        await paired.client(cast.mentee).say(words)
    for sent in wire.sent:
        assert await wire.again(sent) == 200
    databases._say(databases._at(paired.database_url), databases.THROW_OUT)
    assert await readyz(paired) == (200, [])
    await paired.until_idle()
    assert len(paired.screen(cast.mentee)) == 3
