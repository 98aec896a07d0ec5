"""The command line: ``peermentor`` or ``python -m bot``. The only place that reads ``.env``.

Commands that need the platforms' SDKs import them when they run: the others do not wait for that.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Awaitable, Iterator
from importlib import resources
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated

import typer
from dotenv import find_dotenv, load_dotenv
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bot import importing, ui
from bot.config import BadSettings, database_url, read
from bot.files.findings import Findings, told
from bot.instrument_report import instrument_report
from bot.log import log_to_stderr
from bot.plan_report import mistakes_told, plan_report, warnings_told
from bot.surveys import loading
from storage.keys import KeysGone
from storage.programmes import DemoDatabase
from storage.unit_of_work import Database, DatabaseGone

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="A peer-mentoring programme in Slack and Teams.")
manifests = typer.Typer(no_args_is_help=True)
cli.add_typer(manifests, name="manifest")
programmes = typer.Typer(no_args_is_help=True, help="Bring a programme of your own.")
cli.add_typer(programmes, name="programme")
instruments = typer.Typer(no_args_is_help=True, help="Read and check the questions that are asked.")
cli.add_typer(instruments, name="instruments")

RELEASE = installed_version("peermentor")
GivenFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
GivenFiles = Annotated[
    list[Path] | None,
    typer.Argument(exists=True, dir_okay=False, readable=True, show_default=False, help="Left out: the bot's own."),
]
PublicUrl = Annotated[str, typer.Option(envvar="PUBLIC_URL", help="The https:// address where the bot is reached.")]


@cli.callback()
def main_options() -> None:
    """Keep sub-commands, even while there are few."""


@cli.command()
def run() -> None:
    """Serve Slack, Teams or both over HTTP. Settings come from the environment or .env; see .env.example."""
    from bot import app as application  # noqa: PLC0415 - see above

    _read_env_file()
    with _all_mistakes_told():
        settings = read(os.environ)
    log_to_stderr()
    try:
        with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
            asyncio.run(_until_stopped(application.serve(settings)))
    except DemoDatabase:
        typer.echo("DATABASE_URL is a demo's database: give another, so that nobody real meets the example", err=True)
        raise typer.Exit(2) from None
    except DatabaseGone as error:
        typer.echo(f"the database does not answer ({error}): check DATABASE_URL", err=True)
        raise typer.Exit(1) from None
    except KeysGone as error:
        typer.echo(f"the keys of check-ins cannot be kept: {error}", err=True)
        raise typer.Exit(1) from None


@cli.command()
def doctor() -> None:
    """Look at settings, database, keys, Slack, Teams and the programme; exit code 1 if something is wrong.

    Nothing is changed, nobody is sent anything, and no secret is shown.
    """
    from bot import doctor as examination  # noqa: PLC0415 - see above
    from bot.doctor_report import doctor_report  # noqa: PLC0415 - see above

    file = find_dotenv(usecwd=True)
    _read_env_file()
    log_to_stderr()
    groups = asyncio.run(examination.examine(os.environ, env_file=Path(file) if file else None))
    Console(highlight=False).print(doctor_report(groups), markup=False)
    if examination.is_something_wrong(groups):
        raise typer.Exit(1)


@cli.command()
def demo(
    *,
    months: Annotated[int, typer.Option(min=1, max=14, help="How many months to play.")] = 12,
    seed: Annotated[int, typer.Option(help="Other people's luck: the same seed gives the same year.")] = 7,
    headless: Annotated[bool, typer.Option("--headless", help="Play the year in this terminal.")] = False,  # noqa: ARG001
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures as one JSON object, nothing else.")
    ] = False,
    teams_anonymous: Annotated[
        bool, typer.Option("--teams-anonymous", help="Serve Microsoft's local client, on this machine only.")
    ] = False,
    port: Annotated[int, typer.Option(help="For --teams-anonymous.")] = 3978,
    channel: Annotated[bool, typer.Option("--channel", help="Print all messages of the leads' channel.")] = False,
    database: Annotated[Path, typer.Option(help="Where the demo keeps its data; made anew.")] = Path(
        "peermentor-demo.sqlite3"
    ),
) -> None:
    """Play the example programme's year against local stand-ins of Slack and Teams. Exit code 1 if a promise breaks."""
    from bot.playground import demo as playground  # noqa: PLC0415 - see above
    from bot.playground import terminal  # noqa: PLC0415 - see above

    for part in ("", "-wal", "-shm"):
        Path(f"{database}{part}").unlink(missing_ok=True)
    shutil.rmtree(playground.keys_beside(database), ignore_errors=True)
    log_to_stderr()
    if teams_anonymous:
        from bot.playground import agents  # noqa: PLC0415 - see above

        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(agents.serve(database, port, typer.echo))
        return
    screen = Console(stderr=as_json, highlight=False)
    if not as_json:
        screen.print(terminal.INTRODUCTION, end="")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("days"))
    with Progress(*columns, console=screen, transient=True, disable=as_json and not sys.stderr.isatty()) as bar:
        diary = terminal.Diary(bar.console)
        year = playground.Year(
            database=database,
            months=months,
            seed=seed,
            tell=(lambda _: None) if as_json else diary.note,
            progress=lambda day: bar.update(task, completed=day),
        )
        task = bar.add_task("The programme's year", total=year.days)
        figures, rows = asyncio.run(year.play())
        diary.finish()
    if as_json:
        typer.echo(json.dumps(figures.as_json()))
    else:
        for message in terminal.channel(year.channel()) if channel else ():
            screen.print(message)
        screen.print(terminal.months(rows))
        screen.print(terminal.summary(figures))
        screen.print(terminal.next_steps(database), end="")
    for line in figures.wrong():
        typer.echo(line, err=True)
    if figures.wrong():
        raise typer.Exit(1)


