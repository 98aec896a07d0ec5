"""A picture is uploaded to a workspace once, shared with nobody, and shown by its id; whatever Slack says, the words
arrive."""

import time
from dataclasses import replace
from typing import Any

import pytest
import structlog
from aiohttp import ClientSession

from bot.chat import Ambiguous, RateLimited, Unavailable
from bot.flow import InForm, Private, ShowForm, Update
from bot.platforms.slack import pictures
from bot.platforms.slack.chat import SlackChat
from bot.playground.client import Fault, Shown
from bot.playground.slack import TOKEN
from bot.ui import Button, Picture
from tests.fake_gallery import PICTURE, PNG, with_picture
from tests.platforms.slack.conftest import AMARA, NIAMH, TEAM, Rig, form, said

UPLOAD, COMPLETE = "files.getUploadURLExternal", "files.completeUploadExternal"
BUTTON = Button("Look", "result", "4")


def screen(rig: Rig) -> list[Shown]:
    return rig.stand_in.client(AMARA).screen()


def images(shown: Shown) -> list[dict[str, Any]]:
    return [block for block in shown.raw["blocks"] if block["type"] == "image"]


def uploads(rig: Rig) -> int:
    return rig.stand_in.calls[UPLOAD]


async def test_a_picture_is_uploaded_unshared_and_shown_with_its_words(rig: Rig) -> None:
    await rig.chat.send(await rig.dm(), with_picture(), "release:4")
    (shown,) = screen(rig)
    (file,) = rig.stand_in.workspace.files.values()
    assert file.content == PNG
    assert images(shown) == [{"type": "image", "slack_file": {"id": file.id}, "alt_text": PICTURE.alt}]
    assert shown.lines == ("Before", PICTURE.alt, "After", "Only you see this.")
    assert rig.gallery.copies == {(PICTURE.file, TEAM): file.id}


async def test_it_is_uploaded_once_for_all_messages_edits_and_processes(rig: Rig) -> None:
    dm, other = await rig.dm(), await rig.dm(NIAMH)
    sent = await rig.chat.send(dm, with_picture(), "release:4")
    await rig.chat.edit(dm, sent, with_picture(), "release:4")
    await rig.chat.send(other, with_picture(), "release:4")
    again = SlackChat(rig.settings, rig.gallery)
    await again.send(dm, with_picture(), "release:5")
    await again.close()
    assert uploads(rig) == rig.stand_in.calls[COMPLETE] == 1
    assert all(images(shown) for shown in screen(rig))


@pytest.mark.parametrize("method", [UPLOAD, "upload_url", COMPLETE])
@pytest.mark.parametrize("kind", ["reply_lost", "status"])
async def test_a_fault_on_the_way_of_a_picture_has_the_message_sent_later(rig: Rig, method: str, kind: str) -> None:
    dm = await rig.dm()
    rig.stand_in.faults.append(Fault(method, kind, status=503))
    with pytest.raises(Unavailable):
        await rig.chat.send(dm, with_picture(), "release:4")
    assert screen(rig) == []
    await rig.chat.send(dm, with_picture(), "release:4")
    assert len(screen(rig)) == 1
    assert len(images(screen(rig)[0])) == 1


@pytest.mark.parametrize("method", [UPLOAD, COMPLETE])
async def test_too_many_uploads_hold_up_the_workspace_for_as_long_as_slack_says(rig: Rig, method: str) -> None:
    dm = await rig.dm()
    rig.stand_in.faults.append(Fault(method, "status", status=429, retry_after=17))
    with pytest.raises(RateLimited) as caught:
        await rig.chat.send(dm, with_picture(), "release:4")
    assert (caught.value.retry_after, caught.value.everywhere) == (17.0, True)
    assert screen(rig) == []


