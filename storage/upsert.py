"""Insert or change in one statement, on both databases. Each statement is built once: that takes longer than running
it."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TypeAlias

from sqlalchemy import JSON, Connection, Executable, Table, bindparam, cast, func, insert, select
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


def insert_for_each(db: Connection, table: Table, column: str, ids: Sequence[int], **values: object) -> None:
    """Insert a row for each of these ids, which alone is different, in ``column``: one statement, however many."""
    if ids:
        db.execute(_insert_for_each(db.dialect.name, table, column, tuple(values)), {"ids": [*ids], **values})


@cache
def _upsert(dialect: str, table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> Executable:
    statement = _insert(dialect, table)
    return statement.on_conflict_do_update(index_elements=key, set_={name: statement.excluded[name] for name in names})


@cache
def _insert_once(dialect: str, table: Table) -> Executable:
    # SQLAlchemy counts the rows of an insert only where it is asked to; on PostgreSQL it is -1 otherwise.
    return _insert(dialect, table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


@cache
def _insert_for_each(dialect: str, table: Table, column: str, names: tuple[str, ...]) -> Executable:
    unpack = func.json_each if dialect == "sqlite" else func.json_array_elements_text
    listed = unpack(bindparam("ids", type_=JSON)).table_valued("value")
    given = [bindparam(name, type_=table.c[name].type) for name in names]
    rows = select(cast(listed.c.value, table.c[column].type), *given)
    return insert(table).from_select([column, *names], rows)


def _insert(dialect: str, table: Table) -> Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
