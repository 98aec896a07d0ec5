"""PostgreSQL goes away in the middle of things and comes back: what could not be stored is asked for again, nothing is
lost or done twice, and nobody has to start anything again."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, text

from bot.delivery import LEASE
from storage.unit_of_work import DatabaseGone, UnitOfWork
from tests import databases
from tests.contract.stage import Cast, Stage
from tests.world import World

pytestmark = pytest.mark.postgresql_only


@contextmanager
def server_gone(stage: Stage) -> Iterator[None]:
    """For a while the server breaks off and refuses all connections."""
    databases.refuse(stage.database_url)
    yield
    databases.admit(stage.database_url)


async def test_events_are_asked_for_again_until_the_server_is_back_and_are_answered_once(
    paired: Stage, cast: Cast
) -> None:
    await paired.say(cast.mentee, "home")
    before = len(paired.screen(cast.mentee))
    with server_gone(paired):
        assert (await paired.client(cast.mentee).say("support")).status == 503
        assert (await paired.client(cast.mentee).command("mentoring")).status == 503
        assert (await paired.forged_tap(cast.mentee, "support"))[0] == 503
        assert (await paired.forged_form(cast.mentee, "log_meeting", "1", 0, {"day": "2026-02-02"})).status == 503
    await paired.say(cast.mentee, "support")
    assert len(paired.screen(cast.mentee)) == before + 1
    assert paired.newest(cast.mentee).button("ask_senior")


async def test_jobs_and_delivery_wait_and_then_go_on(stage: Stage, cast: Cast) -> None:
    with server_gone(stage):
        await stage.app.jobs._look()
        for work in (stage.app.jobs.tick, stage.app.delivery.deliver_due):
            with pytest.raises(DatabaseGone):
                await work()
    await stage.settle()
    for who in (cast.mentor, cast.mentee, cast.control):
        assert len(stage.by_key(who, "welcome:")) == 1


async def test_a_delivery_that_runs_notices_by_itself_that_the_server_is_back(
    stage: Stage, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.LONGEST_WAIT", 0.05)
    await stage.app.jobs.tick()
    with server_gone(stage):
        running = asyncio.create_task(stage.app.delivery.run())
        await asyncio.sleep(0)
    async with asyncio.timeout(20):
        while not stage.by_key(cast.mentee, "welcome:"):
            stage.world.pass_time(seconds=1)
            await asyncio.sleep(0.01)
    running.cancel()


async def test_who_is_thrown_out_in_the_middle_of_a_transaction_has_changed_nothing(world: World) -> None:
    def thrown_out(uow: UnitOfWork) -> None:
        uow.due.add("rule", "x", uow.now)
        databases.throw_out(world.url)
        uow.due.add("rule", "y", uow.now)

    def thrown_out_at_the_end(uow: UnitOfWork) -> None:
        uow.due.add("rule", "x", uow.now)
        databases.throw_out(world.url)

    for work in (thrown_out, thrown_out_at_the_end):
        with pytest.raises(DatabaseGone):
            await world.database.run(work, world.now)
        assert world.due() == []
    assert await world.database.run(lambda uow: uow.programmes.current(), world.now) == world.programme


async def test_a_server_that_takes_no_changes_is_gone(world: World) -> None:
    """As after a change of servers, until the address leads to the new one."""

    def read_only(uow: UnitOfWork) -> None:
        uow._db.execute(text("SET TRANSACTION READ ONLY"))
        uow.due.add("rule", "x", uow.now)

    with pytest.raises(DatabaseGone):
        await world.database.run(read_only, world.now)


class Unclear:
    """Breaks the connection at the nth commit from now on: after it, so that only the server knows that it was made."""

    def __init__(self, stage: Stage, at: int) -> None:
        self._left = at
        self.happened = False
        event.listen(stage.app.database.engine, "commit", self._count)
        dialect: Any = stage.app.database.engine.dialect
        self._commit = dialect.do_commit
        dialect.do_commit = self._do_commit

    def _count(self, _connection: object) -> None:
        self._left -= 1

    def _do_commit(self, connection: Any) -> None:
        self._commit(connection)
        if self._left == 0:
            self.happened = True
            connection.driver_connection.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")


async def test_a_commit_whose_answer_is_lost_is_made_once(
    paired: Stage, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it happens: the event is refused and sent again, what was sent is noted a moment later."""
    monkeypatch.setattr("bot.delivery.NOTED_AFTER", 0)
    for at in range(1, 8):
        unclear = Unclear(paired, at)
        before = len(paired.screen(cast.mentee))
        assert (await paired.client(cast.mentee).say("support")).status in {200, 503}
        with suppress(DatabaseGone):
            await paired.settle()
        await paired.advance(seconds=LEASE.total_seconds() * 2)
        assert len(paired.screen(cast.mentee)) == before + 1, at
        if not unclear.happened:
            break
    assert at > 2
