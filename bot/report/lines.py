"""Every number of the report, a line each, as ``report.json`` has them; the tables are made of the same lines.

How exact a line is, follows from where it comes from: a fact that leads may know, an exact count that everybody agreed
to, a range in steps, or nothing, with the reason.
"""

from collections.abc import Iterator, Sequence

import msgspec

from bot.report.facts import Asked, Facts
from bot.report.intervals import percent
from bot.surveys import rules
from bot.surveys.instrument import ROLES
from bot.surveys.release import PAIRS as OF_PAIRS
from bot.surveys.release import Result, Row
from bot.surveys.topics import MILESTONES

GROUPS = {"mentor": "mentors", "mentee": "mentees", "control": "controls", "pair": "pairs"}
ALL = "all"
PAIRS = "pairs"

FACT, EXACT, STEPS, WITHHELD = "fact", "exact", "steps", "withheld"
TOLD = (EXACT, STEPS)
"""Of what was asked."""

FEW, NOT_COMPUTED, POOLED, OPEN, TOPICS = "few", "not_computed", "pooled", "open", "topics"
"""Why something is withheld: too few answered; nothing could be computed; it would give away, by subtraction, a role
that is counted together with another; the wave has not closed; topics of meetings are told of enough pairs only, and
exact counts of them once only."""


class Line(msgspec.Struct, frozen=True, rename={"of": "N"}):
    """One number. ``item``: what it counts; for a result the instrument and its split. ``group``: who is counted.
    ``shown``: ``fact``, ``exact``, ``steps`` or ``withheld``.

    ``n`` of ``of``, as a ``percent``: exact for facts and exact counts, whose ``low`` and ``high`` are the same. In
    steps the count lies between ``low`` and ``high``, ``percent`` has two ends, and there is no ``n``. Of what is
    withheld there is no number, but ``why``. ``of`` and ``percent`` are None where there is nothing to relate to.
    ``wave``: of results and of who answered. ``about`` and ``what``: the same for readers.
    """

    item: str
    group: str
    n: int | None
    of: int | None
    percent: int | tuple[int, int] | None
    low: int | None
    high: int | None
    shown: str
    why: str = ""
    wave: str = ""
    about: str = ""
    what: str = ""

    @property
    def percents(self) -> tuple[int, int]:
        """Both ends of the percentage, which are the same where it is exact; 0 where there is none."""
        if isinstance(self.percent, tuple):
            return self.percent
        return self.percent or 0, self.percent or 0


def lines(facts: Facts) -> tuple[Line, ...]:
    """All numbers: facts first, then wave by wave."""
    return (*_of_recruitment(facts), *_of_pairs(facts), *_of_sessions(facts), *_of_waves(facts))


def group_of(roles: Sequence[str]) -> str:
    """What a row over these roles is called."""
    return ALL if set(roles) == set(ROLES) else "+".join(GROUPS[role] for role in roles)


def fact(item: str, group: str, n: int, of: int | None = None, **more: str) -> Line:
    """An exact number that leads may know."""
    return Line(item, group, n, of, percent(n, of) if of else None, n, n, FACT, **more)


# Facts


def _of_recruitment(facts: Facts) -> Iterator[Line]:
    said, joined = facts.recruitment, {part.role: part for part in facts.parts}
    entered = (
        ("eligible", "mentees", said.mentees_eligible, None),
        ("applied", "mentees", said.mentees_applied, said.mentees_eligible),
        ("selected", "mentees", said.mentees_selected, said.mentees_applied),
        ("eligible", "mentors", said.mentors_eligible, None),
        ("applied", "mentors", said.mentors_applied, said.mentors_eligible),
        ("selected", "mentors", said.mentors_selected, said.mentors_applied),
        ("invited", "controls", said.controls_invited, None),
        ("volunteered", "controls", said.controls_volunteered, said.controls_invited),
    )
    for what, group, n, of in entered:
        if n is not None:
            yield fact(f"recruitment.{what}", group, n, of)
    for role in ROLES:
        if role in joined:
            yield fact("recruitment.joined", GROUPS[role], joined[role].joined, joined[role].listed)
            yield fact("recruitment.left", GROUPS[role], joined[role].left, joined[role].joined)


def _of_pairs(facts: Facts) -> Iterator[Line]:
    pairs = facts.pairs
    yield fact("pairs.introduced", PAIRS, pairs.introduced)
    yield fact("pairs.completed", PAIRS, pairs.completed, pairs.introduced)
    for reason, count in pairs.ended.items():
        yield fact(f"pairs.ended.{reason or 'not_said'}", PAIRS, count, pairs.introduced)
    yield fact("meetings.logged", PAIRS, sum(pairs.meetings))
    for number in sorted(set(pairs.meetings)):
        yield fact(f"meetings.logged.{number}", PAIRS, pairs.meetings.count(number), pairs.introduced)
    for least in range(1, max(pairs.meetings, default=0) + 1):
        met = sum(number >= least for number in pairs.meetings)
        yield fact(f"meetings.at_least.{least}", PAIRS, met, pairs.introduced)


