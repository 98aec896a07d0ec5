"""Somebody at the playground's page: they choose who to be, read, tap, type, fill in forms and move the clock, as a
visitor does, and in no other way."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import AXE_CORE, WIDER_THAN_THE_SCREEN, be, keep_picture, violations

LONG = 120
"""Seconds in which the clock has moved as far as it was asked to, however busy the machine is."""
RESTS = """() => new Promise((done) => {
  const moves = document.getElementById("moves");
  new MutationObserver((_, watching) => {
    if (moves.hidden) return;
    watching.disconnect();
    done();
  }).observe(moves, { attributes: true, attributeFilter: ["hidden"] });
})"""
"""Once the buttons that move the clock have gone, and are there again."""
WIDE = {"width": 1360, "height": 860}
NARROW = {"width": 320, "height": 720}
TABS = 120
"""As often as somebody presses Tab before they give up."""


@dataclass
class Visitor:
    """``platform``: of the people whom the story is about. ``found``: what axe-core called serious, by state."""

    page: Page
    platform: str
    found: dict[str, list[str]] = field(default_factory=dict)

    async def be(self, name: str) -> None:
        """Become somebody, with the eyes on their direct message with the bot."""
        await be(self.page, name)

    async def open(self, title: str) -> None:
        """Open one of the person's conversations."""
        await self.page.locator("#chat-list").get_by_role("button", name=title).click()
        await expect(self.page.locator("#place")).to_contain_text(title)

    async def say(self, words: str) -> None:
        """Type something and send it."""
        await self.page.locator("#composer-text").fill(words)
        await self.page.locator("#composer-text").press("Enter")

    async def command(self, name: str, button: str) -> None:
        """A command that opens a form: at once on Slack, by a button of the answer in Teams."""
        if self.platform == "slack":
            await self.say(f"/{name}")
            return
        answers = self.page.locator(".message", has_text="Tap the button to open the form")
        before = await answers.count()
        await self.say(name)
        await expect(answers).to_have_count(before + 1)
        await answers.last.get_by_role("button", name=button).click()

    async def tap(self, words: str) -> None:
        """Tap the newest button that says this, and wait until the bot has answered."""
        await self.page.locator("#messages").get_by_role("button", name=words, exact=True).last.click()
        await expect(self.page.locator('.message[aria-busy="true"]')).to_have_count(0)

    async def form(self) -> Locator:
        """The form that is open, once it is."""
        opened = self.page.locator("#form[open]")
        await opened.wait_for()
        return opened

    async def fill(self, values: Mapping[str, str]) -> None:
        """Fill in fields of the open form by their labels."""
        form = await self.form()
        for label, value in values.items():
            await form.get_by_label(re.compile(f"^{label}")).fill(value)

    async def choose(self, label: str, option: str) -> None:
        """Choose one option in the open form: of a menu, or of those that are all in sight."""
        form = await self.form()
        menu = form.get_by_role("combobox", name=label)
        if await menu.count():
            await menu.select_option(label=option)
        else:
            await form.get_by_role("radiogroup", name=label).get_by_label(option).check()

    async def chosen(self, label: str) -> str:
        """Which option of these is chosen."""
        form = await self.form()
        found = form.get_by_role("combobox", name=label).locator("option:checked")
        if not await found.count():
            found = form.get_by_role("radiogroup", name=label).locator("label:has(:checked)")
        return (await found.text_content() or "").strip()

    async def tab_to(self, wanted: Locator) -> None:
        """Go somewhere with the keyboard alone."""
        for _ in range(TABS):
            if await wanted.evaluate("(node) => node === document.activeElement"):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {wanted}")

    async def answer_by_keyboard(self, form: Locator) -> None:
        """Give an answer to every question of the open form, with the keyboard alone."""
        for question in await form.locator(".field").all():
            control = question.locator("input, select, textarea").first
            await self.tab_to(control)
            kind = await control.evaluate("(node) => node.type")
            if kind in {"text", "textarea"}:
                await self.page.keyboard.type("We found a quiet room.")
            else:
                await self.page.keyboard.press("Space" if kind == "radio" else "ArrowDown")
                await self.page.keyboard.press("ArrowDown")

    async def send(self, words: str) -> None:
        """Send the open form."""
        await (await self.form()).get_by_role("button", name=words).click()

    async def sent(self) -> None:
        """The form was taken, and has gone."""
        await expect(self.page.locator("#form[open]")).to_have_count(0)

    async def hears(self, words: str | re.Pattern[str]) -> Locator:
        """The newest message that says this."""
        message = self.page.locator(".message", has_text=words).last
        await expect(message).to_be_visible()
        return message

    async def move(self, to: str) -> None:
        """Move the clock, and wait until it rests."""
        rests = asyncio.ensure_future(self.page.evaluate(RESTS))
        await self.page.get_by_role("button", name=to, exact=True).click()
        await asyncio.wait_for(rests, LONG)

    async def move_until(self, words: str, to: str = "A week", where: str = ".message", at_most: int = 12) -> Locator:
        """Move the clock on until a message that says this has come to whoever the visitor is. ``where``: selects
        the messages that count."""
        message = self.page.locator(where, has_text=words).last
        for _ in range(at_most):
            if await message.count():
                break
            await self.move(to)
        await expect(message).to_be_visible()
        return message

    async def looks_well(self, state: str) -> None:
        """What is on the screen now can be used by everybody: wide and light, narrow and dark; with a picture."""
        await expect(self.page.locator(".unknown")).to_have_count(0)
        for size, scheme in ((WIDE, "light"), (NARROW, "dark")):
            await self.page.set_viewport_size({"width": size["width"], "height": size["height"]})
            await self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            assert not await self.page.evaluate(WIDER_THAN_THE_SCREEN), f"{state}, {scheme}"
            await keep_picture(self.page, f"story-{self.platform}-{state}-{scheme}")
            if AXE_CORE:
                self.found[f"{state}, {scheme}"] = await violations(self.page)
        await self.page.emulate_media(color_scheme="light")
        await self.page.set_viewport_size({"width": WIDE["width"], "height": WIDE["height"]})
