"""``peermentor report``: four files, a line for each, and plain words where something is in the way."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot import report_files
from bot.__main__ import cli
from bot.report import making, pdf
from bot.report.build import as_json
from bot.report.facts import Facts
from bot.report.making import ReportFailed, made
from bot.report.writing import Made
from tests.report.sample import facts
from tests.world import World


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No child process."""

    async def at_once(given: Facts) -> Made:
        return Made(b"<html>", b"printed", b"cells", as_json(given))

    monkeypatch.setattr(making, "made", at_once)


def run(world: World, name: str, out: Path, **environment: str) -> Result:
    settings = {"DATABASE_URL": world.url, "COLUMNS": "160"}
    return CliRunner().invoke(cli, ["report", name, "--out", str(out)], env=settings | environment)


async def test_the_child_process_makes_all_four_files() -> None:
    files = await made(facts())
    assert files.html.startswith(b"<!DOCTYPE html>")
    assert files.pdf.startswith(b"%PDF")
    assert files.xlsx.startswith(b"PK")
    assert files.json == as_json(facts())


async def test_a_child_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(ReportFailed, match="longer than"):
        await made(facts(), limit=0.01)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", ["Westmarch peer mentoring", "westmarch", " WESTMARCH PEER "])
def test_it_writes_the_files_into_the_folder_and_says_so(world: World, tmp_path: Path, name: str) -> None:
    out = tmp_path / "new" / "folder"
    result = run(world, name, out)
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in out.iterdir()) == ["report.html", "report.json", "report.pdf", "report.xlsx"]
    assert result.stdout.count("is written") == 4
    assert json.loads((out / "report.json").read_text("utf-8"))["programme"] == "Westmarch peer mentoring"


@pytest.mark.usefixtures("quick")
def test_another_programme_is_not_there(world: World, tmp_path: Path) -> None:
    result = run(world, "Eastmarch", tmp_path)
    assert result.exit_code == 1
    assert "there is no programme 'Eastmarch'; there is 'Westmarch peer mentoring'" in result.stderr
    assert list(tmp_path.glob("report.*")) == []


@pytest.mark.usefixtures("quick")
def test_a_beginning_that_several_share_is_not_enough(world: World, tmp_path: Path) -> None:
    with world.uow() as uow:
        uow.programmes.add(
            name="Westmarch again",
            starts_on=world.programme.starts_on,
            ends_on=world.programme.ends_on,
            time_zone="Europe/London",
            region="ENG",
            contact_name="Gwen Pritchard",
            contact_email="gwen@example.org",
        )
    assert "several programmes begin with 'west'" in run(world, "west", tmp_path).stderr
    assert run(world, "Westmarch again", tmp_path).exit_code == 0


@pytest.mark.usefixtures("quick")
def test_a_folder_that_cannot_be_written_is_told(world: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    result = run(world, "Westmarch", tmp_path / "file" / "below")
    assert result.exit_code == 1
    assert "nothing can be written" in result.stderr


@pytest.mark.sqlite_only
def test_a_database_without_a_programme_is_told(world: World, tmp_path: Path) -> None:
    result = run(world, "Westmarch", tmp_path, DATABASE_URL=f"sqlite:///{tmp_path / 'none.sqlite3'}")
    assert result.exit_code == 1
    assert "there is no programme in the database" in result.stderr
    assert not (tmp_path / "none.sqlite3").exists()


def test_what_went_wrong_is_told_in_a_line(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(_facts: Facts) -> Made:
        raise ReportFailed("its process ended with status 9")

    monkeypatch.setattr(making, "made", fails)
    result = run(world, "Westmarch", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.strip().endswith("the report could not be made: its process ended with status 9")


def test_missing_libraries_are_named_and_the_rest_is_written(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def without(given: Facts) -> Made:
        return Made(b"<html>", b"", b"cells", as_json(given))

    monkeypatch.setattr(making, "made", without)
    result = run(world, "Westmarch", tmp_path / "out")
    assert result.exit_code == 1
    assert report_files.NO_PDF in result.stderr
    assert all(library in result.stderr for library in pdf.LIBRARIES)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["report.html", "report.json", "report.xlsx"]
