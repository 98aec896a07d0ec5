"""What ``programme.toml`` says: each key is declared once, with how its value is read."""

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from bot.files.findings import Findings, Spot
from bot.files.keys import Key, NotRead, line_of_text, values_of
from bot.files.research_key import NoKey, public_key
from bot.files.toml_file import Document, flat
from bot.programme import cadence, rounds, waves
from bot.programme.quiet import NATIONS, QUIET_FROM, QUIET_UNTIL

REGIONS = {"england": "ENG", "wales": "WLS", "scotland": "SCT", "northern ireland": "NIR"}
"""What people write for the nations' codes."""
LONGEST_ADDRESS = 254
_ADDRESS = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.ASCII)
LEVELS = ("standard", "strict", "research")
"""The disclosure levels that a programme can have."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service that helps doctors, for a nation or the whole UK."""

    nation: str
    name: str
    reach: str
    checked_on: date


@dataclass(frozen=True, slots=True)
class Research:
    """Who gets a copy of the answers of those who agree to that: the outside evaluator with their institution, and
    their public key. ``retention_until``: the last day on which they may keep it."""

    ethics_reference: str
    evaluator: str
    evaluator_key: str
    retention_until: date


@dataclass(frozen=True, slots=True)
class Settings:
    """A programme, as its file describes it. The days are those of ``bot.programme.cadence``. From ``mentees_eligible``
    on: how many people there were at each step of the recruitment; None where nobody has said. From ``baseline_on`` on:
    from which day on each questionnaire opens, None for the usual day; and after which rounds mentors look back.
    ``named_at``: where its name stands, ``disclosure_at`` and ``research_at``: where these do."""

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
    mentees_eligible: int | None = None
    mentees_applied: int | None = None
    mentees_selected: int | None = None
    mentors_eligible: int | None = None
    mentors_applied: int | None = None
    mentors_selected: int | None = None
    controls_invited: int | None = None
    controls_volunteered: int | None = None
    baseline_on: date | None = None
    midpoint_on: date | None = None
    end_on: date | None = None
    follow_up_on: date | None = None
    reflections: str = rounds.WHEN[0]
    services: tuple[Service, ...] = ()
    research: Research | None = None
    named_at: Spot = field(default=Spot(""), compare=False)
    disclosure_at: Spot = field(default=Spot(""), compare=False)
    research_at: Spot = field(default=Spot(""), compare=False)


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
    if text not in LEVELS:
        raise NotRead("no such level", "{given!r} is none of {known}", given=text[:40], known=", ".join(LEVELS))
    return text


def _evaluator_key(value: object) -> str:
    text = line_of_text(value)
    try:
        public_key(text)
    except NoKey:
        raise NotRead(
            "no public key", 'this is no public key: "peermentor research new-key" makes one for the evaluator'
        ) from None
    return text


def _reflections(value: object) -> str:
    text = line_of_text(value).lower()
    if text not in rounds.WHEN:
        raise NotRead("unknown word", "{given!r} is none of {known}", given=text[:40], known=", ".join(rounds.WHEN))
    return text


_days = partial(whole_number, least=1, most=365)
_days_between_waves = partial(whole_number, least=28, most=365)
_hour = partial(whole_number, least=0, most=23)
_people = partial(whole_number, least=0, most=1_000_000)


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
    "recruitment.mentees_eligible": Key("mentees_eligible", _people, optional=True),
    "recruitment.mentees_applied": Key("mentees_applied", _people, optional=True),
    "recruitment.mentees_selected": Key("mentees_selected", _people, optional=True),
    "recruitment.mentors_eligible": Key("mentors_eligible", _people, optional=True),
    "recruitment.mentors_applied": Key("mentors_applied", _people, optional=True),
    "recruitment.mentors_selected": Key("mentors_selected", _people, optional=True),
    "recruitment.controls_invited": Key("controls_invited", _people, optional=True),
    "recruitment.controls_volunteered": Key("controls_volunteered", _people, optional=True),
    "questionnaires.baseline_on": Key("baseline_on", _day, optional=True),
    "questionnaires.midpoint_on": Key("midpoint_on", _day, optional=True),
    "questionnaires.end_on": Key("end_on", _day, optional=True),
    "questionnaires.follow_up_on": Key("follow_up_on", _day, optional=True),
    "questionnaires.reflections": Key("reflections", _reflections, rounds.WHEN[0]),
}
"""Every key of the file but those of ``[[support]]`` and ``[[als]]``."""

FEWER_AND_FEWER = (
    ("mentees_eligible", "mentees_applied", "mentees_selected"),
    ("mentors_eligible", "mentors_applied", "mentors_selected"),
    ("controls_invited", "controls_volunteered"),
)
"""The steps of the recruitment: each holds no more people than the one before."""

