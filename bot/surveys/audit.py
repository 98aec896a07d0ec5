"""The audit: does what is about to stand in the ledger leave both answers possible for everybody?

For each result an integer programme looks for tables of answers that agree with all rows: one in which a person said
yes, and one in which they did not; also for somebody who knows their own answer, one in each role. If either is not to
be found, the rows force that person's answer.

People of one group (see ``Group``) are exchangeable: swapping two of them changes no row. So a table need not say who
answered what, only how many of each group did, and one person of a group stands for all. That makes the programme a
handful of whole numbers, whatever the size of the cohort.

Results of different splits concern different answers, and so do those of different waves, except for facts that cannot
change: each split of each wave is audited by itself, facts over all waves at once.

``python -m bot.surveys.audit`` reads a Question as JSON and prints a Verdict. Nothing else imports this module: it
loads scipy.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from bot.surveys.auditing import Forced, Group, Question, Told, Verdict

INFEASIBLE = 2
"""What scipy reports when no table agrees with the rows."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """People of one group who answered in the same waves, and said the same."""

    group: Group
    waves: tuple[str, ...]
    yes: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """Somebody's answer is forced: who, which answer, and how many insiders it takes."""

    role: str
    waves: tuple[str, ...]
    answer: bool
    insiders: int


class _Tables:
    """All tables of answers to one split that agree with some rows."""

    def __init__(self, told: Sequence[Told], groups: Sequence[Group]) -> None:
        """Raises ValueError if no table does."""
        self.kinds: list[_Kind] = []
        coefficients: list[list[int]] = []
        low: list[int] = []
        high: list[int] = []
        for group in groups:
            waves = sorted({row.wave for row in told if _covers(row, group)})
            taken = [some for size in range(1, len(waves) + 1) for some in combinations(waves, size)]
            self.kinds += [_Kind(group, some, yes) for some in taken for yes in (False, True)]
        for row in told:
            inside = [_covers(row, kind.group) and row.wave in kind.waves for kind in self.kinds]
            coefficients += [[int(is_in) for is_in in inside]]
            coefficients += [[int(is_in and kind.yes) for is_in, kind in zip(inside, self.kinds, strict=True)]]
            low += [row.n, row.low]
            high += [row.n, row.high]
        for group in groups:
            coefficients += [[int(kind.group is group) for kind in self.kinds]]
            low += [0]  # who can be in a row need not have answered
            high += [group.people]
        self._constraint = LinearConstraint(np.array(coefficients), low, high)
        self._known: list[NDArray[np.int64]] = []
        self._impossible: list[NDArray[np.int64]] = []
        self._answered: dict[tuple[int, ...], bool] = {}
        if not self._has(np.zeros(len(self.kinds), dtype=np.int64)):
            raise ValueError("no answers agree with these rows")

    def possible(self, people: tuple[int, ...]) -> bool:
        """Whether there is a table with all of these different people in it, given by the positions of their kinds."""
        people = tuple(sorted(people))
        if (answer := self._answered.get(people)) is None:
            answer = self._answered[people] = self._has(np.bincount(people, minlength=len(self.kinds)))
        return answer

    def _has(self, wanted: NDArray[np.int64]) -> bool:
        """Whether there is a table with at least so many of each kind."""
        if any(bool((table >= wanted).all()) for table in self._known):
            return True
        if any(bool((wanted >= refused).all()) for refused in self._impossible):
            return False
        # As few as possible of what is asked for: tables of the rim answer most of the questions still to come.
        found = milp(
            c=np.where(wanted > 0, 1, 0),
            constraints=self._constraint,
            integrality=np.ones(len(self.kinds), dtype=np.int64),
            bounds=Bounds(wanted, np.full(len(self.kinds), np.inf)),
        )
        if found.status == INFEASIBLE:
            self._impossible.append(wanted)
            return False
        if found.x is None:
            raise RuntimeError(f"the solver gave up: status {found.status}")
        self._known.append(np.rint(found.x).astype(np.int64))
        return True

    def forced(self) -> set[_Found]:
        """Whose answer is forced, each with the fewest insiders that it takes."""
        found: set[_Found] = set()
        roles = sorted({kind.group.role for kind in self.kinds})
        by_size = [some for size in range(len(roles) + 1) for some in combinations(roles, size)]
        of_role = {role: [place for place, kind in enumerate(self.kinds) if kind.group.role == role] for role in roles}
        for target, kind in enumerate(self.kinds):
            other = self.kinds.index(_Kind(kind.group, kind.waves, not kind.yes))
            for some in by_size:
                if self._learnt(target, other, [of_role[role] for role in some]):
                    found.add(_Found(kind.group.role, kind.waves, kind.yes, len(some)))
                    break
        return found

    def _learnt(self, target: int, other: int, insiders: Sequence[Sequence[int]]) -> bool:
        """Whether insiders, with whatever answers of their own, can be sure that a person's answer is the target's.
        ``insiders``: for each, of which kinds they can be. (No table has room for one who is the target, too.)"""
        for chosen in product(*insiders):
            if self.possible((target, *chosen)) and not self.possible((other, *chosen)):
                return True
        return False


