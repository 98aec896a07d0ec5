"""The tables of the report as a workbook: a sheet for each, numbers as numbers.

What people typed can reach a cell, so no text is ever a formula: one that begins like a formula gets an apostrophe in
front, which also holds where the workbook is saved as CSV and opened again.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.packaging.core import DocumentProperties
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.xml.constants import ARC_CORE
from openpyxl.xml.functions import tostring

from bot.report import words
from bot.report.document import Cell, Report, Spread, Table
from bot.report.lines import STEPS, Line
from bot.texts import _, marked

LIKE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
LONGEST_NAME = 31
WIDEST = 60

IN_STEPS = (marked("from"), marked("to"), marked("of"), marked("% from"), marked("% to"))

Value = str | int | None


def workbook(report: Report, made_on: date) -> bytes:
    """The workbook: what it is about, with a list of its sheets, then the tables in the order of the report. The same
    report of the same day gives the same bytes."""
    book = Workbook()
    first = book.active
    if first is None:
        raise LookupError("a new workbook has a sheet")
    first.title = _("About")
    listed: list[tuple[str, str, str]] = []
    for heading, table in report.headed_tables:
        sheet = book.create_sheet(_name(table.name, book.sheetnames))
        listed.append((sheet.title, heading, table.caption))
        rows: list[tuple[Value, ...]] = [(table.caption,), tuple(_head(table)), *map(tuple, _rows(table))]
        _fill(sheet, [*rows, *(((), (table.note,)) if table.note else ())], heads=2)
        sheet.freeze_panes = "B3"
    about = [(report.title,), *report.facts, (), (_("Sheet"), _("Part of the report"), _("Table"))]
    _fill(first, [*about, *listed], heads=1)
    for row, (name, _heading, _caption) in enumerate(listed, start=len(about) + 1):
        _lead_to(first, row, name)
    content = BytesIO()
    book.save(content)
    return _dated(content, made_on)


def _dated(content: BytesIO, made_on: date) -> bytes:
    """The same workbook as if it had been written at the beginning of a day: the library writes down the moment."""
    day = datetime.combine(made_on, time())
    dated = BytesIO()
    with ZipFile(content) as written, ZipFile(dated, "w") as parts:
        for name in written.namelist():
            about = DocumentProperties(created=day, modified=day)
            part = tostring(about.to_tree()) if name == ARC_CORE else written.read(name)
            parts.writestr(ZipInfo(name, day.timetuple()[:6]), part, ZIP_DEFLATED)
    return dated.getvalue()


def _name(name: str, taken: Sequence[str]) -> str:
    """A name for a sheet that no other has."""
    names = [name[:LONGEST_NAME], *(f"{name[: LONGEST_NAME - 3]}-{number}" for number in range(2, 100))]
    return next(each for each in names if each.casefold() not in map(str.casefold, taken))


def _fill(sheet: Worksheet, rows: Sequence[tuple[Value, ...]], *, heads: int) -> None:
    widths: dict[int, int] = {}
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(number, column, escaped(value) if isinstance(value, str) else value)
            if isinstance(value, str):
                cell.data_type = "s"
            if number <= heads:
                cell.font = Font(bold=True)
            if number >= heads:
                widths[column] = max(widths.get(column, 0), len(str(value or "")))
                cell.alignment = Alignment(vertical="top", wrap_text=column == 1)
    for column, width in widths.items():
        sheet.column_dimensions[get_column_letter(column)].width = min(width, WIDEST) + 2


def _lead_to(sheet: Worksheet, row: int, name: str) -> None:
    """Let a tap on the first cell of a row open the sheet of this name."""
    cell = sheet.cell(row, 1)
    quoted = name.replace("'", "''")
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{quoted}'!A1")
    cell.font = Font(underline="single", color="1F4E79")


def escaped(text: str) -> str:
    """A text that no program takes for a formula."""
    return f"'{text}" if text.startswith(LIKE_A_FORMULA) else text


# A cell that counts something takes several columns


def _head(table: Table) -> Iterator[str]:
    for column, title in enumerate(table.head):
        more = _columns(table, column)
        yield from (_("{title}: {what}").format(title=title, what=what) for what in more) if more else (title,)


def _rows(table: Table) -> Iterator[list[Value]]:
    widths = [len(_columns(table, column)) for column in range(len(table.head))]
    for row in table.rows:
        yield [value for cell, width in zip(row, widths, strict=True) for value in _values(cell, width)]


def _columns(table: Table, column: int) -> tuple[str, ...]:
    """What a column is parted into; nothing where it holds words or plain numbers."""
    cells = [row[column] for row in table.rows]
    if any(isinstance(cell, Spread) for cell in cells):
        if any(isinstance(cell, Spread) and cell.signed for cell in cells):
            return (_("points"), _("from"), _("to"))
        return (_("count"), _("of"), _("%"), _("% from"), _("% to"))
    lines = [cell for cell in cells if isinstance(cell, Line)]
    if any(line.shown == STEPS for line in lines):
        return tuple(map(_, IN_STEPS))
    return (_("count"), _("of"), _("%")) if lines else ()


def _values(cell: Cell, width: int) -> tuple[Value, ...]:
    """The values of a cell, in so many columns (none: one)."""
    values: tuple[Value, ...]
    match cell:
        case Spread(signed=True):
            values = (cell.middle, cell.low, cell.high)
        case Spread():
            values = (cell.n, cell.of, cell.middle, cell.low, cell.high)
        case Line(n=None, low=None):
            values = (words.cell(cell),)
        case Line() if width == len(IN_STEPS):
            values = (cell.low, cell.high, cell.of, *cell.percents)
        case Line():
            values = (cell.n, cell.of, cell.percents[0] if cell.of else None)
        case None:
            values = (words.cell(None),)
        case _:
            values = (cell,)
    return (*values, *(None,) * (width - len(values)))
