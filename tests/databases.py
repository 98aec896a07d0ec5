"""The databases that tests make: files of SQLite, or, with ``PEERMENTOR_TEST_ON=postgresql``, databases of a PostgreSQL
server. Everything is known by its address.

A test gets a copy of a template. On a server to make and to drop one takes a second, most of it a checkpoint; so a
copy is used again by later tests, after its rows have been put back.
"""

import os
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from sqlalchemy import Engine, NullPool, create_engine, make_url
from sqlalchemy.exc import OperationalError

from storage import unit_of_work
from storage.keys import KeyDirectory
from storage.models import metadata
from storage.urls import with_psycopg

ON_POSTGRESQL = os.environ.get("PEERMENTOR_TEST_ON") == "postgresql"
SERVER = with_psycopg(
    make_url(os.environ.get("PEERMENTOR_TEST_DATABASE_URL") or "postgresql://postgres@127.0.0.1:5432/postgres")
)
"""A role that may create databases."""
WITHOUT_WAITING = "-csynchronous_commit=off"
"""What the tests kill is a process, never the server."""

THROW_OUT = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""

_numbers = count(1)
_free: dict[str, list[str]] = defaultdict(list)
"""Copies on the server that no test uses now, by their template."""


@cache
def server() -> Engine:
    """The server, outside of any transaction and without connections that stay."""
    return _at(SERVER.render_as_string(hide_password=False))


@cache
def server_answers() -> bool:
    """Whether there is a server."""
    try:
        server().connect().close()
    except OperationalError:
        return False
    return True


def new_url(directory: Path, name: str) -> str:
    """An address that nothing is at yet: a file in the directory, or a database whose name no other run has."""
    if not ON_POSTGRESQL:
        return f"sqlite:///{directory / name}.sqlite3"
    return on_postgresql(name)


def on_postgresql(name: str) -> str:
    """An address on the server that nothing is at yet."""
    database = f"peermentor_test_{os.getpid()}_{next(_numbers)}_{name}"
    return SERVER.set(database=database, query={"options": WITHOUT_WAITING}).render_as_string(hide_password=False)


def create(url: str) -> None:
    """Have an empty database at an address."""
    if not is_sqlite(url):
        _say(server(), f"CREATE DATABASE {_name(url)}")


def drop(url: str) -> None:
    """Have no database there any more, and no keys."""
    if is_sqlite(url):
        for file in Path(_name(url)).parent.glob(f"{Path(_name(url)).name}*"):
            if file.is_file():
                file.unlink()
    else:
        _say(server(), f"DROP DATABASE IF EXISTS {_name(url)} WITH (FORCE)")
    _forget_keys(url)


# Copies


def copy(template: str, url: str) -> None:
    """Have a copy of a database that nobody has open, with keys of its own."""
    if is_sqlite(url):
        shutil.copy(_name(template), _name(url))
    else:
        _say(server(), f"CREATE DATABASE {_name(url)} TEMPLATE {_name(template)}")


@contextmanager
def lent(template: str, directory: Path, name: str) -> Iterator[str]:
    """The address of a copy of a database of which ``keep`` has taken note. Nobody else uses it meanwhile."""
    if is_sqlite(template):
        url = new_url(directory, name)
        copy(template, url)
        try:
            yield url
        finally:
            drop(url)
        return
    if _free[template]:
        url = _free[template].pop()
        restore(url)
    else:
        url = on_postgresql(name)
        copy(template, url)
    try:
        yield url
    finally:
        _forget_keys(url)
        _free[template].append(url)


def drop_all_that_was_lent() -> None:
    """Have no copy be left on the server."""
    for urls in _free.values():
        while urls:
            drop(urls.pop())


def keep(url: str, name: str = "kept") -> None:
    """Take note of all that is in a database, which nobody has open, so that it can be put back."""
    if is_sqlite(url):
        shutil.copy(_name(url), f"{_name(url)}.{name}")
        return
    tables = (f"CREATE TABLE {name}.{table} AS TABLE public.{table}" for table in _tables())
    numbers = (f"CREATE TABLE {name}.{table}_number AS TABLE public.{table}_id_seq" for table in _numbered())
    _say(_at(url), f"DROP SCHEMA IF EXISTS {name} CASCADE", f"CREATE SCHEMA {name}", *tables, *numbers)


def restore(url: str, name: str = "kept") -> None:
    """Have all be as it was when note was taken. Who still is in a database on the server is thrown out."""
    if is_sqlite(url):
        shutil.copy(f"{_name(url)}.{name}", _name(url))
        return
    rows = [
        *(f"DELETE FROM public.{table}" for table in reversed(_tables())),  # noqa: S608 - our own names
        *(f"INSERT INTO public.{table} SELECT * FROM {name}.{table}" for table in _tables()),  # noqa: S608 - as above
        *(
            f"SELECT setval('public.{table}_id_seq', last_value, is_called) FROM {name}.{table}_number"  # noqa: S608 - as above
            for table in _numbered()
        ),
    ]
    _say(_at(url), THROW_OUT, "; ".join(rows))


# Speed


as_released = unit_of_work._prepare_sqlite
"""How the bot opens a file of SQLite."""


def do_not_wait_for_the_disk() -> None:
    """From now on, have nothing in this process wait until SQLite's files are on the disk, whoever opens them: what the
    tests kill is a process, never the machine. Where others keep the disk busy, most of a test is such waiting."""
    unit_of_work._prepare_sqlite = _prepared_for_tests


def _prepared_for_tests(connection: Any, _record: object) -> None:
    as_released(connection, _record)
    connection.execute("PRAGMA synchronous=OFF")


# Faults


def throw_out(url: str) -> None:
    """Break off all connections to a database on the server."""
    _say(_at(url), THROW_OUT)


def refuse(url: str) -> None:
    """Break them off, and take no new ones."""
    _say(server(), f"ALTER DATABASE {_name(url)} ALLOW_CONNECTIONS false")
    _say(server(), THROW_OUT.replace("current_database()", f"'{_name(url)}'"))


def admit(url: str) -> None:
    """Take connections again."""
    _say(server(), f"ALTER DATABASE {_name(url)} ALLOW_CONNECTIONS true")


# Keys


def keys_of(url: str) -> KeyDirectory:
    """Where the keys of the waves in a database are: beside a file, which is what nobody does for real."""
    keys = KeyDirectory(_keys_beside(url))
    keys.prepare()
    return keys


def _forget_keys(url: str) -> None:
    shutil.rmtree(_keys_beside(url), ignore_errors=True)


def _keys_beside(url: str) -> Path:
    return Path(f"{_name(url)}.keys") if is_sqlite(url) else Path(gettempdir()) / f"{_name(url)}.keys"


def is_sqlite(url: str) -> bool:
    """Whether a database is a file."""
    return make_url(url).get_backend_name() == "sqlite"


def _name(url: str) -> str:
    """The file, or the name on the server."""
    return make_url(url).database or ""


def _at(url: str) -> Engine:
    patience = {"connect_timeout": "2"}
    return create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool, connect_args=patience)


def _say(engine: Engine, *statements: str) -> None:
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def _tables() -> list[str]:
    """All tables, each after those that it points to."""
    return [table.name for table in metadata.sorted_tables]


def _numbered() -> list[str]:
    """The tables whose rows are numbered by the database."""
    return [table.name for table in metadata.sorted_tables if table.autoincrement_column is not None]
