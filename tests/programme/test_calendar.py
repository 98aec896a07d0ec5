"""Calendar files say what was meant, to any parser, in any zone and at every clock change."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.programme.calendar import CANCELLATION, INVITATION, Dated, Organiser, cancellation, invitation
from tests.calendars import CalendarProgram, broken_rules, read

NOW = datetime(2026, 2, 2, 10, 0, tzinfo=UTC)
GWEN = Organiser("Gwen Pritchard", "gwen@example.org")
EVENT = Dated(
    uid="hJ2k9@mentoring",
    sequence=0,
    starts_at=datetime(2026, 3, 3, 9, 0, tzinfo=ZoneInfo("Europe/London")),
    minutes=45,
    summary="Mentoring with Niamh Gallagher",
    description="To move it, type schedule.",
    place="Café on level 2; by the lifts, or https://video.example/a?b=1",
)
ZONES = st.sampled_from(
    ["Europe/London", "Europe/Lisbon", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"]
).map(ZoneInfo)
CHANGES = [
    datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 0, tzinfo=UTC),
    datetime(2026, 11, 1, 6, 0, tzinfo=UTC),
    datetime(2026, 4, 4, 15, 0, tzinfo=UTC),
]
MOMENTS = st.one_of(
    st.integers(0, 10 * 365 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    st.builds(lambda change, by: change + timedelta(minutes=by), st.sampled_from(CHANGES), st.integers(-180, 180)),
)


@settings(deadline=None)
@given(MOMENTS, ZONES, st.integers(5, 480))
def test_the_event_is_at_the_moment_that_was_meant_and_as_long(moment: datetime, zone: ZoneInfo, minutes: int) -> None:
    event = replace(EVENT, starts_at=moment.astimezone(zone), minutes=minutes)
    for content in (invitation(event, GWEN, now=NOW), cancellation(event, GWEN, now=NOW)):
        entry = read(content)
        assert entry.starts_at == moment
        assert entry.ends_at - entry.starts_at == timedelta(minutes=minutes)
        assert broken_rules(content, organiser=GWEN.email) == []


def test_the_hour_that_comes_twice_is_the_one_that_was_meant() -> None:
    twice = datetime(2026, 10, 25, 1, 30, tzinfo=ZoneInfo("Europe/London"))
    first, second = (read(invitation(replace(EVENT, starts_at=twice.replace(fold=f)), GWEN, now=NOW)) for f in (0, 1))
    assert second.starts_at - first.starts_at == timedelta(hours=1)


def test_an_event_across_a_clock_change_lasts_as_long_as_it_lasts() -> None:
    late = replace(EVENT, starts_at=datetime(2026, 3, 29, 0, 30, tzinfo=ZoneInfo("Europe/London")), minutes=60)
    assert read(invitation(late, GWEN, now=NOW)).ends_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


WORDS = st.text(st.characters(exclude_characters="@", exclude_categories=["Cs"]), max_size=200)


@settings(deadline=None)
@given(WORDS, WORDS, WORDS, WORDS)
def test_whatever_is_typed_is_text_and_breaks_no_rule(summary: str, description: str, place: str, name: str) -> None:
    event = replace(EVENT, summary=summary, description=description, place=place)
    content = invitation(event, Organiser(name, GWEN.email), now=NOW)
    assert broken_rules(content, organiser=GWEN.email) == []


@pytest.mark.parametrize(
    "typed",
    [
        'Siân, Zoë; and a \\ backslash: "quoted"',
        "END:VEVENT\r\nATTENDEE:mailto:x",
        "two\nlines",
        "日本語 " * 40,
        "x" * 300,
        "\\n is no line break",
    ],
)
def test_what_is_typed_is_read_back_as_it_was(typed: str) -> None:
    entry = read(invitation(replace(EVENT, description=typed), GWEN, now=NOW))
    assert entry.description == typed.replace("\r\n", "\n")


def test_characters_that_a_file_cannot_hold_are_left_out() -> None:
    assert read(invitation(replace(EVENT, summary="a\x00b\x07c\x7f"), GWEN, now=NOW)).summary == "abc"


def test_an_event_without_words_has_no_empty_lines_for_them() -> None:
    content = invitation(replace(EVENT, description="", place=""), GWEN, now=NOW)
    assert not re.search(rb"^(LOCATION|DESCRIPTION):\r$", content, re.MULTILINE)


def test_it_is_private_because_calendars_at_work_are_open() -> None:
    assert b"\r\nCLASS:PRIVATE\r\n" in invitation(EVENT, GWEN, now=NOW)


def test_the_media_type_names_the_method() -> None:
    for content, media_type in (
        (invitation(EVENT, GWEN, now=NOW), INVITATION),
        (cancellation(EVENT, GWEN, now=NOW), CANCELLATION),
    ):
        assert media_type == f"text/calendar; charset=utf-8; method={read(content).method}"


def test_the_stamp_is_the_programmes_clock_not_the_machines() -> None:
    assert read(invitation(EVENT, GWEN, now=NOW)).stamp == NOW
    assert invitation(EVENT, GWEN, now=NOW) == invitation(EVENT, GWEN, now=NOW)


@given(st.permutations(range(3)))
def test_a_calendar_program_ends_with_the_newest_in_whatever_order_the_files_come(order: list[int]) -> None:
    moved = replace(EVENT, sequence=1, starts_at=EVENT.starts_at + timedelta(days=2))
    files = [
        invitation(EVENT, GWEN, now=NOW),
        invitation(moved, GWEN, now=NOW + timedelta(hours=1)),
        cancellation(replace(moved, sequence=2), GWEN, now=NOW + timedelta(hours=2)),
    ]
    calendar = CalendarProgram()
    for number in order:
        calendar.open(files[number])
    assert (calendar.events, list(calendar.gone)) == ({}, [EVENT.uid])
    calendar = CalendarProgram()
    for number in order:
        if number < 2:
            calendar.open(files[number])
    assert [entry.starts_at for entry in calendar.events.values()] == [moved.starts_at.astimezone(UTC)]


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (lambda c: c.replace(b"\r\n", b"\n"), "lines end with CRLF"),
        (lambda c: c.replace(b"SEQUENCE:0\r\n", b""), "SEQUENCE once"),
        (lambda c: c.replace(b"STATUS:", b"ATTENDEE:mailto:niamh@example.org\r\nSTATUS:"), "no ATTENDEE"),
        (lambda c: c.replace(b"STATUS:", b"COMMENT:niamh@example.org\r\nSTATUS:"), "no address but the organiser's"),
        (lambda c: c.replace(b"METHOD:PUBLISH", b"METHOD:REQUEST"), "METHOD is PUBLISH or CANCEL"),
        (lambda c: c.replace(b"-P1D", b"-P2D"), "confirmed, with an alarm a day and one an hour before"),
        (lambda c: c.replace(b"20260202T100000Z", b"20260202T100000"), "DTSTAMP in UTC"),
    ],
)
def test_the_rules_would_notice(spoil: Callable[[bytes], bytes], rule: str) -> None:
    assert rule in broken_rules(spoil(invitation(EVENT, GWEN, now=NOW)), organiser=GWEN.email)
