"""All that a report is made of: releases as the ledger has them, what was declared before each wave opened, and facts
that leads may know, counted. No answer, no name of anybody who takes part, no topic of a pair and no length of a
meeting can be said in it, so that none can reach the report.
"""

from datetime import date

import msgspec

from bot.surveys.instrument import Instrument
from bot.surveys.release import Release


class About(msgspec.Struct, frozen=True):
    """The programme. ``level``: of disclosure."""

    name: str
    starts_on: date
    ends_on: date
    level: str
    contact_name: str
    contact_email: str


class Recruitment(msgspec.Struct, frozen=True):
    """How people came to the programme; None for what no lead has entered."""

    mentees_eligible: int | None = None
    mentees_applied: int | None = None
    mentees_selected: int | None = None
    mentors_eligible: int | None = None
    mentors_applied: int | None = None
    mentors_selected: int | None = None
    controls_invited: int | None = None
    controls_volunteered: int | None = None


class Part(msgspec.Struct, frozen=True):
    """How many of a role are listed, how many have joined (those who left later among them), and how many left."""

    role: str
    listed: int
    joined: int
    left: int


class Pairs(msgspec.Struct, frozen=True):
    """Pairs that were introduced. ``meetings``: how many each has logged, fewest first. ``ended``: how many ended
    early, by the reason that a lead gave (see ``bot.programme.pairs``); empty where none was."""

    meetings: tuple[int, ...]
    ended: dict[str, int]

    @property
    def introduced(self) -> int:
        """How many there are."""
        return len(self.meetings)

    @property
    def completed(self) -> int:
        """How many did not end early."""
        return self.introduced - sum(self.ended.values())


class Attendance(msgspec.Struct, frozen=True):
    """Who came to the sessions with this number, of all sets that have held one. ``number``: 1 is the first session of
    each set."""

    number: int
    sets: int
    came: int
    members: int


class Asked(msgspec.Struct, frozen=True):
    """A wave. ``key``: what it is called in ``report.json``. ``release``: None until it has closed."""

    key: str
    instrument: Instrument
    level: str
    opened_on: date
    closes_on: date
    release: Release | None


class Facts(msgspec.Struct, frozen=True):
    """What the report says, and all that it can say. ``waves``: in the order of their close. ``to_come``: titles of
    questionnaires whose day has not come; ``left_out``: of those whose day has passed without their being opened."""

    about: About
    made_on: date
    recruitment: Recruitment
    parts: tuple[Part, ...]
    pairs: Pairs
    sessions: tuple[Attendance, ...]
    waves: tuple[Asked, ...]
    to_come: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
