"""Insert or change in one statement, on both databases. Each statement is built once: that takes longer than running
it."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TypeAlias

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

Insert: TypeAlias = sqlite.Insert | postgresql.Insert


def upsert(db: Connection, table: Table, key: Mapping[str, object], values: Mapping[str, object]) -> None:
    """Insert the row ``key`` + ``values``, or set ``values`` where the key exists."""
    db.execute(_upsert(db.dialect.name, table, tuple(key), tuple(values)), {**key, **values})


def insert_once(db: Connection, table: Table, **values: object) -> bool:
    """Insert a row unless one of its unique keys exists; whether it was inserted."""
    return db.execute(_insert_once(db.dialect.name, table), values).rowcount == 1


def insert_all_once(db: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert those rows of which no unique key exists."""
    if rows:
        db.execute(_insert_once(db.dialect.name, table), [dict(row) for row in rows])


@cache
def _upsert(dialect: str, table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> Executable:
    statement = _insert(dialect, table)
    return statement.on_conflict_do_update(index_elements=key, set_={name: statement.excluded[name] for name in names})


@cache
def _insert_once(dialect: str, table: Table) -> Executable:
    # SQLAlchemy counts the rows of an insert only where it is asked to; on PostgreSQL it is -1 otherwise.
    return _insert(dialect, table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


def _insert(dialect: str, table: Table) -> Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
