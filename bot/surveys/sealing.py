"""Sealing: how an answer is stored so that nobody can read it before the close, and nobody at all after it.

An answer is put into a sealed box (X25519 and XSalsa20-Poly1305, ``nacl.public.SealedBox``) for the wave's public key,
and stored under a tag that only the holder of the wave's secret can compute. Before that it is padded, so that all
boxes of an instrument have one length. Private key and secret are kept apart from the answers, and destroyed after the
close.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
from nacl.bindings import sodium_pad, sodium_unpad
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.utils import random as random_bytes

from bot.surveys.instrument import LONGEST_TEXT, Answer, Comment, Instrument, Item

T = TypeVar("T", Answer, Comment)

SCORES = "scores"
"""The kind of box that holds an Answer."""
WORDS = "words"
"""The kind of box that holds a Comment: apart from the scores, so that nothing ties the two together."""
KINDS = (SCORES, WORDS)

SECRET_BYTES = 32
STEP = 64
"""Boxes grow in steps of so many bytes with the length of the longest part."""
BYTES_OF_A_CHARACTER = 4
"""At most, in UTF-8."""


class CannotOpen(Exception):
    """A box is damaged, or was not sealed for this key."""


@dataclass(frozen=True, slots=True)
class WaveKeys:
    """``private``: opens the boxes of a wave. ``secret``: makes its tags. 32 bytes each."""

    private: bytes = field(repr=False)
    secret: bytes = field(repr=False)

    @property
    def public(self) -> bytes:
        """What boxes are sealed with."""
        return bytes(PrivateKey(self.private).public_key)

    @property
    def packed(self) -> bytes:
        """Both, as a key store keeps them."""
        return self.private + self.secret

    @classmethod
    def unpacked(cls, kept: bytes) -> "WaveKeys":
        """The keys that ``packed`` gave."""
        return cls(kept[:SECRET_BYTES], kept[SECRET_BYTES:])


def new_keys() -> WaveKeys:
    """Fresh keys, from the operating system's randomness."""
    return WaveKeys(bytes(PrivateKey.generate()), random_bytes(SECRET_BYTES))


def tag(secret: bytes, member: int, part: int, kind: str) -> bytes:
    """Under what a member's box is stored: HMAC-SHA256, so that whoever has not the secret learns nothing of it."""
    return hmac.digest(secret, f"{member}:{part}:{kind}".encode(), hashlib.sha256)


def seal(content: Answer | Comment, instrument: Instrument, public: bytes) -> bytes:
    """A box with an answer in it."""
    padded = sodium_pad(msgspec.msgpack.encode(content), room(instrument))
    return SealedBox(PublicKey(public)).encrypt(padded)


def open_answer(box: bytes, instrument: Instrument, keys: WaveKeys) -> Answer:
    """The answer in a box. Raises CannotOpen."""
    return Opener(instrument, keys).answer(box)


def open_comment(box: bytes, instrument: Instrument, keys: WaveKeys) -> Comment:
    """The comment in a box. Raises CannotOpen."""
    return Opener(instrument, keys).comment(box)


class Opener:
    """Opens many boxes of one wave: what is the same for all of them is reckoned once."""

    def __init__(self, instrument: Instrument, keys: WaveKeys) -> None:
        self._box = SealedBox(PrivateKey(keys.private))
        self._room = room(instrument)

    def answer(self, box: bytes) -> Answer:
        """The answer in a box. Raises CannotOpen."""
        return self._open(box, Answer)

    def comment(self, box: bytes) -> Comment:
        """The comment in a box. Raises CannotOpen."""
        return self._open(box, Comment)

    def _open(self, box: bytes, kind: type[T]) -> T:
        try:
            return msgspec.msgpack.decode(sodium_unpad(self._box.decrypt(box), self._room), type=kind)
        except (CryptoError, msgspec.MsgspecError) as error:
            raise CannotOpen(type(error).__name__) from error


def room(instrument: Instrument) -> int:
    """Bytes to which all contents of an instrument's boxes are padded, whichever part they are of: more than the
    longest of them has."""
    parts = {item.part for item in instrument.items}
    longest = max(_most([item for item in instrument.items if item.part == part]) for part in parts)
    return (longest // STEP + 1) * STEP


def _most(items: Sequence[Item]) -> int:
    """Bytes of the longest content that answers to these items can have."""
    texts = {item.id: "" for item in items if item.kind == "text"}
    typed = len(texts) * (LONGEST_TEXT * BYTES_OF_A_CHARACTER + STEP)
    words = len(msgspec.msgpack.encode(Comment(texts, show=True))) + typed
    marks = {item.id: tuple(range(1, len(item.options) + 1)) for item in items if item.kind != "text"}
    return max(words, len(msgspec.msgpack.encode(Answer(marks))))
