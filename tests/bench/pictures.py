"""Drawing what a questionnaire lets out."""

import asyncio
import time
from collections.abc import Iterator

from bot.surveys.charts import charts_of
from bot.surveys.drawing import drawn
from tests.bench.figures import Figure, bench
from tests.bench.waves import children_cpu
from tests.releases import questionnaire

BYTES = 100_000


@bench
def pictures() -> Iterator[Figure]:
    """Pictures of 20 items and three groups, in a child process, which first loads the library that draws."""
    charts = charts_of(questionnaire(exact=False))
    with children_cpu() as used:
        started = time.perf_counter()
        (alone,) = asyncio.run(drawn(charts[:1]))
        took = time.perf_counter() - started
    yield Figure("a picture with its child's start", took, "s", 1)
    yield Figure("the same, CPU", used.seconds, "s", 1)
    with children_cpu() as used:
        together = asyncio.run(drawn(charts))
    if alone != together[0]:
        raise RuntimeError("the same chart was drawn in two ways")
    yield Figure(f"all {len(charts)} pictures of a questionnaire, each, CPU", used.seconds / len(charts), "s", 1)
    yield Figure("the largest of them", max(map(len, together)) / 1000, "kB", BYTES / 1000)
