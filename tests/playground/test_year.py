"""Three months of the example's year, played to the end: the calendars that came out of it hold together."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass

import pytest

from bot import ui
from bot.playground import example
from bot.playground.demo import Year
from bot.playground.figures import Figures
from bot.playground.reasons import UNKNOWN, why
from storage.records import File, Meeting
from storage.unit_of_work import Database
from tests.calendars import CalendarProgram, broken_rules, read

pytestmark = pytest.mark.sqlite_only
CONTACT = "dominic.hale@westmarch.example"


@dataclass(frozen=True)
class Played:
    """What the months came to. ``meetings``: those of all pairs that have a time and were not called off. ``keys``: of
    all messages that arrived."""

    figures: Figures
    files: list[File]
    meetings: list[Meeting]
    keys: set[str]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    path = tmp_path_factory.mktemp("year") / "year.sqlite3"
    keys: set[str] = set()
    year = Year(database=path, months=3, seed=7, tell=lambda one: keys.add(one.post.key), progress=lambda _: None)
    figures, _rows = asyncio.run(year.play())
    database = Database(f"sqlite:///{path}", ui.dump)
    with database.begin(example.STARTS) as uow:
        programme = uow.programmes.current()
        assert programme is not None
        pairs = [fact.pair for fact in uow.pairs.facts(programme.id)]
        meetings = [m for p in pairs for state in ("arranged", "logged") for m in uow.meetings.of_pair(p.id, state)]
        files = uow.files.kept()
    database.close()
    return Played(figures, files, [meeting for meeting in meetings if meeting.uid], keys)


def test_no_promise_is_broken(played: Played) -> None:
    assert played.figures.wrong() == []
    assert played.figures.messages_dead == 0


def test_every_message_has_a_reason_that_the_page_can_tell(played: Played) -> None:
    assert len(played.keys) > 100
    assert {key for key in played.keys if why(key) == UNKNOWN} == set()


def test_meetings_are_arranged_moved_and_cancelled(played: Played) -> None:
    assert played.figures.meetings_arranged > 10
    assert played.figures.invitations_sent >= 2 * played.figures.meetings_arranged, "each of a pair gets one"
    assert {read(file.content).method for file in played.files} == {"PUBLISH", "CANCEL"}
    assert played.figures.invitations_sent + played.figures.invitations_updated == len(played.files)


def test_every_calendar_file_is_read_by_another_parser_and_keeps_the_rules(played: Played) -> None:
    assert [broken_rules(file.content, organiser=CONTACT) for file in played.files] == [[] for _ in played.files]
    assert all(read(file.content).method in file.media_type for file in played.files)


def test_one_event_at_one_number_says_one_thing_to_everybody(played: Played) -> None:
    said = defaultdict(set)
    for entry in (read(file.content) for file in played.files):
        said[entry.uid, entry.sequence].add((entry.method, entry.starts_at, entry.ends_at, entry.place))
    assert {len(versions) for versions in said.values()} == {1}


def test_a_calendar_that_opens_every_file_ends_with_the_meetings_as_they_are(played: Played) -> None:
    calendar = CalendarProgram()
    for file in played.files:
        calendar.open(file.content)
    for meeting in played.meetings:
        entry = calendar.events[meeting.uid]
        assert (entry.starts_at, entry.sequence) == (meeting.starts_at, meeting.sequence)
    assert not calendar.gone.keys() & {meeting.uid for meeting in played.meetings}
