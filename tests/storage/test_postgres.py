"""The same on PostgreSQL, and what only several processes on one database can get wrong."""

import asyncio
import inspect
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from bot.delivery import Delivery
from bot.flow import Flows
from bot.handlers import logmeeting, support, welcome
from bot.playground import teams_keys
from bot.playground.teams_keys import SigningKey
from bot.ui import Message
from storage import places
from storage.records import Conversation
from tests import test_delivery
from tests.contract import test_logging
from tests.contract.stage import CASTS, Stage
from tests.fake_chat import FakeChat
from tests.test_delivery import Post, note
from tests.world import World, open_at

ESSENTIALS = [
    test
    for name, test in inspect.getmembers(sys.modules[test_delivery.__name__], inspect.isfunction)
    if name.startswith("test_") and list(inspect.signature(test).parameters) == ["post"] and "group" not in name
]
"""All but what needs a pair that has not been introduced: here all have been."""


@pytest.mark.parametrize("essential", ESSENTIALS, ids=lambda test: test.__name__.removeprefix("test_"))
def test_delivery_is_as_reliable_on_postgresql(postgres_world: World, essential: Callable[[Post], None]) -> None:
    essential(Post(postgres_world, FakeChat()))


STORY = [
    test_logging.test_either_logs_and_the_other_sees_it,
    test_logging.test_the_other_corrects_it_and_the_first_is_told,
    test_logging.test_both_tap_we_met_and_it_is_one_meeting,
]


@pytest.mark.parametrize("platform", sorted(CASTS))
@pytest.mark.parametrize("story", STORY, ids=lambda test: test.__name__.removeprefix("test_"))
async def test_conversations_go_on_postgresql_as_they_do_on_sqlite(
    postgres_url: str, platform: str, story: Callable[..., object], monkeypatch: pytest.MonkeyPatch, key: SigningKey
) -> None:
    monkeypatch.setattr(teams_keys, "SigningKey", lambda: key)
    world = open_at(postgres_url)
    async with Stage(postgres_url, world) as stage:
        await story(stage, CASTS[platform])  # type: ignore[misc]  # a coroutine function
        assert stage.slack.seen_twice() == stage.teams.seen_twice() == []
    world.database.close()


@pytest.fixture(scope="module")
def key() -> SigningKey:
    """Made once."""
    return SigningKey()


class Slow(FakeChat):
    """Gives others a turn in the middle of each send."""

    async def send(self, to: Conversation, message: Message, key: str) -> str:
        await asyncio.sleep(0)
        return await super().send(to, message, key)


async def test_two_processes_that_drain_one_outbox_send_each_message_once(postgres_url: str) -> None:
    chat = Slow()
    worlds = [open_at(postgres_url) for _ in range(2)]
    now = worlds[0].now
    deliveries = [
        Delivery(world.database, Flows([]), {"slack": chat}, clock=lambda: now, owner=f"process {n}", random=Random(n))
        for n, world in enumerate(worlds)
    ]
    wanted = []
    with worlds[0].uow() as uow:
        for n in range(60):
            here = uow.places.here(Conversation("slack", f"T{n % 7}", f"D{n % 12}", "dm"))
            uow.outbox.add(to=here, key=f"k{n}", message=note(), answers_at=now)
            wanted.append(f"k{n}")
    while (following := await deliveries[0].next_at()) is not None:
        now = max(now, following)
        await asyncio.gather(*(delivery.deliver_due() for delivery in deliveries))
    assert sorted(chat.keys()) == sorted(wanted)
    with worlds[0].uow() as uow:
        assert uow.outbox.counts() == {"delivered": 60, "pending": 0, "dead": 0}
    for world in worlds:
        world.database.close()


def at_once(acts: Sequence[Callable[[], object]]) -> list[object]:
    """Do several things in transactions that overlap."""
    with ThreadPoolExecutor(len(acts)) as threads:
        return [future.result(timeout=20) for future in [threads.submit(act) for act in acts]]


@pytest.fixture
def proposed(postgres_world: World) -> World:
    """The pair of Amara and Niamh before anybody has said yes."""
    with postgres_world.uow() as uow:
        (pair,) = uow.pairs.of(postgres_world.people["Niamh"].id)
        uow.pairs.set_state(pair.id, "proposed")
        for who in ("Amara", "Niamh"):
            uow.people.set_state(postgres_world.people[who].id, "invited")
    return postgres_world


def test_two_who_say_yes_in_the_same_moment_are_introduced(proposed: World) -> None:
    """Neither transaction sees the yes of the other, which is not committed yet."""
    join = welcome.flow.routes[("button", "join")].handler

    def second() -> None:
        proposed.do(welcome.flow, proposed.event("Niamh", "button", "join"))

    with ThreadPoolExecutor(1) as thread:
        with proposed.uow() as uow:
            join(proposed.event("Amara", "button", "join"), uow)
            waiting = thread.submit(second)
            wait_until_it_waits_or_is_done(proposed, waiting.done)
        waiting.result(timeout=20)
    assert [due.subject for due in proposed.due() if due.rule == "introduce"] == ["1"]


def wait_until_it_waits_or_is_done(world: World, done: Callable[[], bool]) -> None:
    """Until the other transaction waits for a lock of this one, or did not need to."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with world.database.engine.connect() as connection:
        while not done():
            if connection.exec_driver_sql(waits).scalar_one():
                return


def test_the_same_event_in_two_processes_is_handled_once(postgres_world: World) -> None:
    def see() -> bool:
        with postgres_world.uow() as uow:
            return uow.seen.first_time("slack:T1/U1:button:1.0")

    assert sorted(map(bool, at_once([see] * 6))) == [False] * 5 + [True]


def test_work_that_is_due_is_taken_by_one_process(postgres_world: World) -> None:
    with postgres_world.uow() as uow:
        for n in range(8):
            uow.due.add("rule", f"{n}", uow.now)

    def take() -> str:
        with postgres_world.uow() as uow:
            while (work := uow.due.take()) is not None and work.rule != "rule":
                pass
            return work.subject if work else ""

    assert sorted(map(str, at_once([take] * 8))) == [str(n) for n in range(8)]


def test_text_of_all_languages_is_kept_as_it_was_typed(postgres_world: World) -> None:
    words = "Siobhán \N{PARTY POPPER} 小児科 'quotes' %s {{x}} \\ \t"
    with postgres_world.uow() as uow:
        uow.outbox.add(to=places.dm(postgres_world.people["Niamh"]), key="k", message=note(words))
    (queued,) = postgres_world.queued("Niamh")
    assert queued.message == note(words)


def test_a_number_that_no_id_can_be_is_not_there(postgres_world: World) -> None:
    """PostgreSQL refuses what SQLite takes."""
    for flow, action in ((logmeeting.flow, "we_met"), (support.flow, "been_in_touch")):
        with pytest.raises(LookupError):
            postgres_world.do(flow, postgres_world.event("Niamh", "button", action, subject="999999999"))
