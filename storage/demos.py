"""Tells a demo's database from any other file, whatever its revision."""

import sqlite3
from contextlib import closing
from pathlib import Path


def may_be_replaced(file: Path) -> bool:
    """Whether nothing is lost with an SQLite file: it is not there, is empty, or says of its programme that it is a
    demo's. A database without a programme is not a demo's."""
    if not file.exists() or file.stat().st_size == 0:
        return True
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT is_demo FROM programme").fetchall()
    except sqlite3.DatabaseError:
        return False
    return bool(found) and all(is_demo for (is_demo,) in found)
