"""The published programme, played again: what each of its people answers, and how its pairs fare, so that the counts
that were published come out of the questionnaires exactly. Where nothing was published, we chose something plausible.

Who says no changes from question to question, so that it is never the same few people who are unhappy.
"""

from collections.abc import Mapping, Sequence

from bot.handlers.questions import PERMISSION, SHOW, field_of
from bot.playground.client import ShownForm
from bot.playground.course import Course, Ending
from bot.playground.example import ExamplePerson
from bot.surveys.instrument import ROLES, Instrument, Item, Split
from bot.surveys.loading import all_instruments
from bot.ui import Values

Counts = Mapping[str, Mapping[str, int]]
"""How many say yes to a split (by its id), by role."""

BASELINE: Counts = {
    "experience": {"mentor": 2, "mentee": 1, "control": 1},
    "priorities/1": {"mentee": 17, "control": 24},
    "priorities/2": {"mentee": 17, "control": 24},
    "priorities/3": {"mentee": 16, "control": 24},
    "priorities/4": {"mentee": 16, "control": 24},
    "support_peers": {"mentor": 15, "mentee": 18, "control": 26},
    "support_family": {"mentor": 15, "mentee": 16, "control": 24},
    "support_outside": {"mentor": 10, "mentee": 7, "control": 11},
}
MIDPOINT: Counts = {
    "useful": {"mentor": 17, "mentee": 16},
    "relationship": {"mentor": 16, "mentee": 15},
    "support_peers": {"mentee": 16, "control": 23},
    "support_family": {"mentee": 15, "control": 24},
    "time_difficulty": {"mentor": 7, "mentee": 9},
}
END: Counts = {
    "useful": {"mentor": 18, "mentee": 17},
    "enjoyed": {"mentor": 18, "mentee": 15},
    "training": {"mentor": 17},
    "als": {"mentor": 17},
    "relationship": {"mentor": 16, "mentee": 17},
    "support_mentor": {"mentee": 17},
    "support_peers": {"mentee": 16, "control": 24},
    "support_family": {"mentee": 16, "control": 24},
    "time_difficulty": {"mentor": 6, "mentee": 8},
    "wished": {"control": 21},
    "interest": {"control": 20},
    "will_continue": {"mentor": 17, "mentee": 15},
    "coaching": {"mentor": 18},
    "communication": {"mentor": 17},
    "uses/1": {"mentor": 18},
    "uses/2": {"mentor": 17},
    "uses/3": {"mentor": 16},
    "uses/4": {"mentor": 16},
    "effect_professional": {"mentor": 13},
    "effect_personal": {"mentor": 8},
    "proactive": {"mentee": 14, "control": 15},
    "decisions": {"mentee": 14, "control": 16},
    "stress": {"mentee": 14, "control": 11},
    "new_situations": {"mentee": 14, "control": 17},
    "confidence": {"mentee": 16, "control": 16},
    "realism": {"mentee": 15, "control": 14},
    "outlook": {"mentee": 14, "control": 12},
}
COUNTS: Mapping[str, Counts] = {"baseline": BASELINE, "midpoint": MIDPOINT, "end": END}
"""By instrument. Nothing was published of the middle of the year, of support before it, nor of controls where mentees
are asked how they have changed."""
USUAL = {"mentor": 0.8, "mentee": 0.7, "control": 0.5}
"""Which share says yes to anything else."""
QUESTIONNAIRES = frozenset({"baseline", "midpoint", "end", "follow_up"})
"""What everybody answers: the published response was complete."""
STEP = 5
"""How far those who say no move on from one question to the next; no divisor of the number of people in a role."""
WRITTEN = (
    "An hour away from the ward with somebody who has been there.",
    "It helped to hear that my worries are normal for this stage.",
    "We made a plan in the first meeting and kept to it.",
    "Rotas made it hard to find dates in the winter.",
    "I ask more open questions now, at work and at home.",
    "More time for the learning sets, please.",
)
ONE_IN = 3
"""So many people share one who writes something to a question for free text."""

