"""What programme.toml may say of Action Learning Sets, every mistake in it with its line, and what an import would
change of them."""

from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.files.findings import Findings
from bot.files.toml_file import read_toml
from bot.handlers import schedule
from bot.programme import sets_file
from bot.programme.people_files import read_people
from bot.programme.plan import Plan, Standing, Stored, plan_import
from bot.programme.sets_file import ALS, SESSION, ListedSet, read_sets
from bot.programme.sets_plan import SetPlan, StoredSession, StoredSet
from bot.programme.settings_file import read_settings
from tests.programme.files import HEADER, PEOPLE_OF_SETS, SETS, SETTINGS

BEFORE = datetime(2026, 8, 10, 9, 0, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""After the first session of the northern set."""
FIRST = datetime(2026, 10, 7, 13, 0, tzinfo=UTC)
SECOND = datetime(2026, 12, 2, 14, 0, tzinfo=UTC)
SOUTHERN = datetime(2026, 10, 8, 8, 30, tzinfo=UTC)


def sets_of(
    sets: str = SETS, *, people: str | None = PEOPLE_OF_SETS, settings: str = SETTINGS
) -> tuple[list[ListedSet] | None, Findings]:
    findings = Findings()
    document = read_toml("programme.toml", (settings + sets).encode(), findings)
    if document is None:
        return None, findings
    listed = None
    if people is not None:
        raw = people.encode()
        listed = read_people("people.csv", raw, time_zone="Europe/London", region="ENG", findings=Findings())
    return read_sets(document, listed, findings), findings


def mistakes(sets: str, people: str | None = PEOPLE_OF_SETS) -> list[str]:
    found, findings = sets_of(sets, people=people)
    assert (found is None) == bool(findings.mistakes)
    return [str(mistake) for mistake in findings.mistakes]


def warnings(sets: str) -> list[str]:
    found, findings = sets_of(sets)
    assert (found is None, findings.mistakes) == (False, [])
    return [finding.text for finding in findings.warnings]


def line_of(text: str, occurrence: int = 1) -> int:
    """The line in the file at which a text stands in the sets."""
    lines = [number for number, line in enumerate((SETTINGS + SETS).splitlines(), start=1) if text in line]
    return lines[occurrence - 1]


def told(at: str, column: str, said: str) -> str:
    """A mistake where a text stands."""
    return f"programme.toml, line {line_of(at)}, column {column}: {said}"


# Reading


def test_sets_are_read_with_their_sessions() -> None:
    sets, findings = sets_of()
    assert (findings.mistakes, findings.warnings) == ([], [])
    assert sets is not None
    northern, southern = sets
    assert (northern.name, northern.facilitator) == ("Northern set", "vikram@harbourside.example")
    assert [member.email.partition("@")[0] for member in northern.members] == ["bethan", "omar"]
    assert [(s.starts_at, s.minutes, s.place) for s in northern.sessions] == [
        (FIRST, 120, "Seminar room 2"),
        (SECOND, 90, "https://meet.harbourside.example/north"),
    ]
    assert [(s.starts_at, s.minutes, s.place) for s in southern.sessions] == [(SOUTHERN, 120, "")]


def test_a_programme_without_sets_has_none() -> None:
    sets, findings = sets_of("")
    assert (sets, findings.mistakes) == ([], [])


def test_the_sets_of_the_example_are_read_once_they_are_no_comment() -> None:
    example = resources.files("bot.programme").joinpath("example.toml").read_text("utf-8")
    _before, _heading, after = example.partition("# Action Learning Sets:")
    block = "\n".join(line[6:] for line in after.partition("# people.csv")[0].splitlines() if line.startswith("#     "))
    people = "\n".join(
        [HEADER]
        + [f"{email},{email}@westmarch.example,,,,,mentor,," for email in ("bethan.rees", "kofi.boateng")]
        + ["Hanna,hanna.lindqvist@westmarch.example,,,,,facilitator,,"]
    )
    sets, findings = sets_of(block, people=people, settings=example)
    assert [str(mistake) for mistake in findings.mistakes] == []
    assert sets is not None
    assert [session.cancelled for session in sets[0].sessions] == [False, True]
    assert all(key in block for key in ALS | SESSION)


@pytest.mark.parametrize(
    "start",
    [
        "2026-10-07 14:00",
        "2026-10-07T14:00",
        "2026-10-07 14:00:00",
        "2026-10-07T14:00:00+01:00",
        "2026-10-07 13:00Z",
        '"2026-10-07 14:00"',
        "2026-10-07 14:00  # a Wednesday",
    ],
)
def test_a_start_may_be_written_in_several_ways(start: str) -> None:
    sets, findings = sets_of(SETS.replace("2026-10-07 14:00", start))
    assert findings.mistakes == []
    assert sets is not None
    assert sets[0].sessions[0].starts_at == FIRST


def test_a_start_is_told_by_the_programme_s_own_clock() -> None:
    sets, _findings = sets_of(settings=f'time_zone = "Europe/Paris"\n{SETTINGS}')
    assert sets is not None
    assert sets[0].sessions[0].starts_at == datetime(2026, 10, 7, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "after", "at", "said"),
    [
        ('facilitator = "vikram@harbourside.example"\n', "", "[[als]]", "facilitator is missing"),
        ("vikram@", "nobody@", "vikram@", "nobody@harbourside.example is not in people.csv"),
        ("vikram@", "noor@", "vikram@", "noor@harbourside.example is no facilitator in people.csv"),
        ("vikram@harbourside.example", "Vikram", "vikram@", "'vikram' is no e-mail address"),
        ('"vikram@harbourside.example"', '""', "vikram@", "this is blank"),
        ('"omar@harbourside.example"', '"nobody@harbourside.example"', "omar@", "nobody@harbourside.example is not in"),
        (
            '"omar@harbourside.example"',
            '"megan@harbourside.example"',
            "omar@",
            "megan@harbourside.example is mentee in",
        ),
        ('"omar@harbourside.example"', '"rhys@harbourside.example"', "omar@", "rhys@harbourside.example is control in"),
        (
            '"omar@harbourside.example"',
            '"dominic.hale@harbourside.example"',
            "omar@",
            "dominic.hale@harbourside.example ",
        ),
        ('"omar@harbourside.example"', '"omar"', "omar@", "'omar' is no e-mail address"),
        ('"omar@harbourside.example"', "7", "members", "7 is no text"),
        (
            '"omar@harbourside.example"',
            '"Bethan@Harbourside.example"',
            "omar@",
            "bethan@harbourside.example is listed t",
        ),
        ('    "omar@harbourside.example",\n', "", "members", "a set has 2 to 12 members, and not 1"),
        ('"Northern set"', '"southern  SET"', '"Southern set"', "a set 'Southern set' is in line 16 already"),
        ('name = "Northern set"\n', "", "[[als]]", "name is missing"),
        (
            'name = "Northern set"\n',
            'name = "N"\ncolour = 1\n',
            "facilitator",
            "this key is not known; the known ones a",
        ),
        ("2026-10-07 14:00", "2026-08-31 14:00", "2026-10-07", "2026-08-31 is before the programme starts, on 2026-09"),
        ("2026-10-07 14:00", "2027-09-01 14:00", "2026-10-07", "2027-09-01 is after the programme ends, on 2027-08-31"),
        (
            "2026-10-07 14:00",
            "2026-10-07",
            "2026-10-07",
            "'2026-10-07' is no day with a time: write it like 2026-10-07",
        ),
        ("2026-10-07 14:00", "2026-10-07 25:00", "2026-10-07", "'2026-10-07 25:00' is no day with a time"),
        ("2026-10-07 14:00", "2026-13-07 14:00", "2026-10-07", "'2026-13-07 14:00' is no day with a time"),
        ("2026-10-07 14:00", "2026-10-07 14:00:30", "2026-10-07", "'2026-10-07 14:00:30' is no whole minute"),
        ("2026-10-07 14:00", '"Wednesday at 2:00"', "2026-10-07", "'Wednesday at 2:00' is no day with a time"),
        ("2026-10-07 14:00", "0001-01-01 00:00:00+14:00", "2026-10-07", "1 is no year of a session"),
        ("2026-10-07 14:00", "9999-12-31 23:59", "2026-10-07", "9999 is no year of a session"),
        ("starts_at = 2026-10-07 14:00\n", "", "[[als.session]]", "starts_at is missing"),
        ("minutes = 90", "minutes = 10", "minutes = 90", "10 is not a whole number from 15 to 480"),
        ("minutes = 90", "minutes = 481", "minutes = 90", "481 is not a whole number"),
        ("minutes = 90", 'minutes = "two hours"', "minutes = 90", "two hours is not a whole number"),
        (
            "minutes = 90",
            "length = 90",
            "minutes = 90",
            "this key is not known; the known ones are starts_at, minutes,",
        ),
        ("minutes = 90", 'facilitator = "v@h.example"', "minutes = 90", "facilitator is said of a set: write it above"),
        ("minutes = 90", 'cancelled = "yes"', "minutes = 90", "'yes' is neither true nor false"),
        ('"Seminar room 2"', f'"{"x" * 201}"', "Seminar", "201 characters are too many: at most 200"),
        (
            "[[als.session]]",
            "[[als.sessions]]",
            "[[als.session]]",
            "this key is not known; the known ones are name, fac",
        ),
        ("2026-12-02 14:00", "2026-10-07 14:00", "2026-12-02", "the set has a session at this time in line 24 already"),
        ("2026-12-02 14:00", "2026-10-07 15:59", "2026-12-02", "this and the session in line 24 overlap"),
        ("2026-12-02 14:00", "2026-10-07 15:59+01:00", "2026-12-02", "this and the session in line 24 overlap"),
    ],
)
def test_a_mistake_in_a_set_is_told_with_its_place(before: str, after: str, at: str, said: str) -> None:
    found = mistakes(SETS.replace(before, after, 1))
    assert [mistake.partition(": ")[2][: len(said)] for mistake in found] == [said]
    assert found[0].startswith(f"programme.toml, line {line_of(at)}, column ")


def test_a_mistake_about_a_member_has_the_line_of_that_member() -> None:
    (mistake,) = mistakes(SETS.replace("omar@", "nobody@", 1))
    assert mistake == (
        f"programme.toml, line {line_of('omar@')}, column members: nobody@harbourside.example is not in people.csv"
    )


def test_the_second_of_two_lines_about_one_member_is_told_and_comments_are_not() -> None:
    (mistake,) = mistakes(SETS.replace('"omar@', '"bethan@', 1))
    assert mistake == told("omar@", "members", "bethan@harbourside.example is listed twice in this set")
    commented = '    # "nobody@harbourside.example",\n    "nobody@harbourside.example",\n'
    (mistake,) = mistakes(SETS.replace('    "omar@harbourside.example",\n', commented, 1))
    assert mistake.startswith(f"programme.toml, line {line_of('omar@') + 1}, column members: nobody@")


def test_sets_may_be_written_in_one_line_each() -> None:
    people = '"bethan@harbourside.example", "omar@harbourside.example"'
    short = f'als = [{{name = "N", facilitator = "vikram@harbourside.example", members = [{people}]}}]\n'
    sets, findings = sets_of("", settings=short + SETTINGS)
    assert (len(sets or ()), findings.mistakes) == (1, [])
    found = sets_of("", settings=short.replace('"N"', "7") + SETTINGS)[1].mistakes
    assert [str(mistake) for mistake in found] == [
        'programme.toml, line 1, column name: 7 is no text: put it in quotation marks, like "this"'
    ]


def test_nobody_is_in_two_sets_nor_facilitates_their_own() -> None:
    text = SETS.replace("noor@", "bethan@").replace('"omar@', '"vikram@')
    people = PEOPLE_OF_SETS.replace("senior support; facilitator", "mentor; facilitator")
    bethan = f"line {line_of('bethan@')}"
    assert mistakes(text, people) == [
        told("omar@", "members", "vikram@harbourside.example facilitates this set, and so is no member of it"),
        told("noor@", "members", f"bethan@harbourside.example is in the set of {bethan} already: nobody is in two"),
    ]


def test_a_facilitator_is_in_one_place_at_a_time() -> None:
    at_once = SETS.replace("2026-10-08 09:30", "2026-10-07 15:30").replace("hanna@", "vikram@")
    said = f"vikram@harbourside.example is at the session in line {line_of('2026-10-07')} then, of 'Northern set'"
    assert mistakes(at_once) == [told("2026-10-08", "starts_at", said)]
    assert mistakes(at_once.replace("2026-10-07 15:30", "2026-10-07 16:00")) == []
    assert mistakes(at_once.replace('place = "Seminar room 2"', "cancelled = true")) == []


def test_a_member_who_facilitates_another_set_is_in_one_place_at_a_time() -> None:
    text = SETS.replace("hanna@", "bethan@").replace("2026-10-08 09:30", "2026-10-07 14:00")
    people = PEOPLE_OF_SETS.replace("ST6 paediatrics,mentor", "ST6 paediatrics,mentor; facilitator")
    assert [mistake.partition(": ")[2] for mistake in mistakes(text, people)] == [
        f"bethan@harbourside.example is at the session in line {line_of('2026-10-07')} then, of 'Northern set'"
    ]


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (
            "2026-10-25 01:30",
            "the clocks go back that night, and 01:30 comes twice: give a time before 01:00, or 02:00",
        ),
        (
            "2027-03-28 01:30",
            "the clocks go forward that night, and there is no 01:30: give a time before 01:00, or 02",
        ),
    ],
)
def test_a_time_that_does_not_exist_or_comes_twice_is_a_mistake(start: str, said: str) -> None:
    text = SETS.replace("2026-10-07 14:00", start)
    (mistake,) = mistakes(text)
    assert mistake.startswith(f"programme.toml, line {line_of('2026-10-07')}, column starts_at: {said}")
    assert mistakes(text.replace(start, f"{start}+01:00")) == []


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("2026-10-07 06:59", "at night"),
        ("2026-10-07 21:00", "at night"),
        ("2026-10-10 14:00", "on a Saturday"),
        ("2026-12-25 14:00", "on a bank holiday"),
        ("2026-10-11 23:00", "at night and on a Sunday"),
    ],
)
def test_an_unusual_time_is_a_warning(start: str, said: str) -> None:
    assert warnings(SETS.replace("2026-10-07 14:00", start)) == [f"{start} is {said}"]


@pytest.mark.parametrize("start", ["2026-10-07 07:00", "2026-10-07 20:59"])
def test_a_usual_time_is_none(start: str) -> None:
    assert warnings(SETS.replace("2026-10-07 14:00", start)) == []


def test_nobody_wonders_at_the_time_of_a_cancelled_session() -> None:
    text = SETS.replace("2026-10-07 14:00", "2026-10-10 14:00")
    assert warnings(text.replace('place = "Seminar room 2"', "cancelled = true")) == []


def test_all_mistakes_are_told_at_once_also_where_the_programme_has_others() -> None:
    settings = SETTINGS.replace("dominic.hale@", "").replace("2026-09-01", "soon", 1)
    text = SETS.replace("vikram@", "nobody@").replace("minutes = 90", "minutes = 9").replace("2026-10-08", "2028-10-08")
    text = text.replace("2026-12-02 14:00", "2027-03-28 01:30")
    _sets, findings = sets_of(text, settings=settings)
    assert [mistake.kind for mistake in findings.mistakes] == [
        "no TOML",
        "unknown facilitator",
        "clock change",
        "no such number",
        "outside the programme",
    ]


def test_a_mistake_about_a_person_brings_none_about_their_set() -> None:
    assert mistakes(SETS, PEOPLE_OF_SETS.replace("ST6 paediatrics,mentor", "ST6 paediatrics,mentr")) == []
    assert mistakes(SETS, None) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[als]\nname = "N"\n', "als is a list: begin each entry with [[als]]"),
        ("[[als.session]]\nminutes = 90\n", "a session stands below its set: begin the set with [[als]] first"),
        (
            '[[als]]\nname = "N"\n[als.session]\nminutes = 90\n',
            "als.session is a list: begin each entry with [[als.session]]",
        ),
    ],
)
def test_what_is_no_list_of_sets_is_told(text: str, said: str) -> None:
    assert said in [mistake.partition(": ")[2] for mistake in mistakes(text)]


@given(
    st.text(max_size=200)
    | st.sampled_from(["members", "starts_at", "minutes", "place", "name", "session"]).flatmap(
        lambda key: st.sampled_from(
            ["1", "[]", '[""]', "{}", "true", "1e9", '"\\u0000"', "9999-12-31 23:59", "[[1]]"]
        ).map(lambda value: f"{key} = {value}\n")
    )
)
def test_no_text_breaks_the_sets(text: str) -> None:
    for begin in ("[[als]]\n", "[[als.session]]\n"):
        found, findings = sets_of(SETS.replace(begin, begin + text, 1))
        assert found is not None or findings.mistakes


def test_places_may_be_as_long_as_in_the_chat() -> None:
    assert sets_file.LONGEST_PLACE == schedule.LONGEST_PLACE


# Planning


def plan(
    standing: Standing, sets: str = SETS, *, people: str = PEOPLE_OF_SETS, now: datetime = BEFORE
) -> tuple[Plan, Findings]:
    """The plan, and what shows only beside what is stored."""
    findings = Findings()
    document = read_toml("programme.toml", (SETTINGS + sets).encode(), findings)
    assert document is not None
    settings = read_settings(document, findings)
    listed = read_people("people.csv", people.encode(), time_zone="Europe/London", region="ENG", findings=findings)
    assert settings is not None
    assert listed is not None
    said = read_sets(document, listed, findings)
    assert findings.mistakes == []
    fresh = Findings()
    return plan_import(settings, listed, None, said, standing, now=now, findings=fresh), fresh


def stored(sets: str = SETS) -> Standing:
    """Everything as it was imported."""
    made, _findings = plan(Standing(), sets)
    people = [
        Stored(
            id=number,
            name=person.name,
            email=person.email,
            accounts=frozenset(person.accounts),
            organisation=person.organisation,
            region=person.region,
            grade=person.grade,
            role=person.role,
            duties=person.duties,
            time_zone=person.time_zone,
            profile=person.profile,
            state="invited" if person.role else "",
            in_pair=False,
        )
        for number, person in enumerate(made.people.added, start=1)
    ]
    ids = {person.email: person.id for person in people}
    kept = [
        StoredSet(
            id=number,
            name=each.listed.name,
            facilitator=ids[each.listed.facilitator],
            members=frozenset(ids[member.email] for member in each.listed.members),
            sessions=tuple(
                StoredSession(10 * number + at, one.starts_at, one.minutes, one.place, "planned")
                for at, one in enumerate(each.listed.sessions)
            ),
        )
        for number, each in enumerate(made.sets.sets, start=1)
    ]
    return Standing(made.settings, people, frozenset(), kept)


def with_session(standing: Standing, session_id: int, **changes: object) -> Standing:
    """The same, but for this session."""
    return replace(
        standing,
        sets=[
            replace(
                each,
                sessions=tuple(
                    replace(one, **changes) if one.id == session_id else one  # type: ignore[arg-type]  # fields by name
                    for one in each.sessions
                ),
            )
            for each in standing.sets
        ],
    )


def northern(made: Plan) -> SetPlan:
    return made.sets.sets[0]


def texts(findings: Findings) -> tuple[list[str], list[str]]:
    return [str(each) for each in findings.mistakes], [each.text for each in findings.warnings]


def test_at_first_all_sets_are_new() -> None:
    made, findings = plan(Standing())
    assert texts(findings) == ([], [])
    assert [(each.listed.name, each.stored, len(each.joining)) for each in made.sets.sets] == [
        ("Northern set", None, 2),
        ("Southern set", None, 2),
    ]
    assert [len(each.sessions.added) for each in made.sets.sets] == [2, 1]
    assert not made.changes_nothing


def test_the_same_sets_again_change_nothing() -> None:
    made, findings = plan(stored())
    assert (made.changes_nothing, texts(findings)) == (True, ([], []))
    assert [len(each.sessions.unchanged) for each in made.sets.sets] == [2, 1]


def test_another_facilitator_and_other_members_are_a_change() -> None:
    text = SETS.replace('"vikram@', '"hanna@').replace('"omar@', '"devika@')
    made, findings = plan(stored(), text)
    assert texts(findings) == ([], [])
    each = northern(made)
    assert made.sets.addresses[each.old_facilitator or 0] == "vikram@harbourside.example"
    assert each.joining == ("devika@harbourside.example",)
    assert [made.sets.addresses[member] for member in each.leaving] == ["omar@harbourside.example"]
    assert made.sets.sets[1].changes_nothing


def test_two_can_change_places() -> None:
    text = SETS.replace('"omar@', '"x@').replace('"noor@', '"omar@').replace('"x@', '"noor@')
    made, findings = plan(stored(), text)
    assert texts(findings) == ([], [])
    assert [each.joining for each in made.sets.sets] == [
        ("noor@harbourside.example",),
        ("omar@harbourside.example",),
    ]


def test_other_capitals_in_a_name_are_a_change_of_the_name() -> None:
    made, findings = plan(stored(), SETS.replace("Northern set", "Northern Set"))
    assert texts(findings) == ([], [])
    assert (northern(made).is_another, northern(made).joining, made.sets.missing) == (True, (), ())


def test_a_session_with_another_place_or_length_is_changed() -> None:
    made, findings = plan(stored(), SETS.replace("Seminar room 2", "Library").replace("minutes = 90", "minutes = 60"))
    assert texts(findings) == ([], [])
    assert [(before.id, after.place, after.minutes) for before, after in northern(made).sessions.changed] == [
        (10, "Library", 120),
        (11, "https://meet.harbourside.example/north", 60),
    ]


def test_a_session_is_cancelled_where_the_file_says_so_and_stays_cancelled() -> None:
    text = SETS.replace("minutes = 90", "cancelled = true")
    made, findings = plan(stored(), text)
    assert ([one.id for one in northern(made).sessions.cancelled], texts(findings)) == ([11], ([], []))
    cancelled = with_session(stored(), 11, state="cancelled")
    made, findings = plan(cancelled, text)
    assert (made.changes_nothing, texts(findings)) == (True, ([], []))
    made, findings = plan(cancelled)
    assert made.changes_nothing
    assert texts(findings) == (
        [],
        ["this session was cancelled, and a file cannot call it back; in the chat another can be planned"],
    )


def test_a_session_that_was_planned_again_at_the_time_of_a_cancelled_one_is_the_one_that_is_meant() -> None:
    standing = with_session(stored(), 11, state="cancelled")
    again = replace(standing.sets[0].sessions[1], id=99, state="planned")
    first = replace(standing.sets[0], sessions=(*standing.sets[0].sessions, again))
    made, findings = plan(replace(standing, sets=[first, standing.sets[1]]))
    assert (made.changes_nothing, texts(findings)) == (True, ([], []))


def test_no_session_is_cancelled_that_is_not_known() -> None:
    text = SETS.replace("starts_at = 2026-12-02 14:00\nminutes = 90", "starts_at = 2026-12-03 14:00\ncancelled = true")
    made, findings = plan(stored(), text)
    assert made.changes_nothing
    assert texts(findings)[1] == ["no session is known at this time, so there is none to cancel"]


def test_a_session_that_is_not_in_the_file_stays() -> None:
    fewer = (
        dedent(SETS)
        .replace("starts_at = 2026-12-02 14:00", "starts_at = 2026-10-07 14:00")
        .replace('[[als.session]]\nstarts_at = 2026-10-07 14:00\nplace = "Seminar room 2"\n', "", 1)
    )
    made, findings = plan(stored(), fewer)
    assert [one.id for one in northern(made).sessions.missing] == [11]
    assert texts(findings)[0] == []


def test_a_new_session_beside_one_that_is_not_in_the_file_is_added_and_warned_of() -> None:
    made, findings = plan(stored(), SETS.replace("2026-12-02 14:00", "2026-12-09 14:00"))
    sessions = northern(made).sessions
    assert (len(sessions.added), [one.id for one in sessions.missing]) == (1, [11])
    assert texts(findings)[0] == []
    assert [warning.kind for warning in findings.warnings] == ["moved or new"]


def test_a_new_session_at_the_time_of_one_that_stays_is_a_mistake() -> None:
    _made, findings = plan(stored(), SETS.replace("2026-12-02 14:00", "2026-12-02 15:00"))
    said = (
        "'Northern set' has a session then that is not in the file, of 90 minutes from 2026-12-02 14:00 UTC, and "
        "stays: say of it that it is cancelled, or move it"
    )
    assert texts(findings)[0] == [told("2026-12-02", "starts_at", said)]


def test_a_facilitator_does_not_get_a_session_at_the_time_of_one_of_a_set_that_stays() -> None:
    northern_only = SETS[: SETS.index('[[als]]\nname = "Southern')]
    text = northern_only.replace("2026-12-02 14:00", "2026-10-08 09:00")
    made, findings = plan(stored(), text)
    assert ([each.name for each in made.sets.missing], texts(findings)[0]) == (["Southern set"], [])
    _made, findings = plan(stored(), text.replace("vikram@", "hanna@"))
    assert [mistake.kind for mistake in findings.mistakes] == ["two sessions at once"]


def test_a_facilitator_does_not_get_a_set_that_meets_at_the_time_of_one_that_stays() -> None:
    side_by_side = SETS.replace("2026-12-02 14:00", "2026-10-08 09:00")
    northern_only = side_by_side[: side_by_side.index('[[als]]\nname = "Southern')]
    made, findings = plan(stored(side_by_side), northern_only)
    assert (made.changes_nothing, texts(findings)) == (True, ([], []))
    _made, findings = plan(stored(side_by_side), northern_only.replace("vikram@", "hanna@"))
    assert [mistake.kind for mistake in findings.mistakes] == ["two sessions at once"]


def test_what_was_held_or_has_begun_stays_as_it_is() -> None:
    other = SETS.replace("Seminar room 2", "Library")
    for standing in (stored(), with_session(stored(), 10, state="held")):
        made, findings = plan(standing, other, now=NOVEMBER)
        assert (made.changes_nothing, texts(findings)) == (True, ([], []))
        assert [one.id for one in northern(made).sessions.late] == [10]
        made, findings = plan(standing, other.replace('place = "Library"', "cancelled = true"), now=NOVEMBER)
        assert [one.id for one in northern(made).sessions.late] == [10]
    fewer = SETS.replace('[[als.session]]\nstarts_at = 2026-10-07 14:00\nplace = "Seminar room 2"\n', "", 1)
    made, findings = plan(stored(), fewer, now=NOVEMBER)
    assert (northern(made).sessions.missing, texts(findings)) == ([], ([], []))


def test_a_past_session_is_added_with_a_warning() -> None:
    made, findings = plan(Standing(), now=NOVEMBER)
    assert len(northern(made).sessions.added) == 2
    assert [(warning.kind, warning.at.line) for warning in findings.warnings] == [
        ("past session", line_of("2026-10-07")),
        ("past session", line_of("2026-10-08")),
    ]


def test_a_set_that_is_not_in_the_file_stays_and_its_members_with_it() -> None:
    renamed = SETS.replace("Northern set", "Set of the north").replace("2026-10-07 14:00", "2026-10-09 14:00")
    made, findings = plan(stored(), renamed.replace("2026-12-02 14:00", "2026-12-03 14:00"))
    assert [each.name for each in made.sets.missing] == ["Northern set"]
    said = "is in 'Northern set', which is not in the file: a set is known by its name"
    assert texts(findings)[0] == [
        f"programme.toml, line {line_of(who)}, column members: {who}harbourside.example {said}"
        for who in ("bethan@", "omar@")
    ]


def test_who_has_left_is_put_into_no_set() -> None:
    standing = stored()
    gone = [replace(each, state="left") if each.name.startswith("Omar") else each for each in standing.people]
    members = frozenset(person.id for person in gone if person.name.startswith("Bethan"))
    sets = [replace(standing.sets[0], members=members), standing.sets[1]]
    made, findings = plan(replace(standing, people=gone, sets=sets))
    assert (made.changes_nothing, texts(findings)[0]) == (True, [])
    assert texts(findings)[1] == ["omar@harbourside.example does not take part any more, and is put into no set"]


def test_a_set_that_stays_keeps_its_facilitator_and_its_members_as_mentors() -> None:
    people = PEOPLE_OF_SETS.replace("senior support; facilitator", "senior support").replace(
        "ST6 paediatrics,mentor", "ST6 paediatrics,mentee"
    )
    text = SETS[SETS.index('[[als]]\nname = "Southern') :]
    _made, findings = plan(stored(), text, people=people)
    assert [mistake.partition(": ")[2] for mistake in texts(findings)[0]] == [
        "Bethan Rees is in the set 'Northern set', which is for mentors: take them out first",
        "Vikram Chaudhary facilitates 'Northern set': give it another facilitator before this duty ends",
    ]


def test_a_program_s_sets_are_as_the_chat_knows_them_where_the_file_has_none() -> None:
    made, findings = plan(stored(), "")
    assert (made.changes_nothing, texts(findings)) == (True, ([], []))
    assert [each.name for each in made.sets.missing] == ["Northern set", "Southern set"]
