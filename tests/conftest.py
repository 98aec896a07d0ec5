"""Fixtures that every test may use, and which tests run on which database."""

import asyncio
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
import uvloop
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, settings

from bot.playground import teams_keys
from tests import databases
from tests.world import World, build, open_at

MARKERS = {
    "sqlite_only": "about files of SQLite, or made of them: not collected on PostgreSQL",
    "postgresql_only": "about what only a server has: not collected on SQLite",
    "transport": "is played over each way in which Slack speaks to the bot",
}

# How long an example takes says more about what else the machine does than about the bot; make bench measures.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    """Name the markers, refuse to begin where there is no server, and let no test wait for the disk."""
    for name, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    if databases.ON_POSTGRESQL and not databases.server_answers():
        where = databases.SERVER.render_as_string()
        raise pytest.UsageError(f"no PostgreSQL server answers at {where}: set PEERMENTOR_TEST_DATABASE_URL")
    databases.do_not_wait_for_the_disk()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about the other database."""
    elsewhere = "sqlite_only" if databases.ON_POSTGRESQL else "postgresql_only"
    left_out = [item for item in items if item.get_closest_marker(elsewhere)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker(elsewhere)]


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests run in the event loop in which the bot runs."""
    return {"uvloop": uvloop.new_event_loop}


def pytest_sessionfinish() -> None:
    """Leave nothing on the server."""
    databases.drop_all_that_was_lent()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say where the tests ran."""
    if databases.ON_POSTGRESQL:
        terminalreporter.write_line("All of this ran on PostgreSQL.")
    else:
        terminalreporter.write_line("All of this ran on SQLite; make test-postgres runs the same on PostgreSQL.")


@cache
def private_key(_number: int) -> rsa.RSAPrivateKey:
    """Made once for all tests: making one takes longer than most of them."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let stand-ins of Teams sign with keys that are there already; within a test each key is another one."""
    numbers = count()
    ready = SimpleNamespace(generate_private_key=lambda **_how: private_key(next(numbers)))
    monkeypatch.setattr(teams_keys, "rsa", ready)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a database with everybody in it, to be copied."""
    url = databases.new_url(tmp_path_factory.mktemp("world"), "template")
    build(url).database.close()
    databases.keep(url)
    yield url
    databases.drop(url)


@pytest.fixture
def world(template: str, tmp_path: Path) -> Iterator[World]:
    """A small programme; see tests/world.py for who is in it."""
    with databases.lent(template, tmp_path, "world") as url:
        made = open_at(url)
        yield made
        made.database.close()


@pytest.fixture
def empty_url(tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables."""
    url = databases.new_url(tmp_path, "empty")
    databases.create(url)
    yield url
    databases.drop(url)
