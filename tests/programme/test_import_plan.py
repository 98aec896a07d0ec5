"""What an import would change, against what is stored."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.files.findings import Findings
from bot.files.toml_file import read_toml
from bot.programme.people_files import read_pairs, read_people
from bot.programme.plan import Plan, Standing, Stored, plan_import
from bot.programme.settings_file import Settings, read_settings
from tests.programme.files import PAIRS, PEOPLE, SETTINGS

NOW = datetime(2026, 8, 10, 9, 0, tzinfo=UTC)


def plan(
    standing: Standing, *, settings: str = SETTINGS, people: str = PEOPLE, pairs: str | None = PAIRS
) -> tuple[Plan, list[str]]:
    """The plan, and the mistakes that show only beside what is stored."""
    findings = Findings()
    given = _settings(settings)
    listed = read_people("people.csv", people.encode(), time_zone="Europe/London", region="ENG", findings=findings)
    assert listed is not None
    paired = None if pairs is None else read_pairs("pairs.csv", pairs.encode(), listed, findings)
    assert findings.mistakes == []
    made = plan_import(given, listed, paired, [], standing, now=NOW, findings=findings)
    return made, [str(mistake) for mistake in findings.mistakes]


def _settings(text: str) -> Settings:
    document = read_toml("programme.toml", text.encode(), Findings())
    given = read_settings(document, Findings()) if document else None
    assert given is not None
    return given


def stored(*, without: Sequence[str] = (), pairs: bool = True) -> Standing:
    """Everybody of the files as they were imported, but for these first names."""
    new, _mistakes = plan(Standing())
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
            in_pair=person.role in {"mentor", "mentee"} and pairs,
        )
        for number, person in enumerate(new.people.added, start=1)
        if person.name.split()[0] not in without
    ]
    return Standing(new.settings, people, frozenset({(1, 2)}) if pairs else frozenset())


def with_person(standing: Standing, name: str, **changes: object) -> Standing:
    people = [replace(each, **changes) if each.name.startswith(name) else each for each in standing.people]  # type: ignore[arg-type]  # fields by name
    return replace(standing, people=people)


def test_at_first_everything_is_added() -> None:
    made, mistakes = plan(Standing())
    assert (made.is_new, mistakes, made.changes) == (True, [], ())
    assert (len(made.people.added), len(made.pairs.added)) == (6, 1)
    assert not made.changes_nothing


def test_the_same_files_again_change_nothing() -> None:
    made, mistakes = plan(stored())
    assert (made.changes_nothing, mistakes) == (True, [])
    assert (len(made.people.unchanged), made.pairs.unchanged) == (6, 1)
    assert (made.people.missing, made.pairs.missing) == ([], [])


def test_what_the_programme_says_differently_is_a_change() -> None:
    text = SETTINGS.replace("2027-08-31", "2027-09-30").replace("0300 0303 300", "0300 999") + (
        '[[support]]\nnation = "UK"\nname = "Canopi"\nreach = "https://canopi.nhs.wales"\nchecked_on = 2026-08-03\n'
    )
    made, _mistakes = plan(stored(), settings=text)
    assert [str(change) for change in made.changes] == [
        "ends on: 2027-08-31 -> 2027-09-30",
        "support, Canopi (UK): nothing -> https://canopi.nhs.wales, checked 2026-08-03",
        "support, NHS Practitioner Health (ENG): 0300 0303 300, checked 2026-08-03 -> 0300 999, checked 2026-08-03",
    ]


def test_another_programme_needs_a_database_of_its_own() -> None:
    _made, mistakes = plan(stored(), settings=SETTINGS.replace("Harbourside", "Westmarch", 1))
    assert len(mistakes) == 1
    assert mistakes[0].startswith(
        "programme.toml, line 1, column name: the database holds 'Harbourside peer mentoring'"
    )


def test_what_is_said_differently_of_a_person_is_a_change_and_nothing_else_is() -> None:
    text = PEOPLE.replace("Larkhill General,WLS,ST6", "Fenmoor Infirmary,WLS,ST7").replace(
        "senior support; facilitator", "senior support; selector"
    )
    made, _mistakes = plan(stored(), people=text)
    assert [(each.before.name, [str(change) for change in each.changes]) for each in made.people.changed] == [
        (
            "Bethan Rees",
            ["organisation: Larkhill General -> Fenmoor Infirmary", "grade: ST6 paediatrics -> ST7 paediatrics"],
        ),
        ("Vikram Chaudhary", ["duties: facilitator, senior support -> selector, senior support"]),
    ]
    assert len(made.people.unchanged) == 4


def test_an_account_is_added_and_none_is_taken_away() -> None:
    text = PEOPLE.replace("slack:T0HARBOUR/U0BETHAN", "slack:T0HARBOUR/U0NEW").replace("slack:T0HARBOUR/U0RHYS", "")
    made, _mistakes = plan(stored(), people=text)
    assert [str(change) for each in made.people.changed for change in each.changes] == [
        "accounts: nothing -> slack:T0HARBOUR/U0NEW"
    ]


def test_a_new_address_is_known_by_an_account() -> None:
    made, mistakes = plan(stored(), people=PEOPLE.replace("rhys@", "rhys.llewellyn@"))
    assert mistakes == []
    assert [str(change) for each in made.people.changed for change in each.changes] == [
        "email: rhys@harbourside.example -> rhys.llewellyn@harbourside.example"
    ]
    assert (made.people.missing, made.people.added) == ([], [])


def test_a_pair_is_the_same_after_a_new_address() -> None:
    new = "bethan.rees@harbourside.example"
    made, _mistakes = plan(
        stored(),
        people=PEOPLE.replace("bethan@harbourside.example", new),
        pairs=PAIRS.replace("bethan@harbourside.example", new),
    )
    assert (made.pairs.added, made.pairs.unchanged, made.pairs.missing) == ([], 1, [])


def test_an_account_of_somebody_else_is_a_mistake() -> None:
    text = PEOPLE.replace("slack:T0HARBOUR/U0RHYS", "") + "Omar,omar@h.example,slack:T0HARBOUR/U0RHYS,,,,mentor,,\n"
    _made, mistakes = plan(stored(), people=text)
    assert mistakes == [
        "people.csv, line 8, column C (accounts): an account here is that of Rhys Llewellyn (rhys@harbourside.example)"
    ]


def test_who_is_not_in_the_file_stays() -> None:
    fewer = "\n".join(line for line in PEOPLE.splitlines() if not line.startswith(("Rhys", "Megan")))
    made, mistakes = plan(stored(), people=fewer, pairs=PAIRS.splitlines()[0])
    assert mistakes == []
    assert [person.name for person in made.people.missing] == ["Megan Pryce", "Rhys Llewellyn"]
    assert made.pairs.missing == [("bethan@harbourside.example", "megan@harbourside.example")]
    assert made.changes_nothing


def test_without_a_file_of_pairs_nothing_is_said_of_them() -> None:
    made, _mistakes = plan(stored(), pairs=None)
    assert (made.pairs.added, made.pairs.unchanged, made.pairs.missing) == ([], 1, [])


def test_who_has_not_answered_may_become_something_else() -> None:
    made, mistakes = plan(stored(), people=PEOPLE.replace(",control,", ",mentor,"))
    assert mistakes == []
    assert [str(change) for each in made.people.changed for change in each.changes] == ["role: control -> mentor"]


def test_who_has_answered_or_is_paired_may_not() -> None:
    joined = with_person(stored(), "Rhys", state="joined")
    _made, mistakes = plan(joined, people=PEOPLE.replace(",control,", ",mentor,"))
    said = "Rhys Llewellyn is control, and joined: a file cannot change that to mentor"
    assert mistakes == [f"people.csv, line 4, column G (role): {said}"]
    _made, mistakes = plan(stored(), people=PEOPLE.replace(",mentee,", ",control,"), pairs=None)
    assert "Megan Pryce is mentee, and one of a pair" in mistakes[0]


def test_nobody_s_part_ends_by_a_file() -> None:
    _made, mistakes = plan(stored(), people=PEOPLE.replace(",control,", ",selector,"))
    assert mistakes[0].endswith("a file cannot change that to no part")


def test_one_lead_needs_an_account() -> None:
    text = PEOPLE.replace("slack:T0HARBOUR/U0DOMINIC", "")
    _made, mistakes = plan(Standing(), people=text)
    assert len(mistakes) == 1
    assert mistakes[0].startswith("people.csv, line 5, column C (accounts): no lead has an account: give that of one")
    _made, mistakes = plan(stored(), people=text)
    assert mistakes == []
