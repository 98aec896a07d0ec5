"""``/readyz``: what stands in the way is told, and told no more once it does not. A platform that does not let the bot
in is left alone, and nothing is lost meanwhile."""

import asyncio

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.delivery import UNAUTHORISED_PAUSE
from bot.playground.client import Fault
from bot.readiness import Readiness
from storage.keys import KeyDirectory
from storage.unit_of_work import Database, DatabaseGone
from tests.contract.stage import Cast, Stage

FOR_EVER = 10**6
INVITED = {"slack": ("Amara", "Niamh", "Leila", "Farah"), "teams": ("Tomasz", "Haruki", "Priya", "Chidi")}
TOLD = {
    "slack": "Slack does not accept the bot: the token was revoked",
    "teams": "Teams does not accept the bot: the secret has expired",
}


async def readyz(stage: Stage) -> tuple[int, list[str]]:
    """The status, and the reasons."""
    async with aiohttp.ClientSession() as http, http.get(f"{stage.address}/readyz") as answer:
        said = await answer.json()
        assert said["status"] == ("ready" if answer.status == 200 else "not ready")
        return answer.status, said.get("reasons", [])


def shut_out(stage: Stage, cast: Cast) -> None:
    """From now on the platform does not accept the bot's token or secret."""
    if cast.platform == "slack":
        stage.slack.faults.append(Fault("", "slack_error", times=FOR_EVER, error="token_revoked"))
    else:
        stage.teams.secret_has_expired = True
        stage.teams.grants.revoke()


def let_in(stage: Stage, cast: Cast) -> None:
    """It does again."""
    if cast.platform == "slack":
        stage.slack.faults.clear()
    else:
        stage.teams.secret_has_expired = False


def calls(stage: Stage, cast: Cast) -> int:
    """How often the bot has called the platform so far, for a token or anything else."""
    if cast.platform == "slack":
        return sum(stage.slack.calls.values())
    return stage.teams.grants.asked + len(stage.teams.posts) + stage.teams.edits


async def test_a_bot_that_can_do_its_work_is_ready(paired: Stage, cast: Cast) -> None:
    await paired.ask(cast.mentee, "home")
    assert await readyz(paired) == (200, [])


async def test_an_installation_that_is_refused_is_left_alone_told_and_served_again_without_a_restart(
    stage: Stage, cast: Cast
) -> None:
    shut_out(stage, cast)
    before = calls(stage, cast)
    with capture_logs() as log:
        await stage.advance(hours=1)
    pauses = 3600 / UNAUTHORISED_PAUSE.total_seconds()
    assert calls(stage, cast) - before <= len(INVITED[cast.platform]) + pauses
    told = [entry for entry in log if entry["event"] == "delivery.unauthorised"]
    assert 1 <= len(told) <= pauses + 1
    assert all(not stage.screen(who) for who in INVITED[cast.platform])
    status, reasons = await readyz(stage)
    assert status == 503
    (reason,) = reasons
    assert reason.startswith(TOLD[cast.platform])
    let_in(stage, cast)
    await stage.advance(hours=1)
    for who in INVITED[cast.platform]:
        assert len(stage.by_key(who, "welcome:")) == 1
    assert stage.slack.seen_twice() == stage.teams.seen_twice() == []
    assert await readyz(stage) == (200, [])
    assert (await stage.client(cast.mentee).say("help")).status == 200


async def test_what_is_refused_after_it_worked_is_noticed_with_the_next_message(paired: Stage, cast: Cast) -> None:
    await paired.ask(cast.mentee, "home")
    assert await readyz(paired) == (200, [])
    await paired.client(cast.mentee).say("support")
    shut_out(paired, cast)
    await paired.settle()
    assert (await readyz(paired))[0] == 503
    let_in(paired, cast)
    await paired.advance(minutes=6)
    assert paired.newest(cast.mentee, "ask_senior")
    assert await readyz(paired) == (200, [])


async def test_the_other_platform_goes_on_meanwhile(stage: Stage, cast: Cast) -> None:
    shut_out(stage, cast)
    await stage.advance(minutes=10)
    (other,) = {"slack", "teams"} - {cast.platform}
    for who in INVITED[other]:
        assert len(stage.by_key(who, "welcome:")) == 1


async def test_a_database_that_does_not_answer_is_told(paired: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(*_given: object) -> object:
        raise DatabaseGone("OperationalError")

    with monkeypatch.context() as patch:
        patch.setattr(Database, "run", gone)
        status, (reason,) = await readyz(paired)
    assert (status, reason.partition(":")[0]) == (503, "the database does not answer")
    assert await readyz(paired) == (200, [])


async def test_a_database_that_takes_its_time_does_not_answer(paired: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def waits(*_given: object) -> object:
        return await asyncio.Event().wait()

    monkeypatch.setattr(Database, "run", waits)
    readiness = Readiness(paired.app.database, {}, clock=paired.now, seconds=0.01)
    (reason,) = await readiness.reasons()
    assert reason.startswith("the database does not answer")


async def test_keys_that_cannot_be_read_are_told(paired: Stage) -> None:
    assert isinstance(paired.app.database._keys, KeyDirectory)
    paired.key_dir.chmod(0o755)
    status, (reason,) = await readyz(paired)
    assert (status, reason.partition(":")[0]) == (503, "the keys of check-ins cannot be read")
    paired.key_dir.chmod(0o700)
    assert await readyz(paired) == (200, [])


async def test_it_asks_no_platform(paired: Stage, cast: Cast) -> None:
    before = calls(paired, cast)
    for _ in range(5):
        await readyz(paired)
    assert calls(paired, cast) == before


async def test_no_person_and_no_secret_is_in_what_it_says(paired: Stage, cast: Cast) -> None:
    await paired.client(cast.mentee).say("support")
    shut_out(paired, cast)
    await paired.settle()
    _status, reasons = await readyz(paired)
    for hidden in ("Niamh", "Haruki", "U1", paired.teams.secret, paired.teams.app_id, "xoxb-stand-in", "tenant-1"):
        assert hidden not in " ".join(reasons)
