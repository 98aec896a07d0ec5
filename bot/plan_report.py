"""An import on the terminal: what it changes as a table and lines, and what is wrong with its files as lines."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bot.files.findings import Finding, told
from bot.importing import BadFiles
from bot.programme.people_files import Listed
from bot.programme.plan import Changed, Plan
from bot.programme.sets_file import ListedSession
from bot.programme.sets_plan import SetPlan, SetsPlan, StoredSession

SHOWN = 20
"""Lines of each kind: the table has all the numbers."""


def mistakes_told(bad: BadFiles) -> list[str]:
    """All that has to be put right, and what may have to."""
    count = f"{len(bad.mistakes):,} {'mistake' if len(bad.mistakes) == 1 else 'mistakes'}"
    return [f"Nothing is imported, because of {count}:", *told(bad.mistakes), *warnings_told(bad.warnings)]


def warnings_told(warnings: list[Finding]) -> list[str]:
    """What may have to be put right."""
    return ["Worth a look, though no mistake:", *told(warnings)] if warnings else []


def plan_report(plan: Plan) -> Group:
    """The numbers, then what is behind them."""
    table = Table(title=plan.settings.name)
    for column in ("", "added", "changed", "unchanged", "not in the file"):
        table.add_column(column, justify="right" if column else "left")
    for name, numbers in _numbers(plan).items():
        table.add_row(name, *(f"{number:,}" for number in numbers))
    return Group(table, *map(Text, _lines(plan)))


def _numbers(plan: Plan) -> dict[str, tuple[int, int, int, int]]:
    """Added, changed, unchanged, missing."""
    people, pairs, sets = plan.people, plan.pairs, plan.sets
    new = [each for each in sets.sets if each.stored is None]
    another = [each for each in sets.sets if each.stored and each.is_another]
    sessions = [each.sessions for each in sets.sets]
    return {
        "programme": (int(plan.is_new), int(bool(plan.changes)), int(not plan.is_new and not plan.changes), 0),
        "people": (len(people.added), len(people.changed), len(people.unchanged), len(people.missing)),
        "pairs": (len(pairs.added), 0, pairs.unchanged, len(pairs.missing)),
        "sets": (len(new), len(another), len(sets.sets) - len(new) - len(another), len(sets.missing)),
        "sessions of sets": (
            sum(len(each.added) for each in sessions),
            sum(len(each.changed) + len(each.cancelled) for each in sessions),
            sum(len(each.unchanged) + len(each.late) for each in sessions),
            sum(len(each.missing) for each in sessions),
        ),
    }


def _lines(plan: Plan) -> Iterator[str]:
    yield from _under("changed, programme", [str(change) for change in plan.changes])
    yield from _under("added, people", [_person(person) for person in plan.people.added])
    yield from _under("changed, people", [_changed(changed) for changed in plan.people.changed])
    yield from _under("added, pairs", [f"{pair.mentor} and {pair.mentee}" for pair in plan.pairs.added])
    zone = ZoneInfo(plan.settings.time_zone)
    yield from _lines_of_sets(plan.sets, zone)
    missing = [f"{person.name}, {person.email}" for person in plan.people.missing]
    missing += [f"{mentor} and {mentee}" for mentor, mentee in plan.pairs.missing]
    missing += [f"the set {each.name}" for each in plan.sets.missing]
    missing += [_session(each, one, zone) for each in plan.sets.sets for one in each.sessions.missing]
    yield from _under("not in the file, and left as they are", missing)


def _lines_of_sets(plan: SetsPlan, zone: ZoneInfo) -> Iterator[str]:
    sets = plan.sets
    yield from _under("added, sets", [_new_set(each) for each in sets if each.stored is None])
    yield from _under("changed, sets", [_changed_set(each, plan) for each in sets if each.stored and each.is_another])
    yield from _under("added, sessions", [_session(each, one, zone) for each in sets for one in each.sessions.added])
    changed = [
        f"{_session(each, after, zone)}: {_what_changes(before, after)}"
        for each in sets
        for before, after in each.sessions.changed
    ]
    yield from _under("changed, sessions", changed)
    cancelled = [_session(each, one, zone) for each in sets for one in each.sessions.cancelled]
    yield from _under("cancelled, sessions", cancelled)
    late = [_session(each, one, zone) for each in sets for one in each.sessions.late]
    yield from _under("begun, and left as they are", late)


def _under(heading: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    more = [f"  ... and {len(lines) - SHOWN:,} more"] if len(lines) > SHOWN else []
    return [f"{heading}:", *(f"  {line}" for line in lines[:SHOWN]), *more]


def _person(person: Listed) -> str:
    parts = filter(None, (person.role, *sorted(person.duties)))
    unknown = "" if person.accounts else ", without an account"
    return f"{person.name}, {person.email}, {', '.join(parts)}{unknown}"


def _changed(changed: Changed) -> str:
    return f"{changed.before.name}, {changed.before.email}: {'; '.join(map(str, changed.changes))}"


def _new_set(plan: SetPlan) -> str:
    return f"{plan.listed.name}, with {plan.listed.facilitator}: {', '.join(plan.joining)}"


def _changed_set(plan: SetPlan, sets: SetsPlan) -> str:
    changes = []
    if plan.stored and plan.stored.name != plan.listed.name:
        changes.append(f"name: {plan.stored.name} -> {plan.listed.name}")
    if plan.old_facilitator:
        changes.append(f"facilitator: {sets.addresses[plan.old_facilitator]} -> {plan.listed.facilitator}")
    if plan.joining:
        changes.append(f"in it now: {', '.join(plan.joining)}")
    if plan.leaving:
        changes.append(f"no longer in it: {', '.join(sets.addresses[member] for member in plan.leaving)}")
    return f"{plan.listed.name}: {'; '.join(changes)}"


def _session(plan: SetPlan, session: ListedSession | StoredSession, zone: ZoneInfo) -> str:
    """A session with its start on the programme's clock, as in the file."""
    local: datetime = session.starts_at.astimezone(zone)
    return f"{plan.listed.name}, {local:%Y-%m-%d %H:%M}"


def _what_changes(before: StoredSession, after: ListedSession) -> str:
    changes = []
    if before.minutes != after.minutes:
        changes.append(f"minutes: {before.minutes} -> {after.minutes}")
    if before.place != after.place:
        changes.append(f"place: {before.place or 'nothing'} -> {after.place or 'nothing'}")
    return "; ".join(changes)
