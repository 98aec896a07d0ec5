"""A questionnaire on the terminal: what each role is asked, and what is counted of it."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from bot.surveys.instrument import Instrument, Item

ALSO = {
    "many": "any number of these, each counted by itself",
    "text": "free text, which may be shown word by word if its author agrees",
}


def instrument_report(instrument: Instrument) -> Group:
    """Everything that it asks, role by role."""
    what = (
        f"{instrument.id}: a {instrument.kind} for {' and '.join(instrument.audience)}, disclosure {instrument.level}"
    )
    return Group(Text(what), *(line for role in instrument.audience for line in _of_role(instrument, role)))


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
    yield f"in results: {item.about}"
    yield f"about: {item.construct}. {item.source}"
