"""Attacks on a questionnaire of which those who agreed are told exactly and all others in steps, side by side: nothing
that is told of some may tell anything of the others. Played with the real waves, closing and report."""

import asyncio
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from bot.closing import Closing
from bot.report.build import as_json
from bot.report.gathering import facts_of
from bot.surveys import rules
from storage.consents import EXACT_COUNTS
from tests import research, waves
from tests.attacks.commands import exact_steps, passed
from tests.attacks.table import Effort, Finding, attack
from tests.world import World, build, copy_of

MANY, FEW = 40, 2
"""Programmes: in full and in a test."""
ITEM = "useful"
YES, NO = (4,), (2,)
AGREED = {"mentor": 9, "mentee": 10}
OTHERS = {"mentor": 9, "mentee": 8}


@dataclass(frozen=True)
class Let:
    """What came out. ``exact`` and ``steps``: the ledger's entries of the two waves. ``report``: all its numbers."""

    exact: str
    steps: str
    report: bytes


@attack
def research_beside_standard(effort: Effort) -> Iterator[Finding]:
    """Twin programmes. Where one of those who did not agree answers otherwise within the same step, nothing at all may
    differ, in neither wave nor in the report with all that it adds up and compares; and where one of those who agreed
    does, nothing that is told of the others. Figure: programmes in which something differs."""
    programmes = MANY if effort.every == 1 else FEW
    within = across = naive = 0
    with TemporaryDirectory(prefix="peermentor-attack-") as directory:
        stage = _Stage(Path(directory))
        for seed in range(programmes):
            random = Random(seed)
            exact, low = random.randint(1, AGREED["mentor"] - 1), random.choice((1, 2, 4, 5, 7, 8))
            one, same = stage.played(exact, low), stage.played(exact, low + (1 if low % 3 == 1 else -1))
            within += one != same
            other = stage.played(exact - 1, low)
            if other.exact == one.exact:
                raise AssertionError("the exact count is not told")
            across += one.steps != other.steps
        naive = stage.played(4, 4, naive=True) != stage.played(4, 5, naive=True)
    where = f"{programmes} programmes, mentors {AGREED['mentor']} and {OTHERS['mentor']}"
    yield _finding("somebody who did not agree, in the same step", where, within)
    yield _finding("somebody who agreed, told of the others", where, across)
    yield _finding("somebody who did not agree, in the same step", "exact counts of all", naive, must_fail=True)


def _finding(what: str, where: str, figure: int, *, must_fail: bool = False) -> Finding:
    level = "naive" if must_fail else "research and standard"
    return Finding(f"side by side: {what}", level, where, figure, figure, figure, 0, must_fail)


class _Stage:
    """Programmes in which some have agreed, and the questionnaire at the end opens."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._played = 0
        self._template = directory / "template.sqlite3"
        world = build(f"sqlite:///{self._template}")
        research.plan_copy(world)
        self._agreed = waves.enrol(world, AGREED["mentor"], AGREED["mentee"], "a")
        self._others = waves.enrol(world, OTHERS["mentor"], OTHERS["mentee"], "o")
        world.database.close()

    def played(self, agreed: int, others: int, *, naive: bool = False) -> Let:
        """``agreed`` and ``others``: how many of the mentors of either kind say yes; all mentees do."""
        self._played += 1
        world = copy_of(self._template, self._directory / f"{self._played}.sqlite3")
        world.database.do_not_wait_for_the_disk()
        try:
            with exact_steps() if naive else nullcontext():
                return self._let_out(world, agreed, others)
        finally:
            world.database.close()

    def _let_out(self, world: World, agreed: int, others: int) -> Let:
        with world.uow() as uow:
            for person_id in (*self._agreed["mentor"], *self._agreed["mentee"]):
                uow.consents.give(world.programme.id, person_id, EXACT_COUNTS)
            waves.have_opened(uow, "end")
            programme = uow.programmes.get(world.programme.id)
            both = {wave.level: wave for wave in uow.waves.are_under_way(programme.id)}
        assert both.keys() == {rules.RESEARCH.name, rules.STANDARD.name}, both.keys()
        for level, groups, yes in (("research", self._agreed, agreed), ("standard", self._others, others)):
            said_yes = {*groups["mentor"][:yes], *groups["mentee"]}
            for person_id in (*groups["mentor"], *groups["mentee"]):
                marks = {ITEM: YES if person_id in said_yes else NO}
                waves.answer_parts(world, both[level], person_id, marks)
        closing = Closing(world.database, clock=lambda: world.now, random=Random(1), audit=passed)
        for wave in both.values():
            asyncio.run(waves.close(world, wave, closing))
        with world.uow() as uow:
            told = {level: uow.ledger.of_wave(wave.id) for level, wave in both.items()}
            report = as_json(facts_of(programme, uow))
        exact, steps = told["research"], told["standard"]
        assert exact is not None
        assert steps is not None
        assert '"rows":[]' not in exact.body + steps.body, "nothing is told"
        return Let(exact.body, steps.body, report)
