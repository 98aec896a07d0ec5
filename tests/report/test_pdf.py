"""The PDF is tagged: a screen reader finds headings, tables and what figures show."""

import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise

import msgspec
import pikepdf
import pytest

from bot.report import pdf as printing
from bot.report.build import as_json
from bot.report.contents import contents
from bot.report.page import page
from bot.report.writing import Made
from bot.surveys import rules
from tests.report.sample import facts, released


@pytest.fixture(scope="module")
def printed() -> Iterator[pikepdf.Pdf]:
    html = page(contents(facts(released(), released(rules.STANDARD))))
    with pikepdf.open(BytesIO(printing.pdf(html))) as document:
        yield document


def elements(document: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Every element of the structure, in reading order."""

    def below(node: pikepdf.Object) -> Iterator[pikepdf.Object]:
        if isinstance(node, pikepdf.Array):
            for child in node:
                yield from below(child)
        elif isinstance(node, pikepdf.Dictionary) and "/S" in node:
            yield node
            if "/K" in node:
                yield from below(node.K)

    yield from below(document.Root.StructTreeRoot.K)


def tags(document: pikepdf.Pdf) -> list[str]:
    return [str(element.S) for element in elements(document)]


def test_it_says_that_it_is_tagged_in_which_language_and_its_title(printed: pikepdf.Pdf) -> None:
    root = printed.Root
    assert bool(root.MarkInfo.Marked)
    assert str(root.Lang) == "en-GB"
    assert bool(root.ViewerPreferences.DisplayDocTitle)
    with printed.open_metadata() as metadata:
        assert metadata["dc:title"] == "Westmarch peer mentoring: report"
        assert metadata["pdfuaid:part"] == "1"


def test_headings_are_nested(printed: pikepdf.Pdf) -> None:
    levels = [int(tag[2]) for tag in tags(printed) if tag in {"/H1", "/H2", "/H3", "/H4"}]
    assert levels[0] == 1
    assert len(levels) > 10
    assert all(below <= above + 1 for above, below in pairwise(levels))


def test_every_figure_says_what_it_shows(printed: pikepdf.Pdf) -> None:
    figures = [element for element in elements(printed) if str(element.S) == "/Figure"]
    assert len(figures) > 3
    assert all(" of " in str(figure.Alt) for figure in figures)


def test_every_cell_of_a_table_says_which_heads_are_its_own(printed: pikepdf.Pdf) -> None:
    assert {"/Table", "/THead", "/TBody", "/TR", "/TH", "/TD", "/Caption"} <= set(tags(printed))
    found = list(elements(printed))
    heads = {str(element.ID) for element in found if str(element.S) == "/TH" and "/ID" in element}
    cells = [element for element in found if str(element.S) == "/TD"]
    assert len(cells) > 50
    for cell in cells:
        named = [str(head) for head in cell.A.Headers]
        assert len(named) == 2, "its row and its column"
        assert set(named) <= heads


def test_every_page_has_its_content_in_the_structure(printed: pikepdf.Pdf) -> None:
    assert len(printed.pages) > 3
    assert all("/StructParents" in page_.obj for page_ in printed.pages)


def test_links_lead_somewhere(printed: pikepdf.Pdf) -> None:
    assert "/Link" in tags(printed)


WITHOUT_LIBRARIES = """
import cffi
def missing(self, name, *flags):
    raise OSError("cannot load library " + name)
cffi.FFI.dlopen = missing
from bot.report.build import main
main()
"""


def test_without_the_systems_libraries_the_child_makes_the_rest() -> None:
    """WeasyPrint says so on standard output, where the files are to go."""
    given = msgspec.msgpack.encode(facts(released()))
    child = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", WITHOUT_LIBRARIES], input=given, capture_output=True, check=True
    )
    made = msgspec.msgpack.decode(child.stdout, type=Made)
    assert made.pdf == b""
    assert b"<html" in made.html
    assert made.xlsx.startswith(b"PK")
    assert made.json == as_json(facts(released()))
