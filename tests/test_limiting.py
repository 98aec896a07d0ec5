"""How many requests an address may make: who nobody vouches for is held back, what a platform has signed never is."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from bot import limiting
from bot.limiting import BURST, PER_SECOND, Buckets, address_of, limited

Get = Callable[..., Awaitable[int]]


class Seconds:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
async def get(seconds: Seconds) -> AsyncIterator[Get]:
    """Ask a server for a path; the status. ``signed``: with what the platform's path takes for a signature."""

    async def platform(request: web.Request) -> web.Response:
        return web.Response(status=200 if "X-Signed" in request.headers else 401)

    async def anything(_request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application(middlewares=[limited({"/events"}, {"/healthz"}, Buckets(seconds))])
    app.add_routes([web.get("/events", platform), web.get("/files/x", anything), web.get("/healthz", anything)])
    async with TestClient(TestServer(app)) as client:

        async def ask(path: str, *, signed: bool = False, sender: str = "") -> int:
            headers = ({"X-Signed": "yes"} if signed else {}) | ({"X-Forwarded-For": sender} if sender else {})
            async with client.get(path, headers=headers) as answer:
                return answer.status

        yield ask


@pytest.mark.parametrize("path", ["/files/x", "/nowhere"])
async def test_who_asks_too_often_is_held_back_until_time_has_passed(get: Get, seconds: Seconds, path: str) -> None:
    usual = await get(path)
    assert {await get(path) for _ in range(BURST - 1)} == {usual}
    assert await get(path) == 429
    seconds.now += 1 / PER_SECOND
    assert [await get(path), await get(path)] == [usual, 429]
    seconds.now += 3600
    assert {await get(path) for _ in range(BURST)} == {usual}
    assert await get(path) == 429


async def test_unsigned_requests_to_a_platforms_path_are_counted_and_signed_ones_are_not(get: Get) -> None:
    assert {await get("/events", signed=True) for _ in range(BURST * 2)} == {200}
    assert {await get("/events") for _ in range(BURST)} == {401}
    assert await get("/events") == 429
    assert await get("/events", signed=True) == 200


async def test_one_address_is_not_held_back_for_another(get: Get) -> None:
    for _ in range(BURST + 1):
        await get("/files/x", sender="81.2.69.142")
    assert await get("/files/x", sender="81.2.69.142") == 429
    assert await get("/files/x", sender="81.2.69.160") == 200


async def test_monitoring_may_ask_as_often_as_it_likes(get: Get) -> None:
    assert {await get("/healthz") for _ in range(BURST * 2)} == {200}


@pytest.mark.parametrize(
    ("remote", "forwarded", "address"),
    [
        ("81.2.69.142", "", "81.2.69.142"),
        ("81.2.69.142", "198.51.100.1", "81.2.69.142"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "made up, 192.0.2.9, 198.51.100.1", "198.51.100.1"),
        ("172.18.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "made up", "127.0.0.1"),
        ("2a01:db8:1:2:3:4:5:6", "", "2a01:db8:1:2::/64"),
        ("::1", "2a01:db8:1:2:ffff::1", "2a01:db8:1:2::/64"),
    ],
)
def test_an_address_is_believed_where_it_cannot_be_made_up(remote: str, forwarded: str, address: str) -> None:
    request = make_mocked_request("GET", "/", {"X-Forwarded-For": forwarded} if forwarded else {})
    assert address_of(request.clone(remote=remote)) == address


def test_what_is_remembered_does_not_grow_without_end(seconds: Seconds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiting, "ADDRESSES", 10)
    buckets = Buckets(seconds)
    for number in range(50):
        buckets.take(f"192.0.2.{number}")
    assert len(buckets._buckets) == 10
