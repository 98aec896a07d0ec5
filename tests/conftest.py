"""Fixtures that every test may use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world import World, build, copy_of


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with everybody in it, to be copied."""
    path = tmp_path_factory.mktemp("world") / "template.sqlite3"
    build(f"sqlite:///{path}").database.close()
    return path


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Iterator[World]:
    """A small programme; see tests/world.py for who is in it."""
    made = copy_of(template, tmp_path / "world.sqlite3")
    yield made
    made.database.close()
