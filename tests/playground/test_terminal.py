"""The demo in a terminal: one line a message however narrow it is, and what many people get at once told once."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from bot.playground import example, terminal
from bot.playground.client import Post
from bot.playground.example import ExamplePerson
from bot.playground.figures import Arrived, Figures, Month

MORNING = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
EVERYBODY = example.people()
MENTORS = [person for person in EVERYBODY if person.part == "mentor"]
LONG = (
    "Tomasz Wilk logged that you two met on Tuesday 20 October, by video, and talked about work-life balance and exams."
)


def arrived(reader: ExamplePerson, text: str, at: datetime = MORNING, kind: str = "dm") -> Arrived:
    post = Post(at, "D1", kind, frozenset({reader.account}), "key", "1", (text, "The rest."))
    return Arrived(at, reader, post, is_prompt=True)


def printed(*messages: Arrived, width: int = 80) -> list[str]:
    screen = StringIO()
    diary = terminal.Diary(Console(file=screen, width=width, highlight=False))
    for message in messages:
        diary.note(message)
    diary.finish()
    return screen.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 120])
def test_a_long_message_is_one_line(width: int) -> None:
    lines = printed(arrived(MENTORS[0], LONG), width=width)
    assert lines[:2] == ["", "September 2026"]
    (line,) = lines[2:]
    assert line.startswith("Tue 01  10:00  Amara Okonjo")
    assert line.endswith("…")
    assert len(line) == width


def test_what_many_get_within_a_minute_is_told_once() -> None:
    lines = printed(*(arrived(mentor, "You are invited to be a peer mentor") for mentor in MENTORS))
    assert len(lines) == 3
    assert "18 mentors" in lines[2]
    assert "both" in lines[2]


def test_readers_of_several_parts_are_people_and_two_are_named() -> None:
    mentee = next(person for person in EVERYBODY if person.part == "mentee")
    three = printed(*(arrived(person, "Hello") for person in (*MENTORS[:2], mentee)))
    assert "3 people" in three[-1]
    two = printed(*(arrived(person, "Hello", kind="group") for person in (MENTORS[0], mentee)), width=120)
    assert "Amara Okonjo (mentor), Niamh" in two[-1]
    assert "group" in two[-1]


def test_each_month_has_a_heading_and_each_minute_its_lines() -> None:
    later = datetime(2026, 10, 2, 9, 0, tzinfo=UTC)
    lines = printed(arrived(MENTORS[0], "One"), arrived(MENTORS[1], "Two"), arrived(MENTORS[0], "One", later))
    assert [line for line in lines if line.endswith("2026")] == ["September 2026", "October 2026"]
    assert sum(line.endswith(("One", "Two")) for line in lines) == 3


def test_the_tables_say_what_they_count_and_fit_eighty_columns() -> None:
    screen = StringIO()
    console = Console(file=screen, width=80)
    console.print(terminal.months([Month("2026-09", 150, 127, 10), Month("2026-10", 83, 42, 24)]))
    console.print(terminal.summary(Figures(participants=62, max_messages={"mentor": 5, "mentee": 7, "control": 1})))
    console.print(terminal.INTRODUCTION)
    text = screen.getvalue()
    assert "October 2026" in text
    assert "233" in text
    assert "mentee 7 (limit 45 a year)" in text
    assert all(len(line) <= 80 for line in text.splitlines())
