"""Rounds of Action Learning Sets: when each set has held its first session, its second and so on, and after which of
them mentors are asked to look back. Pure.

Sets plan as they like, some all sessions at once and some one after the other: which round is the last one can only be
guessed from what is planned by now.
"""

from collections.abc import Sequence

WHEN = ("twice", "once", "always", "never")
"""After the round half way and the last one; after the last one; after each; not at all."""


def round_to_look_back_on(
    when: str, sets: Sequence[Sequence[bool]], *, looked_back: int, second_half: bool
) -> int | None:
    """The latest round, from 1, that all sets are through and that calls for a look back; None where there is none.

    ``sets``: for each set, whether each of its sessions that take place is over. A set without any is not waited for.
    ``looked_back``: how often mentors have been asked so far. ``second_half``: of the programme; before it no round
    counts as the last, because more are likely to be planned.
    """
    meeting = [sessions for sessions in sets if sessions]
    if not meeting:
        return None
    planned, through = min(map(len, meeting)), min(map(sum, meeting))
    last = {planned} if second_half else set()
    half_way = {(planned + 1) // 2} if not looked_back else set()
    wanted = {
        "twice": half_way | last if looked_back < len(("half way", "last")) else set(),
        "once": last if not looked_back else set(),
        "always": set(range(1, planned + 1)),
        "never": set(),
    }
    return max((each for each in wanted[when] if each <= through), default=None)
