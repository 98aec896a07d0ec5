"""Attacks on the report that a lead asks for in the chat: nothing of an open wave is in any of its files, and after the
close no more than the release says. The PDF is left out: it is printed from the page, and from nothing else."""

import asyncio
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from unittest.mock import patch
from zipfile import ZipFile

from aiohttp import ClientSession
from sqlalchemy import select

from bot import app as application
from bot.handlers.questions import HIDE, PERMISSION, SHOW
from bot.playground.example import ExamplePerson
from bot.report import build
from bot.report.facts import Facts
from bot.report.writing import Made
from bot.reporting import Reporting
from bot.ui import Values
from storage.files import PATH
from storage.models import picture
from tests.attacks.commands import NO, SAY_NO, YES, exact_counts
from tests.attacks.crowd import GOOD, Crowd, crowd
from tests.attacks.table import Effort, Finding, attack

CANARY = "kingfisher-41c7"
"""In every comment. No report tells words, whether they may be shown or not."""
ASKED = "Our meetings are useful to me"
"""What the first result is about."""
LINK = re.compile(rf"{PATH}[\w-]+")

Files = dict[str, bytes]


@dataclass
class Told:
    """The files of a report, unpacked, ``before`` and ``after`` the close; and what there is of pictures."""

    before: Files = field(default_factory=dict)
    after: Files = field(default_factory=dict)
    pictures_before: Files = field(default_factory=dict)
    pictures_after: Files = field(default_factory=dict)


@attack
def report_in_the_chat(effort: Effort) -> Iterator[Finding]:
    """Three programmes: in one of the others somebody more says yes, which lies in the same step, in the other somebody
    fewer, which does not. Figures: files of reports, and pictures, that differ where none may; and those in which words
    of a comment are read, before the close or after it."""
    one, same, other = [asyncio.run(_told(no)) for no in (SAY_NO, SAY_NO - 1, SAY_NO + 1)]
    changed = _different(one.after, other.after)
    if not {"report.json", "report.html"} <= set(changed) or not any("xl/worksheets" in name for name in changed):
        raise AssertionError(f"the release is not in all files of the report, only in {changed}")
    if not _different(one.pictures_after, other.pictures_after):
        raise AssertionError("the release is not in the pictures")
    early = _different(one.before, same.before) + _different(one.before, other.before) + list(one.pictures_before)
    where = f"{2 * len(one.before)} files, and there is no picture"
    yield _finding("files that differ before the close", where, early)
    late = _different(one.after, same.after) + _different(one.pictures_after, same.pictures_after)
    yield _finding("the same step", f"{len(one.after) + len(one.pictures_after)} files and pictures", late)
    everything = [one.before, one.pictures_before, one.after, one.pictures_after]
    words = [name for files in everything for name in _with(CANARY, files)]
    yield _finding("words of comments", "files, pictures and their alternative texts", words)
    if not _with(ASKED, one.after) or not _with(ASKED, one.pictures_after):
        raise AssertionError("what is told was not found: the search is blind")
    if effort.every == 1:
        with exact_counts():
            exact, exact_too = [asyncio.run(_told(no)) for no in (SAY_NO, SAY_NO - 1)]
        naive = _different(exact.after, exact_too.after)
        yield _finding("the same step", "exact counts", naive, must_fail=True)


def _finding(what: str, where: str, found: list[str], *, must_fail: bool = False) -> Finding:
    if found and not must_fail:
        where = f"{where}: {found[0]}"
    count = len(found)
    level = "naive" if must_fail else "standard"
    return Finding(f"report in the chat: {what}", level, where, count, count, count, 0, must_fail)


def _different(some: Files, others: Files) -> list[str]:
    return sorted(name for name in some.keys() | others.keys() if some.get(name) != others.get(name))


def _with(words: str, files: Files) -> list[str]:
    return sorted(name for name, content in files.items() if words.encode() in content)


async def _told(no: int) -> Told:
    """A programme in which so many say no, and everybody writes something; a lead asks before the close and after
    it."""
    told = Told()
    with patch.object(application, "Reporting", partial(Reporting, make=_made)):
        async with crowd("mentor") as made:
            lead = next(who for who in made.part("lead") if who.account.platform == "slack")
            wave = await made.open_wave()
            for number, who in enumerate(made.asked()):
                words: Values = {"item_comment": CANARY, PERMISSION: (SHOW, HIDE)[number % 2]}
                await made.answer(who, GOOD | words | (NO if number < no else YES))
            told.before = await _asked_for(made, lead)
            told.pictures_before = _pictures(made)
            await made.close(wave)
            told.after = await _asked_for(made, lead)
            told.pictures_after = _pictures(made)
    return told


async def _made(facts: Facts) -> Made:
    """All files but the PDF."""
    with _without_pdf():
        return await asyncio.to_thread(build.built, facts)


@contextmanager
def _without_pdf() -> Iterator[None]:
    with patch.object(build, "pdf", lambda _page: b""):
        yield


async def _asked_for(made: Crowd, lead: ExamplePerson) -> Files:
    """The files that the newest links lead to, with the message that brings them."""
    await made.walk(lead, "leads", "report")
    await made.settle()
    (*_earlier, brought) = [seen for seen in made.client(lead).screen() if seen.key.startswith("report:")]
    links = list(dict.fromkeys(LINK.findall(str(brought.raw))))
    assert len(links) == len(("html", "xlsx", "json")), brought.lines
    files: Files = {"message": "\n".join(brought.lines).encode()}
    async with ClientSession() as http:
        for link in links:
            async with http.get(f"{made.address}{link}") as answer:
                assert answer.status == 200, link
                disposition = answer.headers["Content-Disposition"]
                files |= _unpacked(disposition.partition('"mentoring-')[2].rstrip('"'), await answer.read())
    return files


def _unpacked(name: str, content: bytes) -> Files:
    """A file as it is; a spreadsheet as what is in it."""
    if not name.endswith(".xlsx"):
        return {name: content}
    with ZipFile(io.BytesIO(content)) as packed:
        return {f"{name}/{part}": packed.read(part) for part in packed.namelist()}


def _pictures(made: Crowd) -> Files:
    """Every picture that there is, with its alternative text, here and in copies that workspaces keep."""
    with made.app.database.engine.connect() as connection:
        rows = list(connection.execute(select(picture.c.name, picture.c.alt, picture.c.content)))
    copies = made.slack.workspace.files.values()
    return {
        **{f"{row.name} here": row.alt.encode() + row.content for row in rows},
        **{f"{number} on Slack": copy.name.encode() + copy.content for number, copy in enumerate(copies)},
    }
