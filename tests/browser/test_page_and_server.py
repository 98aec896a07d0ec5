"""The page and the real playground fit each other, on both platforms: an invitation, a form with an error, a reset."""

import re

import pytest
from playwright.async_api import BrowserContext, Page, expect

from bot.playground import example
from tests.browser.conftest import WIDER_THAN_THE_SCREEN, be, keep_picture, opened

MENTORS = {
    platform: next(p.name for p in example.few_people() if p.part == "mentor" and p.account.platform == platform)
    for platform in ("slack", "teams")
}


@pytest.mark.parametrize("platform", MENTORS)
async def test_an_invitation_is_answered_and_a_form_refused_and_corrected(
    context: BrowserContext, served: str, platform: str
) -> None:
    async with opened(context, served) as page:
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
        await expect(page.locator(".unknown")).to_have_count(0)
        await keep_picture(page, f"served-{platform}")


async def open_pauses(page: Page, platform: str) -> None:
    """With a slash on Slack; the bot says how things stand, and has a button that opens the form."""
    composer = page.locator("#composer-text")
    await composer.fill("/pause" if platform == "slack" else "pause")
    await composer.press("Enter")
    await page.get_by_role("button", name="Leave, hours and days").last.click()
    await page.locator("#form[open]").wait_for()


async def test_a_scenario_begins_anew(context: BrowserContext, served: str) -> None:
    async with opened(context, served) as page:
        first = await page.locator("#now").get_attribute("datetime")
        await be(page, MENTORS["slack"])
        await page.get_by_role("button", name="A week").click()
        await expect(page.locator("#left")).to_have_text("358 days are left")
        await expect(page.locator("#arrivals li")).not_to_have_count(0)
        await page.get_by_text("Scenario", exact=True).click()
        await page.get_by_role("button", name="Begin anew").click()
        await expect(page.locator("#arrivals li")).to_have_count(0)
        await expect(page.locator("#welcome")).to_be_visible()
        await expect(page.locator("#now")).to_have_attribute("datetime", str(first))


@pytest.mark.parametrize("platform", MENTORS)
async def test_a_page_that_is_loaded_again_in_the_middle_of_a_form_goes_on_with_the_same_person(
    context: BrowserContext, served: str, platform: str
) -> None:
    async with opened(context, served) as page:
        await be(page, MENTORS[platform])
        await open_pauses(page, platform)
        await page.reload()
        await expect(page.locator("#me h2")).to_have_text(MENTORS[platform])
        await expect(page.locator(".message", has_text="Leave, hours and days")).to_be_visible()
        await expect(page.locator("#form[open]")).to_have_count(0)
        await open_pauses(page, platform)
        await page.get_by_role("dialog").get_by_label("Leave: first day").fill("2026-09-20")
        await page.get_by_role("dialog").get_by_label("Leave: last day").fill("2026-09-27")
        await page.get_by_role("dialog").get_by_role("button", name="Save").click()
        await expect(page.locator(".message").last).to_contain_text("27 September")


async def test_two_pages_are_two_people_of_one_programme(context: BrowserContext, served: str) -> None:
    async with opened(context, served) as one, opened(context, served) as other:
        await be(one, MENTORS["slack"])
        await be(other, MENTORS["teams"])
        await one.get_by_role("button", name="Next thing due").click()
        for page, name in ((one, MENTORS["slack"]), (other, MENTORS["teams"])):
            await expect(page.get_by_role("button", name="Yes, I'll take part")).to_be_visible()
            await expect(page.locator("#me h2")).to_have_text(name)
            await expect(page).to_have_title(re.compile(name))
        await one.get_by_role("button", name="Yes, I'll take part").click()
        await expect(one.locator(".message").last).to_contain_text("Thank you")
        await expect(other.get_by_role("button", name="Yes, I'll take part")).to_be_visible()
        await other.get_by_text("Scenario", exact=True).click()
        await other.get_by_role("button", name="Begin anew").click()
        for page in (one, other):
            await expect(page.locator("#welcome")).to_be_visible()


async def test_a_scenario_begins_anew_while_the_clock_runs(context: BrowserContext, served: str) -> None:
    async with opened(context, served) as page:
        await be(page, MENTORS["teams"])
        await page.get_by_role("button", name="To the end").click()
        await expect(page.locator("#running")).to_be_visible()
        await page.get_by_text("Scenario", exact=True).click()
        await page.get_by_role("button", name="Begin anew").click()
        await expect(page.locator("#welcome")).to_be_visible()
        await expect(page.locator("#left")).to_have_text("365 days are left")
        await expect(page.locator("#moves")).to_be_visible()
        await expect(page.locator("#trouble")).not_to_be_visible()


async def test_what_is_typed_stays_what_it_is(context: BrowserContext, served: str) -> None:
    """Rubbish, letters of all kinds, markup, and a word that is longer than any screen."""
    async with opened(context, served) as page:
        await be(page, MENTORS["slack"])
        for words in ("<script>document.title = 'taken'</script>", "👩🏽‍⚕️ ﷽ שלום \u202e", "/", "//", "x" * 3000):
            await page.locator("#composer-text").fill(words)
            await page.locator("#composer-text").press("Enter")
            if not words.startswith("/"):
                await expect(page.locator(".from-me .body").last).to_have_text(words.strip())
        await expect(page.locator("#status")).to_contain_text("Slack knows no command")
        assert not await page.evaluate(WIDER_THAN_THE_SCREEN)


async def test_the_page_does_not_open_without_the_token(context: BrowserContext, served: str) -> None:
    page = await context.new_page()
    answer = await page.request.get(served.partition("?")[0])
    assert answer.status == 403
