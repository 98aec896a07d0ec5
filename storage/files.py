"""Files that people fetch by a link. Whoever has the link has the file, until it expires; only a hash of the link's
token is kept, so that nobody can read the links out of the database."""

import hashlib
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from storage.models import file
from storage.records import File, NotThere

PATH = "/files/"
"""Where the files are, below the public address."""


class Files:
    """What was published. ``public_url``: the address at which people reach the bot; empty where they cannot.
    ``new_id``: a fresh text of 128 random bits or more for each call."""

    def __init__(self, connection: Connection, now: datetime, public_url: str, new_id: Callable[[], str]) -> None:
        self._db = connection
        self._now = now
        self._public_url = public_url
        self._new_id = new_id

    def publish(self, name: str, media_type: str, content: bytes, *, expires_at: datetime) -> str:
        """The address at which a file can be fetched until it expires; empty where nobody could reach it."""
        if not self._public_url:
            return ""
        token = self._new_id()
        values = {"name": name, "media_type": media_type, "content": content, "expires_at": expires_at}
        self._db.execute(insert(file).values(token_hash=_hash(token), **values))
        return f"{self._public_url}{PATH}{token}"

    @property
    def are_reachable(self) -> bool:
        """Whether anybody could reach what is published."""
        return bool(self._public_url)

    def fetch(self, token: str) -> File:
        """The file that a link leads to. Raises NotThere for a link that has expired or never was."""
        query = select(file.c.name, file.c.media_type, file.c.content)
        row = self._db.execute(query.where(file.c.token_hash == _hash(token), file.c.expires_at > self._now)).first()
        if row is None:
            raise NotThere("no such file")
        return File(*row)

    def kept(self) -> list[File]:
        """Everything that has not been dropped, in no order."""
        return [File(*row) for row in self._db.execute(select(file.c.name, file.c.media_type, file.c.content))]

    def drop_expired(self) -> None:
        """Drop what nobody can fetch any more."""
        self._db.execute(delete(file).where(file.c.expires_at <= self._now))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
