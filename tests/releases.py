"""Releases for tests: a pulse, and a questionnaire of three groups with pairs."""

from datetime import date

from bot.surveys.release import PAIRS, Release, Result, Row, published
from storage.records import Wave
from tests import waves
from tests.world import World


def row(roles: tuple[str, ...], n: int, *counts: tuple[int, int]) -> Row:
    """The results of some roles, between such counts."""
    about_what = ("Our meetings are useful", "I can speak openly", "I can find the time")
    results = tuple(
        Result(f"item{number}", words, "agree", low, high)
        for number, (words, (low, high)) in enumerate(zip(about_what, counts, strict=False))
    )
    return Row(roles, 18 * len(roles), n, results)


MENTORS = row(("mentor",), 17, (15, 17), (12, 14), (6, 8))
MENTEES = row(("mentee",), 16, (14, 16), (14, 16), (8, 10))
PULSE = Release(
    "pulse", "Mentor pulse, Mentee pulse", "standard", date(2026, 2, 2), date(2026, 2, 16), (MENTORS, MENTEES)
)

SECTIONS = ("Taking part", "Support", "Skills", "Outlook")


def questionnaire(*, exact: bool, items: int = 20, comments: int = 0) -> Release:
    """So many items, the first half asked of three groups and the rest of mentors and mentees; what pairs met about;
    and, where counts are exact, rows over several groups."""

    def result(number: int, n: int) -> Result:
        high = n - number % 5
        section = SECTIONS[number * len(SECTIONS) // items]
        return Result(
            f"item_{number}", f"Statement {number} holds", "agree", high if exact else high - 2, high, section
        )

    def of(roles: tuple[str, ...], n: int, asked: int) -> Row:
        return Row(roles, n, n, tuple(result(number, n) for number in range(asked)))

    rows = [of(("mentor",), 18, items), of(("mentee",), 18, items), of(("control",), 26, items // 2)]
    if exact:
        rows += [of(("mentor", "mentee"), 36, 3), of(("mentor", "mentee", "control"), 62, 2)]
    topics = ("Exams", "Career planning", "Performance")
    rows.append(
        Row(
            PAIRS,
            18,
            17,
            tuple(
                Result(f"topic/{number}", topic, "have talked about it", 13 if exact else 10, 13, "Topics of meetings")
                for number, topic in enumerate(topics)
            ),
        )
    )
    said = tuple(f"Word {number} of many." for number in range(comments))
    return Release(
        "end",
        "End of the programme",
        "research" if exact else "standard",
        date(2027, 1, 12),
        date(2027, 1, 26),
        tuple(rows),
        said,
        kind="questionnaire",
        questions=tuple(f"Question {number * 3 // max(comments, 1)}" for number in range(comments)),
    )


def let_out(world: World, release: Release = PULSE) -> Wave:
    """A wave that is over, with this in the ledger."""
    wave = waves.open_wave(world, waves.PULSE)
    with world.uow() as uow:
        for before, after in (("open", "closing"), ("closing", "released"), ("released", "scrubbed")):
            uow.waves.advance(wave.id, before, after)
        uow.ledger.add(wave.id, published(release))
    world.pass_time(days=28)
    return wave
