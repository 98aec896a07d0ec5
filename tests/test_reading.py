"""What comes back from chats as text."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reading import about, id_in, ids_about, picked, read_day, read_line, read_number, read_time, typed
from storage.records import NotThere


@pytest.mark.parametrize("text", ["2026-03-31", "31/03/2026", "31.03.2026", "31-3-2026", "2026-3-31"])
def test_a_day_is_read_year_first_or_day_first(text: str) -> None:
    assert read_day(text) == date(2026, 3, 31)


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "31/02/2026", "2026-13-01", "03/31/2026", "31/03/26", "0000-01-01", "\U0001f600" * 500]
)
def test_what_is_no_day_is_not_read_as_one(text: str) -> None:
    assert read_day(text) is None


@given(st.dates(date(1000, 1, 1)))
def test_every_day_is_read_as_it_was_written(day: date) -> None:
    assert read_day(day.isoformat()) == day
    assert read_day(f"{day:%d/%m/}{day.year}") == day


@given(st.text())
def test_any_text_is_read_as_a_day_or_a_number_or_neither(text: str) -> None:
    assert read_day(text) is None or any(c.isdigit() for c in text)
    assert read_number(text) is None or any(c.isdigit() for c in text)


@pytest.mark.parametrize(("text", "number"), [("60", 60), ("-5", -5), ("0", 0), ("1,000", None), ("an hour", None)])
def test_whole_numbers_are_read(text: str, number: int | None) -> None:
    assert read_number(text) == number


def test_a_number_of_ten_thousand_digits_is_none() -> None:
    assert read_number("9" * 10_000) is None


def test_subjects_name_a_thing_and_a_person() -> None:
    assert ids_about(about(17, 5)) == (17, 5)


@pytest.mark.parametrize("subject", ["", "17", "17-", "-5", "17-5-3", "a-b", "17-5; DROP", "9" * 30 + "-1"])
def test_a_made_up_subject_names_nothing(subject: str) -> None:
    with pytest.raises(NotThere):
        ids_about(subject)


@pytest.mark.parametrize("subject", ["", "x", "-1", "1.5", "9" * 30, "\u0663"])
def test_a_made_up_id_is_nobody_s(subject: str) -> None:
    with pytest.raises(NotThere):
        id_in(subject)


def test_a_field_of_the_wrong_kind_counts_as_left_open() -> None:
    assert typed({"day": ("2026-03-31",)}, "day") == ""
    assert picked({"topics": "exams"}, "topics") == ()
    assert typed({}, "day") == ""
    assert typed({"day": " 2026-03-31 "}, "day") == "2026-03-31"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("17:30", time(17, 30)),
        ("9.05", time(9, 5)),
        ("00:00", time(0)),
        ("24:00", None),
        ("17:60", None),
        ("17", None),
        ("", None),
        ("5pm", None),
        ("1:2", None),
        ("\u0661\u0667:30", None),
    ],
)
def test_times_are_read_as_people_type_them(text: str, at: time | None) -> None:
    assert read_time(text) == at


@pytest.mark.parametrize(
    ("text", "line"), [(" Room  4\n", "Room 4"), ("a\x00b\u202ec", "abc"), ("Café Zoë", "Café Zoë"), (" \t ", "")]
)
def test_a_line_has_nothing_that_cannot_be_seen(text: str, line: str) -> None:
    assert read_line(text) == line
