"""Has the files of a report made, in a child process that is handed facts and nothing else."""

import asyncio
import os
import sys

import msgspec

from bot.clock import Clock
from bot.report.facts import Facts
from bot.report.gathering import facts_of
from bot.report.writing import Made
from storage.records import Programme
from storage.unit_of_work import Database

LIMIT = 120
"""Seconds after which the child is given up."""
_PASSED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "HOME", "XDG_CACHE_HOME")
"""What the child needs of the environment; the last two for the list of fonts that the system keeps. The rest of it
holds secrets."""


class ReportFailed(Exception):
    """The report could not be made."""


async def report_of(programme: Programme, database: Database, clock: Clock) -> Made:
    """The files of the report of a programme, as it is now. Raises ReportFailed and DatabaseGone."""
    return await made(await database.run(lambda uow: facts_of(programme, uow), clock()))


async def made(facts: Facts, limit: float = LIMIT) -> Made:
    """The files. ``limit``: seconds. Raises ReportFailed."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.report.build",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
    )
    try:
        written, _ = await asyncio.wait_for(child.communicate(msgspec.msgpack.encode(facts)), limit)
    except TimeoutError as late:
        raise ReportFailed(f"it took longer than {limit:g} seconds") from late
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise ReportFailed(f"its process ended with status {child.returncode}")
    try:
        return msgspec.msgpack.decode(written, type=Made)
    except msgspec.MsgspecError as error:
        raise ReportFailed("its process answered something else") from error
