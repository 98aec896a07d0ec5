"""The command line: ``peermentor`` or ``python -m bot``. The only place that reads ``.env``."""

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from dotenv import load_dotenv
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from bot import app as application
from bot.config import BadSettings, read
from bot.log import log_to_stderr
from bot.playground import demo as playground
from storage.unit_of_work import DatabaseGone

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="A peer-mentoring programme in Slack and Teams.")


@cli.callback()
def main_options() -> None:
    """Keep sub-commands, even while there are few."""


@cli.command()
def run() -> None:
    """Serve Slack, Teams or both over HTTP. Settings come from the environment or .env; see .env.example."""
    load_dotenv()
    try:
        settings = read(os.environ)
    except BadSettings as error:
        for mistake in error.mistakes:
            typer.echo(mistake, err=True)
        raise typer.Exit(2) from None
    log_to_stderr()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(application.serve(settings))
    except application.DemoDatabase:
        typer.echo("DATABASE_URL is a demo's database: give another, so that nobody real meets the example", err=True)
        raise typer.Exit(2) from None
    except DatabaseGone as error:
        typer.echo(f"the database does not answer ({error}): check DATABASE_URL", err=True)
        raise typer.Exit(1) from None


@cli.command()
def demo(
    *,
    months: Annotated[int, typer.Option(min=1, max=14, help="How many months to play.")] = 12,
    seed: Annotated[int, typer.Option(help="Other people's luck: the same seed gives the same year.")] = 7,
    headless: Annotated[bool, typer.Option("--headless", help="Play the year in this terminal.")] = False,  # noqa: ARG001
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures as one JSON object, nothing else.")
    ] = False,
    database: Annotated[Path, typer.Option(help="Where the demo keeps its data; made anew.")] = Path(
        "peermentor-demo.sqlite3"
    ),
) -> None:
    """Play the example programme's year against local stand-ins of Slack and Teams. Exit code 1 if a promise breaks."""
    for part in ("", "-wal", "-shm"):
        Path(f"{database}{part}").unlink(missing_ok=True)
    log_to_stderr()
    screen = Console(stderr=as_json, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("days"))
    with Progress(*columns, console=screen, transient=True, disable=as_json and not sys.stderr.isatty()) as bar:
        year = playground.Year(
            database=database,
            months=months,
            seed=seed,
            tell=(lambda _: None) if as_json else lambda arrived: bar.console.print(_line(arrived)),
            progress=lambda day: bar.update(task, completed=day),
        )
        task = bar.add_task("The programme's year", total=year.days)
        figures, rows = asyncio.run(year.play())
    if as_json:
        typer.echo(json.dumps(figures.as_json()))
    else:
        screen.print(_table(rows))
        screen.print(_summary(figures))
    for line in figures.wrong():
        typer.echo(line, err=True)
    if figures.wrong():
        raise typer.Exit(1)


def _line(arrived: playground.Arrived) -> Text:
    """One message that reached somebody: when, who, where, what."""
    reader, post = arrived.reader, arrived.post
    where = {"dm": reader.account.platform, "group": "group chat", "channel": "channel"}[post.kind]
    line = Text(f"{arrived.at.astimezone(playground.LONDON):%a %d %b %H:%M}  ", style="dim")
    line.append(f"{reader.name:<24.24}", style="bold")
    line.append(f"{reader.part:<15}{where:<12}", style="cyan")
    line.append(post.lines[0] if post.lines else "")
    return line


def _table(rows: list[playground.Month]) -> Table:
    table = Table(title="The programme's year", caption="Prompts are what the bot started by itself.")
    for name, justify in (("month", "left"), ("messages", "right"), ("prompts", "right"), ("meetings logged", "right")):
        table.add_column(name, justify="right" if justify == "right" else "left")
    for row in rows:
        table.add_row(row.name, str(row.messages), str(row.prompts), str(row.meetings))
    table.add_section()
    sums = (sum(row.messages for row in rows), sum(row.prompts for row in rows), sum(row.meetings for row in rows))
    table.add_row("all", *map(str, sums))
    return table


def _summary(figures: playground.Figures) -> Table:
    table = Table(title="What it came to", show_header=False)
    for name, value in figures.as_json().items():
        shown = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
        table.add_row(name.replace("_", " "), shown)
    return table


def main() -> None:
    """The entry point of the installed command."""
    cli()


if __name__ == "__main__":
    main()
