"""Consents: what can be told with the secret, and what cannot be told without it."""

from pathlib import Path

import pytest
from sqlalchemy import select

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


def test_several_at_once_are_written_in_an_order_that_is_nobodys(world: World) -> None:
    """On PostgreSQL rows stand in the order in which they were written."""
    people = sorted(person.id for person in world.people.values())
    with world.uow() as uow:
        uow.consents.give_all(world.programme.id, people, EXACT_COUNTS)
    assert [tag for tag, _mark in rows(world)] == sorted(tag for tag, _mark in rows(world))


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
