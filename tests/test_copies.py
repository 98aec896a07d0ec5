"""The research copy as it grows: who is in it, what is in it, and what a thief of the database finds of it."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Table, select

from bot import ui
from bot.copies import keep_copy
from bot.files.research_key import private_key
from bot.flow import InForm
from bot.handlers import checkin_form, withdrawal
from bot.surveys.instrument import Answer
from bot.surveys.loading import all_instruments
from bot.surveys.research import Copy, open_copy
from bot.surveys.sealing import CannotOpen
from storage.models import consent, research_copy
from storage.records import Wave
from tests import waves
from tests.attacks.stolen import found, loot
from tests.attacks.table import wilson
from tests.databases import keys_of
from tests.handlers.acts import form_of, send
from tests.research import PRIVATE, agree, answer, choose, copies, plan_copy, settle
from tests.world import World, build

MENTORS, MENTEES = 18, 18
PROGRAMMES = 8


def opened(world: World) -> list[Copy]:
    """What the evaluator could read."""
    with world.uow() as uow:
        boxes = uow.research.boxes(world.programme.id, uow.research.tags(world.programme.id))
    return [open_copy(box, private_key(PRIVATE)) for box in boxes]


def fill_in(world: World, who: str, choice: str = "4", words: str = "") -> None:
    """Answer every part of what is open, as people do: the same option everywhere, and words where there is room."""
    outcome = world.do(checkin_form.flow, world.event(who, "button", "checkin"))
    while not isinstance(outcome, InForm):
        form = form_of(outcome)
        outcome = send(world, checkin_form.flow, who, form, **answers_to(form, choice, words))


def answers_to(form: ui.Form, choice: str = "4", words: str = "") -> dict[str, str | tuple[str, ...]]:
    values: dict[str, str | tuple[str, ...]] = {}
    for field in form.fields:
        if isinstance(field, ui.PickOne):
            options = [option.value for option in field.options]
            values[field.name] = choice if choice in options else options[0]
        elif isinstance(field, ui.PickMany):
            values[field.name] = (field.options[0].value,)
        else:
            values[field.name] = words
    return values


def questionnaire(world: World, *agreeing: str, level: str = "research") -> Wave:
    """A questionnaire of the bot's own that is open for everybody, of whom some agreed to be in the copy."""
    plan_copy(world)
    world.join("Amara", "Niamh", "Tomasz", "Haruki", "Leila")
    agree(world, [world.people[who].id for who in agreeing])
    return waves.open_wave(world, all_instruments()["end"], level=level)


# Who is in it


def test_a_copy_is_kept_of_who_agreed_and_of_nobody_else(world: World) -> None:
    wave = questionnaire(world, "Niamh")
    for who in ("Niamh", "Amara", "Tomasz", "Leila"):
        fill_in(world, who)
    parts = all_instruments()["end"].parts_for("mentee")
    kept = opened(world)
    assert sorted(each.part for each in kept) == list(parts)
    assert {each.role for each in kept} == {"mentee"}
    assert {each.wave for each in kept} == {f"end {wave.opens_at:%Y-%m-%d}"}
    assert len({each.pseudonym for each in kept}) == 1


def test_who_is_not_in_the_research_wave_has_nothing_in_it(world: World) -> None:
    """Also those who agreed: their answers are counted in steps."""
    questionnaire(world, "Niamh", "Amara", level="standard")
    fill_in(world, "Niamh")
    fill_in(world, "Amara")
    assert copies(world) == 0


def test_what_is_in_it_is_what_was_ticked_and_no_word(world: World) -> None:
    questionnaire(world, "Niamh")
    fill_in(world, "Niamh", "5", "kingfisher-7d1c")
    instrument = all_instruments()["end"]
    marks = {name: chosen for each in opened(world) for name, chosen in each.marks.items()}
    asked = {item.id for item in instrument.items_for("mentee") if item.kind != "text"}
    assert marks.keys() == asked
    assert not any("kingfisher" in repr(each) for each in opened(world))


