"""A year of the example programme from the page: progress is shown, and it comes to the same as in the terminal."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Page, expect

from tests.browser.acting import Visitor
from tests.browser.conftest import FIGURES, keep_picture, opened
from tests.playground.pages import serving

SEED = 7
LONG = 300_000
"""Milliseconds: a machine that has much else to do must not fail this."""


async def test_a_year_from_the_page_comes_to_what_the_terminal_tells(context: BrowserContext, tmp_path: Path) -> None:
    async with serving(tmp_path, "paper") as (_playground, address), opened(context, address) as page:
        await expect(page.get_by_role("switch", name="The others act by themselves")).to_be_checked()
        await expect(page.get_by_label("Seed").first).to_have_value(str(SEED))
        seen = await to_the_end(page)
        assert len(seen) > 10
        assert seen == sorted(seen)
        assert 0 <= seen[0] < 0.5 < seen[-1] <= 1
        told = await figures(page)
        await look_at_the_leads_channel(page)
    expected = await in_the_terminal(tmp_path / "terminal.sqlite3")
    assert told == {name: as_shown(value) for name, value in expected.items() if name != "seconds"}


async def to_the_end(page: Page) -> list[float]:
    """Move the clock to the end of the year; the progress that was shown on the way."""
    await page.evaluate(WATCH)
    await page.get_by_role("button", name="To the end").click()
    await expect(page.locator("#running")).to_be_visible()
    await expect(page.locator("#moves")).to_be_visible(timeout=LONG)
    await expect(page.locator("#left")).to_have_text("0 days are left")
    seen: list[float] = await page.evaluate("() => window.seen")
    return seen


WATCH = """() => {
  const bar = document.getElementById("done");
  window.seen = [];
  new MutationObserver(() => window.seen.push(bar.value)).observe(bar, { attributes: true });
}"""


async def figures(page: Page) -> dict[str, str]:
    """What the page says that the year came to."""
    await page.get_by_text("Figures", exact=True).click()
    await page.locator("#figures-list dt").first.wait_for()
    names = await page.locator("#figures-list dt").all_text_contents()
    values = await page.locator("#figures-list dd").all_text_contents()
    return {name.replace(" ", "_"): value for name, value in zip(names, values, strict=True)}


async def in_the_terminal(database: Path) -> dict[str, Any]:
    """What the same year comes to in the terminal; it is played unless it has been."""
    if FIGURES:
        played: dict[str, Any] = json.loads(FIGURES.read_text("utf-8"))
        return played
    command = ("-m", "bot", "demo", "--headless", "--seed", str(SEED), "--json", "--database", str(database))
    child = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    out, _err = await child.communicate()
    assert child.returncode == 0
    said: dict[str, Any] = json.loads(out)
    return said


def as_shown(value: Any) -> str:
    """A figure as the page writes it."""
    if isinstance(value, dict):
        return " ".join(str(part) for pair in value.items() for part in pair)
    return str(int(value) if value == int(value) else value)


async def look_at_the_leads_channel(page: Page) -> None:
    """A lead's channel after a year: pictures that have arrived, and a digest."""
    visitor = Visitor(page, "slack")
    await visitor.be("Gwen Pritchard")
    await visitor.open("peer-mentoring-leads")
    await expect(page.locator(".unknown")).to_have_count(0)
    await expect(page.locator(".message", has_text="How the pairs are doing").first).to_be_attached()
    pictures = page.locator("#messages img")
    await expect(pictures.first).to_be_attached()
    for picture in (await pictures.all())[-3:]:
        await picture.scroll_into_view_if_needed()
        assert await picture.evaluate("async (image) => { await image.decode(); return image.naturalWidth }") > 300
    await keep_picture(page, "year-leads")