async def test_a_lost_answer_to_the_message_itself_is_ambiguous_and_costs_no_upload(rig: Rig) -> None:
    dm = await rig.dm()
    rig.stand_in.faults.append(Fault("chat.postMessage", "reply_lost"))
    with pytest.raises(Ambiguous):
        await rig.chat.send(dm, with_picture(), "release:4")
    assert await rig.chat.find(dm, "release:4") == screen(rig)[0].id
    await rig.chat.send(dm, with_picture(), "release:5")
    assert uploads(rig) == 1


async def test_an_app_that_may_not_upload_yet_sends_the_words(rig: Rig) -> None:
    """The scope came with an update; until somebody reinstalls the app its token does not have it."""
    rig.stand_in.scopes.discard("files:write")
    with structlog.testing.capture_logs() as logs:
        await rig.chat.send(await rig.dm(), with_picture(), "release:4")
    (shown,) = screen(rig)
    assert shown.lines == ("Before", "After", "Only you see this.")
    assert logs[0]["event"] == "slack.picture_left_out"
    assert "missing_scope" in logs[0]["reason"]


async def test_what_is_not_stored_is_left_out(rig: Rig) -> None:
    await rig.chat.send(await rig.dm(), with_picture(Picture("9-9", "Nothing"), PICTURE), "release:4")
    assert [image["alt_text"] for image in images(screen(rig)[0])] == [PICTURE.alt]


async def test_while_the_database_is_gone_nothing_is_sent(rig: Rig) -> None:
    dm = await rig.dm()
    rig.gallery.gone = True
    with pytest.raises(Unavailable):
        await rig.chat.send(dm, with_picture(), "release:4")
    await rig.chat.send(dm, said(), "intro:1")
    assert len(screen(rig)) == 1


async def test_a_file_that_slack_still_looks_at_is_tried_again_and_not_uploaded_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    dm = await rig.dm()
    rig.stand_in.workspace.seconds_to_look = 5
    with pytest.raises(Unavailable):
        await rig.chat.send(dm, with_picture(), "release:4")
    monkeypatch.setattr(rig.stand_in.workspace, "wire_time", lambda: time.time() + 6)
    await rig.chat.send(dm, with_picture(), "release:4")
    assert images(screen(rig)[0])
    assert uploads(rig) == 1


