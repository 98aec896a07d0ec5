"""The report's page in a real browser: no serious finding of axe-core, in light and dark, and no scrolling sideways on
the narrowest phone or at 200%."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from bot.report.contents import contents
from bot.report.page import page as page_of
from bot.surveys import rules
from tests.browser.conftest import keep_picture, violations
from tests.report.sample import full

NARROW = {"width": 320, "height": 640}
WIDE = {"width": 1280, "height": 900}
AT_200_PERCENT = {"width": 640, "height": 450}
"""As many CSS pixels as a screen of 1,280 has when everything is twice as large."""


@pytest.fixture(params=["research", "standard"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the page is, as somebody opens it from their disk."""
    file = tmp_path / "report.html"
    file.write_text(page_of(contents(full(rules.BY_NAME[request.param]))), "utf-8")
    return file.as_uri()


async def opened(chromium: Browser, address: str, **context: Any) -> Page:
    page = await (await chromium.new_context(**context)).new_page()
    await page.goto(address)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious(chromium: Browser, address: str, scheme: Any) -> None:
    page = await opened(chromium, address, color_scheme=scheme, viewport=WIDE)
    await keep_picture(page, f"report-{scheme}")
    assert await violations(page) == []
    await page.context.close()


@pytest.mark.parametrize("viewport", [NARROW, AT_200_PERCENT, WIDE], ids=["320 pixels", "200%", "wide"])
async def test_the_page_never_scrolls_sideways(chromium: Browser, address: str, viewport: Any) -> None:
    page = await opened(chromium, address, viewport=viewport)
    assert await page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


async def test_words_of_figures_are_readable_on_the_narrowest_phone(chromium: Browser, address: str) -> None:
    page = await opened(chromium, address, viewport=NARROW)
    smallest = await page.evaluate(
        "Math.min(...[...document.querySelectorAll('svg text')].map(text => text.getBoundingClientRect().height))"
    )
    assert smallest >= 9


async def test_light_and_dark_are_different_and_print_is_light(chromium: Browser, address: str) -> None:
    colour = "getComputedStyle(document.documentElement).backgroundColor"
    light = await (await opened(chromium, address, color_scheme="light")).evaluate(colour)
    page = await opened(chromium, address, color_scheme="dark")
    assert await page.evaluate(colour) != light
    await page.emulate_media(media="print")
    assert await page.evaluate(colour) == light


async def test_the_keyboard_reaches_the_report_first(chromium: Browser, address: str) -> None:
    page = await opened(chromium, address, viewport=WIDE)
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.getAttribute('href')") == "#report"


async def test_the_page_asks_for_nothing(chromium: Browser, address: str) -> None:
    page = await (await chromium.new_context()).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(address)
    assert asked == [address]
