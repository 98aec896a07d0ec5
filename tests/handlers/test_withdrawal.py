"""Taking back what was sent to an open wave."""

import pytest

from bot.flow import InForm
from bot.handlers.questions import SHOW
from storage.records import Wave
from tests.handlers.acts import form_of, said, words
from tests.handlers.answering import answer, everything, in_form, open_pulse, send_form, told, type_command, withdraw
from tests.world import World


@pytest.fixture
def wave(world: World) -> Wave:
    """A pulse that has just opened for Amara, Tomasz, Niamh and Haruki."""
    return open_pulse(world)


@pytest.mark.usefixtures("wave")
def test_everything_is_taken_back(world: World) -> None:
    answer(world, "Amara")
    others = everything(world)
    answer(world, "Niamh", item_comment="Evenings suit me.", permission=SHOW)
    assert "deleted" in in_form(withdraw(world, "Niamh"))
    assert everything(world) == others
    assert "nothing to take back" in in_form(withdraw(world, "Niamh"))
    assert everything(world) == others
    assert isinstance(answer(world, "Niamh"), InForm)


@pytest.mark.usefixtures("wave")
def test_the_form_for_it_says_the_same_whether_or_not_there_is_anything(world: World) -> None:
    before = type_command(world, "Niamh", "withdraw")
    answer(world, "Niamh")
    assert type_command(world, "Niamh", "withdraw") == before


@pytest.mark.usefixtures("wave")
def test_who_has_left_can_take_back_until_the_close(world: World) -> None:
    answer(world, "Niamh")
    with world.uow() as uow:
        uow.people.set_state(world.people["Niamh"].id, "left")
    form = form_of(type_command(world, "Niamh", "withdraw"))
    assert "for good" in form.intro
    assert "deleted" in in_form(send_form(world, "Niamh", form))
    assert everything(world)["sealed_answer"] == frozenset()


def test_after_the_close_nothing_can_be_taken_back(world: World, wave: Wave) -> None:
    answer(world, "Niamh")
    form = form_of(type_command(world, "Niamh", "withdraw"))
    world.now = wave.closes_at
    assert "has closed" in told(world, "Niamh", form)
    assert "destroyed" in words(said(type_command(world, "Niamh", "withdraw")))
