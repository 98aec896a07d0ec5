"""Results reach leads and everybody who was asked as a picture first, drawn for real, on both platforms."""

from collections import Counter

import aiohttp
import pytest
import structlog

from bot import painting
from bot.playground.client import Fault, Shown
from bot.surveys.charts import alt_text, charts_of
from bot.surveys.drawing import NotDrawn
from bot.surveys.release import Release
from tests.contract.stage import Cast, Stage
from tests.contract.test_leads import bound
from tests.releases import PULSE, let_out, questionnaire

PUBLIC = "https://mentoring.example.org"


def released(stage: Stage, release: Release) -> int:
    """Its entry in the ledger, and nothing after it; the wave's number."""
    now = stage.now()
    wave = let_out(stage.world, release)
    stage.world.now = now
    return wave.id


def told(stage: Stage, who: str) -> list[Shown]:
    return stage.by_key(who, "release:")


async def pictures(stage: Stage, shown: Shown) -> list[tuple[str, bytes]]:
    """The words and the content of each picture on a message, as an app shows them."""
    blocks = shown.raw.get("blocks")
    if blocks is not None:
        files = stage.slack.workspace.files
        images = [block for block in blocks if block["type"] == "image"]
        return [(image["alt_text"], files[image["slack_file"]["id"]].content) for image in images]
    (attachment,) = shown.raw["attachments"]
    images = [element for element in attachment["content"]["body"] if element["type"] == "Image"]
    return [(image["altText"], await fetched(stage, image["url"])) for image in images]


async def fetched(stage: Stage, url: str) -> bytes:
    """What the bot serves at a public address."""
    async with aiohttp.ClientSession() as http, http.get(url.replace(PUBLIC, stage.address)) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["Content-Disposition"].startswith("inline")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        return await answer.read()


@pytest.mark.transport
async def test_leads_and_participants_get_the_picture_with_its_words(paired: Stage, cast: Cast) -> None:
    await bound(paired, cast)
    released(paired, PULSE)
    await paired.until_idle()
    (chart,) = charts_of(PULSE)
    for who in (cast.lead, cast.mentor, cast.mentee):
        (message,) = told(paired, who)
        ((alt, content),) = await pictures(paired, message)
        assert alt == alt_text(chart)
        assert content.startswith(b"\x89PNG")
        assert message.lines[2] == alt, "the picture first, then the words"
        assert "• Our meetings are useful: 15 to 17 of 17 agree (88% to 100%)" in message.lines
    assert told(paired, cast.control) == []


async def test_a_questionnaire_is_several_messages_in_the_channel_and_one_for_everybody_else(
    paired: Stage, cast: Cast
) -> None:
    await bound(paired, cast)
    release = questionnaire(exact=True, comments=12)
    wave_id = released(paired, release)
    await paired.until_idle()
    in_channel = told(paired, cast.lead)
    charts = charts_of(release)
    shown = [await pictures(paired, message) for message in in_channel]
    assert [alt for each in shown for alt, _content in each] == [alt_text(chart) for chart in charts]
    assert len({content for each in shown for _alt, content in each}) == len(charts)
    (mine,) = told(paired, cast.mentor)
    assert mine.lines[:-1] == (*in_channel[0].lines[:-1],)
    second = await paired.tap(cast.mentor, "result_page", mine)
    assert second.lines[:-1] == in_channel[1].lines[:-1]
    assert await pictures(paired, second) == shown[1]
    assert len([row for row in paired.rows()["picture"] if row[1] == wave_id]) == len(charts)


async def test_whoever_looks_it_up_later_gets_the_same_picture(paired: Stage, cast: Cast) -> None:
    await bound(paired, cast)
    released(paired, PULSE)
    await paired.until_idle()
    (message,) = told(paired, cast.mentor)
    await paired.restart()
    asked = await paired.tap(cast.mentor, "results", await paired.ask(cast.mentor, "mentoring"))
    again = await paired.tap(cast.mentor, "result", asked)
    assert await pictures(paired, again) == await pictures(paired, message)
    assert paired.slack.calls["files.completeUploadExternal"] == 1


@pytest.fixture
def no_painter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library that draws is broken."""

    async def drawn(*_charts: object, **_options: object) -> list[bytes]:
        raise NotDrawn("ended with status 1")

    monkeypatch.setattr(painting.Painting.__init__, "__kwdefaults__", {"draw": drawn})


@pytest.mark.usefixtures("no_painter")
async def test_a_release_that_cannot_be_drawn_is_told_in_words(paired: Stage, cast: Cast) -> None:
    await bound(paired, cast)
    await paired.restart()
    released(paired, PULSE)
    with structlog.testing.capture_logs() as logs:
        await paired.until_idle()
    for who in (cast.lead, cast.mentor):
        (message,) = told(paired, who)
        assert await pictures(paired, message) == []
        assert "• Our meetings are useful: 15 to 17 of 17 agree (88% to 100%)" in message.lines
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["release.not_drawn"]


async def test_whatever_fails_on_the_way_each_gets_it_once(paired: Stage, cast: Cast) -> None:
    await bound(paired, cast)
    released(paired, questionnaire(exact=False))
    paired.slack.faults += [
        Fault("files.completeUploadExternal", "reply_lost"),
        Fault("upload_url", "status", status=500),
        Fault("files.getUploadURLExternal", "status", status=429, retry_after=3),
        Fault("chat.postMessage", "status", status=429, retry_after=2),
    ]
    paired.teams.faults.append(Fault("sendToConversation", "status", status=502))
    await paired.until_idle()
    for who in (cast.lead, cast.mentor, cast.mentee):
        messages = told(paired, who)
        assert max(Counter(message.key for message in messages).values()) == 1
        for message in messages:
            assert len(await pictures(paired, message)) == 1
    assert paired.slack.seen_twice() == []


async def test_only_readers_are_led_to_a_picture(paired: Stage, cast: Cast) -> None:
    await bound(paired, cast)
    wave_id = released(paired, PULSE)
    await paired.until_idle()
    for guess in (f"{wave_id}-1", f"{wave_id}-1.png", "1", "x" * 43):
        async with aiohttp.ClientSession() as http, http.get(f"{paired.address}/files/{guess}") as answer:
            assert answer.status == 404
    everything = "\n".join(str(shown.raw) for shown in paired.screen(cast.outsider) + paired.screen(cast.control))
    assert "/files/" not in everything
    assert "slack_file" not in everything
