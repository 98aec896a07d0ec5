"""A real browser for the playground's page. Tests here run in one event loop, because the browser lives in it.

``CHROMIUM``: the browser, where it is not the one on the path. ``AXE_CORE``: the file ``axe.min.js`` of axe-core, for
the tests of accessibility. ``SCREENSHOTS``: a folder for pictures of what the tests saw. ``FIGURES``: the file in which
``peermentor demo --headless --json`` has told a year already, which is played anew without it.
"""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.browser.recorded import TOKEN, Recorded
from tests.playground.pages import serving

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
AXE_CORE = os.environ.get("AXE_CORE", "")
SCREENSHOTS = os.environ.get("SCREENSHOTS", "")
FIGURES = Path(os.environ["FIGURES"]) if os.environ.get("FIGURES") else None
TIMEOUT = 20_000
"""Milliseconds for what takes a moment: the machine may have much else to do."""

WIDER_THAN_THE_SCREEN = "() => document.scrollingElement.scrollWidth > document.scrollingElement.clientWidth"

expect.set_options(timeout=TIMEOUT)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a browser test; what takes longest begins first, beside all others."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="there is no Chromium here (apt-get install chromium)"))
    items.sort(key=lambda item: item.path != Path(__file__).with_name("test_year.py"))


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def recorded() -> AsyncIterator[Recorded]:
    """A server of the page that plays the goldens."""
    played = Recorded()
    runner = web.AppRunner(played.app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    played.address = f"http://127.0.0.1:{runner.addresses[0][1]}/?token={TOKEN}"
    yield played
    await played.hang_up()
    await runner.cleanup()


@pytest_asyncio.fixture(loop_scope="session")
async def served(tmp_path: Path) -> AsyncIterator[str]:
    """The address of the real playground, with the small programme on the morning of its first day."""
    async with serving(tmp_path) as (_playground, address):
        yield address


@pytest_asyncio.fixture(loop_scope="session")
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A browser profile of the test's own; whatever the console calls an error fails the test."""
    made = await chromium.new_context(viewport={"width": 1360, "height": 860}, locale="en-GB", reduced_motion="reduce")
    made.set_default_timeout(TIMEOUT)
    wrong: list[str] = []
    made.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    made.on("weberror", lambda error: wrong.append(str(error.error)))
    yield made
    await made.close()
    assert not wrong, wrong


@contextlib.asynccontextmanager
async def opened(context: BrowserContext, address: str) -> AsyncIterator[Page]:
    """The page at an address, with everybody on it. It is closed before its server, which it would rightly miss."""
    page = await context.new_page()
    await page.goto(address)
    await page.locator("#people-list [role=option]").first.wait_for()
    yield page
    await page.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext, recorded: Recorded) -> AsyncIterator[Page]:
    """The page, with everybody on it."""
    async with opened(context, recorded.address) as page:
        yield page


async def be(page: Page, name: str) -> None:
    """Become somebody, and see their direct message with the bot."""
    await page.get_by_role("searchbox").fill(name)
    await page.get_by_role("option", name=name).first.click()
    await page.locator("#me h2", has_text=name).wait_for(state="attached")
    await page.locator('#look[aria-busy="false"]').wait_for(state="attached")


async def violations(page: Page) -> list[str]:
    """What axe-core finds that is serious, with where; skips where axe-core is not there."""
    if not AXE_CORE:
        pytest.skip("axe-core is not here: npm install axe-core, and AXE_CORE=.../axe.min.js")
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(await asyncio.to_thread(Path(AXE_CORE).read_text, encoding="utf-8"))
    found: list[dict[str, Any]] = await page.evaluate(
        "async () => (await axe.run({ resultTypes: ['violations'] })).violations"
    )
    serious = [each for each in found if each["impact"] in {"serious", "critical"}]
    return [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary']}" for each in serious for node in each["nodes"]
    ]


async def keep_picture(page: Page, name: str) -> None:
    """A screenshot in the folder ``SCREENSHOTS``, if one is named."""
    if SCREENSHOTS:
        await page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png")
