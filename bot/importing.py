"""Importing a programme from its files: what they say is compared with what is stored, and then carried out, all of it
or nothing. The reading and the plan are pure, in ``bot/programme``; here they meet the database."""

import gc
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot import entering, handlers
from bot.clock import Clock, real_time
from bot.files.findings import Finding, Findings
from bot.files.toml_file import read_toml
from bot.handlers import als, als_change, als_people, consent, welcome
from bot.programme.people_files import ListedPair, PeopleList, read_pairs, read_people
from bot.programme.plan import Plan, Standing, plan_import
from bot.programme.sets_file import ListedSet, read_sets
from bot.programme.sets_plan import SetPlan, SetsPlan, StoredSession, StoredSet
from bot.programme.settings_file import Settings, read_settings, told_of
from storage.records import Programme
from storage.unit_of_work import Database, UnitOfWork


class BadFiles(Exception):
    """The files cannot be imported as they are; nothing was changed."""

    def __init__(self, mistakes: list[Finding], warnings: list[Finding]) -> None:
        super().__init__(f"{len(mistakes)} mistakes")
        self.mistakes = mistakes
        self.warnings = warnings


@dataclass(frozen=True, slots=True)
class Files:
    """What was given: names as they are told in messages, and contents. ``pairs`` may be left out."""

    settings: tuple[str, bytes]
    people: tuple[str, bytes]
    pairs: tuple[str, bytes] | None

    @classmethod
    def at(cls, settings: Path, people: Path, pairs: Path | None) -> "Files":
        """The files at these paths. Raises OSError where one cannot be read."""
        return cls(_read(settings), _read(people), _read(pairs) if pairs else None)


def _read(path: Path) -> tuple[str, bytes]:
    return path.name, path.read_bytes()


@dataclass(frozen=True, slots=True)
class Said:
    """What the files say, as far as it can be told. ``settings``, ``people`` and ``sets``: None where they cannot be
    read."""

    settings: Settings | None
    people: PeopleList | None
    pairs: list[ListedPair] | None
    sets: list[ListedSet] | None
    findings: Findings


def read(files: Files) -> Said:
    """Read all files, with all their mistakes."""
    with _nothing_collected():
        return _read_all(files)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Reading makes many objects and no cycles among them: to look for such takes a quarter of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read_all(files: Files) -> Said:
    findings = Findings()
    document = read_toml(*files.settings, findings)
    settings = read_settings(document, findings) if document else None
    zone, region = (told_of(document, "time_zone"), told_of(document, "region")) if document else ("UTC", "ENG")
    people = read_people(*files.people, time_zone=zone, region=region, findings=findings)
    pairs = read_pairs(*files.pairs, people, findings) if files.pairs else None
    sets = read_sets(document, people, findings) if document else None
    return Said(settings, people, pairs, sets, findings)


async def look(said: Said, database: Database) -> Plan:
    """What the files would change; nothing is changed. Raises BadFiles, DemoDatabase and DatabaseGone."""
    if database.is_new():
        return _plan(said, None)

    def only_look(uow: UnitOfWork) -> Plan:
        uow.change_nothing()
        return _plan(said, uow)

    return await database.run(only_look, real_time())


async def carry_out(said: Said, database: Database, *, clock: Clock | None = None) -> Plan:
    """Do what the files ask for; what that was. Raises BadFiles, DemoDatabase and DatabaseGone."""
    if database.is_new():
        _plan(said, None)  # so that no tables are made for files that cannot be imported
    database.upgrade()

    def change(uow: UnitOfWork) -> Plan:
        plan = _plan(said, uow)
        if not plan.changes_nothing:
            _carry_out(plan, uow)
        return plan

    return await database.run(change, (clock or real_time)())


def _plan(said: Said, uow: UnitOfWork | None) -> Plan:
    """The plan against what is stored; with None against nothing."""
    standing = _standing(uow) if uow else Standing()
    found = said.findings
    if said.settings is None or said.people is None:
        raise BadFiles(found.mistakes, found.warnings)
    now = uow.now if uow else real_time()
    made = plan_import(said.settings, said.people, said.pairs, said.sets, standing, now=now, findings=found)
    if found.mistakes:
        raise BadFiles(found.mistakes, found.warnings)
    return made


