"""Spreadsheet exports are taken as they come; what cannot be read is told with its line and column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.files.findings import Findings
from bot.files.sheets import read_sheet

COLUMNS = ("name", "time_zone", "profile")
HEADER = "name,time_zone,profile\n"


def cells_of(raw: bytes) -> list[tuple[str, ...]]:
    """The cells of all rows of a sheet without mistakes."""
    findings = Findings()
    rows = read_sheet("people.csv", raw, COLUMNS, findings)
    assert [str(mistake) for mistake in findings.mistakes] == []
    assert rows is not None
    return [tuple(row.cells.values()) for row in rows]


def mistakes_in(text: str) -> list[str]:
    findings = Findings()
    read_sheet("people.csv", text.encode(), COLUMNS, findings)
    return [str(mistake) for mistake in findings.mistakes]


PLAIN = [("Siân Rees", "Europe/London", "Swims.")]
SHEET = "name,time_zone,profile\nSiân Rees,Europe/London,Swims.\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_way_of_saving_says_the_same(encoding: str, separator: str, newline: str) -> None:
    text = SHEET.replace(",", separator).replace("\n", newline)
    assert cells_of(text.encode(encoding)) == PLAIN


@pytest.mark.parametrize(
    "text",
    [
        "\n,,\n" + SHEET + "\n ,,\n\n",
        "name,time_zone,profile,,\nSiân Rees,Europe/London,Swims.,,\n",
        "Profile,Name, Time Zone \nSwims.,Siân Rees,Europe/London\n",
        "name,time zone,profile\n  Siân \N{NO-BREAK SPACE}Rees\N{ZERO WIDTH SPACE},Europe/London , Swims.\n",
        "name,time-zone,profile\nSi\N{COMBINING CIRCUMFLEX ACCENT}Rees,x,y\n".replace(
            "Si\N{COMBINING CIRCUMFLEX ACCENT}Rees,x,y", "Sia\N{COMBINING CIRCUMFLEX ACCENT}n Rees,Europe/London,Swims."
        ),
    ],
    ids=["blank lines", "trailing columns", "columns in another order", "stray spaces", "composed accents"],
)
def test_what_spreadsheets_add_is_left_out(text: str) -> None:
    reordered = [tuple(sorted(row)) for row in cells_of(text.encode())]
    assert reordered == [tuple(sorted(PLAIN[0]))]


def test_a_cell_may_have_several_lines_and_rows_know_where_they_begin() -> None:
    findings = Findings()
    text = HEADER + 'Bethan Rees,,"Swims,\r\nreads ""slowly""."\nMegan Pryce,,\n'
    rows = read_sheet("people.csv", text.encode(), COLUMNS, findings)
    assert rows is not None
    assert [(row.line, row.cells["profile"]) for row in rows] == [(2, 'Swims,\nreads "slowly".'), (4, "")]
    assert str(rows[1].spot("profile")) == "people.csv, line 4, column C (profile)"


def test_cells_at_the_end_of_a_row_may_be_left_out() -> None:
    assert cells_of((HEADER + "Bethan Rees\n").encode()) == [("Bethan Rees", "", "")]


def test_a_column_that_is_not_known_is_a_warning() -> None:
    findings = Findings()
    read_sheet("people.csv", b"name,time_zone,profile,Shoe size\nBethan Rees,,,38\n", COLUMNS, findings)
    assert findings.mistakes == []
    assert [str(warning) for warning in findings.warnings] == [
        "people.csv, line 1, column D: the column 'Shoe size' is not known, and nothing in it is read"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the column name is missing"),
        ("name,profile\n", "people.csv, line 1: the column time_zone is missing"),
        (HEADER.replace("profile", "name,profile"), "people.csv, line 1, column C: the column name is there twice"),
        (HEADER + "\nBethan,,Swims, and reads\n", "people.csv, line 3: 4 cells under 3 columns"),
        (HEADER + 'Bethan,,"Swims\nMegan,,\n', "people.csv, line 2: the quotation marks from here on do not match"),
        (HEADER + 'Bethan,,"Swims" a lot\nMegan,,\n', "people.csv, line 2: the quotation marks"),
        (HEADER + "Beth\x07an,,\n", "people.csv, line 2, column A (name): a character here cannot be read"),
        (HEADER + "\nBeth\0an,,\n", "people.csv, line 3: a character here cannot be read"),
        (f"{HEADER}Bethan,,{'x' * 200_000}\n", "people.csv, line 2: the quotation marks"),
        ("PK\x03\x04...", "this is a workbook"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, said: str) -> None:
    assert any(said in mistake for mistake in mistakes_in(text)), mistakes_in(text)


@pytest.mark.parametrize("raw", [b"\xff\xfeo", b"name\n\x81\n", b"\xef\xbb\xbf\xe9"])
def test_bytes_that_are_no_text_are_a_mistake(raw: bytes) -> None:
    findings = Findings()
    assert read_sheet("people.csv", raw, COLUMNS, findings) is None
    assert {mistake.kind for mistake in findings.mistakes} == {"no text file"}


def test_after_a_row_that_cannot_be_read_the_others_are() -> None:
    findings = Findings()
    text = HEADER + 'Bethan,,"Swims" a lot\nMegan Pryce,,\nOmar,,,,,x\n'
    rows = read_sheet("people.csv", text.encode(), COLUMNS, findings)
    assert rows is not None
    assert [row.cells["name"] for row in rows] == ["Megan Pryce"]
    assert len(findings.mistakes) == 2


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: (HEADER + text).encode("utf-8", "replace")))
def test_no_bytes_break_it(raw: bytes) -> None:
    findings = Findings()
    rows = read_sheet("people.csv", raw, COLUMNS, findings)
    assert findings.mistakes if rows is None else all(len(row.cells) == 3 for row in rows)
