"""Rules about the two of a pair. Pure."""

from collections.abc import Collection, Iterable
from datetime import date

Home = tuple[str, str]
"""Where an account lives: its platform, and the workspace or tenant there."""


ENDINGS = ("moved", "left_training", "leave", "no_time", "no_contact", "training", "not_a_match", "finished", "other")
"""Why a pair can end early, of which a lead may choose one: another post or region, training left, parental or other
leave, no time, no contact between the two, training or learning sets that were not kept up, no good match, an aim that
was reached, something else."""


def can_group(one: Iterable[Home], other: Iterable[Home], group_chats: Collection[str]) -> bool:
    """Whether the bot can bring two people together in one group chat: both have an account in the same workspace of
    one of these platforms."""
    return any(home[0] in group_chats for home in set(one) & set(other))


def work_together(one: str, other: str) -> bool:
    """Whether two people are of one organisation, as far as that is known."""
    return bool(one) and one.casefold() == other.casefold()


def is_complete(ended_on: date | None, ends_on: date) -> bool:
    """Whether a pair completed the programme: it had not ended when that did. ``ended_on``: None where it has not."""
    return ended_on is None or ended_on > ends_on
