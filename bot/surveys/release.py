"""The published form: what a wave lets out, once. Everything that anybody is ever shown of answers is made of these."""

from datetime import date

import msgspec


class Result(msgspec.Struct, frozen=True):
    """How many said yes to one split, told in steps: between ``low`` and ``high``, both included. ``about`` and
    ``favourable_words``: as declared in the instrument. ``section``: the heading under which it is told, or empty."""

    split: str
    about: str
    favourable_words: str
    low: int
    high: int
    section: str = ""


PAIRS = ("pair",)
"""The roles of a row that counts pairs and not people: what their meetings were about, as far as they have logged any.
``invited`` are the pairs that were introduced, ``n`` those that have logged a meeting."""


class Row(msgspec.Struct, frozen=True):
    """The results of everybody who answered in some roles: ``n`` of the ``invited``, both exact. A role row has one
    role, a pooled row or one that was declared beforehand several; ``PAIRS`` is a row of its own kind."""

    roles: tuple[str, ...]
    invited: int
    n: int
    results: tuple[Result, ...]


class Release(msgspec.Struct, frozen=True):
    """What one wave lets out. ``instrument``: its id. ``title``: for readers. ``comments``: exact words that their
    authors let be shown, question by question and in no order within. ``refused``: empty, or why there are no rows:
    ``few`` (too few answered), ``not_computed`` (the keys are lost, or a check refused it). ``kind``: the instrument's.
    ``questions``: for each of the comments, what it answers; empty where only one text was asked for."""

    instrument: str
    title: str
    level: str
    opened_on: date
    closed_on: date
    rows: tuple[Row, ...]
    comments: tuple[str, ...] = ()
    refused: str = ""
    kind: str = "pulse"
    questions: tuple[str, ...] = ()


def published(release: Release) -> str:
    """The release as the ledger keeps it."""
    return msgspec.json.encode(release).decode()


def from_ledger(stored: str) -> Release:
    """The release that ``published`` stored. Raises ``msgspec.ValidationError`` for anything else."""
    return msgspec.json.decode(stored, type=Release)
