"""Reads what spreadsheets export as text, as it comes: with commas, semicolons or tabs, in UTF-8, UTF-16 or
Windows-1252, with blank lines and cells, columns beyond those that are asked for, and line breaks within a cell."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bot.files.findings import Findings, Spot

SEPARATORS = (",", ";", "\t")
_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_BEGINNINGS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
_UNREADABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")


class Row(NamedTuple):
    """A row of a sheet. ``line``: where it begins in the file. ``cells``: by the name of the column, tidied."""

    file: str
    line: int
    cells: dict[str, str]
    letters: dict[str, str]

    def spot(self, column: str = "") -> Spot:
        """The row, or its cell in a column."""
        return Spot(self.file, self.line, f"{self.letters[column]} ({column})" if column else "")


def decoded(file: str, raw: bytes, findings: Findings) -> str | None:
    """A file as text; None, and a mistake, where it is none.

    No guess is needed: what is not UTF-8 and not marked as UTF-16 was saved by a program that means Windows-1252.
    """
    if raw.startswith(_WORKBOOK):
        findings.mistake(Spot(file), "no text file", "this is a workbook: save its sheet as CSV and give that file")
        return None
    encoding = next((encoding for beginning, encoding in _BEGINNINGS if raw.startswith(beginning)), "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        text = raw.decode("windows-1252", errors="replace") if encoding == "utf-8" else "\N{REPLACEMENT CHARACTER}"
    for unreadable in ("\0", "\N{REPLACEMENT CHARACTER}"):
        if unreadable in text:
            at = Spot(file, text.count("\n", 0, text.index(unreadable)) + 1)
            findings.mistake(at, "no text file", "a character here cannot be read: save the file as CSV in UTF-8")
            return None
    return text


def read_sheet(file: str, raw: bytes, columns: Sequence[str], findings: Findings) -> list[Row] | None:
    """The rows below the header; None, and mistakes, where these columns are not all there.

    Rows of which nothing can be told are left out, with a mistake for each; blank ones without.
    """
    text = decoded(file, raw, findings)
    if text is None:
        return None
    records = _records(file, text, _separator(text, columns), findings)
    line, header = next(((line, record) for line, record in records if any(map(str.strip, record))), (1, []))
    places = _places(file, line, header, columns, findings)
    if places is None:
        return None
    letters = {column: _letter(place) for column, place in places.items()}
    width, blank = len(header), [""] * len(header)
    rows = []
    for line, record in records:
        padded = record if len(record) >= width else record + blank
        cells = _tidied([padded[at] for at in places.values()])
        row = Row(file, line, dict(zip(places, cells, strict=True)), letters)
        if len(record) > width and "".join(record[width:]).strip():
            said = f"{len(record)} cells under {width} columns: does a text need quotation marks around it?"
            findings.mistake(row.spot(), "too many cells", said)
        elif _UNREADABLE.search("".join(cells)):
            column = next(column for column, cell in row.cells.items() if _UNREADABLE.search(cell))
            findings.mistake(row.spot(column), "unreadable character", "a character here cannot be read")
        elif any(cells):
            rows.append(row)
    return rows


def _tidied(cells: Sequence[str]) -> list[str]:
    """The cells, tidy. Most are already, and to see so once for all is quicker than to tidy each."""
    together = "".join(cells)
    if together.isascii() and together.isprintable() and "  " not in together:
        return [cell.strip() for cell in cells]
    return [tidy(cell) for cell in cells]


def tidy(cell: str) -> str:
    """A text with single spaces, without any around it and without what cannot be seen; line breaks stay."""
    text = unicodedata.normalize("NFC", cell.translate(_INVISIBLE))
    return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())


def _separator(text: str, columns: Sequence[str]) -> str:
    """What stands between cells: with the right one, most columns of the header are found."""
    first = next((line for line in text.splitlines() if line.strip(" \t,;")), "")
    wanted = {_bare(column) for column in columns}

    def found(separator: str) -> int:
        return sum(_bare(cell) in wanted for cell in first.split(separator))

    return max(SEPARATORS, key=found)


def _records(file: str, text: str, separator: str, findings: Findings) -> Iterator[tuple[int, list[str]]]:
    """Every record, with the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error:  # also for a cell that is far too long, which is what a missing mark leads to
            said = 'the quotation marks from here on do not match: write one within a text twice ("")'
            findings.mistake(Spot(file, line), "quotation marks", said)
            continue
        yield line, record


def _places(
    file: str, line: int, header: Sequence[str], columns: Sequence[str], findings: Findings
) -> dict[str, int] | None:
    """Where each column stands; None, and mistakes, where they are not all there. Of two alike the first is read."""
    names = {_bare(column): column for column in columns}
    places: dict[str, int] = {}
    for at, cell in enumerate(header):
        column = names.get(_bare(cell))
        if column is None:
            if cell.strip():
                text = f"the column {tidy(cell)[:40]!r} is not known, and nothing in it is read"
                findings.warn(Spot(file, line, _letter(at)), "unknown column", text)
        elif column in places:
            findings.mistake(Spot(file, line, _letter(at)), "column twice", f"the column {column} is there twice")
        else:
            places[column] = at
    for column in columns:
        if column not in places:
            text = f"the column {column} is missing; its cells may be blank. All columns: {', '.join(columns)}"
            findings.mistake(Spot(file, line), "missing column", text)
    return places if len(places) == len(columns) else None


def _bare(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def _letter(place: int) -> str:
    """The name of a column in a spreadsheet: A for the first, AA for the 27th."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
