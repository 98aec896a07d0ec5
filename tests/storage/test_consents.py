"""Consents: what can be told with the secret, and what cannot be told without it."""

from pathlib import Path

import pytest
from sqlalchemy import select, update

from storage.consents import EXACT_COUNTS
from storage.models import consent
from tests.databases import keys_of
from tests.world import World


def give(world: World, *names: str, kind: str = EXACT_COUNTS) -> None:
    for name in names:
        with world.uow() as uow:
            uow.consents.give(world.programme.id, world.people[name].id, kind)


def who(world: World, kind: str = EXACT_COUNTS) -> set[str]:
    with world.uow() as uow:
        ids = uow.consents.who(world.programme.id, kind)
    return {name for name, person in world.people.items() if person.id in ids}


def refuse(world: World, *names: str) -> None:
    for name in names:
        with world.uow() as uow:
            uow.consents.take_back(world.programme.id, world.people[name].id, EXACT_COUNTS)


def rows(world: World) -> list[tuple[bytes, bytes]]:
    """As they stand in the table."""
    with world.database.engine.connect() as connection:
        return [(row.tag, row.mark) for row in connection.execute(select(consent.c.tag, consent.c.mark))]


def test_nobody_has_agreed_before_being_asked(world: World) -> None:
    assert who(world) == set()
    with world.uow() as uow:
        assert not uow.consents.has(world.programme.id, world.people["Amara"].id, EXACT_COUNTS)
        assert uow.keys.names() == set()


def test_who_agreed_can_be_told(world: World) -> None:
    give(world, "Niamh", "Leila", "Amara", "Niamh")
    assert who(world) == {"Amara", "Niamh", "Leila"}
    with world.uow() as uow:
        assert uow.consents.has(world.programme.id, world.people["Leila"].id, EXACT_COUNTS)
        assert not uow.consents.has(world.programme.id, world.people["Tomasz"].id, EXACT_COUNTS)


def test_one_consent_says_nothing_of_another(world: World) -> None:
    give(world, "Niamh")
    give(world, "Leila", kind="another")
    assert who(world) == {"Niamh"}
    assert who(world, "another") == {"Leila"}


def test_what_is_taken_back_does_not_hold(world: World) -> None:
    give(world, "Niamh", "Leila")
    refuse(world, "Niamh", "Tomasz")
    assert who(world) == {"Leila"}


def test_a_yes_and_a_no_look_alike(world: World) -> None:
    """So a row tells at most that somebody chose; and choosing the same again looks like choosing something else."""
    give(world, "Niamh")
    refuse(world, "Leila")
    first = rows(world)
    give(world, "Niamh")
    second = rows(world)
    assert {len(mark) for _tag, mark in first} == {len(first[0][1])}
    assert {tag for tag, _mark in first} == {tag for tag, _mark in second}
    assert len(set(first) - set(second)) == 1
    assert who(world) == {"Niamh"}


def settle(world: World, *names: str) -> None:
    with world.uow() as uow:
        uow.consents.settle(world.programme.id, [world.people[name].id for name in names])


def settled(world: World) -> set[str]:
    with world.uow() as uow:
        ids = uow.consents.settled(world.programme.id)
    return {name for name, person in world.people.items() if person.id in ids}


def test_what_was_settled_holds_whatever_is_chosen_later(world: World) -> None:
    assert settled(world) == set()
    give(world, "Niamh", "Leila")
    assert settled(world) == set()
    settle(world, "Niamh", "Leila")
    refuse(world, "Niamh")
    give(world, "Tomasz")
    assert settled(world) == {"Niamh", "Leila"}
    assert who(world) == {"Leila", "Tomasz"}


def test_what_was_settled_is_one_row_that_tells_neither_who_nor_how_many(world: World) -> None:
    settle(world, "Niamh")
    ((_tag, of_one),) = rows(world)
    settle(world, "Niamh", "Leila", "Amara")
    ((_tag, of_three),) = rows(world)
    settle(world)
    ((_tag, of_none),) = rows(world)
    assert len(of_none) == len(of_one) == len(of_three)
    for name, person in world.people.items():
        assert person.id.to_bytes(8) not in of_three, name
    assert settled(world) == set()


def test_without_the_secret_nothing_was_settled(world: World) -> None:
    settle(world, "Niamh")
    (before,) = rows(world)
    secret = Path(keys_of(world.url).path / f"{world.programme.id}-consents.key")
    secret.unlink()
    assert settled(world) == set()
    give(world, "Leila")
    assert before not in rows(world)
    assert settled(world) == set()


def test_a_list_that_was_tampered_with_names_nobody(world: World) -> None:
    settle(world, "Niamh")
    ((_tag, mark),) = rows(world)
    with world.database.engine.begin() as connection:
        connection.execute(update(consent).values(mark=mark[:-1] + bytes([mark[-1] ^ 1])))
    assert settled(world) == set()


def test_without_the_secret_nobody_can_be_named(world: World) -> None:
    give(world, "Niamh", "Leila", "Amara", "Tomasz", "Haruki")
    assert [column.name for column in consent.columns] == ["programme_id", "tag", "mark"]
    given = {tag for tag, _mark in rows(world)}
    Path(keys_of(world.url).path / f"{world.programme.id}-consents.key").unlink()
    assert who(world) == set()
    give(world, "Niamh")
    assert who(world) == {"Niamh"}
    assert {tag for tag, _mark in rows(world)}.isdisjoint(given)


@pytest.mark.parametrize("name", ["Gwen", "Brigid"])
def test_only_those_with_a_part_are_told(world: World, name: str) -> None:
    give(world, name)
    assert who(world) == set()
