"""What only several processes on one database can get wrong."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from random import Random
from threading import Barrier, BrokenBarrierError
from typing import Any, TypeVar

import pytest
import structlog
from sqlalchemy import event, text

from bot import ui
from bot.delivery import Delivery
from bot.flow import Flows
from bot.handlers import welcome
from bot.surveys.sealing import WaveKeys
from bot.ui import Message
from storage.keys import KeyDatabase, KeyDirectory, _wave_key
from storage.outbox import Outbox
from storage.records import Conversation
from storage.unit_of_work import Database, DatabaseGone, UnitOfWork
from tests import test_closing, waves
from tests.fake_chat import FakeChat
from tests.test_delivery import note
from tests.world import World, open_at

pytestmark = pytest.mark.postgresql_only

T = TypeVar("T")


class Slow(FakeChat):
    """Gives others a turn in the middle of each send."""

    async def send(self, to: Conversation, message: Message, key: str) -> str:
        await asyncio.sleep(0)
        return await super().send(to, message, key)


class Outlets:
    """Several processes that drain one outbox on Slack, each with connections of its own, and their common clock."""

    def __init__(self, url: str, count: int) -> None:
        self.chat = Slow()
        self.worlds = [open_at(url) for _ in range(count)]
        self.now = self.worlds[0].now
        self.deliveries = [
            Delivery(
                made.database, Flows([]), {"slack": self.chat}, clock=lambda: self.now, owner=f"{n}", random=Random(n)
            )
            for n, made in enumerate(self.worlds)
        ]

    def queue(self, where: Sequence[Conversation]) -> list[str]:
        """A message for each of these in turn; the keys."""
        keys = [f"k{n}" for n in range(len(where))]
        with self.worlds[0].database.begin(self.now) as uow:
            for key, conversation in zip(keys, where, strict=True):
                uow.outbox.add(to=uow.places.here(conversation), key=key, message=note(), answers_at=self.now)
        return keys

    async def deliver(self) -> None:
        """All at once."""
        await asyncio.gather(*(delivery.deliver_due() for delivery in self.deliveries))

    def counts(self) -> dict[str, int]:
        with self.worlds[0].database.begin(self.now) as uow:
            return uow.outbox.counts()


@pytest.fixture
def outlets(world: World) -> Iterator[Outlets]:
    made = Outlets(world.url, 3)
    yield made
    for each in made.worlds:
        each.database.close()


async def test_processes_that_drain_one_outbox_send_each_message_once(outlets: Outlets) -> None:
    wanted = outlets.queue([Conversation("slack", f"T{n % 7}", f"D{n % 12}", "dm") for n in range(60)])
    while (following := await outlets.deliveries[0].next_at()) is not None:
        outlets.now = max(outlets.now, following)
        await outlets.deliver()
    assert sorted(outlets.chat.keys()) == sorted(wanted)
    assert outlets.counts() == {"delivered": 60, "pending": 0, "dead": 0}


async def test_all_processes_together_keep_the_pace_of_one(outlets: Outlets) -> None:
    outlets.queue([Conversation("slack", "T1", f"D{n}", "dm") for n in range(60)])
    burst, seconds = outlets.chat.per_installation.burst, outlets.chat.per_installation.seconds
    await outlets.deliver()
    assert len(outlets.chat.posts) == burst
    for more in (1, 2, 3):
        outlets.now += timedelta(seconds=seconds)
        await outlets.deliver()
        assert len(outlets.chat.posts) == burst + more


class Meeting:
    """Where two threads wait for each other, if both come; one that is held up elsewhere is not waited for long."""

    def __init__(self) -> None:
        self._barrier = Barrier(2)

    def wait(self) -> None:
        with contextlib.suppress(BrokenBarrierError):
            self._barrier.wait(timeout=0.5)


@pytest.fixture
def asked_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two claims ask for the pace of an installation at the same moment, if they can."""
    both, ask = Meeting(), Outbox.busy_until

    def slowly(outbox: Outbox, name: str) -> datetime:
        found = ask(outbox, name)
        both.wait()
        return found

    monkeypatch.setattr(Outbox, "busy_until", slowly)


def claims(world: World) -> list[int]:
    """How many messages each of two processes claims at once."""
    chats = {"slack": FakeChat(), "teams": FakeChat(platform="teams")}

    def claim() -> int:
        flows, clock = Flows([]), lambda: world.now
        delivery = Delivery(world.database, flows, chats, clock=clock, owner="x", random=Random(1))
        with world.uow() as uow:
            return len(delivery._claim(uow, Counter())[0])

    return at_once([claim, claim])


