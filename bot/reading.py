"""Reads what comes back from chats as text: ids in the subjects of buttons and due work, and what was typed."""

import re
from datetime import date, time

from bot.ui import Values
from storage.records import NotThere
from storage.work import about

__all__ = (
    "about",
    "id_in",
    "ids_about",
    "picked",
    "read_day",
    "read_line",
    "read_number",
    "read_time",
    "typed",
)

_ID = re.compile(r"[0-9]{1,9}", re.ASCII)
_ABOUT = re.compile(r"([0-9]{1,9})-([0-9]{1,9})", re.ASCII)
_YEAR_FIRST = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", re.ASCII)
_DAY_FIRST = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})", re.ASCII)
_TIME = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,9}", re.ASCII)


def id_in(subject: str) -> int:
    """The id that a subject is. Raises NotThere for anything else."""
    if not _ID.fullmatch(subject):
        raise NotThere("no id")
    return int(subject)


def ids_about(subject: str) -> tuple[int, int]:
    """The thing and the person that a subject made by ``about`` names. Raises NotThere for anything else."""
    found = _ABOUT.fullmatch(subject)
    if found is None:
        raise NotThere("no thing and person")
    return int(found[1]), int(found[2])


def typed(values: Values, name: str) -> str:
    """What was typed or picked in a field, without spaces around it; empty where it was left open."""
    value = values.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def picked(values: Values, name: str) -> tuple[str, ...]:
    """All that was picked in a field that takes several."""
    value = values.get(name, ())
    return value if isinstance(value, tuple) else ()


def read_day(text: str) -> date | None:
    """A day as ``2026-03-31`` or ``31/03/2026``; None where it cannot be read as one."""
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day = map(int, found.groups())
    elif found := _DAY_FIRST.fullmatch(text):
        day, month, year = map(int, found.groups())
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_time(text: str) -> time | None:
    """A time of day as ``17:30`` or ``9.15``; None where it cannot be read as one."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hour, minute = map(int, found.groups())
    return time(hour, minute) if hour < 24 and minute < 60 else None  # noqa: PLR2004 - hours and minutes


def read_line(text: str) -> str:
    """What was typed as one line, without characters that cannot be seen."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def read_number(text: str) -> int | None:
    """A whole number of at most nine digits; None where it cannot be read as one."""
    return int(text) if _NUMBER.fullmatch(text) else None
