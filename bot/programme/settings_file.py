"""What ``programme.toml`` says: each key is declared once, with how its value is read."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from bot.programme import cadence
from bot.programme.findings import Findings, Spot
from bot.programme.quiet import NATIONS, QUIET_FROM, QUIET_UNTIL
from bot.programme.sheets import decoded, tidy

REGIONS = {"england": "ENG", "wales": "WLS", "scotland": "SCT", "northern ireland": "NIR"}
"""What people write for the nations' codes."""
LONGEST_ADDRESS = 254
_ADDRESS = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.ASCII)
MOST_PASSED_OVER = 50
"""Lines that are no TOML, after which the rest of a file is not looked at."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service that helps doctors, for a nation or the whole UK."""

    nation: str
    name: str
    reach: str
    checked_on: date


@dataclass(frozen=True, slots=True)
class Settings:
    """A programme, as its file describes it. The days are those of ``bot.programme.cadence``. ``named_at``: where its
    name stands."""

    name: str
    starts_on: date
    ends_on: date
    time_zone: str
    region: str
    contact_name: str
    contact_email: str
    reminder_days: int
    first_date_days: int
    next_date_days: int
    quiet_from: int
    quiet_until: int
    services: tuple[Service, ...] = ()
    named_at: Spot = field(default=Spot(""), compare=False)


class NotRead(Exception):
    """A value that cannot be taken. ``kind``: a few words that others like it share; the text says what is right."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


# How values are read, in sheets, too


def line_of_text(value: object, most: int = 100) -> str:
    """A text of one line."""
    if not isinstance(value, str):
        raise NotRead("no text", f'{value!r} is no text: put it in quotation marks, like "this"')
    text = " ".join(value.split())
    if not text:
        raise NotRead("blank", "this is blank")
    if len(text) > most:
        raise NotRead("too long", f"{len(text)} characters are too many: at most {most}")
    if not text.isprintable():
        raise NotRead("unreadable character", "a character here cannot be read")
    return text


def address(value: object) -> str:
    """An e-mail address, in lower case."""
    text = line_of_text(value, LONGEST_ADDRESS).lower()
    if not is_address(text):
        raise NotRead("bad e-mail address", f"{text!r} is no e-mail address")
    return text


def is_address(text: str) -> bool:
    """Whether this is an e-mail address."""
    return len(text) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None


def zone(value: object) -> str:
    """The name of a time zone."""
    text = line_of_text(value)
    if not _is_zone(text):
        raise NotRead("unknown time zone", f"{text!r} is no time zone: write it like Europe/London")
    return text


@lru_cache(maxsize=1024)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return False
    return True


def region(value: object) -> str:
    """The code of a nation."""
    text = line_of_text(value)
    code = REGIONS.get(text.lower(), text.upper())
    if code not in NATIONS:
        raise NotRead("unknown region", f"{text!r} is none of {', '.join(REGIONS.values())}")
    return code


def _nation(value: object) -> str:
    return "UK" if value == "UK" else region(value)


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise NotRead("no day", f"{str(value)[:40]!r} is no day: write it like 2026-09-01") from None


def _number(value: object, *, least: int, most: int, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise NotRead("no such number", f"{str(value)[:40]} is no {what}: give a whole number from {least} to {most}")
    return value


_days = partial(_number, least=1, most=365, what="number of days")
_hour = partial(_number, least=0, most=23, what="hour")


# What can be said


@dataclass(frozen=True, slots=True)
class Key:
    """A key. ``field``: what it fills in ``Settings``. ``usual``: what holds where it is left out; None where it may
    not be."""

    field: str
    read: Callable[[object], Any]
    usual: Any = None


KEYS = {
    "name": Key("name", line_of_text),
    "starts_on": Key("starts_on", _day),
    "ends_on": Key("ends_on", _day),
    "time_zone": Key("time_zone", zone, "Europe/London"),
    "region": Key("region", region, "ENG"),
    "contact.name": Key("contact_name", line_of_text),
    "contact.email": Key("contact_email", address),
    "cadence.reminder_days": Key("reminder_days", _days, cadence.REMINDER_OF_WELCOME),
    "cadence.first_date_days": Key("first_date_days", _days, cadence.FIRST_LOOK_FOR_A_DATE),
    "cadence.next_date_days": Key("next_date_days", _days, cadence.NEXT_LOOK_FOR_A_DATE),
    "quiet_hours.from": Key("quiet_from", _hour, QUIET_FROM),
    "quiet_hours.until": Key("quiet_until", _hour, QUIET_UNTIL),
}
"""Every key of the file but those of ``[[support]]``."""

SUPPORT = {
    "nation": Key("nation", _nation),
    "name": Key("name", line_of_text),
    "reach": Key("reach", line_of_text),
    "checked_on": Key("checked_on", _day),
}
"""Every key of a ``[[support]]``."""


def read_settings(file: str, raw: bytes, findings: Findings) -> Settings | None:
    """The programme; None, and mistakes, where the file does not say all of it."""
    text = decoded(file, raw, findings)
    if text is None:
        return None
    before = len(findings.mistakes)
    lines = text.replace("\r\n", "\n").split("\n")
    table = _parsed(file, lines, findings)
    where = _Places(file, _where_keys_stand(lines))
    services = _services(table.pop("support", []), where, findings)
    values = _values(_flat(table), KEYS, where, "", findings)
    starts_on, ends_on = values.get("starts_on"), values.get("ends_on")
    if starts_on and ends_on and ends_on <= starts_on:
        findings.mistake(where.of("ends_on"), "end before start", f"{ends_on} is not after the start, {starts_on}")
    if len(findings.mistakes) > before:
        return None
    return Settings(**values, services=tuple(services), named_at=where.of("name"))


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the keys of a file stand."""

    file: str
    lines: dict[str, int]

    def of(self, key: str) -> Spot:
        """The line of a key, or of the table that it would stand in."""
        table, _, name = key.rpartition(".")
        return Spot(self.file, self.lines.get(key) or self.lines.get(table, 0), name)


