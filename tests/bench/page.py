"""The playground's page in a real browser; nothing where there is no Chromium."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright

from tests.bench.figures import Figure, bench
from tests.browser.conftest import CHROMIUM, be
from tests.browser.recorded import STARTS, TOKEN, Recorded, message, person
from tests.playground.pages import serving

PEOPLE, MESSAGES, AT_ONCE = 4_000, 10_000, 500
FIRST_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"
WATCH = """() => {
  window.tasks = [0];
  new PerformanceObserver((seen) => window.tasks.push(...seen.getEntries().map((task) => task.duration)))
    .observe({ type: "longtask" });
}"""
LONGEST = "() => Math.max(...window.tasks.splice(0), 0)"
SCROLL = """async () => {
  const box = document.getElementById("people-list");
  for (let at = 0; at <= box.scrollHeight; at += box.scrollHeight / 100) {
    box.scrollTop = at;
    await new Promise(requestAnimationFrame);
  }
}"""


@bench
def page() -> Iterator[Figure]:
    """The first paint, and the longest time for which a page with much on it does not react."""
    if CHROMIUM is not None:
        yield from asyncio.run(measured())


async def measured() -> list[Figure]:
    """All figures of the page."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        figures = [await first_paint(browser), *await busy(browser)]
        await browser.close()
    return figures


async def first_paint(browser: Browser) -> Figure:
    """Of the real playground, in a browser that has never seen it; the middle one of three."""
    took = []
    with TemporaryDirectory() as directory:
        async with serving(Path(directory)) as (_playground, address):
            for _ in range(3):
                opened = await (await browser.new_context()).new_page()
                await opened.goto(address)
                await opened.locator("#people-list [role=option]").first.wait_for()
                took.append(await opened.evaluate(FIRST_PAINT))
                await opened.context.close()
    return Figure("first paint of the playground", sorted(took)[1], "ms", 1_000)


async def busy(browser: Browser) -> list[Figure]:
    """With as many people as a national programme has, and with far more messages than anybody reads."""
    played = Recorded(people=[person(number) for number in range(PEOPLE)])
    async with opened_page(browser, played) as shown:
        await shown.evaluate(SCROLL)
        scrolled = await shown.evaluate(LONGEST)
        for words in ("a", "am", "ama", "amara", "larkhill", ""):
            await shown.get_by_role("searchbox").fill(words)
        found = await shown.evaluate(LONGEST)
        await be(shown, "Amara")
        await shown.evaluate(LONGEST)
        await arrive(shown, played)
        arrived = await shown.evaluate(LONGEST)
    return [
        Figure(f"{PEOPLE:,} people on the page: the longest task of scrolling", scrolled, "ms", 200),
        Figure("of searching", found, "ms", 200),
        Figure(f"{MESSAGES:,} messages arrive on the page: the longest task", arrived, "ms", 200),
    ]


@asynccontextmanager
async def opened_page(browser: Browser, played: Recorded) -> AsyncIterator[Page]:
    """The page on a server without a bot, watched for long tasks."""
    runner = web.AppRunner(played.app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    shown = await browser.new_page()
    await shown.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/?token={TOKEN}")
    await shown.locator("#people-list [role=option]").first.wait_for()
    await shown.evaluate(WATCH)
    yield shown
    await played.hang_up()
    await runner.cleanup()


async def arrive(shown: Page, played: Recorded) -> None:
    """Messages for whoever is on the screen, each with its line among what arrived; no faster than the page takes
    them."""
    contents = [old["raw"] for old in played.messages["slack"]]
    last = len(contents) + MESSAGES - 1
    for number in range(len(contents), last + 1):
        fresh = message("slack", number, contents[number % len(contents)]) | {"at": STARTS.isoformat()}
        await played.push({"event": "message", "to": [played.people[0]["id"]], "message": fresh})
        row = {"event": "arrived", "at": STARTS.isoformat(), "platform": "slack", "key": "k", "line": "A line"}
        await played.push(row | {"to": ["Amara"], "why": "Because"})
        if number % AT_ONCE == 0 or number == last:
            await shown.locator(f'[data-id="m{number}"]').wait_for(timeout=120_000)
