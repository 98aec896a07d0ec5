"""The programme clock: rules due work, quiet time, pacing, leases and backoff. Wire time (signatures, tokens, HTTP
timeouts) is the machine's own and is never read from here."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the current programme time, always in UTC."""


def real_time() -> datetime:
    """The clock of a programme that runs for real."""
    return datetime.now(UTC)
