"""One transaction at a time: the unit of work that handlers and jobs are given."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, PoolProxiedConnection, create_engine, event, inspect, make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, IntegrityError, InterfaceError, OperationalError

from storage.claims import Claims
from storage.consents import Consents
from storage.files import Files
from storage.kept import KeptConnections
from storage.keys import KeysGone, KeyStore, NoKeys
from storage.leave import LeaveOfPeople
from storage.ledger import Ledger
from storage.meetings import Meetings
from storage.models import programme
from storage.outbox import Outbox
from storage.pairs import Pairs
from storage.people import People
from storage.pictures import Pictures
from storage.places import Places
from storage.programmes import Programmes
from storage.proposals import Proposals
from storage.reports import Reports
from storage.research import Research
from storage.roll import Roll
from storage.sets import Sets
from storage.support import Support
from storage.tallies import Tallies
from storage.urls import postgresql_engine, wait_to_make_tables
from storage.waves import Waves
from storage.work import DueWork, Seen
from storage.writer import Outcome, Writer

T = TypeVar("T")

_Piece = tuple[Callable[["UnitOfWork"], Any], datetime]
"""Work, and its programme time."""


class DatabaseGone(Exception):
    """The database, or the place of the keys, does not answer; nothing was changed. Try again later."""


POSTGRES_THREADS = 16
LONGEST_TOGETHER = 0.02
"""Seconds after which a transaction takes up no more work: all that is in it waits for its end."""
AGAIN = 3
"""How often a transaction that has failed and changed nothing is run again before its next failure is an error."""
DEADLOCK = "40P01"
"""What PostgreSQL calls a deadlock that it has ended."""
GONE = frozenset({"25006", "25P03"})
"""The server takes no changes, as after a change of servers, or has ended a transaction in which nothing happened."""


class UnitOfWork:
    """Everything that one event or job reads and changes, all of it or nothing.

    ``now``: programme time, UTC, the same from beginning to end. ``new_id``: a fresh random text for each call.
    ``keys``: those of waves, which live elsewhere; what is done to them is not undone with the rest.
    """

    def __init__(
        self,
        connection: Connection,
        now: datetime,
        *,
        encode: Callable[[Any], str],
        public_url: str,
        new_id: Callable[[], str],
        keys: KeyStore,
    ) -> None:
        self._db = connection
        self.now = now
        self.new_id = new_id
        self.programmes = Programmes(connection)
        self.people = People(connection, now)
        self.roll = Roll(connection)
        self.tallies = Tallies(connection)
        self.claims = Claims(connection, now)
        self.leave = LeaveOfPeople(connection)
        self.pairs = Pairs(connection, now)
        self.meetings = Meetings(connection)
        self.proposals = Proposals(connection)
        self.files = Files(connection, now, public_url, new_id)
        self.sets = Sets(connection, now, new_id)
        self.support = Support(connection, now)
        self.places = Places(connection)
        self.outbox = Outbox(connection, now, encode)
        self.waves = Waves(connection, now)
        self.ledger = Ledger(connection, now)
        self.pictures = Pictures(connection, public_url, new_id)
        self.consents = Consents(connection, keys)
        self.research = Research(connection, keys)
        self.reports = Reports(connection, now)
        self.keys = keys
        self.due = DueWork(connection, now)
        self.seen = Seen(connection, now)
        self.unchanged = False

    def change_nothing(self) -> None:
        """Roll back at the end: what was read stands, nothing is written."""
        self.unchanged = True


class Database:
    """The engine and its worker threads: one for SQLite, where one writer is the rule, several for PostgreSQL.

    ``encode``: turns a message into the text that waits in the outbox. ``public_url``: where people can fetch files
    by a link; empty where they cannot. ``new_id``: a fresh text of 128 random bits or more for each call. ``keys``:
    where the keys of waves are; None for commands that have nothing to do with waves.
    """

    def __init__(
        self,
        url: str,
        encode: Callable[[Any], str],
        *,
        public_url: str = "",
        new_id: Callable[[], str] = secrets.token_urlsafe,
        keys: KeyStore | None = None,
    ) -> None:
        self._keys = keys or NoKeys()
        self._encode = encode
        self._public_url = public_url
        self._new_id = new_id
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        threads = 1 if self.is_sqlite else POSTGRES_THREADS
        if not self.is_sqlite:
            self.engine = postgresql_engine(url, connections=threads)
        else:
            self.engine = create_engine(url, hide_parameters=True)
            event.listen(self.engine, "connect", _prepare_sqlite)
            # Not as an event: with a single one, SQLAlchemy looks for listeners around each statement.
            self.engine.dialect.do_begin = _begin_immediate  # type: ignore[method-assign]
        self._kept = KeptConnections(self.engine)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="database")
        self._writer: Writer[_Piece] = Writer(self._threads, alone=self._alone, together=self._together)

    def do_not_wait_for_the_disk(self) -> None:
        """From now on, take a transaction for done before an SQLite database has it on its disk: for a demo, which may
        be lost with the machine."""
        if self.is_sqlite:
            self._kept.close()
            self.engine.dispose()
            event.listen(self.engine, "connect", lambda made, _record: made.execute("PRAGMA synchronous=OFF"))

    def is_new(self) -> bool:
        """Whether there are no tables yet; looks without making any. Raises DatabaseGone."""
        if self.is_sqlite and not Path(self.engine.url.database or "").exists():
            return True
        with _told_when_gone():
            return not inspect(self.engine).has_table(programme.name)

    def upgrade(self) -> None:
        """Bring the tables to the newest revision, once if several processes start together. Raises DatabaseGone."""
        from alembic import command  # noqa: PLC0415 - what only this needs takes a while
        from alembic.config import Config  # noqa: PLC0415 - as above

        config = Config()
        config.set_main_option("script_location", "storage:migrations")
        with _told_when_gone(), self.engine.begin() as connection:
            if not self.is_sqlite:
                wait_to_make_tables(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    @contextmanager
    def begin(self, now: datetime) -> Iterator[UnitOfWork]:
        """A unit of work that commits at the end, and rolls back on an exception."""
        with self.engine.connect() as connection, self._transaction(connection, now) as uow:
            yield uow

    @contextmanager
    def _transaction(self, connection: Connection, now: datetime) -> Iterator[UnitOfWork]:
        with connection.begin() as transaction:
            uow = self._unit_of_work(connection, now)
            yield uow
            if uow.unchanged:
                transaction.rollback()

    def _unit_of_work(self, connection: Connection, now: datetime) -> UnitOfWork:
        return UnitOfWork(
            connection,
            now,
            encode=self._encode,
            public_url=self._public_url,
            new_id=self._new_id,
            keys=self._keys,
        )

    async def run(self, work: Callable[[UnitOfWork], T], now: datetime) -> T:
        """Do the work in one transaction in a worker thread; on SQLite, where there is one writer, perhaps in that of
        other work that came at the same time, which changes nothing for either. Raises DatabaseGone where the server
        does not answer."""
        piece = (work, now)
        if self.is_sqlite:
            done: T = await self._writer.do(piece)
        else:
            done = await asyncio.get_running_loop().run_in_executor(self._threads, self._alone, piece)
        return done

    def _alone(self, piece: "_Piece") -> Any:
        work, now = piece
        with _told_when_gone():
            for _ in range(AGAIN):
                try:
                    return self._in_thread(work, now)
                except DBAPIError as error:
                    if not _can_be_run_again(error):
                        raise
            return self._in_thread(work, now)

    def _in_thread(self, work: Callable[[UnitOfWork], T], now: datetime) -> T:
        with self._kept.connection() as connection, self._transaction(connection, now) as uow:
            return work(uow)

    def _together(self, pieces: Sequence["_Piece"]) -> list[Outcome | None]:
        """The first few of these in one transaction, each in a savepoint by which it stands or falls alone. One in
        which the database refuses something is left for a transaction of its own."""
        outcomes: list[Outcome | None] = []
        ends = time.monotonic() + LONGEST_TOGETHER
        with self._kept.connection() as connection, connection.begin():
            savepoint: Any = connection.connection.driver_connection  # SQLAlchemy's own are slower than most work
            for work, now in pieces:
                savepoint.execute("SAVEPOINT piece")
                uow = self._unit_of_work(connection, now)
                try:
                    outcomes.append(Outcome(work(uow)))
                except (DBAPIError, KeysGone):
                    outcomes.append(None)
                except Exception as error:  # noqa: BLE001 - it is raised where the work came from
                    outcomes.append(Outcome(error=error))
                if uow.unchanged or outcomes[-1] is None or outcomes[-1].error is not None:
                    savepoint.execute("ROLLBACK TO piece")
                savepoint.execute("RELEASE piece")
                if time.monotonic() > ends:
                    break
        return outcomes

    async def scrub(self) -> bool:
        """Have what was deleted be gone from the database's files too, as far as the database can do that; False where
        somebody still reads, so that it must be tried again. SQLite overwrites what is deleted (``secure_delete``), and
        here empties its log. PostgreSQL cannot: there it is the destruction of the keys that counts."""
        if not self.is_sqlite:
            return True

        def empty_the_log() -> bool:
            with _told_when_gone(), self.engine.connect() as connection:
                driver: Any = connection.connection.driver_connection  # no transaction may be open
                busy, _pages, _moved = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                return not busy

        return await asyncio.get_running_loop().run_in_executor(self._threads, empty_the_log)

    def close(self) -> None:
        """Finish what runs and close all connections."""
        self._threads.shutdown()
        self._kept.close()
        self.engine.dispose()


def _can_be_run_again(error: DBAPIError) -> bool:
    """Whether a transaction has changed nothing and may fare better: another process was faster with the same row,
    which is there now, PostgreSQL has ended a deadlock, or the connection had been cut off. Not where that shows in the
    commit, which has no statement: then nobody knows."""
    was_cut_off = error.connection_invalidated and error.statement is not None
    return isinstance(error, IntegrityError) or _code(error) == DEADLOCK or was_cut_off


def _code(error: DBAPIError) -> str:
    """PostgreSQL's own code for an error; empty where there is none."""
    return getattr(error.orig, "sqlstate", None) or ""


@contextmanager
def _told_when_gone() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, KeysGone) as error:
        raise DatabaseGone(type(error).__name__) from error
    except DatabaseError as error:
        no_database = type(error) is DatabaseError  # and none of its kinds: the file is something else
        if no_database or error.connection_invalidated or _code(error) in GONE:
            raise DatabaseGone(type(error).__name__) from error
        raise


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's BEGIN below is the only one
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=10000",
        "secure_delete=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(dbapi_connection: PoolProxiedConnection) -> None:
    dbapi_connection.cursor().execute("BEGIN IMMEDIATE")
