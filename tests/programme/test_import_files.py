"""What programme.toml, people.csv and pairs.csv may say, and every mistake in them with its file, line and column."""

import re
import tomllib
from dataclasses import fields
from datetime import date
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.files.findings import Findings, told
from bot.files.toml_file import read_toml
from bot.programme import cadence, quiet, waves
from bot.programme.people_files import Listed, ListedPair, read_pairs, read_people
from bot.programme.settings_file import KEYS, SUPPORT, Service, Settings, read_settings
from tests.programme.files import HEADER, PAIRS, PEOPLE, SETTINGS, with_line

EXAMPLE = resources.files("bot.programme").joinpath("example.toml").read_bytes()
TENANT = "5f0c1f2e-0000-4000-8000-00000000AAAA"


def settings_in(raw: bytes, findings: Findings) -> Settings | None:
    document = read_toml("programme.toml", raw, findings)
    return read_settings(document, findings) if document else None


def settings_of(text: str) -> tuple[Settings | None, list[str]]:
    findings = Findings()
    return settings_in(text.encode(), findings), [str(mistake) for mistake in findings.mistakes]


def people_of(text: str) -> tuple[list[Listed], Findings]:
    findings = Findings()
    found = read_people("people.csv", text.encode(), time_zone="Europe/London", region="ENG", findings=findings)
    return found.people if found else [], findings


def mistakes_in_people(line: str) -> list[str]:
    return [str(mistake) for mistake in people_of(with_line(PEOPLE, line))[1].mistakes]


def pairs_of(text: str, people: str = PEOPLE) -> tuple[list[ListedPair], Findings]:
    findings = Findings()
    known = read_people("people.csv", people.encode(), time_zone="Europe/London", region="ENG", findings=findings)
    return read_pairs("pairs.csv", text.encode(), known, findings), findings


# programme.toml


def test_the_example_has_every_key_and_every_key_in_it_is_known() -> None:
    example = tomllib.loads(EXAMPLE.decode())
    services = example.pop("support")
    keys = {
        f"{name}.{inner}" if isinstance(value, dict) else name
        for name, value in example.items()
        for inner in (value if isinstance(value, dict) else [""])
    }
    assert keys == KEYS.keys()
    assert all(service.keys() == SUPPORT.keys() for service in services)


def test_every_key_fills_a_field_of_its_own() -> None:
    assert [key.field for key in KEYS.values()] == [
        each.name for each in fields(Settings) if each.compare and each.name not in {"services", "research"}
    ]
    assert [key.field for key in SUPPORT.values()] == [each.name for each in fields(Service)]


def test_the_example_is_read_and_what_it_calls_usual_is() -> None:
    findings = Findings()
    given = settings_in(EXAMPLE, findings)
    assert [str(mistake) for mistake in findings.mistakes] == []
    assert given is not None
    shorter = re.sub(r"(?m)^(\w+_days|from|until|time_zone|region|disclosure) = .*\n", "", EXAMPLE.decode())
    assert settings_of(shorter)[0] == given
    assert (given.quiet_from, given.quiet_until) == (quiet.QUIET_FROM, quiet.QUIET_UNTIL)
    assert given.reminder_days == cadence.REMINDER_OF_WELCOME
    assert len(given.services) == 2


def test_the_days_of_questionnaires_that_the_example_gives_are_the_usual_ones() -> None:
    given = settings_in(EXAMPLE, Findings())
    assert given is not None
    days = {name: getattr(given, f"{name}_on") for name in waves.QUESTIONNAIRES}
    assert days == {name: waves.usual_day(given.starts_on, given.ends_on, name) for name in waves.QUESTIONNAIRES}


def test_what_was_not_counted_of_the_recruitment_is_left_out() -> None:
    settings, mistakes = settings_of(SETTINGS + "\n[recruitment]\nmentees_eligible = 84\nmentees_selected = 18\n")
    assert mistakes == []
    assert settings is not None
    assert (settings.mentees_eligible, settings.mentees_applied, settings.mentees_selected) == (84, None, 18)


