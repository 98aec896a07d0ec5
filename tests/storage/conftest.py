"""PostgreSQL, where a server answers: a database of its own for each test, copied from one with everybody in it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from tests.contract.stage import begin, introduce
from tests.world import World, build, open_at

SERVER = os.environ.get("TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
"""A role that may create databases."""


@pytest.fixture(scope="session")
def server() -> Iterator[Engine]:
    """The server; tests are skipped where there is none."""
    engine = create_engine(SERVER, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 2})
    try:
        engine.connect().close()
    except OperationalError:
        pytest.skip("no PostgreSQL server answers; TEST_POSTGRES_URL says where to look for one")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_template(server: Engine) -> Iterator[str]:
    """The name of a database with everybody in it, paired."""
    name = f"peermentor_test_{os.getpid()}"
    with _database(server, name):
        introduce(begin(build(address(name)))).database.close()
        yield name


@pytest.fixture
def postgres_url(server: Engine, postgres_template: str) -> Iterator[str]:
    """The address of a copy of it."""
    name = f"{postgres_template}_copy"
    with _database(server, name, template=postgres_template):
        yield address(name)


@pytest.fixture
def postgres_world(postgres_url: str) -> Iterator[World]:
    """The small programme, on PostgreSQL."""
    world = open_at(postgres_url)
    yield world
    world.database.close()


def address(name: str) -> str:
    """The address of a database on the server."""
    return make_url(SERVER).set(database=name).render_as_string(hide_password=False)


@contextmanager
def _database(server: Engine, name: str, template: str = "template1") -> Iterator[None]:
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        try:
            yield
        finally:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
