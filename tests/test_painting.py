"""Each release is painted once, between the ledger and its being told, whatever fails and whoever is killed."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
import structlog
from msgspec.structs import replace as with_other
from sqlalchemy import select

from bot.chat import Unavailable
from bot.gallery import StoredPictures
from bot.painting import Painting
from bot.surveys.chart import Chart
from bot.surveys.charts import alt_text, charts_of
from bot.surveys.drawing import NotDrawn
from bot.surveys.release import Release
from storage.models import picture
from storage.records import NotThere, Picture, Wave
from storage.unit_of_work import Database, DatabaseGone
from tests.releases import PULSE, let_out, questionnaire
from tests.world import World, open_at

PNG = b"\x89PNG made up"


class Painter:
    """Draws what the tests need; ``fault``: what it raises instead."""

    def __init__(self, fault: BaseException | None = None) -> None:
        self.fault = fault
        self.drew = 0

    async def __call__(self, charts: Sequence[Chart]) -> list[bytes]:
        await asyncio.sleep(0)
        self.drew += 1
        if self.fault is not None:
            raise self.fault
        return [PNG + str(number).encode() for number in range(len(charts))]


def painting_of(world: World, painter: Painter | None = None) -> Painting:
    return Painting(world.database, clock=lambda: world.now, draw=painter or Painter())


def hung(world: World, wave: Wave) -> list[Picture]:
    with world.uow() as uow:
        return uow.pictures.of(wave.id)


def posts_due(world: World) -> list[str]:
    return [due.subject for due in world.due() if due.rule == "release_post"]


@pytest.mark.parametrize("release", [PULSE, questionnaire(exact=True)])
async def test_a_release_is_painted_and_then_told(world: World, release: Release) -> None:
    wave = let_out(world, release)
    assert posts_due(world) == []
    assert await painting_of(world).advance() == 1
    assert [each.alt for each in hung(world, wave)] == [alt_text(chart) for chart in charts_of(release)]
    assert posts_due(world) == [str(wave.id)]
    with world.uow() as uow:
        assert uow.pictures.content(f"{wave.id}-1") == PNG + b"0"


async def test_it_is_painted_once(world: World) -> None:
    let_out(world)
    painter = Painter()
    assert await painting_of(world, painter).advance() == 1
    assert await painting_of(world, painter).advance() == 0
    assert painter.drew == 1
    assert len(posts_due(world)) == 1


async def test_a_release_without_results_is_told_without_pictures(world: World) -> None:
    wave = let_out(world, with_other(PULSE, rows=(), refused="few"))
    painter = Painter()
    assert await painting_of(world, painter).advance() == 1
    assert painter.drew == 0
    assert hung(world, wave) == []
    assert posts_due(world) == [str(wave.id)]


@pytest.mark.parametrize("fault", [NotDrawn("ended with status 1"), OSError("no room"), ValueError("a private reason")])
async def test_what_cannot_be_drawn_is_told_in_words(world: World, fault: Exception) -> None:
    wave = let_out(world)
    with structlog.testing.capture_logs() as logs:
        assert await painting_of(world, Painter(fault)).advance() == 1
    assert hung(world, wave) == []
    assert posts_due(world) == [str(wave.id)]
    assert [line["event"] for line in logs] == ["release.not_drawn"]
    assert "private" not in str(logs)


async def test_one_that_was_killed_while_it_painted_begins_again(world: World) -> None:
    wave = let_out(world)
    with pytest.raises(asyncio.CancelledError):
        await painting_of(world, Painter(asyncio.CancelledError())).advance()
    assert hung(world, wave) == []
    assert posts_due(world) == []
    assert await painting_of(world).advance() == 1
    assert posts_due(world) == [str(wave.id)]


async def test_two_that_paint_at_once_hang_one_set_and_have_it_told_once(world: World) -> None:
    wave = let_out(world, questionnaire(exact=False))
    other = open_at(world.url)
    painted = await asyncio.gather(painting_of(world).advance(), painting_of(other).advance())
    other.database.close()
    assert sum(painted) == 1
    assert len(hung(world, wave)) == len(charts_of(questionnaire(exact=False)))
    assert posts_due(world) == [str(wave.id)]


# Where they can be had


async def test_a_picture_has_an_address_that_nobody_can_guess(world: World) -> None:
    wave = let_out(world)
    await painting_of(world).advance()
    public = Database(world.url, str, public_url="https://mentoring.example.org")
    with public.begin(world.now) as uow:
        address = uow.pictures.address(f"{wave.id}-1")
        token = address.removeprefix("https://mentoring.example.org/files/")
        assert len(token) >= 22, "128 bits"
        assert uow.pictures.fetch(token).content == PNG + b"0"
        for other in ("", "x", f"{wave.id}-1", token[:-1]):
            with pytest.raises(NotThere):
                uow.pictures.fetch(other)
    with public.begin(world.now + timedelta(days=400)) as uow:
        assert uow.pictures.fetch(token).media_type == "image/png"
    public.close()
    with world.uow() as uow:
        assert uow.pictures.address(f"{wave.id}-1") == "", "nobody reaches this bot"
    with world.database.engine.connect() as connection:
        assert len(set(connection.scalars(select(picture.c.token)))) == 1


async def test_the_gallery_gives_what_there_is_and_nothing_else(world: World) -> None:
    wave = let_out(world)
    await painting_of(world).advance()
    gallery = StoredPictures(world.database, lambda: world.now)
    name = f"{wave.id}-1"
    assert await gallery.content(name) == PNG + b"0"
    assert await gallery.content("99-1") == b""
    assert await gallery.address("99-1") == ""
    assert await gallery.copy_of(name, "T1") == ""
    await gallery.note_copy(name, "T1", "F1")
    await gallery.note_copy(name, "T1", "F2")
    assert (await gallery.copy_of(name, "T1"), await gallery.copy_of(name, "T2")) == ("F2", "")
    await gallery.forget_copy(name, "T1", "F1")
    assert await gallery.copy_of(name, "T1") == "F2", "somebody has brought another one meanwhile"
    await gallery.forget_copy(name, "T1", "F2")
    assert await gallery.copy_of(name, "T1") == ""


async def test_a_gallery_whose_database_is_gone_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(*_arguments: object) -> None:
        raise DatabaseGone

    monkeypatch.setattr(world.database, "run", gone)
    with pytest.raises(Unavailable):
        await StoredPictures(world.database, lambda: world.now).content("1-1")
