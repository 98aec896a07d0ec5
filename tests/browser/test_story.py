"""The whole story in a browser, as different people, through the page alone; on both platforms."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import icalendar
import pytest
from playwright.async_api import BrowserContext, expect

from bot.playground import example
from bot.playground.scenarios import Scenario, small
from tests.browser.acting import Visitor
from tests.browser.conftest import opened
from tests.playground.pages import serving


@dataclass(frozen=True)
class Cast:
    """Who takes part in the story."""

    mentor: str
    mentee: str
    lead: str = "Gwen Pritchard"


CASTS = {"slack": Cast("Amara Okonjo", "Niamh Gallagher"), "teams": Cast("Owen Cadogan", "Catrin Bevan")}


@pytest.mark.parametrize("platform", CASTS)
async def test_from_the_welcome_to_the_leads_digest(context: BrowserContext, tmp_path: Path, platform: str) -> None:
    offered = {"story": partial(small_with_leads_on, platform)}
    async with serving(tmp_path, "story", offered) as (_playground, address), opened(context, address) as page:
        await the_story(Visitor(page, platform), CASTS[platform])


def small_with_leads_on(platform: str) -> Scenario:
    """The small programme, with its leads on a platform, and so their channel."""
    everybody = [
        replace(person, account=example.account_of(100 + number, on_slack=platform == "slack"))
        if person.part == "lead"
        else person
        for number, person in enumerate(example.few_people())
    ]
    return replace(
        small(),
        people=everybody,
        load=lambda database: database.run(lambda uow: example.load(uow, everybody), example.STARTS),
    )


async def the_story(visitor: Visitor, cast: Cast) -> None:
    await both_say_yes(visitor, cast)
    await they_find_a_time(visitor, cast)
    await the_mentor_logs_the_meeting(visitor, cast)
    await the_mentee_answers_by_keyboard(visitor, cast)
    await the_mentor_says_who_comes_to_the_set(visitor, cast)
    await the_lead_reads_the_digest(visitor, cast)
    assert not any(visitor.found.values()), visitor.found


async def both_say_yes(visitor: Visitor, cast: Cast) -> None:
    await visitor.move("Next thing due")
    for name in (cast.mentor, cast.mentee):
        await visitor.be(name)
        await visitor.hears("You are invited to be a peer mentor" if name == cast.mentor else "You are invited")
        if name == cast.mentor:
            await visitor.looks_well("welcome")
        await visitor.tap("Yes, I'll take part")
        await visitor.hears("Thank you")


async def they_find_a_time(visitor: Visitor, cast: Cast) -> None:
    """The mentor proposes times, the mentee picks one, and the calendar file behind the link is fetched."""
    await visitor.be(cast.mentor)
    if visitor.platform == "slack":
        await visitor.move("A day")
        await visitor.open("Niamh")
        await visitor.hears(f"{cast.mentor}, meet {cast.mentee}")
    else:
        await visitor.move_until(f"{cast.mentee} is your mentee", "A day")
    await visitor.looks_well("introduced")
    await visitor.command("schedule", "Find a time")
    await visitor.fill({"First time: day": "2026-09-08", "First time: time of day": "17:30"})
    await visitor.fill({"Second time: day": "2026-09-09", "Second time: time of day": "08:15"})
    await visitor.looks_well("schedule-form")
    await visitor.send("Propose")
    await visitor.sent()
    await visitor.be(cast.mentee)
    await visitor.move_until(f"{cast.mentor} proposes", "Next thing due")
    await visitor.tap("Tuesday 8 September at 17:30")
    settled = await visitor.hears("It is settled")
    await visitor.looks_well("settled")
    link = settled.get_by_role("link", name="Add it to your calendar")
    async with visitor.page.expect_download() as fetched:
        await link.click()
    download = await fetched.value
    words = (await download.path()).read_text("utf-8")
    assert download.suggested_filename.endswith(".ics")
    (event,) = icalendar.Calendar.from_ical(words).walk("VEVENT")
    assert event.decoded("DTSTART") == datetime(2026, 9, 8, 16, 30, tzinfo=UTC)


async def the_mentor_logs_the_meeting(visitor: Visitor, cast: Cast) -> None:
    """With a day that is not there yet; corrected, with what was typed still in its place."""
    await visitor.be(cast.mentor)
    await visitor.move_until("Did you and")
    await visitor.looks_well("did-you-meet")
    await visitor.command("logmeeting", "Log a meeting")
    form = await visitor.form()
    await visitor.fill({"Day": "2026-12-24", "Length in minutes": "50"})
    await visitor.choose("How you met", "By video")
    await form.get_by_label("Exams").check()
    await visitor.send("Log it")
    day = form.get_by_label("Day", exact=True)
    await expect(day).to_have_accessible_description(re.compile("Error: "))
    await expect(day).to_be_focused()
    await visitor.looks_well("log-refused")
    await expect(form.get_by_label("Length in minutes", exact=True)).to_have_value("50")
    assert await visitor.chosen("How you met") == "By video"
    await expect(form.get_by_label("Exams")).to_be_checked()
    await day.fill("2026-09-08")
    await visitor.send("Log it")
    await visitor.sent()
    await visitor.hears(f"Noted: you and {cast.mentee} met on Tuesday 8 September")
    await visitor.looks_well("logged")


async def the_mentee_answers_by_keyboard(visitor: Visitor, cast: Cast) -> None:
    """The first questionnaire, part by part."""
    await visitor.be(cast.mentee)
    await visitor.move_until("First questionnaire")
    await visitor.looks_well("questionnaire")
    await visitor.tab_to(visitor.page.locator("#messages").get_by_role("button", name="Answer", exact=True).last)
    await visitor.page.keyboard.press("Enter")
    for part in (1, 2):
        form = await visitor.form()
        await expect(form.get_by_role("button", name=re.compile(f"^Send part {part}"))).to_be_visible()
        await visitor.answer_by_keyboard(form)
        if part == 1:
            await visitor.looks_well("questionnaire-part")
        await visitor.tab_to(form.get_by_role("button", name=re.compile("^Send")))
        await visitor.page.keyboard.press("Enter")
    await expect(form).to_contain_text("Your answers to all 2 parts are sealed")
    await visitor.looks_well("questionnaire-sent")
    await visitor.page.keyboard.press("Escape")
    await visitor.sent()


async def the_mentor_says_who_comes_to_the_set(visitor: Visitor, cast: Cast) -> None:
    await visitor.be(cast.mentor)
    await visitor.move_until("Will you come?")
    await visitor.tap("Yes")
    await visitor.looks_well("als")


async def the_lead_reads_the_digest(visitor: Visitor, cast: Cast) -> None:
    """And the pictures of what the first questionnaire let out."""
    await visitor.be(cast.lead)
    await visitor.open("peer-mentoring-leads")
    digest = await visitor.move_until("How the pairs are doing", where=".message:not(.ephemeral)")
    await expect(digest).to_contain_text("Everybody in this leads channel can see this")
    await digest.scroll_into_view_if_needed()
    await visitor.looks_well("digest")
    await visitor.page.locator("#messages img").first.scroll_into_view_if_needed()
    await visitor.looks_well("results")
