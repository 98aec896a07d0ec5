"""Starts the demo in its three forms: a year in the terminal, the page, and Microsoft's local client."""

import contextlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import typer
import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bot import report_files
from bot.importing import BadFiles
from bot.plan_report import mistakes_told
from bot.playground import demo, own, terminal
from bot.playground.scenarios import SCENARIOS, Scenario
from bot.playground.simulation import NotADemos, begin_anew
from bot.surveys.instrument import LEVELS


class CannotStart(Exception):
    """What was asked for cannot be started; the words say why."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is played. ``offered``: all that the page can load, by name. ``level``: of disclosure, empty for the
    scenario's own."""

    name: str
    offered: Mapping[str, Callable[[], Scenario]]
    level: str


def chosen(scenario: str, programme: Path | None, level: str) -> Chosen:
    """The scenario of a name, or the programme in a folder. Raises CannotStart."""
    if level and level not in LEVELS:
        raise CannotStart(f"--level is {level!r}: it can be {', '.join(LEVELS)}")
    if programme is None:
        if scenario not in SCENARIOS:
            raise CannotStart(f"--scenario is {scenario!r}: there is {', '.join(SCENARIOS)}")
        return Chosen(scenario, SCENARIOS, level)
    try:
        theirs = own.scenario_in(programme)
    except BadFiles as bad:
        raise CannotStart("\n".join(mistakes_told(bad))) from None
    except OSError as error:
        raise CannotStart(f"{error.filename} cannot be read: {error.strerror}") from None
    return Chosen(theirs.name, {theirs.name: lambda: theirs, **SCENARIOS}, level)


def play(
    what: Chosen, database: Path, *, months: int, seed: int, as_json: bool, channel: bool, report: Path | None
) -> list[str]:
    """Play months in the terminal; the promises that were broken, a line each. Raises CannotStart."""
    _begin_anew(database)
    screen = Console(stderr=as_json, highlight=False)
    if not as_json:
        screen.print(terminal.INTRODUCTION, end="")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("days"))
    with Progress(*columns, console=screen, transient=True, disable=as_json and not sys.stderr.isatty()) as bar:
        diary = terminal.Diary(bar.console)
        year = demo.Year(
            scenario=what.offered[what.name](),
            level=what.level,
            database=database,
            months=months,
            seed=seed,
            tell=(lambda _: None) if as_json else diary.note,
            progress=lambda day: bar.update(task, completed=day),
            report=report,
        )
        task = bar.add_task("The programme's year", total=year.days)
        try:
            figures, rows = uvloop.run(year.play())
        except report_files.NoReport as why:
            raise CannotStart(str(why)) from None
        diary.finish()
    if as_json:
        typer.echo(json.dumps(figures.as_json()))
    else:
        for message in terminal.channel(year.channel()) if channel else ():
            screen.print(message)
        screen.print(terminal.months(rows))
        screen.print(terminal.summary(figures))
        screen.print(terminal.next_steps(database), end="")
    return figures.wrong()


async def serve_page(what: Chosen, database: Path, *, port: int, seed: int) -> None:
    """Serve the page until cancelled. Raises CannotStart."""
    from bot.playground import server  # noqa: PLC0415 - a year in the terminal needs none

    try:
        await server.serve(
            database, what.offered, name=what.name, seed=seed, level=what.level, port=port, tell=typer.echo
        )
    except NotADemos as error:
        raise CannotStart(str(error)) from None
    except OSError as error:
        raise CannotStart(f"the page cannot be served: {error.strerror or error}") from None


def serve_local_client(database: Path, port: int) -> None:
    """Serve Microsoft's local client until Ctrl-C. Raises CannotStart."""
    from bot.playground import agents  # noqa: PLC0415 - as above

    _begin_anew(database)
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(agents.serve(database, port or agents.PORT, typer.echo))


def _begin_anew(database: Path) -> None:
    try:
        begin_anew(database)
    except NotADemos as error:
        raise CannotStart(str(error)) from None
