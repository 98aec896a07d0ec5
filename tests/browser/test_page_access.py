"""Nobody is left out: axe-core finds nothing serious in any state, in light and dark, down to 320 pixels."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.conftest import WIDER_THAN_THE_SCREEN, be, keep_picture, opened, violations
from tests.browser.recorded import STARTS, Recorded, person

WIDER_THAN_ITS_PLACE = """() => [...document.querySelectorAll("body, #people, #welcome, #me, #chats, #chat > header")]
    .filter((part) => part.scrollWidth > part.clientWidth).map((part) => part.id || part.tagName)"""
PANE_OF = {"people": "#people", "chats": "#chats", "chat": "#chat", "world": "#world"}


async def pane(page: Page, name: str) -> None:
    """Show a pane, where there is no room for all."""
    button = page.locator(f'#panes [data-pane="{name}"]')
    if await button.is_visible():
        await button.click()
    await expect(page.locator(PANE_OF[name])).to_be_visible()


async def form(page: Page, words: str) -> None:
    await page.locator("#composer-text").fill(words)
    await page.keyboard.press("Enter")
    await page.locator("#form[open]").wait_for()


@pytest.mark.parametrize(
    ("width", "scheme"), [(1360, "light"), (1360, "dark"), (900, "light"), (320, "light"), (320, "dark")]
)
async def test_axe_finds_nothing_serious(context: BrowserContext, recorded: Recorded, scheme: str, width: int) -> None:
    async with opened(context, recorded.address) as page:
        await page.set_viewport_size({"width": width, "height": 800})
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        found: dict[str, list[str]] = {}

        async def check(state: str) -> None:
            found[state] = await violations(page)
            assert not await page.evaluate(WIDER_THAN_THE_SCREEN), state
            await keep_picture(page, f"{scheme}-{width}-{state}")

        await check("nobody")
        await through_both_platforms(page, recorded, check)
        await pane(page, "world")
        for summary in await page.locator("#world summary").all():
            await summary.click()
        await page.locator("#outbox-list li").first.wait_for()
        await page.locator("#figures-list dt").first.wait_for()
        await recorded.push({"event": "running", "until": STARTS.isoformat(), "done": 0.3, "arrived": 2})
        row = {"event": "arrived", "at": STARTS.isoformat(), "platform": "slack", "key": "k", "line": "A month"}
        await recorded.push(row | {"to": ["Gwen"], "why": "Because"})
        await page.locator("#arrivals li").wait_for()
        await check("world")
        await recorded.hang_up()
        await page.get_by_role("button", name="Connect again").wait_for()
        await check("trouble")
        assert not any(found.values()), found


async def through_both_platforms(page: Page, recorded: Recorded, check: Callable[[str], Awaitable[None]]) -> None:
    for name, slash in (("Amara", "/"), ("Tomasz", "")):
        platform = "slack" if slash else "teams"
        *others, first, second = recorded.messages[platform][-8:]
        recorded.messages[platform] = [*others, first | {"ephemeral": True}, second | {"edited": True}]
        await pane(page, "people")
        await be(page, name)
        await pane(page, "chats")
        await check(f"{platform}-chats")
        await pane(page, "chat")
        await page.locator("#whys").check()
        await page.locator("#composer-text").fill(f"{slash}l")
        await page.locator("#commands").wait_for()
        await check(f"{platform}-chat")
        await form(page, slash + recorded.form_with_help(platform))
        if slash:
            await page.locator("#form footer .primary").click()
            await expect(page.locator("#form [aria-invalid=true]").first).to_be_visible()
        await check(f"{platform}-form")
        await page.locator("#form").get_by_role("button", name="Get help").click()
        await check(f"{platform}-help")
        await page.keyboard.press("Escape")
        if slash:
            await page.keyboard.press("Escape")
        await expect(page.locator("#form[open]")).to_have_count(0)


@pytest.mark.parametrize("width", [1360, 320])
async def test_a_name_without_any_space_stays_where_it_is(page: Page, recorded: Recorded, width: int) -> None:
    name = "Wolfeschlegelsteinhausenbergerdorff" * 3
    recorded.people = [person(0) | {"name": name, "organisation": "Llanfairpwllgwyngyllgogerychwyrndrobwll" * 3}]
    await page.set_viewport_size({"width": width, "height": 800})
    await recorded.push({"event": "reset"})
    await expect(page.locator("#people-count")).to_have_text("1 person")
    await pushed_out(page)
    await be(page, name)
    for each in ("chats", "chat"):
        await pane(page, each)
        await pushed_out(page)


async def pushed_out(page: Page) -> None:
    """Nothing is wider than the part of the page that it stands in."""
    assert await page.evaluate(WIDER_THAN_ITS_PLACE) == []


async def test_the_colours_can_be_chosen_against_the_system(page: Page) -> None:
    ground = "() => getComputedStyle(document.body).backgroundColor"
    light = await page.evaluate(ground)
    await page.get_by_label("Colours").select_option("dark")
    dark = await page.evaluate(ground)
    await page.get_by_label("Colours").select_option("light")
    assert light != dark
    assert await page.evaluate(ground) == light
    await page.emulate_media(color_scheme="dark")
    assert await page.evaluate(ground) == light
    await page.get_by_label("Colours").select_option("system")
    assert await page.evaluate(ground) == dark


async def test_shortcuts_lead_over_the_list_of_people(page: Page) -> None:
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="To the people")).to_be_in_viewport()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Next thing due")).to_be_focused()


async def test_on_a_phone_the_focus_goes_along_to_the_chat(page: Page) -> None:
    await page.set_viewport_size({"width": 320, "height": 700})
    await page.get_by_role("searchbox").fill("Amara")
    await page.keyboard.press("Enter")
    await expect(page.locator("#place")).to_be_focused()
    await expect(page.locator("#people")).not_to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("Why each came")).to_be_focused()
