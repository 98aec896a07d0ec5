"""One unit of work is all or nothing, and one that lost a race to another process is run again."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import PoolProxiedConnection
from sqlalchemy.exc import IntegrityError, OperationalError

from bot.handlers import logmeeting, support
from storage import places
from storage.unit_of_work import AGAIN, DatabaseGone, UnitOfWork
from tests import databases
from tests.test_delivery import note
from tests.world import World


class Racer:
    """Work that adds a piece of due work and then loses a number of races."""

    def __init__(self, losses: int) -> None:
        self.losses = losses
        self.runs = 0

    def __call__(self, uow: UnitOfWork) -> str:
        self.runs += 1
        uow.due.add("rule", f"run {self.runs}", uow.now)
        if self.runs <= self.losses:
            raise IntegrityError("INSERT", None, Exception("the row is there already"))
        return "done"


async def test_work_that_lost_a_race_is_run_again_and_its_first_run_leaves_nothing(world: World) -> None:
    racer = Racer(losses=1)
    assert await world.database.run(racer, world.now) == "done"
    assert [due.subject for due in world.due()] == ["run 2"]


async def test_work_that_can_never_win_is_an_error(world: World) -> None:
    racer = Racer(losses=100)
    with pytest.raises(IntegrityError):
        await world.database.run(racer, world.now)
    assert racer.runs == AGAIN + 1
    assert world.due() == []


async def test_a_database_that_does_not_answer_is_gone_and_not_tried_again(world: World) -> None:
    runs = []

    def work(_uow: UnitOfWork) -> None:
        runs.append(1)
        raise OperationalError("SELECT", None, Exception("server closed the connection"))

    with pytest.raises(DatabaseGone):
        await world.database.run(work, world.now)
    assert len(runs) == 1


async def test_work_that_changes_nothing_on_purpose_leaves_nothing(world: World) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.due.add("rule", "x", uow.now)
        uow.change_nothing()

    await world.database.run(work, world.now)
    assert world.due() == []


def test_text_of_all_languages_is_kept_as_it_was_typed(world: World) -> None:
    words = "Siobhán \N{PARTY POPPER} 小児科 'quotes' %s {{x}} \\ \t"
    with world.uow() as uow:
        uow.outbox.add(to=places.dm(world.people["Niamh"]), key="k", message=note(words))
    (queued,) = world.queued("Niamh")
    assert queued.message == note(words)


def test_a_number_that_no_id_can_be_is_not_there(world: World) -> None:
    """PostgreSQL refuses what SQLite takes."""
    world.join("Niamh")
    world.introduce("Amara")
    for flow, action in ((logmeeting.flow, "we_met"), (support.flow, "been_in_touch")):
        with pytest.raises(LookupError):
            world.do(flow, world.event("Niamh", "button", action, subject="999999999"))


@pytest.mark.sqlite_only
def test_what_was_done_is_on_the_disk(tmp_path: Path) -> None:
    """As the bot opens a file: the tests themselves do not wait for the disk."""
    with closing(sqlite3.connect(tmp_path / "bot.sqlite3")) as connection:
        databases.as_released(connection, None)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,), "FULL"


THROW_ME_OUT = "SELECT pg_terminate_backend(pg_backend_pid())"


@pytest.mark.postgresql_only
async def test_work_whose_connection_is_cut_off_is_run_again(world: World) -> None:
    runs = 0

    def work(uow: UnitOfWork) -> str:
        nonlocal runs
        runs += 1
        uow.due.add("rule", "once", uow.now)
        if runs == 1:
            uow._db.exec_driver_sql(THROW_ME_OUT)
        return "done"

    assert await world.database.run(work, world.now) == "done"
    assert runs == 2
    assert [due.subject for due in world.due()] == ["once"]


@pytest.mark.postgresql_only
async def test_work_whose_connection_is_cut_off_in_the_commit_is_not_run_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = 0

    def work(uow: UnitOfWork) -> None:
        nonlocal runs
        runs += 1
        uow.due.add("rule", "once", uow.now)

    def do_commit(connection: PoolProxiedConnection) -> None:
        connection.cursor().execute(THROW_ME_OUT)

    monkeypatch.setattr(world.database.engine.dialect, "do_commit", do_commit)
    with pytest.raises(DatabaseGone):
        await world.database.run(work, world.now)
    assert runs == 1
