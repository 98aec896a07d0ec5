"""Every word that a person reads goes through here: gettext with an English source, and dates as people say them."""

import gettext
from contextvars import ContextVar
from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time

LOCALE = "en_GB"

translation: ContextVar[gettext.NullTranslations] = ContextVar(
    "translation",
    default=gettext.NullTranslations(),  # noqa: B039 - stateless: it returns its argument
)


def _(text: str) -> str:
    """The text in the reader's language."""
    return translation.get().gettext(text)


def ngettext(one: str, many: str, count: int) -> str:
    """The text in the reader's language, in the form that the number asks for."""
    return translation.get().ngettext(one, many, count)


def marked(text: str) -> str:
    """Mark a text for the catalogue where it is declared; it is translated where it is used, with ``_``."""
    return text


def said_day(day: date) -> str:
    """A day of the year around today as people say it: ``Tuesday 3 March``."""
    return format_date(day, "EEEE d MMMM", locale=LOCALE)


def said_date(day: date) -> str:
    """A day with its year: ``3 March 2026``."""
    return format_date(day, "d MMMM y", locale=LOCALE)


def said_month(day: date) -> str:
    """A month as people say it: ``March 2026``."""
    return format_date(day, "MMMM y", locale=LOCALE)


def said_time(at: time) -> str:
    """A time of day as people say it: ``08:00``."""
    return format_time(at, "HH:mm", locale=LOCALE)


@lru_cache(1024)
def said_moment(moment: datetime, zone: ZoneInfo) -> str:
    """A moment in the reader's own zone: ``Tuesday 3 March at 09:00``."""
    return format_datetime(moment.astimezone(zone), "EEEE d MMMM 'at' HH:mm", locale=LOCALE)
