"""A programme of one's own, played: the files that ``peermentor programme import`` takes, with everybody on a
stand-in."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import count
from pathlib import Path

from bot import importing
from bot.importing import BadFiles, Files, Said
from bot.playground.example import ExamplePerson, account_of
from bot.playground.scenarios import Scenario
from bot.programme.people_files import Listed, PeopleList
from bot.programme.settings_file import Settings
from storage.records import Account
from storage.unit_of_work import Database

MORNING = time(6, tzinfo=UTC)
"""When the clock starts on the programme's first day."""


def scenario_in(directory: Path) -> Scenario:
    """The programme of ``programme.toml``, ``people.csv`` and, where there is one, ``pairs.csv`` in a directory.

    Accounts on the list say which platform somebody is on, and are left alone otherwise: everybody gets one on a
    stand-in, those on no platform by turns. Raises OSError where a file cannot be read, and BadFiles with all mistakes.
    """
    pairs = directory / "pairs.csv"
    files = Files.at(directory / "programme.toml", directory / "people.csv", pairs if pairs.exists() else None)
    said = importing.read(files)
    if said.settings is None or said.people is None or said.findings.mistakes:
        raise BadFiles(said.findings.mistakes, said.findings.warnings)
    people = _on_stand_ins(said.people)
    return _scenario(replace(said, people=people), said.settings, people.people)


def _scenario(said: Said, settings: Settings, everybody: list[Listed]) -> Scenario:
    starts = datetime.combine(settings.starts_on, MORNING)

    async def load(database: Database) -> int:
        await importing.carry_out(said, database, clock=lambda: starts)
        return await database.run(lambda uow: uow.programmes.mark_as_demo(), starts)

    return Scenario(
        name="own",
        title=settings.name,
        about=f"your own files: {len(everybody)} people",
        people=[_person(listed) for listed in everybody],
        load=load,
        pairs=[(pair.mentor, pair.mentee) for pair in said.pairs or ()],
        starts=starts,
        lasts=timedelta(days=(settings.ends_on - settings.starts_on).days + 1),
    )


def _on_stand_ins(people: PeopleList) -> PeopleList:
    turns = count()
    numbered = enumerate(people.people)
    return replace(people, people=[replace(who, accounts=(_account(who, number, turns),)) for number, who in numbered])


def _account(listed: Listed, number: int, turns: Iterator[int]) -> tuple[str, str, str]:
    platforms = {platform for platform, _tenant, _user in listed.accounts}
    account = account_of(number, on_slack="slack" in platforms or (not platforms and next(turns) % 2 == 0))
    return account.platform, account.tenant, account.user


def _person(listed: Listed) -> ExamplePerson:
    duties = sorted(listed.duties)
    return ExamplePerson(
        account=Account(*listed.accounts[0]),
        name=listed.name,
        email=listed.email,
        part=listed.role or duties[0],
        organisation=listed.organisation,
        grade=listed.grade,
        profile=listed.profile,
        region=listed.region,
        duties=listed.duties,
    )
