"""Connections that threads keep from one transaction to the next: to take one from the pool and to give it back takes
as long as two statements."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

SURE_FOR = 2.0
"""Seconds of rest after which a connection goes back to the pool, which looks whether its server is still there."""


class KeptConnections:
    """A connection for each thread that asks for one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._mine = threading.local()
        self._all: set[Connection] = set()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """This thread's, without a transaction. After an error it goes back to the pool, which knows what to do."""
        kept: Connection | None = getattr(self._mine, "connection", None)
        if kept is not None and (kept.closed or time.monotonic() - self._mine.used_at > SURE_FOR):
            self._give_back(kept)
            kept = None
        if kept is None:
            kept = self._mine.connection = self._engine.connect()
            self._all.add(kept)
        try:
            yield kept
        except BaseException:
            self._give_back(kept)
            raise
        self._mine.used_at = time.monotonic()

    def close(self) -> None:
        """Give back all of them; no thread may be using its own. Who asks later gets a new one."""
        for connection in list(self._all):
            self._give_back(connection)

    def _give_back(self, connection: Connection) -> None:
        self._all.discard(connection)
        connection.close()