def audit(question: Question) -> Verdict:
    """Whose answer the rows give away. Raises ValueError for rows that contradict one another, or the groups; but not
    where a fact was asked twice, which is a fault anyway."""
    forced: list[Forced] = []
    everybody = Counter[tuple[str, tuple[str, ...]]]()
    for group in question.groups:
        everybody[group.role, tuple(sorted(set(group.waves)))] += group.people
    question = msgspec.structs.replace(question, groups=tuple(Group(*who, people) for who, people in everybody.items()))
    known: dict[bytes, set[_Found]] = {}
    repeated = tuple(sorted(set(_repeated(question))))
    for told, groups in _systems(question):
        try:
            found = _forced(told, groups, known)
        except ValueError:
            if told[0].split not in repeated:
                raise
            continue  # asked twice, people have said one thing and then another
        if not found:
            continue
        by_one = [item for row in told for item in _forced([row], _inside([row], groups), known)]
        for item in sorted(found, key=lambda item: (item.role, item.waves, item.answer)):
            alone = any(
                (one.role, one.answer) == (item.role, item.answer)
                and set(one.waves) <= set(item.waves)
                and one.insiders <= item.insiders
                for one in by_one
            )
            forced.append(Forced(told[0].split, item.role, item.waves, item.answer, item.insiders, alone))
    faults = [item for item in forced if not (question.agreed and item.alone)]
    return Verdict(not faults and not repeated, tuple(forced), repeated)


def _forced(told: Sequence[Told], groups: Sequence[Group], known: dict[bytes, set[_Found]]) -> set[_Found]:
    """As ``_Tables.forced``, solved once for all splits with the same numbers."""
    numbers = [(row.wave, row.roles, row.n, row.low, row.high) for row in told]
    key = msgspec.json.encode((numbers, groups))
    if key not in known:
        known[key] = _Tables(told, groups).forced()
    return known[key]


def _systems(question: Question) -> Iterator[tuple[list[Told], list[Group]]]:
    """The rows that have to be looked at together: of one split and, unless it cannot change, one wave, and linked by
    people whom they share."""
    same: dict[tuple[str, str], list[Told]] = {}
    for row in question.told:
        same.setdefault((row.split, "" if row.once else row.wave), []).append(row)
    for rows in same.values():
        left = list(rows)
        while left:
            linked = [left.pop(0)]
            groups = _inside(linked, question.groups)
            while more := [row for row in left if any(_covers(row, group) for group in groups)]:
                linked += more
                left = [row for row in left if row not in more]
                groups = _inside(linked, question.groups)
            yield linked, groups


def _repeated(question: Question) -> Iterator[str]:
    """The splits on facts that cannot change which the same people may have answered in two waves."""
    for row, other in combinations(question.told, 2):
        if row.once and row.split == other.split and row.wave != other.wave:
            shared = [group for group in question.groups if _covers(row, group) and _covers(other, group)]
            if any(group.people for group in shared):
                yield row.split


def _covers(row: Told, group: Group) -> bool:
    return row.wave in group.waves and group.role in row.roles


def _inside(rows: Sequence[Told], groups: Sequence[Group]) -> list[Group]:
    """The groups whose people can be in any of these rows."""
    return [group for group in groups if group.people and any(_covers(row, group) for row in rows)]


def main() -> None:
    """Read a question, print the verdict."""
    question = msgspec.json.decode(sys.stdin.buffer.read(), type=Question)
    sys.stdout.buffer.write(msgspec.json.encode(audit(question)))


if __name__ == "__main__":
    main()
