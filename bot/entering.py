"""Puts into the database what files and forms say of a programme and its people, in the words of
``bot.programme.plan``; and tells in these words what is there. What follows from it is for conversations to see."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from bot.programme.people_files import Listed
from bot.programme.plan import Changed, Stored
from bot.programme.settings_file import Research, Service, Settings
from storage.records import Account, Entry, Newcomer, Programme, SupportService
from storage.unit_of_work import UnitOfWork

NOT_IN_PROGRAMME = frozenset({"services", "research", "named_at", "disclosure_at", "research_at"})
"""What of the settings is no field of the programme."""


def today_in(programme: Programme, uow: UnitOfWork) -> date:
    """The programme's own day."""
    return uow.now.astimezone(ZoneInfo(programme.time_zone)).date()


# The programme


def settings_of(programme: Programme, uow: UnitOfWork) -> Settings:
    """The settings as they are stored."""
    services = sorted((s.nation, s.name, s.reach, s.checked_on) for s in uow.programmes.all_services(programme.id))
    return Settings(
        **{each.name: getattr(programme, each.name) for each in fields(Settings) if each.name not in NOT_IN_PROGRAMME},
        services=tuple(Service(*service) for service in services),
        research=research_of(programme, uow),
    )


def research_of(programme: Programme, uow: UnitOfWork) -> Research | None:
    """The research copy as it is planned."""
    plan = uow.research.plan(programme.id)
    if plan is None:
        return None
    return Research(plan.ethics_reference, plan.evaluator, plan.evaluator_key, plan.retention_until)


def save_settings(settings: Settings, before: Programme | None, uow: UnitOfWork) -> Programme:
    """Store the settings; with None as those of a new programme. Who has the usual quiet hours gets the new ones."""
    values: dict[str, Any] = {
        each.name: getattr(settings, each.name) for each in fields(Settings) if each.name not in NOT_IN_PROGRAMME
    }
    if before is None:
        needed = ("name", "starts_on", "ends_on", "time_zone", "region", "contact_name", "contact_email")
        programme_id = uow.programmes.add(**{name: values[name] for name in needed})
    else:
        programme_id = before.id
        was, will_be = (before.quiet_from, before.quiet_until), (settings.quiet_from, settings.quiet_until)
        if was != will_be:
            uow.people.begin_with_quiet_hours(was, will_be)
    uow.programmes.change(programme_id, **values)
    if settings.research is None:
        uow.research.drop_plan(programme_id)
    else:
        uow.research.save_plan(programme_id, **asdict(settings.research))
    uow.programmes.drop_services(programme_id)
    for service in settings.services:
        named = SupportService(service.nation, service.name, service.reach, service.checked_on)
        uow.programmes.add_service(programme_id, named)
    return uow.programmes.get(programme_id)


# People


def stored_as(entry: Entry) -> Stored:
    """A person as stored."""
    who = entry.person
    return Stored(
        id=who.id,
        name=who.name,
        email=who.email,
        accounts=frozenset((each.platform, each.tenant, each.user) for each in entry.accounts),
        organisation=entry.organisation,
        region=who.region,
        grade=who.grade,
        role=entry.role,
        duties=entry.duties,
        time_zone=who.time_zone,
        profile=who.profile,
        state=entry.state,
        in_pair=entry.in_pair,
    )


def enter(people: Sequence[Listed], programme: Programme, uow: UnitOfWork) -> dict[str, int]:
    """Enter people with their parts and duties; their ids, by address."""
    newcomers = [
        Newcomer(
            name=person.name,
            email=person.email,
            accounts=tuple(Account(*account) for account in person.accounts),
            time_zone=person.time_zone,
            region=person.region,
            profile=person.profile,
            grade=person.grade,
            organisation=person.organisation,
            since=today_in(programme, uow),
            quiet_from=programme.quiet_from,
            quiet_until=programme.quiet_until,
        )
        for person in people
    ]
    ids = dict(zip((person.email for person in people), uow.people.add_all(newcomers), strict=True))
    uow.people.enrol_all(programme.id, {ids[person.email]: person.role for person in people if person.role})
    for person in people:
        for duty in sorted(person.duties):
            uow.people.give_duty(programme.id, ids[person.email], duty)
    return ids


def change(changed: Changed, programme: Programme, uow: UnitOfWork) -> None:
    """Store what is said differently of a person."""
    before, after = changed.before, changed.after
    names = ("name", "email", "region", "grade", "time_zone", "profile")
    uow.people.change(before.id, **{name: getattr(after, name) for name in names})
    uow.people.link(before.id, [Account(*account) for account in after.accounts])
    if before.organisation != after.organisation:
        uow.people.move_to(before.id, after.organisation, today_in(programme, uow))
    if before.duties != after.duties:
        uow.people.set_duties(programme.id, before.id, sorted(after.duties))
    if not before.role and after.role:
        uow.people.enrol(programme.id, before.id, after.role)
    elif changed.has_another_role:
        uow.people.set_role(before.id, after.role)
