"""Work for a database that takes one writer at a time: what comes at once is done in one transaction, because to commit
takes longer than most work does. The callers go on once all of it is on the disk."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Work = TypeVar("Work")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a piece of work: a value, or what it raised."""

    value: Any = None
    error: BaseException | None = None


Waiting = tuple[Work, "asyncio.Future[Any]"]


class Writer(Generic[Work]):
    """Does pieces of work in the order in which they come, on the one thread of ``thread``.

    ``alone``: does one piece in a transaction of its own. ``together``: does the first few of several pieces in one
    transaction, and gives what came of each; None for a piece that left nothing and is to be done alone. What it raises
    means that nothing was done.
    """

    def __init__(
        self,
        thread: ThreadPoolExecutor,
        *,
        alone: Callable[[Work], Any],
        together: Callable[[Sequence[Work]], list[Outcome | None]],
    ) -> None:
        self._thread = thread
        self._alone = alone
        self._together = together
        self._waiting: deque[Waiting[Work]] = deque()
        self._is_busy = False

    async def do(self, work: Work) -> Any:
        """The value of the work; raises what it raises."""
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, done))
        if not self._is_busy:
            self._begin()
        return await done

    def _begin(self) -> None:
        taken = [(work, done) for work, done in self._waiting if not done.cancelled()]
        self._waiting.clear()
        self._is_busy = bool(taken)
        if taken:
            self._thread.submit(self._in_thread, taken, asyncio.get_running_loop())

    def _in_thread(self, taken: list[Waiting[Work]], loop: asyncio.AbstractEventLoop) -> None:
        outcomes: list[Outcome | None] = []
        if len(taken) > 1:
            try:
                outcomes = self._together([work for work, _done in taken])
            except Exception:  # noqa: BLE001 - nothing was done; alone, each piece meets again what is its own
                outcomes = []
        told = [
            (done, outcome or self._by_itself(work))
            for (work, done), outcome in zip(taken, outcomes or [None], strict=False)
        ]
        loop.call_soon_threadsafe(self._go_on, told, taken[len(told) :])

    def _by_itself(self, work: Work) -> Outcome:
        try:
            return Outcome(self._alone(work))
        except BaseException as error:  # noqa: BLE001 - it is raised where the work came from
            return Outcome(error=error)

    def _go_on(self, told: list[tuple["asyncio.Future[Any]", Outcome]], rest: list[Waiting[Work]]) -> None:
        for done, outcome in told:
            if done.cancelled():
                continue
            if outcome.error is None:
                done.set_result(outcome.value)
            else:
                done.set_exception(outcome.error)
        self._waiting.extendleft(reversed(rest))
        self._begin()