def _values(
    given: dict[str, object], keys: dict[str, Key], where: _Places, begin: str, findings: Findings
) -> dict[str, Any]:
    """The value of each field; keys that are unknown, missing or cannot be read are mistakes. ``begin``: what stands
    before these keys in ``where``."""
    values: dict[str, Any] = {}
    for name in given.keys() - keys.keys():
        text = f"this key is not known; the known ones are {', '.join(keys)}"
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
        elif begin + name not in where.lines:  # where it stands and was not understood, that is said already
            findings.mistake(where.of(begin + name), "missing key", f"{name} is missing")
    return values


def _services(given: object, where: _Places, findings: Findings) -> list[Service]:
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        findings.mistake(where.of("support"), "unknown key", "support is a list: begin each entry with [[support]]")
        return []
    services: dict[tuple[str, str], Service] = {}
    for number, entry in enumerate(given):
        begin = f"support.{number}."
        values = _values(_flat(entry), SUPPORT, where, begin, findings)
        if len(values) < len(SUPPORT):
            continue
        service = Service(**values)
        if (service.nation, service.name) in services:
            text = f"{service.name!r} is there twice for {service.nation}"
            findings.mistake(where.of(f"{begin}name"), "service twice", text)
        services[service.nation, service.name] = service
    return list(services.values())


def _parsed(file: str, lines: list[str], findings: Findings) -> dict[str, Any]:
    """The file as tables. A line that is no TOML is a mistake and is passed over, so that the others are read."""
    lines = list(lines)
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
            _tell(Spot(file, line, found[3]), found[1], lines[line - 1], findings)
            lines[line - 1] = ""
    return {}


def _tell(at: Spot, what: str, line: str, findings: Findings) -> None:
    """Say what is wrong with a line that is no TOML; most often it is a day that does not exist."""
    if found := re.match(r"[^=]*=\s*(\d+-[\d-]+)", line):
        findings.mistake(at, "no day", f"{found[1]!r} is no day: write it like 2026-09-01")
    else:
        findings.mistake(at, "no TOML", f"{' '.join(what.split())}: {line.strip()[:60]!r}")


def _where_keys_stand(lines: list[str]) -> dict[str, int]:
    """The line of each key, and of each table's header; the entries of ``[[support]]`` are numbered from 0."""
    where: dict[str, int] = {}
    begin, entries = "", -1
    for number, line in enumerate(lines, start=1):
        if found := re.match(r"\s*(\[\[?)\s*([\w.\s-]+?)\s*\]", line):
            begin = f"{found[2]}."
            if found[1] == "[[":
                entries += 1
                begin += f"{entries}."
            where.setdefault(begin.removesuffix("."), number)
            where.setdefault(found[2], number)
        elif found := re.match(r"\s*([\w.\s\"'-]+?)\s*=", line):
            name = re.sub(r"[\s\"']", "", found[1])
            where.setdefault(f"{begin}{name}", number)
    return where


def _flat(table: dict[str, Any], begin: str = "") -> dict[str, Any]:
    """The values of a table and of those within it, by the names of their keys with dots between."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{begin}{name}.")
        else:
            flat[f"{begin}{name}"] = value
    return flat
