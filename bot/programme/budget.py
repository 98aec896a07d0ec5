"""The message budget: how many messages the bot may start by itself, per person. Pure rules of moments."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

Limits = tuple[tuple[int, timedelta], ...]
"""Each: at most so many (one or more) in any span of this length. A span includes its beginning and not its end, so
that what went out on Monday at 10:00 no longer counts on the Monday after at 10:00."""

WEEK = timedelta(days=7)
YEAR = timedelta(days=365)

BUDGETS: Mapping[str, Limits] = {
    "mentor": ((2, WEEK), (70, YEAR)),
    "mentee": ((2, WEEK), (45, YEAR)),
    "control": ((2, WEEK), (8, YEAR)),
}
"""What participants get, by role."""

OTHER_DUTIES: Limits = ((7, WEEK),)
"""What leads, seniors and others who take no part themselves get in their personal chat."""


def budget_of(role: str | None) -> Limits:
    """The limits for a role in the programme; None for people who have duties only."""
    return OTHER_DUTIES if role is None else BUDGETS[role]


def next_within_budget(sent: Iterable[datetime], now: datetime, limits: Limits) -> datetime:
    """The first moment, now or later, at which one more message keeps every limit.

    ``sent``: when earlier ones went out, in any order; as far back as the longest span is enough. Moments to come may
    be among them, for messages that are bound to their time: room is left for these.
    """
    moments = sorted(sent)
    at = now
    while later := _later(moments, at, limits):
        at = later
    return at


def _later(moments: Sequence[datetime], at: datetime, limits: Limits) -> datetime | None:
    """When a span ends that holds as many as it may and would hold this moment, too; None where there is none."""
    for most, span in limits:
        for first, last in zip(moments, moments[most - 1 :], strict=False):
            if last - first < span and last - span < at < first + span:
                return first + span
    return None
