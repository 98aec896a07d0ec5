"""What a measurement is, and how measurements add themselves to the table."""

import importlib
import pkgutil
import resource
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import tests.bench


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that was measured. ``limit``: what it may be at most, in the same ``unit``; None where it is only
    told."""

    name: str
    value: float
    unit: str
    limit: float | None

    @property
    def ok(self) -> bool:
        """Whether the limit is kept."""
        return self.limit is None or self.value <= self.limit


Bench = Callable[[], Iterator[Figure]]

_benches: dict[str, Bench] = {}


def bench(function: Bench) -> Bench:
    """Puts a measurement into the table, under the name of its function. Each runs in a process of its own."""
    _benches[function.__name__] = function
    return function


def all_benches() -> dict[str, Bench]:
    """Every measurement of every module in this package, by name."""
    for module in pkgutil.iter_modules(tests.bench.__path__):
        if not module.name.startswith("__"):
            importlib.import_module(f"{tests.bench.__name__}.{module.name}")
    return dict(sorted(_benches.items()))


def peak_megabytes() -> float:
    """The most memory that this process has had so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