RESEARCH = {
    "ethics_reference": Key("ethics_reference", line_of_text),
    "evaluator": Key("evaluator", line_of_text),
    "evaluator_key": Key("evaluator_key", _evaluator_key),
    "retention_until": Key("retention_until", _day),
}
"""Every key of ``[research]``, which needs all of them or is left out."""

LISTS = ("support", "als")
"""The keys that are lists of tables, each written as ``[[support]]`` or ``[[als]]``."""
APART = (*LISTS, "research")
"""What is read apart from the other keys."""

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
    table = {name: value for name, value in document.table.items() if name not in APART}
    services = _services(document.table.get("support", []), document, findings)
    values = values_of(flat(table), KEYS, document, "", findings, tables=APART)
    starts_on, ends_on = values.get("starts_on"), values.get("ends_on")
    if starts_on and ends_on and ends_on <= starts_on:
        findings.mistake(document.of("ends_on"), "end before start", f"{ends_on} is not after the start, {starts_on}")
    research = _research(document, values, findings)
    for step, wrong in too_many(values):
        findings.mistake(document.of(f"recruitment.{step}"), wrong.kind, str(wrong))
    for name, wrong in wrong_days(values):
        findings.mistake(document.of(f"questionnaires.{name}"), wrong.kind, str(wrong))
    if findings.count > before or not document.whole:
        return None
    return Settings(
        **values,
        services=tuple(services),
        research=research,
        named_at=document.of("name"),
        disclosure_at=document.of("disclosure"),
        research_at=document.of("research"),
    )


def too_many(values: Mapping[str, Any]) -> Iterator[tuple[str, NotRead]]:
    """Each step of the recruitment at which there are more people than at one before it, and what is wrong with it."""
    for steps in FEWER_AND_FEWER:
        most = None
        for step in steps:
            count = values.get(step)
            if most is not None and count is not None and count > most:
                wrong = "{count} are more than the {most} of the step before"
                yield step, NotRead("too many", wrong, count=count, most=most)
            most = most if count is None else count


def wrong_days(values: Mapping[str, Any]) -> Iterator[tuple[str, NotRead]]:
    """Each chosen day of a questionnaire that cannot be kept, by its key, and what is wrong with it. Nothing is looked
    at before the days and the clock of the programme are known."""
    days = {name: values[f"{name}_on"] for name in waves.QUESTIONNAIRES if values.get(f"{name}_on")}
    known = [values.get(key) for key in ("starts_on", "ends_on", "time_zone", "region")]
    if not days or None in known or values["ends_on"] <= values["starts_on"]:
        return
    plan = waves.Plan(
        values["starts_on"], values["ends_on"], ZoneInfo(values["time_zone"]), values["region"], cadence.CHECK_IN, days
    )
    for name in waves.too_early(plan):
        yield (
            f"{name}_on",
            NotRead(
                "too early",
                "{day} is too early: questionnaires open within the programme, the last one after it, each {days} days "
                "or more after the one before",
                day=days[name],
                days=waves.APART.days,
            ),
        )
    if waves.ends_too_late(plan):
        wrong = "{day} is too late: it is open for two weeks, and closes before the last day of the programme"
        yield "end_on", NotRead("too late", wrong, day=days["end"])


def told_of(document: Document, name: str) -> Any:
    """The value of a key as far as it can be told, else the usual one or None: for what depends on it, where mistakes
    are told elsewhere."""
    key = KEYS[name]
    given = flat(document.table)
    if name in given:
        with contextlib.suppress(NotRead):
            return key.read(given[name])
    return key.usual


def _research(document: Document, settings: Mapping[str, Any], findings: Findings) -> Research | None:
    """What is planned of a research copy; None, perhaps with mistakes, where nothing is."""
    given = document.table.get("research")
    if given is None:
        return None
    if not isinstance(given, dict):
        findings.mistake(document.of("research"), "unknown key", "research is a table: begin it with [research]")
        return None
    values = values_of(flat(given), RESEARCH, document, "research.", findings)
    for name, wrong in why_no_copy(values.get("retention_until"), settings.get("disclosure"), settings.get("ends_on")):
        findings.mistake(document.of(name), wrong.kind, str(wrong))
    return Research(**values) if len(values) == len(RESEARCH) else None


def why_no_copy(
    retention_until: date | None, disclosure: str | None, ends_on: date | None
) -> Iterator[tuple[str, NotRead]]:
    """Why a research copy cannot be planned beside these settings: by the key that says so, what is wrong. What is not
    known is not looked at."""
    if disclosure and disclosure != "research":
        yield (
            "research",
            NotRead(
                "no research copy", "a research copy needs the disclosure research, at which people are asked for it"
            ),
        )
    if retention_until and ends_on and retention_until <= ends_on:
        yield (
            "research.retention_until",
            NotRead(
                "too soon",
                "{day} is not after the end of the programme, {ends_on}",
                day=retention_until,
                ends_on=ends_on,
            ),
        )


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
