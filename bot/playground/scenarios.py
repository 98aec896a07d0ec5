"""What the playground can be filled with: programmes of invented people, and how each is entered into a database."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.playground import example, national
from bot.playground import paper as published
from bot.playground.client import ShownForm
from bot.playground.course import Course
from bot.playground.example import ExamplePerson
from bot.ui import Values
from storage.unit_of_work import Database, UnitOfWork

YEAR = timedelta(days=365)

AnswerBook = Callable[[ExamplePerson, str, ShownForm], Values | None]
"""What somebody answers to a form of an instrument (by its id): a value by field; None leaves it to luck."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A programme that can be played.

    ``about``: one line for somebody who chooses. ``people``: everybody. ``load``: enters it into an empty database and
    starts it; the id of the programme, which is stored as a demo's. ``pairs``: addresses of mentor and mentee; None for
    the first mentor with the first mentee, and so on. ``starts``: when the clock starts; it ends a year later, or after
    ``lasts``. ``answers``: what people answer to questionnaires. ``sure_to_answer``: the instruments (their ids) that
    everybody answers; others by luck. ``course``: how pairs fare, where that is not left to luck.
    """

    name: str
    title: str
    about: str
    people: Sequence[ExamplePerson]
    load: Callable[[Database], Awaitable[int]]
    pairs: Sequence[tuple[str, str]] | None = None
    starts: datetime = example.STARTS
    lasts: timedelta = YEAR
    answers: AnswerBook | None = None
    sure_to_answer: frozenset[str] = frozenset()
    course: Course | None = None

    @property
    def ends(self) -> datetime:
        """When the clock stops."""
        return self.starts + self.lasts

    def having(self, part: str) -> list[ExamplePerson]:
        """Those with this part, or this duty beside another, in their order."""
        return [person for person in self.people if part in {person.part, *person.duties}]


def paper() -> Scenario:
    """The example programme, as large as the one in the paper, with what came out of that."""
    everybody = example.people()

    def load(uow: UnitOfWork) -> int:
        programme_id = example.load(uow, everybody)
        uow.programmes.change(programme_id, **published.RECRUITMENT)
        return programme_id

    return Scenario(
        name="paper",
        title="One region, as in the paper",
        about="18 pairs and 26 controls in six hospitals, half on Slack, half on Teams",
        people=everybody,
        load=lambda database: database.run(load, example.STARTS),
        answers=published.Book(everybody).answers,
        sure_to_answer=published.QUESTIONNAIRES,
        course=published.course(everybody),
    )


def small() -> Scenario:
    """Six pairs of the example: too few for results by role."""
    everybody = example.few_people()
    return Scenario(
        name="small",
        title="One hospital group",
        about="6 pairs, on Slack and on Teams",
        people=everybody,
        load=lambda database: database.run(lambda uow: example.load(uow, everybody), example.STARTS),
    )


def whole_nation() -> Scenario:
    """A national programme under way."""
    everybody = national.people()
    return Scenario(
        name="national",
        title="A whole nation",
        about=f"{national.PAIRS:,} pairs, four months after the start",
        people=everybody,
        load=lambda database: national.load(database, everybody),
        starts=national.STARTS,
        lasts=timedelta(days=240),
    )


SCENARIOS: Mapping[str, Callable[[], Scenario]] = {"paper": paper, "small": small, "national": whole_nation}
"""How each is made, by its name."""
