"""Rules about the two of a pair. Pure."""

from collections.abc import Collection, Iterable

Home = tuple[str, str]
"""Where an account lives: its platform, and the workspace or tenant there."""


def can_group(one: Iterable[Home], other: Iterable[Home], group_chats: Collection[str]) -> bool:
    """Whether the bot can bring two people together in one group chat: both have an account in the same workspace of
    one of these platforms."""
    return any(home[0] in group_chats for home in set(one) & set(other))


def work_together(one: str, other: str) -> bool:
    """Whether two people are of one organisation, as far as that is known."""
    return bool(one) and one.casefold() == other.casefold()
