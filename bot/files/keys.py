"""The keys of what people write as TOML: each is declared once, with how its value is read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.files.findings import Findings
from bot.files.sheets import tidy
from bot.files.toml_file import Document


class NotRead(Exception):
    """A value that cannot be taken. ``kind``: a few words that others like it share. ``template`` says what is right,
    with the names of ``values`` in braces: chats translate it, and so the catalogue collects it where it is raised."""

    def __init__(self, kind: str, template: str, **values: object) -> None:
        super().__init__(template.format(**values) if values else template)
        self.kind = kind
        self.template = template
        self.values = values


def line_of_text(value: object, most: int = 100) -> str:
    """A text of one line."""
    if not isinstance(value, str):
        raise NotRead("no text", '{given!r} is no text: put it in quotation marks, like "this"', given=value)
    text = " ".join(value.split())
    if not text:
        raise NotRead("blank", "this is blank")
    if len(text) > most:
        raise NotRead("too long", "{count} characters are too many: at most {most}", count=len(text), most=most)
    if not text.isprintable():
        raise NotRead("unreadable character", "a character here cannot be read")
    return text


@dataclass(frozen=True, slots=True)
class Key:
    """A key. ``field``: what it fills. ``usual``: what holds where it is left out; None where it may
    not be. ``optional``: it may be left out, and then fills nothing."""

    field: str
    read: Callable[[object], Any]
    usual: Any = None
    optional: bool = False


def values_of(
    given: Mapping[str, object],
    keys: Mapping[str, Key],
    where: Document,
    begin: str,
    findings: Findings,
    *,
    tables: Sequence[str] = (),
) -> dict[str, Any]:
    """The value of each field; keys that are unknown, missing or cannot be read are mistakes. ``begin``: what stands
    before these keys in ``where``. ``tables``: what else may stand beside them, and is read elsewhere."""
    values: dict[str, Any] = {}
    for name in given.keys() - keys.keys():
        text = f"this key is not known; the known ones are {', '.join((*keys, *tables))}"
        findings.mistake(where.of(begin + name), "unknown key", text)
    for name, key in keys.items():
        if name in given:
            try:
                value = given[name]
                values[key.field] = key.read(tidy(value) if isinstance(value, str) else value)
            except NotRead as error:
                findings.mistake(where.of(begin + name), error.kind, str(error))
        elif key.usual is not None:
            values[key.field] = key.usual
        elif not key.optional and begin + name not in where.places:  # what was not understood is told already
            findings.mistake(where.of(begin + name), "missing key", f"{name} is missing")
    return values
