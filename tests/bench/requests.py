"""The way of a request, against bare libraries that are measured at the same time.

Ours and the bare ones take turns, some requests each, so that a busy machine is as busy for all of them; each round is
compared by itself, and the median of the rounds is told.
"""

import asyncio
import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.figures import Figure, bench
from tests.bench.servers import Request, Server, typical
from tests.bench.taps import Members, members
from tests.databases import on_postgresql, server_answers

ROUNDS = 11
EACH = 180
"""Requests in a round."""
SESSIONS = 125
"""Enough for the taps of all rounds: three answers of six people to each."""

IN_FLIGHT = 16
EVENTS = 10_000
AT_ONCE = 500
"""Requests that are signed together: a signature holds for some minutes."""


@bench
def slack_tap() -> Iterator[Figure]:
    """A tap that changes state, from the request to the acknowledgement, on SQLite."""
    with TemporaryDirectory(prefix="peermentor-bench-") as directory:
        ratio = asyncio.run(_taps_on_slack(f"sqlite:///{Path(directory) / 'bench.sqlite3'}"))
    yield Figure("a tap on Slack, SQLite, CPU against a bare slack-bolt action", ratio, "times", 4)


@bench
def slack_tap_on_postgresql() -> Iterator[Figure]:
    """The same on PostgreSQL, where there is a server."""
    if not server_answers():
        sys.stderr.write("No PostgreSQL server answers: the tap on PostgreSQL is left out.\n")
        return
    ratio = asyncio.run(_taps_on_slack(on_postgresql("bench")))
    yield Figure("a tap on Slack, PostgreSQL, CPU against a bare slack-bolt action", ratio, "times", 5)


@bench
def teams_tap() -> Iterator[Figure]:
    """A tap on Teams, on SQLite."""
    with TemporaryDirectory(prefix="peermentor-bench-") as directory:
        against = asyncio.run(_taps_on_teams(f"sqlite:///{Path(directory) / 'bench.sqlite3'}"))
    yield Figure("a tap on Teams, CPU against a mended BotFrameworkHttpAdapter", against["mended"], "times", 2)
    # No limit: this adapter's known faults cost little, because it keeps its connector client from turn to turn.
    yield Figure("a tap on Teams, CPU against BotFrameworkHttpAdapter as it comes", against["http"], "times", None)
    yield Figure("a tap on Teams, CPU against CloudAdapter as it comes", against["cloud"], "times", 1 / 3)


@bench
def many_taps() -> Iterator[Figure]:
    """Many taps on Slack at the same time."""
    with TemporaryDirectory(prefix="peermentor-bench-") as directory:
        slowest, megabytes = asyncio.run(_in_flight(f"sqlite:///{Path(directory) / 'bench.sqlite3'}"))
    yield Figure(f"99% of taps with {IN_FLIGHT} in flight, SQLite, within", slowest * 1000, "ms", 40)
    yield Figure(f"most memory within {EVENTS:,} taps", megabytes, "MB", 200)


async def _taps_on_slack(url: str) -> float:
    async with members(url, "slack") as people:
        await people.invite(1)
        (ratio,) = await _against(people, {"server_slack": {}})
    return ratio


async def _taps_on_teams(url: str) -> dict[str, float]:
    """Our CPU against that of each adapter."""
    adapters = ("mended", "http", "cloud")
    async with members(url, "teams") as people:
        await people.invite(SESSIONS)
        bare = {f"server_teams {adapter}": {"BENCH_ADAPTER": adapter} for adapter in adapters}
        return dict(zip(adapters, await _against(people, bare), strict=True))


async def _against(people: Members, bare: Mapping[str, Mapping[str, str]]) -> list[float]:
    """Our CPU for each tap against that of each bare server. ``bare``: modules with what is in their environment."""
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in bare}
    async with AsyncExitStack() as stack:

        async def started(name: str, more: Mapping[str, str]) -> Server:
            server = Server(name.partition(" ")[0], people.settings | dict(more))
            return await stack.enter_async_context(server)

        peermentor = await started("server_peermentor", {})
        servers = {name: await started(name, more) for name, more in bare.items()}
        for _ in range(ROUNDS):
            taps = await people.taps(EACH)
            requests = people.requests(taps)
            ours.append(await peermentor.cpu_each(requests))
            people.check(taps)
            for name, server in servers.items():
                theirs[name].append(await server.cpu_each(requests))
    return [typical([o / t for o, t in zip(ours, each, strict=True)]) for each in theirs.values()]


async def _in_flight(url: str) -> tuple[float, float]:
    """The seconds within which 99% of the taps were answered, and the most megabytes that the server had."""
    took: list[float] = []
    async with members(url, "slack") as people:
        await people.invite(1)
        async with Server("server_peermentor", people.settings) as server:
            await server.cpu_each(people.requests(await people.taps(EACH)))  # so that nothing is cold
            for _ in range(EVENTS // AT_ONCE):
                waiting = iter(people.requests(await people.taps(AT_ONCE)))
                async with asyncio.TaskGroup() as clients:
                    each = [clients.create_task(_post_all(server, waiting)) for _ in range(IN_FLIGHT)]
                took += [seconds for client in each for seconds in client.result()]
            megabytes = await server.megabytes()
    return sorted(took)[math.ceil(len(took) * 0.99) - 1], megabytes


async def _post_all(server: Server, waiting: Iterator[Request]) -> list[float]:
    """The seconds that each of the requests took; others may take requests from there too."""
    return [await server.post(request) for request in waiting]
