"""The way of a message from the outbox to the platform, against the bare clients; and a look for due work."""

import asyncio
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import insert, select

from bot import app as application
from bot.config import read
from bot.examples import SESSION
from bot.handlers import als
from bot.platforms.slack import render
from bot.platforms.slack.chat import PLAIN
from bot.platforms.teams.chat import TeamsChat
from bot.reading import about
from storage.models import pair
from storage.places import dm
from storage.records import Person
from tests.bench.figures import Figure, bench
from tests.bench.servers import Server, typical
from tests.bench.taps import Members, members
from tests.databases import keys_of
from tests.waves import enrol
from tests.world import build

ROUNDS = 16
AT_ONCE = 10
"""Messages in a round: as many as the pace of an installation lets go at once."""
PAIRS = 10_000
LOOKS = 21


@bench
def delivery_to_slack() -> Iterator[Figure]:
    """A message to Slack."""
    beyond = asyncio.run(_deliveries("slack", "server_slack", {}))
    yield Figure("a delivery to Slack, CPU beyond AsyncWebClient.chat_postMessage, against it", beyond, "times", 1.5)


@bench
def delivery_to_teams() -> Iterator[Figure]:
    """A message to Teams."""
    beyond = asyncio.run(_deliveries("teams", "server_teams", {"BENCH_ADAPTER": "mended"}))
    yield Figure(
        "a delivery to Teams, CPU beyond a bare adapter's with its faults mended, against it", beyond, "times", 1.5
    )


@bench
def nothing_due() -> Iterator[Figure]:
    """A look for due work where everything is still to come."""
    with TemporaryDirectory(prefix="peermentor-bench-") as directory:
        took = asyncio.run(_looks(f"sqlite:///{Path(directory) / 'bench.sqlite3'}"))
    yield Figure(f"a look for due work with {PAIRS:,} pairs and none due", took * 1000, "ms", 20)


async def _deliveries(platform: str, bare_module: str, bare_settings: Mapping[str, str]) -> float:
    """What a delivery uses beyond the bare client, for each that the bare client uses. Everybody is sent an invitation,
    with a place in the message budget; chats are known, and the bare client has the same message to send."""
    ours, bare = [], []
    with TemporaryDirectory(prefix="peermentor-bench-") as directory:
        url = f"sqlite:///{Path(directory) / 'bench.sqlite3'}"
        async with members(url, platform, ROUNDS * AT_ONCE) as people, AsyncExitStack() as stack:
            us = await stack.enter_async_context(Server("server_peermentor", people.settings))
            them = await stack.enter_async_context(Server(bare_module, people.settings | dict(bare_settings)))
            everybody = iter(people.people)
            for number in range(ROUNDS):
                some = [next(everybody) for _ in range(AT_ONCE)]
                _queue(people, some)
                at = people.world.now + timedelta(minutes=number)
                people.clock.move_to(people.clock() + timedelta(minutes=1))
                ours.append(await us.cpu_of_sending(at.isoformat()))
                _check(people, (number + 1) * AT_ONCE + number * AT_ONCE)
                people.clock.move_to(people.clock() + timedelta(minutes=1))
                bare.append(await them.cpu_of_sending([_as_sent(people, person) for person in some]))
                _check(people, (number + 1) * AT_ONCE * 2)
    return typical(ours) / typical(bare) - 1


def _queue(people: Members, some: list[Person]) -> None:
    with people.world.uow() as uow:
        for person in some:
            message = als.invitation(SESSION, person, "")
            until = people.world.now + timedelta(days=6)
            uow.outbox.add(to=dm(person), key=_key(person), message=message, useful_until=until)


def _key(person: Person) -> str:
    return als.invitation_key(SESSION, person)


def _check(people: Members, posts: int) -> None:
    if len(people.stand_in.posts) != posts:
        raise RuntimeError(f"{len(people.stand_in.posts)} messages have arrived, not {posts}")


def _as_sent(people: Members, person: Person) -> dict[str, Any]:
    """The same message, in the words of the bare client."""
    message, conversation = als.invitation(SESSION, person, ""), people.conversations[person]
    if isinstance(people.chat, TeamsChat):
        activity = people.chat._activity(message, _key(person)).serialize()
        return {"service_url": conversation.service_url, "conversation": conversation.id, "activity": activity}
    metadata = {"event_type": "peermentor", "event_payload": {"key": _key(person)}}
    return {"channel": conversation.id, **render.message(message), **PLAIN, "metadata": metadata}


async def _looks(url: str) -> float:
    """Seconds of a look, in the middle of some."""
    world = build(url)
    ids = enrol(world, PAIRS, PAIRS)
    rows = [
        {"programme_id": world.programme.id, "mentor_id": mentor, "mentee_id": mentee, "state": "introduced"}
        for mentor, mentee in zip(ids["mentor"], ids["mentee"], strict=True)
    ]
    with world.database.engine.begin() as connection:
        connection.execute(insert(pair), rows)
        found = connection.execute(select(pair.c.id, pair.c.mentor_id, pair.c.mentee_id)).all()
    subjects = [about(row.id, person_id) for row in found for person_id in (row.mentor_id, row.mentee_id)]
    with world.uow() as uow:
        uow.due.add_all("find_a_date", subjects, world.now + timedelta(days=21))
    world.database.close()
    settings = {
        "DATABASE_URL": url,
        "KEY_DIR": str(keys_of(url).path),
        "SLACK_BOT_TOKEN": "xoxb-nobody",
        "SLACK_SIGNING_SECRET": "nothing",
    }
    app = application.build(read(settings, is_demo=True), clock=lambda: world.now, random=Random(1))
    took = []
    for _ in range(LOOKS):
        before = time.perf_counter()
        if await app.jobs.tick():
            raise RuntimeError("something was due")
        took.append(time.perf_counter() - before)
    await app.close()
    return statistics.median(took)
