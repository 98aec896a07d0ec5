"""The report as files, for the command line: for which programme, in which folder, and what is said about it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from bot.clock import Clock, real_time
from bot.report.making import ReportFailed, report_of
from bot.report.pdf import LIBRARIES
from bot.report.writing import MEDIA_TYPES, write
from storage.records import Programme
from storage.unit_of_work import Database

NO_PDF = (
    f"There is no PDF, because libraries of the system are missing: please install {', '.join(LIBRARIES[:-1])} and "
    f"{LIBRARIES[-1]} (on Debian with apt-get install), and run this again."
)


class NoReport(Exception):
    """There is no report; the words say why."""


async def write_report(
    name: str, database: Database, folder: Path, *, tell: Callable[[str], None], clock: Clock = real_time
) -> list[Path]:
    """Write the report of a programme into a folder; the files that were written. ``name``: of the programme, or the
    beginning of it. ``tell``: hears what is being done. Raises NoReport, with words for whoever typed the command, and
    DatabaseGone."""
    if database.is_new():
        raise NoReport("there is no programme in the database of DATABASE_URL: see peermentor programme import")
    tell("Looking for the programme")
    programme = found(name, await database.run(lambda uow: uow.programmes.all(), clock()))
    tell("Making tables, figures and the PDF")
    try:
        made = await report_of(programme, database, clock)
        tell("Writing the files")
        return write(made, folder)
    except ReportFailed as error:
        raise NoReport(f"the report could not be made: {error}") from error
    except OSError as error:
        raise NoReport(f"--out is {str(folder)!r}, where nothing can be written: {error.strerror}") from error


def found(name: str, programmes: Sequence[Programme]) -> Programme:
    """The programme of this name, or the only one whose name begins so. Raises NoReport."""
    wanted = name.strip().casefold()
    exact = [each for each in programmes if each.name.casefold() == wanted]
    alike = exact or [each for each in programmes if each.name.casefold().startswith(wanted)]
    if len(alike) == 1:
        return alike[0]
    there = ", ".join(repr(each.name) for each in alike or programmes) or "none at all"
    if alike:
        raise NoReport(f"several programmes begin with {name!r}: {there}")
    raise NoReport(f"there is no programme {name!r}; there is {there}")


def told(written: Sequence[Path]) -> str:
    """A line for each file."""
    return "\n".join(f"{path} is written" for path in written)


def lacks_pdf(written: Sequence[Path]) -> bool:
    """Whether the PDF could not be made."""
    return len(written) < len(MEDIA_TYPES)
