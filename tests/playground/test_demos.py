"""What may be made anew is a demo's database, and nothing else."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.playground.simulation import NotADemos, begin_anew, keys_beside
from storage.demos import may_be_replaced
from tests.world import build

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The database of an example programme, with keys beside it."""
    file = tmp_path / "demo.sqlite3"
    build(f"sqlite:///{file}").database.close()
    keys_beside(file).mkdir()
    return file


def make_real(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE programme SET is_demo = 0")


def test_a_demos_database_goes_with_its_keys(database: Path) -> None:
    begin_anew(database)
    assert not database.exists()
    assert not keys_beside(database).exists()


def test_a_real_database_stays_with_its_keys(database: Path) -> None:
    make_real(database)
    before = database.read_bytes()
    with pytest.raises(NotADemos, match=r"demo\.sqlite3 is not a demo's database"):
        begin_anew(database)
    assert database.read_bytes() == before
    assert keys_beside(database).exists()


def test_a_database_without_a_programme_stays(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM programme")
    assert not may_be_replaced(database)


@pytest.mark.parametrize("content", [b"", None])
def test_what_is_not_there_or_empty_can_be_made(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "new.sqlite3"
    if content is not None:
        file.write_bytes(content)
    begin_anew(file)
    assert not file.exists()


@pytest.mark.parametrize("content", [b"words", b"SQLite format 3\0 and then nothing that it could read"])
def test_any_other_file_stays(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "thesis.doc"
    file.write_bytes(content)
    with pytest.raises(NotADemos):
        begin_anew(file)
    assert file.read_bytes() == content