def _of_sessions(facts: Facts) -> Iterator[Line]:
    for held in facts.sessions:
        yield fact(f"als.attendance.{held.number}", "mentors", held.came, held.members)
    if facts.sessions:
        came, places = sum(each.came for each in facts.sessions), sum(each.members for each in facts.sessions)
        yield fact("als.attendance", "mentors", came, places)


# Waves


def _of_waves(facts: Facts) -> Iterator[Line]:
    for wave in facts.waves:
        yield from _who_answered(wave)
        for row in _rows(wave):
            yield from (_result(wave, row, result) for result in row.results)
        yield from _withheld(wave)
        if _lacks_topics(wave, facts):
            yield _nothing(wave, "topics", PAIRS, _why(wave, "") if wave.release and wave.release.refused else TOPICS)


def _rows(wave: Asked) -> tuple[Row, ...]:
    return wave.release.rows if wave.release else ()


def _who_answered(wave: Asked) -> Iterator[Line]:
    """Numbers of those who answered are told exactly, of each row that is told, and of all where each role is in one.
    Of pairs: of those that were introduced, how many had logged a meeting."""
    item = f"{wave.instrument.id}.answered"
    alone = _rows_apart(wave)
    for row in alone:
        yield fact(item, group_of(row.roles), row.n, row.invited, wave=wave.key)
    told = [role for role in ROLES if any(role in row.roles for row in alone)]
    if len(alone) > 1 and told == list(wave.instrument.audience):
        yield fact(item, group_of(told), sum(row.n for row in alone), sum(row.invited for row in alone), wave=wave.key)
    for row in _rows(wave):
        if row.roles == OF_PAIRS:
            yield fact(f"{wave.instrument.id}.had_met", PAIRS, row.n, row.invited, wave=wave.key)


def _rows_apart(wave: Asked) -> list[Row]:
    """Rows of people, each of whom is in one of them."""
    rows = [row for row in _rows(wave) if set(row.roles) <= set(ROLES)]
    return [row for row in rows if not any(set(other.roles) < set(row.roles) for other in rows)]


def _result(wave: Asked, row: Row, result: Result) -> Line:
    low, high = rules.percent(result, row.n)
    is_exact = result.low == result.high  # a step is three counts wide or more
    return Line(
        item=f"{wave.instrument.id}.{result.split}",
        group=group_of(row.roles),
        n=result.low if is_exact else None,
        of=row.n,
        percent=low if is_exact else (low, high),
        low=result.low,
        high=result.high,
        shown=EXACT if is_exact else STEPS,
        wave=wave.key,
        about=result.about,
        what=result.favourable_words,
    )


def _withheld(wave: Asked) -> Iterator[Line]:
    """What was declared, role by role, and is not told."""
    told = {(role, result.split) for row in _rows_apart(wave) if len(row.roles) == 1 for role in row.roles
            for result in row.results}  # fmt: skip
    for role in wave.instrument.audience:
        for split in wave.instrument.splits((role,)):
            if (role, split.id) not in told:
                why, about, what = _why(wave, role), split.about, split.favourable_words
                yield _nothing(wave, split.id, GROUPS[role], why, about=about, what=what)


def _lacks_topics(wave: Asked, facts: Facts) -> bool:
    """Whether this is the first wave of a questionnaire with which topics could have been told, and none tells them."""
    beside = [each for each in facts.waves if each.instrument.id == wave.instrument.id and each.release]
    could = wave.instrument.id in MILESTONES and beside[:1] == [wave]
    return could and not any(row.roles == OF_PAIRS for each in beside for row in _rows(each))


def _nothing(wave: Asked, split: str, group: str, why: str, **more: str) -> Line:
    return Line(
        item=f"{wave.instrument.id}.{split}",
        group=group,
        n=None,
        of=None,
        percent=None,
        low=None,
        high=None,
        shown=WITHHELD,
        why=why,
        wave=wave.key,
        **more,
    )


def _why(wave: Asked, role: str) -> str:
    if wave.release is None:
        return OPEN
    if wave.release.refused:
        return wave.release.refused
    pooled = any(role in row.roles and len(row.roles) > 1 for row in _rows_apart(wave))
    return POOLED if pooled else FEW
