"""What people have agreed to beyond taking part. Who has is nowhere written: whose a row is, and whether it is a yes or
a no, can be told only with the secret of the programme, which lives with the keys of waves. So also where rows stand in
the order in which they were written, as on PostgreSQL, they tell at most that somebody chose. No row has a time."""

import hashlib
import hmac
import secrets
import struct
from collections.abc import Iterable

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from sqlalchemy import ColumnElement, Connection, func, select

from storage.keys import KeyStore
from storage.models import consent, participant
from storage.secret import Secret
from storage.upsert import upsert

EXACT_COUNTS = "exact_counts"
"""That exact counts be published of the waves in which this person answers."""
EXACT_WAVES = "exact_waves"
"""The same as it stood when the first wave opened, which holds for all waves to come: one row for everybody."""

YES, NO = b"yes", b"no"
CHANCE_BYTES = 16
EVERYBODY = NOBODY = 0
"""No id of a person: in place of one, where a row is about everybody; and what fills a list up."""


class Consents:
    """Who has agreed to what; who has not answered has not. ``kind``: what it is about, with the version of what was
    said of it where that can change. All raise KeysGone where the secrets cannot be used at the moment."""

    def __init__(self, connection: Connection, keys: KeyStore) -> None:
        self._db = connection
        self._secret = Secret(connection, keys, "consents", consent)

    def give(self, programme_id: int, person_id: int, kind: str) -> None:
        """The person says yes; twice is once."""
        self._answer(programme_id, person_id, kind, YES)

    def take_back(self, programme_id: int, person_id: int, kind: str) -> None:
        """The person says no, or does not agree any more."""
        self._answer(programme_id, person_id, kind, NO)

    def has(self, programme_id: int, person_id: int, kind: str) -> bool:
        """Whether the person has agreed."""
        secret = self._secret.get(programme_id)
        if not secret:
            return False
        tag = _tag(secret, person_id, kind)
        there = select(consent.c.mark).where(_of(programme_id), consent.c.tag == tag)
        return _is_yes(secret, tag, self._db.execute(there).scalar())

    def who(self, programme_id: int, kind: str) -> set[int]:
        """The ids of all who have agreed, of those who have, or had, a part in the programme; nobody where the secret
        is lost."""
        secret = self._secret.get(programme_id)
        if not secret:
            return set()
        parts = select(participant.c.person_id).where(participant.c.programme_id == programme_id)
        tags = {_tag(secret, each, kind): each for each in self._db.execute(parts).scalars()}
        rows = self._db.execute(select(consent.c.tag, consent.c.mark).where(_of(programme_id)))
        return {tags[tag] for tag, mark in rows if tag in tags and _is_yes(secret, tag, mark)}

    def settle(self, programme_id: int, person_ids: Iterable[int]) -> None:
        """Of these people questionnaires are told exactly, whatever anybody chooses later. It is one row, however many
        they are: it is written while the first wave opens, which has to be short. The list is locked with the secret,
        and as long as if everybody had agreed."""
        secret = self._secret.make(programme_id)
        agreed = sorted(person_ids)
        everybody = select(func.count()).where(participant.c.programme_id == programme_id)
        agreed += [NOBODY] * (self._db.execute(everybody).scalar_one() - len(agreed))
        box = SecretBox(_key(secret)).encrypt(struct.pack(f">{len(agreed)}Q", *agreed))
        row = {"programme_id": programme_id, "tag": _tag(secret, EVERYBODY, EXACT_WAVES)}
        upsert(self._db, consent, row, {"mark": bytes(box)})

    def settled(self, programme_id: int) -> set[int]:
        """Those of whom questionnaires are told exactly, as it was settled; nobody before that, where nobody had
        agreed, and where the secret is lost."""
        secret = self._secret.get(programme_id)
        if not secret:
            return set()
        tag = _tag(secret, EVERYBODY, EXACT_WAVES)
        box = self._db.execute(select(consent.c.mark).where(_of(programme_id), consent.c.tag == tag)).scalar()
        if box is None:
            return set()
        try:
            packed = SecretBox(_key(secret)).decrypt(box)
        except CryptoError:
            return set()
        return {*struct.unpack(f">{len(packed) // 8}Q", packed)} - {NOBODY}

    def _answer(self, programme_id: int, person_id: int, kind: str, answer: bytes) -> None:
        secret = self._secret.make(programme_id)
        tag = _tag(secret, person_id, kind)
        row = {"programme_id": programme_id, "tag": tag}
        upsert(self._db, consent, row, {"mark": _mark(secret, tag, answer)})


def _tag(secret: bytes, person_id: int, kind: str) -> bytes:
    return hmac.digest(secret, f"{kind}:{person_id}".encode(), hashlib.sha256)


def _key(secret: bytes) -> bytes:
    """What locks a list: another key than that of tags and marks."""
    return hmac.digest(secret, EXACT_WAVES.encode(), hashlib.sha256)


def _mark(secret: bytes, tag: bytes, answer: bytes, chance: bytes = b"") -> bytes:
    """A yes or a no as it is written: random bytes, and the HMAC that ties them to the answer. ``chance``: these bytes,
    of an answer that is written already."""
    chance = chance or secrets.token_bytes(CHANCE_BYTES)
    return chance + hmac.digest(secret, chance + tag + answer, hashlib.sha256)


def _is_yes(secret: bytes, tag: bytes, mark: bytes | None) -> bool:
    return mark is not None and hmac.compare_digest(mark, _mark(secret, tag, YES, mark[:CHANCE_BYTES]))


def _of(programme_id: int) -> ColumnElement[bool]:
    return consent.c.programme_id == programme_id
