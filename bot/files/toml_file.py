"""Reads what people write as TOML, with the place of each key, so that every mistake can be told with its line."""

import re
import tomllib
from dataclasses import dataclass
from typing import Any

from bot.files.findings import Findings, Spot
from bot.files.sheets import decoded

MOST_PASSED_OVER = 50
"""Lines that are no TOML, after which the rest of a file is not looked at."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.\s\"'-]+?)\s*\]")
_KEY = re.compile(r"\s*([\w.\s\"'-]+?)\s*=")
_WITHOUT_SECONDS = re.compile(r"^(\s*[\w.-]+\s*=\s*\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d)(?=\s*(?:#.*)?$|[Zz]|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Document:
    """A file as tables. ``places``: the line of each key and of each table's header; the entries of a list of tables
    are numbered from 0, as in ``als.0.session.2.place``. ``whole``: no line had to be passed over."""

    file: str
    lines: list[str]
    table: dict[str, Any]
    places: dict[str, int]
    whole: bool

    def of(self, key: str) -> Spot:
        """The line of a key, or of the nearest table that it would stand in."""
        around = key
        while around and around not in self.places:
            around = around.rpartition(".")[0]
        name = key.rpartition(".")[2]  # what is between quotation marks may be anything, and a terminal would obey it
        return Spot(self.file, self.places.get(around, 0), name if name.isprintable() else ascii(name))

    def of_text(self, key: str, text: str, occurrence: int = 0) -> Spot:
        """Where a text stands in the list that is a key's value: such a list may have a line for each."""
        at = self.of(key)
        for number in range(at.line or 1, len(self.lines) + 1):
            line = self.lines[number - 1]
            if number > at.line and (_HEADER.match(line) or _KEY.match(line)):
                break
            found = 0 if line.lstrip().startswith("#") else line.count(f'"{text}"') + line.count(f"'{text}'")
            if occurrence < found:
                return Spot(self.file, number, at.column)
            occurrence -= found
        return at


def read_toml(file: str, raw: bytes, findings: Findings) -> Document | None:
    """The file, as far as it is TOML; None, and a mistake, where it is no text. As in TOML 1.1, a time of day may be
    without seconds."""
    text = decoded(file, raw, findings)
    if text is None:
        return None
    lines = text.replace("\r\n", "\n").split("\n")
    before = findings.count
    table = _parsed(file, lines, findings)
    return Document(file, lines, table, _where_keys_stand(lines), whole=findings.count == before)


def flat(table: dict[str, Any], begin: str = "") -> dict[str, Any]:
    """The values of a table and of those within it, by the names of their keys with dots between."""
    values: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            values |= flat(value, f"{begin}{name}.")
        else:
            values[f"{begin}{name}"] = value
    return values


def _parsed(file: str, lines: list[str], findings: Findings) -> dict[str, Any]:
    """The file as tables. A line that is no TOML is a mistake and is passed over, so that the others are read."""
    given, lines = lines, [_WITHOUT_SECONDS.sub(r"\1:00", line) for line in lines]
    for _attempt in range(MOST_PASSED_OVER):
        try:
            return tomllib.loads("\n".join(lines))
        except RecursionError:
            findings.mistake(Spot(file), "no TOML", "brackets within brackets, far too deep")
            return {}
        except ValueError as error:
            found = re.search(r"(.*) \(at line (\d+), column (\d+)\)", str(error), re.DOTALL)
            if found is None:  # at the end of the document
                what = re.sub(r" \(at .*", "", str(error).splitlines()[0])[:80]
                findings.mistake(Spot(file, len(lines)), "no TOML", f"{what}; the file ends before that")
                return {}
            line = int(found[2])
            _tell(Spot(file, line, found[3]), found[1], given[line - 1], findings)
            lines[line - 1] = ""
    return {}


def _tell(at: Spot, what: str, line: str, findings: Findings) -> None:
    """Say what is wrong with a line that is no TOML; most often it is a day or a time that does not exist."""
    if found := re.match(r"[^=]*=\s*(\d+-[\d-]+)([Tt ]\d[\d:.]*)?", line):
        if found[2]:
            text = f"'{found[1]}{found[2]}' is no day with a time: write it like 2026-10-07 14:00"
            findings.mistake(at, "no time", text)
        else:
            findings.mistake(at, "no day", f"{found[1]!r} is no day: write it like 2026-09-01")
    else:
        findings.mistake(at, "no TOML", f"{' '.join(what.split())}: {line.strip()[:60]!r}")


def _where_keys_stand(lines: list[str]) -> dict[str, int]:
    where: dict[str, int] = {}
    entries: dict[str, int] = {}
    begin = ""
    for number, line in enumerate(lines, start=1):
        if found := _HEADER.match(line):
            name = re.sub(r"[\s\"']", "", found[2])
            path = _numbered(name, entries, is_entry=found[1] == "[[")
            begin = f"{path}."
            for called in (path, re.sub(r"\.\d+$", "", path), name):
                where.setdefault(called, number)
        elif found := _KEY.match(line):
            name = re.sub(r"[\s\"']", "", found[1])
            where.setdefault(f"{begin}{name}", number)
    return where


def _numbered(name: str, entries: dict[str, int], *, is_entry: bool) -> str:
    """The name of a table with the numbers of the entries that it stands in. ``entries``: the number of the last entry
    of each list so far."""
    path = ""
    parts = name.split(".")
    for depth, part in enumerate(parts, start=1):
        path = f"{path}.{part}" if path else part
        if is_entry and depth == len(parts):
            entries[path] = entries.get(path, -1) + 1
        if path in entries:
            path = f"{path}.{entries[path]}"
    return path