@manifests.callback()
def manifest_options() -> None:
    """What Slack and Teams have to be told before the bot can be installed."""
    _read_env_file()


@manifests.command("slack")
def slack_manifest(
    *,
    url: PublicUrl = "",
    socket: Annotated[bool, typer.Option("--socket", help="For Socket Mode: the bot needs no address.")] = False,
) -> None:
    """Print the manifest that Slack takes for "create an app from a manifest"."""
    from bot import manifest  # noqa: PLC0415 - see above

    with _all_mistakes_told():
        made = manifest.slack_in_socket_mode() if socket else manifest.slack(url)
        typer.echo(json.dumps(made, indent=2, ensure_ascii=False))


@manifests.command("teams")
def teams_manifest(
    *,
    app_id: Annotated[str, typer.Option(envvar="TEAMS_APP_ID", help="The bot's Microsoft App ID in Azure.")] = "",
    url: PublicUrl = "",
    developer: Annotated[str, typer.Option(help="The organisation that runs the programme, by name.")] = "",
    website: Annotated[str, typer.Option(help="Its page about the programme.")] = "",
    privacy: Annotated[str, typer.Option(help="Its page about the use of personal data.")] = "",
    terms: Annotated[str, typer.Option(help="Its page with the terms of use.")] = "",
    version: Annotated[str, typer.Option(help="Of the package: Teams takes a changed one if it is higher.")] = RELEASE,
    out: Annotated[Path, typer.Option(help="The zip file to write.")] = Path("peermentor-teams.zip"),
) -> None:
    """Write the package that the Teams admin centre takes: the manifest and both icons."""
    from bot import manifest  # noqa: PLC0415 - see above

    app = manifest.TeamsApp(app_id, url, developer, website, privacy, terms, version)
    with _all_mistakes_told():
        package = manifest.teams_package(app)
    try:
        out.write_bytes(package)
    except OSError as error:
        typer.echo(f"--out is {str(out)!r}, which cannot be written: {error.strerror}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{out} is written: upload it in the Teams admin centre")


@programmes.command("example")
def example_programme() -> None:
    """Print a programme.toml with every key, and how people.csv and pairs.csv look."""
    typer.echo(resources.files("bot.programme").joinpath("example.toml").read_text("utf-8"), nl=False)


