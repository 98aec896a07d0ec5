"""The published programme, played in three months instead of twelve: everybody answers in the chat, a lead ends two
pairs, and every count that was reported stands in the ledger."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot import handlers, ui
from bot.playground import example, paper
from bot.playground.demo import Year
from bot.playground.figures import Figures
from bot.playground.scenarios import Scenario
from bot.playground.scenarios import paper as whole_year
from bot.surveys.release import Release, Row, from_ledger
from storage.records import PairFacts
from storage.unit_of_work import Database, UnitOfWork
from tests.surveys.test_questionnaires import REPORTED, Reported

pytestmark = pytest.mark.sqlite_only
ENDS_ON = example.STARTS_ON + timedelta(days=88)


def three_months() -> Scenario:
    """The year's scenario with everything sooner; there is no time for the questionnaire half way."""
    year = whole_year()
    assert year.course is not None

    def shorten(programme_id: int, uow: UnitOfWork) -> None:
        before = uow.programmes.get(programme_id)
        uow.programmes.change(programme_id, ends_on=ENDS_ON)
        handlers.move(before, uow.programmes.get(programme_id), uow)

    async def load(database: Database) -> int:
        programme_id = await year.load(database)
        await database.run(lambda uow: shorten(programme_id, uow), example.STARTS)
        return programme_id

    endings = tuple(replace(ending, day=day) for ending, day in zip(year.course.endings, (28, 36), strict=True))
    return replace(year, load=load, course=replace(year.course, endings=endings, by_day=40))


@dataclass(frozen=True)
class Played:
    """What the months came to."""

    figures: Figures
    releases: list[Release]
    pairs: list[PairFacts]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    path = Path(tmp_path_factory.mktemp("paper")) / "paper.sqlite3"
    year = Year(
        scenario=three_months(),
        level="research",
        database=path,
        months=3,
        seed=7,
        tell=lambda _: None,
        progress=lambda _: None,
    )
    figures, _rows = asyncio.run(year.play())
    database = Database(f"sqlite:///{path}", ui.dump)
    with database.begin(example.STARTS) as uow:
        programme = uow.programmes.current()
        assert programme is not None
        releases = [from_ledger(entry.body) for entry in uow.ledger.all(programme.id)]
        yield Played(figures, releases, uow.pairs.facts(programme.id))
    database.close()


def row_of(played: Played, instrument: str, roles: tuple[str, ...]) -> Row:
    (release,) = [release for release in played.releases if release.instrument == instrument]
    assert release.level == "research"
    (row,) = [row for row in release.rows if row.roles == roles]
    return row


def test_no_promise_is_broken(played: Played) -> None:
    assert played.figures.wrong() == []


@pytest.mark.parametrize("reported", [pytest.param(row, id=f"{row.says}-{'-'.join(row.roles)}") for row in REPORTED])
def test_every_reported_count_stands_in_the_ledger(played: Played, reported: Reported) -> None:
    row = row_of(played, reported.instrument, reported.roles)
    told = {result.split: (result.low, result.high) for result in row.results}
    assert row.n == reported.n
    assert {told[split] for split in reported.splits} == {(reported.yes, reported.yes)}


def test_pairs_met_and_ended_as_reported(played: Played) -> None:
    assert tuple(fact.meetings for fact in played.pairs) == paper.MEETINGS
    assert sorted(fact.pair.end_reason for fact in played.pairs if fact.pair.state == "ended") == [
        "no_contact",
        "training",
    ]


def test_topics_are_told_as_reported(played: Played) -> None:
    row = row_of(played, "end", ("pair",))
    told = {result.split.removeprefix("topics/"): (result.low, result.high) for result in row.results}
    assert row.n == 18
    assert told["professional_development"] == told["learning_opportunities"] == (17, 17)
