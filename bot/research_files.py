"""What an outside evaluator does on a machine of their own, without a database: make a key, and open the research copy
that was made for it."""

import csv
import io
import os
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bot.files.research_key import NoKey, new_key, private_key
from bot.surveys.instrument import Item
from bot.surveys.research import FORMAT, Asked, Copy, Manifest, open_copy, open_manifest
from bot.surveys.sealing import CannotOpen

ONLY_OWNER = 0o600
COLUMNS = ("pseudonym", "role", "wave", "part", "item", "answer", "label")


class CannotRead(Exception):
    """A file cannot be opened; says why."""


def write_new_key(path: Path) -> str:
    """Make a key, and keep it in a new file that only its owner can read; the public key. Raises OSError, as for a file
    that is there already: it may be the key of a copy."""
    private, public = new_key()
    with open(path, "x", encoding="ascii", opener=lambda name, flags: os.open(name, flags, ONLY_OWNER)) as file:
        file.write(f"{private}\n")
    return public


def open_research_copy(path: Path, key: Path, folder: Path) -> Manifest:
    """Write what is in a research copy to a folder: ``answers.csv``, a line for each question that was asked, and
    ``manifest.json``, which says what the copy is, with the wording of all questions. Files there are replaced. Raises
    CannotRead and OSError."""
    private = _private_key(key)
    boxes = _boxes(path)
    try:
        manifest = open_manifest(next(boxes), private)
        copies = [open_copy(box, private) for box in boxes]
    except StopIteration:
        raise CannotRead(f"{path} ends too early") from None
    except CannotOpen:
        raise CannotRead(f"{path} was not sealed for the key in {key}, or is damaged") from None
    if len({copy.pseudonym for copy in copies}) != manifest.people:
        raise CannotRead(f"{path} ends too early: it has not the copies of all {manifest.people} people")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(folder / "answers.csv", _as_csv(manifest, copies))
    _write(folder / "manifest.json", msgspec.json.format(msgspec.json.encode(manifest), indent=2).decode() + "\n")
    return manifest


def _private_key(path: Path) -> bytes:
    try:
        return private_key(path.read_text("ascii"))
    except (NoKey, UnicodeDecodeError):
        raise CannotRead(f"{path} holds no private key") from None


def _boxes(path: Path) -> Iterator[bytes]:
    try:
        first, *lines = path.read_text("ascii").splitlines()
        if first != FORMAT:
            raise CannotRead(f"{path} is no research copy")
        yield from (b64decode(line, validate=True) for line in lines)
    except (ValueError, NotBase64):
        raise CannotRead(f"{path} is no research copy, or is damaged") from None


def _as_csv(manifest: Manifest, copies: list[Copy]) -> str:
    waves = {each.wave: each for each in manifest.waves}
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\n")
    sheet.writerow(COLUMNS)
    for copy in sorted(copies, key=lambda copy: (copy.pseudonym, copy.wave, copy.part)):
        for item in _asked(waves[copy.wave], copy):
            marks = copy.marks.get(item.id, ())
            labels = "; ".join(item.options[mark - 1] for mark in marks)
            answer = ";".join(map(str, marks))
            sheet.writerow((copy.pseudonym, copy.role, copy.wave, copy.part, item.id, answer, labels))
    return text.getvalue()


def _asked(wave: Asked, copy: Copy) -> Iterator[Item]:
    """The questions of a part that are answered by options."""
    for item in wave.instrument.items_for(copy.role):
        if item.part == copy.part and item.kind != "text":
            yield item


def _write(path: Path, text: str) -> None:
    with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, ONLY_OWNER)) as file:
        file.write(text)
