"""What the doctor found, on the terminal."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Group as Lines
from rich.table import Table
from rich.text import Text

from bot.doctor import Group

COLOURS = {"ok": "green", "look at this": "yellow", "wrong": "bold red"}
"""The words say the same."""


def doctor_report(groups: Sequence[Group]) -> Lines:
    """A heading for each thing, and a line for each finding, with what to do below it."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for group in groups:
        table.add_row(Text(group.title, style="bold"))
        for finding in group.findings:
            table.add_row(Text(f"  {finding.level}", style=COLOURS[finding.level]), Text(finding.text))
            if finding.to_do:
                table.add_row("", Text(finding.to_do, style="dim"))
        table.add_row("")
    return Lines(table, Text(_summary(groups)))


def _summary(groups: Sequence[Group]) -> str:
    counted = Counter[str](finding.level for group in groups for finding in group.findings)
    return ", ".join(f"{level}: {counted[level]}" for level in COLOURS)
