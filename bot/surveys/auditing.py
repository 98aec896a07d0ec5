"""What the audit is asked and what it answers, and how it is run: in a child process, because the solver that it needs
is large and wanted only at a close. ``audit`` does the work.

The audit sees what is about to be published and how many people of each role answered, nothing else: no answer is
handed over.
"""

import asyncio
import os
import sys
from collections.abc import Collection, Mapping, Sequence

import msgspec

from bot.surveys.release import Row

LIMIT = 60
"""Seconds after which the child is given up."""
_PASSED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT")
"""What the child needs of the environment. The rest of it holds secrets, which are no business of the solver's."""

THIS_WAVE = "this"


class AuditFailed(Exception):
    """The audit could not be made: nothing may be released on the strength of it."""


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One result of one row, as it would stand in the ledger. ``wave``: any name that tells waves apart. ``once``: the
    split asks for a fact that cannot change, so that answers of different waves are the same answer."""

    wave: str
    roles: tuple[str, ...]
    split: str
    n: int
    low: int
    high: int
    once: bool = False


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """People of one role who can be in the same rows: those of ``waves`` that count their role. Nothing in the ledger
    tells one from another, so that they are counted and not named: this is what keeps the audit small."""

    role: str
    waves: tuple[str, ...]
    people: int


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``groups``: everybody who is in a row, or can be. ``agreed``: everybody here agreed that exact counts be
    published, so that what a row gives away by itself is no fault; what only several rows together give away still is.
    """

    told: tuple[Told, ...]
    groups: tuple[Group, ...]
    agreed: bool = False


class Forced(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rows leave but one answer possible for somebody. ``answer``: whether it is a yes. ``insiders``: how many
    others, each of another role, have to know their own answer for it. ``alone``: a single row is enough."""

    split: str
    role: str
    waves: tuple[str, ...]
    answer: bool
    insiders: int
    alone: bool


class Verdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``passed``: the rows may stand in the ledger. ``repeated``: splits on a fact that cannot change which somebody
    may have answered in two waves."""

    passed: bool
    forced: tuple[Forced, ...] = ()
    repeated: tuple[str, ...] = ()


def asked(
    rows: Sequence[Row],
    answered: Mapping[str, int],
    *,
    once: Collection[str] = (),
    agreed: bool = False,
    earlier: Sequence[Sequence[Row]] = (),
) -> Question:
    """The question for the rows of one wave. ``answered``: how many of each role submitted; whoever knows the people
    may know who they are. ``once``: the splits that ask for a fact that cannot change; options of an item of that kind
    included. ``earlier``: the rows of each earlier wave in which the same people may be; of these only such facts
    matter."""
    told = _told(THIS_WAVE, rows, once)
    before = {f"earlier {number}": _told(f"earlier {number}", each, once) for number, each in enumerate(earlier)}
    told += [each for those in before.values() for each in those if each.once]
    groups = tuple(Group(role, (THIS_WAVE, *before), people) for role, people in answered.items())
    return Question(tuple(told), groups, agreed=agreed)


def _told(wave: str, rows: Sequence[Row], once: Collection[str]) -> list[Told]:
    return [
        Told(
            wave,
            row.roles,
            result.split,
            row.n,
            result.low,
            result.high,
            once=result.split.partition("/")[0] in once,
        )
        for row in rows
        for result in row.results
    ]


async def audited(question: Question, limit: float = LIMIT) -> Verdict:
    """What the audit finds. ``limit``: seconds. Raises AuditFailed if it does not come to an end in time, or at all."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.surveys.audit",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment | {"OPENBLAS_NUM_THREADS": "1"},
    )
    try:
        printed, _ = await asyncio.wait_for(child.communicate(msgspec.json.encode(question)), limit)
    except TimeoutError as late:
        raise AuditFailed(f"took longer than {limit:g} s") from late
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise AuditFailed(f"ended with status {child.returncode}")
    try:
        return msgspec.json.decode(printed, type=Verdict)
    except msgspec.MsgspecError as error:
        raise AuditFailed("answered something else") from error