def test_a_programme_is_read() -> None:
    settings, mistakes = settings_of(SETTINGS)
    assert mistakes == []
    assert settings is not None
    assert (settings.name, settings.starts_on, settings.contact_email) == (
        "Harbourside peer mentoring",
        date(2026, 9, 1),
        "dominic.hale@harbourside.example",
    )
    assert settings.services == (Service("ENG", "NHS Practitioner Health", "0300 0303 300", date(2026, 8, 3)),)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("2026-09-01", "2026-13-01", "line 2, column 17: '2026-13-01' is no day: write it like 2026-09-01"),
        ("2026-09-01", '"2026-13-01"', "line 2, column starts_on: '2026-13-01' is no day"),
        ("2027-08-31", "2026-08-31", "line 3, column ends_on: 2026-08-31 is not after the start, 2026-09-01"),
        ("2026-09-01", "2026-09-01T10:00:00", "line 2, column starts_on: '2026-09-01 10:00:00' is no day"),
        ('"Harbourside peer mentoring"', "7", "line 1, column name: 7 is no text"),
        ('"Harbourside peer mentoring"', '" "', "line 1, column name: this is blank"),
        ('"Harbourside peer mentoring"', f'"{"x" * 101}"', "line 1, column name: 101 characters are too many"),
        ('"Harbourside peer mentoring"', '"Harbour', "line 1, column 16"),
        ("dominic.hale@harbourside.example", "dominic", "line 7, column email: 'dominic' is no e-mail address"),
        ("[contact]", 'region = "FRA"\n[contact]', "line 5, column region: 'FRA' is none of ENG, WLS, SCT, NIR"),
        ("[contact]", 'time_zone = "Europe"\n[contact]', "line 5, column time_zone: 'Europe' is no time zone"),
        ("[contact]", '[contact]\n"\\u001b[2J" = 1', "line 5, column '\\x1b[2J': this key is not known"),
        ("[contact]", "colour = 1\n[contact]", "line 5, column colour: this key is not known"),
        ("[contact]", "[cadence]\nfirst_date_days = 0\n[contact]", "line 6, column first_date_days: 0 is not a whole"),
        (
            "[contact]",
            "[quiet_hours]\nfrom = true\n[contact]",
            "line 6, column from: True is not a whole number from 0 to 23",
        ),
        ("[contact]", "[contact]\n[[[", "line 6, column"),
        (
            "[contact]",
            "[cadence]\ncheck_in_days = 27\n[contact]",
            "line 6, column check_in_days: 27 is not a whole numb",
        ),
        ("[contact]", 'disclosure = "lax"\n[contact]', "line 5, column disclosure: 'lax' is none of standard, strict"),
        ('name = "Dominic Hale"\n', "", "line 5, column name: contact.name is missing"),
        ('nation = "ENG"', 'nation = "England and Wales"', "line 10, column nation: 'England and Wales' is none of"),
        (
            "[[support]]",
            "[recruitment]\nmentees_eligible = 84\nmentees_applied = 85\n[[support]]",
            "line 11, column mentees_applied: 85 are more than the 84 of the step before",
        ),
        (
            "[[support]]",
            "[questionnaires]\nmidpoint_on = 2026-09-28\n[[support]]",
            "line 10, column midpoint_on: 2026-09-28 is too early",
        ),
        (
            "[[support]]",
            "[questionnaires]\nend_on = 2027-08-24\n[[support]]",
            "line 10, column end_on: 2027-08-24 is too late",
        ),
        (
            "[[support]]",
            '[questionnaires]\nreflections = "often"\n[[support]]',
            "line 10, column reflections: 'often' is none of twice, once, always, never",
        ),
        (
            "[[support]]",
            '[recruitment]\nmentors_applied = "many"\n[[support]]',
            "line 10, column mentors_applied: many is not a whole number from 0",
        ),
        ('reach = "0300 0303 300"\n', "", "line 9, column reach: reach is missing"),
        ("[[support]]", "[support]", "line 9, column support: support is a list"),
        ("2026-08-03", "soon", "line 13, column 14"),
    ],
)
def test_a_mistake_in_the_programme_is_told_with_its_place(before: str, after: str, said: str) -> None:
    settings, mistakes = settings_of(SETTINGS.replace(before, after, 1))
    assert settings is None
    assert any(mistake.startswith(f"programme.toml, {said}") for mistake in mistakes), mistakes


def test_all_mistakes_of_a_programme_are_told_at_once_each_once() -> None:
    text = SETTINGS.replace("2026-09-01", "2026-13-01").replace("0300 0303 300", "").replace("@", " at ")
    assert [re.findall("line (.+?),", mistake) for mistake in settings_of(text)[1]] == [["2"], ["7"], ["12"]]


def test_nothing_in_the_programme_says_what_is_missing() -> None:
    assert settings_of("")[1] == [
        f"programme.toml: {name} is missing"
        for name in ("name", "starts_on", "ends_on", "contact.name", "contact.email")
    ]


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "a = 1" + "0" * 5000, "[[a" * 100, 'a = """' + "\n" * 80])
def test_absurd_programmes_are_mistakes(text: str) -> None:
    assert settings_of(text)[1]


