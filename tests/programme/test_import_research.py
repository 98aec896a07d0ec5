"""What programme.toml may say of a research copy, and when it can no longer say something else."""

import re
from datetime import date
from importlib import resources

import pytest

from bot.files.findings import Findings
from bot.files.toml_file import read_toml
from bot.programme.people_files import PeopleList
from bot.programme.plan import Plan, Standing, plan_import
from bot.programme.settings_file import Research, Settings, read_settings
from tests.programme.files import SETTINGS
from tests.research import PUBLIC
from tests.world import MONDAY

RESEARCH = f"""
[research]
ethics_reference = "REC 26/WM/0417"
evaluator = "Dr Ilse Verhoeven, University of Westmarch"
evaluator_key = "{PUBLIC}"
retention_until = 2031-08-31
"""
FILE = SETTINGS.replace("[contact]", 'disclosure = "research"\n\n[contact]', 1) + RESEARCH


def read(text: str) -> tuple[Settings | None, list[str]]:
    findings = Findings()
    document = read_toml("programme.toml", text.encode(), findings)
    assert document is not None
    return read_settings(document, findings), [str(mistake) for mistake in findings.mistakes]


def settings(text: str = FILE) -> Settings:
    found, mistakes = read(text)
    assert mistakes == []
    assert found is not None
    return found


def plan(after: Settings, before: Settings, *, is_promised: bool) -> tuple[Plan, list[str]]:
    findings = Findings()
    nobody = PeopleList("people.csv", [], frozenset())
    standing = Standing(settings=before, is_promised=is_promised)
    made = plan_import(after, nobody, None, None, standing, now=MONDAY, findings=findings)
    return made, [str(mistake) for mistake in findings.mistakes]


def test_a_research_copy_is_read() -> None:
    assert settings().disclosure == "research"
    assert settings().research == Research(
        "REC 26/WM/0417", "Dr Ilse Verhoeven, University of Westmarch", PUBLIC, date(2031, 8, 31)
    )


def test_the_level_research_needs_no_copy() -> None:
    assert settings(FILE.replace(RESEARCH, "")).research is None


def test_the_example_shows_one_that_can_be_used() -> None:
    example = resources.files("bot.programme").joinpath("example.toml").read_text("utf-8")
    begin = example.index("#     [research]")
    shown = "\n".join(line.removeprefix("#     ") for line in example[begin:].split("\n\n")[0].splitlines())
    with_research = re.sub(r"(?m)^disclosure = .*$", 'disclosure = "research"', example)
    found = settings(with_research + "\n" + shown)
    assert found.research is not None
    assert found.research.ethics_reference == "REC 26/WM/0417"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('ethics_reference = "REC 26/WM/0417"\n', "", "line 17, column ethics_reference: ethics_reference is missing"),
        (f'evaluator_key = "{PUBLIC}"\n', "", "column evaluator_key: evaluator_key is missing"),
        (PUBLIC, PUBLIC[:-4], 'column evaluator_key: this is no public key: "peermentor research new-key" makes'),
        (PUBLIC, "A" * 43 + "=", "column evaluator_key: this is no public key"),
        ("2031-08-31", "2027-08-31", "column retention_until: 2027-08-31 is not after the end of the programme"),
        ("2031-08-31", '"soon"', "column retention_until: 'soon' is no day"),
        ('disclosure = "research"', 'disclosure = "strict"', "column research: a research copy needs the disclosure"),
        (
            "[research]",
            "[research]\ncolour = 1",
            "column colour: this key is not known; the known ones are ethics_refe",
        ),
        ("[research]", "[[research]]", "column research: research is a table: begin it with [research]"),
    ],
)
def test_each_mistake_is_told_with_its_place(before: str, after: str, said: str) -> None:
    assert before in FILE
    found, mistakes = read(FILE.replace(before, after))
    assert found is None
    assert any(said in mistake for mistake in mistakes), mistakes


def test_all_mistakes_are_told_at_once() -> None:
    text = FILE.replace(PUBLIC, "no key").replace("2031-08-31", "2026-08-31").replace('"research"', '"standard"')
    assert len(read(text)[1]) == 3


# Importing again


def test_what_changes_is_told() -> None:
    other = settings(FILE.replace("Dr Ilse Verhoeven", "Dr Henk Jansen"))
    made, mistakes = plan(other, settings(), is_promised=False)
    assert mistakes == []
    assert [str(change) for change in made.changes] == [
        "evaluator: Dr Ilse Verhoeven, University of Westmarch -> Dr Henk Jansen, University of Westmarch"
    ]


def test_once_people_have_answered_neither_level_nor_copy_can_change() -> None:
    other = settings(FILE.replace("2031-08-31", "2032-08-31"))
    (mistake,) = plan(other, settings(), is_promised=True)[1]
    assert mistake.startswith("programme.toml, line 17, column research: a check-in or questionnaire has opened")
    strict = settings(FILE.replace('"research"', '"strict"').replace(RESEARCH, ""))
    (mistake,) = plan(strict, settings(), is_promised=True)[1]
    assert "line 5, column disclosure: people have answered on the strength of 'research'" in mistake
    assert plan(settings(), settings(FILE.replace(RESEARCH, "")), is_promised=True)[1] != []


def test_to_leave_it_out_destroys_nothing() -> None:
    made, mistakes = plan(settings(FILE.replace(RESEARCH, "")), settings(), is_promised=True)
    assert (mistakes, made.changes) == ([], ())
    assert made.settings.research == settings().research
