"""A programme clock that moves only when it is told to."""

from datetime import datetime


class MovableClock:
    """Stands still between calls of ``move_to``; may be read from any thread."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def __call__(self) -> datetime:
        """The time, UTC."""
        return self._now

    def move_to(self, moment: datetime) -> None:
        """Let it be this time. Raises ValueError for a time that has passed."""
        if moment < self._now:
            raise ValueError("the programme clock does not go back")
        self._now = moment
