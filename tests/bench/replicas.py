"""Several processes on one PostgreSQL database, some of which are killed. Left out where no server answers."""

import asyncio
import sys
from collections.abc import Iterator

from tests.bench.figures import Figure, bench
from tests.databases import SERVER, server_answers
from tests.replicas import deliver_and_kill

MESSAGES = 6_000
KILLS = 5


@bench
def killed_replicas() -> Iterator[Figure]:
    """6,000 messages to direct messages of Slack by three processes; five times one of them is killed (``kill -9``) and
    another one started."""
    if not server_answers():
        where = SERVER.render_as_string()
        sys.stderr.write(f"killed_replicas is left out: no PostgreSQL server answers at {where}\n")
        return
    deaths = asyncio.run(deliver_and_kill(MESSAGES, KILLS))
    if deaths.complaints:
        raise RuntimeError(f"the processes complained: {deaths.complaints}")
    what = f"of {MESSAGES:,} messages, {KILLS} of the processes killed"
    yield Figure(f"lost {what}", deaths.lost, "messages", 0)
    yield Figure("not known whether they had arrived, for one kill at most", max(deaths.ambiguous), "messages", 1)
    yield Figure("seen twice in a direct message", deaths.seen_twice, "messages", 0)
    yield Figure("time for all of it", deaths.seconds, "s", 600)
