"""Where the keys of waves are kept: apart from the database, its directory and its backups, so that whoever gets hold
of those can read no answer, and destroyed after the close.

What a key is made of is not known here: some bytes under a name.
"""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from sqlalchemy import Column, LargeBinary, MetaData, Table, Text, delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from storage.urls import postgresql_engine, wait_to_make_tables

KEY_ID = re.compile(r"[a-z0-9-]{1,100}")
OF_PROGRAMME = re.compile(r"[0-9]+-(consents|research)")
ONLY_OWNER = 0o700
ONLY_OWNER_FILE = 0o600


def key_of(programme_id: int, what: str) -> str:
    """The name of a key that a programme has besides those of its waves: for ``consents`` or for ``research``."""
    return f"{programme_id}-{what}"


def belongs_to_programme(key_id: str) -> bool:
    """Whether a key is one of ``key_of``."""
    return OF_PROGRAMME.fullmatch(key_id) is not None


class KeyLost(Exception):
    """There is no such key, and never will be again."""


class KeysGone(Exception):
    """The place of the keys does not answer, or may be read by others; nothing was changed. Try again later."""


class KeyStore(Protocol):
    """Keeps keys by name. All raise KeysGone where the store cannot be used at the moment."""

    def put(self, key_id: str, content: bytes) -> None:
        """Keep a key; one of the same name is replaced."""

    def get(self, key_id: str) -> bytes:
        """The key. Raises KeyLost."""

    def destroy(self, key_id: str) -> None:
        """Have the key be no more; also one that is lost already."""

    def names(self) -> set[str]:
        """The names of all keys that are kept."""


class NoKeys:
    """For commands that have nothing to do with waves."""

    def put(self, key_id: str, content: bytes) -> None:
        """Refuse."""
        raise KeysGone(f"no key store for {key_id}, {len(content)} bytes")

    def get(self, key_id: str) -> bytes:
        """Refuse."""
        raise KeysGone(f"no key store for {key_id}")

    def destroy(self, key_id: str) -> None:
        """Refuse."""
        raise KeysGone(f"no key store for {key_id}")

    def names(self) -> set[str]:
        """None."""
        return set()


class KeyDirectory:
    """Keys as files in a directory that only the bot's own user can read (mode 0700)."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def prepare(self) -> None:
        """Make the directory, if it is not there. Raises KeysGone for one that others can read."""
        with self._told_when_gone():
            self.path.mkdir(mode=ONLY_OWNER, parents=True, exist_ok=True)
        self._check()

    def put(self, key_id: str, content: bytes) -> None:
        """Keep a key; it is on the disk when this returns."""
        self._check()
        path = self._of(key_id)
        half = path.with_suffix(".new")
        with self._told_when_gone():
            with open(half, "wb", opener=lambda name, flags: os.open(name, flags, ONLY_OWNER_FILE)) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            half.replace(path)
            self._sync()

    def get(self, key_id: str) -> bytes:
        """The key. Raises KeyLost."""
        self._check()
        with self._told_when_gone():
            try:
                return self._of(key_id).read_bytes()
            except FileNotFoundError:
                raise KeyLost(key_id) from None

    def destroy(self, key_id: str) -> None:
        """Overwrite the file and remove it."""
        self._check()
        with self._told_when_gone(), suppress(FileNotFoundError):
            path = self._of(key_id)
            with path.open("r+b") as file:
                file.write(secrets.token_bytes(path.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            self._sync()

    def names(self) -> set[str]:
        """The names of all keys that are kept."""
        self._check()
        return {path.stem for path in self.path.glob("*.key")}

    def _of(self, key_id: str) -> Path:
        if not KEY_ID.fullmatch(key_id):
            raise ValueError("no name for a key")
        return self.path / f"{key_id}.key"

    def _check(self) -> None:
        with self._told_when_gone():
            mode = self.path.stat().st_mode
        if mode & 0o077:
            raise KeysGone(f"KEY_DIR {self.path} can be read by others: chmod 700 {self.path}")

    @contextmanager
    def _told_when_gone(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise KeysGone(f"KEY_DIR {self.path}: {error.strerror}") from None

    def _sync(self) -> None:
        directory = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


_metadata = MetaData()
_wave_key = Table("wave_key", _metadata, Column("key_id", Text, primary_key=True), Column("content", LargeBinary))


class KeyDatabase:
    """Keys in a database of their own, for several replicas. Its backups must not outlive a wave."""

    def __init__(self, url: str) -> None:
        self._engine = postgresql_engine(url, connections=2)

    def prepare(self) -> None:
        """Make the table, if it is not there; once if several processes start together."""
        with _told_when_gone(), self._engine.begin() as connection:
            wait_to_make_tables(connection)
            _metadata.create_all(connection)

    def put(self, key_id: str, content: bytes) -> None:
        """Keep a key; one of the same name is replaced."""
        with _told_when_gone(), self._engine.begin() as connection:
            connection.execute(delete(_wave_key).where(_wave_key.c.key_id == key_id))
            connection.execute(insert(_wave_key).values(key_id=key_id, content=content))

    def get(self, key_id: str) -> bytes:
        """The key. Raises KeyLost."""
        with _told_when_gone(), self._engine.connect() as connection:
            found = connection.execute(select(_wave_key.c.content).where(_wave_key.c.key_id == key_id)).scalar()
        if found is None:
            raise KeyLost(key_id)
        return bytes(found)

    def destroy(self, key_id: str) -> None:
        """Have the key be no more."""
        with _told_when_gone(), self._engine.begin() as connection:
            connection.execute(delete(_wave_key).where(_wave_key.c.key_id == key_id))

    def names(self) -> set[str]:
        """The names of all keys that are kept."""
        with _told_when_gone(), self._engine.connect() as connection:
            return set(connection.execute(select(_wave_key.c.key_id)).scalars())

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def kept_at(directory: Path, database_url: str) -> KeyDirectory | KeyDatabase:
    """The keys in a directory; with an address, in that database instead."""
    return KeyDatabase(database_url) if database_url else KeyDirectory(directory)


@contextmanager
def _told_when_gone() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise KeysGone(type(error).__name__) from None
