"""The composition root: wires settings, storage, platforms, clock and randomness together.

Used by the command line, the demo and the tests alike."""

import contextlib
import gc
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import Random, SystemRandom

import structlog
from aiohttp import web

from bot import handlers, ui
from bot.chat import Chat
from bot.clock import Clock, real_time
from bot.closing import Closing
from bot.config import Settings
from bot.delivery import Delivery
from bot.dispatch import Dispatch
from bot.flow import Flows
from bot.gallery import StoredPictures
from bot.jobs import Jobs
from bot.limiting import limited
from bot.painting import Painting
from bot.platforms import Platform
from bot.platforms.slack import adapter as slack
from bot.platforms.teams import adapter as teams
from bot.readiness import Readiness
from bot.reporting import Reporting
from bot.surveys.loading import all_instruments
from bot.texts import _
from storage.files import PATH
from storage.keys import kept_at
from storage.pictures import MEDIA_TYPE as PICTURE
from storage.records import File, NotThere
from storage.unit_of_work import Database, DatabaseGone, UnitOfWork

LARGEST_REQUEST = 256 * 1024
"""Bytes; no event of either platform comes near."""
HEALTHY = "/healthz"


@dataclass(frozen=True, slots=True)
class App:
    """The running parts."""

    database: Database
    delivery: Delivery
    jobs: Jobs
    platforms: tuple[Platform, ...]
    web: web.Application

    async def close(self) -> None:
        """Let go of connections, to the platforms first."""
        await self.jobs.close()
        for platform in self.platforms:
            await platform.chat.close()
        self.database.close()


def build(settings: Settings, *, clock: Clock = real_time, random: Random | None = None) -> App:
    """The app for these settings, on a database of the newest revision. Raises KeysGone where the keys of waves cannot
    be kept as they must be."""
    random = random or SystemRandom()
    all_instruments()  # is read now, and not within the first transaction that opens a wave
    keys = kept_at(settings.key_dir, settings.key_database_url)
    keys.prepare()
    database = Database(settings.database_url, ui.dump, public_url=settings.public_url, keys=keys)
    database.upgrade()
    flows = Flows(handlers.FLOWS)
    chats: dict[str, Chat] = {}
    delivery = Delivery(
        database,
        flows,
        chats,
        clock=clock,
        owner=secrets.token_hex(8),
        random=random,
    )
    dispatch = Dispatch(database, flows, chats, wake=delivery.wake, new_id=lambda: secrets.token_hex(8))
    gallery = StoredPictures(database, clock)
    platforms: list[Platform] = []
    if settings.slack:
        platforms.append(slack.build(settings.slack, dispatch, clock, gallery=gallery))
    if settings.teams:
        platforms.append(teams.build(settings.teams, dispatch, clock, gallery=gallery))
    chats.update({platform.chat.platform: platform.chat for platform in platforms})
    signed = {route.path for platform in platforms for route in platform.routes}
    app = web.Application(client_max_size=LARGEST_REQUEST, middlewares=[limited(signed, {HEALTHY})])
    app.add_routes(
        [
            web.get(HEALTHY, _healthy),
            web.get("/readyz", Readiness(database, chats, clock=clock).serve),
            web.get(f"{PATH}{{token}}", PublishedFiles(database, clock).serve),
        ]
    )
    for platform in platforms:
        app.add_routes(platform.routes)
    closing = Closing(database, clock=clock, random=random)
    painting = Painting(database, clock=clock)
    reporting = Reporting(database, clock=clock)
    jobs = Jobs(
        database, flows, clock=clock, wake=delivery.wake, closing=closing, painting=painting, reporting=reporting
    )
    return App(database, delivery, jobs, tuple(platforms), app)


@contextlib.asynccontextmanager
async def listening(app: App, host: str, port: int) -> AsyncIterator[str]:
    """Take the platforms' events, over HTTP and through connections of their own; gives the address. Without access
    logs: they would hold addresses of people."""
    # What has been loaded stays: whoever collects garbage while people wait need not look through it each time.
    gc.collect()
    gc.freeze()
    runner = web.AppRunner(app.web, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        address = runner.addresses[0]
        async with contextlib.AsyncExitStack() as ways_in:
            for platform in app.platforms:
                await ways_in.enter_async_context(platform.listening())
            yield f"http://{address[0]}:{address[1]}"
    finally:
        await runner.cleanup()


async def serve(settings: Settings) -> None:
    """Run for real, until cancelled. Raises DemoDatabase for a database that a demo made."""
    app = build(settings)
    try:
        await app.database.run(lambda uow: uow.programmes.real(), real_time())
        async with listening(app, settings.host, settings.port) as address:
            structlog.get_logger().info(
                "listening", address=address, platforms=[p.chat.platform for p in app.platforms]
            )
            app.jobs.start()
            try:
                await app.delivery.run()
            finally:
                app.jobs.stop()
    finally:
        await app.close()


class PublishedFiles:
    """The files that whoever has their link can fetch."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def serve(self, request: web.Request) -> web.Response:
        """The file; 404 for a link that has expired or never was, 503 while the database does not answer."""
        token = request.match_info["token"]
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex"}
        try:
            file = await self._database.run(lambda uow: _published(token, uow), self._clock())
        except NotThere:
            gone = _("This link has expired. The bot gives you a new one when you look or ask there again.")
            return web.Response(status=404, text=gone, headers=headers)
        except DatabaseGone:
            return web.Response(status=503, headers=headers)
        shown = "inline" if file.media_type == PICTURE else "attachment"
        headers |= {"Content-Type": file.media_type, "Content-Disposition": f'{shown}; filename="{file.name}"'}
        return web.Response(body=file.content, headers=headers)


def _published(token: str, uow: UnitOfWork) -> File:
    if not token.isprintable():
        raise NotThere("no token of ours")  # PostgreSQL would fail on the character NUL
    try:
        return uow.pictures.fetch(token)
    except NotThere:
        return uow.files.fetch(token)


async def _healthy(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})