def test_a_service_twice_is_a_mistake() -> None:
    entry = SETTINGS[SETTINGS.index("[[support]]") :]
    assert settings_of(SETTINGS + entry)[1] == [
        "programme.toml, line 16, column name: 'NHS Practitioner Health' is there twice for ENG"
    ]


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: (SETTINGS + text).encode("utf-8", "replace")))
def test_no_bytes_break_the_programme(raw: bytes) -> None:
    findings = Findings()
    assert (settings_in(raw, findings) is None) == bool(findings.mistakes)


# people.csv


def test_people_are_read() -> None:
    people, findings = people_of(PEOPLE)
    assert findings.mistakes == findings.warnings == []
    bethan, megan = people[:2]
    assert bethan.accounts == (("slack", "T0HARBOUR", "U0BETHAN"),)
    assert (bethan.role, bethan.duties, bethan.region, bethan.time_zone) == (
        "mentor",
        frozenset(),
        "WLS",
        "Europe/London",
    )
    assert (megan.accounts, megan.region, megan.time_zone) == ((), "ENG", "Europe/Dublin")
    assert people[-1].duties == {"senior support", "facilitator"}


def test_somebody_may_have_accounts_on_both_platforms_and_a_role_and_duties() -> None:
    ids = f"slack:T0HARBOUR/U0OMAR teams:{TENANT}/00000000-0000-4000-8000-00000000000B"
    line = f"Omar El-Sayed,Omar@Harbourside.example,{ids},,northern ireland,,Mentor; Lead,,"
    omar = people_of(with_line(PEOPLE, line))[0][-1]
    assert omar.email == "omar@harbourside.example"
    assert omar.accounts[1] == ("teams", TENANT.lower(), "00000000-0000-4000-8000-00000000000b")
    assert (omar.role, omar.duties, omar.region) == ("mentor", frozenset({"lead"}), "NIR")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Omar,omar@harbour.example,,,,,mentr,,", "line 8, column G (role): 'mentr' is none of mentor, mentee"),
        ("Omar,omar@harbour.example,,,,,,,", "line 8, column G (role): a role is missing"),
        ("Omar,omar@harbour.example,,,,,mentor; mentee,,", "line 8, column G (role): nobody is mentee and mentor"),
        ('Omar,o@harbour.example,,,,,"lead, senior support",,', "line 8, column G (role): senior support is never a"),
        (
            "Omar,rhys@harbourside.example,,,,,mentor,,",
            "line 8, column B (email): rhys@harbourside.example is in line 4",
        ),
        (
            "Omar,RHYS@harbourside.example,,,,,mentor,,",
            "line 8, column B (email): rhys@harbourside.example is in line 4",
        ),
        ("Omar,o@h.example,slack:T0HARBOUR/U0RHYS,,,,mentor,,", "line 8, column C (accounts): the account slack:T0"),
        ("Omar,o@h.example,U0OMAR,,,,mentor,,", "line 8, column C (accounts): 'U0OMAR' is no account"),
        ("Omar,o@h.example,teams:harbour/omar,,,,mentor,,", "line 8, column C (accounts): 'teams:harbour/omar' is no"),
        ("Omar,omar@harbour,,,,,mentor,,", "line 8, column B (email): 'omar@harbour' is no e-mail address"),
        ("Omar,,,,,,mentor,,", "line 8, column B (email): this is blank"),
        (",omar@harbour.example,,,,,mentor,,", "line 8, column A (name): this is blank"),
        ("Omar,o@h.example,,,,,mentor,Mars/Base,", "line 8, column H (time_zone): 'Mars/Base' is no time zone"),
        ("Omar,o@h.example,,,FRA,,mentor,,", "line 8, column E (region): 'FRA' is none of ENG, WLS, SCT, NIR"),
        (f"Omar,o@h.example,,,,,mentor,,{'x' * 601}", "line 8, column I (profile): 601 characters are too many"),
        (f"{'x' * 101},o@h.example,,,,,mentor,,", "line 8, column A (name): 101 characters are too many"),
    ],
)
def test_a_mistake_about_a_person_is_told_with_its_place(line: str, said: str) -> None:
    (mistake,) = mistakes_in_people(line)
    assert mistake.startswith(f"people.csv, {said}")


