"""Three real processes on one database of PostgreSQL: what they do together is done once, whoever is killed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import handlers
from bot.clock import real_time
from tests.replicas import UnhurriedSlack, deliver_and_kill, nation, start, until

pytestmark = pytest.mark.postgresql_only


async def test_one_of_three_is_killed_and_every_message_arrives_once() -> None:
    deaths = await deliver_and_kill(messages=600, kills=1)
    assert (deaths.lost, deaths.seen_twice, deaths.complaints) == (0, 0, [])
    assert max(deaths.ambiguous) <= 1


async def test_three_that_start_together_on_an_empty_database_all_serve(empty_url: str, tmp_path: Path) -> None:
    slack = UnhurriedSlack([], real_time, team="T1")
    await slack.start()
    replicas = [await start(empty_url, slack, tmp_path) for _ in range(3)]
    for replica in replicas:
        await replica.started()
    for replica in replicas:
        await replica.kill()
    await slack.stop()
    assert {entry["event"] for replica in replicas for entry in replica.log} == {"listening"}


async def test_due_work_is_done_once_by_three() -> None:
    """A programme begins: everybody is invited once. The messages wait for working hours."""
    async with nation(readers=60) as made:
        with made.world.database.begin(real_time()) as uow:
            for part in uow.people.participants(made.world.programme.id):
                uow.people.set_state(part.person.id, "invited")
            handlers.begin(made.world.programme, uow)
        began = {due.rule for due in made.world.due() if due.due_at <= datetime.now(UTC)}
        assert "welcome" in began
        await made.start(3)
        await until(lambda: not any(due.due_at <= datetime.now(UTC) for due in made.world.due()))
        welcomed = [queued.key for queued in made.world.queued() if queued.key.startswith("welcome")]
        assert len(welcomed) >= 60
        assert len(set(welcomed)) == len(welcomed)
        assert made.complaints() == []
