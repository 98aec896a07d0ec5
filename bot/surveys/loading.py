"""Reads instruments from TOML. Each key is declared once, with how its value is read; ``instruments/pulse.toml`` says
what each is for. All mistakes of a file are told at once, with their lines."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from itertools import accumulate, count
from pathlib import Path
from typing import Any

from bot.files.findings import Finding, Findings, Spot
from bot.files.keys import Key, NotRead, line_of_text, values_of
from bot.files.toml_file import Document, read_toml
from bot.surveys.instrument import LEVELS, LONGEST_TEXT, ROLES, Instrument, Item

KINDS = ("pulse", "questionnaire", "reflection")
ITEM_KINDS = ("likert", "one", "many", "text")

LONGEST_ID = 40
LONGEST_TITLE = 24
"""Characters of the title of a form."""
LONGEST_WORDS = 200
LONGEST_LABEL = 75
"""Characters of an option, and of what the favourable ones mean."""
LONGEST_SOURCE = 500

FEWEST_ROLES = 2
"""In a row over several."""
FEWEST_OPTIONS = 2
MOST_OPTIONS = 10
"""More than these are not seen at a glance on every platform."""
ITEMS_IN_A_PART = 20
BYTES_IN_A_PART = 22_000
"""Of what the items of one form take: the smallest limit of a form is 28,000 with all that stands around them."""
BYTES_AROUND_AN_ITEM = 400
BYTES_AROUND_AN_OPTION = 40
BYTES_OF_A_CHARACTER = 6
"""At most, where text travels as ASCII. What was typed comes back in the form, if something else in it is amiss."""

QUESTIONS_IN_A_PULSE = 3
TEXTS_IN_A_PULSE = 1


class BadInstrument(Exception):
    """Instruments that cannot be used. ``mistakes``: all of them, file by file and in the order of their lines."""

    def __init__(self, mistakes: list[Finding]) -> None:
        super().__init__("; ".join(map(str, mistakes)))
        self.mistakes = mistakes


@cache
def all_instruments() -> dict[str, Instrument]:
    """The instruments that come with the bot, by id, and those that stand in their place. Raises BadInstrument."""
    findings = Findings()
    instruments = read_instruments(own_files(), findings)
    if findings.mistakes:
        raise BadInstrument(findings.mistakes)
    return instruments


def put_in_place(folder: Path) -> list[str]:
    """Let the instruments of a folder be asked from now on in this process, each in place of the bot's own with the
    same id; their ids. Raises BadInstrument, and OSError where the folder cannot be read."""
    findings = Findings()
    files = [(str(file), file.read_bytes()) for file in sorted(folder.iterdir()) if file.suffix == ".toml"]
    for name, raw in files:
        _may_stand_in_place(name, raw, findings)
    instruments = read_instruments(files, findings)
    if findings.mistakes:
        raise BadInstrument(findings.mistakes)
    all_instruments().update(instruments)
    return list(instruments)


def _may_stand_in_place(name: str, raw: bytes, findings: Findings) -> None:
    """An instrument is opened by its id, and its kind is promised. One with mistakes of its own is told elsewhere."""
    instrument = read_instrument(name, raw, Findings())
    if instrument is None:
        return
    own = all_instruments().get(instrument.id)
    if own is None:
        known = ", ".join(all_instruments())
        findings.mistake(Spot(name), "never opened", f"nothing opens an instrument {instrument.id!r}: there is {known}")
    elif own.kind != instrument.kind:
        text = f"{instrument.id} is a {own.kind}, and this a {instrument.kind}"
        findings.mistake(Spot(name), "of another kind", text)


def own_files() -> list[tuple[str, bytes]]:
    """Name and content of each file that comes with the bot."""
    folder = resources.files("bot.surveys").joinpath("instruments")
    return sorted((file.name, file.read_bytes()) for file in folder.iterdir() if file.name.endswith(".toml"))


def load(text: str, name: str) -> Instrument:
    """One instrument. ``name``: of its file, for mistakes. Raises BadInstrument."""
    findings = Findings()
    instrument = read_instrument(name, text.encode(), findings)
    if instrument is None:
        raise BadInstrument(findings.mistakes)
    return instrument


def read_instruments(files: Sequence[tuple[str, bytes]], findings: Findings) -> dict[str, Instrument]:
    """The instruments of these files, by id: those without a mistake. Two of one id are a mistake."""
    found: dict[str, Instrument] = {}
    for name, raw in files:
        instrument = read_instrument(name, raw, findings)
        if instrument is None:
            continue
        if instrument.id in found:
            findings.mistake(Spot(name), "instrument twice", f"another file has the instrument {instrument.id!r}")
        found.setdefault(instrument.id, instrument)
    return found


def read_instrument(file: str, raw: bytes, findings: Findings) -> Instrument | None:
    """One instrument; None, and mistakes, where the file does not say all of it."""
    before = findings.count
    document = read_toml(file, raw, findings)
    if document is None:
        return None
    table = {name: value for name, value in document.table.items() if name not in TABLES}
    values = values_of(table, INSTRUMENT, document, "", findings, tables=TABLES)
    audience: tuple[str, ...] = values.get("audience", ())
    title = _by_role(document.table, "title", audience, LONGEST_TITLE, _Place(document, "", findings))
    scales = _scales(document, findings)
    items = _items(document, audience, scales, findings)
    if items and len(items) == len(document.table["item"]):  # else what is missing may be in an item with a mistake
        _gaps(items)
    _sizes(items)
    _whole(values, items, _Place(document, "", findings))
    if findings.count > before:
        return None
    return Instrument(**values, title=title, items=tuple(entry.item for entry in items))


# How values are read


def _id(value: object) -> str:
    text = line_of_text(value, LONGEST_ID)
    if not re.fullmatch("[a-z_]+", text):
        raise NotRead("bad id", "{given!r} is no id: use small letters from a to z, and _ between words", given=text)
    return text


def _one_of(known: tuple[str, ...], what: str, value: object) -> str:
    text = line_of_text(value)
    if text not in known:
        raise NotRead(f"unknown {what}", "{given!r} is none of {known}", given=text, known=", ".join(known))
    return text


_role = partial(_one_of, ROLES, "role")


def _roles(value: object) -> tuple[str, ...]:
    """Roles, in the order in which they are always told."""
    given = _list_of(_role, value)
    if len(set(given)) < len(given):
        raise NotRead("role twice", "a role is there twice")
    return tuple(role for role in ROLES if role in given)


def _rows(value: object) -> tuple[tuple[str, ...], ...]:
    """Rows over several roles."""
    if not isinstance(value, list) or not value or not all(isinstance(entry, list) for entry in value):
        raise NotRead("no list", 'give a list of lists of roles, like [["mentor", "mentee"]]')
    rows = tuple(map(_roles, value))
    if any(len(roles) < FEWEST_ROLES for roles in rows):
        raise NotRead("row of one role", "a row is over two roles or more: those of one role are told anyway")
    if len(set(rows)) < len(rows):
        raise NotRead("row twice", "a row is there twice")
    return rows


def _list_of(read: Callable[[object], str], value: object) -> list[str]:
    if not isinstance(value, list) or not value:
        raise NotRead("no list", 'give a list, like ["one", "another"]')
    return [read(entry) for entry in value]


def _labels(value: object) -> tuple[str, ...]:
    """The labels of a scale."""
    labels = _list_of(_label, value)
    if not FEWEST_OPTIONS <= len(labels) <= MOST_OPTIONS:
        raise NotRead("too few or many", "give {least} to {most} options", least=FEWEST_OPTIONS, most=MOST_OPTIONS)
    twice = [label for label, times in Counter(map(str.casefold, labels)).items() if times > 1]
    if twice:
        raise NotRead("label twice", "{label!r} is there twice", label=twice[0])
    return tuple(labels)


_label = partial(line_of_text, most=LONGEST_LABEL)
_words = partial(line_of_text, most=LONGEST_WORDS)
_source = partial(line_of_text, most=LONGEST_SOURCE)


def _positions(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or not value or not all(type(entry) is int for entry in value):
        raise NotRead("no positions", "give the positions of options, counted from 1, like [4, 5]")
    if len(set(value)) < len(value):
        raise NotRead("no positions", "a position is there twice")
    return tuple(sorted(value))


def _part(value: object) -> int:
    if type(value) is not int or value < 1:
        raise NotRead("no part", "parts are numbered 1, 2, 3")
    return value


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise NotRead("neither true nor false", "give true or false, without quotation marks")
    return value


# What can be said


INSTRUMENT = {
    "id": Key("id", _id),
    "kind": Key("kind", partial(_one_of, KINDS, "kind")),
    "audience": Key("audience", _roles),
    "level": Key("level", partial(_one_of, LEVELS, "level"), "standard"),
    "rows": Key("rows", _rows, ()),
    "note": Key("note", _words, ""),
}
"""Every key of a file but those of its tables."""
TABLES = ("title", "scale", "item")

SCALE = {
    "options": Key("options", _labels),
    "favourable": Key("favourable", _positions),
    "favourable_words": Key("favourable_words", _label),
}
"""Every key of a ``[scale.<name>]``."""

ITEM = {
    "id": Key("id", _id),
    "kind": Key("kind", partial(_one_of, ITEM_KINDS, "kind")),
    "words": Key("words", _words, ""),
    "about": Key("about", _words),
    "construct": Key("construct", _words),
    "source": Key("source", _source),
    "scale": Key("scale", _id, ""),
    "options": Key("options", _labels, ()),
    "favourable": Key("favourable", _positions, ()),
    "favourable_words": Key("favourable_words", _label, ""),
    "roles": Key("roles", _roles, ()),
    "once": Key("once", _yes_or_no, usual=False),
    "part": Key("part", _part, 1),
    "section": Key("section", _label, ""),
}
"""Every key of an ``[[item]]``; its words are given for each role, or once for all."""

SCALED = ("likert", "one")
NEEDED = {"likert": tuple(SCALE), "one": tuple(SCALE), "many": ("options",), "text": ()}
"""What an item of a kind has, if no scale says it."""
NEEDLESS = {"many": ("scale", "favourable", "favourable_words"), "text": ("scale", *SCALE)}
"""What an item of a kind does not have."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A table of a file. ``begin``: what stands before its keys."""

    document: Document
    begin: str
    findings: Findings

    @property
    def line(self) -> int:
        """Where the table begins."""
        return self.document.of(self.begin.removesuffix(".")).line

    def values(self, given: Mapping[str, object], keys: Mapping[str, Key]) -> dict[str, Any]:
        """The values of these keys, see ``values_of``."""
        return values_of(given, keys, self.document, self.begin, self.findings)

    def mistake(self, key: str, kind: str, text: str) -> None:
        """A mistake in the value of a key, or, without one, in the table."""
        at = self.document.of(self.begin + key) if key else Spot(self.document.file, self.line)
        self.findings.mistake(at, kind, text)

    def missing(self, key: str, text: str) -> None:
        """A key is missing; where it stands and was not understood, that is said already."""
        if self.begin + key not in self.document.places:
            self.mistake(key, "missing key", text)


