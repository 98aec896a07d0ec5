"""What the meetings of pairs were about: how many of the pairs that have logged one have ever ticked a topic, told at
the milestones of a programme and never of one pair. Pure.

A pair that has ticked a topic by one milestone has ticked it by the next. So the steps of a later milestone are cut
where those of the earlier one were, whatever pairs have come since: two ranges that overlapped by one count alone would
give away that nobody has ticked it meanwhile, a new pair that everybody knows among them. Exact counts, for which all
these pairs have to have agreed, are told at the last milestone only: beside any other count they would say the same.
"""

from collections.abc import Collection, Mapping, Sequence

from bot.surveys.release import PAIRS, Result, Row
from bot.surveys.rules import Level, steps

MINIMUM = 8
STEP = 4
"""Two people know what a pair has ticked, so that steps are as for two who put their answers together."""
MILESTONES = ("midpoint", "end")
"""The questionnaires with which topics are told."""


def topics_row(
    milestone: str,
    pairs: Sequence[Collection[str]],
    introduced: int,
    about: Mapping[str, str],
    words: str,
    *,
    level: Level,
    agreed: bool,
    earlier: Row | None,
) -> Row | None:
    """What may be told of topics; None where nothing may.

    ``pairs``: for each pair that has logged a meeting, what it has ever ticked. ``about``: the topics, for a reader;
    ``words``: what a yes means. ``level``: that of the wave with which it is told; where it is stricter, it holds here
    too. ``agreed``: both of each of these pairs agreed to exact counts. ``earlier``: what was told at the milestone
    before. Only numbers of pairs and what they agreed to decide, never what they ticked.
    """
    n = len(pairs)
    if n < max(MINIMUM, level.minimum):
        return None
    if agreed and milestone != MILESTONES[-1]:
        return None
    exact = agreed and earlier is None
    before = earlier.n if earlier is not None else n
    step = max(STEP, level.pooled_step)
    results = []
    for topic, words_about in about.items():
        ticked = sum(topic in pair for pair in pairs)
        low, high = (ticked, ticked) if exact else _aligned(ticked, n, before, step)
        results.append(Result(f"topics/{topic}", words_about, words, low, high))
    return Row(PAIRS, max(introduced, n), n, tuple(results))


def _aligned(x: int, n: int, before: int, step: int) -> tuple[int, int]:
    """Between which counts ``x`` of ``n`` lies, in steps that are cut as those of ``before``: what is over goes to the
    highest, which is the wider for it."""
    over = (n - before) % step
    low, high = steps(min(x, n - over), n - over, step)
    return low, n if high == n - over else high
