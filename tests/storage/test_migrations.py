"""The revisions make the tables that the models say."""

from collections.abc import Iterator

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

from bot import ui
from storage.models import metadata
from storage.unit_of_work import Database


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


@pytest.fixture
def fresh(empty_url: str) -> Iterator[Database]:
    database = Database(empty_url, ui.dump)
    database.upgrade()
    yield database
    database.close()


def test_the_revisions_make_the_models(fresh: Database) -> None:
    assert differences(fresh.engine) == []


def test_a_difference_would_be_found(fresh: Database) -> None:
    with fresh.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE pair DROP COLUMN introduced_at")
    assert differences(fresh.engine) != []


def test_upgrading_what_is_up_to_date_changes_nothing(fresh: Database) -> None:
    before = inspect(fresh.engine).get_table_names()
    fresh.upgrade()
    assert inspect(fresh.engine).get_table_names() == before


def test_every_revision_can_be_taken_back(fresh: Database) -> None:
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    with fresh.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert inspect(fresh.engine).get_table_names() == ["alembic_version"]
