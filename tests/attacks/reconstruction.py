"""Attacks that rebuild what was answered from everything that is posted: roll-ups against what they roll up, and the
histogram of an item. Everything that agrees with the posts is gone through. Figures are shares of programmes."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import combinations_with_replacement, pairwise, product

import numpy as np

from bot.surveys import rules
from bot.surveys.instrument import Answer
from bot.surveys.release import Row
from tests.attacks import naive
from tests.attacks.releases import LIKERT, NAIVE, NO, STANDARD, STRICT, YES, Way, questionnaire
from tests.attacks.table import Effort, Finding, attack, wilson

WEEKS = 4
MENTORS = questionnaire("mentor")
EXACT = Way("exact", rules.RESEARCH, rules.RESEARCH.minimum)
OPTIONS = range(1, len(LIKERT) + 1)
FAVOURABLE = (4, 5)


@attack
def weekly_against_monthly(effort: Effort) -> Iterator[Finding]:
    """Waves of a month, each released, and a roll-up of the month. Figure: the share of months in which the roll-up
    rules out a table that the waves left possible."""
    months = effort.programmes // 80
    for way in (STANDARD, STRICT, NAIVE):
        random = np.random.default_rng(len(way.name))
        made = [_rules_out(way, random) for _ in range(months)]
        yield _share("weekly against monthly", way, f"{WEEKS} waves, 4 to 12 answers each", sum(made), months)


@attack
def histogram(effort: Effort) -> Iterator[Finding]:
    """All posts on an item of five options. Figure: the share of programmes whose histogram is the only one that agrees
    with them."""
    for way in (STANDARD, STRICT, NAIVE):
        random = np.random.default_rng(1)
        unique = programmes = 0
        for n in (10, 14, 18)[:: effort.every]:
            posts = _posts(way, n)
            agreeing = Counter(posts.values())
            for _ in range(effort.programmes // 4):
                chances = random.dirichlet(np.ones(len(OPTIONS)))
                counts = random.multinomial(n, chances)
                unique += agreeing[posts[tuple(int(count) for count in counts)]] == 1
                programmes += 1
        yield _share("histogram from all posts", way, "n 10 to 18, five options", unique, programmes)


@attack
def beside_exact_counts(effort: Effort) -> Iterator[Finding]:
    """At the level research those who agreed are told exactly, and the others in steps, as people of another wave. The
    naive release tells everybody's count beside the exact ones, to be subtracted. Figure: the share of programmes in
    which what is told of those who agreed rules out a table of the others that their own posts left possible."""
    programmes = effort.programmes // 80
    for way in (STANDARD, STRICT, NAIVE):
        random = np.random.default_rng(7)
        made = 0
        for _ in range(programmes):
            exact, others = (int(n) for n in random.integers(8, 19, 2))
            p = random.uniform(0.1, 0.95)
            truth = int(random.binomial(exact, p)), int(random.binomial(others, p))
            made += _rules_out_others(way, (exact, others), truth)
        yield _share("beside exact counts", way, "8 to 18 agreed, 8 to 18 did not", made, programmes)


def _rules_out_others(way: Way, n: tuple[int, int], truth: tuple[int, int]) -> bool:
    """Whether everything that is posted leaves fewer tables of those who did not agree than their own posts do."""

    def posted(table: tuple[int, int]) -> object:
        told = _released(way, sum(n), sum(table)) if way.is_naive else _released(way, n[1], table[1])
        return told, _released(EXACT, n[0], table[0])

    own = STANDARD if way.is_naive else way
    alone = {x for x in range(n[1] + 1) if _released(own, n[1], x) == _released(own, n[1], truth[1])}
    seen = posted(truth)
    left = {x for y, x in product(range(n[0] + 1), range(n[1] + 1)) if posted((y, x)) == seen}
    return not alone <= left


def _rules_out(way: Way, random: np.random.Generator) -> bool:
    """One month: whether the roll-up removes a table."""
    answered = [int(n) for n in random.integers(4, 13, WEEKS)]
    p = random.uniform(0.1, 0.95)
    truth = [int(random.binomial(n, p)) for n in answered]
    weeks = [[_released(way, n, x) for x in range(n + 1)] for n in answered]
    left = [[x for x, rows in enumerate(week) if rows == week[true]] for week, true in zip(weeks, truth, strict=True)]
    roll_up = _roll_up(way)
    posted = roll_up(answered, truth)
    return any(roll_up(answered, table) != posted for table in product(*left))


def _roll_up(way: Way) -> Callable[[Sequence[int], Sequence[int]], object]:
    """What is made of a month, from how many answered and how many of them said yes in each wave. By the real rules it
    is made of the rows that were released: every percentage, every comparison, and what they add up to. The naive
    release counts the month's answers anew."""

    def from_rows(answered: Sequence[int], table: Sequence[int]) -> object:
        weeks = [_released(way, n, x) for n, x in zip(answered, table, strict=True)]
        rows = [row for week in weeks for row in week]
        told = [(row.n, result, rules.percent(result, row.n)) for row in rows for result in row.results]
        trend = [rules.compare(now, before, "useful") for before, now in pairwise(rows)]
        return told, trend, sum(result.low for _, result, _ in told), sum(result.high for _, result, _ in told)

    def anew(answered: Sequence[int], table: Sequence[int]) -> object:
        return _released(way, sum(answered), sum(table))

    return anew if way.is_naive else from_rows


@cache
def _released(way: Way, n: int, x: int) -> tuple[Row, ...]:
    return way.rows(MENTORS, {"mentor": n}, [("mentor", YES if person < x else NO) for person in range(n)])


def _posts(way: Way, n: int) -> dict[tuple[int, ...], object]:
    """What is posted, for every histogram of ``n`` answers."""
    posts: dict[tuple[int, ...], object] = {}
    for chosen in combinations_with_replacement(OPTIONS, n):
        counts = tuple(chosen.count(option) for option in OPTIONS)
        rows = way.rows(MENTORS, {"mentor": n}, [("mentor", Answer({"useful": (option,)})) for option in chosen])
        seen: object = tuple((row.n, result.low, result.high) for row in rows for result in row.results)
        posts[counts] = (seen, naive.mean_and_deviation(counts)) if way.is_naive else seen
    return posts


def _share(name: str, way: Way, where: str, hits: int, of: int) -> Finding:
    low, high = wilson(hits, of)
    return Finding(name, way.name, where, hits / of, low if hits else 0.0, high, 0, must_fail=way.is_naive)