def _carry_out(plan: Plan, uow: UnitOfWork) -> None:
    """Enter and change, invite the new, and let what is due follow the days."""
    before = uow.programmes.current()
    programme = entering.save_settings(plan.settings, before, uow)
    ids = entering.enter(plan.people.added, programme, uow)
    ids |= {stored.email: stored.id for stored in plan.people.unchanged}
    for changed in plan.people.changed:
        ids[changed.after.email] = changed.before.id
        entering.change(changed, programme, uow)
        if changed.has_another_role:
            welcome.show_other_role(changed.before.id, uow)
    _pair(plan.pairs.added, ids, programme, uow)
    _change_sets(plan.sets, ids, programme, uow)
    if before is None:
        handlers.begin(programme, uow)
    else:
        newly = [ids[person.email] for person in plan.people.added if person.role]
        newly += [changed.before.id for changed in plan.people.changed if changed.can_be_welcomed_now]
        welcome.invite(programme, newly, uow)
        handlers.move(before, programme, uow)
        consent.move(plan.changes, programme, uow)


def _standing(uow: UnitOfWork) -> Standing:
    """What is stored, in the words of the plan."""
    programme = uow.programmes.real()
    if programme is None:
        return Standing()
    entries = uow.roll.everybody(programme.id, entering.today_in(programme, uow))
    return Standing(
        settings=entering.settings_of(programme, uow),
        is_promised=uow.waves.there_was_one(programme.id),
        people=[entering.stored_as(entry) for entry in entries],
        pairs=frozenset(uow.pairs.ids(programme.id)),
        sets=_stored_sets(programme, uow),
    )


def _stored_sets(programme: Programme, uow: UnitOfWork) -> list[StoredSet]:
    members, sessions = defaultdict(set), defaultdict(list)
    for person_id, learning_set in uow.sets.belonging(programme.id).items():
        members[learning_set.id].add(person_id)
    for each in uow.sets.all_sessions(programme.id):
        stored = StoredSession(each.id, each.starts_at, each.minutes, each.place, each.state)
        sessions[each.learning_set.id].append(stored)
    return [
        StoredSet(each.id, each.name, each.facilitator.id, frozenset(members[each.id]), tuple(sessions[each.id]))
        for each in uow.sets.all(programme.id)
    ]


def _pair(pairs: Sequence[ListedPair], ids: dict[str, int], programme: Programme, uow: UnitOfWork) -> None:
    """Propose pairs; those of whom both take part already are introduced at once."""
    if not pairs:
        return
    uow.pairs.add_all(programme.id, [(ids[pair.mentor], ids[pair.mentee]) for pair in pairs])
    new = {(ids[pair.mentor], ids[pair.mentee]) for pair in pairs}
    joined = {part.person.id for part in uow.people.participants(programme.id) if part.state == "joined"}
    ready = [str(pair_id) for both, pair_id in uow.pairs.ids(programme.id).items() if both in new and joined >= {*both}]
    uow.due.add_all("introduce", ready, uow.now)


def _change_sets(plan: SetsPlan, ids: Mapping[str, int], programme: Programme, uow: UnitOfWork) -> None:
    """Make and change sets and their sessions, and tell those whom it concerns. Everybody leaves their old set before
    anybody is put into a new one."""
    concerned = [each for each in plan.sets if not each.changes_nothing]
    before = [
        als_people.people_of(uow.sets.hold(each.stored.id), uow) if each.stored else als_people.NOBODY
        for each in concerned
    ]
    for each in concerned:
        if each.stored:
            for person_id in each.leaving:
                uow.sets.remove_member(each.stored.id, person_id)
    for each, people in zip(concerned, before, strict=True):
        _change_set(each, people, ids, programme, uow)


def _change_set(
    plan: SetPlan, before: als_people.People, ids: Mapping[str, int], programme: Programme, uow: UnitOfWork
) -> None:
    name, facilitator_id = plan.listed.name, ids[plan.listed.facilitator]
    if plan.stored is None:
        learning_set = uow.sets.add(programme.id, name, facilitator_id)
    else:
        learning_set = uow.sets.change(plan.stored.id, name=name, facilitator_id=facilitator_id)
    for stored in plan.sessions.cancelled:
        as_it_was = uow.sets.session(stored.id)
        als_change.tell_of_change(as_it_was, uow.sets.cancel_session(stored.id), None, uow)
    for stored, said in plan.sessions.changed:
        as_it_was = uow.sets.session(stored.id)
        changed = uow.sets.change_session(stored.id, said.starts_at, said.minutes, said.place)
        als_change.tell_of_change(as_it_was, changed, None, uow)
    for email in plan.joining:
        uow.sets.add_member(learning_set.id, ids[email])
    for said in plan.sessions.added:
        uow.sets.add_session(learning_set.id, said.starts_at, said.minutes, said.place)
    if plan.is_another:
        als_people.follow(before, learning_set, None, uow)
    else:
        als.plan_all(learning_set, uow)
