"""The stage, for every test of the contract suite."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.playground import teams_keys
from bot.playground.teams_keys import SigningKey
from tests.contract.stage import CASTS, Cast, Stage, begin, introduce
from tests.world import build, copy_of


@pytest.fixture(scope="session")
def programme_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with everybody in it and the programme begun, to be copied."""
    path = tmp_path_factory.mktemp("contract") / "template.sqlite3"
    begin(build(f"sqlite:///{path}")).database.close()
    return path


@pytest.fixture(scope="session")
def paired_template(programme_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, when all mentors, mentees and controls have joined and the pairs have been introduced."""
    path = tmp_path_factory.mktemp("paired") / "template.sqlite3"
    introduce(copy_of(programme_template, path)).database.close()
    return path


@pytest.fixture(scope="session")
def signing_key() -> SigningKey:
    """Made once: making one takes longer than most tests."""
    return SigningKey()


@pytest.fixture
def quick_keys(signing_key: SigningKey, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every stand-in of Teams sign with the same key."""
    monkeypatch.setattr(teams_keys, "SigningKey", lambda: signing_key)


@pytest.fixture
async def stage(programme_template: Path, tmp_path: Path, quick_keys: None) -> AsyncIterator[Stage]:  # noqa: ARG001
    """The bot between both stand-ins, on a Monday morning; nobody has been welcomed yet."""
    async with on_stage(programme_template, tmp_path) as made:
        yield made


@pytest.fixture
async def paired(paired_template: Path, tmp_path: Path, quick_keys: None) -> AsyncIterator[Stage]:  # noqa: ARG001
    """The same a moment later: everybody has joined and been introduced, and all screens are empty."""
    async with on_stage(paired_template, tmp_path) as made:
        yield made


@asynccontextmanager
async def on_stage(template: Path, tmp_path: Path) -> AsyncIterator[Stage]:
    """A stage on a copy of a database."""
    path = tmp_path / "stage.sqlite3"
    world = copy_of(template, path)
    async with Stage(f"sqlite:///{path}", world) as made:
        yield made
    world.database.close()


@pytest.fixture(params=sorted(CASTS))
def cast(request: pytest.FixtureRequest) -> Cast:
    """Who plays: once everybody is on Slack, once on Teams."""
    return CASTS[request.param]