def test_sending_a_part_again_replaces_its_copy(world: World) -> None:
    plan_copy(world)
    world.join("Niamh")
    niamh = world.people["Niamh"].id
    agree(world, [niamh])
    wave = waves.open_wave(world, level="research")
    for marks in ((1, 1, 1), (5, 4, 3)):
        answer(world, wave, niamh, "mentee", marks)
    (kept,) = opened(world)
    assert kept.marks == {"time": (5,), "trust": (4,), "use": (3,)}


def test_who_agrees_half_way_has_no_copy_without_the_parts_before(world: World) -> None:
    """The released counts less the copies of those parts would be their answers from before they agreed."""
    questionnaire(world)
    first = form_of(world.do(checkin_form.flow, world.event("Niamh", "button", "checkin")))
    send(world, checkin_form.flow, "Niamh", first, **answers_to(first))
    agree(world, [world.people["Niamh"].id])
    fill_in(world, "Niamh")
    assert copies(world) == 0
    withdrawn = form_of(world.do(withdrawal.flow, world.event("Niamh", "command", "withdraw")))
    send(world, withdrawal.flow, "Niamh", withdrawn)
    fill_in(world, "Niamh")
    assert sorted(each.part for each in opened(world)) == list(all_instruments()["end"].parts_for("mentee"))


def test_a_pseudonym_is_the_same_in_every_wave_and_everybody_has_another(world: World) -> None:
    plan_copy(world)
    world.join("Niamh", "Amara")
    niamh, amara = world.people["Niamh"].id, world.people["Amara"].id
    agree(world, [niamh, amara])
    for _ in range(2):
        wave = waves.open_wave(world, level="research")
        answer(world, wave, niamh, "mentee")
        answer(world, wave, amara, "mentor")
        world.pass_time(days=30)
    names = Counter((each.role, each.pseudonym) for each in opened(world))
    assert sorted(names.values()) == [2, 2]


def test_taking_answers_back_takes_their_copy_and_no_other(world: World) -> None:
    wave = questionnaire(world, "Niamh", "Amara")
    fill_in(world, "Niamh")
    fill_in(world, "Amara")
    world.pass_time(days=20)
    other = waves.open_wave(world, level="research")
    answer(world, other, world.people["Niamh"].id, "mentee")
    world.pass_time(days=-20)
    form = form_of(world.do(withdrawal.flow, world.event("Niamh", "button", "withdraw", subject=str(wave.id))))
    send(world, withdrawal.flow, "Niamh", form)
    assert Counter(each.wave for each in opened(world) if each.role == "mentee") == {
        f"pulse {other.opens_at:%Y-%m-%d}": 1
    }
    assert {each.wave for each in opened(world) if each.role == "mentor"} == {f"end {wave.opens_at:%Y-%m-%d}"}


def test_nothing_is_kept_once_it_is_being_handed_over(world: World) -> None:
    questionnaire(world, "Niamh")
    with world.uow() as uow:
        uow.research.advance(world.programme.id, "closing")
    fill_in(world, "Niamh")
    assert copies(world) == 0


def test_nothing_is_kept_where_the_secret_is_lost(world: World) -> None:
    """It could never be taken back."""
    questionnaire(world, "Niamh")
    fill_in(world, "Niamh")
    there = copies(world)
    Path(keys_of(world.url).path / f"{world.programme.id}-research.key").unlink()
    with world.uow() as uow:
        wave = uow.waves.are_under_way(world.programme.id)[0]
        keep_copy(wave, world.people["Niamh"].id, Answer({}), uow, role="mentee", part=99)
    assert copies(world) == there


# What a thief finds


@pytest.fixture
def on_a_file(tmp_path: Path) -> Iterator[World]:
    """A world in a file, which a thief can copy."""
    made = build(f"sqlite:///{tmp_path / 'world.sqlite3'}")
    yield made
    made.database.close()


