"""A look at the database and at the place of the keys that cannot change either, whatever it finds there."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, inspect, make_url, select, text
from sqlalchemy.exc import SQLAlchemyError

from storage.keys import NoKeys, key_of
from storage.models import consent, research_copy, wave
from storage.unit_of_work import DatabaseGone, UnitOfWork
from storage.urls import with_psycopg

T = TypeVar("T")

CONNECT_WITHIN = 5
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a database is. ``version``: of the server or library, major and minor. ``revision``: of its tables; None
    where there are none. ``newest``: the revision that this version of the bot works with; ``is_known``: whether it
    has heard of ``revision``. ``folder``: where its file is, or is to be, None on a server; ``journal``: how SQLite
    writes, empty on a server and where there is no file."""

    kind: str
    version: tuple[int, int]
    revision: str | None
    newest: str
    is_known: bool
    folder: Path | None
    journal: str


class Inspection:
    """A database at an address, opened for reading. All methods block, and raise DatabaseGone."""

    def __init__(self, url: str, *, encode: Callable[[Any], str]) -> None:
        """Raises DatabaseGone for what is no address."""
        with _told_when_gone():
            parsed = with_psycopg(make_url(url))
        self._encode = encode
        self._file = Path(parsed.database or "").absolute() if parsed.get_backend_name() == "sqlite" else None
        self._engine = _reading(parsed)

    def facts(self) -> Facts:
        """What there is, tables or none."""
        newest, known = _revisions()
        if self._file is not None and not self._file.exists():
            library = sqlite3.sqlite_version_info
            return Facts("SQLite", library[:2], None, newest, is_known=True, folder=self._file.parent, journal="")
        with _told_when_gone(), self._engine.connect() as connection:
            revision = _revision(connection)
            version = (*(connection.dialect.server_version_info or ()), 0, 0)
            return Facts(
                kind="SQLite" if self._file else "PostgreSQL",
                version=(int(version[0]), int(version[1])),
                revision=revision,
                newest=newest,
                is_known=revision is None or revision in known,
                folder=self._file.parent if self._file else None,
                journal=str(connection.execute(text("PRAGMA journal_mode")).scalar()) if self._file else "",
            )

    def read(self, work: Callable[[UnitOfWork], T], now: datetime) -> T:
        """What a unit of work finds; one that changes something fails. Only for tables of the newest revision."""

        def nothing_new() -> str:
            raise RuntimeError("nothing can be entered here")

        with _told_when_gone(), self._engine.connect() as connection:
            return work(
                UnitOfWork(connection, now, encode=self._encode, public_url="", new_id=nothing_new, keys=NoKeys())
            )

    def wave_keys(self) -> dict[str, str]:
        """The names of the keys of all waves that have some, with the state of the wave."""
        query = select(wave.c.key_id, wave.c.state).where(wave.c.state != "destroyed")
        with _told_when_gone(), self._engine.connect() as connection:
            return {row.key_id: row.state for row in connection.execute(query)}

    def programme_keys(self) -> set[str]:
        """The names of the keys with which consents and research copies can be told apart, where there are any."""
        found = set()
        with _told_when_gone(), self._engine.connect() as connection:
            for what, table in (("consents", consent), ("research", research_copy)):
                ids = connection.execute(select(table.c.programme_id).distinct()).scalars()
                found |= {key_of(programme_id, what) for programme_id in ids}
        return found

    def close(self) -> None:
        """Let go of connections."""
        self._engine.dispose()


def names_in_key_database(url: str) -> set[str] | None:
    """The names of the keys that are kept there; None where the table has not been made yet. Blocks, and raises
    DatabaseGone."""
    with _told_when_gone():
        engine = _reading(with_psycopg(make_url(url)))
        try:
            with engine.connect() as connection:
                if not inspect(connection).has_table("wave_key"):
                    return None
                return set(connection.execute(text("SELECT key_id FROM wave_key")).scalars())
        finally:
            engine.dispose()


def _reading(url: URL) -> Engine:
    """An engine whose connections cannot write."""
    if url.get_backend_name() != "sqlite":
        return create_engine(
            url,
            hide_parameters=True,
            poolclass=NullPool,
            connect_args={"connect_timeout": CONNECT_WITHIN},
            execution_options={"postgresql_readonly": True},
        )
    path = quote(str(Path(url.database or "").absolute()))
    return create_engine(
        "sqlite://",
        hide_parameters=True,
        poolclass=NullPool,
        creator=lambda: sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=CONNECT_WITHIN),
    )


def _revision(connection: Connection) -> str | None:
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - what only this needs takes a while

    return MigrationContext.configure(connection).get_current_revision()


def _revisions() -> tuple[str, frozenset[str]]:
    """The newest revision, and all that there are."""
    from alembic.config import Config  # noqa: PLC0415 - as above
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    scripts = ScriptDirectory.from_config(config)
    return scripts.get_current_head() or "", frozenset(script.revision for script in scripts.walk_revisions())


@contextmanager
def _told_when_gone() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        # The error's own words have the address in them.
        raise DatabaseGone(type(error).__name__) from None