@programmes.command("import")
def import_programme(
    programme: GivenFile,
    people: GivenFile,
    pairs: Annotated[Path | None, typer.Argument(exists=True, dir_okay=False, readable=True)] = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="Look only: nothing is changed.")] = False,
) -> None:
    """Import PROGRAMME (toml), PEOPLE (csv) and PAIRS (csv), or, again, what has changed in them.

    All mistakes are told at once; with any, nothing is imported and the exit code is 1.
    """
    _read_env_file()
    said = importing.read(importing.Files.at(programme, people, pairs))
    with _all_mistakes_told():
        database = Database(database_url(os.environ), ui.dump)
    try:
        plan = asyncio.run(importing.look(said, database) if check else importing.carry_out(said, database))
    except importing.BadFiles as bad:
        typer.echo("\n".join(mistakes_told(bad)), err=True)
        raise typer.Exit(1) from None
    except DemoDatabase:
        typer.echo("DATABASE_URL is a demo's database: give another for a real programme", err=True)
        raise typer.Exit(2) from None
    except DatabaseGone as error:
        typer.echo(f"the database does not answer ({error}): check DATABASE_URL", err=True)
        raise typer.Exit(1) from None
    finally:
        database.close()
    screen = Console(highlight=False)
    screen.print(plan_report(plan), *warnings_told(said.findings.warnings), sep="\n", markup=False, soft_wrap=True)
    if plan.changes_nothing:
        screen.print("Nothing to change: everything is as the files say it.")
    else:
        screen.print("Looked only: nothing is changed." if check else "Imported.")


@instruments.command("check")
def check_instruments(files: GivenFiles = None) -> None:
    """Check FILES (toml). All mistakes are told at once; with any, the exit code is 1."""
    findings = Findings()
    given = [(str(file), file.read_bytes()) for file in files or ()] or loading.own_files()
    found = loading.read_instruments(given, findings)
    if findings.mistakes:
        typer.echo("\n".join(told(findings.mistakes)), err=True)
        raise typer.Exit(1)
    typer.echo(f"No mistake in {', '.join(found)}.")


@instruments.command("show")
def show_instrument(name: Annotated[str, typer.Argument(help="An instrument, such as pulse, or a file.")]) -> None:
    """Print what each role is asked, and what is counted of it."""
    try:
        if name.endswith(".toml"):
            shown = loading.load(Path(name).read_text("utf-8"), name)
        else:
            shown = loading.all_instruments()[name]
    except loading.BadInstrument as bad:
        typer.echo("\n".join(told(bad.mistakes)), err=True)
        raise typer.Exit(1) from None
    except (OSError, UnicodeDecodeError):
        typer.echo(f"{name} cannot be read", err=True)
        raise typer.Exit(1) from None
    except KeyError:
        typer.echo(f"there is no instrument {name}; there is {', '.join(loading.all_instruments())}", err=True)
        raise typer.Exit(1) from None
    Console(highlight=False).print(instrument_report(shown), markup=False)


async def _until_stopped(work: Awaitable[None]) -> None:
    """Until it ends, or the system asks the process to: what has begun is then finished, as after Ctrl-C."""
    serving = asyncio.ensure_future(work)
    with contextlib.suppress(NotImplementedError):  # Windows
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, serving.cancel)
    await serving


def _read_env_file() -> None:
    # Not beside this file, where it is looked for by default: the program may be installed elsewhere.
    load_dotenv(find_dotenv(usecwd=True))


@contextlib.contextmanager
def _all_mistakes_told() -> Iterator[None]:
    """Each mistake in the settings on a line of its own, and exit code 2."""
    try:
        yield
    except BadSettings as error:
        for mistake in error.mistakes:
            typer.echo(mistake, err=True)
        raise typer.Exit(2) from None


def main() -> None:
    """The entry point of the installed command."""
    cli()


if __name__ == "__main__":
    main()
