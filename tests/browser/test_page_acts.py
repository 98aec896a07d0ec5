"""What people do on the page: with the keyboard alone, and what arrives while they do it."""

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import be, opened
from tests.browser.recorded import STARTS, Recorded, message, person

CLICK_ALL = "() => [...document.querySelectorAll('#people-list [role=option]')].forEach((row) => row.click())"
LATER = "2026-09-08T06:00:00+00:00"


def words(text: str, **other: Any) -> dict[str, Any]:
    """A message of words alone, newer than all others."""
    return message("slack", 900, {"text": text}, text=text, **other)


async def pushed(recorded: Recorded, new: dict[str, Any], name: str = "slack:T1/U0") -> None:
    await recorded.push({"event": "message", "to": [name], "message": new})


async def test_the_keyboard_alone_finds_somebody_and_fills_in_a_form(page: Page, recorded: Recorded) -> None:
    press = page.keyboard.press
    await page.get_by_role("searchbox").focus()
    await page.keyboard.type("amara")
    await press("ArrowDown")
    await press("Enter")
    await expect(page.get_by_role("heading", name="Amara Okonjo 0")).to_be_visible()
    composer = page.get_by_role("combobox", name="Write in peermentor")
    await composer.focus()
    await page.keyboard.type("/logmeeting.log_form")
    await press("Enter")
    await expect(page.get_by_role("dialog", name="Log a meeting").get_by_role("heading").first).to_be_focused()
    await press("Tab")  # the cross
    await press("Tab")
    await expect(page.get_by_label("Day")).to_be_focused()
    await page.get_by_label("Length in minutes").focus()
    await page.keyboard.type("45")
    await press("Tab")
    await press("Space")
    await page.get_by_role("button", name="Log it").focus()
    await press("Enter")
    await page.locator("#form[open]").wait_for(state="detached")
    (sent,) = await recorded.asked_for("submit")
    values = sent["values"]
    assert values["minutes"] == "45"
    assert values["how"] == "in_person"


async def test_errors_stand_beside_their_fields_and_what_was_typed_stays(page: Page, recorded: Recorded) -> None:
    await be(page, "Amara")
    await page.locator("#composer-text").fill("/logmeeting.log_form")
    await page.keyboard.press("Enter")
    await page.get_by_role("checkbox", name="Exams").check()
    await page.get_by_label("Day").fill("2026-09-03")
    await page.keyboard.press("Enter")
    minutes = page.get_by_label("Length in minutes")
    await expect(minutes).to_have_attribute("aria-invalid", "true")
    await expect(minutes).to_be_focused()
    await expect(minutes).to_have_accessible_description("Error: Please complete this required field.")
    await expect(page.get_by_label("Day")).to_have_value("2026-09-03")
    await expect(page.get_by_role("checkbox", name="Exams")).to_be_checked()
    await expect(page.get_by_label("Day")).not_to_have_attribute("aria-invalid", "true")
    await minutes.fill("45")
    await page.get_by_role("radio").first.check()
    await page.get_by_role("button", name="Log it").click()
    await expect(page.locator("#form[open]")).to_have_count(0)
    refused, taken = await recorded.asked_for("submit", 2)
    assert taken["values"]["topics"] == refused["values"]["topics"] == ["exams"]


async def test_escape_closes_a_form_and_gives_the_focus_back(page: Page, recorded: Recorded) -> None:
    await be(page, "Amara")
    await page.locator("#composer-text").fill("/logmeeting.log_form")
    await page.keyboard.press("Enter")
    await page.locator("#form[open]").wait_for()
    await page.keyboard.press("Escape")
    await expect(page.locator("#composer-text")).to_be_focused()
    await expect(page.locator("#form[open]")).to_have_count(0)
    assert [asked["form"] for asked in await recorded.asked_for("close")] == ["logmeeting.log_form"]


async def test_a_form_that_was_sent_is_not_closed_as_well(page: Page, recorded: Recorded) -> None:
    await be(page, "Tomasz")
    await page.locator("#composer-text").fill("logmeeting.log_form")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Log it").click()
    await expect(page.locator("#form[open]")).to_have_count(0)
    await page.get_by_role("button", name="A day", exact=True).click()
    await recorded.asked_for("clock")
    assert recorded.done("close") == []


