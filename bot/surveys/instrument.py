"""What an instrument is: a questionnaire as data, and what an answer to it is.

Instruments are read from ``instruments/*.toml`` (see ``loading``); a wave keeps a copy of its own, so that what is
counted, and how, is what was declared before it opened.
"""

from collections.abc import Iterator

import msgspec

ROLES = ("mentor", "mentee", "control")
LEVELS = ("standard", "strict", "research")
"""Of disclosure, see ``release``."""

LONGEST_TEXT = 500
"""Characters that can be typed into a free-text item."""


class Item(msgspec.Struct, frozen=True):
    """Something that is asked.

    ``kind``: ``likert`` (one option of an ordered scale), ``one`` (one option), ``many`` (any number of options) or
    ``text`` (free text). ``words``: the question, by role. ``about``: the same for a reader of results, whoever was
    asked. ``options``: their labels; an answer is the position of one, from 1. ``favourable``: the positions that are
    counted together against all others; each option of ``many`` is counted by itself. ``favourable_words``: what they
    mean, for a reader of results ("agree"). ``construct`` and ``source``: what the item is about, and where that comes
    from. ``once``: it asks for a fact that cannot change, and is asked once. ``part``: the part of the questionnaire,
    from 1, in which it is asked; each part is sent by itself. ``section``: the heading under which results are told.
    """

    id: str
    kind: str
    words: dict[str, str]
    about: str
    construct: str
    source: str
    options: tuple[str, ...] = ()
    favourable: tuple[int, ...] = ()
    favourable_words: str = ""
    once: bool = False
    part: int = 1
    section: str = ""


class Split(msgspec.Struct, frozen=True):
    """A yes or no that is counted: one for each item, one for each option of a tick-all item.

    ``id``: the item's, and for an option ``item/position``. ``about``, ``favourable_words`` and ``section``: as in
    Item.
    """

    id: str
    item: str
    favourable: frozenset[int]
    about: str
    favourable_words: str
    section: str = ""


class Instrument(msgspec.Struct, frozen=True):
    """A questionnaire. ``title``: by role. ``kind``: ``pulse``, ``questionnaire`` or ``reflection``. ``audience``: the
    roles that are asked. ``level``: the least strict level of disclosure at which it may be released. ``rows``: several
    roles that are counted together beside the rows of one role, announced before the opening; at the level research
    only. ``note``: what a reader of its results should know of the questions."""

    id: str
    kind: str
    audience: tuple[str, ...]
    title: dict[str, str]
    level: str
    items: tuple[Item, ...]
    rows: tuple[tuple[str, ...], ...] = ()
    note: str = ""

    def items_for(self, role: str) -> tuple[Item, ...]:
        """What somebody of this role is asked."""
        return tuple(item for item in self.items if role in item.words)

    def parts_for(self, role: str) -> tuple[int, ...]:
        """The parts that somebody of this role is asked, first to last."""
        return tuple(sorted({item.part for item in self.items_for(role)}))

    @property
    def texts(self) -> int:
        """How many items ask for free text."""
        return sum(item.kind == "text" for item in self.items)

    def splits(self, roles: tuple[str, ...]) -> Iterator[Split]:
        """What is counted of everybody in a row of these roles: items that each of them is asked."""
        for item in self.items:
            if item.kind == "text" or not set(roles) <= item.words.keys():
                continue
            if item.kind != "many":
                counted = frozenset(item.favourable)
                yield Split(item.id, item.id, counted, item.about, item.favourable_words, item.section)
                continue
            for position, label in enumerate(item.options, start=1):
                option = f"{item.id}/{position}"
                yield Split(option, item.id, frozenset({position}), item.about, label, item.section)


class Answer(msgspec.Struct, frozen=True):
    """What one person answered in one part, without free text: positions of options by item. An item that is not there
    was left open, or the person preferred not to say."""

    marks: dict[str, tuple[int, ...]]


class Comment(msgspec.Struct, frozen=True):
    """What one person wrote in one part, by item. ``show``: the author lets these exact words be shown."""

    texts: dict[str, str]
    show: bool


def declared(instrument: Instrument) -> str:
    """The instrument as a wave keeps it."""
    return msgspec.json.encode(instrument).decode()


def as_declared(stored: str) -> Instrument:
    """The instrument that ``declared`` stored. Raises ``msgspec.ValidationError`` for anything else."""
    return msgspec.json.decode(stored, type=Instrument)