_Scale = dict[str, Any] | None
"""The values of a scale; None where it was not understood."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """An item and where it stands."""

    item: Item
    place: _Place


def _by_role(table: Mapping[str, object], name: str, roles: Sequence[str], most: int, place: _Place) -> dict[str, str]:
    """The words for each role: given for each, or once for all. ``roles``: those who are asked; none where that was
    not understood."""
    read = partial(line_of_text, most=most)
    given = table.get(name)
    if not isinstance(given, dict):
        said = place.values({name: given} if name in table else {}, {name: Key(name, read)})
        return dict.fromkeys(roles, said[name]) if said else {}
    inner = _Place(place.document, f"{place.begin}{name}.", place.findings)
    words = inner.values(given, {role: Key(role, read, "") for role in ROLES})
    for role in roles:
        if role not in given:
            inner.missing(role, f"{name} is missing for {role}")
    for role in ROLES if roles else ():
        if role in given and role not in roles:
            inner.mistake(role, "words for nobody", f"{role} is not asked, but has words here")
    return {role: words[role] for role in roles if words.get(role)}


def _scales(document: Document, findings: Findings) -> dict[str, _Scale]:
    """Each scale, by its name."""
    given = document.table.get("scale", {})
    if not isinstance(given, dict) or not all(isinstance(entry, dict) for entry in given.values()):
        findings.mistake(document.of("scale"), "unknown key", "begin each scale with its name: [scale.agree]")
        return {}
    scales: dict[str, _Scale] = {}
    for name, entry in given.items():
        place = _Place(document, f"scale.{name}.", findings)
        values = place.values(entry, SCALE)
        scales[name] = values if len(values) == len(SCALE) else None
        if "options" in values and "favourable" in values:
            _split(values["favourable"], values["options"], place)
    return scales


def _split(favourable: tuple[int, ...], options: tuple[str, ...], place: _Place) -> None:
    """A split parts the options into some and the others."""
    outside = [position for position in favourable if not 1 <= position <= len(options)]
    if outside:
        place.mistake("favourable", "outside the scale", f"{outside[0]} is outside the scale, 1 to {len(options)}")
    elif len(favourable) == len(options):
        place.mistake("favourable", "no split", "these are all options: leave at least one out")


def _items(
    document: Document, audience: tuple[str, ...], scales: Mapping[str, _Scale], findings: Findings
) -> list[_Entry]:
    """The items that were understood."""
    given = document.table.get("item", [])
    if not isinstance(given, list) or not given or not all(isinstance(entry, dict) for entry in given):
        if "item" in document.table or document.whole:
            findings.mistake(document.of("item"), "no items", "nothing is asked: begin each item with [[item]]")
        return []
    items, ids = [], set()
    for number, entry in enumerate(given):
        place = _Place(document, f"item.{number}.", findings)
        item = _item(entry, audience, scales, place)
        name = entry.get("id")
        if isinstance(name, str):
            if name in ids:
                place.mistake("id", "item twice", f"the item {name!r} is there twice")
            ids.add(name)
        if item is not None:
            items.append(_Entry(item, place))
    _unasked(audience, given, _Place(document, "", findings))
    used = {entry.get("scale") for entry in given if isinstance(entry.get("scale"), str)}
    for name in scales.keys() - used:
        findings.mistake(document.of(f"scale.{name}"), "scale not used", f"no item uses the scale {name!r}")
    return items


def _item(
    given: Mapping[str, object], audience: tuple[str, ...], scales: Mapping[str, _Scale], place: _Place
) -> Item | None:
    before = place.findings.count
    rest = {name: value for name, value in given.items() if name != "words"}
    values = place.values(rest, ITEM)
    roles: tuple[str, ...] = values.pop("roles", ()) or audience
    for role in roles if audience else ():
        if role not in audience:
            place.mistake("roles", "not in the audience", f"{role} is not in the audience")
    words = _by_role(given, "words", roles, LONGEST_WORDS, place)
    if "kind" in values:
        values |= _answers(values, given, scales, place)
    if place.findings.count > before:
        return None
    del values["scale"]
    return Item(**values | {"words": words})


def _answers(
    values: Mapping[str, Any], given: Mapping[str, object], scales: Mapping[str, _Scale], place: _Place
) -> dict[str, Any]:
    """What can be answered, and how it is counted, where a scale says that for the item."""
    kind = values["kind"]
    for key in NEEDLESS.get(kind, ()):
        if key in given:
            place.mistake(key, "needless key", f"an item of the kind {kind} has no {key}")
    if kind in SCALED and "scale" in given:
        return _of_scale(values, given, scales, place)
    for key in NEEDED[kind]:
        if key not in given:
            place.missing(key, f"{key} is missing" + (": give it, or a scale" if kind in SCALED else ""))
    if kind in SCALED and values.get("options") and values.get("favourable"):
        _split(values["favourable"], values["options"], place)
    return {}


def _of_scale(
    values: Mapping[str, Any], given: Mapping[str, object], scales: Mapping[str, _Scale], place: _Place
) -> dict[str, Any]:
    """What the scale of an item says; which options are favourable, the item may say itself."""
    if "options" in given:
        place.mistake("options", "scale and options", "give a scale or options, not both")
    own = [key for key in ("favourable", "favourable_words") if key in given]
    if len(own) == 1:
        place.mistake(own[0], "half a split", "favourable and favourable_words belong together: give both or neither")
    name = values.get("scale")
    if name is not None and name not in scales:
        known = f"there is {', '.join(scales)}" if scales else "there is none at all"
        place.mistake("scale", "unknown scale", f"there is no [scale.{name}]; {known}")
    scale = scales.get(name or "")
    if scale is None:
        return {}
    if values.get("favourable"):
        _split(values["favourable"], scale["options"], place)
    return {key: value for key, value in scale.items() if key not in own}


# What holds of the whole


def _asked(items: Sequence[_Entry]) -> Iterator[tuple[str, list[_Entry]]]:
    """The items of each role that is asked any."""
    for role in ROLES:
        asked = [entry for entry in items if role in entry.item.words]
        if asked:
            yield role, asked


def _gaps(items: Sequence[_Entry]) -> None:
    numbers = {entry.item.part for entry in items}
    gap = next(number for number in count(1) if number not in numbers)
    beyond = [entry for entry in items if entry.item.part > gap]
    if beyond:
        text = f"there is no part {gap}: parts are numbered 1, 2, 3"
        beyond[0].place.mistake("part", "parts with a gap", text)


def _sizes(items: Sequence[_Entry]) -> None:
    """Each part has to fit into a form."""
    for part in sorted({entry.item.part for entry in items}):
        for role, asked in _asked([entry for entry in items if entry.item.part == part]):
            sizes = accumulate(_bytes(entry.item, role) for entry in asked)
            fitting = min(ITEMS_IN_A_PART, sum(size <= BYTES_IN_A_PART for size in sizes))
            if fitting < len(asked):
                text = f"part {part} is too long for {role}: this item, and what follows it, does not fit into the form"
                asked[fitting].place.mistake("", "part too long", text)
                break


def _bytes(item: Item, role: str) -> int:
    """What an item takes in a form, at most."""
    typed = LONGEST_TEXT * BYTES_OF_A_CHARACTER if item.kind == "text" else 0
    options = sum(len(json.dumps(label)) + BYTES_AROUND_AN_OPTION for label in item.options)
    return BYTES_AROUND_AN_ITEM + len(json.dumps(item.words[role])) + options + typed


def _unasked(audience: tuple[str, ...], given: Sequence[Mapping[str, object]], place: _Place) -> None:
    """``given``: all items, also those with a mistake, which may ask whomever they do not leave out."""
    asked = [roles if isinstance(roles := entry.get("roles"), list) and roles else audience for entry in given]
    for role in audience:
        if not any(role in roles for roles in asked):
            place.mistake("audience", "asked nothing", f"{role} is in the audience, but no item is for {role}")


def _whole(values: Mapping[str, Any], items: Sequence[_Entry], place: _Place) -> None:
    """What a questionnaire may do, and nothing shorter: be told exactly, add up roles, go to controls."""
    audience: tuple[str, ...] = values.get("audience", ())
    for roles in values.get("rows", ()) if audience else ():
        for role in roles:
            if role not in audience:
                place.mistake("rows", "not in the audience", f"{role} is not in the audience")
    kind = values.get("kind", "questionnaire")
    if kind == "questionnaire":
        return
    if values.get("level") == "research":
        place.mistake("level", "research for another", "only the results of a questionnaire can be told exactly")
    if values.get("rows"):
        place.mistake("rows", "rows for another", "only a questionnaire has rows over several roles")
    if "control" in audience:
        text = f"controls are sent questionnaires and nothing else: leave them out of a {kind}"
        place.mistake("audience", "controls in another", text)
    if kind == "pulse":
        _pulse(items)


def _pulse(items: Sequence[_Entry]) -> None:
    """A pulse is short."""
    for role, asked in _asked(items):
        texts = [entry for entry in asked if entry.item.kind == "text"]
        questions = [entry for entry in asked if entry.item.kind != "text"]
        if len(questions) > QUESTIONS_IN_A_PULSE:
            text = f"{len(questions)} questions for {role}: a pulse has at most {QUESTIONS_IN_A_PULSE}"
            questions[QUESTIONS_IN_A_PULSE].place.mistake("", "pulse too long", text)
        if len(texts) > TEXTS_IN_A_PULSE:
            text = f"{len(texts)} free texts for {role}: a pulse has at most {TEXTS_IN_A_PULSE}"
            texts[TEXTS_IN_A_PULSE].place.mistake("", "pulse too long", text)
