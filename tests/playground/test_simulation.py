"""A month of the small programme: the page and the terminal come to the same totals, and every message has a reason."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.playground import national, reasons
from bot.playground.client import Post, StandIn
from bot.playground.cohort import DROP_OUT
from bot.playground.demo import Year
from bot.playground.figures import Figures, Tally
from bot.playground.own import scenario_in
from bot.playground.reasons import why
from bot.playground.scenarios import SCENARIOS, small
from bot.playground.simulation import Simulation
from tests.playground.pages import opened, serving

pytestmark = pytest.mark.sqlite_only
MONTH = "2026-10-01T06:00:00+00:00"

TOML = """
name = "Harbour mentoring"
starts_on = 2026-09-07
ends_on = 2027-07-30
time_zone = "Europe/London"
region = "WLS"

[contact]
name = "Efa Morgan"
email = "efa.morgan@harbour.example"
"""
PEOPLE = """\
name,email,accounts,organisation,region,grade,role,time_zone,profile
Efa Morgan,efa.morgan@harbour.example,,Harbour Road Hospital,,Programme manager,lead,,
Idris Vaughan,idris.vaughan@harbour.example,,Harbour Road Hospital,,Consultant,senior support,,
Nia Bowen,nia.bowen@harbour.example,,Two Rivers Hospital,,Consultant,senior support,,
Kofi Boateng,kofi.boateng@harbour.example,slack:T900/U770,Two Rivers Hospital,,ST6,mentor,,Likes maps.
Ana Duarte,ana.duarte@harbour.example,,Two Rivers Hospital,,ST1,mentee,,
"""
PAIRS = "mentor_email,mentee_email\nkofi.boateng@harbour.example,ana.duarte@harbour.example\n"


def in_the_terminal(database: Path) -> tuple[Figures, Year]:
    year = Year(scenario=small(), database=database, months=1, seed=7, tell=lambda _: None, progress=lambda _: None)
    figures, _months = asyncio.run(year.play())
    return figures, year


def test_a_month_from_the_page_comes_to_the_same_as_in_the_terminal(tmp_path: Path) -> None:
    async def from_the_page() -> dict[str, object]:
        async with serving(tmp_path) as (playground, address), opened(playground, address) as page:
            await page.do("hello")
            for day in ("2026-09-03T06:00:00+00:00", "2026-09-20T17:30:00+00:00", MONTH):
                await page.move(day)
            figures: dict[str, object] = (await page.do("figures"))["figures"]
            return figures

    figures, _year = in_the_terminal(tmp_path / "terminal.sqlite3")
    assert figures.pairs_introduced == 6
    assert figures.meetings_logged + figures.meetings_arranged > 0
    assert asyncio.run(from_the_page()) == replace(figures, seconds=0.0).as_json()


async def test_another_seed_is_another_month_and_the_same_seed_the_same(tmp_path: Path) -> None:
    async def posted(seed: int, name: str) -> list[tuple[object, ...]]:
        seen: list[tuple[object, ...]] = []

        def note(post: Post, _stand_in: StandIn) -> None:
            seen.append((post.at, sorted(map(str, post.readers)), post.lines))

        simulation = Simulation(small(), database=tmp_path / name, seed=seed)
        simulation.listeners.append(note)
        async with simulation:
            await simulation.play(simulation.scenario.starts.replace(day=15))
        return seen

    first = await posted(7, "first")
    assert first == await posted(7, "again")
    assert first != await posted(8, "other")


async def test_people_answer_meet_go_on_leave_leave_things_out_and_one_drops_out(tmp_path: Path) -> None:
    simulation = Simulation(small(), database=tmp_path / "demo.sqlite3", seed=7)
    tally = Tally(simulation)
    async with simulation:
        await simulation.play(simulation.scenario.starts + timedelta(days=DROP_OUT[1] + 1))
        figures = simulation.cohort.figures.values()
        away = {figure.person.name for figure in figures if figure.leave}
        (gone,) = (figure.person.account.user for figure in figures if not figure.keen)
        assert simulation.teams.members.keys() - simulation.teams.installed == {gone}
        came_to = tally.figures()[0]
    assert away == {"Owen Cadogan"}
    assert came_to.meetings_logged > 10
    assert came_to.messages_dead > 0, "somebody was written to who had removed the bot"
    assert 0.5 < came_to.response_rate < 1
    assert came_to.wrong() == []


# Reasons


@pytest.mark.parametrize(
    ("key", "begins"),
    [
        ("welcome:1-5", "The programme starts"),
        ("welcome_reminder:1-5:2026-09-08", "Reminder"),
        ("date:3-7:2026-10-01", "Nudge"),
        ("wave:4:invite", "A check-in or questionnaire has opened"),
        ("wave:4:ask:2", "Reminder"),
        ("times:8:first", "One of the pair has proposed times"),
        ("times:8:2026-10-02", "Reminder"),
        ("als:3-9:v1:reminder", "Reminder"),
        ("release:4:comments:1", "A check-in or questionnaire has closed: comments"),
    ],
)
def test_the_rule_behind_a_message_is_told_in_plain_words(key: str, begins: str) -> None:
    assert why(key).startswith(begins)


def test_what_has_no_key_has_no_reason_and_an_unknown_key_says_so() -> None:
    assert why("") == ""
    assert why("gossip:7") == reasons.UNKNOWN


# Scenarios


async def test_every_scenario_starts_with_its_people_on_both_platforms_and_a_channel_of_leads(tmp_path: Path) -> None:
    for name, make in SCENARIOS.items():
        async with Simulation(make(), database=tmp_path / name, seed=7) as simulation:
            with simulation.app.database.begin(simulation.clock()) as uow:
                programme = uow.programmes.get(simulation.programme_id)
                pairs = len(uow.pairs.ids(programme.id))
            assert programme.is_demo
            assert pairs == {"paper": 18, "small": 6, "national": 2000}[name]
            leads = simulation.scenario.having("lead")
            rooms = simulation.stand_in(leads[0].account).client(leads[0].account).rooms()
            assert [room.kind for room in rooms] == ["dm", "channel"]


def test_a_nations_people_are_all_different_and_every_time_the_same() -> None:
    everybody = national.people()
    assert len({person.email for person in everybody}) == len({person.account for person in everybody})
    assert len(everybody) == 2 * national.PAIRS + 8
    assert everybody == national.people()


@pytest.fixture
def own_files(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    for name, text in (("programme.toml", TOML), ("people.csv", PEOPLE), ("pairs.csv", PAIRS)):
        (folder / name).write_text(text)
    return folder


async def test_a_programme_of_ones_own_is_played_on_the_stand_ins_as_a_demo(own_files: Path, tmp_path: Path) -> None:
    scenario = scenario_in(own_files)
    platforms = {person.name: person.account.platform for person in scenario.people}
    assert platforms["Kofi Boateng"] == "slack"
    assert set(platforms.values()) == {"slack", "teams"}
    async with Simulation(scenario, database=tmp_path / "own.sqlite3", seed=7) as simulation:
        await simulation.play(scenario.starts.replace(day=25))
        with simulation.app.database.begin(simulation.clock()) as uow:
            programme = uow.programmes.get(simulation.programme_id)
            introduced = [fact.pair.introduced_at for fact in uow.pairs.facts(programme.id)]
    assert (programme.name, programme.is_demo) == ("Harbour mentoring", True)
    assert introduced[0] is not None
    assert introduced[0] >= scenario.starts
