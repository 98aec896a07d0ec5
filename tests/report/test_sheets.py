"""The workbook: a sheet for each table, numbers as numbers, and no text that runs."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from msgspec.structs import replace
from openpyxl import Workbook, load_workbook

from bot.report.contents import contents
from bot.report.facts import Facts
from bot.report.sheets import escaped, workbook
from bot.surveys import rules
from tests.report.sample import INSTRUMENT, facts, full, released

FORMULA = '=HYPERLINK("https://attacker.example","Total")'


def opened(report: Facts) -> Workbook:
    return load_workbook(BytesIO(written(report)))


def written(report: Facts) -> bytes:
    return workbook(contents(report), report.made_on)


def rows(book: Workbook, sheet: str) -> dict[object, tuple[object, ...]]:
    """The rows of a sheet by their first cell."""
    return {row[0]: row[1:] for row in book[sheet].iter_rows(values_only=True)}


def test_there_is_a_sheet_for_each_table() -> None:
    report = full(rules.RESEARCH)
    assert len(opened(report).sheetnames) == len(contents(report).tables) + 1


def test_the_first_sheet_lists_all_others_in_words_and_leads_to_them() -> None:
    report = full(rules.RESEARCH)
    book = opened(report)
    listed = [row for row in book["About"].iter_rows() if row[0].hyperlink]
    assert [row[0].value for row in listed] == book.sheetnames[1:]
    places = [row[0].hyperlink.location for row in listed if row[0].hyperlink]
    assert places == [f"'{name}'!A1" for name in book.sheetnames[1:]]
    assert [row[2].value for row in listed] == [book[name]["A1"].value for name in book.sheetnames[1:]]
    told = {(row[1].value, row[2].value) for row in listed}
    assert {
        ("Final questionnaire", "Support: counts"),
        ("Pairs and their meetings", "What became of the pairs"),
    } <= told


def test_the_same_facts_give_the_same_bytes_whenever_they_are_written() -> None:
    report = full(rules.RESEARCH)
    first = written(report)
    assert written(report) == first
    about = opened(report).properties
    assert f"{about.created} {about.modified}" == "2027-09-02 00:00:00 2027-09-02 00:00:00"
    with ZipFile(BytesIO(first)) as parts:
        assert {part.date_time for part in parts.infolist()} == {(2027, 9, 2, 0, 0, 0)}


def test_exact_counts_are_numbers_with_a_column_each() -> None:
    book = opened(facts(released()))
    found = rows(book, "end-2027-07-19-2")
    assert found["Result"][:3] == ("Mentors: count", "Mentors: of", "Mentors: %")
    assert found["Friends is there: agree"] == (2, 18, 11, 16, 18, 89, 24, 26, 92)
    assert found["Wish is there: agree"] == ("not asked", None, None, "not asked", None, None, 21, 26, 81)


def test_ranges_are_numbers_with_two_ends() -> None:
    book = opened(facts(released(rules.STANDARD), level="standard"))
    found = rows(book, "end-2027-07-19-2")
    assert found["Result"][:5] == ("Mentors: from", "Mentors: to", "Mentors: of", "Mentors: % from", "Mentors: % to")
    assert found["Friends is there: agree"][5:10] == (16, 18, 18, 88, 100)


def test_intervals_are_numbers() -> None:
    found = rows(opened(facts(released())), "end-2027-07-19-comparison")
    assert found["Friends is there: agree"][:10] == (16, 18, 89, 67, 97, 24, 26, 92, 76, 98)


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_nothing_that_begins_like_a_formula_is_one(begin: str) -> None:
    assert escaped(f"{begin}1+1") == f"'{begin}1+1"
    assert escaped(f"1{begin}1") == f"1{begin}1"


def test_what_people_typed_never_runs() -> None:
    about = replace(facts().about, name=FORMULA, contact_name="+44 20 7946 0000")
    instrument = replace(
        INSTRUMENT, items=tuple(replace(each, about=FORMULA, section=FORMULA) for each in INSTRUMENT.items)
    )
    book = opened(replace(facts(released(instrument=instrument)), about=about))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert not [cell.value for cell in cells if isinstance(cell.value, str) and cell.value[0] in "=+-@"]
    assert [cell for cell in cells if cell.value == f"'{FORMULA}: agree"]


def test_names_of_sheets_are_short_and_different_even_where_tables_are_called_alike() -> None:
    long = "x" * 40
    waves = [replace(released(), key=f"{long}{number}") for number in range(3)]
    names = opened(facts(*waves)).sheetnames
    assert len(names) == len({name.casefold() for name in names})
    assert max(map(len, names)) <= 31
