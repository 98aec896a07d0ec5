"""The research copy: what an outside evaluator gets of those who agreed to that, and how it is sealed for them.

A copy holds the scores of one part of a questionnaire under a pseudonym, the same in every wave, and is put into a
sealed box for the evaluator's public key as soon as the part is sent: the bot itself cannot read it again. Words are
never in it: beside the scores, a published comment would name the pseudonym of its author to every colleague.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TypeVar

import msgspec
from nacl.bindings import sodium_pad, sodium_unpad
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from bot.surveys.instrument import ROLES, Instrument
from bot.surveys.sealing import STEP, CannotOpen

FEWEST = 8
"""A copy is handed over of so many people or more, and leaves out of each released row nobody, or so many or more: the
minimum of every release (``rules.RESEARCH``)."""
PSEUDONYM_BYTES = 16
FORMAT = "peermentor research copy 1"


class Copy(msgspec.Struct, frozen=True):
    """What one person answered in one part of a questionnaire. ``pseudonym``: the same for this person in every wave.
    ``wave``: the instrument's id and the day on which it opened, as in the Manifest. ``marks``: as in Answer."""

    pseudonym: str
    role: str
    wave: str
    part: int
    marks: dict[str, tuple[int, ...]]


class Asked(msgspec.Struct, frozen=True):
    """A wave of which there are copies. ``version``: the beginning of the instrument's SHA-256, as it was declared."""

    wave: str
    opened_on: date
    closed_on: date
    version: str
    instrument: Instrument


class Manifest(msgspec.Struct, frozen=True):
    """What a copy is, for whoever opens it. ``people``: pseudonyms in it. ``left_out``: people who agreed, and whose
    copies were left out by chance so that those who did not agree stay hidden among others."""

    programme: str
    ethics_reference: str
    evaluator: str
    retention_until: date
    made_on: date
    people: int
    left_out: int
    waves: tuple[Asked, ...]


T = TypeVar("T", Copy, Manifest)


# Names that only the holder of the programme's secret can make


def pseudonym(secret: bytes, person_id: int) -> str:
    """By what a person is known in the copy."""
    return hmac.digest(secret, f"pseudonym:{person_id}".encode(), hashlib.sha256)[:PSEUDONYM_BYTES].hex()


def tag_of_copy(secret: bytes, person_id: int, wave_id: int, part: int, role: str) -> bytes:
    """Under what a person's copy of a part lies; with the role, so that it can be told without opening the copy."""
    return hmac.digest(secret, f"copy:{person_id}:{wave_id}:{part}:{role}".encode(), hashlib.sha256)


def version_of_plan(*said: object) -> str:
    """What tells one plan from another: a consent holds for the plan that it was given to."""
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:16]


def version_of(instrument: Instrument) -> str:
    """What tells one wording of an instrument from another."""
    return hashlib.sha256(msgspec.json.encode(instrument)).hexdigest()[:12]


# Sealing


def sealed_copy(copy: Copy, instrument: Instrument, public: bytes) -> bytes:
    """A box with a copy in it; all boxes of an instrument have one length."""
    return _sealed(copy, _room(instrument), public)


def sealed_manifest(manifest: Manifest, public: bytes) -> bytes:
    """A box with the manifest in it."""
    return _sealed(manifest, STEP, public)


def open_manifest(box: bytes, private: bytes) -> Manifest:
    """The manifest in a box. Raises CannotOpen."""
    return _open(box, private, Manifest)


def open_copy(box: bytes, private: bytes) -> Copy:
    """The copy in a box. Raises CannotOpen."""
    return _open(box, private, Copy)


def _sealed(content: Copy | Manifest, room: int, public: bytes) -> bytes:
    return SealedBox(PublicKey(public)).encrypt(sodium_pad(msgspec.msgpack.encode(content), room))


def _open(box: bytes, private: bytes, kind: type[T]) -> T:
    try:
        padded = SealedBox(PrivateKey(private)).decrypt(box)
        return msgspec.msgpack.decode(sodium_unpad(padded, len(padded)), type=kind)
    except (CryptoError, ValueError, msgspec.MsgspecError) as error:
        raise CannotOpen(type(error).__name__) from error


def _room(instrument: Instrument) -> int:
    """Bytes to which all copies of an instrument are padded: more than the longest has."""
    marks = {item.id: tuple(range(1, len(item.options) + 1)) for item in instrument.items if item.kind != "text"}
    longest = Copy("f" * 2 * PSEUDONYM_BYTES, max(ROLES, key=len), wave_name(instrument.id, date.max), 99, marks)
    return (len(msgspec.msgpack.encode(longest)) // STEP + 1) * STEP


def wave_name(instrument_id: str, opened_on: date) -> str:
    """How a wave is named in the copy."""
    return f"{instrument_id} {opened_on}"


# Who is in it


def kept(rows: Iterable[tuple[int, set[int]]], pseudonyms: Mapping[int, str]) -> set[int]:
    """Whose copies can be handed over, so that nothing of the others comes out by subtraction.

    ``rows``: of each released row, how many answered, and who of them has a copy. ``pseudonyms``: of all who have one.

    The counts of a row less those of the copies in it are the counts of its other people: of one who said no to the
    copy, they would be that person's answers. So these are nobody, or ``FEWEST`` or more in every row; where they are
    fewer, copies are left out, in the order of the pseudonyms, which is as good as chance and the same each time.
    """
    there = list(rows)
    by_chance = sorted(pseudonyms, key=lambda person_id: pseudonyms[person_id])
    staying = dict.fromkeys(by_chance)
    while (row := _too_few_others(there, staying)) is not None:
        del staying[next(person_id for person_id in staying if person_id in row)]
    return set(staying)


def _too_few_others(rows: Sequence[tuple[int, set[int]]], staying: Mapping[int, None]) -> set[int] | None:
    """The people of a row of which too few would not be in the copy."""
    for answered, people in rows:
        copied = len(people & staying.keys())
        if copied and 0 < answered - copied < FEWEST:
            return people
    return None