@pytest.mark.parametrize(("name", "slash", "platform"), [("Amara", "/", "slack"), ("Tomasz", "", "teams")])
async def test_help_in_a_form_leaves_what_was_typed(
    page: Page, recorded: Recorded, name: str, slash: str, platform: str
) -> None:
    await be(page, name)
    await page.locator("#composer-text").fill(f"{slash}{recorded.form_with_help(platform)}")
    await page.keyboard.press("Enter")
    box = page.locator("#form textarea").first
    await box.fill("A long thought")
    await page.locator("#form").get_by_role("button", name="Get help").click()
    await expect(page.get_by_text("116 123").last).to_be_visible()
    if slash:
        await page.keyboard.press("Escape")
        await expect(page.locator("#form").get_by_role("button", name="Get help")).to_be_focused()
    await expect(page.locator("#form[open]")).to_be_visible()
    await expect(box).to_have_value("A long thought")


async def test_commands_are_completed(page: Page, recorded: Recorded) -> None:
    await be(page, "Amara")
    composer = page.locator("#composer-text")
    await composer.press_sequentially("/lo")
    await expect(page.get_by_role("option", name="/logmeeting")).to_be_visible()
    await expect(composer).to_have_attribute("aria-activedescendant", "command-0")
    await composer.press("Enter")
    await expect(composer).to_have_value("/logmeeting")
    await composer.press("Enter")
    await expect(composer).to_have_value("")
    await expect(page.locator(".message").last.locator(".body")).to_have_text("/logmeeting")
    assert [asked["words"] for asked in await recorded.asked_for("type")] == ["/logmeeting"]


async def test_on_teams_typed_words_are_completed_but_never_changed_unasked(page: Page, recorded: Recorded) -> None:
    await be(page, "Tomasz")
    composer = page.locator("#composer-text")
    await composer.press_sequentially("le")
    await expect(page.get_by_role("option", name="leads")).to_be_visible()
    await composer.press("Enter")
    assert [asked["words"] for asked in await recorded.asked_for("type")] == ["le"]
    await composer.press_sequentially("le")
    await composer.press("ArrowDown")
    await composer.press("Tab")
    await expect(composer).to_have_value("leads ")


async def test_what_arrives_in_the_open_conversation_is_shown_told_and_read(page: Page, recorded: Recorded) -> None:
    await be(page, "Amara")
    already = len(recorded.done("read"))
    await pushed(recorded, words("Hello Amara"))
    await expect(page.locator(".message").last).to_contain_text("Hello Amara")
    await expect(page.locator(".message").last).to_be_in_viewport(ratio=1)
    await expect(page.get_by_role("status")).to_have_text("New from peermentor: Hello Amara")
    assert (await recorded.asked_for("read", already + 1))[-1]["conversation"] == "dm"


async def test_what_arrives_elsewhere_is_marked_as_unread_until_it_is_opened(page: Page, recorded: Recorded) -> None:
    await be(page, "Amara")
    channel = page.locator('#chat-list [data-id="leads"]')
    await pushed(recorded, words("Digest", conversation="leads", id="x1"))
    await pushed(recorded, words("Digest", conversation="leads", id="x2"))
    await expect(channel).to_have_accessible_name("leads 2 unread")
    await channel.click()
    await expect(channel).to_have_accessible_name("leads")
    await recorded.push({"event": "unread", "counts": {"teams:T1/U1": 4}})
    await page.get_by_role("searchbox").fill("Tomasz")
    await expect(page.get_by_role("option", name="Tomasz Wilk 1")).to_contain_text("4 unread")


async def test_a_message_for_somebody_else_does_not_appear(page: Page, recorded: Recorded) -> None:
    await be(page, "Amara")
    await pushed(recorded, words("Not for you"), "slack:T1/U2")
    await pushed(recorded, words("For you", id="x2"))
    await expect(page.locator(".message").last).to_contain_text("For you")
    await expect(page.get_by_text("Not for you")).to_have_count(0)


async def test_a_message_changes_in_its_place_and_keeps_the_focus(page: Page, recorded: Recorded) -> None:
    await be(page, "Amara")
    count = await page.locator(".message").count()
    ids = await page.locator(".message:has(.buttons)").evaluate_all("lines => lines.map((line) => line.dataset.id)")
    last = next(each for each in recorded.messages["slack"] if each["id"] == ids[-1])
    button = page.locator(f'[data-id="{last["id"]}"] .buttons button').first
    await button.focus()
    await recorded.push({"event": "changed", "message": words("Not on the screen")})
    await recorded.push({"event": "changed", "message": last | {"edited": True}})
    await expect(page.locator(f'[data-id="{last["id"]}"] .head')).to_contain_text("Edited")
    await expect(button).to_be_focused()
    assert await page.locator(".message").count() == count


