"""An import on the terminal: what it changes as a table and lines, and what is wrong with its files as lines."""

from collections.abc import Iterator, Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from bot.importing import BadFiles
from bot.programme.findings import Finding, told
from bot.programme.people_files import Listed
from bot.programme.plan import Changed, Plan

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
    people, pairs = plan.people, plan.pairs
    return {
        "programme": (int(plan.is_new), int(bool(plan.changes)), int(not plan.is_new and not plan.changes), 0),
        "people": (len(people.added), len(people.changed), len(people.unchanged), len(people.missing)),
        "pairs": (len(pairs.added), 0, pairs.unchanged, len(pairs.missing)),
    }


def _lines(plan: Plan) -> Iterator[str]:
    yield from _under("changed, programme", [str(change) for change in plan.changes])
    yield from _under("added, people", [_person(person) for person in plan.people.added])
    yield from _under("changed, people", [_changed(changed) for changed in plan.people.changed])
    yield from _under("added, pairs", [f"{pair.mentor} and {pair.mentee}" for pair in plan.pairs.added])
    missing = [f"{person.name}, {person.email}" for person in plan.people.missing]
    missing += [f"{mentor} and {mentee}" for mentor, mentee in plan.pairs.missing]
    yield from _under("not in the file, and left as they are", missing)


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
