"""Fixtures that every test may use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world import World, build


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A small programme; see tests/world.py for who is in it."""
    made = build(f"sqlite:///{tmp_path}/world.sqlite3")
    yield made
    made.database.close()
