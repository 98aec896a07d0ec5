"""How many requests an address may make that nobody vouches for.

What a platform has signed is never held back: Slack and Microsoft send from few addresses, and behind a proxy all come
from one. So a request to them is verified first, which is cheap, and counted where it fails; requests that nobody
signs, such as for a file, are counted before anything is done for them.
"""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from functools import lru_cache
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

BURST = 60
PER_SECOND = 2.0
ADDRESSES = 10_000
"""How many are remembered; the one that was heard least lately is forgotten first."""
SAME_HOUSE = 64
"""Bits of an IPv6 address that its holder cannot choose."""


class Buckets:
    """A token bucket for each address. ``seconds``: a clock that never goes back."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> bool:
        """Count one request; whether there was room for it."""
        left = self._left(address)
        self._buckets[address] = (max(left - 1, 0.0) if left >= 1 else left, self._seconds())
        self._buckets.move_to_end(address)
        if len(self._buckets) > ADDRESSES:
            self._buckets.popitem(last=False)
        return left >= 1

    def _left(self, address: str) -> float:
        left, at = self._buckets.get(address, (float(BURST), self._seconds()))
        return min(BURST, left + (self._seconds() - at) * PER_SECOND)


def limited(verified: Collection[str], free: Collection[str], buckets: Buckets | None = None) -> Middleware:
    """Answer 429 to who asks too often. ``verified``: paths whose requests are signed, and answered with 401 where they
    are not. ``free``: paths that cost nothing."""
    buckets = buckets or Buckets()

    @web.middleware
    async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in free:
            return await handler(request)
        address = address_of(request)
        if request.path in verified:
            answer = await handler(request)
            if answer.status == HTTPStatus.UNAUTHORIZED and not buckets.take(address):
                return _too_many()
            return answer
        return await handler(request) if buckets.take(address) else _too_many()

    return limit


def address_of(request: web.Request) -> str:
    """Where a request comes from. A proxy on this machine or network says so in the last ``X-Forwarded-For``; from
    anybody else that header could say anything."""
    remote = _parsed(request.remote or "")
    if remote is not None and (remote.is_loopback or remote.is_private):
        forwarded = _parsed(request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip())
        remote = forwarded or remote
    if isinstance(remote, ipaddress.IPv6Address) and remote.ipv4_mapped is None:
        return str(ipaddress.ip_network((remote, SAME_HOUSE), strict=False))
    return str(remote)


@lru_cache  # platforms send from few addresses, and what others put into a header is not kept for long
def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None


def _too_many() -> web.Response:
    return web.Response(status=HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": str(round(BURST / PER_SECOND))})
