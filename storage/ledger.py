"""The ledger: every release, once. Apart from the facts that leads may know, nothing else exists to show them."""

from datetime import datetime

from sqlalchemy import Connection, select

from storage.models import ledger, wave
from storage.records import LedgerEntry
from storage.upsert import insert_once

_ENTRY = select(ledger.c.wave_id, wave.c.programme_id, wave.c.name, ledger.c.released_at, ledger.c.body).join(
    wave, wave.c.id == ledger.c.wave_id
)


class Ledger:
    """What waves have let out. Entries are added and read, never changed."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._db = connection
        self._now = now

    def add(self, wave_id: int, body: str) -> bool:
        """Enter a release; whether it is the first and only one of this wave."""
        return insert_once(self._db, ledger, wave_id=wave_id, released_at=self._now, body=body)

    def of_wave(self, wave_id: int) -> LedgerEntry | None:
        """What a wave let out; None before its close."""
        row = self._db.execute(_ENTRY.where(ledger.c.wave_id == wave_id)).first()
        return LedgerEntry(*row) if row else None

    def all(self, programme_id: int) -> list[LedgerEntry]:
        """All releases of a programme, oldest first."""
        query = _ENTRY.where(wave.c.programme_id == programme_id)
        return [LedgerEntry(*row) for row in self._db.execute(query.order_by(ledger.c.released_at, ledger.c.wave_id))]

    def before(self, entry: LedgerEntry) -> list[LedgerEntry]:
        """Earlier releases of the same instrument at the same level, newest first: those of another level are of other
        people."""
        level = select(wave.c.level).where(wave.c.id == entry.wave_id).scalar_subquery()
        same = (
            wave.c.programme_id == entry.programme_id,
            wave.c.name == entry.name,
            wave.c.level == level,
            ledger.c.wave_id < entry.wave_id,
        )
        return [LedgerEntry(*row) for row in self._db.execute(_ENTRY.where(*same).order_by(ledger.c.wave_id.desc()))]
