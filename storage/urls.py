"""Addresses of databases, and engines for them."""

from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

PATIENCE = {
    "connect_timeout": "5",
    "keepalives_idle": "20",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "40000",
}
"""A server that is gone without a word, as behind a firewall, is noticed within a minute, and not after two hours. What
the address says counts more."""
LIMITS = (
    # A replica that is frozen, and not dead, must not keep what it has locked from all others.
    "SET idle_in_transaction_session_timeout = '60s'",
    "SET lock_timeout = '20s'",
)
MAKING_TABLES = 0x706D656E746F72
"""The lock that one replica holds while it makes or changes tables; all others wait for it."""


def with_psycopg(url: URL) -> URL:
    """The address of a PostgreSQL database with the driver that is installed; any other address as it is."""
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def postgresql_engine(url: str | URL, *, connections: int) -> Engine:
    """An engine for a PostgreSQL server that notices when the server is gone, and recovers when it is back."""
    parsed = with_psycopg(make_url(url))
    patience = {name: value for name, value in PATIENCE.items() if name not in parsed.query}
    engine = create_engine(
        parsed, hide_parameters=True, pool_size=connections, pool_pre_ping=True, connect_args=patience
    )
    event.listen(engine, "connect", _limit)
    return engine


def wait_to_make_tables(connection: Connection) -> None:
    """Be the only one who makes or changes tables until this transaction ends."""
    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MAKING_TABLES})")


def _limit(connection: Any, _record: object) -> None:
    connection.autocommit = True
    for limit in LIMITS:
        connection.execute(limit)
    connection.autocommit = False
