"""A lead's desk, for tests of importing: the files of a programme, and a database beside them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from bot import importing, ui
from bot.__main__ import cli
from storage import models
from storage.models import due, metadata
from storage.unit_of_work import Database
from tests import databases
from tests.programme.files import PAIRS, PEOPLE, SETTINGS


@dataclass
class Desk:
    """A lead's desk: three files, and a database beside them."""

    path: Path
    clock: list[datetime]
    url: str

    def write(self, *, settings: str = SETTINGS, people: str = PEOPLE, pairs: str = PAIRS) -> None:
        for name, text in (("programme.toml", settings), ("people.csv", people), ("pairs.csv", pairs)):
            (self.path / name).write_text(text, encoding="utf-8")

    def run(self, *options: str, url: str = "") -> Result:
        """Type the command."""
        files = [str(self.path / name) for name in ("programme.toml", "people.csv", "pairs.csv")]
        return CliRunner().invoke(
            cli, ["programme", "import", *options, *files], env={"DATABASE_URL": url or self.url, "COLUMNS": "160"}
        )

    def given(self, **files: str) -> str:
        """Import these files; what is printed."""
        self.write(**files)
        result = self.run()
        assert result.exit_code == 0, result.output
        return result.output

    def database(self) -> Database:
        return Database(self.url, ui.dump)

    def is_bare(self) -> bool:
        """Whether nothing has been stored, not even tables."""
        database = self.database()
        bare = database.is_new()
        database.close()
        return bare

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything that is stored."""
        database = self.database()
        with database.engine.connect() as connection:
            found = {t.name: [tuple(row) for row in connection.execute(select(t))] for t in metadata.sorted_tables}
        database.close()
        return found

    def due(self, rule: str) -> dict[str, datetime]:
        """When the work of a rule that is still to be done comes due, by the name of the person or the subject."""
        database = self.database()
        with database.engine.connect() as connection:
            names = {row.id: row.name.split()[0] for row in connection.execute(select(models.person))}
            rows = connection.execute(select(due).where(due.c.rule == rule, due.c.done_at.is_(None))).all()
        database.close()
        subjects = [row.subject.partition("-") for row in rows]
        return {
            names[int(person_id)] if dash else thing_id: row.due_at
            for row, (thing_id, dash, person_id) in zip(rows, subjects, strict=True)
        }


def desk_at(path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk with files on it, and a clock that the test moves; tidied up afterwards."""
    clock = [now]
    monkeypatch.setattr(importing, "real_time", lambda: clock[0])
    monkeypatch.chdir(path)
    made = Desk(path, clock, databases.new_url(path, "programme"))
    databases.create(made.url)
    made.write()
    yield made
    databases.drop(made.url)
