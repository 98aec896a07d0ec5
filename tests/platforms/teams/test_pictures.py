"""A picture is shown from an address of the bot's own; where it has none, the words stay."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from bot import ui
from bot.chat import Unavailable
from bot.flow import InForm, ShowForm, Update
from bot.platforms import Platform
from bot.platforms.teams import render
from bot.platforms.teams.chat import TeamsChat
from bot.playground import teams_cards
from bot.playground.teams import TeamsClient, TeamsStandIn
from storage.records import Conversation
from tests.fake_gallery import PICTURE, FakeGallery, with_picture
from tests.platforms.teams.conftest import PRIYA, RecordingDispatch
from tests.platforms.teams.test_adapter import BUTTON, FORM, OPENER, on_screen
from tests.platforms.teams.test_chat import settings_of

ADDRESS = f"https://mentoring.example.org/files/{PICTURE.file}"


@dataclass
class Room:
    """A chat with somebody, and the stored pictures."""

    chat: TeamsChat
    gallery: FakeGallery
    teams: TeamsStandIn
    here: Conversation

    def images(self) -> list[dict[str, Any]]:
        """All pictures on the screen."""
        return [
            element
            for sent in self.teams.messages
            for element in sent.card(PRIYA.account.user)["body"]
            if element["type"] == "Image"
        ]


@pytest.fixture
async def room(teams: TeamsStandIn) -> AsyncIterator[Room]:
    """Opened."""
    gallery = FakeGallery()
    chat = TeamsChat(settings_of(teams), gallery)
    yield Room(chat, gallery, teams, await chat.open([PRIYA.account]))
    await chat.close()


async def test_a_picture_is_shown_from_its_address_with_its_words(room: Room) -> None:
    await room.chat.send(room.here, with_picture(), "release:4")
    (image,) = room.images()
    assert (image["url"], image["altText"]) == (ADDRESS, PICTURE.alt)
    shown = room.teams.client(PRIYA.account).screen()[0]
    assert shown.lines == ("Before", PICTURE.alt, "After", "Only you see this.")


async def test_an_edit_has_its_picture_too(room: Room) -> None:
    sent = await room.chat.send(room.here, ui.Message("x", (ui.Text("x"),), "Only you see this."), "release:4")
    await room.chat.edit(room.here, sent, with_picture(), "release:4")
    assert [image["url"] for image in room.images()] == [ADDRESS]


async def test_without_a_public_address_the_words_are_sent(room: Room) -> None:
    room.gallery.public = ""
    await room.chat.send(room.here, with_picture(), "release:4")
    assert room.images() == []
    assert room.teams.client(PRIYA.account).screen()[0].lines == ("Before", "After", "Only you see this.")


async def test_while_the_database_is_gone_nothing_is_sent(room: Room) -> None:
    room.gallery.gone = True
    with pytest.raises(Unavailable):
        await room.chat.send(room.here, with_picture(), "release:4")
    assert room.teams.posts == []


async def test_an_answer_to_a_tap_has_its_picture(
    bot: Platform, priya: TeamsClient, dispatch: RecordingDispatch
) -> None:
    shown = await on_screen(bot, priya, BUTTON)
    dispatch.outcome = Update(with_picture())
    answer = await priya.tap(shown, shown.button("met"))
    assert answer.message is not None
    assert answer.message.lines == ("Before", PICTURE.alt, "After", "Only you see this.")


async def test_words_in_a_form_have_their_picture(
    bot: Platform, priya: TeamsClient, dispatch: RecordingDispatch
) -> None:
    shown = await on_screen(bot, priya, OPENER)
    dispatch.outcome = ShowForm(FORM, "logmeeting", "17")
    form = (await priya.tap(shown, shown.button("logmeeting"))).form
    assert form is not None
    dispatch.outcome = InForm(with_picture())
    words = (await priya.submit(form, {})).form
    assert words is not None
    assert PICTURE.alt in words.lines


# The card


def test_a_picture_is_as_wide_as_the_card_and_can_be_enlarged() -> None:
    card = render.card(with_picture(ui.Picture(ADDRESS, "17 of 18")))
    teams_cards.check(card)
    (image,) = (element for element in card["body"] if element["type"] == "Image")
    assert image == {
        "type": "Image",
        "url": ADDRESS,
        "altText": "17 of 18",
        "size": "Stretch",
        "msTeams": {"allowExpand": True},
    }


@pytest.mark.parametrize("url", ["http://127.0.0.1:3978/files/x", "http://localhost:3978/files/x"])
def test_a_demo_on_this_machine_may_show_pictures_without_https(url: str) -> None:
    teams_cards.check(render.card(with_picture(ui.Picture(url, "17 of 18"))))


@pytest.mark.parametrize(
    ("file", "alt"),
    [
        ("4-1", "17 of 18"),
        ("http://example.org/x.png", "17 of 18"),
        ("data:image/png;base64,AAAA", "17 of 18"),
        (ADDRESS, ""),
        (ADDRESS, "  "),
        (ADDRESS, "x" * 2001),
    ],
)
def test_what_teams_would_not_show_or_nobody_could_hear_raises(file: str, alt: str) -> None:
    with pytest.raises(ValueError, match="picture"):
        render.card(with_picture(ui.Picture(file, alt)))


@pytest.mark.parametrize(
    "change", [{"url": "http://example.org/x.png"}, {"url": "4-1"}, {"altText": ""}, {"altText": None}]
)
def test_the_stand_in_refuses_such_a_picture(change: dict[str, Any]) -> None:
    card = render.card(with_picture(ui.Picture(ADDRESS, "17 of 18")))
    card["body"] = [element | change if element["type"] == "Image" else element for element in card["body"]]
    with pytest.raises(teams_cards.BadCard):
        teams_cards.check(card)
