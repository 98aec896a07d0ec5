"""Charts as pictures, drawn in a child process that exits: the library that draws is large and seldom wanted.
``draw`` does the work."""

import asyncio
import os
import sys
from collections.abc import Sequence

import msgspec

from bot.surveys.chart import Chart

LIMIT = 60
"""Seconds after which the child is given up."""
_PASSED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR")
"""What the child needs of the environment: where the fonts are noted, among others. The rest holds secrets."""


class NotDrawn(Exception):
    """There is no picture: the words must do."""


async def drawn(charts: Sequence[Chart], *, limit: float = LIMIT, module: str = "bot.surveys.draw") -> list[bytes]:
    """A PNG of each chart, with a background of its own; always the same for the same chart. ``limit``: seconds. Raises
    NotDrawn if it does not come to an end in time, or at all."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
    )
    try:
        pictures, _ = await asyncio.wait_for(child.communicate(msgspec.msgpack.encode(charts)), limit)
    except TimeoutError as late:
        raise NotDrawn(f"took longer than {limit:g} s") from late
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise NotDrawn(f"ended with status {child.returncode}")
    try:
        return msgspec.msgpack.decode(pictures, type=list[bytes])
    except msgspec.MsgspecError as error:
        raise NotDrawn("answered something else") from error
