"""The command line: what it prints where, and its exit codes."""

import asyncio
import io
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import pytest
import structlog
from rich.console import Console
from typer.testing import CliRunner

from bot import __main__ as command_line
from bot import app as application
from bot import ui
from bot.config import Settings, read
from bot.playground import demo as playground
from bot.playground import terminal
from bot.playground.figures import Arrived, Figures, Month
from storage.unit_of_work import Database, DatabaseGone
from tests.world import build

SLACK = {"SLACK_BOT_TOKEN": "xoxb-made-up", "SLACK_SIGNING_SECRET": "whisper", "SLACK_API_URL": "http://127.0.0.1:9/"}
KEYS = ["participants", "pairs_introduced", "meetings_logged", "digests_posted", "messages_delivered", "messages_dead",
        "duplicates", "quiet_time_violations", "max_messages", "seconds"]  # fmt: skip


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[CliRunner]:
    """The command line in a folder without an ``.env``, with no setting but those that a test gives."""
    monkeypatch.chdir(tmp_path)
    for name in (*SLACK, "DATABASE_URL", "PORT", "PUBLIC_URL", "TEAMS_APP_ID", "TEAMS_APP_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    yield CliRunner()
    structlog.reset_defaults()


# run


def test_every_mistake_in_the_settings_is_told_and_the_exit_code_is_2(run: CliRunner) -> None:
    result = run.invoke(command_line.cli, ["run"], env={"PORT": "x", "SLACK_BOT_TOKEN": "t", "TEAMS_APP_ID": "a"})
    assert result.exit_code == 2
    assert result.stdout == ""
    assert [line.split()[0] for line in result.stderr.splitlines()] == [
        "PORT", "SLACK_SIGNING_SECRET", "TEAMS_APP_PASSWORD", "TEAMS_TENANT_ID",
    ]  # fmt: skip


def test_every_mistake_in_ones_own_questionnaires_is_told_before_anything_is_served(
    run: CliRunner, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.toml").write_text('id = "end"\n')
    (tmp_path / "mine" / "b.toml").write_text("colour = 1\n")
    result = run.invoke(command_line.cli, ["run"], env=SLACK | {"INSTRUMENTS_DIR": str(tmp_path / "mine")})
    assert result.exit_code == 2
    assert {line.split(":")[0].split(",")[0].rpartition("/")[2] for line in result.stderr.splitlines()} == {
        "a.toml", "b.toml",
    }  # fmt: skip


def test_a_demos_database_is_refused(run: CliRunner, tmp_path: Path) -> None:
    build(f"sqlite:///{tmp_path / 'demo.sqlite3'}").database.close()
    result = run.invoke(command_line.cli, ["run"], env=SLACK | {"DATABASE_URL": "sqlite:///demo.sqlite3", "PORT": "0"})
    assert result.exit_code == 2
    assert "demo's database" in result.stderr


def test_a_database_that_does_not_answer_is_told(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(_settings: Settings) -> None:
        raise DatabaseGone("OperationalError")

    monkeypatch.setattr(application, "serve", gone)
    result = run.invoke(command_line.cli, ["run"], env=SLACK)
    assert result.exit_code == 1
    assert "check DATABASE_URL" in result.stderr


def test_a_database_that_is_nowhere_is_told_and_no_password_is_printed(run: CliRunner) -> None:
    url = "postgresql://somebody:whisper@127.0.0.1:9/nowhere"
    result = run.invoke(command_line.cli, ["run"], env=SLACK | {"DATABASE_URL": url})
    assert result.exit_code == 1
    assert "check DATABASE_URL" in result.stderr
    assert "whisper" not in result.output + str(result.exception)


def test_interrupting_it_is_no_error(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    async def interrupted(_settings: Settings) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(application, "serve", interrupted)
    assert run.invoke(command_line.cli, ["run"], env=SLACK).exit_code == 0


def test_settings_are_read_from_an_env_file(run: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given: list[Settings] = []

    async def serve(settings: Settings) -> None:
        given.append(settings)

    monkeypatch.setattr(application, "serve", serve)
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in (SLACK | {"PORT": "4711"}).items()))
    with monkeypatch.context() as patch:
        for name in (*SLACK, "PORT"):
            patch.setenv(name, "")  # so that what the file sets is undone afterwards
            patch.delenv(name)
        assert run.invoke(command_line.cli, ["run"]).exit_code == 0
    assert [settings.port for settings in given] == [4711]


def test_a_process_that_is_asked_to_end_finishes_what_it_has_begun(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished: list[str] = []

    async def serve(_settings: Settings) -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(asyncio.Event().wait(), 10)
        finally:
            finished.append("tidily")

    monkeypatch.setattr(application, "serve", serve)
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        assert run.invoke(command_line.cli, ["run"], env=SLACK).exit_code == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    assert finished == ["tidily"]


def test_without_a_command_there_is_help(run: CliRunner) -> None:
    result = run.invoke(command_line.cli, [])
    assert {"run", "demo"} <= set(result.output.split())


def test_the_installed_command_is_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr(command_line, "cli", lambda: called.append("cli"))
    command_line.main()
    assert called == ["cli"]


async def test_serving_answers_and_ends_tidily(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'real.sqlite3'}"
    Database(url, ui.dump).close()
    settings = read(SLACK | {"DATABASE_URL": url, "PORT": "0", "KEY_DIR": str(tmp_path / "keys")}, is_demo=True)
    heard: asyncio.Queue[str] = asyncio.Queue()

    def listen(_logger: object, _level: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
        if entry["event"] == "listening":
            heard.put_nowait(str(entry["address"]))
        raise structlog.DropEvent

    structlog.configure(processors=[listen])
    serving = asyncio.create_task(application.serve(settings))
    address = await asyncio.wait_for(heard.get(), 10)
    async with aiohttp.ClientSession() as http, http.get(f"{address}/healthz") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "ok"})
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    structlog.reset_defaults()
    assert capsys.readouterr().out == ""


# demo


def test_the_demo_prints_one_json_object_and_the_same_seed_gives_the_same(run: CliRunner, tmp_path: Path) -> None:
    result = run.invoke(command_line.cli, ["demo", "--headless", "--months", "1", "--json", "--database", "d.sqlite3"])
    assert result.exit_code == 0, result.stderr
    printed = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    assert set(KEYS) <= printed.keys()
    assert printed["participants"] == 62
    assert printed["pairs_introduced"] > 0
    assert printed["messages_dead"] == 0

    screen, days = Console(file=io.StringIO(), record=True, width=120), list[int]()
    diary = terminal.Diary(screen)
    year = playground.Year(database=tmp_path / "again.sqlite3", months=1, seed=7, tell=diary.note, progress=days.append)
    figures, _rows = asyncio.run(year.play())
    diary.finish()
    assert figures.as_json() | {"seconds": 0} == printed | {"seconds": 0}
    assert figures.wrong() == []
    assert (days, days[-1]) == (sorted(days), year.days)
    assert screen.export_text().count("\n") > 20, "what arrives can be watched"


def quick_year(figures: Figures) -> Callable[..., object]:
    """A year that was played already."""

    class Played:
        days = 30

        def __init__(self, **how: object) -> None:
            self.tell: Callable[[Arrived], None] = how["tell"]  # type: ignore[assignment]  # as Year has it
            self.progress: Callable[[int], None] = how["progress"]  # type: ignore[assignment]

        async def play(self) -> tuple[Figures, list[Month]]:
            self.progress(30)
            return figures, [Month("2026-09", 5, 3, 2), Month("2026-10", 7, 4, 1)]

    return Played


def test_the_demo_shows_a_table_of_the_year(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = Figures(participants=62, max_messages={"mentor": 5, "mentee": 4, "control": 1})
    monkeypatch.setattr(playground, "Year", quick_year(figures))
    result = run.invoke(command_line.cli, ["demo", "--months", "1"])
    assert result.exit_code == 0
    rows = [line.split() for line in result.stdout.splitlines()]
    assert any({"5", "3", "2"} <= set(row) for row in rows), "September"
    assert any({"12", "7", "3"} <= set(row) for row in rows), "the sums"


def test_a_broken_promise_is_told_and_the_exit_code_is_1(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playground, "Year", quick_year(Figures(duplicates=2)))
    result = run.invoke(command_line.cli, ["demo", "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["duplicates"] == 2
    assert "duplicates is 2, not 0" in result.stderr


@pytest.mark.parametrize("form", [["--json"], []])
def test_the_demo_leaves_a_database_alone_that_is_not_a_demos(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, form: list[str]
) -> None:
    monkeypatch.setattr(playground, "Year", quick_year(Figures()))
    precious = tmp_path / "real.sqlite3"
    precious.write_text("of somebody else")
    result = run.invoke(command_line.cli, ["demo", *form, "--database", str(precious)])
    assert result.exit_code == 2
    assert "is not a demo's database" in result.stderr
    assert precious.read_text() == "of somebody else"


def test_the_demo_begins_with_a_new_database(run: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(playground, "Year", quick_year(Figures()))
    build(f"sqlite:///{tmp_path / 'peermentor-demo.sqlite3'}").database.close()
    (tmp_path / "peermentor-demo.sqlite3-keys").mkdir()
    run.invoke(command_line.cli, ["demo", "--json"])
    assert not (tmp_path / "peermentor-demo.sqlite3").exists()
    assert not (tmp_path / "peermentor-demo.sqlite3-keys").exists()


@pytest.mark.parametrize("months", ["0", "27", "many"])
def test_a_year_has_some_months(run: CliRunner, months: str) -> None:
    assert run.invoke(command_line.cli, ["demo", "--months", months]).exit_code == 2
