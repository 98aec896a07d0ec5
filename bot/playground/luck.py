"""What simulated people answer to questions when nothing says what they think: plausible, and by luck."""

from random import Random

from bot.playground.client import ShownForm
from bot.ui import Values

PERMISSION = "permission"
PREFER_NOT = "none"
COMMENTS = (
    "The agenda helped us to begin.",
    "Finding a date is the hard part, the rest is easy.",
    "We talk about things that I would not bring up on the ward.",
    "An hour is too short, but I would not know where to find a longer one.",
    "It was good to hear that others find the same things hard.",
    "Could there be a list of rooms that are quiet after five?",
)
TOPICS = ("professional_development", "learning_opportunities", "work_life_balance", "exams", "career_planning")
"""What people say that they talked about."""
AGREE_MOSTLY = ("4",) * 6 + ("5",) * 5 + ("3", "3", "2", PREFER_NOT)
AGREE_LESS = ("2", "3", "4", "4", "1", PREFER_NOT)
"""Answers on a scale of five, from people whose pair goes well, and from others."""


def by_luck(form: ShownForm, random: Random, *, goes_well: bool, other: str) -> Values:
    """An answer to each question, and to those for free text now and then. ``other``: the name of the person's mentor
    or mentee, whom some mention; empty for none."""
    questions = [name for name in form.values if name in form.options and name != PERMISSION]
    values: Values = {name: _chosen(form, name, random, goes_well=goes_well) for name in questions}
    written: Values = {}
    for name in form.values:
        if name not in form.options and random.random() < 0.3:
            written[name] = random.choice(COMMENTS)
            if other and random.random() < 0.2:
                written[name] = f"{other} is a great help."
    if written and PERMISSION in form.values:
        values[PERMISSION] = random.choice(("show", "show", "hide"))
    return values | written


def everything_said(form: ShownForm, values: Values) -> Values:
    """The same with words in each field that was left empty: some do not let one go on without."""
    unsaid = {name: COMMENTS[0] for name in form.values if name not in form.options and not values.get(name)}
    return values | unsaid


def _chosen(form: ShownForm, name: str, random: Random, *, goes_well: bool) -> str | tuple[str, ...]:
    options = [option for option in form.options[name] if option != PREFER_NOT]
    if isinstance(form.values[name], tuple):
        return tuple(random.sample(options, random.randint(1, min(3, len(options)))))
    answers = AGREE_MOSTLY if goes_well else AGREE_LESS
    if set(answers) <= {*options, PREFER_NOT}:
        return random.choice(answers)
    return random.choice(options)
