"""The page and the real playground fit each other, on both platforms: an invitation, a form with an error, a reset."""

import re

import pytest
from playwright.async_api import BrowserContext, Page, expect

from bot.playground import example
from tests.browser.conftest import be, keep_picture

MENTORS = {
    platform: next(p.name for p in example.few_people() if p.part == "mentor" and p.account.platform == platform)
    for platform in ("slack", "teams")
}


async def opened(context: BrowserContext, address: str) -> Page:
    page = await context.new_page()
    await page.goto(address)
    await page.locator("#people-list [role=option]").first.wait_for()
    return page


@pytest.mark.parametrize("platform", MENTORS)
async def test_an_invitation_is_answered_and_a_form_refused_and_corrected(
    context: BrowserContext, served: str, platform: str
) -> None:
    page = await opened(context, served)
    await be(page, MENTORS[platform])
    await page.get_by_role("button", name="Next thing due").click()
    yes = page.get_by_role("button", name="Yes, I'll take part")
    await yes.click()
    await expect(yes).to_have_count(0)
    await expect(page.locator(".message")).to_have_count(1)
    await open_pauses(page, platform)
    form = page.get_by_role("dialog")
    await form.get_by_label("Leave: first day").fill("2026-09-20")
    last = form.get_by_label("Leave: last day")
    await last.fill("2026-09-10")
    await form.get_by_role("button", name="Save").click()
    await expect(last).to_have_accessible_description(re.compile("Error: "))
    await expect(last).to_be_focused()
    await expect(form.get_by_label("Leave: first day")).to_have_value("2026-09-20")
    await last.fill("2026-09-27")
    await form.get_by_role("button", name="Save").click()
    await expect(page.locator("#form[open]")).to_have_count(0)
    await expect(page.locator(".message").last).to_contain_text("27 September")
    assert await page.locator(".unknown").all_text_contents() == []
    await keep_picture(page, f"served-{platform}")


async def open_pauses(page: Page, platform: str) -> None:
    """With a slash on Slack; the bot says how things stand, and has a button that opens the form."""
    composer = page.locator("#composer-text")
    await composer.fill("/pause" if platform == "slack" else "pause")
    await composer.press("Enter")
    await page.get_by_role("button", name="Leave, hours and days").last.click()
    await page.locator("#form[open]").wait_for()


async def test_a_scenario_begins_anew(context: BrowserContext, served: str) -> None:
    page = await opened(context, served)
    await page.get_by_role("button", name="Next thing due").click()
    await page.locator("#arrivals li").first.wait_for()
    first = await page.locator("#day").text_content()
    await page.get_by_text("Scenario", exact=True).click()
    await page.get_by_role("button", name="Begin anew").click()
    await expect(page.locator("#arrivals li")).to_have_count(0)
    await expect(page.locator("#welcome")).to_be_visible()
    assert await page.locator("#day").text_content() == first


async def test_the_page_does_not_open_without_the_token(context: BrowserContext, served: str) -> None:
    page = await context.new_page()
    answer = await page.request.get(served.partition("?")[0])
    assert answer.status == 403
