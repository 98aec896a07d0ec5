"""Importing a programme on the command line: a plan, then the change, all of it or nothing, again and again."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from bot import importing, ui
from bot.__main__ import cli
from bot.handlers import welcome
from bot.ui import load
from storage import models
from storage.models import due, outbox
from storage.records import Account, Programme
from tests.desk import Desk, desk_at
from tests.programme.files import HEADER, PAIRS, PEOPLE, SETTINGS, with_line

BEFORE = datetime(2026, 8, 10, 9, 0, tzinfo=UTC)
"""Three weeks before the programme starts."""
FIRST_MORNING = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 10, 5, 9, 30, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    yield from desk_at(tmp_path, BEFORE, monkeypatch)


def test_a_check_looks_and_changes_nothing_not_even_a_file(desk: Desk) -> None:
    result = desk.run("--check")
    assert result.exit_code == 0
    assert "Looked only: nothing is changed." in result.output
    assert "Megan Pryce, megan@harbourside.example, mentee, without an account" in result.output
    assert sorted(path.name for path in desk.path.iterdir()) == ["pairs.csv", "people.csv", "programme.toml"]


def test_everything_is_imported(desk: Desk) -> None:
    assert "Imported." in desk.run().output
    database = desk.database()
    with database.begin(BEFORE) as uow:
        programme = uow.programmes.real()
        assert isinstance(programme, Programme)
        found = uow.people.by_account(Account("slack", "T0HARBOUR", "U0BETHAN"))
        assert found is not None
        bethan = found.person
        assert (bethan.region, bethan.profile, bethan.quiet_from) == ("WLS", "Swims.", 20)
        assert uow.people.organisation_of(bethan.id, BEFORE.date()) == "Larkhill General"
        assert [person.name for person in uow.people.with_duty(programme.id, "senior support")] == [
            "Brigid Murphy",
            "Vikram Chaudhary",
        ]
        (pair,) = uow.pairs.proposed_of(bethan.id)
        assert (pair.mentee.name, pair.mentee.time_zone) == ("Megan Pryce", "Europe/Dublin")
        assert [service.reach for service in uow.programmes.services(programme.id, "ENG")] == ["0300 0303 300"]
    database.close()
    assert desk.due("welcome") == dict.fromkeys(("Bethan", "Megan", "Rhys"), FIRST_MORNING)
    assert list(desk.due("digest")) == ["1"]


def test_the_same_files_again_change_nothing(desk: Desk) -> None:
    desk.run()
    before = desk.rows()
    desk.clock[0] = LATER
    assert "Nothing to change: everything is as the files say it." in desk.run().output
    assert desk.rows() == before


def test_after_a_mistake_nothing_is_stored(desk: Desk) -> None:
    desk.write(people=PEOPLE.replace(",control,", ",kontrol,"), settings=SETTINGS.replace("2026-09-01", "2026-13-01"))
    for options in ((), ("--check",)):
        result = desk.run(*options)
        assert result.exit_code == 1
        assert "programme.toml, line 2, column 17: '2026-13-01' is no day" in result.output
        assert "people.csv, line 4, column G (role): 'kontrol' is none of" in result.output
    assert desk.is_bare()


def test_after_a_mistake_what_was_stored_stays(desk: Desk) -> None:
    desk.run()
    before = desk.rows()
    desk.write(people=with_line(PEOPLE, "Omar,omar@h.example,slack:T0HARBOUR/U0RHYS,,,,mentor,,"))
    assert desk.run().exit_code == 1
    assert desk.rows() == before


def test_a_crash_half_way_leaves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.run()
    before = desk.rows()
    desk.write(people=with_line(PEOPLE.replace("ST6", "ST7"), "Omar,omar@h.example,,,,,mentor,,"))
    monkeypatch.setattr(welcome, "invite", lambda *_: 1 / 0)
    assert isinstance(desk.run().exception, ZeroDivisionError)
    assert desk.rows() == before


def test_a_changed_person_is_changed_and_nobody_else_is(desk: Desk) -> None:
    desk.run()
    before = desk.rows()
    desk.clock[0] = LATER
    changed = PEOPLE.replace("Larkhill General,WLS,ST6 paediatrics", "Fenmoor Infirmary,WLS,ST7 paediatrics")
    output = desk.given(people=changed)
    assert "organisation: Larkhill General -> Fenmoor Infirmary; grade: ST6 paediatrics -> ST7 paediatrics" in output
    after = desk.rows()
    different = {name: [row for row in after[name] if row not in before[name]] for name in after}
    assert {name: len(rows) for name, rows in different.items() if rows} == {"person": 1, "placement": 2}
    database = desk.database()
    with database.begin(LATER) as uow:
        bethan = uow.roll.everybody(1, LATER.date())[0]
        assert (bethan.organisation, bethan.person.grade) == ("Fenmoor Infirmary", "ST7 paediatrics")
        assert uow.people.organisation_of(bethan.person.id, date(2026, 10, 4)) == "Larkhill General"
    database.close()


def test_somebody_who_is_added_later_is_welcomed_at_once(desk: Desk) -> None:
    desk.run()
    desk.clock[0] = LATER
    output = desk.given(people=with_line(PEOPLE, "Omar El-Sayed,omar@h.example,slack:T0HARBOUR/U0OMAR,,,,mentee,,"))
    assert "Omar El-Sayed, omar@h.example, mentee" in output
    assert desk.due("welcome")["Omar"] == LATER
    assert desk.due("welcome")["Rhys"] == FIRST_MORNING


def test_people_and_pairs_who_are_not_in_the_files_stay_and_are_named(desk: Desk) -> None:
    desk.run()
    before = desk.rows()
    fewer = "\n".join(line for line in PEOPLE.splitlines() if not line.startswith(("Rhys", "Megan")))
    output = desk.given(people=fewer, pairs=PAIRS.splitlines()[0])
    assert "not in the file, and left as they are:" in output
    assert "Rhys Llewellyn, rhys@harbourside.example" in output
    assert desk.rows() == before


def test_a_pair_who_both_take_part_already_is_introduced_at_once(desk: Desk) -> None:
    desk.given(pairs=PAIRS.splitlines()[0])
    database = desk.database()
    with database.begin(LATER) as uow:
        for person_id in (1, 2):
            uow.people.set_state(person_id, "joined")
    database.close()
    desk.clock[0] = LATER
    desk.given()
    assert desk.due("introduce") == {"1": LATER}


def test_duties_are_given_and_taken(desk: Desk) -> None:
    desk.run()
    desk.given(people=PEOPLE.replace("senior support; facilitator", "senior support; selector"))
    database = desk.database()
    with database.begin(BEFORE) as uow:
        assert uow.roll.everybody(1, BEFORE.date())[-1].duties == {"senior support", "selector"}
    database.close()


def test_who_is_invited_as_something_else_sees_it_on_the_card(desk: Desk) -> None:
    desk.run()
    database = desk.database()
    with database.begin(FIRST_MORNING) as uow:
        rhys = uow.people.participant(3)
        assert rhys is not None
        welcome.send_card(rhys, uow)
    desk.given(people=PEOPLE.replace(",control,", ",mentor,"))
    with database.engine.connect() as connection:
        body = connection.execute(select(outbox.c.body).where(outbox.c.place == "dm:3")).scalar_one()
    database.close()
    assert ui.Heading("You are invited to be a peer mentor") in load(body).blocks


def test_other_days_move_what_is_due(desk: Desk) -> None:
    desk.run()
    digest = desk.due("digest")["1"]
    output = desk.given(settings=SETTINGS.replace("2026-09-01", "2026-10-01").replace("2027-08-31", "2027-12-31"))
    assert "starts on: 2026-09-01 -> 2026-10-01" in output
    assert set(desk.due("welcome").values()) == {datetime(2026, 10, 1, 9, 0, tzinfo=UTC)}
    assert desk.due("digest")["1"] > digest + timedelta(days=25)


def test_a_later_end_has_pairs_asked_again_for_whom_there_was_no_next_look(desk: Desk) -> None:
    desk.run()
    database = desk.database()
    with database.begin(LATER) as uow:
        uow.pairs.introduce(1)
    database.close()
    desk.clock[0] = datetime(2027, 8, 20, 9, 0, tzinfo=UTC)
    desk.given(settings=SETTINGS.replace("2027-08-31", "2027-12-31"))
    assert set(desk.due("find_a_date")) == {"Bethan", "Megan"}


def test_other_quiet_hours_are_for_those_who_have_not_chosen_their_own(desk: Desk) -> None:
    desk.run()
    database = desk.database()
    with database.begin(LATER) as uow:
        uow.people.change(1, quiet_from=18)
    desk.given(settings=SETTINGS + "\n[quiet_hours]\nfrom = 19\nuntil = 7\n")
    with database.begin(LATER) as uow:
        entries = uow.roll.everybody(1, LATER.date())
        hours = {(entry.person.quiet_from, entry.person.quiet_until) for entry in entries[1:]}
        assert (entries[0].person.quiet_from, hours) == (18, {(19, 7)})
    database.close()


def test_what_is_usual_in_a_file_is_what_the_database_begins_with(desk: Desk) -> None:
    desk.run()
    database = desk.database()
    with database.begin(BEFORE) as uow:
        imported = uow.programmes.real()
        assert imported is not None
        plain_id = uow.programmes.add(
            name="Another",
            starts_on=imported.starts_on,
            ends_on=imported.ends_on,
            time_zone="Europe/London",
            region="ENG",
            contact_name="",
            contact_email="",
        )
        plain = uow.programmes.get(plain_id)
        columns = (
            "disclosure",
            "reminder_days",
            "first_date_days",
            "next_date_days",
            "check_in_days",
            "quiet_from",
            "quiet_until",
        )
        assert [getattr(plain, name) for name in columns] == [getattr(imported, name) for name in columns]
        uow.change_nothing()
    database.close()


def test_files_may_have_other_names_and_pairs_may_be_left_out(desk: Desk) -> None:
    (desk.path / "trainees.csv").write_text(PEOPLE.replace(",control,", ",kontrol,"), encoding="utf-8")
    result = CliRunner().invoke(cli, ["programme", "import", "programme.toml", "trainees.csv"])
    assert result.exit_code == 1
    assert "trainees.csv, line 4, column G (role)" in result.output


def test_a_file_that_is_not_there_is_told(desk: Desk) -> None:
    result = CliRunner().invoke(cli, ["programme", "import", "programme.toml", "nobody.csv"])
    assert result.exit_code == 2
    assert "nobody.csv" in result.output
    assert desk.path.exists()


def test_warnings_stop_nothing(desk: Desk) -> None:
    output = desk.given(people=PEOPLE.replace("senior support; facilitator", "facilitator"))
    assert "Worth a look, though no mistake:" in output
    assert "people.csv: senior support: 1; people should have a choice of two or more" in output


def test_a_demo_s_database_is_refused(desk: Desk) -> None:
    database = desk.database()
    database.upgrade()
    with database.begin(BEFORE) as uow:
        uow.programmes.add(
            name="Westmarch",
            starts_on=date(2026, 9, 1),
            ends_on=date(2027, 8, 31),
            time_zone="Europe/London",
            region="ENG",
            contact_name="Dominic Hale",
            contact_email="dominic@westmarch.example",
            is_demo=True,
        )
    database.close()
    for options in ((), ("--check",)):
        result = desk.run(*options)
        assert (result.exit_code, "a demo's database" in result.output) == (2, True)


@pytest.mark.parametrize("url", ["nonsense", "mysql://somebody@127.0.0.1/programme"])
def test_an_address_of_no_database_that_is_known_is_told(desk: Desk, url: str) -> None:
    result = desk.run(url=url)
    assert result.exit_code == 2
    assert result.output == "DATABASE_URL must begin with sqlite:/// or postgresql://\n"


def test_a_database_that_does_not_answer_is_told(desk: Desk) -> None:
    result = desk.run(url="postgresql://nobody@127.0.0.1:1/nothing")
    assert (result.exit_code, "the database does not answer" in result.output) == (1, True)
    result = desk.run("--check", url=f"sqlite:///{desk.path / 'people.csv'}")
    assert (result.exit_code, "the database does not answer" in result.output) == (1, True)
    (desk.path / "folder").mkdir()
    result = desk.run("--check", url=f"sqlite:///{desk.path / 'folder'}")
    assert (result.exit_code, "the database does not answer" in result.output) == (1, True)


def test_markup_and_control_characters_of_a_terminal_are_shown_as_they_are(desk: Desk) -> None:
    output = desk.given(people=PEOPLE.replace("Bethan Rees", "[bold]Bethan[/] Rees"))
    assert "[bold]Bethan[/] Rees, bethan@harbourside.example, mentor" in output
    desk.write(people=PEOPLE.replace("Bethan Rees", "Bethan\x1b[2J"), settings=SETTINGS.replace("[contact]", "\x1b[2J"))
    assert "\x1b" not in desk.run().output


def test_the_example_is_printed_and_can_be_imported(desk: Desk) -> None:
    example = CliRunner().invoke(cli, ["programme", "example"]).output
    desk.given(settings=example)
    database = desk.database()
    with database.begin(BEFORE) as uow:
        programme = uow.programmes.real()
        assert programme is not None
        assert (programme.name, programme.next_date_days) == ("Westmarch peer mentoring", 42)
    database.close()


def test_a_file_of_a_hundred_thousand_lines_with_five_thousand_mistakes_gets_a_summary(desk: Desk) -> None:
    roles = {0: "mentr", 1: "", 2: "mentor; mentee"}
    lines = [
        f"Person {n},person{n}@harbourside.example,,Hospital {n % 300},{'' if n % 20 else 'ENG'},ST{n % 8 + 1},"
        f"{'mentee' if n % 20 else roles[n // 20 % 3]},,"
        for n in range(100_000 - 7)
    ]
    desk.write(people=PEOPLE + "\n".join(lines))
    result = desk.run("--check")
    assert result.exit_code == 1
    told = result.output.splitlines()
    assert told[0] == "Nothing is imported, because of 5,000 mistakes:"
    assert told[1].startswith("people.csv, line 8, column G (role): 'mentr' is none of mentor")
    assert told[21:25] == [
        "... and 4,980 more. All 5,000 by kind:",
        "    1,667  unknown role",
        "    1,667  no role",
        "    1,666  two roles",
    ]


def test_a_nation_is_imported_and_changed(desk: Desk) -> None:
    lines = [
        f"Person {n},p{n}@h.example,slack:T0HARBOUR/U{n:06},,,,{('mentor', 'mentee')[n % 2]},," for n in range(2000)
    ]
    pairs = [f"p{n}@h.example,p{n + 1}@h.example" for n in range(0, 2000, 2)]
    desk.given(people=PEOPLE + "\n".join(lines), pairs=PAIRS + "\n".join(pairs))
    output = desk.given(people=PEOPLE + "\n".join(lines).replace("Person 1,", "Persephone,"))
    assert "Person 1, p1@h.example: name: Person 1 -> Persephone" in output
    rows = desk.rows()
    welcomes = sum(row[0] == "welcome" for row in rows[due.name])
    assert (len(rows["person"]), len(rows["pair"]), welcomes) == (2006, 1001, 2003)


def test_imports_wait_for_each_other_and_the_second_changes_nothing(desk: Desk) -> None:
    said = importing.read(
        importing.Files.at(*(desk.path / name for name in ("programme.toml", "people.csv", "pairs.csv")))
    )

    async def twice() -> tuple[bool, bool]:
        one, other = desk.database(), desk.database()
        first = await importing.carry_out(said, one)
        second = await importing.carry_out(said, other)
        one.close()
        other.close()
        return first.changes_nothing, second.changes_nothing

    assert asyncio.run(twice()) == (False, True)
    assert len(desk.rows()[models.person.name]) == len(PEOPLE.splitlines()) - 1
    assert HEADER in PEOPLE
