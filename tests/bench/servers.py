"""Servers that are measured, each in a process of its own: what they use is told apart from what their clients use."""

import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from types import TracebackType
from typing import Any, Self

from aiohttp import ClientSession, web

from tests.bench.figures import peak_megabytes

MEASURED = "/measured"
SEND = "/send"


@dataclass(frozen=True, slots=True)
class Request:
    """What is posted to a server."""

    path: str
    body: bytes
    headers: Mapping[str, str]


# In the server's process


async def stay(address: str) -> None:
    """Say where this process serves, until it is told to end."""
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


async def measured(_request: web.Request) -> web.Response:
    """What this process has used so far."""
    return web.json_response({"cpu": time.process_time(), "megabytes": peak_megabytes()})


def sending(send: Callable[[Any], Awaitable[Callable[[], Awaitable[object]]]]) -> web.RouteDef:
    """Sends messages when it is asked to. ``send`` is given what was posted, and prepares; what it returns is
    measured."""

    async def answer(request: web.Request) -> web.Response:
        prepared = await send(await request.json())
        before = time.process_time()
        await prepared()
        return web.json_response({"cpu": time.process_time() - before})

    return web.post(SEND, answer)


async def serve_bare(app: web.Application) -> None:
    """Serve as the product does, until this process is told to end."""
    app.add_routes([web.get(MEASURED, measured)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port, *_ = runner.addresses[0]
    await stay(f"http://{host}:{port}")
    await runner.cleanup()


# In the process that measures


class Server:
    """A module of this package that serves, in a process of its own."""

    def __init__(self, module: str, environ: Mapping[str, str]) -> None:
        self._module = module
        self._environ = environ
        self._process: asyncio.subprocess.Process
        self._http: ClientSession

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"tests.bench.{self._module}",
            stdin=PIPE,
            stdout=PIPE,
            env=os.environ | self._environ,
            cwd=Path(__file__).parents[2],
        )
        assert self._process.stdout is not None
        address = (await self._process.stdout.readline()).decode().strip()
        if not address:
            raise RuntimeError(f"{self._module} did not start")
        self._http = ClientSession(address)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def post(self, request: Request) -> float:
        """Post a request; the seconds until it was answered. Raises RuntimeError where the answer is no success."""
        before = time.perf_counter()
        async with self._http.post(request.path, data=request.body, headers=dict(request.headers)) as answer:
            said = await answer.read()
        took = time.perf_counter() - before
        if answer.status >= 300:
            raise RuntimeError(f"{self._module} answered {answer.status} {said[:200]!r}")
        return took

    async def cpu(self) -> float:
        """Seconds that the process has used."""
        return float((await self._measured())["cpu"])

    async def megabytes(self) -> float:
        """The most memory that the process has had."""
        return float((await self._measured())["megabytes"])

    async def _measured(self) -> dict[str, float]:
        async with self._http.get(MEASURED) as answer:
            found: dict[str, float] = await answer.json()
        return found

    async def cpu_each(self, requests: Sequence[Request]) -> float:
        """Seconds of CPU for each of the requests, one after another."""
        before = await self.cpu()
        for request in requests:
            await self.post(request)
        return (await self.cpu() - before) / len(requests)

    async def cpu_of_sending(self, what: object) -> float:
        """Seconds of CPU for sending what the server is asked to send."""
        async with self._http.post(SEND, data=json.dumps(what)) as answer:
            if answer.status != 200:
                raise RuntimeError(f"{self._module} did not send: {answer.status} {await answer.text()}")
            return float((await answer.json())["cpu"])


def typical(rounds: Sequence[float]) -> float:
    """The median; of more than one round the first is left out, in which everything is still cold."""
    return statistics.median(rounds[1:] or rounds)
