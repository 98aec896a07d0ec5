"""The keys of an outside evaluator as people write them: X25519, 32 bytes in base64."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox


class NoKey(ValueError):
    """A text is no key."""


def new_key() -> tuple[str, str]:
    """A private key and its public key, from the operating system's randomness."""
    private = PrivateKey.generate()
    return _text(bytes(private)), _text(bytes(private.public_key))


def public_key(text: str) -> bytes:
    """The public key that a text is. Raises NoKey, also for one with which nothing can be sealed."""
    raw = private_key(text)
    try:
        SealedBox(PublicKey(raw)).encrypt(b"")
    except CryptoError as error:
        raise NoKey("nothing can be sealed with it") from error
    return raw


def private_key(text: str) -> bytes:
    """The private key that a text is; every 32 bytes are one. Raises NoKey."""
    try:
        raw = b64decode(text.strip(), validate=True)
    except (NotBase64, ValueError) as error:
        raise NoKey("no base64") from error
    if len(raw) != PublicKey.SIZE:
        raise NoKey(f"{len(raw)} bytes, not {PublicKey.SIZE}")
    return raw


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()
