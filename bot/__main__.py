"""The command line: ``peermentor`` or ``python -m bot``. The only place that reads ``.env``.

Commands that need the platforms' SDKs import them when they run: the others do not wait for that.
"""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Awaitable, Iterator
from importlib import resources
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from dotenv import find_dotenv, load_dotenv
from rich.console import Console

from bot import handing_over, importing, research_files, ui
from bot.clock import real_time
from bot.config import BadSettings, database_url, read, stores
from bot.files.findings import Findings, told
from bot.instrument_report import WHERE_TO_LOOK, instrument_report, write_forms
from bot.log import log_to_stderr
from bot.plan_report import mistakes_told, plan_report, warnings_told
from bot.surveys import loading
from storage.keys import KeysGone, kept_at
from storage.programmes import DemoDatabase
from storage.unit_of_work import Database, DatabaseGone

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="A peer-mentoring programme in Slack and Teams.")
manifests = typer.Typer(no_args_is_help=True)
cli.add_typer(manifests, name="manifest")
programmes = typer.Typer(no_args_is_help=True, help="Bring a programme of your own.")
cli.add_typer(programmes, name="programme")
instruments = typer.Typer(no_args_is_help=True, help="Read and check the questions that are asked.")
cli.add_typer(instruments, name="instruments")
research = typer.Typer(no_args_is_help=True, help="Hand the research copy over to an outside evaluator, and open it.")
cli.add_typer(research, name="research")

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
    if settings.instruments_dir:
        _ask_ones_own(settings.instruments_dir)
    log_to_stderr()
    try:
        with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
            uvloop.run(_until_stopped(application.serve(settings)))
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
def report(
    programme: Annotated[str, typer.Argument(help="Its name, or the beginning of it.")],
    *,
    out: Annotated[Path, typer.Option(help="The folder for the files; made where there is none.", file_okay=False)],
) -> None:
    """Write the report of PROGRAMME: HTML, PDF, XLSX and JSON, from the ledger and from facts that leads may know."""
    from bot import report_files  # noqa: PLC0415 - see above

    _read_env_file()
    with _all_mistakes_told():
        database = Database(database_url(os.environ), ui.dump)
    try:
        with Console(stderr=True, highlight=False).status("") as line:
            written = asyncio.run(report_files.write_report(programme, database, out, tell=line.update))
    except report_files.NoReport as why:
        typer.echo(str(why), err=True)
        raise typer.Exit(1) from None
    except DatabaseGone as error:
        typer.echo(f"the database does not answer ({error}): check DATABASE_URL", err=True)
        raise typer.Exit(1) from None
    finally:
        database.close()
    typer.echo(report_files.told(written))
    if report_files.lacks_pdf(written):
        typer.echo(report_files.NO_PDF, err=True)
        raise typer.Exit(1)


@cli.command()
def demo(
    *,
    headless: Annotated[
        bool, typer.Option("--headless", help="Play the year in this terminal, without a page.")
    ] = False,
    scenario: Annotated[str, typer.Option(help="What to play: paper, small or national.")] = "paper",
    programme: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="A folder with your own programme.toml, people.csv, pairs.csv."
        ),
    ] = None,
    level: Annotated[str, typer.Option(help="Of disclosure: standard, strict or research.")] = "",
    seed: Annotated[int, typer.Option(help="Other people's luck: the same seed gives the same year.")] = 7,
    months: Annotated[int | None, typer.Option(min=1, max=26, help="How many months to play, headless.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Headless: print the figures as one JSON object, nothing else.")
    ] = False,
    channel: Annotated[bool, typer.Option("--channel", help="Headless: print all of the leads' channel.")] = False,
    report: Annotated[
        Path | None, typer.Option(file_okay=False, help="Headless: write the end report into this folder.")
    ] = None,
    teams_anonymous: Annotated[
        bool, typer.Option("--teams-anonymous", help="Serve Microsoft's local client, on this machine only.")
    ] = False,
    port: Annotated[int, typer.Option(help="Of the page: a free one without it. 3978 for --teams-anonymous.")] = 0,
    database: Annotated[Path, typer.Option(help="Where the demo keeps its data; made anew.")] = Path(
        "peermentor-demo.sqlite3"
    ),
) -> None:
    """Serve the playground: be anyone in a programme, in a browser. Slack, Teams and all people are simulated.

    With --headless a year is played in this terminal; exit code 1 if a promise breaks.
    """
    from bot.playground import starting  # noqa: PLC0415 - see above

    log_to_stderr()
    try:
        if teams_anonymous:
            starting.serve_local_client(database, port)
        elif headless or as_json or channel or report or months:
            chosen = starting.chosen(scenario, programme, level)
            wrong = starting.play(
                chosen, database, months=months or 12, seed=seed, as_json=as_json, channel=channel, report=report
            )
            for line in wrong:
                typer.echo(line, err=True)
            if wrong:
                raise typer.Exit(1)
        else:
            first = starting.chosen(scenario, programme, level)
            with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
                uvloop.run(_until_stopped(starting.serve_page(first, database, port=port, seed=seed)))
    except starting.CannotStart as why:
        typer.echo(str(why), err=True)
        raise typer.Exit(2) from None


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
def show_instrument(
    name: Annotated[str, typer.Argument(help="An instrument, such as pulse, or a file.")],
    *,
    forms: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Write each form there instead, as Slack and as Teams get it."),
    ] = None,
) -> None:
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
    if forms is None:
        Console(highlight=False).print(instrument_report(shown), markup=False)
        return
    try:
        typer.echo("\n".join((*write_forms(shown, forms), WHERE_TO_LOOK)))
    except OSError as error:
        typer.echo(f"{forms} cannot be written: {error.strerror}", err=True)
        raise typer.Exit(1) from None


