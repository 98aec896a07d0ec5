"""On SQLite, what comes at the same time is committed at once, and each piece of work stands or falls by itself."""

import asyncio
import threading
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import PoolProxiedConnection, event
from sqlalchemy.exc import IntegrityError, OperationalError

from storage.unit_of_work import UnitOfWork
from tests.world import World

pytestmark = pytest.mark.sqlite_only  # PostgreSQL has many writers, so that nothing waits for one

Work = Callable[[UnitOfWork], str]


@pytest.fixture(autouse=True)
def slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the work takes here, a transaction takes up all that waits."""
    monkeypatch.setattr("storage.unit_of_work.LONGEST_TOGETHER", 600)


def adding(name: str) -> Work:
    """Work that leaves a piece of due work of this name."""

    def work(uow: UnitOfWork) -> str:
        uow.due.add("rule", name, uow.now)
        return name

    return work


def failing(name: str, *errors: BaseException) -> Work:
    """The same, but it raises one of the errors each time that it is done, for as long as there are any."""
    left = list(errors)

    def work(uow: UnitOfWork) -> str:
        adding(name)(uow)
        if left:
            raise left.pop(0)
        return name

    return work


async def at_once(world: World, *works: Work) -> Sequence[str | BaseException]:
    """What comes of pieces of work that are asked for at the same time. The first keeps the writer busy meanwhile."""
    return await asyncio.gather(*(world.database.run(work, world.now) for work in works), return_exceptions=True)


def commits_of(world: World) -> list[object]:
    """A list that grows with each commit."""
    commits: list[object] = []
    event.listen(world.database.engine, "commit", commits.append)
    return commits


def left(world: World) -> list[str]:
    return sorted(due.subject for due in world.due())


async def test_what_comes_at_the_same_time_is_committed_at_once(world: World) -> None:
    commits = commits_of(world)
    names = [str(number) for number in range(9)]
    assert await at_once(world, *map(adding, names)) == names
    assert left(world) == names
    assert len(commits) < len(names)


async def test_work_that_fails_leaves_nothing_and_takes_nothing_along(world: World) -> None:
    found = await at_once(world, adding("a"), adding("b"), failing("c", LookupError("no")), adding("d"))
    assert [str(each) for each in found] == ["a", "b", "no", "d"]
    assert left(world) == ["a", "b", "d"]


async def test_work_that_changes_nothing_on_purpose_leaves_what_is_beside_it(world: World) -> None:
    def work(uow: UnitOfWork) -> str:
        adding("nothing")(uow)
        uow.change_nothing()
        return "shown"

    assert await at_once(world, adding("a"), adding("b"), work, adding("c")) == ["a", "b", "shown", "c"]
    assert left(world) == ["a", "b", "c"]


async def test_what_the_database_refuses_is_done_again_alone(world: World) -> None:
    lost = IntegrityError("INSERT", None, Exception("the row is there already"))
    assert await at_once(world, adding("a"), adding("b"), failing("c", lost), adding("d")) == ["a", "b", "c", "d"]
    assert left(world) == ["a", "b", "c", "d"]


async def test_where_the_common_commit_fails_each_is_done_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    dialect = world.database.engine.dialect
    commit, commits = dialect.do_commit, commits_of(world)

    def do_commit(connection: PoolProxiedConnection) -> None:
        if len(commits) == 2:  # after that of the first piece, which is alone: that of the others
            raise OperationalError("COMMIT", None, Exception("disk full"))
        commit(connection)

    monkeypatch.setattr(dialect, "do_commit", do_commit)
    assert await at_once(world, adding("a"), adding("b"), adding("c")) == ["a", "b", "c"]
    assert left(world) == ["a", "b", "c"]
    assert len(commits) == 4


async def test_work_is_done_in_the_order_in_which_it_came(world: World) -> None:
    seen: list[int] = []

    def work(number: int) -> Work:
        def note(_uow: UnitOfWork) -> str:
            seen.append(number)
            return ""

        return note

    await at_once(world, *map(work, range(20)))
    assert seen == list(range(20))


async def test_work_whose_caller_has_gone_before_its_turn_is_not_done(world: World) -> None:
    has_gone = threading.Event()

    def long_work(uow: UnitOfWork) -> str:
        assert has_gone.wait(timeout=60)
        return adding("first")(uow)

    first = asyncio.create_task(world.database.run(long_work, world.now))
    await asyncio.sleep(0)
    second = asyncio.create_task(world.database.run(adding("second"), world.now))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    has_gone.set()
    await first
    await world.database.run(adding("third"), world.now)
    assert left(world) == ["first", "third"]
