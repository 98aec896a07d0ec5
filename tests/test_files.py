"""Files behind links, over HTTP: whoever has a link gets the file until it expires, and nobody else gets anything."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from bot import app as application
from bot.config import read
from bot.programme.calendar import INVITATION
from tests.world import World

NOW = datetime(2026, 2, 2, 10, 0, tzinfo=UTC)
CONTENT = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


@dataclass
class Bench:
    """A bot that serves, and a browser."""

    app: application.App
    address: str
    http: aiohttp.ClientSession
    now: datetime = NOW

    def publish(self, **changes: str) -> str:
        """Publish a file for an hour; the link as people get it, at the address where the bot listens."""
        given = {"name": "mentoring.ics", "media_type": INVITATION} | changes
        with self.app.database.begin(self.now) as uow:
            url = uow.files.publish(**given, content=CONTENT, expires_at=NOW + timedelta(hours=1))
        public = "https://mentoring.example.org"
        assert url.startswith(f"{public}/files/")
        return url.replace(public, self.address)


@pytest.fixture
async def bench(world: World, tmp_path: Path) -> AsyncIterator[Bench]:
    made: Bench
    environment = {
        "DATABASE_URL": world.url,
        "KEY_DIR": str(tmp_path / "keys"),
        "PUBLIC_URL": "https://mentoring.example.org/",
        "SLACK_BOT_TOKEN": "xoxb-made-up",
        "SLACK_SIGNING_SECRET": "made-up",
    }
    world.database.close()
    app = application.build(read(environment, is_demo=True), clock=lambda: made.now)
    async with application.listening(app, "127.0.0.1", 0) as address, aiohttp.ClientSession() as http:
        made = Bench(app, address, http)
        yield made
    await app.close()


async def test_whoever_has_the_link_gets_the_file(bench: Bench) -> None:
    url = bench.publish()
    for _time in range(2):
        async with bench.http.get(url) as answer:
            assert (answer.status, await answer.read()) == (200, CONTENT)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="mentoring.ics"'


async def test_nobody_keeps_guesses_or_indexes_it(bench: Bench) -> None:
    async with bench.http.get(bench.publish()) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Robots-Tag"] == "noindex"


async def test_a_link_that_has_expired_is_gone_and_says_what_to_do(bench: Bench) -> None:
    url = bench.publish()
    bench.now = NOW + timedelta(hours=1)
    async with bench.http.get(url) as answer:
        assert answer.status == 404
        assert "expired" in await answer.text()
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("token", ["", "x", "%00", "..%2f..%2fetc%2fpasswd", "a" * 3000, "%F0%9F%8E%89", "x/y"])
async def test_a_link_that_never_was_leads_nowhere(bench: Bench, token: str) -> None:
    bench.publish()
    async with bench.http.get(f"{bench.address}/files/{token}") as answer:
        assert answer.status == 404
        assert CONTENT not in await answer.read()


async def test_the_hash_that_is_stored_is_no_link(bench: Bench) -> None:
    bench.publish()
    with bench.app.database.engine.connect() as connection:
        (stored,) = connection.exec_driver_sql("SELECT token_hash FROM file").scalars()
    async with bench.http.get(f"{bench.address}/files/{stored}") as answer:
        assert answer.status == 404


async def test_a_file_can_only_be_read(bench: Bench) -> None:
    url = bench.publish()
    for method in ("POST", "PUT", "DELETE"):
        async with bench.http.request(method, url) as answer:
            assert answer.status == 405


async def test_what_has_expired_is_dropped_with_what_is_old(bench: Bench) -> None:
    bench.publish()
    bench.now = NOW + timedelta(hours=1)
    await bench.app.jobs._forget()
    with bench.app.database.begin(bench.now) as uow:
        assert uow.files.kept() == []
