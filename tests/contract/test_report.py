"""A lead asks for the report on either platform: it comes to that lead alone, as links, and each of them is fetched."""

import json
import re
from typing import Any

import aiohttp
import pytest

from bot import app as application
from bot.report.build import as_json
from bot.report.facts import Facts
from bot.report.writing import Made
from bot.reporting import Reporting
from storage.unit_of_work import Database
from tests.contract.stage import Cast, Stage
from tests.contract.test_leads import bound

PUBLIC = "https://mentoring.example.org"


async def at_once(facts: Facts) -> Made:
    """The files without a child process, and without what takes long."""
    return Made(b"<html>", b"%PDF", b"PK", as_json(facts))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    def reporting(database: Database, **more: Any) -> Reporting:
        return Reporting(database, **more, make=at_once)

    monkeypatch.setattr(application, "Reporting", reporting)


@pytest.fixture
async def fresh(quick: None, paired: Stage) -> Stage:
    """The stage, with a bot that was started after the change above."""
    assert quick is None
    await paired.restart()
    return paired


async def test_the_report_comes_to_the_lead_who_asked_and_can_be_fetched(fresh: Stage, cast: Cast) -> None:
    await bound(fresh, cast, cast.mentor)
    await fresh.ask(cast.lead, "leads")
    others = {who: fresh.screen(who) for who in (cast.mentor, cast.mentee, cast.control)}
    report = await fresh.tap(cast.lead, "report")
    assert "is ready" in report.text
    links = set(re.findall(rf"{PUBLIC}(/files/[\w-]+)", json.dumps(report.raw)))
    assert len(links) == 4
    kinds = set()
    async with aiohttp.ClientSession() as http:
        for path in links:
            async with http.get(f"{fresh.address}{path}") as file:
                assert file.status == 200
                assert file.headers["Content-Disposition"].startswith('attachment; filename="mentoring-report.')
                kinds.add(file.content_type)
    assert {"text/html", "application/pdf", "application/json"} < kinds
    assert {who: fresh.screen(who) for who in others} == others


async def test_nobody_else_gets_one(fresh: Stage, cast: Cast) -> None:
    await bound(fresh, cast, cast.mentor)
    for who in (cast.mentor, cast.mentee, cast.control):
        await fresh.forged_tap(who, "report")
    await fresh.settle()
    assert fresh.rows()["report_request"] == frozenset()
    assert fresh.rows()["file"] == frozenset()