def test_a_stolen_database_tells_neither_who_is_in_it_nor_what_they_said(on_a_file: World) -> None:
    """Laid beside the list of members, in the order of rows and in those in which they stand in the file and its log,
    copies and consents match their owners as by chance."""
    random, world = Random(7), on_a_file
    plan_copy(world)
    ids = waves.enrol(world, MENTORS, MENTEES)
    roles = {person_id: role for role, some in ids.items() for person_id in some}
    agreeing = random.sample(sorted(roles), 30)
    hits: Counter[str] = Counter()
    for _ in range(PROGRAMMES):
        with world.database.engine.begin() as connection:
            connection.execute(research_copy.delete())
            connection.execute(consent.delete())
        consents: dict[bytes, int] = {}
        for person_id in random.sample(agreeing, len(agreeing)):
            consents |= dict.fromkeys(_new(world, consent, partial(choose, world, person_id)), person_id)
        settle(world, agreeing)
        wave = waves.open_wave(world, level="research")
        kept: dict[bytes, int] = {}
        for person_id in random.sample(agreeing, len(agreeing)):
            marks = [random.randint(1, 5) for _item in range(3)]
            send_it = partial(answer, world, wave, person_id, roles[person_id], marks)
            kept |= dict.fromkeys(_new(world, research_copy, send_it), person_id)
        assert (len(kept), len(consents)) == (len(agreeing), 2 * len(agreeing))
        hits.update(_matched(world, "consents", consents, sorted(roles)))
        hits.update(_matched(world, "copies", kept, sorted(roles)))
        world.pass_time(days=1)
    for order, count in hits.items():
        low, _high = wilson(count, PROGRAMMES * len(agreeing) * (2 if "consents" in order else 1))
        assert low <= 1 / len(roles) + 0.05, order


def _new(world: World, table: Table, act: Callable[[], None]) -> set[bytes]:
    """The tags that an act makes in a table."""
    before = _tags(world, table)
    act()
    return _tags(world, table) - before


def _tags(world: World, table: Table) -> set[bytes]:
    with world.database.engine.connect() as connection:
        return set(connection.execute(select(table.c.tag)).scalars())


def _matched(world: World, what: str, owners: dict[bytes, int], members: list[int]) -> dict[str, int]:
    """How many are laid beside their owner when they are laid beside the list of members."""
    everything = b"".join(loot(world, with_keys=False).values())
    orders = {
        "order of rows": sorted(owners),
        "order in pages": sorted(owners, key=everything.find),
        "order in the log": sorted(owners, key=everything.rfind),
    }
    step = len(members) / len(owners)
    return {
        f"{what}, {name}": sum(members[int(place * step)] == owners[tag] for place, tag in enumerate(order))
        for name, order in orders.items()
    }


def test_no_word_no_pseudonym_and_no_secret_is_in_the_stolen_files(on_a_file: World) -> None:
    world = on_a_file
    questionnaire(world, "Niamh")
    fill_in(world, "Niamh", words="kingfisher-7d1c")
    with world.uow() as uow:
        secret = uow.research.secret.get(world.programme.id)
    pseudonyms = [each.pseudonym.encode() for each in opened(world)]
    files = loot(world, with_keys=False)
    assert found([secret, b"kingfisher-7d1c", *pseudonyms], files) == 0
    assert found([_some_tag(world)], files) == 1, "the search is blind"


def test_with_the_keys_too_answers_stay_sealed(world: World) -> None:
    """Whoever gets the key directory as well can tell who is in the copy, and not what they said."""
    questionnaire(world, "Niamh")
    fill_in(world, "Niamh", words="kingfisher-7d1c")
    wave_keys = waves.keys_of_wave(world, _only_wave(world))
    with world.uow() as uow:
        boxes = uow.research.boxes(world.programme.id, uow.research.tags(world.programme.id))
    assert boxes
    for box in boxes:
        with pytest.raises(CannotOpen):
            open_copy(box, wave_keys.private)


def _some_tag(world: World) -> bytes:
    with world.uow() as uow:
        return min(uow.research.tags(world.programme.id))


def _only_wave(world: World) -> Wave:
    with world.uow() as uow:
        (wave,) = uow.waves.are_under_way(world.programme.id)
    return wave
