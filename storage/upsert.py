"""Insert or change in one statement, on both databases."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(db: Connection, table: Table, key: Mapping[str, object], values: Mapping[str, object]) -> None:
    """Insert the row ``key`` + ``values``, or set ``values`` where the key exists."""
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).values(**key, **values)
    db.execute(statement.on_conflict_do_update(index_elements=list(key), set_=dict(values)))


def insert_once(db: Connection, table: Table, **values: object) -> bool:
    """Insert a row unless one of its unique keys exists; whether it was inserted."""
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).values(**values).on_conflict_do_nothing()
    # SQLAlchemy counts the rows of an insert only where it is asked to; on PostgreSQL it is -1 otherwise.
    return db.execute(statement.execution_options(preserve_rowcount=True)).rowcount == 1


def insert_all_once(db: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert those rows of which no unique key exists."""
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    if rows:
        db.execute(insert(table).on_conflict_do_nothing(), list(rows))