async def test_who_reads_older_messages_is_not_torn_away(page: Page, recorded: Recorded) -> None:
    await be(page, "Amara")
    box = page.locator("#scroll")
    await box.evaluate("box => box.scrollTo(0, box.scrollHeight / 2)")
    await expect(box).not_to_contain_class("follows")
    before = await box.evaluate("box => box.scrollTop")
    await pushed(recorded, words("Hello Amara"))
    newest = page.locator(".message", has_text="Hello Amara")
    await expect(newest).to_be_attached()
    await expect(newest).not_to_be_in_viewport()
    assert await box.evaluate("box => box.scrollTop") == before > 0
    await page.locator("#newest").click()
    await expect(newest).to_be_in_viewport()


async def test_thousands_of_people_are_a_few_rows(page: Page, recorded: Recorded) -> None:
    recorded.people = [person(number) for number in range(4000)]
    await recorded.push({"event": "reset"})
    await expect(page.locator("#people-count")).to_have_text("4000 people")
    rows = page.locator("#people-list [role=option]")
    assert 0 < await rows.count() < 60
    await page.locator("#people-list").focus()
    await page.keyboard.press("End")
    last = page.get_by_role("option", name="Imran Qureshi 3999")
    await expect(last).to_be_in_viewport(ratio=0.9)
    assert await rows.count() < 60
    assert await last.get_attribute("aria-posinset") == await last.get_attribute("aria-setsize") == "4000"
    await page.keyboard.press("Enter")
    await expect(last).to_have_attribute("aria-selected", "true")
    assert (await recorded.asked_for("be"))[-1]["person"] == "teams:T1/U3999"


async def test_a_long_conversation_is_read_in_pages(page: Page, recorded: Recorded) -> None:
    recorded.messages["slack"] = [message("slack", n, {"text": f"Message {n}"}) for n in range(3000)]
    await be(page, "Amara")
    await expect(page.locator(".message").last).to_be_in_viewport()
    assert await page.locator(".message").count() == 50
    await page.locator("#scroll").evaluate("box => box.scrollTo(0, 0)")
    await expect(page.locator(".message")).to_have_count(100)
    assert await page.locator(".message").first.get_attribute("data-id") == "m2900"
    await expect(page.locator('[data-id="m2950"]')).to_be_in_viewport()
    assert all(asked["limit"] <= 100 for asked in recorded.done("read"))


async def test_what_scrolled_away_is_let_go_and_read_again(page: Page, recorded: Recorded) -> None:
    recorded.messages["slack"] = [message("slack", n, {"text": f"Message {n}"}) for n in range(500)]
    await be(page, "Amara")
    for n in range(500, 800):
        recorded.messages["slack"].append(message("slack", n, {"text": f"Message {n}"}))
        await pushed(recorded, recorded.messages["slack"][-1])
    await expect(page.locator(".message").last).to_contain_text("Message 799")
    await expect(page.locator(".message")).to_have_count(300)
    earlier = page.locator("#earlier")
    for _page in range(2):
        before = await page.locator(".message").first.get_attribute("data-id")
        await earlier.evaluate("button => button.click()")
        await expect(page.locator(f'[data-id="{before}"]')).to_be_attached()
        await page.wait_for_function("id => document.querySelector('.message').dataset.id !== id", arg=before)
    await expect(page.locator(".message")).to_have_count(300)
    await expect(page.get_by_text("Message 799")).to_have_count(0)
    await page.get_by_role("button", name="Newest messages").click()
    await expect(page.get_by_text("Message 799")).to_be_in_viewport()


async def test_what_goes_wrong_in_the_playground_is_said_loudly(page: Page, recorded: Recorded) -> None:
    await recorded.push({"event": "trouble", "error": "The disk is full"})
    await expect(page.get_by_role("alert")).to_contain_text("The disk is full")
    await page.get_by_role("button", name="Put away").click()
    await expect(page.get_by_role("alert")).not_to_be_visible()