def test_all_mistakes_about_a_person_are_told_at_once() -> None:
    columns = [mistake.partition("column ")[2][0] for mistake in mistakes_in_people(",omar,slack,,FRA,,mentr,Mars,")]
    assert columns == ["A", "B", "C", "E", "G", "H"]


def test_a_programme_without_a_lead_is_a_mistake() -> None:
    _people, findings = people_of("\n".join(line for line in PEOPLE.splitlines() if ",lead," not in line))
    assert [str(mistake) for mistake in findings.mistakes] == [
        "people.csv: nobody is a lead: give at least one person the role lead"
    ]


@pytest.mark.parametrize(("seniors", "warned"), [(("A", "B"), False), (("A",), True), (("A", "a"), True), ((), True)])
def test_few_seniors_or_those_of_one_organisation_are_a_warning(seniors: tuple[str, ...], warned: bool) -> None:
    lines = [HEADER, "Dominic,d@h.example,slack:T01/U01,,,,lead,,"]
    lines += [f"S,s{n}@h.example,,Hospital {where},,,senior support,," for n, where in enumerate(seniors)]
    findings = people_of("\n".join(lines))[1]
    assert findings.mistakes == []
    assert [warning.kind for warning in findings.warnings] == (["few seniors"] if warned else [])


# pairs.csv


def test_pairs_are_read() -> None:
    pairs, findings = pairs_of(PAIRS)
    assert findings.mistakes == findings.warnings == []
    assert [(pair.mentor, pair.mentee) for pair in pairs] == [
        ("bethan@harbourside.example", "megan@harbourside.example")
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("omar@h.example,megan@harbourside.example", "column A (mentor_email): omar@h.example is not in people.csv"),
        ("bethan@harbourside.example,omar@h.example", "column B (mentee_email): omar@h.example is not in people.csv"),
        (
            "rhys@harbourside.example,megan@harbourside.example",
            "column A (mentor_email): rhys@harbourside.example is c",
        ),
        (
            "dominic.hale@harbourside.example,megan@harbourside.example",
            "column A (mentor_email): dominic.hale@harbours",
        ),
        (
            "bethan@harbourside.example,bethan@harbourside.example",
            "column B (mentee_email): bethan@harbourside.example",
        ),
        ("bethan,megan@harbourside.example", "column A (mentor_email): 'bethan' is no e-mail address"),
        (",megan@harbourside.example", "column A (mentor_email): this is blank"),
        ("Bethan@harbourside.example,megan@harbourside.example", "this pair is in line 2 already"),
    ],
)
def test_a_mistake_about_a_pair_is_told_with_its_place(line: str, said: str) -> None:
    (mistake,) = pairs_of(with_line(PAIRS, line))[1].mistakes
    assert str(mistake).startswith("pairs.csv, line 3")
    assert said in str(mistake)


def test_a_mistake_about_a_person_brings_none_about_their_pair() -> None:
    findings = pairs_of(PAIRS, PEOPLE.replace(",mentee,", ",mentr,"))[1]
    assert [mistake.at.file for mistake in findings.mistakes] == ["people.csv"]


def test_two_mentors_and_one_organisation_are_warnings() -> None:
    people = with_line(PEOPLE, "Omar,omar@h.example,,fenmoor  INFIRMARY,,,mentor,,")
    pairs, findings = pairs_of(with_line(PAIRS, "omar@h.example,megan@harbourside.example"), people)
    assert (len(pairs), findings.mistakes) == (2, [])
    assert [str(warning) for warning in findings.warnings] == [
        "pairs.csv, line 3, column B (mentee_email): megan@harbourside.example is mentee in line 2, too",
        "pairs.csv, line 3: both work at fenmoor INFIRMARY",
    ]


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: (PEOPLE + text).encode("utf-8", "replace")))
def test_no_bytes_break_people_or_pairs(raw: bytes) -> None:
    findings = Findings()
    people = read_people("people.csv", raw, time_zone="Europe/London", region="ENG", findings=findings)
    read_pairs("pairs.csv", raw, people, findings)
    assert findings.mistakes


def test_of_many_mistakes_the_first_are_told_and_all_are_counted() -> None:
    lines = [f"Omar,omar{n}@h.example,,,{'' if n % 2 else 'FRA'},,mentr,," for n in range(30)]
    lines = told(people_of(PEOPLE + "\n".join(lines))[1].mistakes)
    assert len([line for line in lines if line.startswith("people.csv, line")]) == 20
    assert lines[-3:] == ["... and 25 more. All 45 by kind:", "       30  unknown role", "       15  unknown region"]
