"""What ``programme.toml`` says: each key is declared once, with how its value is read."""

import contextlib
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from bot.files.findings import Findings, Spot
from bot.files.keys import Key, NotRead, line_of_text, values_of
from bot.files.toml_file import Document, flat
from bot.programme import cadence
from bot.programme.quiet import NATIONS, QUIET_FROM, QUIET_UNTIL

REGIONS = {"england": "ENG", "wales": "WLS", "scotland": "SCT", "northern ireland": "NIR"}
"""What people write for the nations' codes."""
LONGEST_ADDRESS = 254
_ADDRESS = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.ASCII)
LEVELS = ("standard", "strict")
"""The disclosure levels that a programme can have."""


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
    disclosure: str
    reminder_days: int
    first_date_days: int
    next_date_days: int
    check_in_days: int
    quiet_from: int
    quiet_until: int
    services: tuple[Service, ...] = ()
    named_at: Spot = field(default=Spot(""), compare=False)


# How values are read, in sheets, too


def address(value: object) -> str:
    """An e-mail address, in lower case."""
    text = line_of_text(value, LONGEST_ADDRESS).lower()
    if not is_address(text):
        raise NotRead("bad e-mail address", "{given!r} is no e-mail address", given=text)
    return text


def is_address(text: str) -> bool:
    """Whether this is an e-mail address."""
    return len(text) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None


def zone(value: object) -> str:
    """The name of a time zone."""
    text = line_of_text(value)
    if not _is_zone(text):
        raise NotRead("unknown time zone", "{given!r} is no time zone: write it like Europe/London", given=text)
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
        raise NotRead("unknown region", "{given!r} is none of {known}", given=text, known=", ".join(REGIONS.values()))
    return code


def _nation(value: object) -> str:
    return "UK" if value == "UK" else region(value)


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        given = str(value)[:40]
        raise NotRead("no day", "{given!r} is no day: write it like 2026-09-01", given=given) from None


def whole_number(value: object, *, least: int, most: int) -> int:
    """A number from ``least`` to ``most``."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        given = str(value)[:40]
        raise NotRead(
            "no such number",
            "{given} is not a whole number from {least} to {most}",
            given=given,
            least=least,
            most=most,
        )
    return value


def _level(value: object) -> str:
    text = line_of_text(value).lower()
    if text == "research":
        raise NotRead(
            "no such level",
            "the level research needs questionnaires, and there are none yet: choose standard or strict",
        )
    if text not in LEVELS:
        raise NotRead("no such level", "{given!r} is none of {known}", given=text[:40], known=", ".join(LEVELS))
    return text


_days = partial(whole_number, least=1, most=365)
_days_between_waves = partial(whole_number, least=28, most=365)
_hour = partial(whole_number, least=0, most=23)


# What can be said


KEYS = {
    "name": Key("name", line_of_text),
    "starts_on": Key("starts_on", _day),
    "ends_on": Key("ends_on", _day),
    "time_zone": Key("time_zone", zone, "Europe/London"),
    "region": Key("region", region, "ENG"),
    "contact.name": Key("contact_name", line_of_text),
    "contact.email": Key("contact_email", address),
    "disclosure": Key("disclosure", _level, LEVELS[0]),
    "cadence.reminder_days": Key("reminder_days", _days, cadence.REMINDER_OF_WELCOME),
    "cadence.first_date_days": Key("first_date_days", _days, cadence.FIRST_LOOK_FOR_A_DATE),
    "cadence.next_date_days": Key("next_date_days", _days, cadence.NEXT_LOOK_FOR_A_DATE),
    "cadence.check_in_days": Key("check_in_days", _days_between_waves, cadence.CHECK_IN),
    "quiet_hours.from": Key("quiet_from", _hour, QUIET_FROM),
    "quiet_hours.until": Key("quiet_until", _hour, QUIET_UNTIL),
}
"""Every key of the file but those of ``[[support]]`` and ``[[als]]``."""

LISTS = ("support", "als")
"""The keys that are lists of tables, each written as ``[[support]]`` or ``[[als]]``."""

SUPPORT = {
    "nation": Key("nation", _nation),
    "name": Key("name", line_of_text),
    "reach": Key("reach", line_of_text),
    "checked_on": Key("checked_on", _day),
}
"""Every key of a ``[[support]]``."""


def read_settings(document: Document, findings: Findings) -> Settings | None:
    """The programme; None, and mistakes, where the file does not say all of it."""
    before = findings.count
    table = {name: value for name, value in document.table.items() if name not in LISTS}
    services = _services(document.table.get("support", []), document, findings)
    values = values_of(flat(table), KEYS, document, "", findings, tables=LISTS)
    starts_on, ends_on = values.get("starts_on"), values.get("ends_on")
    if starts_on and ends_on and ends_on <= starts_on:
        findings.mistake(document.of("ends_on"), "end before start", f"{ends_on} is not after the start, {starts_on}")
    if findings.count > before or not document.whole:
        return None
    return Settings(**values, services=tuple(services), named_at=document.of("name"))


def told_of(document: Document, name: str) -> Any:
    """The value of a key as far as it can be told, else the usual one or None: for what depends on it, where mistakes
    are told elsewhere."""
    key = KEYS[name]
    given = flat(document.table)
    if name in given:
        with contextlib.suppress(NotRead):
            return key.read(given[name])
    return key.usual


def _services(given: object, where: Document, findings: Findings) -> list[Service]:
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        findings.mistake(where.of("support"), "unknown key", "support is a list: begin each entry with [[support]]")
        return []
    services: dict[tuple[str, str], Service] = {}
    for number, entry in enumerate(given):
        begin = f"support.{number}."
        values = values_of(flat(entry), SUPPORT, where, begin, findings)
        if len(values) < len(SUPPORT):
            continue
        service = Service(**values)
        if (service.nation, service.name) in services:
            text = f"{service.name!r} is there twice for {service.nation}"
            findings.mistake(where.of(f"{begin}name"), "service twice", text)
        services[service.nation, service.name] = service
    return list(services.values())
