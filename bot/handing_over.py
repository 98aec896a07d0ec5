"""Handing over the research copy: once, to a file that only the outside evaluator can open. What is handed over is
deleted here, together with the secret that tied it to people.

The file is text: its format, then the sealed manifest, then the sealed copies, a line each, in an order that says
nothing. Killed before the file is whole, it can be done again; killed between that and the note of it here, to a
file of another name; killed afterwards, the bot goes on with the deleting.
"""

import asyncio
import os
from base64 import b64encode
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.copies import waves_of
from bot.files.research_key import public_key
from bot.surveys.instrument import ROLES, Instrument, as_declared
from bot.surveys.release import Release, from_ledger
from bot.surveys.research import (
    FEWEST,
    FORMAT,
    Asked,
    Manifest,
    kept,
    pseudonym,
    sealed_manifest,
    tag_of_copy,
    version_of,
    wave_name,
)
from storage.records import Programme, ResearchPlan, Wave
from storage.unit_of_work import Database, UnitOfWork

LAST = "end"
"""The questionnaire at the end: before it has closed, people can still take back, and most is missing."""
AT_ONCE = 500
"""Copies that one transaction reads or deletes: it lasts well below 200 ms."""
TAGS_AT_ONCE = 10_000
ONLY_OWNER = 0o600


class CannotHandOver(Exception):
    """Why nothing is handed over; nothing has changed."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What was handed over: to whom, and the copies of how many people; how many more had agreed and were left out."""

    evaluator: str
    people: int
    left_out: int


@dataclass(frozen=True, slots=True)
class _Held:
    """All that there is at the moment of handing over, but the copies. ``releases``: of each wave, by its id."""

    programme: Programme
    plan: ResearchPlan
    day: date
    secret: bytes
    waves: list[tuple[Wave, Instrument]]
    releases: dict[int, Release]


async def hand_over(name: str, out: Path, database: Database, clock: Callable[[], datetime]) -> HandedOver:
    """Write the research copy of a programme to a new file, and forget it here. Raises CannotHandOver, DatabaseGone,
    and OSError where the file cannot be written."""
    if database.is_new():
        raise CannotHandOver("there is no programme in the database")
    with _new_file(out) as (file, finish):
        held = await database.run(partial(_begin, name), clock())
        programme_id = held.programme.id
        try:
            person_ids = await database.run(partial(_person_ids, programme_id), clock())
            there = await _all_tags(programme_id, database, clock)
            manifest, tags = await asyncio.to_thread(_what_goes, held, person_ids, there)
            _write(file, [sealed_manifest(manifest, public_key(held.plan.evaluator_key))])
            for some in _in_parts(sorted(tags)):
                _write(file, await database.run(partial(_boxes, programme_id, some), clock()))
            finish()
        except (CannotHandOver, OSError):
            await database.run(lambda uow: uow.research.advance(programme_id, "open"), clock())
            raise
    await database.run(partial(_end, held), clock())
    while await database.run(lambda uow: uow.research.drop_some(programme_id, AT_ONCE), clock()):
        pass
    await database.scrub()
    await database.run(lambda uow: uow.research.secret.destroy(programme_id), clock())
    return HandedOver(held.plan.evaluator, manifest.people, manifest.left_out)


def _begin(name: str, uow: UnitOfWork) -> _Held:
    """Take nothing more and give nothing back from now on; what there is. Raises CannotHandOver."""
    programme = uow.programmes.current()
    if programme is None or programme.name != name:
        raise CannotHandOver(f"there is no programme {name!r}" + (f", but {programme.name!r}" if programme else ""))
    plan = uow.research.plan(programme.id)
    day = uow.now.astimezone(ZoneInfo(programme.time_zone)).date()
    if plan is None:
        raise CannotHandOver("no research copy is planned in this programme")
    if plan.ended_on is not None:
        how = "handed over" if plan.state == "handed_over" else "destroyed, because its time was over,"
        raise CannotHandOver(f"the research copy was {how} on {plan.ended_on}")
    if day > plan.retention_until:
        raise CannotHandOver(f"it could be kept until {plan.retention_until} only")
    waves = [(wave, as_declared(wave.instrument)) for wave in waves_of(programme.id, uow)]
    releases = _releases(waves, uow)
    secret = uow.research.secret.get(programme.id)
    if not secret:
        raise CannotHandOver("nobody has agreed to be in the research copy, or its secret is lost")
    uow.research.advance(programme.id, "closing")
    return _Held(programme, plan, day, secret, waves, releases)


def _releases(waves: Sequence[tuple[Wave, Instrument]], uow: UnitOfWork) -> dict[int, Release]:
    """What each wave let out, by its id. Raises CannotHandOver while people can still take back what they sent."""
    entries = {wave.id: uow.ledger.of_wave(wave.id) for wave, _instrument in waves}
    releases = {wave_id: from_ledger(entry.body) for wave_id, entry in entries.items() if entry is not None}
    if not any(instrument.id == LAST and wave.id in releases for wave, instrument in waves):
        raise CannotHandOver("the questionnaire at the end has not closed yet: until then people can take back")
    if len(releases) < len(waves):
        raise CannotHandOver("a questionnaire is open or closing: until then people can take back")
    return releases


