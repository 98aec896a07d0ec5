"""The product, as it is measured: the whole app, with a programme clock that stands still. Delivery runs only when it
is asked to."""

import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from random import Random
from typing import Any

import uvloop
from aiohttp import web

from bot import app as application
from bot.config import read
from bot.playground.clock import MovableClock
from tests.bench.servers import MEASURED, measured, sending, stay


async def _serve() -> None:
    settings = read(os.environ, is_demo=True)
    clock = MovableClock(datetime.fromisoformat(os.environ["BENCH_NOW"]))
    app = application.build(settings, clock=clock, random=Random(1))

    async def at(moment: Any) -> Callable[[], Awaitable[object]]:
        clock.move_to(datetime.fromisoformat(moment))

        async def deliver() -> None:
            await app.delivery.deliver_due()
            await app.delivery.next_at()

        return deliver

    app.web.add_routes([web.get(MEASURED, measured), sending(at)])
    async with application.listening(app, settings.host, 0) as address:
        await stay(address)
    await app.close()


if __name__ == "__main__":
    uvloop.run(_serve())  # as the command does
