"""A questionnaire on the terminal: what each role is asked, and what is counted of it; and its forms as files, as both
platforms get them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from bot.examples import CONTROL, MENTEE, MENTOR
from bot.handlers.open_waves import example_wave
from bot.handlers.questions import Part, part_form, parts_of
from bot.platforms.slack import render as slack
from bot.platforms.teams import render as teams
from bot.surveys.instrument import Instrument, Item, declared

ALSO = {
    "many": "any number of these, each counted by itself",
    "text": "free text, which may be shown word by word if its author agrees",
}
READERS = {"mentor": MENTOR, "mentee": MENTEE, "control": CONTROL}
WHERE_TO_LOOK = (
    "Slack's are for the Block Kit Builder (app.slack.com/block-kit-builder), Teams' for the Adaptive Cards Designer "
    "(adaptivecards.io/designer): paste one in to see it."
)


def instrument_report(instrument: Instrument) -> Group:
    """Everything that it asks, role by role."""
    what = (
        f"{instrument.id}: a {instrument.kind} for {' and '.join(instrument.audience)}, disclosure {instrument.level}"
    )
    together = [f"where counts are exact, also counted together: {' and '.join(roles)}" for roles in instrument.rows]
    lines = [line for line in (what, *together, instrument.note) if line]
    return Group(*map(Text, lines), *(line for role in instrument.audience for line in _of_role(instrument, role)))


def _of_role(instrument: Instrument, role: str) -> Iterator[RenderableType]:
    yield Text()
    yield Rule(Text(f"{instrument.title[role]} ({role})"), align="left", characters="-")
    parts = instrument.parts_for(role)
    for part in parts:
        if len(parts) > 1:
            yield Text(f"Part {part}", style="bold")
        items = [item for item in instrument.items_for(role) if item.part == part]
        for number, item in enumerate(items, start=1):
            yield Text(f"{number}. {item.words[role]}", style="bold")
            yield from (Padding(Text(line), (0, 0, 0, 3)) for line in _below(item))


def _below(item: Item) -> Iterator[str]:
    if item.options:
        yield " | ".join(item.options)
    if item.favourable:
        counted = ", ".join(item.options[position - 1] for position in item.favourable)
        yield f"counted as {item.favourable_words!r}: {counted}"
    if item.kind in ALSO:
        yield ALSO[item.kind]
    if item.once:
        yield "asked once only"
    yield f"in results{f', under {item.section}' if item.section else ''}: {item.about}"
    yield f"about: {item.construct}. {item.source}"


# Forms


def write_forms(instrument: Instrument, folder: Path) -> list[str]:
    """A file for each form of each role, as Slack and as Teams get it, in a folder that is made; a line for each form.
    Raises OSError where it cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    wave = replace(example_wave(), name=instrument.id, instrument=declared(instrument))
    return [_write(part, folder) for role in instrument.audience for part in parts_of(wave, role)]


def _write(part: Part, folder: Path) -> str:
    form = part_form(part, READERS[part.role])
    modal = slack.modal(form)
    card = teams.dialog(form, "preview")["card"]["content"]
    place, parts = part.place
    stem = f"{part.instrument.id}-{part.role}-{place}"
    for platform, content in (("slack", modal), ("teams", card)):
        written = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        (folder / f"{stem}.{platform}.json").write_text(written, "utf-8")
    on_slack = f"{len(modal['blocks'])} of {slack.BLOCKS_IN_A_VIEW} blocks"
    on_teams = f"{len(json.dumps(card)):,} of {teams.MAX_BYTES:,} bytes"
    return f"{stem}: part {place} of {parts}, {len(part.items)} questions; on Slack {on_slack}, on Teams {on_teams}"
