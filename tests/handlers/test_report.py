"""A lead asks for the report in the chat, and gets links that expire, by direct message; nobody else gets anything."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import urlparse

import pytest

from bot.flow import Outcome, UserError
from bot.handlers import leads, report
from bot.report.facts import Facts
from bot.report.making import ReportFailed
from bot.report.writing import Made
from bot.reporting import AFTER_A_FAULT, GIVEN_UP, Reporting
from bot.ui import Link, Message
from storage.places import dm
from storage.records import File, NotThere
from tests.handlers.acts import button, said, words
from tests.world import World

PUBLIC = "https://mentoring.example"


@pytest.fixture(autouse=True)
def reachable(world: World) -> None:
    """People reach the bot."""
    world.database._public_url = PUBLIC


def ask(world: World, who: str = "Gwen", *, in_channel: bool = True) -> Outcome:
    present = frozenset({world.accounts[who]} if in_channel else ())
    return world.do(report.flow, world.event(who, "button", "report", leads_present=present))


class Press:
    """Makes reports at once, or fails so many times. ``made``: of which facts."""

    def __init__(self, *, failing: int = 0, without_pdf: bool = False) -> None:
        self.made: list[Facts] = []
        self._failing = failing
        self._pdf = b"" if without_pdf else b"printed"

    async def __call__(self, facts: Facts) -> Made:
        self.made.append(facts)
        if len(self.made) <= self._failing:
            raise ReportFailed("no paper")
        return Made(b"<html>", self._pdf, b"cells", b"{}")


def reporting(world: World, make: Callable[[Facts], Awaitable[Made]]) -> Reporting:
    return Reporting(world.database, clock=lambda: world.now, make=make)


def links(message: Message) -> dict[str, str]:
    return {block.label: block.url for block in message.blocks if isinstance(block, Link)}


def fetched(world: World, url: str) -> File:
    with world.uow() as uow:
        return uow.files.fetch(urlparse(url).path.removeprefix("/files/"))


async def test_the_lead_who_asked_gets_a_link_to_each_file(world: World) -> None:
    assert "in a minute or two" in words(said(ask(world)))
    press = Press()
    assert await reporting(world, press).advance() == 1
    (sent,) = world.queued()
    assert (sent.place, sent.prompt) == (dm(world.people["Gwen"]), False)
    files = [fetched(world, url) for url in links(sent.message).values()]
    assert {file.name: (file.media_type.partition(";")[0], file.content) for file in files} == {
        "mentoring-report.html": ("text/html", b"<html>"),
        "mentoring-report.pdf": ("application/pdf", b"printed"),
        "mentoring-report.xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"cells"),
        "mentoring-report.json": ("application/json", b"{}"),
    }
    assert press.made[0].about.name == world.programme.name


async def test_it_is_sent_once_however_often_it_is_looked_at_and_asked_for(world: World) -> None:
    ask(world)
    world.pass_time(seconds=5)
    ask(world)
    await reporting(world, Press()).advance()
    assert await reporting(world, Press()).advance() == 0
    assert len(world.queued()) == 1


async def test_whoever_asks_again_later_gets_it_again(world: World) -> None:
    for _ in range(2):
        ask(world)
        await reporting(world, Press()).advance()
        world.pass_time(minutes=5)
    assert len(world.queued("Gwen")) == 2


async def test_two_processes_send_one_report(world: World) -> None:
    ask(world)
    second = reporting(world, Press())

    async def while_another_makes_it(facts: Facts) -> Made:
        await second.advance()
        return await Press()(facts)

    await reporting(world, while_another_makes_it).advance()
    assert len(world.queued()) == 1
    with world.uow() as uow:
        assert len(uow.files.kept()) == 4


async def test_the_links_expire(world: World) -> None:
    ask(world)
    await reporting(world, Press()).advance()
    (sent,) = world.queued()
    assert "works until Monday 9 February" in words(sent.message)
    url = next(iter(links(sent.message).values()))
    world.now += report.KEPT - timedelta(seconds=1)
    fetched(world, url)
    world.pass_time(seconds=1)
    with pytest.raises(NotThere):
        fetched(world, url)


@pytest.mark.parametrize(("who", "in_channel"), [("Amara", True), ("Brigid", True), ("Gwen", False)])
async def test_who_is_no_lead_now_gets_nothing(world: World, who: str, in_channel: bool) -> None:
    with pytest.raises(UserError) as refused:
        ask(world, who, in_channel=in_channel)
    assert refused.value.message == leads.for_leads_only(world.programme)
    press = Press()
    assert await reporting(world, press).advance() == 0
    assert press.made == []


async def test_who_is_no_lead_any_more_when_it_is_ready_gets_nothing(world: World) -> None:
    ask(world)
    with world.uow() as uow:
        uow.people.set_duties(world.programme.id, world.people["Gwen"].id, ())
    await reporting(world, Press()).advance()
    assert world.queued() == []
    with world.uow() as uow:
        assert uow.files.kept() == []


async def test_without_an_address_the_lead_is_told_how_else(world: World) -> None:
    world.database._public_url = ""
    assert "peermentor report" in words(said(ask(world)))
    assert await reporting(world, Press()).advance() == 0


async def test_where_the_address_is_taken_away_meanwhile_the_lead_is_told_how_else(world: World) -> None:
    ask(world)
    world.database._public_url = ""
    assert await reporting(world, Press()).advance() == 1
    (told,) = world.queued()
    assert links(told.message) == {}
    assert "peermentor report" in words(told.message)
    with world.uow() as uow:
        assert uow.files.kept() == []


async def test_without_a_pdf_the_other_files_are_sent_and_the_lead_is_told(world: World) -> None:
    ask(world)
    await reporting(world, Press(without_pdf=True)).advance()
    (sent,) = world.queued()
    assert len(links(sent.message)) == 3
    assert "There is no PDF" in words(sent.message)


async def test_what_failed_is_tried_again_after_a_while(world: World) -> None:
    ask(world)
    press = Press(failing=1)
    making = reporting(world, press)
    assert await making.advance() == 0
    assert await making.advance() == 0
    assert len(press.made) == 1
    world.now += AFTER_A_FAULT
    assert await making.advance() == 1
    assert len(links(world.queued()[0].message)) == 4


def unsayable(*_given: object) -> Message:
    raise ValueError("there are no words")


async def test_what_could_not_be_sent_is_tried_again_after_a_while(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(world)
    press = Press()
    making = reporting(world, press)
    with monkeypatch.context() as patch:
        patch.setattr(report, "ready", unsayable)
        assert await making.advance() == 0
        assert await making.advance() == 0
    assert len(press.made) == 1
    assert world.queued() == []
    world.now += AFTER_A_FAULT
    assert await making.advance() == 1
    assert len(links(world.queued()[0].message)) == 4


async def test_after_a_long_while_the_lead_is_told_too_where_it_could_be_made_and_not_sent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(world)
    monkeypatch.setattr(report, "ready", unsayable)
    world.now += GIVEN_UP
    assert await reporting(world, Press()).advance() == 1
    (told,) = world.queued()
    assert "could not make the report" in told.message.summary


async def test_after_a_long_while_the_lead_is_told_that_there_is_none(world: World) -> None:
    ask(world)
    making = reporting(world, Press(failing=99))
    await making.advance()
    world.now += GIVEN_UP
    assert await making.advance() == 1
    (told,) = world.queued()
    assert "could not make the report" in told.message.summary
    assert await making.advance() == 0


def test_the_button_is_on_the_leads_digest() -> None:
    assert button(leads.EXAMPLES["digest"](), "report").label == "Make the report"  # type: ignore[arg-type]
