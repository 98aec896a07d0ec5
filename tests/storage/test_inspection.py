"""A look at the database that cannot change it."""

import pytest

from bot import ui
from storage.inspection import Inspection
from storage.unit_of_work import DatabaseGone
from tests.world import World


def test_what_is_there_is_found(world: World) -> None:
    inspection = Inspection(world.url, encode=ui.dump)
    facts = inspection.facts()
    found = inspection.read(lambda uow: uow.programmes.current(), world.now)
    inspection.close()
    assert found == world.programme
    assert facts.revision == facts.newest
    assert facts.is_known


def test_nothing_can_be_written(world: World) -> None:
    inspection = Inspection(world.url, encode=ui.dump)
    with pytest.raises(DatabaseGone):
        inspection.read(lambda uow: uow.programmes.change(world.programme.id, name="Another"), world.now)
    inspection.close()
    with world.uow() as uow:
        assert uow.programmes.current() == world.programme
