"""Takes the facts out of the database: counts without names, and the ledger."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from itertools import groupby
from zoneinfo import ZoneInfo

from bot.programme.pairs import is_complete
from bot.programme.waves import QUESTIONNAIRES, usual_day
from bot.report.facts import About, Asked, Attendance, Facts, Pairs, Part, Recruitment
from bot.surveys.instrument import ROLES, as_declared
from bot.surveys.loading import all_instruments
from bot.surveys.release import from_ledger
from storage.records import PairTally, Programme, SessionTally, Wave
from storage.unit_of_work import UnitOfWork


def facts_of(programme: Programme, uow: UnitOfWork) -> Facts:
    """All that the report of a programme is made of, as it is now."""
    zone = ZoneInfo(programme.time_zone)
    parts = {tally.role: tally for tally in uow.tallies.parts(programme.id)}
    waves = sorted(
        (*uow.waves.closed(programme.id), *uow.waves.are_under_way(programme.id)),
        key=lambda wave: (wave.closes_at, wave.opens_at, wave.name, wave.level),
    )
    today = uow.now.astimezone(zone).date()
    unopened = dict(_unopened(programme, {wave.name for wave in waves}))
    return Facts(
        about=About(
            programme.name,
            programme.starts_on,
            programme.ends_on,
            programme.disclosure,
            programme.contact_name,
            programme.contact_email,
        ),
        made_on=today,
        recruitment=Recruitment(
            **{name: getattr(programme, name) for name in Recruitment.__struct_fields__},
        ),
        parts=tuple(
            Part(role, parts[role].listed, parts[role].joined, parts[role].left) for role in ROLES if role in parts
        ),
        pairs=_pairs(uow.tallies.pairs(programme.id), programme, zone),
        sessions=_sessions(uow.tallies.sessions(programme.id)),
        waves=tuple(_asked(wave, waves, zone, uow) for wave in waves),
        to_come=tuple(title for title, day in unopened.items() if day >= today),
        left_out=tuple(title for title, day in unopened.items() if day < today),
    )


def _pairs(tallies: Sequence[PairTally], programme: Programme, zone: ZoneInfo) -> Pairs:
    ended = Counter(
        tally.end_reason
        for tally in tallies
        if tally.ended_at and not is_complete(tally.ended_at.astimezone(zone).date(), programme.ends_on)
    )
    return Pairs(tuple(tally.meetings for tally in tallies), dict(sorted(ended.items())))


def _sessions(tallies: Sequence[SessionTally]) -> tuple[Attendance, ...]:
    """The first session of each set together, the second, and so on."""
    by_number: dict[int, list[SessionTally]] = {}
    for _set_id, held in groupby(tallies, key=lambda tally: tally.set_id):
        for number, session in enumerate(held, start=1):
            by_number.setdefault(number, []).append(session)
    return tuple(
        Attendance(number, len(held), sum(each.came for each in held), sum(each.members for each in held))
        for number, held in sorted(by_number.items())
    )


def _asked(wave: Wave, waves: Sequence[Wave], zone: ZoneInfo, uow: UnitOfWork) -> Asked:
    entry = uow.ledger.of_wave(wave.id)
    return Asked(
        key=_key(wave, waves, zone),
        instrument=as_declared(wave.instrument),
        level=wave.level,
        opened_on=wave.opens_at.astimezone(zone).date(),
        closes_on=wave.closes_at.astimezone(zone).date(),
        release=from_ledger(entry.body) if entry else None,
    )


def _key(wave: Wave, waves: Sequence[Wave], zone: ZoneInfo) -> str:
    """The instrument and the day of the opening; of two that opened together, the level, too."""
    beside = [other for other in waves if other.name == wave.name and other.opens_at == wave.opens_at]
    level = f"-{wave.level}" if len(beside) > 1 else ""
    return f"{wave.name}-{wave.opens_at.astimezone(zone):%Y-%m-%d}{level}"


def _unopened(programme: Programme, opened: Collection[str]) -> Iterator[tuple[str, date]]:
    """The titles of the questionnaires that have not been opened, and from which day on they were to be."""
    for name in QUESTIONNAIRES:
        instrument = all_instruments().get(name)
        if instrument is not None and name not in opened:
            chosen: date | None = getattr(programme, f"{name}_on")
            day = chosen or usual_day(programme.starts_on, programme.ends_on, name)
            yield ", ".join(dict.fromkeys(instrument.title.values())), day
