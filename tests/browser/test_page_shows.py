"""What the page shows: every message and form of every conversation, on both platforms, as text and never as markup."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from bot.playground import slack_blocks, teams_cards
from tests.browser.conftest import be
from tests.browser.recorded import Recorded, goldens, message

SOMEBODY = {"slack": "Amara", "teams": "Tomasz"}
Json = dict[str, Any]

BY_ID = """() => Object.fromEntries(
    [...document.querySelectorAll('.message')].map((line) => [line.dataset.id, line.querySelector('.body').textContent])
)"""
WITHOUT_A_NAME = """() => [...document.querySelectorAll('#form :is(input, select, textarea)')]
    .filter((field) => !field.labels.length).map((field) => field.outerHTML)"""


def lines(platform: str, content: Json) -> tuple[str, ...]:
    """Every text of a message, as the stand-in reads it."""
    if platform == "slack":
        return slack_blocks.lines(slack_blocks.checked_blocks(content["blocks"]))
    return teams_cards.lines(content)


def squeezed(text: str) -> str:
    return "".join(text.replace("\N{BULLET}", "").split())


async def show_all(page: Page, count: int) -> None:
    """Read a conversation back to its beginning."""
    shown = page.locator(".message")
    while (before := await shown.count()) < count:
        await page.locator("#earlier").evaluate("button => button.click()")
        await expect(shown.nth(before)).to_be_attached()


@pytest.mark.parametrize("platform", SOMEBODY)
async def test_every_text_of_every_message_can_be_read(page: Page, platform: str) -> None:
    said, _forms = goldens(platform)
    await be(page, SOMEBODY[platform])
    await show_all(page, len(said))
    shown = await page.evaluate(BY_ID)
    missing = [
        (name, line)
        for number, (name, content) in enumerate(said.items())
        for line in lines(platform, content)
        if squeezed(line) not in squeezed(shown[f"m{number}"])
    ]
    assert not missing
    await expect(page.locator(".unknown")).to_have_count(0)


@pytest.mark.parametrize("platform", SOMEBODY)
async def test_every_button_that_sends_something_is_counted_as_the_server_counts_it(
    page: Page, recorded: Recorded, platform: str
) -> None:
    said, _forms = goldens(platform)
    await be(page, SOMEBODY[platform])
    await show_all(page, len(said))
    for number, (name, content) in enumerate(said.items()):
        counted = (
            slack_blocks.buttons(slack_blocks.checked_blocks(content["blocks"]))
            if platform == "slack"
            else teams_cards.buttons(content)
        )
        shown = page.locator(f'[data-id="m{number}"] .buttons button')
        assert await shown.all_text_contents() == [button.label for button in counted], name
    last = page.locator('[data-id="m0"] .buttons button').last
    await last.click()
    count = await page.locator('[data-id="m0"] .buttons button').count()
    await expect(page.locator("#status")).to_have_text("Tapped")
    (tapped,) = await recorded.asked_for("tap")
    assert (tapped["message"], tapped["button"]) == ("m0", count - 1)


@pytest.mark.parametrize("platform", SOMEBODY)
async def test_every_form_opens_with_all_its_fields_and_their_names(
    page: Page, recorded: Recorded, platform: str
) -> None:
    await be(page, SOMEBODY[platform])
    for name, form in recorded.forms(platform).items():
        await page.locator("#composer-text").fill(name if platform == "teams" else f"/{name}")
        await page.locator("#composer-text").press("Enter")
        dialog = page.locator("#form[open]")
        await dialog.wait_for()
        await expect(dialog.locator(".unknown"), name).to_have_count(0)
        expected = slack_fields(form) if platform == "slack" else teams_fields(form)
        await expect(dialog.locator(".field"), name).to_have_count(expected)
        assert await page.evaluate(WITHOUT_A_NAME) == [], name
        await page.keyboard.press("Escape")
        await expect(page.locator("#form[open]")).to_have_count(0)


def slack_fields(form: Json) -> int:
    return sum(block["type"] == "input" for block in form["blocks"])


def teams_fields(form: Json) -> int:
    body = form["card"]["content"]["body"]
    inside = [element for outer in body for element in outer.get("items", [outer])]
    return sum(element["type"].startswith("Input.") for element in inside)


BLOCK: Json = {"type": "video", "alt_text": "A film"}
FIELD: Json = {
    "type": "input",
    "block_id": "who",
    "label": {"type": "plain_text", "text": "Who"},
    "element": {"type": "users_select"},
}
RUN: Json = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "emoji"}]}]}
STYLED: Json = {"type": "section", "text": {"type": "mrkdwn", "text": "*Bold*"}}
MEDIA: Json = {"type": "Media"}
FILTERED: Json = {"type": "Input.ChoiceSet", "id": "one:x", "label": "X", "style": "filtered", "choices": []}
SUBMIT: Json = {"type": "ActionSet", "actions": [{"type": "Action.ShowCard", "title": "More"}]}
INLINE: Json = {"type": "RichTextBlock", "inlines": [{"type": "Emoji"}]}


@pytest.mark.parametrize(
    ("platform", "element", "named"),
    [
        ("slack", BLOCK, "video"),
        ("slack", FIELD, "users_select"),
        ("slack", RUN, "emoji"),
        ("slack", STYLED, "mrkdwn"),
        ("teams", MEDIA, "Media"),
        ("teams", FILTERED, "Input.ChoiceSet"),
        ("teams", SUBMIT, "Action.ShowCard"),
        ("teams", INLINE, "Emoji"),
    ],
)
async def test_what_it_does_not_know_is_a_loud_error(
    page: Page, recorded: Recorded, platform: str, element: Json, named: str
) -> None:
    card = {"type": "AdaptiveCard", "version": "1.5", "body": [element]}
    recorded.messages[platform] = [message(platform, 1, {"blocks": [element]} if platform == "slack" else card)]
    await be(page, SOMEBODY[platform])
    alert = page.locator(".message").get_by_role("alert")
    await expect(alert).to_contain_text(named)
    await expect(alert).to_be_in_viewport()


NASTY = "<img src=x onerror=\"document.title='taken'\"><b>&amp;</b> {{DATE(1)}}"


@pytest.mark.parametrize("platform", SOMEBODY)
async def test_no_text_is_read_as_markup(page: Page, recorded: Recorded, platform: str) -> None:
    plain = {"type": "plain_text", "text": NASTY}
    blocks = {"blocks": [{"type": "header", "text": plain}, {"type": "section", "text": plain}]}
    run = {"type": "TextRun", "text": NASTY}
    card = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "RichTextBlock", "inlines": [run]}]}
    mine = {"from": {"name": NASTY, "bot": False}, "raw": {"text": NASTY}, "why": NASTY}
    recorded.messages[platform] = [
        message(platform, 1, blocks if platform == "slack" else card),
        message(platform, 2, {}) | mine,
    ]
    await be(page, SOMEBODY[platform])
    for number in (1, 2):
        body = page.locator(f'[data-id="m{number}"] .body')
        assert squeezed(NASTY) in squeezed(await body.inner_text())
    assert await page.locator(".message img, .message b").count() == 0
    await expect(page).not_to_have_title("taken")


@pytest.mark.parametrize("platform", SOMEBODY)
async def test_a_picture_comes_with_its_words_on_request(page: Page, recorded: Recorded, platform: str) -> None:
    alt = "Useful: 16 to 18 of 18"
    image: Json = {"type": "image", "slack_file": {"id": "F1"}, "alt_text": alt}
    shown = {"type": "Image", "url": "https://mentoring.example/files/1", "altText": alt}
    card: Json = {"type": "AdaptiveCard", "version": "1.5", "body": [shown]}
    recorded.messages[platform] = [message(platform, 1, {"blocks": [image]} if platform == "slack" else card)]
    await be(page, SOMEBODY[platform])
    picture = page.get_by_role("img", name=alt)
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
    await expect(page.locator(".alt")).not_to_be_visible()
    await page.get_by_text("Picture in words").click()
    await expect(page.locator(".alt")).to_have_text(alt)


async def test_a_picture_without_words_is_a_loud_error(page: Page, recorded: Recorded) -> None:
    recorded.messages["slack"] = [
        message("slack", 1, {"blocks": [{"type": "image", "slack_file": {"id": "F1"}, "alt_text": " "}]})
    ]
    await be(page, "Amara")
    await expect(page.locator(".message").get_by_role("alert")).to_contain_text("without alternative text")


async def test_links_open_beside_the_page_and_files_come_through_the_playground(page: Page, recorded: Recorded) -> None:
    urls = (
        "https://wellbeing.example",
        "https://mentoring.example/files/abc",
        "slack://user?team=T1&id=U1",
        "javascript:1",
    )
    links = [{"type": "link", "url": url, "text": f"Link {n}"} for n, url in enumerate(urls)]
    rich = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": links}]}
    recorded.messages["slack"] = [message("slack", 1, {"blocks": [rich]})]
    await be(page, "Amara")
    outside = page.get_by_role("link", name="Link 0")
    assert await outside.get_attribute("rel") == "noopener noreferrer"
    assert await outside.get_attribute("target") == "_blank"
    assert "/picture?token=" in (await page.get_by_role("link", name="Link 1").get_attribute("href") or "")
    await page.get_by_role("button", name="Link 2").click()
    await expect(page.get_by_role("status")).to_contain_text("Link 2")
    await expect(page.locator(".unknown")).to_have_text("This page cannot show: a link to javascript:1")


async def test_only_visible_to_you_and_edited_are_said(page: Page, recorded: Recorded) -> None:
    first, second = recorded.messages["slack"][:2]
    recorded.messages["slack"] = [first | {"ephemeral": True}, second | {"edited": True}]
    await be(page, "Amara")
    await expect(page.locator('[data-id="m0"]')).to_contain_text("Only visible to you")
    await expect(page.locator('[data-id="m1"] .head')).to_contain_text("Edited")
    await expect(page.locator('[data-id="m1"]')).not_to_contain_text("Only visible to you")


async def test_moments_are_told_in_the_time_zone_of_the_programme(page: Page, recorded: Recorded) -> None:
    recorded.messages["slack"] = [recorded.messages["slack"][0] | {"at": "2026-10-31T23:30:00+00:00"}]
    recorded.messages["slack"] += [recorded.messages["slack"][0] | {"id": "m1", "at": "2026-08-31T23:30:00+00:00"}]
    await be(page, "Amara")
    await expect(page.locator('[data-id="m0"] time')).to_have_text("23:30")
    await expect(page.locator('[data-id="m1"] time')).to_have_text("00:30")
    await expect(page.locator('[data-id="m1"] .day')).to_have_text("Tuesday 1 September 2026")


async def test_the_two_platforms_differ_in_shape(page: Page) -> None:
    async def shape() -> tuple[str, int]:
        radius = await page.locator(".message .avatar").first.evaluate("node => getComputedStyle(node).borderRadius")
        return radius, await page.locator(".message .card").count()

    await be(page, "Amara")
    await expect(page.get_by_text("Slack-like view")).to_be_visible()
    slack = await shape()
    await be(page, "Tomasz")
    await expect(page.get_by_text("Teams-like view")).to_be_visible()
    teams = await shape()
    assert slack[0] != teams[0]
    assert slack[1] == 0 < teams[1]


async def test_words_without_blocks_are_shown_as_they_read(page: Page, recorded: Recorded) -> None:
    recorded.messages["slack"] = [message("slack", 1, {"text": "Fish &amp; chips &lt;3"})]
    await be(page, "Amara")
    await expect(page.locator(".body")).to_have_text("Fish & chips <3")
