"""A bad request is refused, never a fault: no handler runs, and the database is as it was."""

from typing import Any

import pytest

from bot.dispatch import Dispatch
from tests.contract.bad_requests import BAD, ON_SLACK, Bad, play
from tests.contract.stage import Stage, changed


async def test_every_bad_request_is_refused_and_leaves_nothing_behind(
    paired: Stage, monkeypatch: pytest.MonkeyPatch, subtests: pytest.Subtests
) -> None:
    handled: list[Any] = []
    handle = Dispatch.__call__

    async def noting(self: Dispatch, event: Any) -> Any:
        handled.append(event)
        return await handle(self, event)

    monkeypatch.setattr(Dispatch, "__call__", noting)
    await paired.say("Niamh", "home")
    await paired.say("Haruki", "home")
    assert len(handled) == 2
    before, screens = paired.rows(), paired.screens()
    for bad in BAD:
        with subtests.test(f"{platform_of(bad)}: {bad.what}"):
            assert await play(bad, paired) == bad.status
            assert len(handled) == 2
            assert changed(before, paired.rows()) == {}
    await paired.settle()
    assert paired.screens() == screens


def platform_of(bad: Bad) -> str:
    return "Slack" if bad in ON_SLACK else "Teams"
