"""The rules of release: what of a wave's answers may ever be shown, and how coarsely.

Pure, and the only place where answers become something to show. Who is shown, in which rows, follows from counts of
respondents alone: what they answered decides nothing but where in its steps a result lies.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from typing import Literal

import msgspec

from bot.surveys.instrument import ROLES, Answer, Comment, Instrument, Split
from bot.surveys.release import Result, Row


class Level(msgspec.Struct, frozen=True):
    """How much is let out. ``role_step`` and ``pooled_step``: how many neighbouring counts a result leaves open, at
    least, in a row of one role and in a row of several. ``minimum``: how many must have answered in each row."""

    name: str
    role_step: int
    pooled_step: int
    minimum: int


STANDARD = Level("standard", role_step=3, pooled_step=4, minimum=8)
STRICT = Level("strict", role_step=5, pooled_step=5, minimum=10)
"""For wellbeing, leaving, conflict."""
RESEARCH = Level("research", role_step=1, pooled_step=1, minimum=8)
"""Exact counts, for those alone who agreed to that before the first wave. They can show that one person disagreed."""

BY_NAME: Mapping[str, Level] = {level.name: level for level in (STANDARD, STRICT, RESEARCH)}

COMMENTS_FROM = 10
"""Free text comes out when so many have answered in the wave."""

POOLED = ("mentor", "mentee")
"""The two roles that are counted as one when either is too few. Controls stand alone."""

Direction = Literal["higher", "lower", "same"]
"""How a result compares with an earlier one; ``same`` is said as "about the same"."""


class NotForPulses(ValueError):
    """A pulse comes back every other month: exact counts of it, wave after wave, would give away who changed."""


def stricter(a: Level, b: Level) -> Level:
    """The one that lets out less."""
    return max(a, b, key=lambda level: level.role_step)


def level_for(instrument: Instrument, programme: Level) -> Level:
    """At which level an instrument is released in a programme: its own or the programme's, whichever is stricter.
    Raises NotForPulses where that is research for a pulse."""
    level = stricter(BY_NAME[instrument.level], programme)
    _refuse_exact_pulses(instrument, level)
    return level


def can_be_told(audience: Sequence[str], level: Level, n: Mapping[str, int]) -> bool:
    """Whether so many answers, by role, give any row at all."""
    return bool(_shown(audience, level, n))


def steps(x: int, n: int, s: int) -> tuple[int, int]:
    """Between which counts ``x`` of ``n`` is told to lie, both included, in steps of ``s``.

    Steps are cut from the top, so that the highest is ``n - s + 1`` to ``n``, and what does not fill a step at the
    bottom belongs to the lowest: K = floor((n + 1) / s), j = min(floor((n - x) / s), K - 1), high = n - s * j,
    low = 0 if j = K - 1, otherwise high - s + 1. The same ``n`` and ``s`` always have the same steps. Since each is at
    least ``s`` wide, ``s - 2`` people who put their own answers together can be certain of nobody else's. It is the
    rounding of HESA and Ofqual (to a fixed base), with steps that begin at ``n`` and end at 0: were they cut anywhere
    else, a short step beside "all" or "none" would say exactly that.

    Raises ValueError unless 0 <= x <= n and n + 1 >= s.
    """
    if not 0 <= x <= n or n + 1 < s:
        raise ValueError(f"{x} of {n} cannot be told in steps of {s}")
    lowest = (n + 1) // s - 1
    j = min((n - x) // s, lowest)
    high = n - s * j
    return (0 if j == lowest else high - s + 1), high


def rows(
    instrument: Instrument,
    level: Level,
    invited: Mapping[str, int],
    answers: Sequence[tuple[str, Answer]],
    *,
    declared: Sequence[tuple[str, ...]] = (),
) -> tuple[Row, ...]:
    """What of a wave may be shown; nothing if too few answered.

    ``invited``: members at the opening, by role; a role without any is not asked. ``answers``: role and answer of
    everybody who submitted, with all parts of the questionnaire in one Answer; who preferred not to say, or sent other
    parts only, counts in ``n``, and not as a yes.

    Mentors and mentees have a row each if both are enough, otherwise one row for the two, never both kinds: a row
    for one and a row for the two would tell the other one's by subtraction. ``declared``: rows over several roles that
    were announced before the opening, at the research level only; such a row is shown if it is made up of rows that
    are shown, for the same reason.

    Raises NotForPulses, and ValueError for answers of roles that are not asked, or declared rows at another level.
    """
    _refuse_exact_pulses(instrument, level)
    if declared and level != RESEARCH:
        raise ValueError("rows over several roles are declared at the research level only")
    n = Counter(role for role, _ in answers)
    if strangers := n.keys() - set(instrument.audience):
        raise ValueError(f"not asked: {', '.join(sorted(strangers))}")
    shown = _shown([role for role in instrument.audience if invited.get(role) or n[role]], level, n)
    several = [roles for roles in declared if _made_up_of(roles, shown)]
    return tuple(_row(instrument, level, roles, invited, answers) for roles in (*shown, *several))


def comments(
    instrument: Instrument, written: Sequence[Comment], n: int, level: Level, random: Random
) -> tuple[tuple[str, str], ...]:
    """The words that may be shown, after what they answer: nothing unless at least ten answered in the wave (``n``),
    and only what its author lets be shown. They come item by item and in no order within, each time another: what one
    person wrote in two places is two texts that nothing ties together."""
    if n < max(COMMENTS_FROM, level.minimum):
        return ()
    told: list[tuple[str, str]] = []
    for item in instrument.items:
        texts = [comment.texts[item.id] for comment in written if comment.show and item.id in comment.texts]
        random.shuffle(texts)
        told += [(item.about, text) for text in texts if text.strip()]
    return tuple(told)


def compare(now: Row, before: Row, split: str) -> Direction | None:
    """Whether a result is higher or lower than an earlier one: only if their percentages, as printed, do not overlap.
    ``split``: its id. None where there is nothing to compare: the rows are of other roles, or one has no such result.
    """
    if now.roles != before.roles or not now.n or not before.n:
        return None
    results = {result.split: result for result in now.results}
    earlier = {result.split: result for result in before.results}
    if split not in results or split not in earlier:
        return None
    low, high = percent(results[split], now.n)
    low_before, high_before = percent(earlier[split], before.n)
    if low > high_before:
        return "higher"
    return "lower" if high < low_before else "same"


def percent(result: Result, n: int) -> tuple[int, int]:
    """The lowest and the highest percentage that a result of ``n`` people leaves possible, in whole percents.

    Rounded outwards, because rounding inwards would print a narrower range than the counts allow: 16 of 18 is 88.9%,
    so that "16 to 18 of 18" is "88% to 100%". An exact count has one percentage, rounded to the nearest (half upwards),
    but 0% and 100% are kept for nobody and everybody.
    """
    if result.low < result.high:
        return 100 * result.low // n, -(-100 * result.high // n)
    nearest = (200 * result.low + n) // (2 * n)
    if 0 < result.low < n:
        nearest = min(max(nearest, 1), 99)
    return nearest, nearest


def _refuse_exact_pulses(instrument: Instrument, level: Level) -> None:
    if instrument.kind == "pulse" and level == RESEARCH:
        raise NotForPulses(instrument.id)


def _shown(audience: Sequence[str], level: Level, n: Mapping[str, int]) -> list[tuple[str, ...]]:
    """Which rows are shown, from the numbers of those who answered and nothing else."""
    asked = [role for role in ROLES if role in audience]
    alone = [(role,) for role in asked if n.get(role, 0) >= level.minimum]
    if not set(POOLED) <= set(asked) or all((role,) in alone for role in POOLED):
        return [*alone]
    others = [roles for roles in alone if roles[0] not in POOLED]
    enough = sum(n.get(role, 0) for role in POOLED) >= level.minimum
    return [POOLED, *others] if enough else [*others]


def _made_up_of(roles: Sequence[str], shown: Sequence[tuple[str, ...]]) -> bool:
    inside = [row for row in shown if set(row) <= set(roles)]
    return len(inside) > 1 and {role for row in inside for role in row} == set(roles)


def _row(
    instrument: Instrument,
    level: Level,
    roles: tuple[str, ...],
    invited: Mapping[str, int],
    answers: Sequence[tuple[str, Answer]],
) -> Row:
    given = [answer for role, answer in answers if role in roles]
    s = level.role_step if len(roles) == 1 else level.pooled_step
    results = tuple(_result(split, given, s) for split in instrument.splits(roles))
    return Row(roles, sum(invited.get(role, 0) for role in roles), len(given), results)


def _result(split: Split, given: Sequence[Answer], s: int) -> Result:
    yes = sum(not split.favourable.isdisjoint(answer.marks.get(split.item, ())) for answer in given)
    return Result(split.id, split.about, split.favourable_words, *steps(yes, len(given), s), section=split.section)
