"""Due work: each piece once, in time, and one that fails holds up nothing."""

import asyncio
from datetime import timedelta
from random import Random

import pytest
import structlog

from bot.closing import Closing
from bot.flow import Flow, Flows
from bot.jobs import AFTER_A_FAULT, Jobs
from bot.painting import Painting
from bot.report.facts import Facts
from bot.report.writing import Made
from bot.reporting import Reporting
from storage.models import seen
from storage.records import Due
from storage.unit_of_work import Database, DatabaseGone, UnitOfWork
from storage.work import Seen
from tests.world import World


class Office:
    """Jobs of three rules: one notes what it did, one fails, one fails until a day."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.done: list[str] = []
        self.woken = 0
        self.looked = asyncio.Event()
        flow = Flow("office")

        @flow.job("note")
        def note(due: Due, _uow: UnitOfWork) -> None:
            self.done.append(due.subject)

        @flow.job("fail")
        def fail(due: Due, uow: UnitOfWork) -> None:
            uow.due.add("note", f"never:{due.subject}", uow.now)
            raise ValueError("a very private reason")

        @flow.job("spread")
        def spread(due: Due, uow: UnitOfWork) -> None:
            uow.due.add("note", due.subject, uow.now)

        closing = Closing(world.database, clock=lambda: world.now, random=Random(1))
        painting = Painting(world.database, clock=lambda: world.now)
        self.jobs = Jobs(
            world.database,
            Flows([flow]),
            clock=lambda: world.now,
            wake=self.wake,
            closing=closing,
            painting=painting,
            reporting=Reporting(world.database, clock=lambda: world.now, make=self.press),
        )
        self.printing = asyncio.Event()
        self.paper = asyncio.Event()

    async def press(self, _facts: Facts) -> Made:
        """Makes a report as soon as there is paper."""
        self.printing.set()
        await self.paper.wait()
        return Made(b"<html>", b"", b"", b"")

    def want_report(self) -> None:
        with self.world.uow() as uow:
            uow.reports.want(self.world.programme.id, self.world.people["Gwen"].id)

    def wake(self) -> None:
        self.woken += 1
        self.looked.set()

    def add(self, rule: str, subject: str, **later: float) -> None:
        with self.world.uow() as uow:
            uow.due.add(rule, subject, self.world.now + timedelta(**later))


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


async def test_what_is_due_is_done_once_and_earliest_first(office: Office) -> None:
    office.add("note", "third", hours=-1)
    office.add("note", "first", hours=-3)
    office.add("note", "second", hours=-2)
    office.add("note", "tomorrow", hours=24)
    assert await office.jobs.tick() == 3
    assert await office.jobs.tick() == 0
    assert office.done == ["first", "second", "third"]
    assert await office.jobs.next_at() == office.world.now + timedelta(hours=24)


async def test_delivery_is_woken_if_anything_was_done(office: Office) -> None:
    await office.jobs.tick()
    assert office.woken == 0
    office.add("note", "x")
    await office.jobs.tick()
    assert office.woken == 1


async def test_work_that_comes_of_work_is_done_in_the_same_look(office: Office) -> None:
    office.add("spread", "word")
    assert await office.jobs.tick() == 2
    assert office.done == ["word"]


async def test_one_that_fails_changes_nothing_is_put_off_and_holds_up_nothing(office: Office) -> None:
    office.add("fail", "x", hours=-1)
    office.add("note", "y")
    with structlog.testing.capture_logs() as logged:
        assert await office.jobs.tick() == 2
    assert office.done == ["y"]
    assert [(due.rule, due.subject, due.due_at) for due in office.world.due()] == [
        ("fail", "x", office.world.now + AFTER_A_FAULT)
    ]
    (entry,) = logged
    assert (entry["event"], entry["rule"], entry["error"]) == ("job.failed", "fail", "ValueError")
    assert "private" not in str(logged)
    office.world.now += AFTER_A_FAULT
    assert await office.jobs.tick() == 1, "it is tried again, and put off again"
    assert len(office.world.due()) == 1


async def test_a_rule_that_nobody_knows_any_more_holds_up_nothing(office: Office) -> None:
    office.add("of_last_year", "x", hours=-1)
    office.add("note", "y")
    await office.jobs.tick()
    assert office.done == ["y"]


async def test_a_report_that_takes_long_holds_up_nothing_and_is_made_once(office: Office) -> None:
    office.want_report()
    async with asyncio.timeout(10):
        await office.jobs.tick()
        await office.printing.wait()
        office.printing.clear()
        office.add("note", "meanwhile")
        assert await office.jobs.tick() == 1
    assert office.done == ["meanwhile"]
    assert office.world.queued() == []
    woken = office.woken
    office.paper.set()
    await office.jobs.reported()
    assert not office.printing.is_set()
    assert len(office.world.queued()) == 1
    assert office.woken == woken + 1


async def test_a_report_under_way_is_given_up_at_the_end_and_made_by_the_next_process(office: Office) -> None:
    office.want_report()
    await office.jobs.tick()
    await office.printing.wait()
    await office.jobs.close()
    await office.jobs.close()
    assert office.world.queued() == []
    office.paper.set()
    await office.jobs.tick()
    await office.jobs.reported()
    assert len(office.world.queued()) == 1


async def test_while_the_database_is_gone_a_report_waits(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(*_given: object) -> object:
        raise DatabaseGone("OperationalError")

    office.want_report()
    await office.jobs.tick()
    await office.printing.wait()
    with structlog.testing.capture_logs() as logged, monkeypatch.context() as patch:
        patch.setattr(Database, "run", gone)
        office.paper.set()
        await office.jobs.reported()
    assert [entry["event"] for entry in logged] == ["report.database_gone"]
    await office.jobs.tick()
    await office.jobs.reported()
    assert len(office.world.queued()) == 1


async def test_while_the_database_is_gone_the_timer_goes_on(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(*_given: object) -> object:
        raise DatabaseGone("OperationalError")

    monkeypatch.setattr(Database, "run", gone)
    with pytest.raises(DatabaseGone):
        await office.jobs.tick()
    with structlog.testing.capture_logs() as logged:
        await office.jobs._look()
    assert [entry["event"] for entry in logged] == ["jobs.database_gone"]


async def test_keys_of_events_are_forgotten_after_a_week(office: Office) -> None:
    with office.world.uow() as uow:
        assert uow.seen.first_time("old")
    office.world.pass_time(days=4)
    with office.world.uow() as uow:
        assert uow.seen.first_time("new")
    office.world.now += Seen.KEPT - timedelta(days=4) + timedelta(seconds=1)
    await office.jobs._forget()
    with office.world.database.engine.connect() as connection:
        assert [row.key for row in connection.execute(seen.select())] == ["new"]


async def test_the_timer_looks_by_itself_once_started(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.jobs.LOOK_EVERY", timedelta(seconds=1))
    office.add("note", "x")
    office.jobs.start()
    async with asyncio.timeout(10):
        await office.looked.wait()
    office.jobs.stop()
    assert office.done == ["x"]