@pytest.mark.usefixtures("asked_together")
def test_two_processes_never_wait_for_the_pace_of_each_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One has a message for Slack first, the other one for Teams."""
    here = [Conversation(platform, "T", f"D{n}", "dm") for n, platform in enumerate(("slack", "teams") * 2)]
    with world.uow() as uow:
        for number, conversation in enumerate((here[0], here[1], here[3], here[2])):
            uow.outbox.add(to=uow.places.here(conversation), key=f"k{number}", message=note(), answers_at=world.now)
    monkeypatch.setattr("bot.delivery.BATCH", 2)
    assert claims(world) == [2, 2]


@pytest.mark.usefixtures("asked_together")
def test_the_very_first_messages_keep_one_pace_too(world: World) -> None:
    with world.uow() as uow:
        for number in range(40):
            here = uow.places.here(Conversation("slack", "T1", f"D{number}", "dm"))
            uow.outbox.add(to=here, key=f"k{number}", message=note(), answers_at=world.now)
    assert sum(claims(world)) == FakeChat().per_installation.burst


def at_once(acts: Sequence[Callable[[], T]]) -> list[T]:
    """Do several things in transactions that overlap."""
    with ThreadPoolExecutor(len(acts)) as threads:
        return [future.result(timeout=20) for future in [threads.submit(act) for act in acts]]


def test_two_who_say_yes_in_the_same_moment_are_introduced(world: World) -> None:
    """Neither transaction sees the yes of the other, which is not committed yet."""
    join = welcome.flow.routes[("button", "join")].handler

    def second() -> None:
        world.do(welcome.flow, world.event("Niamh", "button", "join"))

    with ThreadPoolExecutor(1) as thread:
        with world.uow() as uow:
            join(world.event("Amara", "button", "join"), uow)
            waiting = thread.submit(second)
            wait_until_it_waits_or_is_done(world, waiting.done)
        waiting.result(timeout=20)
    assert [due.subject for due in world.due() if due.rule == "introduce"] == ["1"]


def wait_until_it_waits_or_is_done(world: World, done: Callable[[], bool]) -> None:
    """Until the other transaction waits for a lock of this one, or did not need to."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with world.database.engine.connect() as connection:
        while not done():
            if connection.exec_driver_sql(waits).scalar_one():
                return
            connection.rollback()  # within a transaction the server gives the same answer again


def test_the_same_event_in_two_processes_is_handled_once(world: World) -> None:
    def see() -> bool:
        with world.uow() as uow:
            return uow.seen.first_time("slack:T1/U1:button:1.0")

    assert sorted(map(bool, at_once([see] * 6))) == [False] * 5 + [True]


def test_work_that_is_due_is_taken_by_one_process(world: World) -> None:
    with world.uow() as uow:
        for n in range(8):
            uow.due.add("rule", f"{n}", uow.now)

    def take() -> str:
        with world.uow() as uow:
            while (work := uow.due.take()) is not None and work.rule != "rule":
                pass
            return work.subject if work else ""

    assert sorted(map(str, at_once([take] * 8))) == [str(n) for n in range(8)]


def test_processes_that_start_together_make_the_tables_once(empty_url: str) -> None:
    databases = [Database(empty_url, ui.dump) for _ in range(4)]
    at_once([database.upgrade for database in databases])
    assert not databases[0].is_new()
    for database in databases:
        database.close()


def test_processes_that_start_together_make_the_table_of_keys_once(empty_url: str) -> None:
    stores = [KeyDatabase(empty_url) for _ in range(2)]
    both = Meeting()

    def before_making(*_given: object, **_more: object) -> None:
        both.wait()

    event.listen(_wave_key, "before_create", before_making)
    at_once([store.prepare for store in stores])
    event.remove(_wave_key, "before_create", before_making)
    assert stores[0].names() == set()
    for store in stores:
        store.close()


async def test_two_openings_at_once_leave_one_wave_that_can_be_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys are kept outside of the transaction: had both been kept, answers could be sealed for those that are gone."""
    world.join("Amara", "Tomasz", "Niamh", "Haruki")
    both_put, put = Meeting(), KeyDirectory.put

    def together(store: KeyDirectory, key_id: str, content: bytes) -> None:
        both_put.wait()
        put(store, key_id, content)

    monkeypatch.setattr(KeyDirectory, "put", together)
    opening = world.database.run

    def open_one(uow: UnitOfWork) -> None:
        waves.have_opened(uow)

    await asyncio.gather(opening(open_one, world.now), opening(open_one, world.now))
    with world.uow() as uow:
        (wave,) = uow.waves.are_under_way(world.programme.id)
        assert WaveKeys.unpacked(uow.keys.get(wave.key_id)).public == wave.public_key
        assert uow.keys.names() == {wave.key_id}


async def test_processes_that_close_a_wave_at_once_release_once_and_raise_no_alarm(world: World) -> None:
    wave = test_closing.answered_wave(world)
    waves.begin_to_close(world, wave)
    others = [open_at(world.url) for _ in range(3)]
    with structlog.testing.capture_logs() as logs:
        await asyncio.gather(*(test_closing.closing_of(other, seed=n).advance() for n, other in enumerate(others)))
    assert logs == []
    assert test_closing.state(world, wave) == "destroyed"
    assert world.due() == []
    assert {row.n for row in test_closing.released(world, wave).rows} == {12, 9}
    with world.uow() as uow:
        assert uow.keys.names() == set()
    for other in others:
        other.database.close()


async def test_a_process_that_is_frozen_with_a_lock_holds_up_nobody_for_long(world: World) -> None:
    def frozen(uow: UnitOfWork) -> None:
        uow.outbox.busy_until("slack:T1")
        assert on(uow, "SHOW idle_in_transaction_session_timeout") == "1min"
        assert on(uow, "SHOW lock_timeout") == "20s"
        mine = on(uow, "SELECT pg_backend_pid()")
        on(uow, "SET idle_in_transaction_session_timeout = 50")
        with world.database.engine.connect() as another:
            while another.execute(text("SELECT pid FROM pg_stat_activity WHERE pid = :mine"), {"mine": mine}).first():
                another.rollback()
        uow.due.add("rule", "frozen", uow.now)

    def on(uow: UnitOfWork, statement: str) -> Any:
        found = uow._db.exec_driver_sql(statement)
        return found.scalar() if found.returns_rows else None

    with pytest.raises(DatabaseGone):
        await world.database.run(frozen, world.now)
    assert world.due() == []
