"""Addresses of databases."""

from sqlalchemy import URL


def with_psycopg(url: URL) -> URL:
    """The address of a PostgreSQL database with the driver that is installed; any other address as it is."""
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url