def _person_ids(programme_id: int, uow: UnitOfWork) -> list[int]:
    return [part.person.id for part in uow.people.participants(programme_id)]


async def _all_tags(programme_id: int, database: Database, clock: Callable[[], datetime]) -> set[bytes]:
    """Under what all copies lie, read in parts."""
    found: set[bytes] = set()
    last = b""
    while some := await database.run(partial(_some_tags, programme_id, last), clock()):
        found.update(some)
        last = some[-1]
    return found


def _some_tags(programme_id: int, after: bytes, uow: UnitOfWork) -> list[bytes]:
    return uow.research.tags(programme_id, after=after, limit=TAGS_AT_ONCE)


def _boxes(programme_id: int, tags: list[bytes], uow: UnitOfWork) -> list[bytes]:
    return uow.research.boxes(programme_id, tags)


def _end(held: _Held, uow: UnitOfWork) -> None:
    """The copy is in the evaluator's file. Should this process go no further, the bot deletes what is left."""
    uow.research.advance(held.programme.id, "handed_over", held.day)
    uow.due.add("research_end", str(held.programme.id), uow.now)


def _what_goes(held: _Held, person_ids: Sequence[int], there: Collection[bytes]) -> tuple[Manifest, set[bytes]]:
    """What the file says of itself, and the tags of the copies that go into it. Raises CannotHandOver."""
    owners = {
        tag: (person_id, wave_id, role) for tag, person_id, wave_id, role in _tags(held, person_ids) if tag in there
    }
    pseudonyms = {person_id: pseudonym(held.secret, person_id) for person_id, _wave, _role in owners.values()}
    rows = [
        (row.n, {person_id for person_id, wave, role in owners.values() if wave == wave_id and role in row.roles})
        for wave_id, release in held.releases.items()
        for row in release.rows
    ]
    people = kept(rows, pseudonyms)
    if len(people) < FEWEST:
        raise CannotHandOver(
            f"the copies of {len(people)} people could be handed over, of {len(pseudonyms)} who agreed and answered: "
            f"fewer than {FEWEST} could be recognised, and so could those who said no, by subtraction"
        )
    tags = {tag for tag, (person_id, _wave, _role) in owners.items() if person_id in people}
    wave_ids = {wave_id for tag, (_person, wave_id, _role) in owners.items() if tag in tags}
    manifest = Manifest(
        programme=held.programme.name,
        ethics_reference=held.plan.ethics_reference,
        evaluator=held.plan.evaluator,
        retention_until=held.plan.retention_until,
        made_on=held.day,
        people=len(people),
        left_out=len(pseudonyms) - len(people),
        waves=tuple(
            Asked(
                wave=wave_name(instrument.id, held.releases[wave.id].opened_on),
                opened_on=held.releases[wave.id].opened_on,
                closed_on=held.releases[wave.id].closed_on,
                version=version_of(instrument),
                instrument=instrument,
            )
            for wave, instrument in held.waves
            if wave.id in wave_ids
        ),
    )
    return manifest, tags


def _tags(held: _Held, person_ids: Sequence[int]) -> Iterator[tuple[bytes, int, int, str]]:
    """Every tag that there can be, and whose it is."""
    for wave, instrument in held.waves:
        for role in ROLES:
            for part in instrument.parts_for(role):
                for person_id in person_ids:
                    yield tag_of_copy(held.secret, person_id, wave.id, part, role), person_id, wave.id, role


@contextmanager
def _new_file(out: Path) -> Iterator[tuple[TextIO, Callable[[], None]]]:
    """A file that only its owner can read, and what makes it whole: until then it is not there. Raises CannotHandOver
    for a file that is there already."""
    if out.exists():
        raise CannotHandOver(
            f"{out} is there already, and may be all that there is of a copy: keep it, and give another name. If the "
            "first was not noted here as handed over, the second one has everything that is in it"
        )
    half = out.with_name(f"{out.name}.part")
    half.unlink(missing_ok=True)
    with open(half, "w", encoding="ascii", opener=lambda path, flags: os.open(path, flags, ONLY_OWNER)) as file:

        def finish() -> None:
            file.flush()
            os.fsync(file.fileno())
            half.replace(out)

        try:
            file.write(f"{FORMAT}\n")
            yield file, finish
        finally:
            half.unlink(missing_ok=True)


def _write(file: TextIO, boxes: Sequence[bytes]) -> None:
    file.writelines(f"{b64encode(box).decode()}\n" for box in boxes)


def _in_parts(tags: Sequence[bytes]) -> Iterator[list[bytes]]:
    left = iter(tags)
    while some := list(islice(left, AT_ONCE)):
        yield some
