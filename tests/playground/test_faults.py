"""What can be made to go wrong on the stand-ins, the same on both: refusals, errors, answers that are lost or slow."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from bot.playground import client
from bot.playground.client import Fault, StandIn
from tests.playground.slack_bench import Bench, benched
from tests.playground.teams_bench import Connector, Programme, activity, connected, standing

POST = {"slack": "chat.postMessage", "teams": "sendToConversation"}


@dataclass
class Line:
    """A stand-in, and a way to post to one person: the status and the headers of the answer."""

    stand_in: StandIn
    post: Callable[[], Awaitable[tuple[int, Any]]]

    def let(self, kind: str, **how: Any) -> Fault:
        """Let something go wrong with posts."""
        fault = Fault(POST[self.stand_in.platform], kind, **how)
        self.stand_in.faults.append(fault)
        return fault


@asynccontextmanager
async def on_slack() -> AsyncIterator[Line]:
    async with benched() as bench:
        dm = await bench.dm()

        async def post() -> tuple[int, Any]:
            said = await bench.post(dm)
            return said["status"], said

        yield Line(bench.stand_in, post)


@asynccontextmanager
async def on_teams() -> AsyncIterator[Line]:
    async with standing(Programme()) as teams, connected(teams) as connector:
        opened = (await connector.open())[1]["id"]

        async def post() -> tuple[int, Any]:
            status, body, headers = await connector.call("POST", f"/{opened}/activities", activity())
            return status, body.get("error", {}) | {"retry_after": headers.get("Retry-After")}

        yield Line(teams, post)


@pytest.fixture(params=["slack", "teams"])
async def line(request: pytest.FixtureRequest) -> AsyncIterator[Line]:
    """Each of the two."""
    async with on_slack() if request.param == "slack" else on_teams() as made:
        yield made


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_an_error_of_the_platforms_own_does_nothing_as_often_as_it_is_asked_for(line: Line, status: int) -> None:
    line.let("status", status=status, times=2)
    assert [(await line.post())[0] for _time in range(2)] == [status] * 2
    assert line.stand_in.posts == []
    assert (await line.post())[0] < 300
    assert len(line.stand_in.posts) == 1


async def test_a_storm_of_too_many_requests_says_each_time_when_to_come_again(line: Line) -> None:
    storm = line.let("status", status=429, times=40, retry_after=9)
    for _time in range(40):
        status, said = await line.post()
        assert (status, said["retry_after"]) == (429, "9")
        assert said.get("error", said.get("code")) in {"ratelimited", "ServiceError"}
    assert (storm.times, line.stand_in.posts) == (0, [])
    assert (await line.post())[0] < 300


async def test_a_call_whose_reply_is_lost_was_carried_out(line: Line) -> None:
    line.let("reply_lost")
    with pytest.raises(aiohttp.ClientError):
        await line.post()
    assert len(line.stand_in.posts) == 1
    assert (await line.post())[0] < 300


async def test_a_reply_that_is_too_late_is_one_that_nobody_waits_for_any_more(line: Line) -> None:
    line.let("reply_late")
    waiting = asyncio.ensure_future(line.post())
    while not line.stand_in.posts:
        assert not waiting.done()
        await asyncio.wait([waiting], timeout=0.01)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert (await line.post())[0] < 300
    assert len(line.stand_in.posts) == 2


async def test_a_delayed_reply_arrives_after_the_call_was_carried_out(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[tuple[float, int]] = []

    async def note(seconds: float) -> None:
        waited.append((seconds, len(line.stand_in.posts)))

    monkeypatch.setattr(client, "pause", note)
    line.let("delay", seconds=2.5)
    assert (await line.post())[0] < 300
    assert waited == [(2.5, 1)]
    assert (await line.post())[0] < 300
    assert len(waited) == 1


async def test_a_fault_is_met_by_the_calls_that_it_names_and_by_no_other() -> None:
    async with benched() as bench:
        await _only_what_is_named(bench)


async def _only_what_is_named(bench: Bench) -> None:
    dm = await bench.dm()
    bench.stand_in.faults += [
        Fault("chat.update", "status"),
        Fault("postMessage", "slack_error", error="is_archived"),
    ]
    assert (await bench.post(dm))["error"] == "is_archived"
    assert (await bench.post(dm))["ok"]
    assert bench.stand_in.faults[0].times == 1


@pytest.mark.parametrize("kind", ["status", "reply_lost"])
async def test_a_token_that_is_not_given_out_today_is_given_out_later(kind: str) -> None:
    async with standing(Programme()) as teams, aiohttp.ClientSession() as http:
        connector = Connector(teams, http)
        teams.faults.append(Fault("token", kind, status=503))
        if kind == "status":
            assert (await connector.sign_in())[0] == 503
        else:
            with pytest.raises(aiohttp.ClientError):
                await connector.sign_in()
        assert (await connector.sign_in())[0] == 200
