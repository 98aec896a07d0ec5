"""Importing Action Learning Sets: made, changed and planned from the file, and those whom it concerns are told."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.flow import Flows
from bot.handlers import FLOWS, als
from bot.ui import load
from storage import models
from storage.unit_of_work import UnitOfWork
from tests.desk import Desk, desk_at
from tests.programme.files import PEOPLE_OF_SETS, SETS, SETTINGS

BEFORE = datetime(2026, 8, 10, 9, 0, tzinfo=UTC)
FIRST = datetime(2026, 10, 7, 13, 0, tzinfo=UTC)
SECOND = datetime(2026, 12, 2, 14, 0, tzinfo=UTC)
SOUTHERN = datetime(2026, 10, 8, 8, 30, tzinfo=UTC)
WEEK_BEFORE = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
"""After the invitations to the first session."""
PREPARED = timedelta(days=14)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    for made in desk_at(tmp_path, BEFORE, monkeypatch):
        made.write(settings=SETTINGS + SETS, people=PEOPLE_OF_SETS)
        yield made


def given(desk: Desk, sets: str) -> str:
    return desk.given(settings=SETTINGS + sets, people=PEOPLE_OF_SETS)


def sets_in(desk: Desk) -> dict[str, tuple[str, set[str], list[tuple[datetime, int, str, str]]]]:
    """Each set: its facilitator and members by first name, and its sessions."""
    found = {}
    database = desk.database()
    with database.begin(desk.clock[0]) as uow:
        sessions = uow.sets.all_sessions(1)
        for each in uow.sets.all(1):
            members = {uow.people.get(member).name.split()[0] for member in uow.sets.member_ids(each.id)}
            own = [s for s in sessions if s.learning_set.id == each.id]
            found[each.name] = (
                each.facilitator.name.split()[0],
                members,
                [(s.starts_at, s.minutes, s.place, s.state) for s in own],
            )
    database.close()
    return found


def person(uow: UnitOfWork, name: str) -> int:
    return next(entry.person.id for entry in uow.roll.everybody(1, BEFORE.date()) if entry.person.name.startswith(name))


def join(desk: Desk, *names: str) -> None:
    database = desk.database()
    with database.begin(desk.clock[0]) as uow:
        for name in names:
            uow.people.set_state(person(uow, name), "joined")
    database.close()


def live_until(desk: Desk, until: datetime) -> None:
    """Do what comes due for sets until then."""
    jobs = Flows(FLOWS).jobs
    database = desk.database()
    with database.begin(until) as uow:
        while due := uow.due.take():
            if due.rule.startswith("als"):
                jobs[due.rule](due, uow)
    database.close()
    desk.clock[0] = until


def told(desk: Desk, name: str) -> list[str]:
    """What waits for a person about sets, also as a change of what was sent, oldest first."""
    database = desk.database()
    with database.begin(desk.clock[0]) as uow:
        place = f"dm:{person(uow, name)}"
    with database.engine.connect() as connection:
        rows = connection.execute(
            select(models.outbox.c.key, models.outbox.c.body)
            .where(models.outbox.c.place == place, models.outbox.c.key.like("als%"))
            .order_by(models.outbox.c.id)
        ).all()
    database.close()
    return [load(row.body).summary for row in rows if row.body]


def deliver(desk: Desk) -> None:
    """All that lies in the outbox has been sent."""
    database = desk.database()
    with database.engine.begin() as connection:
        sent = {"body": None, "conversation": "D1", "remote_id": "1", "sent_at": desk.clock[0]}
        connection.execute(models.outbox.update().values(**sent))
    database.close()


def test_sets_are_made_and_their_sessions_planned(desk: Desk) -> None:
    output = desk.run().output
    assert "Northern set, with vikram@harbourside.example: bethan@harbourside.example, omar@harb" in output
    assert "Southern set, 2026-10-08 09:30" in output
    assert sets_in(desk) == {
        "Northern set": (
            "Vikram",
            {"Bethan", "Omar"},
            [
                (FIRST, 120, "Seminar room 2", "planned"),
                (SECOND, 90, "https://meet.harbourside.example/north", "planned"),
            ],
        ),
        "Southern set": ("Hanna", {"Noor", "Tomasz"}, [(SOUTHERN, 120, "", "planned")]),
    }
    assert sorted(desk.due("als_prepare").values()) == [at - PREPARED for at in (FIRST, SOUTHERN, SECOND)]


def test_the_same_sets_again_change_nothing(desk: Desk) -> None:
    desk.run()
    before = desk.rows()
    for now in (BEFORE, FIRST + timedelta(days=1)):
        desk.clock[0] = now
        assert "Nothing to change: everything is as the files say it." in desk.run().output
        assert desk.rows() == before


def test_a_check_of_other_sets_changes_nothing(desk: Desk) -> None:
    desk.run()
    before = desk.rows()
    desk.write(settings=SETTINGS + SETS.replace('"omar@', '"devika@'), people=PEOPLE_OF_SETS)
    output = desk.run("--check").output
    assert "Northern set: in it now: devika@harbourside.example; no longer in it: omar@harbourside.example" in output
    assert desk.rows() == before


def test_with_a_mistake_in_a_set_nothing_is_imported(desk: Desk) -> None:
    desk.write(settings=SETTINGS + SETS.replace("vikram@", "nobody@"), people=PEOPLE_OF_SETS)
    result = desk.run()
    assert (result.exit_code, "nobody@harbourside.example is not in people.csv" in result.output) == (1, True)
    assert desk.is_bare()


def test_a_crash_half_way_through_the_sets_leaves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.run()
    before = desk.rows()
    monkeypatch.setattr(als, "plan_all", lambda *_: 1 / 0)
    desk.write(settings=SETTINGS + SETS.replace('"omar@', '"devika@'), people=PEOPLE_OF_SETS)
    assert isinstance(desk.run().exception, ZeroDivisionError)
    assert desk.rows() == before


def test_a_set_that_is_added_later_is_planned(desk: Desk) -> None:
    northern = SETS[: SETS.index('[[als]]\nname = "Southern')]
    given(desk, northern)
    given(desk, SETS)
    assert SOUTHERN - PREPARED in desk.due("als_prepare").values()
    assert told(desk, "Hanna") == ["You now facilitate Southern set, an Action Learning Set."]


def test_two_can_change_places(desk: Desk) -> None:
    desk.run()
    given(desk, SETS.replace('"omar@', '"x@').replace('"noor@', '"omar@').replace('"x@', '"noor@'))
    assert [members for _facilitator, members, _sessions in sets_in(desk).values()] == [
        {"Bethan", "Noor"},
        {"Omar", "Tomasz"},
    ]


def test_a_new_member_is_asked_and_a_former_one_no_more(desk: Desk) -> None:
    desk.run()
    join(desk, "Bethan", "Omar", "Devika")
    live_until(desk, FIRST - timedelta(days=10))
    given(desk, SETS.replace('"omar@', '"devika@'))
    live_until(desk, WEEK_BEFORE)
    asked = "Northern set: will you come on Wednesday 7 October at 14:00?"
    assert asked in told(desk, "Bethan")
    assert asked in told(desk, "Devika")
    assert asked not in told(desk, "Omar")
    assert told(desk, "Omar")[-1] == "You are no longer in Northern set, so I ask you to its sessions no more."


def test_another_facilitator_hears_what_they_facilitate(desk: Desk) -> None:
    desk.run()
    deliver(desk)
    given(desk, SETS.replace("vikram@", "hanna@"))
    assert sets_in(desk)["Northern set"][0] == "Hanna"
    assert told(desk, "Hanna")[-1] == "You now facilitate Northern set, an Action Learning Set."
    assert told(desk, "Vikram")[-1] == "You no longer facilitate Northern set; Hanna Lindqvist does from now on."


def test_another_place_is_told_to_those_who_were_asked(desk: Desk) -> None:
    desk.run()
    join(desk, "Bethan", "Omar")
    live_until(desk, WEEK_BEFORE)
    deliver(desk)
    output = given(desk, SETS.replace("Seminar room 2", "Library"))
    assert "Northern set, 2026-10-07 14:00: place: Seminar room 2 -> Library" in output
    changed = (
        "The session of Northern set on Wednesday 7 October at 14:00 has changed: please note its length and place."
    )
    assert told(desk, "Bethan")[-1] == changed
    assert told(desk, "Vikram")[-1].startswith("A lead has changed the session of Northern set.")
    assert sets_in(desk)["Northern set"][2][0][2] == "Library"


def test_a_session_is_cancelled_where_the_file_says_so(desk: Desk) -> None:
    desk.run()
    join(desk, "Bethan", "Omar")
    live_until(desk, WEEK_BEFORE)
    deliver(desk)
    text = SETS.replace('place = "Seminar room 2"', "cancelled = true")
    assert "cancelled, sessions:\n  Northern set, 2026-10-07 14:00\n" in given(desk, text)
    assert told(desk, "Omar")[-1] == "The session of Northern set on Wednesday 7 October at 14:00 is cancelled."
    assert sets_in(desk)["Northern set"][2][0][3] == "cancelled"
    assert "Nothing to change" in given(desk, text)


def test_a_session_that_is_added_is_planned(desk: Desk) -> None:
    desk.run()
    given(desk, f"{SETS}\n[[als.session]]\nstarts_at = 2027-01-13 14:00\n")
    third = datetime(2027, 1, 13, 14, 0, tzinfo=UTC)
    assert sets_in(desk)["Southern set"][2][-1] == (third, 120, "", "planned")
    assert third - PREPARED in desk.due("als_prepare").values()


def test_what_is_not_in_the_file_stays_and_is_named(desk: Desk) -> None:
    desk.run()
    before = desk.rows()
    northern = SETS[: SETS.index('[[als]]\nname = "Southern')]
    fewer = northern[: northern.rindex("[[als.session]]")]
    output = given(desk, fewer)
    assert (
        "not in the file, and left as they are:\n  the set Southern set\n  Northern set, 2026-12-02 14:00\n" in output
    )
    assert "Nothing to change" in output
    assert desk.rows() == before


def test_what_was_held_stays_as_it_is(desk: Desk) -> None:
    desk.run()
    join(desk, "Bethan", "Omar")
    desk.clock[0] = FIRST + timedelta(days=1)
    database = desk.database()
    with database.begin(desk.clock[0]) as uow:
        uow.sets.fill_register(uow.sets.all_sessions(1)[0], {person(uow, "Bethan")})
    database.close()
    before = desk.rows()
    output = given(desk, SETS.replace("Seminar room 2", "Library"))
    assert "begun, and left as they are:\n  Northern set, 2026-10-07 14:00\n" in output
    assert desk.rows() == before


def test_a_set_that_was_made_in_the_chat_is_the_one_of_its_name_in_the_file(desk: Desk) -> None:
    given(desk, "")
    database = desk.database()
    with database.begin(BEFORE) as uow:
        made = uow.sets.add(1, "northern SET", person(uow, "Vikram"))
        for name in ("Bethan", "Omar"):
            uow.sets.add_member(made.id, person(uow, name))
        uow.sets.add_session(made.id, FIRST, 120, "Seminar room 2")
    database.close()
    output = given(desk, SETS)
    assert "Northern set: name: northern SET -> Northern set" in output
    assert len(sets_in(desk)["Northern set"][2]) == 2
