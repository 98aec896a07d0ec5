"""The report of a programme as large as the reference one, with all its questionnaires, in its child process."""

import asyncio
import resource
import time
from collections.abc import Iterator

from bot.report.making import made
from bot.surveys import rules
from tests.bench.figures import Figure, bench
from tests.report.sample import full


@bench
def report() -> Iterator[Figure]:
    """All four files, from the facts on; the child first loads what it needs."""
    started = time.perf_counter()
    files = asyncio.run(made(full(rules.STANDARD)))
    seconds = time.perf_counter() - started
    if not (files.html and files.pdf and files.xlsx and files.json):
        raise RuntimeError("a file is missing")
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**10
    yield Figure("the report of the example programme", seconds, "s", 10)
    yield Figure("memory of its child process", memory, "MB", 400)