async def test_a_file_that_slack_never_shows_gives_way_to_the_words(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    dm = await rig.dm()
    rig.stand_in.workspace.seconds_to_look = 1e9
    for _ in range(3):
        with pytest.raises(Unavailable):
            await rig.chat.send(dm, with_picture(), "release:4")
        rig.pass_time(10)
    monkeypatch.setattr(pictures, "READY_WITHIN", 0.0)
    await rig.chat.send(dm, with_picture(), "release:4")
    assert screen(rig)[0].lines == ("Before", "After", "Only you see this.")
    assert uploads(rig) == 1


async def test_a_file_that_the_workspace_has_deleted_is_uploaded_anew(rig: Rig) -> None:
    dm = await rig.dm()
    await rig.chat.send(dm, with_picture(), "release:4")
    rig.stand_in.workspace.files.clear()
    with pytest.raises(Unavailable):
        await rig.chat.send(dm, with_picture(), "release:5")
    await rig.chat.send(dm, with_picture(), "release:5")
    assert [len(images(shown)) for shown in screen(rig)] == [1, 1]
    assert uploads(rig) == 2


# Answers that somebody waits for


async def test_an_answer_to_a_command_has_its_picture(rig: Rig) -> None:
    rig.dispatch.outcome = Private(with_picture())
    answer = await rig.stand_in.client(AMARA).command("results")
    assert answer.message is not None
    assert len(images(answer.message)) == 1


async def test_a_form_that_becomes_words_has_its_picture(rig: Rig) -> None:
    client = rig.stand_in.client(AMARA)
    rig.dispatch.answers = [ShowForm(form(), "log"), InForm(with_picture())]
    asked = (await client.command("logmeeting")).form
    assert asked is not None
    shown = (await client.submit(asked, {"how": "video"})).form
    assert shown is not None
    assert PICTURE.alt in shown.lines


@pytest.mark.parametrize("outcome", [Private, Update])
async def test_an_answer_to_a_tap_has_its_picture_and_words_alone_where_slack_has_lost_it(
    rig: Rig, outcome: type[Private] | type[Update]
) -> None:
    client = rig.stand_in.client(AMARA)
    rig.dispatch.answers = [Private(said("Choose", BUTTON)), outcome(with_picture()), outcome(with_picture())]
    asked = (await client.command("results")).message
    assert asked is not None
    first = (await client.tap(asked, asked.button("result"))).message
    assert first is not None
    assert len(images(first)) == 1
    rig.stand_in.workspace.files.clear()
    rig.dispatch.answers = [Private(said("Choose", BUTTON)), outcome(with_picture()), outcome(with_picture())]
    asked = (await client.command("results")).message
    assert asked is not None
    second = (await client.tap(asked, asked.button("result"))).message
    assert second is not None
    assert images(second) == []
    assert "After" in second.lines
    assert rig.gallery.copies == {}, "the next one is uploaded anew"


@pytest.mark.parametrize("fault", [Fault(UPLOAD, "status", status=429), Fault(UPLOAD, "reply_lost"), None])
async def test_an_answer_does_not_wait_for_a_picture_that_slack_does_not_take(rig: Rig, fault: Fault | None) -> None:
    rig.dispatch.outcome = Private(with_picture())
    rig.gallery.gone = fault is None
    rig.stand_in.faults += [replace(fault)] if fault else []
    answer = await rig.stand_in.client(AMARA).command("results")
    assert answer.message is not None
    assert answer.message.lines == ("Before", "After", "Only you see this.")


# The stand-in is as strict as the original


@pytest.mark.parametrize(
    ("length", "content", "status"), [(len(PNG), PNG, 200), (len(PNG) + 1, PNG, 400), (len(PNG), PNG[:-1], 400)]
)
async def test_a_file_of_another_size_than_was_said_is_refused(
    rig: Rig, length: int, content: bytes, status: int
) -> None:
    place = await rig.chat.client.files_getUploadURLExternal(filename="a.png", length=length)
    async with ClientSession() as http, http.post(str(place["upload_url"]), data=content) as answer:
        assert answer.status == status


@pytest.mark.parametrize("file", ["F099999999", "none"])
async def test_a_picture_that_slack_does_not_have_is_invalid(rig: Rig, file: str) -> None:
    image: dict[str, Any] = {"type": "image", "slack_file": {"id": file}, "alt_text": "x"}
    assert await posted(rig, [image]) == "invalid_blocks"


async def test_a_picture_must_be_one_that_is_complete_and_have_words(rig: Rig) -> None:
    place = await rig.chat.client.files_getUploadURLExternal(filename="a.png", length=3)
    image: dict[str, Any] = {"type": "image", "slack_file": {"id": place["file_id"]}, "alt_text": "x"}
    assert await posted(rig, [image]) == "invalid_blocks", "it was not completed"
    async with ClientSession() as http, http.post(str(place["upload_url"]), data=b"abc") as answer:
        assert answer.status == 200
    await rig.chat.client.files_completeUploadExternal(files=[{"id": str(place["file_id"])}])
    assert await posted(rig, [image]) == "invalid_blocks", "it is no picture"
    assert await posted(rig, [image | {"alt_text": ""}]) == "invalid_blocks"


async def posted(rig: Rig, blocks: list[dict[str, Any]]) -> str:
    dm = await rig.dm()
    url = f"{rig.settings.api_url}chat.postMessage"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    given = {"channel": dm.id, "text": "x", "blocks": blocks}
    async with ClientSession() as http, http.post(url, json=given, headers=headers) as answer:
        return str((await answer.json()).get("error", ""))
