"""Secrets of a programme that make the tags of a table: kept with the keys of waves, apart from the database."""

import secrets

from sqlalchemy import Connection, Table, delete

from storage.keys import KeyLost, KeyStore, key_of
from storage.programmes import hold

SECRET_BYTES = 32


class Secret:
    """The secret for a ``table`` with a column ``programme_id``, for each programme. ``what``: as in ``key_of``. All
    raise KeysGone where keys cannot be used at the moment."""

    def __init__(self, connection: Connection, keys: KeyStore, what: str, table: Table) -> None:
        self._db = connection
        self._keys = keys
        self._what = what
        self._table = table

    def get(self, programme_id: int) -> bytes:
        """The secret; empty before it was made, and where it is lost or destroyed."""
        try:
            return self._keys.get(key_of(programme_id, self._what))
        except KeyLost:
            return b""

    def make(self, programme_id: int) -> bytes:
        """The secret, made where there is none. Keys are kept outside of this transaction: of two who make one at once,
        one would replace that of the other."""
        hold(self._db, programme_id)
        if secret := self.get(programme_id):
            return secret
        # Nobody can tell any more whose the rows are that there may be.
        self._db.execute(delete(self._table).where(self._table.c.programme_id == programme_id))
        secret = secrets.token_bytes(SECRET_BYTES)
        self._keys.put(key_of(programme_id, self._what), secret)
        return secret

    def destroy(self, programme_id: int) -> None:
        """Have the secret be no more."""
        self._keys.destroy(key_of(programme_id, self._what))
