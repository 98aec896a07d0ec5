"""Connections that threads keep."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, Engine, create_engine

from storage import kept
from storage.kept import KeptConnections


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = create_engine("sqlite://")
    yield made
    made.dispose()


@pytest.fixture
def connections(engine: Engine) -> Iterator[KeptConnections]:
    made = KeptConnections(engine)
    yield made
    made.close()


def used(connections: KeptConnections) -> Connection:
    """The connection that this thread is given."""
    with connections.connection() as connection, connection.begin():
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    return connection


def test_a_thread_keeps_its_connection(connections: KeptConnections) -> None:
    first = used(connections)
    assert used(connections) is first
    assert not first.closed


def test_another_thread_has_another(connections: KeptConnections) -> None:
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(used, connections).result() is not used(connections)


def test_one_that_has_rested_goes_back_to_the_pool_before_it_is_used(
    connections: KeptConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = used(connections)
    monkeypatch.setattr(kept, "SURE_FOR", -1.0)
    assert used(connections) is not first
    assert first.closed


def test_after_an_error_it_goes_back_to_the_pool(connections: KeptConnections) -> None:
    first = used(connections)
    with pytest.raises(ZeroDivisionError), connections.connection() as connection, connection.begin():
        raise ZeroDivisionError
    assert first.closed
    assert used(connections) is not first


def test_all_are_given_back_at_the_end_and_who_asks_later_gets_a_new_one(connections: KeptConnections) -> None:
    first = used(connections)
    connections.close()
    assert first.closed
    assert not used(connections).closed
