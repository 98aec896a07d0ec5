"""What a report can be made of: a programme as large as the reference one, with made-up answers that were counted and
released by the real rules."""

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random

from msgspec.structs import replace

from bot.report.facts import About, Asked, Attendance, Facts, Pairs, Part, Recruitment
from bot.surveys import rules
from bot.surveys.instrument import Answer, Instrument, Item
from bot.surveys.loading import all_instruments
from bot.surveys.release import PAIRS, Release, Result, Row
from bot.surveys.topics import STEP

ROLES = ("mentor", "mentee", "control")
INVITED = {"mentor": 18, "mentee": 18, "control": 26}
LABELS = ("Strongly disagree", "Disagree", "Neither", "Agree", "Strongly agree")
TOPICS = ("Exams", "Work-life balance", "Career planning")
OPENED = date(2027, 7, 19)


def item(name: str, *roles: str, section: str = "Support", options: tuple[str, ...] = LABELS) -> Item:
    """Something that these roles are asked; the two highest options are favourable."""
    return Item(
        id=name,
        kind="likert",
        words=dict.fromkeys(roles or ROLES, f"Is {name} there?"),
        about=f"{name.title()} is there",
        construct="being there",
        source="made up",
        options=options,
        favourable=(4, 5),
        favourable_words="agree",
        section=section,
    )


INSTRUMENT = Instrument(
    id="end",
    kind="questionnaire",
    audience=ROLES,
    title=dict.fromkeys(ROLES, "Final questionnaire"),
    level="research",
    items=(
        item("useful", "mentor", "mentee", section="Taking part"),
        item("peers"),
        item("friends"),
        item("wish", "control"),
        item("time", "mentor", "mentee", section="Time"),
    ),
    rows=(("mentor", "mentee"), ROLES),
)

COUNTS = {
    "useful": {"mentor": 18, "mentee": 17},
    "peers": {"mentor": 15, "mentee": 16, "control": 24},
    "friends": {"mentor": 2, "mentee": 16, "control": 24},
    "wish": {"control": 21},
    "time": {"mentor": 6, "mentee": 8},
}
"""How many agreed."""


def answers(
    instrument: Instrument, counts: Mapping[str, Mapping[str, int]], answered: Mapping[str, int]
) -> list[tuple[str, Answer]]:
    """Answers of which so many agree."""
    found = []
    for role, number in answered.items():
        for person in range(number):
            marks: dict[str, tuple[int, ...]] = {
                one.id: (4 if person < counts[one.id].get(role, 0) else 2,)
                for one in instrument.items_for(role)
                if one.kind != "text"
            }
            found.append((role, Answer(marks)))
    return found


def released(
    level: rules.Level = rules.RESEARCH,
    *,
    answered: Mapping[str, int] = INVITED,
    counts: Mapping[str, Mapping[str, int]] = COUNTS,
    instrument: Instrument = INSTRUMENT,
    invited: Mapping[str, int] = INVITED,
    comments: tuple[str, ...] = (),
) -> Asked:
    """A wave that has closed."""
    declared = instrument.rows if level == rules.RESEARCH else ()
    rows = rules.rows(instrument, level, invited, answers(instrument, counts, answered), declared=declared)
    rows += (topics(level),) if rows else ()
    return wave(instrument, level, rows, comments=comments)


def wave(
    instrument: Instrument,
    level: rules.Level,
    rows: tuple[Row, ...],
    *,
    refused: str = "",
    opened: date = OPENED,
    comments: tuple[str, ...] = (),
) -> Asked:
    """A wave that let this out."""
    closed = opened + timedelta(days=14)
    title = ", ".join(dict.fromkeys(instrument.title.values()))
    release = Release(
        instrument=instrument.id,
        title=title,
        level=level.name,
        opened_on=opened,
        closed_on=closed,
        rows=rows,
        comments=comments,
        refused=refused or ("" if rows else "few"),
        kind=instrument.kind,
    )
    return Asked(f"{instrument.id}-{opened}", instrument, level.name, opened, closed, release)


def topics(level: rules.Level) -> Row:
    """Topics of 17 pairs that logged a meeting."""
    n, s = 17, 1 if level == rules.RESEARCH else STEP
    counts = (17, 9, 0)
    results = (
        Result(f"topic/{number}", "What pairs talked about", words, *rules.steps(x, n, s), section="Topics")
        for number, (words, x) in enumerate(zip(TOPICS, counts, strict=True), start=1)
    )
    return Row(PAIRS, 18, n, tuple(results))


def facts(*waves: Asked, level: str = "research") -> Facts:
    """A programme with these waves."""
    return Facts(
        about=About(
            "Westmarch peer mentoring",
            date(2026, 9, 1),
            date(2027, 8, 31),
            level,
            "Dominic Hale",
            "dominic.hale@westmarch.example",
        ),
        made_on=date(2027, 9, 2),
        recruitment=Recruitment(84, 76, 18, None, 52, 18, 58, 26),
        parts=(Part("mentor", 18, 18, 1), Part("mentee", 18, 18, 1), Part("control", 26, 26, 0)),
        pairs=Pairs((0, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 5, 5, 6, 6, 8, 11), {"leave": 1, "moved": 1}),
        sessions=(Attendance(1, 3, 17, 18), Attendance(2, 3, 15, 18), Attendance(3, 2, 9, 12)),
        waves=waves,
    )


def full(level: rules.Level, seed: int = 3) -> Facts:
    """A programme with every questionnaire that comes with the bot, answered at random by everybody."""
    waves = []
    for number, name in enumerate(("baseline", "midpoint", "end", "reflection", "pulse")):
        instrument = all_instruments()[name]
        shown = rules.level_for(instrument, level if instrument.kind == "questionnaire" else rules.STANDARD)
        random = Random(seed)
        given = [
            (role, Answer(_marks(instrument, role, random)))
            for role in instrument.audience
            for _ in range(INVITED[role])
        ]
        declared = instrument.rows if shown == rules.RESEARCH else ()
        rows = rules.rows(instrument, shown, INVITED, given, declared=declared)
        more = (topics(shown),) if name in {"midpoint", "end"} else ()
        opened = date(2026, 9, 15) + timedelta(days=75 * number)
        waves.append(wave(instrument, shown, (*rows, *more), opened=opened, comments=("It helped.",) * 11))
    return replace(facts(*waves, level=level.name), to_come=("Follow-up questionnaire",))


def _marks(instrument: Instrument, role: str, random: Random) -> dict[str, tuple[int, ...]]:
    marks: dict[str, tuple[int, ...]] = {}
    for one in instrument.items_for(role):
        likely = random.choice((0.5, 0.8, 0.95))
        favourable = one.favourable if random.random() < likely else (1,)
        if one.kind == "many":
            marks[one.id] = tuple(p for p in range(1, len(one.options) + 1) if random.random() < likely)
        elif one.kind != "text":
            marks[one.id] = (random.choice(favourable),)
    return marks