async def test_the_figures_are_those_of_the_programme(page: Page) -> None:
    await page.get_by_text("Figures").click()
    await expect(page.locator("#figures-list")).to_contain_text("meetings logged")
    await expect(page.locator("#figures-list dd").first).to_have_text("12")


async def test_the_clock_moves_with_its_progress_and_can_be_stopped(page: Page, recorded: Recorded) -> None:
    await page.get_by_role("button", name="A week").click()
    assert (await recorded.asked_for("clock"))[0]["to"] == "week"
    await recorded.push({"event": "running", "until": LATER, "done": 0.5, "now": STARTS.isoformat(), "arrived": 12})
    await expect(page.get_by_role("progressbar", name="Moving to Tuesday 8 September 2026")).to_have_js_property(
        "value", 0.5
    )
    await expect(page.get_by_role("button", name="Stop")).to_be_focused()
    await page.keyboard.press("Enter")
    await recorded.asked_for("stop")
    await recorded.push({"event": "clock", "now": LATER, "waiting": 3, "arrived": 12})
    await expect(page.get_by_role("button", name="A week")).to_be_focused()
    await expect(page.locator("#day")).to_have_text("Tuesday 8 September 2026")
    await expect(page.locator("#waiting")).to_have_text("3 messages")
    await expect(page.get_by_role("status")).to_contain_text("Messages that arrived: 12.")


async def test_what_arrived_says_to_whom_and_why(page: Page, recorded: Recorded) -> None:
    row = {"event": "arrived", "at": LATER, "platform": "slack", "key": "digest:1", "line": "The month"}
    for n in range(300):
        await recorded.push(row | {"to": ["Gwen", "Dominic"], "why": f"Rule {n}"})
    await recorded.push({"event": "arrived", "skipped": 40})
    first = page.locator("#arrivals li").first
    await expect(first).to_have_text("and 40 more")
    second = page.locator("#arrivals li").nth(1)
    await expect(second).to_contain_text("Rule 299")
    await expect(second).to_contain_text("Gwen, Dominic, on Slack")
    await expect(page.locator("#arrivals li")).to_have_count(200)


async def test_the_outbox_says_what_waits_and_why(page: Page) -> None:
    await page.get_by_text("Waiting to be sent").click()
    row = page.locator("#outbox-list li")
    await expect(row).to_contain_text("The digest of the month")
    await expect(row).to_contain_text("held back until Tue 1 Sept, 10:00")


async def test_faults_can_be_switched_on_and_off(page: Page, recorded: Recorded) -> None:
    await page.get_by_text("Let something go wrong").click()
    await page.get_by_role("combobox", name="What", exact=True).select_option("status")
    await page.get_by_role("combobox", name="How", exact=True).select_option("429")
    await page.get_by_role("button", name="Let it go wrong").click()
    await expect(page.locator("#faults-list")).to_contain_text("Slack: answers 429, 3 more times")
    await page.get_by_role("button", name="All well on Slack again").click()
    await expect(page.get_by_text("All is well on both platforms.")).to_be_visible()
    asked = [{key: each[key] for key in each.keys() - {"id", "do"}} for each in recorded.done("faults")]
    refused = {"platform": "slack", "kind": "status", "times": 3, "status": 429, "retry_after": 30}
    assert asked == [refused, {"platform": "slack", "kind": "off"}]


async def test_the_cohort_and_the_scenario_have_a_seed(page: Page, recorded: Recorded) -> None:
    await page.locator("#cohort-seed").fill("11")
    await page.get_by_role("switch", name="The others act by themselves").check()
    await page.get_by_text("Scenario", exact=True).click()
    await page.get_by_label("What results tell").select_option("strict")
    await page.get_by_role("button", name="Begin anew").click()
    assert (await recorded.asked_for("cohort"))[0].items() >= {"on": True, "seed": 11}.items()
    assert (await recorded.asked_for("reset"))[0].items() >= {"scenario": "paper", "level": "strict", "seed": 7}.items()