RECRUITMENT = {
    "mentees_eligible": 84,
    "mentees_applied": 76,
    "mentees_selected": 18,
    "mentors_applied": 52,
    "mentors_selected": 18,
    "controls_invited": 58,
    "controls_volunteered": 26,
}
MEETINGS = (4, 3, 6, 2, 5, 1, 7, 3, 4, 2, 5, 3, 8, 1, 4, 2, 6, 3)
"""How many each pair logs, in the order of the pairs: half of them four or more."""
DEVELOPMENT, LEARNING = "professional_development", "learning_opportunities"
"""What all pairs but one talked about, each."""
FURTHER = {
    "work_life_balance": 13,
    "exams": 12,
    "career_planning": 11,
    "relationships": 10,
    "performance": 8,
    "personal": 5,
}
"""What else they talked about, and how many pairs did."""
CAUGHT_UP_BY = 310
WITHOUT = {5: DEVELOPMENT, 13: LEARNING}
"""Which pair did not talk about one of these."""
ENDINGS = {5: (150, "no_contact"), 15: (250, "training")}
"""Which pairs end early, on which day of the year, and why: a mentee who did not answer any more, and a mentor who did
not come to the learning sets."""


class Book:
    """What the people of the example answer. ``everybody``: they are known by their place among those of their role."""

    def __init__(self, everybody: Sequence[ExamplePerson]) -> None:
        roles = {role: [person.email for person in everybody if person.part == role] for role in ROLES}
        self._places = {email: place for emails in roles.values() for place, email in enumerate(emails)}
        self._sizes = {role: len(emails) for role, emails in roles.items()}

    def answers(self, person: ExamplePerson, instrument_id: str, form: ShownForm) -> Values | None:
        """What somebody fills in; None for anything but a questionnaire."""
        if instrument_id not in QUESTIONNAIRES:
            return None
        instrument = all_instruments()[instrument_id]
        values: Values = {}
        for number, item in enumerate(instrument.items):
            if field_of(item) in form.values:
                values[field_of(item)] = self._answer(person, instrument, item, number)
        for name in form.values:
            if name.startswith(PERMISSION):
                values[name] = SHOW
        return values

    def _answer(self, person: ExamplePerson, instrument: Instrument, item: Item, number: int) -> str | tuple[str, ...]:
        place = self._places[person.email]
        if item.kind == "text":
            return WRITTEN[(place + number) % len(WRITTEN)] if (place + number) % ONE_IN == 0 else ""
        splits = list(enumerate(instrument.splits((person.part,))))
        if item.kind == "many":
            mine = [(at, split) for at, split in splits if split.item == item.id]
            return tuple(
                str(option)
                for option, (at, split) in enumerate(mine, start=1)
                if self._says_yes(person, instrument, split, at)
            )
        at, split = next((at, split) for at, split in splits if split.item == item.id)
        wanted = self._says_yes(person, instrument, split, at)
        options = [option for option in range(1, len(item.options) + 1) if (option in item.favourable) is wanted]
        return str(options[(place + number) % len(options)])

    def _says_yes(self, person: ExamplePerson, instrument: Instrument, split: Split, at: int) -> bool:
        """``at``: the place of the split among all of the instrument's for this role."""
        role, size = person.part, self._sizes[person.part]
        counted = COUNTS.get(instrument.id, {}).get(split.id, {})
        yes = counted.get(role, round(USUAL[role] * size))
        return (self._places[person.email] - STEP * at) % size >= size - yes


def course(everybody: Sequence[ExamplePerson]) -> Course:
    """How the pairs fare."""
    mentors = [person.email for person in everybody if person.part == "mentor"]
    return Course(
        meetings=dict(zip(mentors, MEETINGS, strict=True)),
        topics={mentor: _topics(pair) for pair, mentor in enumerate(mentors)},
        endings=tuple(Ending(mentors[pair], day, reason) for pair, (day, reason) in ENDINGS.items()),
        by_day=CAUGHT_UP_BY,
    )


def _topics(pair: int) -> tuple[str, ...]:
    """What a pair talks about, at every meeting that one of the two logs in the form."""
    both = (DEVELOPMENT, LEARNING)
    further = [topic for at, (topic, pairs) in enumerate(FURTHER.items()) if STEP * (pair + at) % len(MEETINGS) < pairs]
    return (*(topic for topic in both if topic != WITHOUT.get(pair)), *further)