@research.command("new-key")
def new_research_key(
    file: Annotated[Path, typer.Argument(help="Where the private key is to be; nobody else gets it.")],
) -> None:
    """For the evaluator, on a machine of their own: make a key in FILE, and print its public key for programme.toml."""
    try:
        public = research_files.write_new_key(file)
    except OSError as error:
        typer.echo(f"{file} cannot be written: {error.strerror}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{file} is the private key: keep it, and a copy, where nobody else can read it.", err=True)
    typer.echo(f'evaluator_key = "{public}"')


@research.command("open")
def open_research_copy(
    file: GivenFile,
    *,
    key: Annotated[Path, typer.Option(exists=True, dir_okay=False, help='The private key, made by "new-key".')],
    out: Annotated[Path, typer.Option(file_okay=False, help="The folder for answers.csv and manifest.json.")],
) -> None:
    """For the evaluator: open the research copy FILE."""
    try:
        manifest = research_files.open_research_copy(file, key, out)
    except research_files.CannotRead as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        typer.echo(f"{error.filename}: {error.strerror}", err=True)
        raise typer.Exit(1) from None
    typer.echo(
        f"{manifest.people} people of {manifest.programme}, under {manifest.ethics_reference}, are in {out}. "
        f"Delete all of it after {manifest.retention_until}."
    )


@research.command("export")
def export_research_copy(
    programme: Annotated[str, typer.Argument(help="The programme's name.")],
    *,
    out: Annotated[Path, typer.Option(dir_okay=False, help="The file for the evaluator, who alone can open it.")],
) -> None:
    """Write the research copy of PROGRAMME, once, and forget it here. Exit code 1, and nothing changed, if it cannot
    be handed over."""
    _read_env_file()
    with _all_mistakes_told():
        url, key_dir, key_database_url = stores(os.environ)
    database = Database(url, ui.dump, keys=kept_at(key_dir, key_database_url))
    try:
        handed = asyncio.run(handing_over.hand_over(programme, out, database, real_time))
    except handing_over.CannotHandOver as error:
        typer.echo(f"nothing is handed over: {error}", err=True)
        raise typer.Exit(1) from None
    except DatabaseGone as error:
        typer.echo(f"the database, or the keys, cannot be reached ({error}): see DATABASE_URL and KEY_DIR", err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        typer.echo(f"{out} cannot be written: {error.strerror}", err=True)
        raise typer.Exit(1) from None
    finally:
        database.close()
    typer.echo(f"{out} holds the copies of {handed.people} people, for {handed.evaluator}. Nothing of it is left here.")
    if handed.left_out:
        typer.echo(f"{handed.left_out} more agreed and were left out, so that who said no stays hidden among others.")


async def _until_stopped(work: Awaitable[None]) -> None:
    """Until it ends, or the system asks the process to: what has begun is then finished, as after Ctrl-C."""
    serving = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, serving.cancel)
    await serving


def _ask_ones_own(folder: Path) -> None:
    """The programme's own questionnaires are asked in place of the bot's."""
    try:
        loading.put_in_place(folder)
    except loading.BadInstrument as bad:
        typer.echo("\n".join(told(bad.mistakes)), err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        typer.echo(f"INSTRUMENTS_DIR {folder} cannot be read: {error.strerror}", err=True)
        raise typer.Exit(2) from None


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
