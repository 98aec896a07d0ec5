"""Opening, sending and taking back what a wave asks, in the tests of these conversations."""

import pytest
from sqlalchemy import select

from bot import ui
from bot.flow import FormErrors, InForm, Outcome, UserError
from bot.handlers import checkin_form, withdrawal
from bot.surveys.instrument import Answer, Comment, as_declared
from bot.surveys.loading import all_instruments
from bot.surveys.sealing import SCORES, WORDS, open_answer, open_comment, tag
from storage.models import metadata
from storage.records import Wave
from tests import waves
from tests.handlers.acts import form_of, send, words
from tests.world import World

PULSE = all_instruments()["pulse"]
GOOD: ui.Values = {"item_useful": "4", "item_open": "5", "item_time": "2"}
EVERYBODY = ("Amara", "Tomasz", "Niamh", "Haruki", "Leila")
FLOWS = {"checkin": checkin_form.flow, "checkin_part": checkin_form.flow, "withdraw": withdrawal.flow}
"""By what a command, a button or a form is called."""

Rows = dict[str, frozenset[tuple[object, ...]]]


def everything(world: World) -> Rows:
    """All that is stored."""
    with world.database.engine.connect() as connection:
        return {
            table.name: frozenset(map(tuple, connection.execute(select(table)))) for table in metadata.sorted_tables
        }


def changed(before: Rows, after: Rows) -> set[str]:
    """The tables in which something is different."""
    return {name for name in before if before[name] != after[name]}


def open_pulse(world: World) -> Wave:
    """A pulse that has just opened for Amara, Tomasz, Niamh and Haruki; Leila takes part, too."""
    world.join(*EVERYBODY)
    return waves.open_wave(world, PULSE)


def type_command(world: World, who: str, name: str) -> Outcome:
    """``/checkin`` or ``/withdraw``."""
    return world.do(FLOWS[name], world.event(who, "command", name))


def open_form(world: World, who: str, subject: str = "") -> Outcome:
    """By the command, or by the button of a wave."""
    if not subject:
        return type_command(world, who, "checkin")
    return world.do(FLOWS["checkin"], world.event(who, "button", "checkin", subject=subject))


def send_form(world: World, who: str, form: ui.Form, **values: str | tuple[str, ...]) -> Outcome:
    """Fill in a form and send it."""
    return send(world, FLOWS[form.name], who, form, **values)


def answer(world: World, who: str, **values: str) -> Outcome:
    """Open the form of the pulse and send it."""
    return send_form(world, who, form_of(open_form(world, who)), **GOOD | values)


def withdraw(world: World, who: str) -> Outcome:
    """Take back what was sent."""
    return send_form(world, who, form_of(type_command(world, who, "withdraw")))


def in_form(outcome: Outcome) -> str:
    """What is said in the window of the form."""
    assert isinstance(outcome, InForm), outcome
    return words(outcome.message)


def refused(world: World, who: str, form: ui.Form, **values: str | tuple[str, ...]) -> dict[str, str]:
    """The errors beside the fields; nothing was stored."""
    before = everything(world)
    with pytest.raises(FormErrors) as caught:
        send_form(world, who, form, **values)
    assert everything(world) == before
    assert caught.value.errors.keys() <= {field.name for field in caught.value.form.fields}
    return caught.value.errors


def told(world: World, who: str, form: ui.Form, **values: str | tuple[str, ...]) -> str:
    """Why the form cannot be taken at all; nothing was stored."""
    before = everything(world)
    with pytest.raises(UserError) as caught:
        send_form(world, who, form, **values)
    assert everything(world) == before
    return words(caught.value.message)


def opened(world: World, wave: Wave, who: str, part: int = 1) -> tuple[Answer, Comment]:
    """What lies in somebody's boxes for a part, as only the close reads it."""
    keys = waves.keys_of_wave(world, wave)
    with world.uow() as uow:
        boxes = dict(uow.waves.boxes(wave.id, limit=100))
    scores, written = (boxes[tag(keys.secret, world.people[who].id, part, kind)] for kind in (SCORES, WORDS))
    instrument = as_declared(wave.instrument)
    return open_answer(scores, instrument, keys), open_comment(written, instrument, keys)
