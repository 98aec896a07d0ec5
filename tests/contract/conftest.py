"""The stage, for every test of the contract suite.

Tests that are marked ``transport`` are played over Slack's Socket Mode, too; with ``CONTRACT_OVER_SOCKETS=1`` in the
environment, all of them are.
"""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests import databases
from tests.contract.stage import CASTS, OVER_SOCKETS, Cast, Stage, begin, introduce
from tests.world import build, open_at

ALL_CASTS = {**CASTS, "slack-sockets": OVER_SOCKETS}


@pytest.fixture(scope="session")
def programme_template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a database with everybody in it and the programme begun, to be copied."""
    url = databases.new_url(tmp_path_factory.mktemp("contract"), "begun")
    begin(build(url)).database.close()
    databases.keep(url)
    yield url
    databases.drop(url)


@pytest.fixture(scope="session")
def paired_template(programme_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same, when all mentors, mentees and controls have joined and the pairs have been introduced."""
    url = databases.new_url(tmp_path_factory.mktemp("paired"), "paired")
    databases.copy(programme_template, url)
    introduce(open_at(url)).database.close()
    databases.keep(url)
    yield url
    databases.drop(url)


@pytest.fixture
async def stage(
    programme_template: str,
    tmp_path: Path,
    over_sockets: bool,
) -> AsyncIterator[Stage]:
    """The bot between both stand-ins, on a Monday morning; nobody has been welcomed yet."""
    async with on_stage(programme_template, tmp_path, over_sockets=over_sockets) as made:
        yield made


@pytest.fixture
async def paired(
    paired_template: str,
    tmp_path: Path,
    over_sockets: bool,
) -> AsyncIterator[Stage]:
    """The same a moment later: everybody has joined and been introduced, and all screens are empty."""
    async with on_stage(paired_template, tmp_path, over_sockets=over_sockets) as made:
        yield made


@asynccontextmanager
async def on_stage(template: str, directory: Path, *, over_sockets: bool = False) -> AsyncIterator[Stage]:
    """A stage on a copy of a database."""
    with databases.lent(template, directory, "stage") as url:
        world = open_at(url)
        async with Stage(url, world, over_sockets=over_sockets) as made:
            yield made
        world.database.close()


@pytest.fixture
def cast(request: pytest.FixtureRequest) -> Cast:
    """Who plays: once everybody is on Slack, once on Teams."""
    return ALL_CASTS[request.param]


@pytest.fixture
def over_sockets(request: pytest.FixtureRequest) -> bool:
    """Whether Slack speaks through sockets: as the cast says, where there is one."""
    return "cast" in request.fixturenames and request.getfixturevalue("cast").over_sockets


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "transport: is played over each way in which Slack speaks to the bot")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the casts of each test."""
    if "cast" in metafunc.fixturenames:
        is_about_it = metafunc.definition.get_closest_marker("transport") or os.environ.get("CONTRACT_OVER_SOCKETS")
        is_about_requests = "wire" in metafunc.fixturenames
        casts = ALL_CASTS if is_about_it and not is_about_requests else CASTS
        metafunc.parametrize("cast", sorted(casts), indirect=True)
