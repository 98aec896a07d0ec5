"""Several processes of the bot on one database of PostgreSQL, as for a nation, and what becomes of messages when some
are killed. Slack's stand-in is in this process, and in no hurry to refuse anything."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select, update

from bot.clock import real_time
from bot.playground.client import Member
from bot.playground.slack import SlackStandIn
from storage.models import account, outbox, programme
from storage.records import Account
from tests import databases, waves
from tests.replica import LEASE
from tests.world import World, build

ROOT = Path(__file__).parent.parent
READERS = 200
PATIENCE = 300
"""Seconds after which something that has to come never will."""
SOON = timedelta(hours=1)
"""What is to be delivered answers something that its reader does only then, so that no quiet time holds it up."""


class UnhurriedSlack(SlackStandIn):
    """Takes messages as fast as they come."""

    def _wait(self, method: str, channel: str) -> float:  # noqa: ARG002 - as in the original
        return 0.0

    def keys(self) -> list[str]:
        """The keys of all posts."""
        return [post.key for post in self.posts]


class Replica:
    """One process. ``log``: what it has said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.log: list[dict[str, Any]] = []
        self._process = process
        self._listens = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    async def started(self) -> None:
        """Return once it serves. Raises RuntimeError with what it said where it ends instead."""
        listens = asyncio.create_task(self._listens.wait())
        await asyncio.wait({listens, self._reading}, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE)
        if not self._listens.is_set():
            listens.cancel()
            raise RuntimeError(f"a replica did not start: {self.log}")

    async def kill(self) -> None:
        """``kill -9``."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            try:
                entry = json.loads(line)
            except ValueError:
                entry = {"event": line.decode().strip(), "level": "plain"}
            self.log.append(entry)
            if entry["event"] == "listening":
                self._listens.set()


async def start(url: str, slack: SlackStandIn, directory: Path) -> Replica:
    """A process on the database at this address, which has not begun to serve."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": url,
        "KEY_DIR": str(databases.keys_of(url).path),
        "PORT": "0",
        **slack.settings(),
    }
    return Replica(
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.replica",
            env=environment,
            cwd=directory,  # where no .env is
            stderr=asyncio.subprocess.PIPE,
        )
    )


@dataclass
class Nation:
    """A programme with many people on Slack, and the processes that serve it."""

    world: World
    slack: UnhurriedSlack
    directory: Path
    readers: list[int]
    replicas: list[Replica]

    def queue(self, count: int) -> list[str]:
        """Have so many messages be delivered, to everybody in turn; their keys."""
        keys = [f"k{number}" for number in range(count)]
        now = real_time()
        with self.world.database.begin(now) as uow:
            for number, key in enumerate(keys):
                reader = self.readers[number % len(self.readers)]
                uow.outbox.add(to=f"dm:{reader}", key=key, message=waves.NOTE, answers_at=now + SOON)
        return keys

    async def start(self, count: int) -> None:
        """So many more processes, all at the same moment."""
        made = [await start(self.world.url, self.slack, self.directory) for _ in range(count)]
        self.replicas += made
        for replica in made:
            await replica.started()

    async def kill_one(self) -> int:
        """``kill -9`` the first; how many messages have arrived of which it did not live to take note."""
        await self.replicas.pop(0).kill()
        at = real_time()
        await until(lambda: real_time() > at + timedelta(seconds=2))  # by then all others have noted theirs
        with self.world.database.engine.connect() as connection:
            left = connection.execute(
                select(outbox.c.key).where(outbox.c.lease_until <= at + LEASE, outbox.c.remote_id.is_(None))
            )
            return len(set(left.scalars()) & set(self.slack.keys()))

    def pending(self) -> int:
        """How many messages are still to be delivered."""
        with self.world.database.begin(real_time()) as uow:
            return uow.outbox.counts()["pending"]

    def complaints(self) -> list[str]:
        """What the processes that live said that was no good news."""
        entries = [entry for replica in self.replicas for entry in replica.log]
        return [str(entry) for entry in entries if entry.get("level") != "info"]


async def until(happened: Callable[[], bool]) -> None:
    """Until something is so that no process here tells us."""
    async with asyncio.timeout(PATIENCE):
        while not happened():  # noqa: ASYNC110 - it happens in other processes
            await asyncio.sleep(0.01)


@asynccontextmanager
async def nation(readers: int = READERS) -> AsyncIterator[Nation]:
    """A programme without any process yet. Needs a PostgreSQL server."""
    url = databases.on_postgresql("nation")
    with TemporaryDirectory(prefix="peermentor-replicas-") as directory:
        world = build(url)
        ids = waves.enrol(world, readers // 2, readers - readers // 2)
        with world.database.engine.begin() as connection:
            connection.execute(update(programme).values(is_demo=False))  # a demo's database is refused
            rows = connection.execute(select(account).where(account.c.platform == "slack")).all()
        members = [
            Member(Account("slack", row.tenant, row.user), f"Reader {row.person_id}", f"{row.user}@example.org")
            for row in rows
        ]
        slack = UnhurriedSlack(members, real_time, team="T1")
        await slack.start()
        made = Nation(world, slack, Path(directory), [*ids["mentor"], *ids["mentee"]], [])
        try:
            yield made
        finally:
            for replica in made.replicas:
                await replica.kill()
            await slack.stop()
            world.database.close()
            databases.drop(url)


@dataclass(frozen=True, slots=True)
class Deaths:
    """What came of deliveries during which processes were killed. ``ambiguous``: for each kill, how many messages had
    arrived of which the process did not live to take note."""

    lost: int
    ambiguous: list[int]
    seen_twice: int
    complaints: list[str]
    seconds: float


async def deliver_and_kill(messages: int, kills: int) -> Deaths:
    """Deliver with three processes; so often, evenly spread, kill one and start another."""
    async with nation() as made:
        keys = made.queue(messages)
        began = datetime.now(UTC)
        await made.start(3)
        ambiguous = []
        for number in range(1, kills + 1):
            enough = messages * number // (kills + 1)
            await until(lambda enough=enough: len(made.slack.posts) >= enough)  # type: ignore[misc]  # a default
            ambiguous.append(await made.kill_one())
            if number < kills:
                await made.start(1)
        await until(lambda: not made.pending())
        arrived = made.slack.keys()
        return Deaths(
            lost=len(set(keys) - set(arrived)),
            ambiguous=ambiguous,
            seen_twice=len(made.slack.seen_twice()),
            complaints=made.complaints(),
            seconds=(datetime.now(UTC) - began).total_seconds(),
        )
