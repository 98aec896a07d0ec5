"""The research copy while it grows: what a person can agree to, and the sealed copies of those who did.

Copies are kept only of waves at the level research, whose members agreed to exact counts, so that nothing of anybody
else is in one. Each replaces the earlier one of the same part, and goes when its answer is taken back, or the consent.
"""

from collections.abc import Collection
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import structlog

from bot.files.research_key import public_key
from bot.surveys.instrument import ROLES, Answer, as_declared
from bot.surveys.research import Copy, pseudonym, sealed_copy, tag_of_copy, version_of_plan, wave_name
from bot.texts import _
from bot.ui import Button
from storage.consents import EXACT_COUNTS
from storage.records import Programme, ResearchPlan, Wave
from storage.unit_of_work import UnitOfWork

log = structlog.get_logger()

LEVEL = "research"
"""Of the programmes that ask, and of the waves of which copies are kept."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person of a programme can choose, and has chosen. ``exact_open``: whether they can still choose that exact
    counts be published; ``exact``: they agreed to it, and once that is settled, are counted so. ``plan``: the research
    copy that is planned, or was; ``copy``: they agreed to be in it, and can be."""

    exact_open: bool
    exact: bool
    plan: ResearchPlan | None
    copy: bool

    @property
    def copy_open(self) -> bool:
        """Whether they can choose to be in the research copy, or not to be. It holds answers only of those who agreed
        to exact counts."""
        return self.plan is not None and self.plan.state == "open" and (self.exact_open or self.exact)

    @property
    def any_open(self) -> bool:
        """Whether there is anything to choose."""
        return self.exact_open or self.copy_open


def asks(programme: Programme) -> bool:
    """Whether people are asked anything beyond whether they take part."""
    return programme.disclosure == LEVEL


def is_open(programme: Programme, uow: UnitOfWork) -> bool:
    """Whether people can still choose that exact counts be published: until the first wave opens, so that it is the
    same people in every wave."""
    return asks(programme) and not uow.waves.there_was_one(programme.id)


def choices_of(programme: Programme, person_id: int, uow: UnitOfWork) -> Choices:
    """What this person can choose, and has chosen."""
    plan = uow.research.plan(programme.id)
    can_choose = is_open(programme, uow)
    if can_choose:
        exact = uow.consents.has(programme.id, person_id, EXACT_COUNTS)
    else:
        exact = person_id in uow.consents.settled(programme.id)
    copy = exact and plan is not None and uow.consents.has(programme.id, person_id, kind_of(plan))
    return Choices(can_choose, exact, plan, copy)


def kind_of(plan: ResearchPlan) -> str:
    """What a consent to this plan is called: with another evaluator or date it would be another consent."""
    said = (plan.ethics_reference, plan.evaluator, plan.evaluator_key, plan.retention_until)
    return f"research_copy:{version_of_plan(*said)}"


def agree(plan: ResearchPlan, programme: Programme, person_id: int, uow: UnitOfWork) -> None:
    """The person is in the research copy from now on."""
    uow.research.secret.make(programme.id)
    uow.consents.give(programme.id, person_id, kind_of(plan))


def take_back(plan: ResearchPlan, programme: Programme, person_id: int, uow: UnitOfWork) -> None:
    """The person is in the research copy no more, and everything of theirs is out of it."""
    uow.consents.take_back(programme.id, person_id, kind_of(plan))
    for wave in waves_of(programme.id, uow):
        drop_copy(wave, person_id, uow)


def keep_copy(
    wave: Wave,
    person_id: int,
    answer: Answer,
    uow: UnitOfWork,
    *,
    role: str,
    part: int,
    sent: Collection[int] = (),
) -> None:
    """Keep a copy of a part that was just sent, if this person agreed to that. ``role``: in which they are asked.

    ``sent``: the parts that lie there from them. There is a copy of all of these or of none: of who agreed after their
    first part the released counts, less all copies of that part, would tell what they had answered before.
    """
    if wave.level != LEVEL:
        return
    plan = uow.research.hold_plan(wave.programme_id)
    if plan is None or plan.state != "open" or not uow.consents.has(wave.programme_id, person_id, kind_of(plan)):
        return
    secret = uow.research.secret.get(wave.programme_id)
    if not secret:
        log.error("research.secret_lost", programme=wave.programme_id)
        return
    before = [tag_of_copy(secret, person_id, wave.id, each, role) for each in sent if each != part]
    if len(uow.research.boxes(wave.programme_id, before)) < len(before):
        return
    instrument = as_declared(wave.instrument)
    opened_on = wave.opens_at.astimezone(ZoneInfo(uow.programmes.get(wave.programme_id).time_zone)).date()
    copy = Copy(pseudonym(secret, person_id), role, wave_name(instrument.id, opened_on), part, answer.marks)
    box = sealed_copy(copy, instrument, public_key(plan.evaluator_key))
    uow.research.put(wave.programme_id, tag_of_copy(secret, person_id, wave.id, part, role), box)


def drop_copy(wave: Wave, person_id: int, uow: UnitOfWork) -> None:
    """Have no copy of what this person sent to a wave; after the export there is none here any more."""
    if wave.level == LEVEL and (secret := uow.research.secret.get(wave.programme_id)):
        instrument = as_declared(wave.instrument)
        parts = {item.part for item in instrument.items}
        tags = [tag_of_copy(secret, person_id, wave.id, part, role) for part in parts for role in ROLES]
        uow.research.take_back(wave.programme_id, tags)


def waves_of(programme_id: int, uow: UnitOfWork) -> list[Wave]:
    """The waves of which copies are kept, open and closed."""
    return [
        wave
        for wave in (*uow.waves.closed(programme_id), *uow.waves.are_under_way(programme_id))
        if wave.level == LEVEL
    ]


# What is said wherever somebody is asked


def what_is_asked() -> str:
    """What can be chosen, in short."""
    return _(
        "This programme would like to publish exact numbers of its questionnaires, which needs a yes from each person "
        "who is counted in them. A no is as good as a yes: nothing changes for you, and no answer is a no. You can "
        "choose, and choose differently, until the first check-in or questionnaire opens."
    )


def choices_button(*, primary: bool = False) -> Button:
    """Opens what can be chosen, or shows how it stands."""
    return Button(_("Results and research"), "consents", opens=True, primary=primary)