async def test_the_home_is_a_place_on_slack_and_a_card_in_the_chat_on_teams(page: Page, recorded: Recorded) -> None:
    await be(page, "Amara")
    await page.get_by_role("button", name="Home of the app").click()
    await expect(page.get_by_role("heading", name="Home", exact=True)).to_be_visible()
    await expect(page.locator(".message")).to_have_count(1)
    await expect(page.locator("#composer")).not_to_be_visible()
    await page.locator(".message .buttons button").first.click()
    await expect(page.get_by_role("status")).to_have_text("Tapped")
    assert (await recorded.asked_for("tap"))[0]["message"] == "home"
    await be(page, "Tomasz")
    await page.get_by_role("button", name="Ask for the home card").click()
    await recorded.asked_for("home", 2)
    await expect(page.locator('#chat-list [data-id="dm"]')).to_have_attribute("aria-current", "true")


async def test_the_token_is_kept_in_the_address_alone(page: Page, recorded: Recorded) -> None:
    """So the page can be loaded again, and nothing of it outlives the browser's window."""
    await be(page, "Amara")
    assert page.url == f"{recorded.address}#slack%3AT1%2FU0"
    kept = await page.evaluate("() => JSON.stringify([localStorage, sessionStorage, document.cookie])")
    assert "recorded" not in kept


async def test_a_lost_connection_is_said_and_can_be_made_again(page: Page, recorded: Recorded) -> None:
    await recorded.hang_up()
    await expect(page.get_by_role("alert")).to_contain_text("does not answer")
    await page.get_by_role("button", name="Connect again").click()
    await expect(page.locator("#trouble")).not_to_be_visible()
    await be(page, "Amara")
    await expect(page.locator(".message").last).to_be_in_viewport()


async def test_who_somebody_was_is_known_after_a_lost_connection(page: Page, recorded: Recorded) -> None:
    await be(page, "Tomasz")
    await recorded.hang_up()
    await page.get_by_role("button", name="Connect again").click()
    await expect(page.locator("#me h2")).to_have_text("Tomasz Wilk 1")
    assert [asked["person"] for asked in await recorded.asked_for("be", 2)] == ["teams:T1/U1"] * 2


async def test_who_does_not_know_where_to_begin_is_offered_one_of_each_part(page: Page) -> None:
    offered = page.locator("#starts button")
    firsts = ["Amara Okonjo 0, mentor", "Tomasz Wilk 1, mentee", "Bethan Rees 2, control", "Imran Qureshi 3, lead"]
    assert sorted(await offered.all_text_contents()) == sorted(firsts)
    await page.get_by_role("button", name="Imran Qureshi 3, lead").click()
    await expect(page.locator("#me h2")).to_have_text("Imran Qureshi 3")
    await expect(page.get_by_role("option", name="Imran Qureshi 3")).to_have_attribute("aria-selected", "true")
    await expect(page.locator("#place")).to_be_focused()


async def test_what_the_playground_refuses_is_said_and_nothing_that_was_typed_is_lost(
    page: Page, recorded: Recorded
) -> None:
    await be(page, "Amara")
    recorded.refusals["type"] = "The bot did not answer."
    composer = page.locator("#composer-text")
    await composer.fill("hello")
    await composer.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("The bot did not answer.")
    await expect(composer).to_have_value("hello")
    recorded.refusals.clear()
    await composer.press("Enter")
    await expect(page.locator(".from-me .body").last).to_have_text("hello")
    await expect(composer).to_have_value("")


@pytest.mark.parametrize("how", ["throw new Error('nothing is null')", "Promise.reject(new Error('nothing is null'))"])
async def test_a_mistake_of_the_pages_own_is_said_loudly(chromium: Browser, recorded: Recorded, how: str) -> None:
    context = await chromium.new_context()
    async with opened(context, recorded.address) as page:
        await page.evaluate(f"() => {{ setTimeout(() => {{ {how} }}) }}")
        await expect(page.get_by_role("alert")).to_contain_text("This page has made a mistake")
        await expect(page.get_by_role("alert")).to_contain_text("nothing is null")
    await context.close()


async def test_who_clicks_fast_is_the_person_whom_they_clicked_last(page: Page, recorded: Recorded) -> None:
    await page.evaluate(CLICK_ALL)
    await expect(page.locator("#me h2")).to_have_text("Imran Qureshi 3")
    await expect(page.locator('#look[aria-busy="false"]')).to_be_attached()
    await recorded.asked_for("be", 6)
    assert len(await recorded.asked_for("read")) == 1
    await expect(page.locator("#trouble")).not_to_be_visible()


async def test_it_says_that_it_is_a_simulation(page: Page) -> None:
    await expect(page.get_by_text("Simulation.")).to_be_in_viewport()
